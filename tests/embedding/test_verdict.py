"""The verdict: the words follow the numbers."""

import copy
from typing import Any

import pytest

import made_up_atlas
from impasto.embedding.verdict import findings_of, verdict
from impasto.records.atlas import ByScope


def content(nmi: float = 0.3, colour: float = 0.1, p: float = 0.005, **more: Any) -> Any:
    chances = made_up_atlas.chance(p)
    loose = made_up_atlas.fit(0.2, clusters=False)
    return made_up_atlas.atlas(**{
        "clusterings": (made_up_atlas.clusters("kmeans", nmi, nmi, chance=ByScope(all=chances, test=chances)),),
        "baselines": (made_up_atlas.baseline("colour_histogram", colour, colour, nmi - colour),),
        "styles": (made_up_atlas.style("Ukiyo_e", all=made_up_atlas.fit(0.6)), made_up_atlas.style("Pop_Art", all=loose)),
        **more,
    }).model_dump(mode="json")  # fmt: skip


def test_it_answers_the_question() -> None:
    said = verdict(content())
    assert (
        said[0] == "The network was never told a style; all 9,000 paintings are clustered together."
    )
    assert said[1].startswith("The styles cluster moderately. k-means with 13 clusters")
    assert "0.300 (0.280–0.320)" in said[1] and "shuffled styles give 0.023" in said[1]
    assert "vectors are better by +0.200" in said[2]
    assert "Ukiyo e (F1 0.60); Pop Art has none." in said[3]
    assert "styles more than artists" in said[4]


@pytest.mark.parametrize(
    ("nmi", "word"), [(0.06, "hardly"), (0.1, "weakly"), (0.3, "moderately"), (0.6, "strongly")]
)
def test_words_follow_the_adjusted_score(nmi: float, word: str) -> None:
    assert f"cluster {word}." in verdict(content(nmi))[1]


def test_no_better_than_chance_is_said_first() -> None:
    made = content(0.1, p=0.4)
    assert verdict(made)[1].startswith("The styles do not cluster: no better than shuffled ones.")
    assert findings_of(made)[0].outcome == "issue"


def test_colour_that_does_as_well_is_a_finding() -> None:
    equal, worse = content(0.3, 0.3), content(0.1, 0.3)
    assert "no clear difference" in verdict(equal)[2]
    assert "vectors are worse by −0.200" in verdict(worse)[2]
    assert [findings_of(made)[1].outcome for made in (content(), equal, worse)] == [
        "passed",
        "issue",
        "issue",
    ]


def test_a_taught_network_without_test_pictures_is_no_evidence() -> None:
    made = content(supervised=True)
    assert "rests on the 600 test pictures" in verdict(made)[0]
    assert "12 clusters" in verdict(made)[1]
    for row in (made["clusterings"][0], made["baselines"][0]):
        row["scores"]["test"] = None
    assert "no evidence" in verdict(made)[0]


def test_findings_follow_their_numbers() -> None:
    made = content()
    assert [finding.outcome for finding in findings_of(made)] == ["passed"] * 5
    other: dict[str, Any] = copy.deepcopy(made)
    other["maps"][0]["trustworthiness"] = 0.7
    other["clusterings"][0]["stability"]["ari"] = made_up_atlas.score(0.4).model_dump()
    other["clusterings"][0]["artists"]["all"]["artist_ami"] = made_up_atlas.score(0.5).model_dump()
    assert [finding.outcome for finding in findings_of(other)][2:] == ["issue"] * 3
    other["clusterings"][0]["artists"]["all"] = None
    assert findings_of(other)[4].outcome == "not applicable"
