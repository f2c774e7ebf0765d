"""``labels.json``: pictures whose style looks wrong, ranked, with the likelier style."""

from pathlib import Path
from typing import Any, Final, Literal

from impasto.numerics.formatting import percent
from impasto.records.record import Record, Result

FILE: Final = "labels.json"
TABLE: Final = "label_suspects.csv"
"""The suspects as a table that people fill in, in the form of ``decisions.csv``."""
COLUMNS: Final[tuple[str, ...]] = (
    *("id", "decision", "style", "note"),
    *("given", "score", "by_picture", "artist", "artist_works", "artist_share", "flagged", "split"),
)
"""Columns of that table; the first four are those of ``decisions.csv``."""
Evidence = Literal["features", "features and networks"]


class LabelSuspect(Record):
    """A picture whose style may be wrong.

    Attributes:
        id: of the picture.
        split: train, validation or test.
        style: that it has.
        likelier: the most probable style; the second where the given one is the most probable.
        score: probability of the given style, by picture and artist; the lower, the more suspect.
        likelier_score: probability of the likelier style.
        by_picture: probability of the given style by the picture alone.
        artist: ``None`` where not known.
        artist_works: other works by the artist outside the test split.
        artist_share: share of these that have the given style; ``None`` where there are none.
        flagged: whether confident learning takes the label for wrong.
    """

    id: str
    split: Literal["train", "validation", "test"]
    style: str
    likelier: str
    score: float
    likelier_score: float
    by_picture: float
    artist: str | None
    artist_works: int
    artist_share: float | None
    flagged: bool

    @property
    def note(self) -> str:
        """The evidence in a few words."""
        text = f"{percent(self.score)} {self.style}, {percent(self.likelier_score)} {self.likelier}"
        if self.artist_share is None:
            return text
        works = "another work" if self.artist_works == 1 else f"{self.artist_works} other works"
        return f"{text}; of {works} by the artist {percent(self.artist_share, 0)} are {self.style}"

    def row(self) -> dict[str, Any]:
        """Its row of the table, without a decision."""
        values = {**self.model_dump(), "decision": "", "style": self.likelier, "note": self.note}
        return {name: values[name] for name in COLUMNS if name in values} | {"given": self.style}


class LabelCheck(Result):
    """The suspects of a collection, the most suspect first, and how they were found.

    Attributes:
        fingerprint: of the collection.
        evidence: of the picture alone: hand-made features, and fold networks where a run has some.
        run: that these networks belong to.
        folds: parts of the collection, by whole artists; each is judged by what the others teach.
        pictures: that were judged.
        unjudged: of styles that only one fold has, so that nothing could be learnt about them.
        with_artist: pictures whose artist has other works.
        balanced_accuracy: of the picture's evidence alone, on artists it has not seen.
        flagged: pictures whose label confident learning takes for wrong.
        suspects: the first part of the ranking.
    """

    format: Literal[1] = 1
    command: str
    fingerprint: str
    evidence: Evidence
    run: str | None
    folds: int
    seed: int
    pictures: int
    unjudged: int
    with_artist: int
    balanced_accuracy: float
    flagged: int
    suspects: tuple[LabelSuspect, ...]

    @classmethod
    def beside(cls, collection: Path) -> "LabelCheck | None":
        """The check in a collection's folder, of whatever it then held; ``None``: there is none."""
        path = collection / FILE
        if not path.is_file():
            return None
        return cls.read(path, what="check of labels", verb="impasto audit --labels")

    def rows(self) -> list[dict[str, Any]]:
        """One row for each suspect."""
        return [suspect.model_dump() for suspect in self.suspects]

    def __repr__(self) -> str:
        """The number of suspects and of flagged labels."""
        return (
            f"<LabelCheck: {self.flagged} of {self.pictures} labels flagged, "
            f"{len(self.suspects)} listed>"
        )
