"""Question 1: can a network tell the styles apart, beside chance, colour and the artist oracle?"""

from collections.abc import Sequence

from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.evaluation import PRIORS, BaselineScores, ClassifierEvaluation
from impasto.records.finding import invalidated
from impasto.reporting.answer_cards import (
    NAMES,
    Answer,
    Mark,
    Verdict,
    exceeds,
    falls_short,
    not_run,
    not_scored,
    too_few,
)
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    ExhibitRow,
    Gallery,
    Provenance,
    Section,
    muted,
    notice,
    prose,
)
from impasto.reporting.pictures import Paintings, surest
from impasto.reporting.sections import (
    art_history,
    calibration,
    confusions,
    foreign,
    heat,
    label_order,
    per_style,
    second_labels,
    typical,
    unseen_artists,
)
from impasto.reporting.sections.scores import METHOD, baselines, scores_table
from impasto.reporting.study import Place, StudyRecords, TrainedRun
from impasto.reporting.words import score

Classifier = TrainedRun[ClassifierEvaluation]
NUMBER = 1
KEY = "balanced_accuracy"
UNFINISHED = "is not finished: the same command goes on from where it was."
SHOWN = 8
"""Paintings in the strip of errors."""


def answer(study: StudyRecords) -> Answer:
    """Return the answer of the classifier that validation chose."""
    main = study.main
    if main is None:
        train = f"impasto train classifier {study.name}/collection -o {study.name}/runs/classifier"
        return not_run(NUMBER, "No network has been trained yet", train)
    if main.evaluation is None:
        return not_scored(NUMBER, "The network", f"{study.name}/runs/{main.name}", main.running)
    invalid = invalidated([*study.prepared, *(study.audited or ()), *main.found])
    return answer_of(main.evaluation, invalid=invalid)


def answer_of(evaluation: ClassifierEvaluation, *, invalid: bool = False) -> Answer:
    """Return the answer of one evaluation; all comparisons are of paired balanced accuracy."""
    name, question = NAMES[NUMBER]
    own, simple = evaluation.scores[KEY], baselines(evaluation)
    verdict: Verdict
    oracle = simple.pop("artist_oracle", None)
    equal = [title for title, one in simple.items() if not exceeds(one.gains[KEY])]
    few, who = too_few(evaluation.pictures), "model" if evaluation.source else "network"
    if invalid:
        verdict, finding = "invalid", "A finding invalidates this score"
    elif few:
        verdict, finding = "unclear", few
    elif equal:
        verdict = "poor"
        finding = f"The {who} is not shown to be better than {_named(equal[0])}"
    elif oracle is not None and falls_short(oracle.gains[KEY]):
        verdict = "mixed"
        finding = f"The {who} tells styles apart better than colour does, but worse than the "
        finding += "artist’s name would"
    elif oracle is not None and not exceeds(oracle.gains[KEY]):
        verdict = "mixed"
        finding = f"The {who} tells styles apart better than colour does, but is not shown to "
        finding += "beat the artist’s name"
    else:
        verdict, finding = "good", f"The {who} tells styles apart better than colour does"
    return Answer(
        NUMBER,
        name,
        question,
        verdict,
        finding,
        percent(own.value),
        score(own).interval,
        f"balanced accuracy on {count(evaluation.pictures, evaluation.split + ' picture')}",
        _marks(evaluation, simple, oracle),
    )


def _named(baseline: str) -> str:
    words = {
        "colour_histogram": "colour histograms",
        "prior_matched": "guessing by frequency",
        "majority": "the largest style alone",
    }
    return words[baseline]


def _marks(
    evaluation: ClassifierEvaluation,
    simple: dict[str, BaselineScores],
    oracle: BaselineScores | None,
) -> tuple[Mark, ...]:
    own, chance = evaluation.scores[KEY], 1 / len(evaluation.styles)
    marks = [Mark("chance", "chance", chance, percent(chance))]
    if "colour_histogram" in simple:
        value = simple["colour_histogram"].scores[KEY].value
        marks.append(Mark("colour", "colour", value, percent(value)))
    marks.append(Mark("ours", "network", own.value, percent(own.value), (own.low, own.high)))
    if oracle is not None:
        value = oracle.scores[KEY].value
        marks.append(Mark("ceiling", "artist known", value, percent(value)))
    return tuple(marks)


def section(study: StudyRecords) -> Section:
    """Return the section on all classifiers of a study."""
    found, main = answer(study), study.main
    blocks: list[Block] = []
    for run in study.classifiers:
        blocks += run.place.other_collection(
            f"The run {run.name}", "trained on", str(run.run.collection["fingerprint"])
        )
        if run.running:
            blocks.append(notice(f"The training of {run.name} {UNFINISHED}"))
        if run.evaluation is None:
            words = f"{run.name} has not been evaluated yet: "
            command = f"impasto evaluate {study.name}/runs/{run.name}"
            blocks.append(notice(words, Code(command), " scores it on the test split."))
    if main is None:
        blocks.append(prose("The command that trains one: ", Code(found.command)))
    scored = [run for run in study.classifiers if run.evaluation is not None]
    if main is not None and main.evaluation is not None:
        scored.sort(key=lambda run: run is not main)
        blocks += _main(study, main, main.evaluation)
        blocks += _folds(study, main, scored)
    sources = []
    for run in study.classifiers:
        sources.append(
            Provenance(f"training of {run.name}", run.command, f"runs/{run.name}/run.json")
        )
        if run.evaluation:
            file = f"runs/{run.name}/evaluation/metrics.json"
            sources.append(Provenance(f"evaluation of {run.name}", run.evaluation.command, file))
        if run.by_artist:
            file = f"runs/{run.name}/by-artist/by-artist.json"
            sources.append(Provenance(f"artists of {run.name}", run.by_artist.command, file))
    for name, one in study.predictions:
        file = f"predictions/{name}/evaluation/metrics.json"
        sources.append(Provenance(f"predictions of {name}", one.command, file))
    return Section(found.anchor, found.title, tuple(blocks), found.name, "", NUMBER, tuple(sources))


def _main(study: StudyRecords, run: Classifier, evaluation: ClassifierEvaluation) -> list[Block]:
    blocks: list[Block] = [prose(summary(evaluation)), per_style.styles_chart(evaluation)]
    blocks += errors(study.paintings, run)
    return blocks


def summary(evaluation: ClassifierEvaluation) -> str:
    """Return forty to sixty words on an evaluation."""
    own, simple = evaluation.scores[KEY], baselines(evaluation)
    accuracy, who = evaluation.scores["accuracy"], "model" if evaluation.source else "network"
    others = {
        "colour_histogram": "colour histograms {}",
        "artist_oracle": "naming each artist’s usual style {}",
    }
    beside = [f"guessing reaches {percent(1 / len(evaluation.styles))}"]
    beside += [
        words.format(percent(simple[name].scores[KEY].value))
        for name, words in others.items()
        if name in simple
    ]
    text = (
        f"Of an average style the {who} recognises {score(own)} of its "
        f"{evaluation.split} pictures; {', '.join(beside)}. "
    )
    mixed = len({row.test for row in evaluation.per_style}) > 1
    if mixed or evaluation.prior_of("accuracy") != evaluation.prior_of(KEY):
        text += (
            f"Accuracy over all {count(evaluation.pictures, 'picture')} is {score(accuracy)}, "
            f"with {PRIORS[evaluation.prior_of('accuracy')]}. "
        )
    most = confusions.most_frequent(evaluation)
    if most:
        text += f"{most}."
    return text


def errors(paintings: Paintings, run: Classifier) -> list[Block]:
    """Return a strip of the wrong answers that the network was surest of."""
    known = [one for one in run.predictions if paintings.holds(one.painting)]
    wrong = list(surest(known, SHOWN, right=False))
    if not wrong:
        return []
    exhibits = tuple(
        paintings.named(
            one.painting,
            f"is {style_title(one.style)}, named {style_title(one.predicted)} "
            f"{percent(one.confidence, 0)}",
        )
        for one in wrong
    )
    text = "The wrong answers of the highest confidence. A label may be what is wrong."
    title = "The surest errors"
    return [Gallery("errors", title, text, (ExhibitRow("", exhibits),), "strip")]


def _folds(study: StudyRecords, main: Classifier, scored: Sequence[Classifier]) -> list[Block]:
    assert main.evaluation is not None
    evaluations = [(run.title, run.evaluation) for run in scored if run.evaluation]
    evaluations += [
        (f"{name} (another program, {PRIORS[one.prior]})" if one.prior == "given" else name, one)
        for name, one in study.predictions
        if one.split == main.evaluation.split
    ]
    numbers: list[Block] = [scores_table(evaluations)]
    if "artist_oracle" not in baselines(main.evaluation):
        numbers.append(muted("No artist oracle: the artists are not known."))
    numbers += per_style.tables(main.evaluation)
    folds: list[Block] = [Details("Numbers: every score and every style", tuple(numbers), True)]
    folds += label_order.folds(scored)
    folds += run_folds(study, main)
    for run in scored:
        if run is not main and run.evaluation:
            inner = (per_style.styles_chart(run.evaluation, run.name), *run_folds(study, run))
            folds.append(Details(f"The same of {run.title}", inner))
    for name, one in study.predictions:
        if one.source:
            before, after = foreign.blocks(one, one.source, name)
            inner = (prose(summary(one)), *before, per_style.styles_chart(one, name), *after)
            folds.append(Details(f"Predictions of another program: {name}", inner))
    folds.append(METHOD)
    return folds


def run_folds(study: StudyRecords, run: Classifier) -> list[Block]:
    """Return the folded parts on one run, each summarised by its finding."""
    parts = (
        confusions.fold(study, run),
        calibration.fold(run),
        unseen_artists.fold(run),
        heat.fold(study.paintings, run),
        typical.fold(study.paintings, run),
        art_history.fold(run),
        second_labels.fold(run),
    )
    return [part for part in parts if part]


def scores_section(evaluation: ClassifierEvaluation, place: Place) -> Section:
    """Return the section on one evaluation alone, of a run or of another program's predictions."""
    found = answer_of(evaluation)
    blocks: tuple[Block, ...] = (
        prose(summary(evaluation)),
        per_style.styles_chart(evaluation),
        scores_table([("The model" if evaluation.source else "The network", evaluation)]),
        METHOD,
    )
    if evaluation.source:
        before, after = foreign.blocks(evaluation, evaluation.source)
        blocks = (*before, *blocks, *after)
    file = "evaluation/metrics.json"
    return Section(
        found.anchor, found.title, blocks, found.name, place.prefix, NUMBER,
        (Provenance("evaluation", evaluation.command, file),),
    )  # fmt: skip
