"""Question 4: can a picture be repainted? Painters beside colour transfer, floor and ceiling."""

from collections.abc import Sequence
from typing import Final

from impasto.numerics.formatting import count, percent
from impasto.records.painter_score import ARM_TITLES, Arm, EvaluatorName, PainterScore
from impasto.reporting.answer_cards import (
    NAMES,
    Answer,
    Mark,
    MarkKind,
    Verdict,
    exceeds,
    falls_short,
    not_run,
    not_scored,
    too_few,
)
from impasto.reporting.blocks import Block, Code, Details, Provenance, Section, notice, prose
from impasto.reporting.pictures import Paintings
from impasto.reporting.sections import given_pictures
from impasto.reporting.sections.painter_pictures import gallery, lenders, other_arms
from impasto.reporting.sections.painter_tables import (
    arms_table,
    pairs_chart,
    signs_table,
    strengths_table,
    styles_table,
)
from impasto.reporting.sections.painter_words import (
    BY,
    METHOD,
    brief,
    impressions,
    summary,
)
from impasto.reporting.sections.recognise import UNFINISHED
from impasto.reporting.study import COURSE, Place, StudyRecords
from impasto.reporting.words import score

NUMBER: Final = 4
FOUND: Final = 0.8
"""Share of originals found again from which the content is called kept, as for IMP313."""
SUBJECT: Final[dict[Arm, str]] = {
    "finished": "The painter with patches",
    "painted": "The painter",
}


def answer(study: StudyRecords) -> Answer:
    """Return the answer of the first painter that is not of the course's form."""
    scored = [run for run in study.painters if run.evaluation]
    if scored and scored[0].evaluation:
        return answer_of(scored[0].evaluation)
    if study.painters:
        run = study.painters[0]
        return not_scored(NUMBER, "The painter", f"{study.name}/runs/{run.name}", run.running)
    command = f"impasto train painter {study.name}/collection -o {study.name}/runs/painter"
    return not_run(NUMBER, "No painter has been trained yet", command)


def answer_of(result: PainterScore) -> Answer:
    """Return the answer of one painter: hit rates of its default arm by one evaluator."""
    name, question = NAMES[NUMBER]
    by = result.default_evaluator
    arm = result.default_arm
    hit, gains = result.arm(arm).rates[by].hit, result.gains[by][arm]
    content = result.arm(arm).content
    kept = content is not None and content.retrieved.value >= FOUND
    few = too_few(result.sources)
    verdict: Verdict = "poor"
    if few:
        verdict, finding = "unclear", few
    elif exceeds(gains.histogram):
        verdict = "good" if kept else "mixed"
        finding = f"{SUBJECT[arm]} reaches the target style more often than exchanging colours"
        finding += "" if kept else ", but loses what the pictures show"
    elif exceeds(gains.unchanged):
        verdict = "mixed"
        finding = f"{SUBJECT[arm]} moves pictures towards the style, but "
        worse = falls_short(gains.histogram)
        finding += "exchanging colours does more" if worse else "is not shown to beat colours alone"
    else:
        finding = f"{SUBJECT[arm]} is not shown to move pictures towards the style"
    by_whom = "the network" if by == "network" else "hand-made features"
    return Answer(
        NUMBER, name, question, verdict, finding, percent(hit.value), score(hit).interval,
        f"of {count(result.pictures, 'repainting')} {BY[arm]} are recognised as the target style "
        f"by {by_whom}",
        _marks(result, by),
    )  # fmt: skip


def _marks(result: PainterScore, by: EvaluatorName) -> tuple[Mark, ...]:
    arm = result.default_arm
    kinds: tuple[tuple[MarkKind, Arm, str], ...] = (
        ("chance", "unchanged", "unchanged"),
        ("colour", "histogram", "colours"),
        ("ours", arm, ARM_TITLES[arm].removeprefix("The ").lower()),
        ("ceiling", "real", "real works"),
    )
    marks = []
    for kind, one, label in kinds:
        hit = result.arm(one).rates[by].hit
        ends = (hit.low, hit.high) if kind == "ours" else None
        marks.append(Mark(kind, label, hit.value, percent(hit.value), ends))
    return tuple(marks)


def section(study: StudyRecords) -> Section:
    """Return the section on all painters of a study."""
    found = answer(study)
    blocks: list[Block] = []
    for run in study.painters:
        if run.running:
            blocks.append(notice(f"The training of {run.title} {UNFINISHED}"))
        beside = any(one.evaluation and "course" in one.evaluation.names for one in study.painters)
        if run.evaluation is None and not (beside and run.run.settings.get("styling") == COURSE):
            text = " paints with it and scores the pictures."
            command = f"impasto evaluate {study.name}/runs/{run.name}"
            blocks.append(notice(f"{run.title} has not been evaluated yet: ", Code(command), text))
    if not study.painters:
        blocks.append(prose("The command that trains one: ", Code(found.command)))
    scored = [(run.title, run.evaluation, run) for run in study.painters if run.evaluation]
    for name, result, _ in scored:
        subject = f"The score of {name}"
        blocks += Place(fingerprint=study.collection.fingerprint).other_collection(
            subject, "made on", result.collection_fingerprint
        )
    if scored:
        blocks += _body([(name, result) for name, result, _ in scored], study.paintings)
    blocks += given_pictures.given_blocks(study.given)
    if study.given and not scored:
        blocks.append(METHOD)
    sources = [
        Provenance(f"training of {run.name}", run.command, f"runs/{run.name}/run.json")
        for run in study.painters
    ]
    sources += [
        Provenance(
            f"score of {run.name}", result.command, f"runs/{run.name}/evaluation/painting.json"
        )
        for _, result, run in scored
    ]
    sources += given_pictures.sources(study.given)
    return Section(found.anchor, found.title, tuple(blocks), found.name, "", NUMBER, tuple(sources))


def painter_section(result: PainterScore, place: Place) -> Section:
    """Return the section on the score of one painter, or of another program's pictures."""
    if result.given is not None:
        name, question = NAMES[NUMBER]
        made = Provenance("score", result.command, "painting.json")
        parts = (*given_pictures.given_blocks([("pictures", result)]), METHOD)
        return Section("given", question, parts, name, place.prefix, NUMBER, (made,))
    found = answer_of(result)
    source = Provenance("score", result.command, "evaluation/painting.json")
    blocks = tuple(_body([("The painter", result)], None))
    return Section(found.anchor, found.title, blocks, found.name, place.prefix, NUMBER, (source,))


def _body(scored: Sequence[tuple[str, PainterScore]], paintings: Paintings | None) -> list[Block]:
    main = scored[0][1]
    blocks: list[Block] = [prose(brief(main)), *gallery(main, paintings, prefix="")]
    several = len(scored) > 1
    numbers: list[Block] = [arms_table(scored)]
    for name, result in scored:
        numbers.append(styles_table(result, name if several else ""))
    blocks.append(Details("Numbers: every treatment and every target style", tuple(numbers), True))
    blocks.append(Details("Impressions in words", impressions(main), True))
    for place, (name, result) in enumerate(scored, 1):
        label = f": {name}" if several else ""
        prefix = f"{result.path.parent.name}-"
        blocks.append(Details(f"The score in sentences{label}", (prose(summary(result)),)))
        trust: list[Block] = [signs_table(result, name if several else "")]
        trust.append(strengths_table(result, name if several else ""))
        blocks.append(Details(f"Whether the hit rates can be believed{label}", tuple(trust)))
        if result.pairs:
            chart = pairs_chart(result, prefix)
            blocks.append(Details(f"Gain for each pair of styles{label}", (chart,)))
        more = other_arms(result, paintings, prefix)
        if place > 1:
            more = [*gallery(result, paintings, prefix), *more]
        if more:
            blocks.append(Details(f"More pictures{label}", tuple(more)))
        if lent := lenders(result):
            blocks.append(
                Details(f"Whose patches these are, and how much of each{label}", tuple(lent))
            )
    return [*blocks, METHOD]
