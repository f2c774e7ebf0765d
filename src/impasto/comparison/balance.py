"""Balance: what each remedy for imbalance is worth on a collection, side by side, over several seeds.

FOLDER/runs/REMEDY-SEED/   a run folder each, as ``impasto evaluate`` and ``impasto predict`` take it
FOLDER/looked/             what each network says of validation and test pictures, and the plain ones' representations
FOLDER/balance.json, .md   the table, the differences, the recommendation
FOLDER/findings.json       IMP401

Everything that is there is kept, so a comparison that was killed is finished by the same command,
and more remedies or seeds can be added to it. What is chosen – the strength of a head, the remedy
to recommend – is chosen on validation.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from impasto.collection.collection import SPLITS, Collection
from impasto.comparison.balance_choice import (
    THIN,
    Answered,
    choose,
    compare,
    findings_of,
    groups,
    recommend,
)
from impasto.comparison.balance_table import as_markdown
from impasto.comparison.cached_logits import Seen, look, training_views
from impasto.comparison.class_shares import distribution
from impasto.comparison.head_runs import BALANCED, Stage, head_of, head_run
from impasto.comparison.long_tail_methods import PLAIN, REMEDIES, Remedy, chosen, settings_of
from impasto.config import Settings
from impasto.errors import CollectionError, OutputError
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.files import write_json, write_text
from impasto.numerics import metrics
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier

FORMAT = 1
OURS = {"runs", "looked", "balance.json", "balance.md", "findings.json"}


class RemediesSettings(Settings):
    """Which remedies for imbalance are compared, and how their networks are trained."""

    remedies: tuple[str, ...] = Field(
        tuple(REMEDIES), description="by name; plain training is always among them"
    )
    seeds: int = Field(
        3, ge=1, description="trainings of each remedy, with seeds from train.seed on"
    )
    views: int = Field(
        4, ge=1, description="augmented views of each training picture that a new head learns from"
    )
    train: ClassifierSettings = Field(
        ClassifierSettings(), description="the training that the remedies are put into"
    )


@dataclass(frozen=True, slots=True)
class Balance:
    """A finished comparison.

    Attributes:
        path: its folder.
        result: the content of ``balance.json``.
        findings: IMP401.
    """

    path: Path
    result: Mapping[str, Any]
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Work:
    """What is being compared, and where."""

    collection: Collection
    folder: Path
    settings: RemediesSettings
    remedies: Mapping[str, Remedy]
    progress: bool

    @property
    def seeds(self) -> list[int]:
        return [self.settings.train.seed + place for place in range(self.settings.seeds)]


@dataclass(frozen=True, slots=True)
class _One:
    """A remedy under one seed: its run, and what its network says."""

    run: Run
    seen: Seen


def balance(
    collection: Collection,
    folder: Path | str,
    settings: RemediesSettings | None = None,
    *,
    progress: bool = False,
    announce: Callable[[str], None] | None = None,
) -> Balance:
    """The comparison of remedies on a collection, also written into a folder; one that was cut off is continued.

    Args:
        collection: to learn from and to score on.
        folder: to write, see above.
        settings: the defaults where ``None``.
        progress: show a live display of each training on standard error.
        announce: called with one line as each remedy and seed is done.

    Raises:
        CollectionError: there is nothing to learn from, to choose on or to score on.
        SettingsError: a remedy is unknown, or a training cannot be made so.
        RunError: the folder holds runs of other settings or of another collection.
        OutputError: the folder holds other work, or cannot be written.
    """
    settings, path, say = (
        settings or RemediesSettings(),
        Path(folder),
        announce or (lambda line: None),
    )
    work = _Work(collection, path, settings, chosen(settings.remedies), progress)
    _check(work)
    made: dict[str, list[_One]] = {name: [] for name in work.remedies}
    total, labels = len(made) * len(work.seeds), collection.labels[collection.indices("validation")]
    for seed in work.seeds:
        for name, one in _of_seed(work, seed):
            made[name].append(one)
            answers, styles = one.seen.logits[0].argmax(1), len(collection.vocabulary)
            score = metrics.scores(labels, answers, styles)["balanced_accuracy"]
            done = sum(map(len, made.values()))
            say(
                f"{name}, seed {seed}: balanced accuracy on validation {100 * score:.1f} % ({done} of {total})"
            )
    result, judged = _result(work, made)
    write_text(path / "balance.md", as_markdown(result))
    findings.save(path / "findings.json", judged)
    write_json(path / "balance.json", result)  # last: it says that the rest is there
    return Balance(path, result, judged)


def _check(work: _Work) -> None:
    """Refuse what could not be scored at the end, and a folder that is somebody else's, before anything is trained."""
    if not len(work.collection.indices("test")):
        raise CollectionError(
            f"{work.collection.path} has no test pictures: prepare it with --split stratified"
        )
    if work.folder.exists() and not work.folder.is_dir():
        raise OutputError(f"{work.folder} is a file, not a folder: choose another with -o")
    names = (
        {child.name for child in work.folder.iterdir() if child.name[0] != "."}
        if work.folder.exists()
        else set()
    )
    if strangers := sorted(names - OURS):
        raise OutputError(
            f"{work.folder} holds other work ({', '.join(strangers[:3])}): choose another folder with -o"
        )


def _of_seed(work: _Work, seed: int) -> Iterator[tuple[str, _One]]:
    """Every remedy under one seed, plain training first: it is what the heads stand on."""
    plain: _One | None = None
    for name, remedy in work.remedies.items():
        if plain is not None and remedy.kind == "head":
            yield name, _headed(work, name, plain, seed)
            continue
        run = train_classifier(
            work.collection,
            _place(work, name, seed),
            _training(work, name, seed),
            progress=work.progress,
        )
        network = open_classifier(run.path, work.settings.train.device)
        one = _One(
            run,
            look(network, work.collection, work.folder / "looked" / f"{name}-{seed}.safetensors"),
        )
        plain = plain or one
        yield name, one


def _place(work: _Work, name: str, seed: int) -> Path:
    return work.folder / "runs" / f"{name}-{seed}"


def _training(work: _Work, name: str, seed: int) -> ClassifierSettings:
    """The settings of one training.

    What ``precision=auto`` takes is taken from the first: which is faster may change with what else
    a machine does, and is no difference between remedies.
    """
    settings = settings_of(
        work.remedies[name], work.settings.train, work.collection.counts("train")
    )
    precision = settings.precision
    if (name, seed) != (PLAIN, work.seeds[0]):
        precision = runs.open_run(_place(work, PLAIN, work.seeds[0])).facts["precision"]
    return settings.model_copy(update={"seed": seed, "precision": precision})


def _headed(work: _Work, name: str, plain: _One, seed: int) -> _One:
    """The plain network with a new head: what it sees stays, what it says of it is new."""
    collection, views = work.collection, work.settings.views
    rows = {split: collection.indices(split) for split in SPLITS}
    network = open_classifier(plain.run.path, work.settings.train.device)
    stage = Stage(
        head=head_of(plain.run),
        prior=network.prior,
        train=lambda: training_views(
            network, collection, work.folder / "looked" / f"train-{seed}.safetensors", views
        ),
        labels=collection.labels[rows["train"]],
        validation=plain.seen.embedded[0],
        validation_labels=collection.labels[rows["validation"]],
        seed=seed,
    )
    key = {
        "weights": network.run.weights_fingerprint,
        "collection": collection.fingerprint,
        "views": views,
    }
    run = head_run(_place(work, name, seed), name, plain.run, stage, collection, key)
    validation, test = (head_of(run).logits(seen) for seen in plain.seen.embedded)
    return _One(run, replace(plain.seen, logits=(validation, test)))


def _result(
    work: _Work, made: Mapping[str, Sequence[_One]]
) -> tuple[dict[str, Any], list[Finding]]:
    """The content of ``balance.json``, and what is found in it."""
    collection, seed = work.collection, work.settings.train.seed
    answered = {
        name: Answered(*(np.stack([one.seen.logits[split] for one in ones]) for split in (0, 1)))
        for name, ones in made.items()
    }
    compared = compare(collection, answered, seed=seed)
    best = choose(collection, answered, seed=seed)
    counts: dict[str, list[int]] = {split: collection.counts(split).tolist() for split in SPLITS}
    pictures = {split: sum(numbers) for split, numbers in counts.items()}
    styles = collection.vocabulary.styles
    thin = sum(0 < number <= THIN for number in counts["test"])
    recommendation = recommend(compared, best, pictures, thin=thin)
    result = {
        "format": FORMAT,
        "collection": str(collection.path),
        "collection_fingerprint": collection.fingerprint,
        "command": runs.command(),
        "settings": work.settings.model_dump(mode="json"),
        "styles": list(styles),
        **counts,
        "pictures": pictures,
        "seeds": work.seeds,
        "groups": {
            name: [styles[place] for place in members]
            for name, members in groups(collection).items()
        },
        "recommendation": {**recommendation, "peers": best["peers"]},
        "remedies": [
            {
                **_described(work, name, [one.run for one in ones]),
                "validation": {key: best[key][name] for key in ("likelihood", "balanced_accuracy")},
                **compared[name],
            }
            for name, ones in made.items()
        ],
    }
    return result, findings_of(compared, recommendation)


def _described(work: _Work, name: str, made: Sequence[Run]) -> dict[str, Any]:
    """What a remedy is, apart from how it did."""
    remedy = work.remedies[name]
    return {
        "name": name,
        "paper": remedy.paper,
        "kind": remedy.kind,
        "changes": remedy.changes,
        "runs": [f"runs/{run.path.name}" for run in made],
        "seconds": [run.facts["seconds"] for run in made],
        "strengths": [run.facts["strength"] for run in made] if remedy.kind == "head" else None,
        "distribution": distribution(
            work.collection, _training(work, name, work.seeds[0]), balanced_head=name in BALANCED
        ),
    }
