"""Part on test works under two styles: is the second guess the second label?"""

from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.blocks import Block, Details, Row, Table, columns, muted, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.words import score, share


def fold(run: TrainedRun[ClassifierEvaluation]) -> Details | None:
    """Return the part on the second guesses of a run."""
    found = run.explanation.second_guesses if run.explanation else None
    if found is None or not (found.works or found.taught):
        return None
    blocks: list[Block] = []
    if found.scores:
        scores = found.scores
        blocks.append(
            prose(
                f"Of {count(found.works, 'test work')} under two styles, the second guess – the "
                "likeliest style but the one that the picture stands under – is the second label "
                "for ", score(scores.rate), ". The second guesses on other works of the same "
                "styles would give ", score(scores.expected), ", drawing at random ",
                share(scores.chance), ".",
            )
        )  # fmt: skip
        pictures = count(len(found.items), "picture")
        table = Table(
            "Works under two styles",
            f"Second guesses on {pictures} of works under two styles",
            columns(
                "Picture", "Stands under", "And under", "Second guess", numbers=("Probability",)
            ),
            tuple(
                Row(
                    (
                        item.id,
                        *map(style_title, (item.style, item.second_label, item.second_guess)),
                        share(item.probability),
                    )
                )
                for item in found.items
            ),
            look="items",
        )
        blocks.append(table)
    if found.taught:
        have, do = ("has", "does") if found.taught == 1 else ("have", "do")
        blocks.append(
            muted(
                f"{count(found.taught, 'test work')} under two styles {have} a copy in training, "
                f"where the second label may have been learnt, and {do} not count."
            )
        )
    summary = "Works under two styles"
    if found.scores:
        rate, expected = found.scores.rate.value, found.scores.expected.value
        summary += (
            f": the second guess is the second label for {percent(rate)}, on others it would be "
            f"for {percent(expected)}"
        )
    return Details(summary, tuple(blocks))
