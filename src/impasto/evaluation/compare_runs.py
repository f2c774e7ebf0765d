"""Paired comparison of evaluated classifiers: the same test pictures, the same draws."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from impasto.errors import InputError
from impasto.files import read_table
from impasto.numerics.bootstrap import PictureDraws, artist_clusters
from impasto.numerics.metrics import SCORES
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.record import Interval
from impasto.records.run import open_run
from impasto.records.run_comparison import ComparedRun, RunComparison

RESAMPLES: Final = 2000


def compare_runs(
    runs: Sequence[Path], *, resamples: int = RESAMPLES, seed: int = 0
) -> RunComparison:
    """Compare classifiers by their answers to the same test pictures.

    The first run is the reference. Answers are those of each evaluation; artists are drawn where
    they are known, as in an evaluation.

    Raises:
        RunError: a path is no run of a classifier.
        InputError: fewer than two runs, one is not evaluated, or their collections, pictures or
            priors are not the same.
    """
    if len(runs) < 2:
        raise InputError("a comparison needs two runs or more: name another one")
    opened = [_evaluated(path) for path in runs]
    first, table = opened[0]
    for path, (evaluation, other) in zip(runs[1:], opened[1:], strict=True):
        _require_alike(runs[0], path, first, evaluation)
        if not other.select(["id", "style"]).equals(table.select(["id", "style"])):
            raise InputError(f"{path} and {runs[0]} answered other pictures: evaluate both again")
    styles = sorted({*table["style"].to_pylist()}.union(*(_answers(one) for _, one in opened)))
    place = {style: number for number, style in enumerate(styles)}

    def places(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([place[name] for name in names], np.int64)

    draws = PictureDraws.make(
        places(table["style"].to_pylist()),
        len(styles),
        artist_clusters(table["artist"].to_pylist()),
        resamples=resamples,
        seed=seed,
    )
    scored = [draws.scores(places(one["predicted"].to_pylist())) for _, one in opened]
    compared = []
    for path, scores in zip(runs, scored, strict=True):
        gains = {}
        if scores is not scored[0]:
            for name in SCORES:
                change = draws.estimate(scores[name] - scored[0][name], least=-1.0)
                gains[name] = Interval(**change)
        own = {name: Interval(**draws.estimate(scores[name])) for name in SCORES}
        compared.append(ComparedRun(run=str(path), scores=own, gains=gains))
    return RunComparison(
        collection=first.collection_fingerprint,
        pictures=table.num_rows,
        units=draws.units,
        runs=tuple(compared),
    )


def _answers(table: pa.Table) -> set[str]:
    return set(table["predicted"].to_pylist())


def _evaluated(path: Path) -> tuple[ClassifierEvaluation, pa.Table]:
    run = open_run(path, "classifier")
    again = f"impasto evaluate {shlex.quote(str(path))}"
    if not (run.evaluation_path / "metrics.json").is_file():
        raise InputError(f"{path} is not evaluated: run {again} first")
    evaluation = ClassifierEvaluation.read(
        run.evaluation_path / "metrics.json", what="evaluation", verb=again
    )
    columns = ["id", "artist", "style", "predicted"]
    file = run.evaluation_path / "predictions.parquet"
    return evaluation, read_table(file, columns, f"run {again} again")


def _require_alike(
    first: Path, other: Path, one: ClassifierEvaluation, two: ClassifierEvaluation
) -> None:
    if one.collection_fingerprint != two.collection_fingerprint:
        raise InputError(
            f"{other} was evaluated on another collection than {first}: evaluate both on one with "
            "--collection"
        )
    if one.prior != two.prior:
        raise InputError(
            f"{first} was evaluated under the prior {one.prior}, {other} under {two.prior}: "
            "evaluate both with the same --set prior=…"
        )
