"""Official WikiArt lists as a source: ``style_{train,val}.csv`` and ``style_class.txt``.

As published with ArtGAN (https://github.com/cs-chan/ArtGAN): no header, CRLF, ``path,index``,
UTF-8. The class file says ``Art_Nouveau`` where the folder says ``Art_Nouveau_Modern``. Its ``val``
list is what everybody tests on: the test split. Artist and genre lists have the same lines, some
with a header, a blank line and a double comma.
"""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from impasto.collection.entries import Entry, LeftOut, Source, entry_of
from impasto.collection.layouts.picture_paths import PictureFolder, legible
from impasto.errors import InputError

_SIDES = {"train": "train", "val": "test"}


def found_in(path: Path) -> bool:
    """Whether the style lists stand in a folder or in its ``Style/``."""
    return _folder(path) is not None


def read_lists(path: Path) -> Source:
    """The pictures that the lists name; those whose files stand below ``path`` can be decoded.

    Raises:
        InputError: a list is damaged or an index has no class.
    """
    folder = _folder(path)
    if folder is None:
        raise InputError(f"no style_train.csv in {path}")
    classes = read_classes(folder / "style_class.txt")
    roots = [root for root in (path, path / "wikiart", path.parent / "wikiart") if root.is_dir()]
    entries: list[Entry] = []
    aliases: dict[str, Counter[str]] = {}
    for name, side in _SIDES.items():
        for file, index in read_list(folder / f"style_{name}.csv"):
            if index not in classes:
                raise InputError(
                    f"{folder / f'style_{name}.csv'}: class {index} of {file} is not in "
                    "style_class.txt"
                )
            style = file.split("/", 1)[0]
            aliases.setdefault(classes[index], Counter())[style] += 1
            place = next((root / file for root in roots if (root / file).is_file()), None)
            entries.append(entry_of(file, style, place, side))
    left_out: tuple[LeftOut, ...] = ()
    if any(entry.place for entry in entries):  # then a missing file is a fault, to be named as such
        entries, left_out = _matched(entries, roots)
    spelled = {alias: counts.most_common(1)[0][0] for alias, counts in aliases.items()}
    return Source(
        entries=tuple(entries),
        styles=tuple(sorted(set(spelled.values()))),
        aliases={alias: style for alias, style in sorted(spelled.items()) if alias != style},
        mismatches=tuple(
            f"the class {alias} has folders {', '.join(sorted(counts))}"
            for alias, counts in sorted(aliases.items())
            if len(counts) > 1
        ),
        left_out=left_out,
    )


def _matched(
    entries: Sequence[Entry], roots: Sequence[Path]
) -> tuple[list[Entry], tuple[LeftOut, ...]]:
    """Entries with files found in another spelling of their names; and pictures in no list."""
    counts = Counter(
        root for root in roots for entry in entries if entry.place == str(root / entry.id)
    )
    folder = PictureFolder(counts.most_common(1)[0][0])
    matched, known = [], set()
    for entry in entries:
        place = entry.place
        if place is None:
            match = folder.index.find(entry.id)
            place = str(folder.folder / (match.path if match else entry.id))
        known.add(place)
        matched.append(replace(entry, place=place))
    without = tuple(
        legible(path) for path in folder.index.paths if str(folder.folder / path) not in known
    )
    left_out = LeftOut("pictures in none of the lists", without, way_out="add them to a list")
    return matched, (left_out,) if without else ()


def read_list(path: Path) -> list[tuple[str, int]]:
    """``(path, class index)`` of each line of a style, artist or genre list.

    Raises:
        InputError: it is missing, or a line is of another form.
    """
    rows = []
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.reader(lines), 1):
                cells = [cell.strip() for cell in row if cell.strip()]
                if not cells or cells[0].startswith("(Path to image)"):
                    continue
                if len(cells) != 2 or not cells[1].isdigit():
                    raise InputError(
                        f"{path}, line {number}: expected path,index and found {','.join(row)!r}"
                    )
                rows.append((cells[0], int(cells[1])))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the list {path}: {error}") from error
    return rows


def read_classes(path: Path) -> dict[int, str]:
    """Class names by index, of ``index name`` lines.

    Raises:
        InputError: it is missing, or a line is of another form.
    """
    try:
        lines = [
            line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
        ]
        return {int(index): name for index, name in lines if index.isdigit()}
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the classes in {path}: {error}") from error


def _folder(path: Path) -> Path | None:
    return next((at for at in (path, path / "Style") if (at / "style_train.csv").is_file()), None)
