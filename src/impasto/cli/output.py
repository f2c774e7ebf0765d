"""Output of each verb: text and tables for people, with ``--json`` one JSON object.

``_finish`` prints every result and gives exit status 1 where a finding invalidates it.
"""

import json
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import typer

from impasto.numerics.formatting import (
    count,
    estimate,
    fitted,
    p_value,
    percent,
    points,
    share,
)
from impasto.plain_text import visible
from impasto.records.atlas import MEASURES, Atlas
from impasto.records.balance import BalanceResult
from impasto.records.by_artist import ByArtistResult
from impasto.records.class_comparison import ClassComparison
from impasto.records.evaluation import ClassifierEvaluation, OodScores, PredictionSource
from impasto.records.evaluations import Evaluation
from impasto.records.finding import Finding, as_data, invalidated, load
from impasto.records.label_check import TABLE, LabelCheck
from impasto.records.lora_score import LoraScore
from impasto.records.painter_score import EVALUATOR_TITLES, PainterScore
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.records.run import Run

if TYPE_CHECKING:
    from impasto.collection.collection import Collection
    from impasto.evaluation.predict import Prediction
    from impasto.gallery.gallery import GallerySummary
    from impasto.pipeline import Study
    from impasto.records.painting import Painted
    from impasto.records.run_comparison import RunComparison
    from impasto.release.export_run import Exported
    from impasto.verbs.inspection import Check, Info

REACHED = {
    "psnr": "PSNR {:.2f} dB",
    "ssim": "SSIM {:.3f}",
    "hit_rate": "hit rate of the style classifier {:.3f}",
    "identity_ssim": "SSIM in the own style {:.3f}",
}
"""Words for each score that a training reaches on validation, besides those of classifiers."""
PRINTED = frozenset(["IMP101", "IMP111", "IMP114", "IMP116", "IMP117", "IMP118"])
"""Issues that ``prepare`` prints; ``audit`` prints all."""
COLOURS = {"issue": "yellow", "passed": "green", "not applicable": "dim"}
SUSPECTS = 10  # most suspect labels that audit prints
ORDER = ("issue", "passed", "not applicable")


def gallery(directory: Path, summary: "GallerySummary", *, as_json: bool) -> None:
    """Print the result of ``sample``."""
    counts = dict(summary.counts)
    pictures = sum(counts.values())
    data = {"directory": str(directory), "pictures": pictures, "styles": counts}
    text = f"{count(pictures, 'picture')} in {count(len(counts), 'style')} in {directory}"
    _finish(data, f"{text}\n{_next('prepare', directory)}", as_json=as_json)


def collection(made: "Collection", *, as_json: bool) -> None:
    """Print the result of ``prepare``."""
    splits = ("train", "validation", "test")
    counts = {
        split: {s: int(n) for s, n in zip(made.vocabulary.styles, made.counts(split), strict=True)}  # type: ignore[arg-type]
        for split in splits
    }
    data = {
        "collection": str(made.path),
        "fingerprint": made.fingerprint,
        "pictures": len(made),
        "counts": counts,
    }
    sums = ", ".join(f"{sum(counts[split].values()):,} {split}" for split in splits)
    sizes = f"{count(len(made), 'picture')} in {count(len(made.vocabulary), 'style')}"
    text = f"{sizes} ({sums}) in {made.path}"
    notes = [line for one in made.findings if _is_printed(one) for line in _lines(one)]
    data["notes"] = notes
    _finish(data, "\n".join([text, *notes, _next("audit", made.path)]), as_json=as_json)


def _is_printed(finding: Finding) -> bool:
    """Whether a finding of ``prepare`` is printed right after it."""
    left_out = finding.code == "IMP115" and finding.numbers.get("left_out", 0) > 0
    return left_out or (finding.outcome == "issue" and finding.code in PRINTED)


def _lines(finding: Finding) -> list[str]:
    """The text of a finding of ``prepare``, or its notes, a line each."""
    if finding.code != "IMP116":
        return [finding.text]
    return [f"Note: {item['note']}" for item in finding.items]


def audited(
    found: Sequence[Finding], folder: Path, labels: LabelCheck | None, *, as_json: bool
) -> None:
    """Print the result of ``audit``, and the most suspect labels where these were checked."""
    data: dict[str, Any] = {"collection": str(folder)}
    text = ""
    if labels is not None:
        data["labels"] = labels.model_dump(mode="json")
        rows = [["picture", "given", "likelier", "score", "artist"]]
        for one in labels.suspects[:SUSPECTS]:
            score = percent(one.score)
            rows.append([one.id, one.style, one.likelier, score, one.artist or "–"])
        text = "\n".join([*_on_terminal(rows), f"table to fill in: {folder / TABLE}"])
    _finish(data, text, found, as_json=as_json)


def run(made: Run, *, as_json: bool) -> None:
    """Print the result of ``train``."""
    from impasto.numerics.metrics import SCORES  # noqa: PLC0415 – numpy

    last = _validation(made)
    scores = [f"{one.title} {percent(last[name])}" for name, one in SCORES.items() if name in last]
    scores += [text.format(last[name]) for name, text in REACHED.items() if name in last]
    text = (
        f"trained in {made.path}; validation: {', '.join(scores)}\n{_next('evaluate', made.path)}"
    )
    _finish(_trained(made), text, _findings(made), as_json=as_json)


def lora(made: Run, *, as_json: bool) -> None:
    """Print the result of ``train lora``."""
    _finish(_trained(made), _lora_text(made), _findings(made), as_json=as_json)


def loras(folder: Path, made: Sequence[Run], *, as_json: bool) -> None:
    """Print the result of ``train lora --per-style``."""
    data = {"folder": str(folder), "runs": [_trained(run) for run in made]}
    text = "\n".join(_lora_text(run) for run in made)
    _finish(data, text, [f for run in made for f in _findings(run)], as_json=as_json)


def _trained(made: Run) -> dict[str, Any]:
    return {"run": str(made.path), "state": made.state, "validation": _validation(made)}


def _validation(made: Run) -> dict[str, Any]:
    """The scores of the weights that were kept."""
    lines = made.metrics()
    best = [line for line in lines if line.get("event") == "validation" and line.get("best")]
    return best[-1] if best else {}


def _lora_text(made: Run) -> str:
    last, adapter = _validation(made), made.path / str(made.facts.get("adapter", ""))
    losses = "no pictures were held out"
    if "base_loss" in last:
        losses = f"held-out loss {last['loss']:.4f}, the base's {last['base_loss']:.4f}"
    style = (made.settings.get("styles") or made.styles)[0]
    then = _next("paint", made.path, "--prompt", "a boat at sea", "--style", style)
    return f"trained in {made.path}; {losses}\nadapter: {adapter}\n{then}"


def exported(made: "Exported", *, as_json: bool) -> None:
    """Print the result of ``export``."""
    data = {
        "export": str(made.path),
        "kind": made.kind,
        "files": list(made.files),
        "space": None if made.space is None else str(made.space),
        "address": made.address,
    }
    graphs = [name for name in made.files if name.endswith(".onnx")]
    lines = [f"{', '.join(graphs)} and the weights for from_pretrained are in {made.path}"]
    if made.space is not None:
        lines.append(f"a Gradio program is in {made.space}: python {made.space / 'app.py'}")
    if made.address is not None:
        lines.append(f"uploaded to {made.address}")
    _finish(data, "\n".join(lines), as_json=as_json)


def painted(output: Path, made: "Sequence[Painted]", *, as_json: bool) -> None:
    """Print the result of ``paint``."""
    rows = [
        {"path": str(one.path), "caption": one.style, **one.model_dump(mode="json")} for one in made
    ]
    text = "\n".join(f"{one.path}: {one.label}" for one in made)
    _finish({"output": str(output), "pictures": rows}, text, as_json=as_json)


def evaluation(made: Evaluation, *, as_json: bool) -> None:
    """Print the result of ``evaluate``, whatever the kind of run."""
    data: Mapping[str, Any]
    if isinstance(made, ClassifierEvaluation | AutoencoderEvaluation):
        data, text = _flat(made), score_lines(made)
    elif isinstance(made, ByArtistResult):
        data, text = _by_artist(made)
    elif isinstance(made, PainterScore):
        data, text = made.model_dump(mode="json"), painter_lines(made)
    elif isinstance(made, LoraScore):
        data, text = made.model_dump(mode="json"), _lora_lines(made)
    else:
        assert_never(made)
    _finish(data, text, made.findings, as_json=as_json)


def _lora_lines(score: LoraScore) -> str:
    rows = [["style", "pictures", "without", "real works"]]
    for row in score.per_style:
        shares = (row.accuracy, row.floor, row.ceiling)
        rows.append([row.style, *(percent(one, 0) for one in shares)])
    arms = [score.scores[arm]["accuracy"] for arm in ("adapter", "base", "real")]
    return "\n".join(_on_terminal([*rows, ["all", *map(share, arms)]]))


def painter_lines(score: PainterScore) -> str:
    """A painter's hit rates as tables: a row for each arm, and for each target style."""
    evaluators = list(score.evaluators)
    arms = [
        [
            "arm",
            *(f"{EVALUATOR_TITLES[j]}{end}" for j in evaluators for end in ("", ", normalised")),
        ]
    ]
    for arm in score.arms:
        cells = []
        for evaluator in evaluators:
            rate = arm.rates[evaluator]
            between = estimate(rate.normalised, 2) if rate.normalised else "–"
            cells += [share(rate.hit), between]
        arms.append([score.title(arm.arm), *cells])
    rows = [["style", *(score.title(name) for name in score.names)]]
    for row in score.per_style:
        rates = row.rates["network"]
        rows.append([row.style, *(percent(rates[name].hit.value, 0) for name in score.names)])
    reasons = [
        f"not normalised by {EVALUATOR_TITLES[evaluator]}: {summary.unplaced}"
        for evaluator, summary in score.evaluators.items()
        if summary.unplaced
    ]
    return "\n".join([*_on_terminal(arms), *reasons, "", *_on_terminal(rows)])


def _by_artist(made: ByArtistResult) -> tuple[dict[str, Any], str]:
    from impasto.comparison.artist_scores import as_lines  # noqa: PLC0415

    flat = {
        f"{name}_{arm}": score.value
        for arm, table in made.scores["network"]
        for name, score in table.items()
    }
    data = {"by_artist": str(made.path), **flat, **made.model_dump(mode="json")}
    return data, "\n".join(as_lines(made, _width()))


def balance(made: BalanceResult, *, as_json: bool) -> None:
    """Print the result of ``balance``."""
    from impasto.comparison.balance_table import as_lines  # noqa: PLC0415

    lines = [*as_lines(made, _width()), "", f"recommended: {made.recommendation.text}"]
    text = "\n".join([*lines, f"table: {made.path / 'balance.md'}"])
    data = {"balance": str(made.path), **made.model_dump(mode="json")}
    _finish(data, text, made.findings, as_json=as_json)


def atlas(made: Atlas, *, as_json: bool) -> None:
    """Print the verdict of an atlas; in JSON k-means' scores on all paintings come first."""
    flat = {name: score.value for name, score in made.clusterings[0].scores.all if score}
    text = "\n".join([*made.verdict, "", *_embeddings(made), f"atlas: {made.path}"])
    data = {"atlas": str(made.path), **flat, **made.model_dump(mode="json")}
    _finish(data, text, made.findings, as_json=as_json)


def _embeddings(made: Atlas) -> list[str]:
    """The embedding and its baselines: k-means against styles, the same style between artists."""
    corrected = [f"mAP, {title}" for title in list(MEASURES.values())[1:]]
    table = [("", "NMI", "AMI", "mAP", *corrected, "pair AUC")]
    several = (
        (made.name, made.clusterings[0], made.retrieval),
        *((row.title, row, row.retrieval) for row in made.baselines),
    )
    for title, clusters, found in several:
        scores, cells = clusters.scores[made.scope], ["–"] * (1 + len(MEASURES))
        if found is not None:
            cells = [estimate(one.mean_average_precision, 3) for one in found.scores.values()]
            cells.append(share(found.scores["cosine"].pair_auc))
        table.append((title, estimate(scores.nmi, 3), estimate(scores.ami, 3), *cells))
    level = made.retrieval and made.retrieval.scores["cosine"].chance
    if level:
        cells = [f"{level.mean_average_precision.mean:.3f}", *["–"] * len(corrected)]
        chance = made.clusterings[0].chance[made.scope]
        means = (f"{chance.nmi.mean:.3f}", f"{chance.ami.mean:.3f}")
        table.append(("Shuffled styles", *means, *cells, percent(level.pair_auc.mean)))
    return _on_terminal(table)


def added(rows: Sequence[Mapping[str, Any]], atlas: Path, *, as_json: bool) -> None:
    """Print the result of ``atlas --add``: the place of each picture and its neighbours."""
    table = atlas / "added.parquet"
    shown = [{name: row[name] for name in row if name != "embedding"} for row in rows]
    lines = [f"{row['id']}: near {', '.join(row['neighbour_ids'][:3])}" for row in rows]
    text = "\n".join([*lines, f"table: {table}"])
    _finish({"table": str(table), "added": shown}, text, as_json=as_json)


def predictions(
    run: Path, made: "Sequence[Prediction]", *, as_json: bool, csv: Path | None = None
) -> None:
    """Print the result of ``predict``; with a table written, in one line where it is."""
    data = {"run": str(run), "predictions": [prediction.as_data() for prediction in made]}
    text = "\n".join(prediction.as_text() for prediction in made)
    if csv is not None:
        data["csv"], text = str(csv), f"{count(len(made), 'picture')} in {csv}"
    _finish(data, text, as_json=as_json)


def info(found: "Info", *, as_json: bool) -> None:
    """Print the result of ``info``; status 2 where a file is damaged."""
    from impasto.verbs.inspection import as_data as data_of  # noqa: PLC0415

    lines = [f"{found.path}: {found.kind}"]
    lines += [f"{name}: {value}" for name, value in found.facts.items()]
    if found.checked:
        lines.append(
            f"files: {found.checked} have a checksum, {len(found.damaged)} of them are damaged"
        )
    lines += [f"damaged: {path} ({reason})" for path, reason in found.damaged.items()]
    _finish(data_of(found), "\n".join(lines), as_json=as_json)
    if found.damaged:
        raise typer.Exit(2)


def comparison(made: "RunComparison | ClassComparison", *, as_json: bool) -> None:
    """Print the result of ``compare``."""
    if isinstance(made, ClassComparison):
        return _class(made, as_json=as_json)
    units = "" if made.units == made.pictures else f", {made.units} artists or lone pictures"
    text = f"{made.pictures:,} test pictures{units}; 95 % intervals"
    _finish(made.as_data(), "\n".join([text, *_on_terminal(made.rows())]), as_json=as_json)


def _class(made: ClassComparison, *, as_json: bool) -> None:
    """Print a comparison of submissions: a line each, the refused ones last."""
    from impasto.numerics.metrics import SCORES  # noqa: PLC0415 – numpy

    names = sorted(SCORES, key=lambda name: name != made.score)
    rows = [["", "submission", "group", *(SCORES[name].title for name in names), "missing"]]
    for one in made.submissions:
        scores = (share(one.scores[name]) for name in names)
        rows.append([str(one.rank), one.name, one.letters, *scores, str(one.missing)])
    for title, table in made.baselines.items():
        scores = (share(table[name]) for name in names)
        rows.append(["", title.replace("_", " "), "", *scores, ""])
    lines = [f"{made.pictures:,} pictures of the {made.split} split", *_on_terminal(rows)]
    lines += [f"refused: {one.name}: {one.reason}" for one in made.refused]
    lines.append(f"two that share a letter cannot be told apart; page: {made.path / 'index.html'}")
    data = {"compared": str(made.path), **made.model_dump(mode="json")}
    _finish(data, "\n".join(lines), made.findings, as_json=as_json)


def checks(made: "Sequence[Check]", *, as_json: bool) -> None:
    """Print the result of ``doctor``; status 2 where something is wrong."""
    data = {"checks": [asdict(one) for one in made]}
    lines = [f"{one.name:<15} {one.outcome:<8} {one.text}" for one in made]
    _finish(data, "\n".join(lines), as_json=as_json)
    if any(one.outcome == "wrong" for one in made):
        raise typer.Exit(2)


def files(made: Mapping[str, Path], *, as_json: bool) -> None:
    """Print the files that ``report`` and ``site`` wrote."""
    data = {name: str(path) for name, path in made.items()}
    _finish(data, "\n".join(map(str, made.values())), as_json=as_json)


def address(text: str, *, as_json: bool) -> None:
    """Print the address of ``serve``, at once."""
    typer.echo(json.dumps({"address": text}) if as_json else text)
    sys.stdout.flush()


def study(made: "Study", *, as_json: bool) -> None:
    """Print the result of ``study``: scores, issues, and where to look."""
    places = {"study": made.path, "report": made.report}
    if made.page:
        places["page"] = made.page
    data = {name: str(path) for name, path in places.items()} | _flat(made.evaluation)
    found = made.findings
    if not as_json:
        found = [f for f in found if f.outcome == "issue"]
        typer.echo(score_lines(made.evaluation))
        _table(found)
    where = "\n".join(f"{name}: {path.resolve().as_uri()}" for name, path in places.items())
    _finish(data, where, found, as_json=as_json, table=False)


def score_lines(made: ClassifierEvaluation | AutoencoderEvaluation) -> str:
    """Return the scores with their intervals, and the baselines under them, as aligned lines."""
    rows: list[tuple[str, ...]]
    notes: list[str] = []
    if made.kind == "autoencoder":
        rows = [("", "PSNR in dB", "SSIM")]
        for name, scores in {"this run": made.scores, **made.baselines}.items():
            psnr, ssim = estimate(scores["psnr"], 2), estimate(scores["ssim"], 3)
            rows.append((name.replace("_", " "), psnr, ssim))
    else:
        from impasto.records.evaluation import PRIORS  # noqa: PLC0415 – numpy

        shown = made.columns
        rows = [("", *(column.title.lower() for column in shown))]
        if made.prior != "given":
            rows += [("", *(PRIORS[column.prior] for column in shown))]
        rows.append(
            (
                "this file" if made.source else "this run",
                *(share(column.of(made)) for column in shown),
            )
        )
        for name, one in made.baselines.items():
            if one:
                rows.append((name.replace("_", " "), *(share(column.of(one)) for column in shown)))
        if made.source:
            rows += _beside(made, made.source)
        mix = made.test_mix
        notes = [
            f"the test split is mixed nearer to {PRIORS[mix.prior]}: {mix.reason}",
            f"95 % intervals are of {made.resampled.text}",
        ]
        if made.ood:
            notes += ["", *_ood_lines(made.ood)]
    heads = 1 if isinstance(made, AutoencoderEvaluation) or made.prior == "given" else 2
    lines = _on_terminal(rows, heads)
    return "\n".join(
        [f"{count(made.pictures, 'picture')} of the {made.split} split", *lines, *notes]
    )


def _beside(made: ClassifierEvaluation, source: PredictionSource) -> list[tuple[str, ...]]:
    """Rows on own runs that predictions are compared with."""
    rows: list[tuple[str, ...]] = []
    for one in source.against:
        scores = [one.scores.get(column.name) for column in made.columns]
        gains = [one.gains.get(column.name) for column in made.columns]
        rows.append((one.run, *(share(score) for score in scores)))
        rows.append(("  difference in points", *(points(gain) if gain else "" for gain in gains)))
        rows.append((f"  p = {p_value(one.p)}", *("" for _ in made.columns)))
    return rows


def _ood_lines(found: OodScores) -> list[str]:
    """Scores on pictures that are no paintings, as aligned lines."""
    rates = tuple(found.beyond)
    named = (f"named at {percent(float(rate), 0)} false alarms" for rate in rates)
    rows: list[tuple[str, ...]] = [("out-of-distribution score", "AUROC", *named)]
    for row in found.kinds:
        rows.append((row.kind, share(row.auroc), *(share(row.detected[rate]) for rate in rates)))
    if not rates:
        text = f"no limit for a warning: {found.held_out} pictures held out are too few"
        return [*_on_terminal(rows), text]
    rows.append(("test pictures", "", *(share(found.beyond[rate]) for rate in rates)))
    return _on_terminal(rows)


def _flat(made: ClassifierEvaluation | AutoencoderEvaluation) -> dict[str, Any]:
    """The record with each score by its standard name at the top."""
    flat = {name: score.value for name, score in made.scores.items()}
    return {**flat, **made.model_dump(mode="json")}


def _findings(made: Run) -> list[Finding]:
    file = made.path / "findings.json"
    return load(file) if file.exists() else []


def _width() -> int | None:
    """Columns of the terminal; ``None`` where the output goes to a file or another program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _on_terminal(rows: Sequence[Sequence[str]], heads: int = 1) -> list[str]:
    """A table as lines that fit the terminal."""
    return fitted(rows, _width(), heads)


def _next(verb: str, *arguments: object) -> str:
    """The command that comes next, ready to be copied."""
    return f"next: impasto {verb} {shlex.join(map(str, arguments))}"


def _finish(
    data: Mapping[str, Any],
    text: str,
    found: Sequence[Finding] = (),
    *,
    as_json: bool,
    table: bool = True,
) -> None:
    """Print a result and its findings; exit with status 1 where one invalidates the result."""
    invalid = invalidated(found)
    if as_json:
        content = {**data, "invalidated": invalid, "findings": as_data(found)}
        typer.echo(json.dumps(content, default=str))
    else:
        if text:
            typer.echo(visible(text))
        if table:
            _table(found)
    if invalid:
        raise typer.Exit(1)


def _table(found: Sequence[Finding]) -> None:
    """Print the findings, issues first; the outcome is a word, never only a colour."""
    if not found:
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(show_edge=False, pad_edge=False, box=None)
    table.add_column("code", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("what was found", ratio=1)
    for finding in sorted(found, key=lambda f: (not f.invalidates, ORDER.index(f.outcome), f.code)):
        outcome = "INVALID" if finding.invalidates else finding.outcome
        style = "bold red" if finding.invalidates else COLOURS[finding.outcome]
        said_twice = finding.text.rstrip(".") == finding.title
        text = finding.text if said_twice else f"{finding.title}. {finding.text}"
        if finding.outcome == "issue":
            text += f" {finding.kind.remedy}"
        table.add_row(finding.code, f"[{style}]{outcome}[/]", escape(visible(text)))
    Console().print(table)
