"""Letter groups: sets of methods that tests cannot tell apart.

Compact letter display by insertion and absorption (Piepho 2004, "An algorithm for a letter-based
representation of all-pairwise comparisons").
"""

from collections.abc import Iterable, Sequence


def letter_groups(count: int, different: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Return the largest sets of items within which no two differ, by their first items.

    Args:
        count: items, which are numbered in the order that the groups are to have.
        different: pairs that differ.
    """
    groups: list[frozenset[int]] = [frozenset(range(count))] if count else []
    for one, other in different:
        split: list[frozenset[int]] = []
        for group in groups:
            both = one in group and other in group
            split += [group - {one}, group - {other}] if both else [group]
        unique = list(dict.fromkeys(split))
        groups = [group for group in unique if not any(group < other for other in unique)]
    return tuple(sorted(tuple(sorted(group)) for group in groups))


def letters(groups: Sequence[Sequence[int]], count: int) -> list[str]:
    """Return the letters of each item: ``a`` for the first group, ``ab`` for one in two of them."""
    names = [_letter(number) for number in range(len(groups))]
    return [
        "".join(name for name, group in zip(names, groups, strict=True) if item in group)
        for item in range(count)
    ]


def _letter(number: int) -> str:
    """``a`` to ``z``, then ``a2`` and so on."""
    round_, place = divmod(number, 26)
    return chr(ord("a") + place) + (str(round_ + 1) if round_ else "")
