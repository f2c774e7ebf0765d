"""Audit: leakage, imbalance and other reasons why a test score could mislead.

The codes IMP102 to IMP110, IMP112 and IMP119 to IMP124 are answered: an issue, passed, or not
applicable.
What only ``prepare`` can see (damaged files, names encoded twice) is in the collection's own
findings. IMP119 tells what the latest check of labels found (``comparison.label_check``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from impasto.collection.artist_oracle import artist_oracle
from impasto.collection.collection import Collection, open_collection
from impasto.collection.copy_pairs import CopyPairs
from impasto.collection.duplicates import Copies
from impasto.collection.multi_style import copies_of, find_multi_style
from impasto.collection.picture_checks import SMALLEST, check_pictures
from impasto.numerics.formatting import abridged, percent
from impasto.records.collection import AuditRecord
from impasto.records.finding import Finding, Outcome
from impasto.records.label_check import TABLE, LabelCheck

LISTED: Final = 200  # items that a finding names; its numbers count all
NAMED: Final = 1000  # pictures that a rule on single ones names, for the page to filter
IMBALANCE: Final = 10.0  # largest over smallest style from which IMP109 is an issue
_CHUNK: Final = 512
PICTURE_RULES: Final[Mapping[str, tuple[str, str]]] = {
    "IMP120": ("grey", "have no colour"),
    "IMP121": ("framed", "seem to have a frame, a mount or a sheet's edge on all sides"),
    "IMP122": ("colour_card", "seem to show a colour card"),
    "IMP123": ("text", "look like pages of text"),
    "IMP124": ("low_information", "show hardly anything"),
}
"""Codes of the rules on single pictures: the field of ``PictureChecks``, and what they say."""


def audit(collection: Path | str | Collection) -> AuditRecord:
    """Audit a collection, and write ``audit.json`` beside it.

    Raises:
        CollectionError: it is missing or damaged.
        OutputError: its folder cannot be written.
    """
    found = collection if isinstance(collection, Collection) else open_collection(Path(collection))
    pictures = found.has_pictures
    copies = copies_of(found)
    splits = np.asarray(found.column("split"))
    result = [
        *_sizes(found, pictures),
        *_copies(found, copies, splits, pictures),
        _two_styles(found, copies, pictures),
        _artists(found),
        _imbalance(found),
        _empty(found),
        _not_testable(found),
        _labels(found),
        *_pictures(found, pictures),
    ]
    judged = tuple(sorted(result, key=lambda finding: finding.code))
    return AuditRecord(fingerprint=found.fingerprint, judged=judged).write(
        found.path / "audit.json"
    )


def _sizes(found: Collection, pictures: bool) -> list[Finding]:
    if not pictures:
        reason = "There are no pictures to look at."
        return [Finding(code, "not applicable", reason) for code in ("IMP102", "IMP103")]
    side = int(found.settings["pixels"])
    sizes = list(
        zip(found.column("id"), found.column("width"), found.column("height"), strict=True)
    )
    tiny = [{"id": i, "width": w, "height": h} for i, w, h in sizes if min(w, h) < side]
    flat = [{"id": sizes[row][0]} for row in _constant(found.pixels)]
    return [
        _counted(
            "IMP102", tiny, f"are smaller than the {side} pixels they are stored at", len(found)
        ),
        _counted("IMP103", flat, "show one colour only", len(found)),
    ]


def _pictures(found: Collection, pictures: bool) -> list[Finding]:
    """IMP120 to IMP124: what the rules on single pictures name."""
    if not pictures or found.pixels.shape[1] < SMALLEST:
        reason = (
            f"Pictures of fewer than {SMALLEST} pixels show too little."
            if pictures
            else "There are no pictures to look at."
        )
        return [Finding(code, "not applicable", reason) for code in PICTURE_RULES]
    checks, ids = check_pictures(found.pixels), found.column("id")
    result = []
    for code, (name, what) in PICTURE_RULES.items():
        rows = np.flatnonzero(getattr(checks, name)).tolist()
        items = [{"id": ids[row], "style": found.column("style")[row]} for row in rows[:NAMED]]
        plain = _counted(code, [{"id": ids[row]} for row in rows], what, len(found))
        result.append(replace(plain, items=items))
    return result


def _constant(pixels: NDArray[np.uint8]) -> list[int]:
    rows: list[int] = []
    for start in range(0, len(pixels), _CHUNK):
        flat = pixels[start : start + _CHUNK].reshape(len(pixels[start : start + _CHUNK]), -1, 3)
        # In levels, of the widest channel
        spread = (flat.max(1).astype(np.int16) - flat.min(1)).max(1)
        rows += (np.flatnonzero(spread <= 4) + start).tolist()  # 4: what JPEG adds to a constant
    return rows


def _copies(
    found: Collection, copies: Copies, splits: NDArray[Any], pictures: bool
) -> list[Finding]:
    if not pictures:
        reason = "There are no pictures to compare."
        return [Finding(code, "not applicable", reason) for code in ("IMP104", "IMP105", "IMP106")]
    # Validation chooses and train teaches: a test picture may be in neither
    test = splits == "test"
    side = test.astype(np.int64)
    return [
        _pairs("IMP104", found, CopyPairs(copies, "exact", side, apart=False), "are equal files"),
        _pairs("IMP105", found, CopyPairs(copies, "near", side, apart=False), "look the same"),
        _across(found, CopyPairs(copies, "all", side, apart=True), test),
    ]


def _across(found: Collection, pairs: CopyPairs, test: NDArray[np.bool_]) -> Finding:
    """Copies on both sides, with the share of test pictures that have one outside the test."""
    plain = _pairs("IMP106", found, pairs, "stand on both sides of the test split")
    tested = int(test.sum())
    leaked = int((pairs.partners()[test] > 0).sum())
    share = leaked / tested if tested else 0.0
    text = (
        f"{plain.text} {leaked:,} of {tested:,} test pictures ({percent(share)}) are known from "
        "training."
        if leaked
        else ""
    )
    numbers = {**plain.numbers, "test_pictures": float(leaked), "share": share}
    return Finding("IMP106", plain.outcome, text or plain.text, numbers, plain.items)


def _pairs(code: str, found: Collection, pairs: CopyPairs, what: str) -> Finding:
    """One of the findings on copies."""
    ids, styles = found.column("id"), found.column("style")
    items = [
        {
            "id": ids[a],
            "copy": ids[b],
            "style": styles[a],
            "copy_style": styles[b],
            "mirrored": flip,
        }
        for a, b, flip in pairs.listed(LISTED)
    ]
    count, flips = pairs.count, pairs.mirrored
    pictures = int((pairs.partners() > 0).sum())
    if count:
        text = f"Pairs of pictures that {what}: {count:,}, of {pictures:,} pictures"
    else:
        text = f"No two pictures {what}"
    text += f", {flips:,} of them mirrored." if flips else "."
    numbers = {"pairs": float(count), "pictures": float(pictures), "mirrored": float(flips)}
    return Finding(code, "issue" if count else "passed", text, numbers, items)


def _two_styles(found: Collection, copies: Copies, pictures: bool) -> Finding:
    ids, styles, works = found.column("id"), found.column("style"), find_multi_style(found, copies)
    items: list[dict[str, Any]] = [
        {"name": name, "styles": ", ".join(sorted({styles[row] for row in rows}))}
        for name, rows in works.names.items()
    ]
    items += [
        {"id": ids[a], "copy": ids[b], "styles": f"{styles[a]}, {styles[b]}"}
        for a, b, _ in works.pairs.listed(LISTED)
    ]
    names, pairs = len(works.names), works.pairs.count
    numbers = {"names": float(names), "pairs": float(pairs)}
    text = f"{names:,} file name{'s stand' if names != 1 else ' stands'} under two styles or more"
    copied = f"{pairs:,} pair{'s of copies do' if pairs != 1 else ' of copies does'}"
    text += f", and {copied}." if pictures else "."
    return Finding("IMP107", "issue" if items else "passed", text, numbers, items[:LISTED])


def _artists(found: Collection) -> Finding:
    train, test = found.indices("train"), found.indices("test")
    train = np.sort(np.concatenate((train, found.indices("validation"))))  # in the source's order
    artists = np.asarray(found.column("artist"), object)
    everyone = {a for a in artists if a is not None}
    if not everyone or not len(test):
        return Finding(
            "IMP108",
            "not applicable",
            "No artist is known." if len(test) else "There is no test split.",
        )
    learnt = {a for a in artists[train] if a is not None}
    tested = {a for a in artists[test] if a is not None}
    both = learnt & tested
    named = sum(a is not None for a in artists[test])
    works = sum(a in both for a in artists[test])
    answers = artist_oracle(
        artists[train].tolist(), found.labels[train], artists[test].tolist(), len(found.vocabulary)
    )
    oracle = float((answers == found.labels[test]).mean())
    majority = float((found.labels[test] == found.counts("train").argmax()).mean())
    numbers = {
        "artists": float(len(everyone)),
        "test_artists": float(len(tested)),
        "shared_artists": float(len(both)),
        "test_works_by_shared_artists": float(works),
        "test_works_with_artist": float(named),
        "oracle_accuracy": oracle,
        "majority_accuracy": majority,
    }
    text = (
        f"{len(both)} of {len(tested)} test artists are also in training, with {works} of "
        f"{len(test)} test works. Answering each artist's usual style, and the most frequent style "
        f"where the artist is unknown, is right for {percent(oracle)} of all test works (supposing "
        f"styles as frequent as in training), always answering the most frequent one for "
        f"{percent(majority)}."
    )
    return Finding(
        "IMP108",
        "issue" if both else "passed",
        text,
        numbers,
        [{"artist": a} for a in sorted(both)][:LISTED],
    )


def _imbalance(found: Collection) -> Finding:
    counts = found.counts("train")
    present = counts[counts > 0]
    if len(present) == 0:
        return Finding("IMP109", "not applicable", "There is no training split.")
    ratio = float(present.max() / present.min())
    styles = found.vocabulary.styles
    most, least = int(counts.argmax()), int(np.where(counts > 0, counts, counts.max() + 1).argmin())
    text = (
        f"{styles[most]} has {counts[most]:,} training pictures and {styles[least]} "
        f"{counts[least]:,}: {ratio:.1f} to 1."
    )
    if ratio == 1:
        text = f"Every style has {counts[most]:,} training pictures."
    numbers = {"ratio": ratio, "largest": float(present.max()), "smallest": float(present.min())}
    items = [{"style": style, "train": int(n)} for style, n in zip(styles, counts, strict=True)]
    return Finding("IMP109", "issue" if ratio >= IMBALANCE else "passed", text, numbers, items)


def _empty(found: Collection) -> Finding:
    record = found.record
    excused = set(record.not_testable) if record.split == "artist" else set()  # IMP112 names them
    train, test = found.counts("train"), found.counts("test")
    lacking = [
        {"style": style, "train": int(a), "test": int(b)}
        for style, a, b in zip(found.vocabulary.styles, train, test, strict=True)
        if a == 0 or (b == 0 and style not in excused)
    ]
    names = abridged(str(item["style"]) for item in lacking)
    text = (
        f"{len(lacking)} styles have no pictures in training or test: {names}." if lacking else ""
    )
    well = f"All {len(found.vocabulary)} styles have pictures to learn from and to test on"
    well += f", but for {len(excused)} that are not testable (IMP112)." if excused else "."
    return Finding(
        "IMP110",
        "issue" if lacking else "passed",
        text or well,
        {"styles": float(len(lacking))},
        lacking,
    )


def _not_testable(found: Collection) -> Finding:
    split, names = found.record.split, found.record.not_testable
    if split != "artist":
        return Finding("IMP112", "not applicable", f"The split is {split}, not by artist.")
    text = (
        f"Too few known artists carry {len(names)} styles to test them on others' works: "
        f"{abridged(names)}."
    )
    items = [{"style": name} for name in names]
    well = "Every style has artists on both sides."
    return Finding(
        "IMP112",
        "issue" if names else "passed",
        text if names else well,
        {"styles": len(names)},
        items,
    )


def _labels(found: Collection) -> Finding:
    """IMP119: labels that a check of this very collection flagged."""
    check = label_check(found)
    if check is None:
        text = "Labels were not checked: impasto audit --labels does that."
        return Finding("IMP119", "not applicable", text)
    numbers = {"flagged": float(check.flagged), "pictures": float(check.pictures)}
    share = percent(check.flagged / max(check.pictures, 1))
    text = (
        f"{check.flagged:,} of {check.pictures:,} pictures ({share}) look more like another style. "
        f"The {len(check.suspects):,} most suspect stand in {TABLE}."
    )
    items = [
        {"id": one.id, "style": one.style, "likelier": one.likelier, "score": one.score}
        for one in check.suspects
        if one.flagged
    ]
    outcome: Outcome = "issue" if check.flagged else "passed"
    return Finding("IMP119", outcome, text, numbers, items[:LISTED])


def label_check(found: Collection) -> LabelCheck | None:
    """Check of a collection's labels; ``None`` where there is none of it as it is now."""
    check = LabelCheck.beside(found.path)
    return check if check and check.fingerprint == found.fingerprint else None


def _counted(code: str, items: Sequence[dict[str, Any]], what: str, of: int) -> Finding:
    text = f"{f'{len(items):,}' if items else 'None'} of {of:,} pictures {what}."
    return Finding(
        code,
        "issue" if items else "passed",
        text,
        {"count": float(len(items))},
        list(items[:LISTED]),
    )
