"""Part on artists that were held out of training: what that costs."""

from impasto.numerics.formatting import count
from impasto.plain_text import style_title
from impasto.records.by_artist import ByArtistResult
from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.blocks import Block, Details, Provenance, Row, Section, Table, columns, prose
from impasto.reporting.sections.scores import SCORE_TITLES
from impasto.reporting.study import Place, TrainedRun
from impasto.reporting.words import points, score, share, whole

ARMS = ("Artists in training", "Artists held out", "Gap in points")


def fold(run: TrainedRun[ClassifierEvaluation]) -> Details | None:
    """Return the part on the artists held out of a run's recipe."""
    if run.by_artist is None:
        return None
    gap = run.by_artist.scores["network"].gap["balanced_accuracy"]
    summary = f"Artists held out of training: a gap of {points(gap)} points of balanced accuracy"
    if gap.low <= 0 <= gap.high:
        summary += ", whose interval includes 0"
    return Details(summary, _blocks(run.by_artist, run.place))


def artists_section(result: ByArtistResult, place: Place) -> Section:
    """Return the section on scores with artists held out."""
    source = Provenance("artists held out", result.command, "by-artist/by-artist.json")
    title = "Artists held out of training"
    return Section("artists", title, _blocks(result, place), sources=(source,))


def _blocks(result: ByArtistResult, place: Place) -> tuple[Block, ...]:
    text = (
        f"{count(result.pictures, 'picture')} by {count(result.artists, 'known artist')}, each "
        "scored once by a network of this recipe that was trained without any of its artist’s "
        "works, and once by one that was trained on as many pictures of every style by all "
        f"artists, that one included; {count(result.folds, 'fold')}. "
        f"{count(result.unknown, 'picture')} by unknown artists were in every training. The gap "
        "holds two things: the artist’s other works, and that training on all artists has more of "
        "them. "
    )
    few = ", ".join(f"{style_title(row.style)} ({row.artists})" for row in result.not_testable)
    if few:
        text += f"Too few artists to test: {few}. "
    rows = []
    for title, arms in result.answerers.items():
        for name, gap in arms.gap.items():
            ordinary, disjoint = score(arms.ordinary[name]), score(arms.disjoint[name])
            rows.append(Row((title, SCORE_TITLES[name], ordinary, disjoint, points(gap))))
    styles = [
        Row(
            (
                style_title(row.style),
                whole(row.artists),
                whole(row.pictures),
                share(row.ordinary),
                share(row.disjoint),
                points(row.gap),
            )
        )
        for row in result.per_style
        if row.pictures
    ]
    return (
        *place.other_collection("This comparison", "made on", result.collection_fingerprint),
        prose(text),
        Table(
            "Scores with artists in training and held out",
            "In brackets: 95 % intervals that draw artists, not pictures, again; "
            f"{result.supposed}",
            columns("Who answers", "Score", numbers=ARMS),
            tuple(rows),
        ),
        Table(
            "Each style with artists in training and held out",
            f"Recall of every style; {result.supposed}",
            columns("Style", numbers=("Artists", "Pictures", *ARMS)),
            tuple(styles),
            sortable=True,
        ),
    )
