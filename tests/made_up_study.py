"""A study folder with made-up content, as the stages write it, for the report's tests."""

import html
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from impasto.collection.collection import SCHEMA, fingerprint
from impasto.collection.vocabulary import Vocabulary
from impasto.files import write_json
from impasto.records import balance as balances
from impasto.records import evaluation as evaluations
from impasto.records import explanation as explanations
from impasto.records import finding as findings
from impasto.records.collection import AuditRecord, CollectionRecord
from impasto.records.finding import Finding
from impasto.records.record import Interval
from impasto.reporting.report import write_report

WIKIART = (
    "Abstract_Expressionism", "Action_painting", "Analytical_Cubism", "Art_Nouveau_Modern",
    "Baroque",
    "Color_Field_Painting", "Contemporary_Realism", "Cubism", "Early_Renaissance", "Expressionism",
    "Fauvism",
    "High_Renaissance", "Impressionism", "Mannerism_Late_Renaissance", "Minimalism",
    "Naive_Art_Primitivism",
    "New_Realism", "Northern_Renaissance", "Pointillism", "Pop_Art", "Post_Impressionism",
    "Realism", "Rococo",
    "Romanticism", "Symbolism", "Synthetic_Cubism", "Ukiyo_e",
)  # fmt: skip
SPLITS = ("train", "validation", "test")
GROUPS: tuple[evaluations.FrequencyGroup, ...] = ("many", "medium", "few")


@dataclass(frozen=True)
class MadeUp:
    """What the study is to hold."""

    styles: Sequence[str] = WIKIART
    test_each: int = 8
    pictures: bool = True
    run: bool = True
    evaluation: bool = True
    artists: bool = True
    invalidated: bool = False
    balance: bool = False


def small_study(folder: Path) -> Path:
    """A study of three styles within a folder."""
    styles = ("Baroque", "Cubism", "Ukiyo_e")
    return make_study(folder / "study", MadeUp(styles=styles, test_each=4))


def make_study(study: Path, what: MadeUp | None = None, seed: int = 0) -> Path:
    """The folder of a made-up study."""
    what, generator = what or MadeUp(), np.random.default_rng(seed)
    vocabulary = Vocabulary.of(what.styles)
    table = _paintings(vocabulary, what, generator)
    mark = _write_collection(study / "collection", table, vocabulary, what, generator)
    if what.run:
        _write_run(study / "runs" / "classifier", vocabulary.styles, mark, len(table))
    if what.run and what.evaluation:
        write_evaluation(
            study / "runs" / "classifier", vocabulary.styles, table, mark, what, generator
        )
    if what.balance:
        _write_balance(study / "balance", vocabulary.styles, mark)
    return study


def _paintings(vocabulary: Vocabulary, what: MadeUp, generator: np.random.Generator) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for place, style in enumerate(vocabulary.styles):
        train = int(40 + 400 * 0.8**place) // 8
        for split, number in zip(SPLITS, (train, 2, what.test_each), strict=True):
            for index in range(number):
                title = f"a-{split}-work-{index}-18{index % 90 + 10}"
                name = f"{style}/artist-{place}-{index % 5}_{title}.jpg"
                rows.append(
                    {
                        "id": name, "style": style, "split": split, "given_split": None,
                        "artist": f"artist-{place}-{index % 5}" if what.artists else None,
                        "title": f"a-{split}-work-{index}", "year": 1810 + index % 90,
                        "width": int(generator.integers(300, 900)),
                        "height": int(generator.integers(300, 900)),
                        "format": "JPEG", "bytes": 1000 + index, "modified": 1,
                        "sha256": f"{place}-{split}-{index}",
                        "phash": int(generator.integers(2**63)),
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _pictures(
    table: pa.Table, vocabulary: Vocabulary, size: int, generator: np.random.Generator
) -> Any:
    """Two-colour gradients with some noise, a palette a style."""
    ends = generator.integers(30, 225, (len(vocabulary), 2, 3))
    ramp = np.linspace(0, 1, size)[None, :, None, None]
    picked = ends[vocabulary.encode(table.column("style").to_pylist())]
    smooth = picked[:, None, None, 0] * (1 - ramp) + picked[:, None, None, 1] * ramp
    noise = generator.normal(0, 12, (len(table), size, size, 1))
    return np.clip(np.broadcast_to(smooth, (len(table), size, size, 3)) + noise, 0, 255).astype(
        np.uint8
    )


def _write_collection(
    folder: Path,
    table: pa.Table,
    vocabulary: Vocabulary,
    what: MadeUp,
    generator: np.random.Generator,
) -> str:
    folder.mkdir(parents=True)
    settings = {
        "pixels": 32,
        "fit": "squash",
        "split": "auto",
        "test_share": 0.15,
        "seed": 0,
        "labels": None,
    }
    pq.write_table(table, folder / "paintings.parquet")
    if what.pictures:
        np.save(folder / "pixels.npy", _pictures(table, vocabulary, 32, generator))
    vocabulary.save(folder / "styles.json")
    mark = fingerprint(table, vocabulary, settings)
    counts = {
        split: int(sum(value == split for value in table.column("split").to_pylist()))
        for split in SPLITS
    }
    CollectionRecord(
        sources=("/pictures/wikiart",),
        settings=settings,
        split="stratified",
        not_testable=(),
        counts=counts,
        fingerprint=mark,
        command="impasto study /pictures/wikiart -o study",
    ).write(folder / "collection.json")
    aside = [
        {"id": f"{vocabulary.styles[0]}/broken.jpg", "reason": "truncated"},
        {"id": f"{vocabulary.styles[0]}/text.jpg", "reason": "not a picture"},
        {"id": "Nowhere/odd | file <b>.jpg", "reason": "no known style"},
    ]
    found = [
        Finding(
            "IMP101",
            "issue",
            "3 files were set aside: 2 damaged, 1 without a style.",
            {"count": 3, "files": len(table) + 3, "ignored": 1},
            aside,
        )
    ]
    audited = [
        Finding("IMP104", "passed", "No picture stands twice.", {"duplicates": 0}),
        Finding(
            "IMP106",
            "issue" if what.invalidated else "passed",
            "Copies across splits were looked for.",
            {"pairs": 0},
        ),
        Finding(
            "IMP108", "issue", "All 5 test artists a style are also in training.", {"artists": 5}
        ),
        Finding(
            "IMP109",
            "issue",
            "The largest style has 10.4 times as many as the smallest.",
            {"ratio": 10.4},
        ),
        Finding("IMP112", "not applicable", "The split is not by artist."),
    ]
    findings.save(folder / "findings.json", found)
    AuditRecord(fingerprint=mark, judged=tuple(audited)).write(folder / "audit.json")
    return mark


def _write_run(run: Path, styles: Sequence[str], mark: str, pictures: int) -> None:
    lines: list[dict[str, Any]] = []
    for epoch in range(1, 21):
        for step in range((epoch - 1) * 50 + 10, epoch * 50 + 1, 10):
            loss = 0.8 + 1.9 * np.exp(-step / 300) + 0.05 * np.sin(step)
            lines.append({"event": "train", "step": step, "epoch": step / 50, "loss": loss,
            "learning_rate": 1e-3,
                          "pictures_per_second": 900.0, "seconds": step * 0.3})  # fmt: skip
        score = 0.55 * (1 - np.exp(-epoch / 6))
        lines.append({"event": "validation", "step": epoch * 50, "epoch": float(epoch),
                      "loss": 1 + 1.5 * np.exp(-epoch / 5), "accuracy": score + 0.02,
                      "balanced_accuracy": score, "macro_f1": score - 0.02,
                      "best": epoch <= 18, "seconds": epoch * 15.0})  # fmt: skip
    write_json(
        run / "run.json",
        {
            "format": 1, "kind": "classifier", "state": "done",
            "created": "2025-01-02T03:04:05+00:00",
            "command": "impasto study /pictures/wikiart -o study", "styles": list(styles),
            "settings": {"size": "small", "epochs": 20, "augment": {"cutmix": 0.5, "flip": True},
            "seed": 0},
            "collection": {"path": "collection", "fingerprint": mark, "pictures": pictures},
            "facts": {"precision": "bfloat16", "steps": 1000, "parameters": 1600000,
            "seconds": 581.3,
                      "best_epoch": 18},
            "environment": {"python": "3.11.9", "torch": "2.13.0", "platform": "Linux"},
        },
    )  # fmt: skip
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    findings.save(
        run / "findings.json",
        [Finding("IMP201", "passed", "Validation ended at 52 %, majority 8 %.")],
    )


def _baseline(value: float, network: float) -> evaluations.BaselineScores:
    """A baseline with the same scores under both priors."""
    table = scores(value)
    gains = {
        name: Interval(
            value=network - value, low=network - value - 0.02, high=network - value + 0.02
        )
        for name in table
    }
    by_prior: dict[evaluations.Prior, evaluations.ScoreTable] = {"uniform": table, "train": table}
    return evaluations.BaselineScores(scores=table, by_prior=by_prior, gains=gains)


def write_evaluation(
    run: Path,
    styles: Sequence[str],
    table: pa.Table,
    mark: str,
    what: MadeUp,
    generator: np.random.Generator,
) -> None:
    """The evaluation's files of a run."""
    number, each = len(styles), what.test_each
    matrix = np.zeros((number, number), dtype=int)
    for row in range(number):
        named = np.where(generator.random(each) < 0.55, row, generator.integers(0, number, each))
        np.add.at(matrix[row], named, 1)
    places = Counter(
        zip(*(table.column(name).to_pylist() for name in ("style", "split")), strict=True)
    )
    train = [places[style, "train"] for style in styles]
    recall, hits = np.diag(matrix) / each, matrix.sum(axis=0)
    precision = [float(matrix[i, i] / hits[i]) if hits[i] else None for i in range(number)]
    value = float(recall.mean())
    simple = {"majority": 1 / number, "prior_matched": 0.9 / number, "colour_histogram": 0.317}
    mine = {**scores(value, macro_f1=value - 0.0123), "top_3": spread(min(value + 0.2, 0.97))}
    other = {**mine, "accuracy": spread(value - 0.1)}
    evaluations.ClassifierEvaluation(
        split="test",
        pictures=number * each,
        collection="collection",
        collection_fingerprint=mark,
        command="impasto evaluate study/runs/classifier",
        prior="uniform",
        styles=tuple(styles),
        test_mix=evaluations.TestMix(prior="train", reason="each style was divided"),
        resampled=evaluations.ResampledUnits(unit="artists", count=40, unknown=3),
        scores=mine,
        by_prior={"uniform": other, "train": mine},
        baselines={name: _baseline(at, value) for name, at in simple.items()}
        | {"artist_oracle": _baseline(0.81, value) if what.artists else None},
        per_style=tuple(
            evaluations.StyleScores(
                style=style,
                train=train[i],
                test=each,
                precision=precision[i],
                recall=float(recall[i]),
                recall_interval=spread(float(recall[i])),
                f1=None if precision[i] is None else float(2 * matrix[i, i] / (each + hits[i])),
                group=GROUPS[3 * i // number],
            )
            for i, style in enumerate(styles)
        ),
        groups={
            name: evaluations.GroupRecall(styles=number // 3, recall=0.5 - 0.1 * i)
            for i, name in enumerate(GROUPS)
        },
        confusion=tuple(map(tuple, matrix.tolist())),
        ood=None,
        calibration=evaluations.CalibrationScores(
            prior="train",
            temperature=1.234,
            ece_before=0.101,
            ece_after=0.032,
            ece_perfect=0.021,
            ece_perfect_99=0.034,
            nll_before=1.611,
            nll_after=1.522,
            brier_before=0.655,
            brier_after=0.644,
            bins=tuple(
                evaluations.CalibrationBin(
                    confidence=(i + 0.5) / 10, accuracy=min(1, (i + 0.7) / 10), count=3 * i
                )
                for i in range(10)
            ),
        ),
        conformal=evaluations.ConformalScores(level=0.9, coverage=0.912, mean_size=3.45),
        validation=evaluations.ValidationScores(
            pictures=60, scores={"accuracy": 0.5, "balanced_accuracy": 0.49}
        ),
    ).write(run / "evaluation" / "metrics.json")
    findings.save(
        run / "evaluation" / "findings.json",
        [
            Finding("IMP301", "passed", "Balanced accuracy is above every baseline's."),
            Finding("IMP306", "issue", "Few."),
        ],
    )
    (run / "evaluation" / "figures").mkdir()
    write_predictions(run, styles, table)
    explanation(styles, table, mark).write(run / "evaluation" / "explanation.json")
    for name in ("worst", "confusion", "heat", "typical"):
        Image.new("RGB", (60, 40), (180, 90, 30)).save(
            run / "evaluation" / "figures" / f"{name}.png"
        )


def write_predictions(run: Path, styles: Sequence[str], table: pa.Table) -> None:
    """Predictions of the test pictures: every third is taken for the next style."""
    rows = [row for row in table.to_pylist() if row["split"] == "test"]
    named = [
        (styles.index(row["style"]) + (at % 3 == 2)) % len(styles) for at, row in enumerate(rows)
    ]
    shares = np.full((len(rows), len(styles)), 0.3 / max(len(styles) - 1, 1))
    shares[np.arange(len(rows)), named] = 0.7
    columns = {
        "id": [row["id"] for row in rows],
        "style": [row["style"] for row in rows],
        "predicted": [styles[at] for at in named],
        "confidence": [0.5 + 0.4 * at / len(rows) for at in range(len(rows))],
        "probabilities": list(shares),
    }
    pq.write_table(pa.table(columns), run / "evaluation" / "predictions.parquet")


def _write_balance(folder: Path, styles: Sequence[str], mark: str) -> None:
    """A comparison of plain training, a remedy that helps, and a head that does not."""
    number = len(styles)
    falling = np.geomspace(1, 0.1, number)
    natural, even = (falling / falling.sum()).tolist(), [1 / number] * number
    keys = ("accuracy", "balanced_accuracy", "macro_f1", "medium", "rarest_third")
    methods = [
        ("plain", 0.0, natural),
        ("focal-loss", 0.0671, natural),
        ("classifier-re-training", -0.0213, even),
    ]
    rows = tuple(
        balances.MethodScores(
            name=name,
            paper=f"Somebody {2000 + place}",
            kind="head" if place == 2 else "training",
            changes={},
            runs=(),
            seconds=(),
            strengths=None,
            distribution=balances.ClassShares(
                pictures=tuple(100 * x for x in shares), share=tuple(shares)
            ),
            validation=balances.MethodValidation(likelihood=-1.0, balanced_accuracy=0.4),
            scores={key: spread(0.41 + gain) for key in keys},
            by_seed={},
            recall=(),
            differences={
                key: Interval(value=gain, low=gain - 0.03, high=gain + 0.03) for key in keys
            }
            if place
            else None,
            sign_test=balances.SignTestResult(
                gained=30, lost=9, p=0.0001, p_holm=0.0002 if gain > 0 else 0.34, by_seed=()
            )
            if place
            else None,
        )
        for place, (name, gain, shares) in enumerate(methods)
    )
    counts = tuple(int(400 * share) for share in natural)
    balances.BalanceResult(
        collection="study/collection",
        collection_fingerprint=mark,
        command="impasto balance study/collection -o study/balance",
        settings={},
        styles=tuple(styles),
        train=counts,
        validation=counts,
        test=counts,
        pictures={"train": 400, "validation": 60, "test": 8 * number},
        resampled=evaluations.ResampledUnits(unit="artists", count=40, unknown=3),
        seeds=(0, 1, 2),
        groups={
            "many": (),
            "medium": tuple(styles),
            "few": (),
            "rarest_third": tuple(styles[-1:]),
        },
        recommendation=balances.MethodChoice(
            method="focal-loss", clear=True, text="Focal loss, chosen on 60 pictures.", peers=()
        ),
        methods=rows,
    ).write(folder / "balance.json")
    findings.save(
        folder / "findings.json",
        [Finding("IMP401", "passed", "Focal loss changes it by +6.7 points.")],
    )


def explanation(styles: Sequence[str], table: pa.Table, mark: str) -> explanations.Explanation:
    """An explanation of an evaluation; the last style has no dates."""
    ids: dict[str, list[str]] = {style: [] for style in styles}
    for name, style in zip(
        table.column("id").to_pylist(), table.column("style").to_pylist(), strict=True
    ):
        ids[style].append(name)
    works = {
        style: tuple(
            explanations.TypicalWork(id=name, likeness=0.5, probability=0.4)
            for name in ids[style][:2]
        )
        for style in styles
    }
    years = [
        explanations.StyleYears(
            style=style, dated=20, median=1800 + 9 * at, low=1790 + 9 * at, high=1805 + 9 * at,
            used=True,
        )
        for at, style in enumerate(styles[:-1])
    ]  # fmt: skip
    years.append(
        explanations.StyleYears(
            style=styles[-1], dated=2, median=1700, low=1690, high=1710, used=False
        )
    )
    pairs = tuple(
        explanations.StylePair(a=a, b=b, gap=9.0 * (j - i), confusion=0.3 / (1 + j - i))
        for i, a in enumerate(styles[:-1])
        for j, b in enumerate(styles[:-1])
        if i < j
    )
    heat = tuple(tuple(0.5 + (row + column) / 14 for column in range(8)) for row in range(8))
    return explanations.Explanation(
        collection_fingerprint=mark,
        styles=tuple(
            explanations.StyleExplanation(
                style=style, surest=tuple(ids[style][:1]), typical=works[style],
                atypical=works[style], heat=heat, border=0.4375, heated=8,
            )
            for style in styles
        ),
        recognised=explanations.TypicalityScores(nearer=spread(0.761), further=spread(0.342)),
        confusion_vs_years=explanations.ConfusionVsYears(
            dated_from=10,
            years=tuple(years),
            pairs=pairs,
            correlation=explanations.YearsCorrelation(
                value=-0.712, low=-0.834, high=-0.215, p_value=0.0123, permutations=40320,
                exact=True, without_one=explanations.ValueRange(low=-0.81, high=-0.33),
            ),
        ),
        second_guesses=explanations.SecondGuesses(
            works=12,
            taught=3,
            scores=explanations.SecondGuessScores(
                rate=spread(0.444), expected=spread(0.2), difference=spread(0.244), chance=0.333
            ),
            items=(
                explanations.SecondGuessItem(
                    id=ids[styles[0]][0], style=styles[0], second_label=styles[1],
                    second_guess=styles[2], probability=0.21,
                ),
            ),
        ),
    )  # fmt: skip


def spread(value: float) -> Interval:
    """A score with an interval of four points either way."""
    return Interval(value=value, low=max(value - 0.04, 0.0), high=min(value + 0.04, 1.0))


def scores(value: float, **others: float) -> evaluations.ScoreTable:
    """The scores of a network or a baseline."""
    names = ("accuracy", "balanced_accuracy", "macro_f1")
    return {name: spread(others.get(name, value)) for name in names}


def report_words(study: Path) -> tuple[str, str]:
    """The page without its tags, and the Markdown text."""
    paths = write_report(study)
    page = html.unescape(re.sub(r"<[^>]+>", " ", paths.html.read_text(encoding="utf-8")))
    return re.sub(r"[ \n]+", " ", page), paths.markdown.read_text(encoding="utf-8")
