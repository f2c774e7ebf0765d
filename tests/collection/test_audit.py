"""The audit: every code is answered, an issue where its defect was planted and passed where not."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from impasto.collection.audit import audit
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.errors import InputError
from impasto.files import write_json
from impasto.records import finding as findings
from impasto.records.collection import AuditRecord
from impasto.records.finding import Finding

CODES = [f"IMP{number}" for number in range(101, 125)]
SETTINGS = PrepareSettings(pixels=24, workers=1)


@pytest.fixture(scope="module")
def clean(picture_folder: Callable[..., Path]) -> Path:
    """A source without a fault:

    12 + 4 pictures of each of 3 styles, by artists of one side each.
    """
    source = picture_folder(train=12, test=4)
    for path in sorted(source.rglob("*.jpg")):
        side, number = path.stem[:-3], int(path.stem[-3:])
        painter = f"{path.parent.name.lower()}-{side}er-{number % 3}"
        path.rename(path.with_name(f"{painter}_{side}-picture-{number}-1900.jpg"))
    return source


def answers(source: Path, made: Path, **options: str) -> dict[str, Finding]:
    collection = prepare(source, made, SETTINGS.model_copy(update=options))
    both = [*collection.findings, *audit(collection).findings]
    found = {finding.code: finding for finding in both}
    assert sorted(found) == CODES and len(both) == len(CODES)
    return found


def pictures(source: Path, side: str, style: str = "Bands") -> list[Path]:
    return sorted((source / side / style).glob("*.jpg"))


def test_a_clean_collection_passes_everything(clean: Path, tmp_path: Path) -> None:
    found = answers(clean, tmp_path / "c")
    outcomes = {code: finding.outcome for code, finding in found.items()}
    assert outcomes.pop("IMP112") == "not applicable"  # the split is not by artist
    assert outcomes.pop("IMP119") == "not applicable"  # labels were not checked
    # The pictures are too small for rules on single ones
    assert {outcomes.pop(f"IMP{code}") for code in range(120, 125)} == {"not applicable"}
    assert set(outcomes.values()) == {"passed"}
    assert not findings.invalidated(found.values())
    assert (
        found["IMP108"].numbers["test_artists"] == 9
        and found["IMP108"].numbers["shared_artists"] == 0
    )
    assert (
        found["IMP108"].numbers["oracle_accuracy"]
        == found["IMP108"].numbers["majority_accuracy"]
        == pytest.approx(1 / 3)
    )
    assert found["IMP109"].numbers == {"ratio": 1.0, "largest": 11.0, "smallest": 11.0}


def unreadable(source: Path) -> None:
    (source / "train/Bands/x_y.jpg").write_text("no picture")


def tiny(source: Path) -> None:
    Image.open(pictures(source, "train")[0]).resize((20, 30)).save(
        source / "train/Bands/small-one_tiny.png"
    )


def constant(source: Path) -> None:
    Image.new("RGB", (60, 60), (90, 80, 70)).save(source / "train/Bands/nobody-else_grey.jpg")


def equal_files(source: Path) -> None:
    shutil.copy(pictures(source, "train")[0], source / "train/Bands/another-name_same.jpg")


def looks_the_same(source: Path) -> None:
    Image.open(pictures(source, "test")[0]).save(
        source / "test/Bands/another-name_alike.jpg", quality=60
    )


def across(source: Path) -> None:
    shutil.copy(pictures(source, "train")[0], source / "test/Bands/another-name_same.jpg")


def two_styles(source: Path) -> None:
    shutil.copy(pictures(source, "train", "Columns")[5], source / "train/Bands")


def shared_artist(source: Path) -> None:
    path = pictures(source, "test")[0]
    path.rename(path.with_name("bands-trainer-0_stray.jpg"))


def imbalance(source: Path) -> None:
    for path in pictures(source, "train")[1:]:
        path.unlink()


def no_test_picture(source: Path) -> None:
    for path in pictures(source, "test"):
        path.unlink()


def folders_disagree(source: Path) -> None:
    (source / "test/Bands").rename(source / "test/Stripes")


def double_encoded(source: Path) -> None:
    pictures(source, "train")[0].rename(source / "train/Bands/arnold-bã¶cklin_villa.jpg")


def twelve_bits(source: Path) -> None:
    grey = np.asarray(Image.open(pictures(source, "test")[0]).convert("L"), np.uint16)
    Image.fromarray(grey[::-1] * 16).save(source / "train/Bands/nobody-else_scan.tif")


PLANTED: dict[
    str, tuple[Callable[[Path], None], bool]
] = {  # what to plant, and whether it invalidates
    "IMP101": (unreadable, False),
    "IMP102": (tiny, False),
    "IMP103": (constant, False),
    "IMP104": (equal_files, False),
    "IMP105": (looks_the_same, False),
    "IMP106": (across, True),
    "IMP107": (two_styles, False),
    "IMP108": (shared_artist, False),
    "IMP109": (imbalance, False),
    "IMP110": (no_test_picture, True),
    "IMP111": (folders_disagree, True),
    "IMP113": (double_encoded, False),
    "IMP117": (twelve_bits, False),
}


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_defect_is_found(clean: Path, tmp_path: Path, code: str) -> None:
    plant, invalidates = PLANTED[code]
    source = shutil.copytree(clean, tmp_path / "source")
    plant(source)
    found = answers(source, tmp_path / "c")
    assert found[code].outcome == "issue"
    assert found[code].invalidates is invalidates
    assert found[code].text.endswith(".") and "\n" not in found[code].text
    assert findings.invalidated(found.values()) is invalidates
    also = {"IMP102": {"IMP105"}, "IMP107": {"IMP104"}, "IMP111": {"IMP110"}, "IMP109": set()}
    others = {other for other, finding in found.items() if finding.outcome == "issue"} - {code}
    assert others == also.get(code, set())


def test_findings_name_the_things(clean: Path, tmp_path: Path) -> None:
    source = shutil.copytree(clean, tmp_path / "source")
    for plant in (tiny, constant, shared_artist, across, two_styles, double_encoded):
        plant(source)
    found = answers(source, tmp_path / "c")
    assert found["IMP102"].items == [
        {"id": "train/Bands/small-one_tiny.png", "width": 20, "height": 30}
    ]
    assert found["IMP103"].items == [{"id": "train/Bands/nobody-else_grey.jpg"}]
    assert found["IMP106"].items[0]["id"] == "test/Bands/another-name_same.jpg"
    assert found["IMP106"].items[0]["copy_style"] == "Bands"
    assert found["IMP106"].numbers["test_pictures"] == 1 and found["IMP106"].numbers[
        "share"
    ] == pytest.approx(1 / 13)
    name = pictures(source, "train", "Columns")[5].name
    assert {"name": name, "styles": "Bands, Columns"} in found["IMP107"].items
    assert found["IMP107"].numbers == {"names": 1.0, "pairs": 1.0}
    assert found["IMP108"].items == [{"artist": "bands-trainer-0"}]
    assert found["IMP113"].items == [
        {"id": "train/Bands/arnold-bã¶cklin_villa.jpg", "artist": "arnold-böcklin"}
    ]


def test_every_leaked_test_picture_counts_once(clean: Path, tmp_path: Path) -> None:
    source = shutil.copytree(clean, tmp_path / "source")
    for copy in ("a_1", "b_2"):
        shutil.copy(pictures(source, "train")[0], source / f"test/Bands/aaa-{copy}.jpg")
    shutil.copy(pictures(source, "train")[0], source / "train/Bands/zzz-c_3.jpg")
    found = answers(source, tmp_path / "c")
    assert found["IMP106"].numbers["test_pictures"] == 2 and found["IMP106"].numbers["pairs"] == 4
    assert found["IMP104"].numbers["pairs"] == 2 and found["IMP105"].outcome == "passed"


def test_few_leaks_are_an_issue_that_does_not_yet_spoil(clean: Path, tmp_path: Path) -> None:
    finding = Finding("IMP106", "issue", "", {"share": 0.02})
    assert not finding.invalidates and Finding("IMP106", "issue", "", {"share": 0.021}).invalidates


def test_the_same_number_in_two_folders_is_no_picture_under_two_styles(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = picture_folder(train=6, test=2)  # train000.jpg stands in every folder
    found = answers(source, tmp_path / "c")
    assert (found["IMP107"].outcome, found["IMP108"].outcome) == ("passed", "not applicable")
    for style in ("Bands", "Columns"):
        pictures(source, "train", style)[0].rename(
            source / "train" / style / "claude-monet_1143.jpg"
        )
    assert answers(source, tmp_path / "named")["IMP107"].outcome == "passed"


def test_an_artist_split_ends_sharing_and_names_what_it_cannot_test(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = shutil.copytree(picture_folder(train=12, test=4, artists=4), tmp_path / "source")
    assert answers(source, tmp_path / "a")["IMP108"].numbers["shared_artists"] == 12
    apart = answers(source, tmp_path / "b", split="artist")
    assert (apart["IMP108"].outcome, apart["IMP112"].outcome, apart["IMP110"].outcome) == (
        "passed",
    ) * 3
    for side in ("train", "test"):
        for path in pictures(source, side):
            path.rename(path.with_name(f"only-one_{path.name}"))
    alone = answers(source, tmp_path / "c", split="artist")
    assert alone["IMP112"].outcome == "issue" and alone["IMP112"].items == [{"style": "Bands"}]
    assert alone["IMP110"].outcome == "passed" and not alone["IMP112"].invalidates


def test_names_alone_are_audited_as_far_as_they_go(tmp_path: Path) -> None:
    rows = [f"{'AB'[n % 2]}/p{n % 7}_x{n}.jpg,{n % 2}\n" for n in range(70)]
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "style_train.csv").write_text("".join(rows[:50]))
    (lists / "style_val.csv").write_text("".join(rows[50:]))
    (lists / "style_class.txt").write_text("0 A\n1 B\n")
    found = answers(lists, tmp_path / "c")
    assert found["IMP114"].outcome == "issue" and found["IMP114"].numbers["count"] == 70
    assert {found[code].outcome for code in ("IMP102", "IMP103", "IMP104", "IMP105", "IMP106")} == {
        "not applicable"
    }
    assert found["IMP108"].outcome == "issue"


def test_prepare_and_audit_write_a_file_each(clean: Path, tmp_path: Path) -> None:
    made = prepare(clean, tmp_path / "c", SETTINGS)
    before = (made.path / "findings.json").read_bytes()
    judged = audit(made.path)
    assert (made.path / "findings.json").read_bytes() == before
    assert [one.code for one in made.findings] == [
        *("IMP101", "IMP111", "IMP113", "IMP114", "IMP115", "IMP116", "IMP117", "IMP118")
    ]
    again = AuditRecord.read(made.path / "audit.json", what="audit", verb="impasto audit")
    assert again.rows() == judged.rows()
    assert again.fingerprint == made.fingerprint and again.path == made.path
    assert repr(judged) == "AuditRecord(16 findings, 0 issues)"
    assert judged.rows()[0]["code"] == "IMP102"
    prepare(clean, tmp_path / "c", SETTINGS)  # nothing has changed: the audit holds
    assert (made.path / "audit.json").exists()
    prepare(clean, tmp_path / "c", SETTINGS.model_copy(update={"split": "stratified"}))
    assert not (made.path / "audit.json").exists()


def test_missing_and_damaged_findings_are_refused(clean: Path, tmp_path: Path) -> None:
    made = prepare(clean, tmp_path / "c", SETTINGS)
    path = made.path / "findings.json"
    write_json(path, {"findings": [{"code": "IMP999"}]})
    with pytest.raises(InputError, match=r"findings\.json does not hold findings"):
        made.findings  # noqa: B018
    path.unlink()
    with pytest.raises(InputError, match=r"cannot read .*findings\.json"):
        made.findings  # noqa: B018


def test_the_exit_status_tells_whether_an_evaluation_is_spoiled(
    clean: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(clean, tmp_path / "source")

    def status() -> int:
        made = prepare(source, tmp_path / "c", SETTINGS)
        command = [sys.executable, "-m", "impasto", "audit", str(made.path), "--json"]
        return subprocess.run(command, capture_output=True, check=False).returncode

    imbalance(source)
    assert status() == 0
    across(source)
    assert status() == 1
    assert "IMP106" in {finding.code for finding in audit(tmp_path / "c").findings}


def test_a_mirrored_copy_is_named_as_such(clean: Path, tmp_path: Path) -> None:
    source = tmp_path / "s"
    shutil.copytree(clean, source)
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 255, (6, 6, 3)).astype(np.uint8))
    one = small.resize((60, 60), Image.Resampling.BICUBIC)
    one.save(source / "train/Bands/somebody-new_one.png")
    ImageOps.mirror(one).save(source / "test/Bands/somebody-else_other.png")
    across = answers(source, tmp_path / "c")["IMP106"]
    assert across.numbers["pairs"] == across.numbers["mirrored"] == 1
    assert [item["mirrored"] for item in across.items] == [True]
    assert "1 of them mirrored" in across.text
