"""The report shows the suspects of a check of labels, and lists what people decided."""

from pathlib import Path

from impasto.collection.collection import open_collection
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.records.label_check import LabelCheck, LabelSuspect
from made_up_study import report_words, small_study


def check_of(study: Path, fingerprint: str) -> None:
    """A check that calls the fourth picture suspect, beside the collection."""
    table = open_collection(study / "collection").table
    suspect = LabelSuspect(
        id=table.column("id")[3].as_py(),
        split=table.column("split")[3].as_py(),
        style="Baroque",
        likelier="Ukiyo_e",
        score=0.02,
        likelier_score=0.9,
        by_picture=0.1,
        artist=None,
        artist_works=0,
        artist_share=None,
        flagged=True,
    )
    LabelCheck(
        command="impasto audit",
        fingerprint=fingerprint,
        evidence="features",
        run=None,
        folds=5,
        seed=0,
        pictures=40,
        unjudged=0,
        with_artist=0,
        balanced_accuracy=0.625,
        flagged=1,
        suspects=(suspect,),
    ).write(study / "collection" / "labels.json")


def test_suspects_stand_in_the_section_on_the_collection(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    before, _ = report_words(study)
    assert "Labels that look wrong" not in before
    check_of(study, open_collection(study / "collection").fingerprint)
    page, markdown = report_words(study)
    for text in (page, markdown):
        assert "Labels that look wrong" in text
        assert "1 picture of 40 looks more like another style than its own" in text
        assert "(balanced accuracy 62.5" in text
    assert "Baroque – rather Ukiyo-e?" in page
    assert "label_suspects.csv" in page


def test_a_check_of_other_labels_is_not_shown(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    check_of(study, "0" * 16)
    page, _ = report_words(study)
    assert "Labels that look wrong" not in page


def test_what_people_decided_is_counted_and_listed(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    items = [
        {"id": "Baroque/a.jpg", "decision": "excluded (Baroque)"},
        {"id": "Cubism/b.jpg", "decision": "relabelled from Cubism to Ukiyo_e"},
    ]
    decided = Finding("IMP118", "issue", "2 pictures were decided on.", {"count": 2.0}, items)
    place = study / "collection" / "findings.json"
    others = [one for one in findings.load(place) if one.code != "IMP118"]
    findings.save(place, [*others, decided])
    page, markdown = report_words(study)
    for text in (page, markdown):
        assert "2 decisions by hand" in text
        assert "2 pictures excluded or relabelled by hand" in text
        assert "relabelled from Cubism to Ukiyo" in text
