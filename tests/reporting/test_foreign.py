"""Predictions of other programs in a study's report, beside its own classifiers."""

from pathlib import Path

import pandas as pd

from impasto.collection.collection import open_collection
from impasto.evaluation.predictions_score import score_predictions
from impasto.evaluation.settings import PredictionsSettings
from impasto.reporting.report import write_report
from made_up_study import small_study


def test_the_report_has_the_predictions_of_a_study(tmp_path: Path) -> None:
    study = small_study(tmp_path)
    collection = open_collection(study / "collection")
    rows = collection.indices("test")
    columns = {"path": collection.column("id"), "style": collection.column("style")}
    table = pd.DataFrame({name: [all_[row] for row in rows] for name, all_ in columns.items()})
    table.loc[0, "style"] = "Cubism"
    table.iloc[:-1].to_csv(tmp_path / "keras.csv", index=False)
    settings = PredictionsSettings(bootstrap_samples=100)
    score_predictions(tmp_path / "keras.csv", collection, study / "predictions" / "keras", settings)
    paths = write_report(study)
    text, html = (path.read_text(encoding="utf-8") for path in (paths.markdown, paths.html))
    for page in (text, html):
        assert "Predictions of another program: keras" in page
        assert "1 of 12 pictures" in page and "count as wrong answers" in page
    # 10 of 12 are right, under whatever prior its maker supposed: the same in both columns
    row = next(line for line in text.splitlines() if line.startswith("| keras"))
    assert row.count("83.3 %") == 3
    assert (study / "tables" / "recognise-scores-of-each-style-keras.csv").is_file()
