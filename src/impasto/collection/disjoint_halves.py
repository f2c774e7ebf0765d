"""Two halves of the pictures that are not for testing.

One for a painter and its critic, one for the judge of both.
"""

import hashlib

from impasto.collection.collection import Collection, Split


def halves(collection: Collection, seed: int) -> tuple[Collection, Collection]:
    """The collection twice, each time with every other training and validation picture of every style left.

    What is left out counts as ``test``, as the test pictures themselves do, and so is neither
    trained nor chosen on. Which picture goes where is decided by a hash of (seed, id).

    Args:
        collection: to divide.
        seed: another seed, other halves.
    """
    ids, splits = collection.column("id"), collection.column("split")
    marks = [hashlib.sha256(f"half {seed} {name}".encode()).hexdigest() for name in ids]
    order = sorted(
        range(len(ids)), key=lambda row: (splits[row], collection.labels[row], marks[row])
    )
    divided: tuple[list[Split], list[Split]] = (list(splits), list(splits))
    before: tuple[str, int] | None = None
    count = 0
    for row in order:
        group = (splits[row], int(collection.labels[row]))
        count = count + 1 if group == before else 0
        before = group
        divided[(count + 1) % 2][row] = "test"  # the first half has the odd one
    return collection.with_splits(divided[0]), collection.with_splits(divided[1])
