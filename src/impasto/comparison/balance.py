"""Comparison of long-tail methods on a collection, side by side, over several seeds.

FOLDER/runs/METHOD-SEED/   run folders, as ``impasto evaluate`` and ``impasto predict`` take it
FOLDER/outputs/            each network's logits and features of validation and test pictures
FOLDER/balance.json, .md   the table, the differences, the recommendation
FOLDER/findings.json       IMP401

What is finished is kept, so a comparison that was killed is finished by the same command, and more
methods or seeds can be added to it. The strength of a head and the recommended method are chosen on
validation.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field

from impasto.collection.collection import SPLITS, Collection
from impasto.collection.picture_draws import resampled_units
from impasto.comparison.balance_choice import (
    THIN,
    MethodComparison,
    MethodLogits,
    ValidationChoice,
    choose,
    compare,
    findings_of,
    groups,
    recommend,
)
from impasto.comparison.balance_table import as_markdown
from impasto.comparison.cached_logits import (
    CachedOutputs,
    SplitOutputs,
    cached_outputs,
    training_views,
)
from impasto.comparison.class_shares import class_shares
from impasto.comparison.head_runs import HeadInputs, head_of, head_run
from impasto.comparison.long_tail_methods import (
    METHODS,
    HeadMethod,
    LongTailMethod,
    chosen,
    settings_of,
)
from impasto.config import Settings
from impasto.errors import CollectionError
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.files import write_text
from impasto.numerics import metrics
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.balance import PLAIN, BalanceResult, MethodScores, MethodValidation
from impasto.records.run import Run
from impasto.state.folder import refuse_other_work
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier

WRITTEN = {"runs", "outputs", "balance.json", "balance.md", "findings.json"}


class ComparedMethods(Settings):
    """Long-tail methods to compare, and the number of trainings."""

    methods: tuple[str, ...] = Field(
        tuple(METHODS), description="by name; plain training is always among them"
    )
    seeds: int = Field(
        3, ge=1, description="trainings of each method, with seeds from train.seed on"
    )
    views: int = Field(
        4, ge=1, description="augmented views of each training picture that a new head learns from"
    )


class LongTailSettings(ComparedMethods):
    """Settings of a comparison of long-tail methods."""

    train: ClassifierSettings = Field(
        ClassifierSettings(), description="the training that the methods are put into"
    )


@dataclass(frozen=True, slots=True)
class _Trained:
    """A method under one seed: its run, and the outputs of its network."""

    run: Run
    outputs: CachedOutputs


def balance(
    collection: Collection,
    folder: Path | str,
    settings: LongTailSettings | None = None,
    *,
    progress: bool = False,
    announce: Callable[[str], None] | None = None,
) -> BalanceResult:
    """Compare long-tail methods, and write the result into a folder.

    Args:
        collection: to learn from and to score on.
        folder: to write, see above; a comparison that was cut off there is continued.
        settings: the defaults where ``None``.
        progress: show a live display of each training on standard error.
        announce: called with one line as each method and seed is done.

    Raises:
        CollectionError: there is nothing to learn from, to choose on or to score on.
        SettingsError: a method is unknown, or a training cannot be made so.
        RunError: the folder holds runs of other settings or of another collection.
        OutputError: the folder holds other work, or cannot be written.
    """
    settings, path = settings or LongTailSettings(), Path(folder)
    announce = announce or (lambda line: None)
    methods = chosen(settings.methods)
    _check(collection, path)
    work = _Comparison(collection, path, settings, methods, progress)
    trained: dict[str, list[_Trained]] = {name: [] for name in methods}
    labels, styles = collection.labels[collection.indices("validation")], collection.vocabulary
    total, done = len(methods) * settings.seeds, 0
    for seed in work.seeds:
        for name, one in work.of_seed(seed):
            trained[name].append(one)
            done += 1
            answers = one.outputs.validation.logits.argmax(1)
            score = metrics.scores(labels, answers, len(styles))["balanced_accuracy"]
            announce(
                f"{name}, seed {seed}: balanced accuracy on validation {100 * score:.1f} % "
                f"({done} of {total})"
            )
    return work.write(trained)


def _check(collection: Collection, folder: Path) -> None:
    """Refuse what could not be scored, and a folder of other work, before anything is trained."""
    if not len(collection.indices("test")):
        raise CollectionError(
            f"{collection.path} has no test pictures: prepare it with --split stratified"
        )
    refuse_other_work(folder, WRITTEN)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A comparison under way."""

    collection: Collection
    folder: Path
    settings: LongTailSettings
    methods: Mapping[str, LongTailMethod]
    progress: bool

    @property
    def seeds(self) -> list[int]:
        return [self.settings.train.seed + place for place in range(self.settings.seeds)]

    def of_seed(self, seed: int) -> Iterator[tuple[str, _Trained]]:
        """Train every method under one seed, plain training first: the heads stand on it."""
        plain: _Trained | None = None
        for name, method in self.methods.items():
            if plain is not None and method.head is not None:
                yield name, self.with_head(name, method.head, plain, seed)
                continue
            run = train_classifier(
                self.collection,
                self.run_folder(name, seed),
                self.training(name, seed),
                progress=self.progress,
            )
            network = open_classifier(run.path, self.settings.train.device)
            cache = self.folder / "outputs" / f"{name}-{seed}.safetensors"
            trained = _Trained(run, cached_outputs(network, self.collection, cache))
            plain = plain or trained
            yield name, trained

    def run_folder(self, name: str, seed: int) -> Path:
        return self.folder / "runs" / f"{name}-{seed}"

    def training(self, name: str, seed: int) -> ClassifierSettings:
        """Settings of one training; ``precision=auto`` becomes what the first one took."""
        counts = self.collection.counts("train")
        settings = settings_of(self.methods[name], self.settings.train, counts)
        precision = settings.precision
        if (name, seed) != (PLAIN, self.seeds[0]):
            first = runs.open_run(self.run_folder(PLAIN, self.seeds[0]))
            precision = first.facts["precision"]
        return settings.model_copy(update={"seed": seed, "precision": precision})

    def with_head(self, name: str, head: HeadMethod, plain: _Trained, seed: int) -> _Trained:
        """Give the plain network a new head: its features stay, its logits are new."""
        collection, views = self.collection, self.settings.views
        network = open_classifier(plain.run.path, self.settings.train.device)
        cache = self.folder / "outputs" / f"train-{seed}.safetensors"
        inputs = HeadInputs(
            head=head_of(plain.run),
            prior=network.prior,
            train=lambda: training_views(network, collection, cache, views),
            labels=collection.labels[collection.indices("train")],
            validation=plain.outputs.validation.features,
            validation_labels=collection.labels[collection.indices("validation")],
            seed=seed,
        )
        key = {
            "weights": network.run.weights_fingerprint,
            "collection": collection.fingerprint,
            "views": views,
        }
        run = head_run(
            self.run_folder(name, seed), head, plain.run, inputs, collection=collection, key=key
        )
        made, outputs = head_of(run), plain.outputs
        splits = [
            SplitOutputs(made.logits(split.features), split.features)
            for split in (outputs.validation, outputs.test)
        ]
        return _Trained(run, CachedOutputs(*splits))

    def write(self, trained: Mapping[str, Sequence[_Trained]]) -> BalanceResult:
        """Score the networks on test pictures, and write everything but the runs."""
        collection, seed = self.collection, self.settings.train.seed
        logits = {
            name: MethodLogits(
                validation=np.stack([one.outputs.validation.logits for one in ones]),
                test=np.stack([one.outputs.test.logits for one in ones]),
            )
            for name, ones in trained.items()
        }
        compared = compare(collection, logits, seed=seed)
        best = choose(collection, logits, seed=seed)
        counts: dict[str, tuple[int, ...]] = {
            split: tuple(collection.counts(split).tolist()) for split in SPLITS
        }
        pictures = {split: sum(numbers) for split, numbers in counts.items()}
        thin = sum(0 < number <= THIN for number in counts["test"])
        recommendation = recommend(compared, best, pictures, thin=thin)
        styles = collection.vocabulary.styles
        result = BalanceResult(
            collection=str(collection.path),
            collection_fingerprint=collection.fingerprint,
            command=runs.command(),
            settings=self.settings.model_dump(mode="json"),
            styles=styles,
            train=counts["train"],
            validation=counts["validation"],
            test=counts["test"],
            pictures=pictures,
            resampled=resampled_units(collection, collection.indices("test")),
            seeds=tuple(self.seeds),
            groups={
                name: tuple(styles[place] for place in members)
                for name, members in groups(collection).items()
            },
            recommendation=recommendation,
            methods=tuple(
                self.method_scores(name, [one.run for one in ones], best, compared[name])
                for name, ones in trained.items()
            ),
        )
        write_text(self.folder / "balance.md", as_markdown(result))
        findings.save(self.folder / "findings.json", findings_of(compared, recommendation))
        return result.write(self.folder / "balance.json")  # last: the rest is there

    def method_scores(
        self, name: str, made: Sequence[Run], best: ValidationChoice, scores: MethodComparison
    ) -> MethodScores:
        method = self.methods[name]
        strengths = [run.facts["strength"] for run in made] if method.head else None
        training = self.training(name, self.seeds[0])
        return MethodScores(
            name=name,
            paper=method.paper,
            kind=method.kind,
            changes=dict(method.changes),
            runs=tuple(f"runs/{run.path.name}" for run in made),
            seconds=tuple(run.facts["seconds"] for run in made),
            strengths=tuple(strengths) if strengths is not None else None,
            distribution=class_shares(
                self.collection, training, balanced_head=method.balanced_head
            ),
            validation=MethodValidation(
                likelihood=best.likelihood[name], balanced_accuracy=best.balanced_accuracy[name]
            ),
            scores=scores.scores,
            by_seed=scores.by_seed,
            recall=scores.recall,
            differences=scores.differences,
            sign_test=scores.sign_test,
        )
