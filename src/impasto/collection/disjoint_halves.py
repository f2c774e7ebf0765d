"""Disjoint halves of the training pictures: one for a painter, one for its evaluator."""

import hashlib

from impasto.collection.collection import Collection, Split


def disjoint_halves(collection: Collection, seed: int) -> tuple[Collection, Collection]:
    """Divide training and validation pictures of every style into two collections.

    In each, the pictures of the other half count as ``test``, and so are neither trained nor chosen
    on; the test pictures stay so in both. A hash of (seed, id) decides.

    Args:
        collection: to divide.
        seed: another seed, other halves.
    """
    ids, splits = collection.column("id"), collection.column("split")
    marks = [hashlib.sha256(f"half {seed} {name}".encode()).hexdigest() for name in ids]
    order = sorted(
        range(len(ids)), key=lambda row: (splits[row], collection.labels[row], marks[row])
    )
    first: list[Split] = list(splits)
    second: list[Split] = list(splits)
    before: tuple[str, int] | None = None
    count = 0
    for row in order:
        group = (splits[row], int(collection.labels[row]))
        count = count + 1 if group == before else 0
        before = group
        other = first if count % 2 else second  # the first half has the odd one
        other[row] = "test"
    return collection.with_splits(first), collection.with_splits(second)
