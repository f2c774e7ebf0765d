"""What each verb prints.

For people as text and tables, with ``--json`` as one JSON object; notes to standard error.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto.records.atlas import Atlas
from impasto.records.finding import Finding, as_data, spoiled
from impasto.records.run import Run

if TYPE_CHECKING:
    from impasto.collection.collection import Collection
    from impasto.evaluation.predict import Prediction
    from impasto.gallery.gallery import GallerySummary

SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "top_3")
REACHED = {
    **{name: f"{name} {{:.3f}}" for name in SCORES},
    "psnr": "PSNR {:.2f} dB",
    "ssim": "SSIM {:.3f}",
}
REACHED |= {"hit_rate": "critic's hit rate {:.3f}", "identity_ssim": "SSIM in the own style {:.3f}"}
"""How a training says what its weights reached on validation, by score."""


def note(line: str) -> None:
    """Say something on standard error that is not a result."""
    typer.echo(f"impasto: {line}", err=True)


def complain(line: str) -> int:
    """Print an error on standard error as one line; the exit status 2."""
    typer.secho(f"impasto: error: {' '.join(line.split())}", fg=typer.colors.RED, err=True)
    return 2


def gallery(directory: Path, summary: "GallerySummary", *, as_json: bool) -> None:
    """The result of ``sample``."""
    counts = dict(summary.counts)
    data = {"directory": str(directory), "pictures": sum(counts.values()), "styles": counts}
    text = f"{data['pictures']} pictures in {len(counts)} styles in {directory}\nnext: impasto prepare {directory}"
    _print(data, text, as_json=as_json)


def collection(made: "Collection", *, as_json: bool) -> None:
    """The result of ``prepare``."""
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
    sums = ", ".join(f"{sum(counts[split].values())} {split}" for split in splits)
    text = f"{len(made)} pictures in {len(made.vocabulary)} styles ({sums}) in {made.path}"
    _print(data, f"{text}\nnext: impasto audit {made.path}", as_json=as_json)


def audited(found: Sequence[Finding], folder: Path, *, as_json: bool) -> None:
    """The result of ``audit``."""
    _print({"collection": str(folder), **_judged(found)}, None, as_json=as_json)
    if not as_json:
        _table(found)


def run(made: Run, found: Sequence[Finding], *, as_json: bool) -> None:
    """The result of ``train``."""
    best = [
        line for line in made.metrics() if line.get("event") == "validation" and line.get("best")
    ]
    last = best[-1] if best else {}
    data = {"run": str(made.path), "state": made.state, "validation": last, **_judged(found)}
    scores = ", ".join(text.format(last[name]) for name, text in REACHED.items() if name in last)
    _print(
        data,
        f"trained in {made.path}; validation: {scores}\nnext: impasto evaluate {made.path}",
        as_json=as_json,
    )


def lora(made: Run, found: Sequence[Finding], *, as_json: bool) -> None:
    """The result of ``train lora``."""
    best = [
        line for line in made.metrics() if line.get("event") == "validation" and line.get("best")
    ]
    last = best[-1] if best else {}
    data = {"run": str(made.path), "state": made.state, "validation": last, **_judged(found)}
    adapter = made.path / str(made.facts.get("adapter", ""))
    losses = (
        f"held-out loss {last['loss']:.4f}, the base's {last['base_loss']:.4f}"
        if last
        else "not validated"
    )
    style = (made.settings.get("styles") or made.styles)[0]
    next_ = f'next: impasto paint {made.path} --prompt "a boat at sea" --style {style}'
    _print(data, f"trained in {made.path}; {losses}\nadapter: {adapter}\n{next_}", as_json=as_json)
    if not as_json:
        _table(found)


def painted(made: Sequence[tuple[Path, Mapping[str, Any]]], *, as_json: bool) -> None:
    """The result of ``paint``: one object, or one line, a picture."""
    for path, how in made:
        typer.echo(
            json.dumps({"path": str(path), **how}) if as_json else f"{path}: {how['caption']}"
        )


def scorecard(result: Mapping[str, Any], found: Sequence[Finding], *, as_json: bool) -> None:
    """The result of ``evaluate`` on a LoRA run."""
    head = ["style", "pictures", "without", "real works"]
    shares = [
        [row[name] for name in ("accuracy", "floor", "ceiling")] for row in result["per_style"]
    ]
    cells = [["–" if share is None else f"{share:.0%}" for share in row] for row in shares]
    rows = [
        head,
        *([row["style"], *each] for row, each in zip(result["per_style"], cells, strict=True)),
    ]
    rows.append(
        [
            "all",
            *(_interval(result["scores"][arm]["accuracy"]) for arm in ("adapter", "base", "real")),
        ]
    )
    _print({**result, **_judged(found)}, _aligned(rows), as_json=as_json)
    if not as_json:
        _table(found)


def painting(result: Mapping[str, Any], found: Sequence[Finding], *, as_json: bool) -> None:
    """The result of ``evaluate`` on a painter."""
    from impasto.evaluation.painter_score_numbers import divides  # noqa: PLC0415

    arms = ("painted", "histogram", "unchanged", "real")
    rows = [["style", "painted", "colours exchanged", "unchanged", "real works", "normalised"]]
    for row in result["per_style"]:
        shares = [f"{row[arm]['hit']['value']:.0%}" for arm in arms]
        placed = divides(row["real"]["normalised"]["value"])
        rows.append(
            [
                row["style"],
                *shares,
                f"{row['painted']['normalised']['value']:.2f}" if placed else "–",
            ]
        )
    spread = result["scores"]["painted"]["normalised"]
    placed = divides(result["scores"]["real"]["normalised"]["value"])
    whole = [_interval(result["scores"][arm]["hit"]) for arm in arms]
    rows.append(
        [
            "all",
            *whole,
            f"{spread['value']:.2f} ({spread['low']:.2f}–{spread['high']:.2f})" if placed else "–",
        ]
    )
    _print({**result, **_judged(found)}, _aligned(rows), as_json=as_json)
    if not as_json:
        _table(found)


def evaluation(metrics: Mapping[str, Any], found: Sequence[Finding], *, as_json: bool) -> None:
    """The result of ``evaluate``."""
    _print({**_flat(metrics), **_judged(found)}, score_lines(metrics), as_json=as_json)
    if not as_json:
        _table(found)


def balance(
    result: Mapping[str, Any], found: Sequence[Finding], folder: Path, *, as_json: bool
) -> None:
    """The result of ``balance``."""
    from impasto.comparison.balance_table import as_lines  # noqa: PLC0415

    advice = [f"recommended: {result['recommendation']['text']}", f"table: {folder / 'balance.md'}"]
    text = "\n".join([*as_lines(result), "", *advice])
    _print({"balance": str(folder), **result, **_judged(found)}, text, as_json=as_json)
    if not as_json:
        _table(found)


def by_artist(
    result: Mapping[str, Any], found: Sequence[Finding], folder: Path, *, as_json: bool
) -> None:
    """The result of ``evaluate --by artist``."""
    from impasto.comparison.artist_scores import ARMS, as_lines  # noqa: PLC0415

    flat = {
        f"{name}_{arm}": result["scores"]["network"][arm][name]["value"]
        for arm in (*ARMS, "gap")
        for name in SCORES[:3]
    }
    _print(
        {"by_artist": str(folder), **flat, **result, **_judged(found)},
        "\n".join(as_lines(result)),
        as_json=as_json,
    )
    if not as_json:
        _table(found)


def atlas(made: Atlas, *, as_json: bool) -> None:
    """Print the verdict of an atlas; in JSON k-means' scores on all paintings come first."""
    flat = {name: score.value for name, score in made.clusterings[0].scores.all if score}
    text = "\n".join([*made.verdict, f"atlas: {made.path}"])
    content = {"atlas": str(made.path), **flat, **made.model_dump(mode="json")}
    _print({**content, **_judged(made.findings)}, text, as_json=as_json)
    if not as_json:
        _table(made.findings)


def added(rows: Sequence[Mapping[str, Any]], table: Path, *, as_json: bool) -> None:
    """The result of ``atlas --add``: where each picture lies, and what it is nearest to."""
    told = [{name: row[name] for name in row if name != "embedding"} for row in rows]
    lines = [f"{row['id']}: near {', '.join(row['neighbour_ids'][:3])}" for row in rows]
    _print(
        {"table": str(table), "added": told},
        "\n".join([*lines, f"table: {table}"]),
        as_json=as_json,
    )


def predictions(made: Sequence["Prediction"], *, as_json: bool) -> None:
    """The result of ``predict``: one object, or one block of lines, a picture."""
    for prediction in made:
        typer.echo(json.dumps(prediction.as_data()) if as_json else prediction.as_text())


def paths(made: Mapping[str, Path], *, as_json: bool) -> None:
    """The result of ``report``."""
    _print(
        {name: str(path) for name, path in made.items()},
        "\n".join(map(str, made.values())),
        as_json=as_json,
    )


def study(
    metrics: Mapping[str, Any], found: Sequence[Finding], made: Mapping[str, Path], *, as_json: bool
) -> None:
    """The result of ``study``."""
    places = {name: str(path) for name, path in made.items()}
    _print({**places, **_flat(metrics), **_judged(found)}, score_lines(metrics), as_json=as_json)
    if not as_json:
        _table([finding for finding in found if finding.outcome == "issue"])
        for name in [name for name in ("report", "page") if name in places]:
            typer.echo(f"{name}: {places[name]}")


def score_lines(metrics: Mapping[str, Any]) -> str:
    """The scores with their intervals, and the baselines under them, as aligned lines."""
    sources = [("this run", metrics["scores"])]
    sources += [
        (name.replace("_", " "), scores) for name, scores in metrics["baselines"].items() if scores
    ]
    rows: list[tuple[str, ...]]
    if "psnr" in metrics["scores"]:  # an autoencoder's
        rows = [("", "PSNR in dB", "SSIM")]
        rows += [
            (name, _spread(scores["psnr"], 2), _spread(scores["ssim"], 3))
            for name, scores in sources
        ]
    else:
        rows = [("", "accuracy", "balanced accuracy", "macro-F1")]
        rows += [
            (name, *(_interval(scores.get(key)) for key in SCORES[:3])) for name, scores in sources
        ]
    return f"{metrics['pictures']} pictures of the {metrics['split']} split\n{_aligned(rows)}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def _interval(score: Mapping[str, float] | None) -> str:
    return "" if not score else f"{score['value']:.1%} ({score['low']:.1%}–{score['high']:.1%})"


def _spread(score: Mapping[str, float], digits: int) -> str:
    return f"{score['value']:.{digits}f} ({score['low']:.{digits}f}–{score['high']:.{digits}f})"


def _flat(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics with each score by its standard name at the top."""
    return {**{name: score["value"] for name, score in metrics["scores"].items()}, **metrics}


def _judged(found: Sequence[Finding]) -> dict[str, Any]:
    return {"spoiled": spoiled(found), "findings": as_data(found)}


def _print(data: Mapping[str, Any], text: str | None, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, default=str))
    elif text:
        typer.echo(text)


def _table(found: Sequence[Finding]) -> None:
    from rich.console import Console  # noqa: PLC0415

    from impasto.cli.findings_table import findings_table  # noqa: PLC0415

    if found:
        Console().print(findings_table(found))
