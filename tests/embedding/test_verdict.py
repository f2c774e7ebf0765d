"""The verdict: the words follow the numbers."""

import copy
from typing import Any

import pytest

from impasto.embedding.verdict import findings_of, verdict


def score(value: float, spread: float = 0.02) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread}


def content(nmi: float = 0.3, colour: float = 0.1, p: float = 0.005, **more: Any) -> dict[str, Any]:
    scores = {"nmi": score(nmi), "ami": score(nmi - 0.02), "ari": score(nmi / 2)}
    chance = {
        "nmi": {"mean": 0.02, "high": 0.03, "p": p},
        "ami": {"mean": 0.0, "high": 0.01, "p": p},
    }
    artists = {"pictures": 500, "artists": 40, "artist_ami": score(0.1), "style_ami": score(0.3)}
    main = {
        "name": "kmeans", "k": 13, "k_test": 12, "scores": {"all": scores, "test": scores}, "noise": 0.0,
        "chance": {"all": chance, "test": chance}, "artists": {"all": artists, "test": artists},
        "stability": {"seeds": 5, "ari": score(0.8)},
    }  # fmt: skip
    gain = {"nmi": score(nmi - colour, 0.03)}
    rival = {
        "name": "colour_histogram", "title": "Colour histograms", "scores": {"all": {"nmi": score(colour)}},
        "difference": {"all": gain, "test": gain},
    }  # fmt: skip
    rival["scores"]["test"] = rival["scores"]["all"]
    fits = {"all": {"f1": 0.6, "clusters": True}, "test": {"f1": 0.6, "clusters": True}}
    loose = {"all": {"f1": 0.2, "clusters": False}, "test": None}
    return {
        "supervised": False, "paintings": 9000, "test": 600, "clusterings": [main], "baselines": [rival],
        "probes": None, "maps": [{"title": "t-SNE", "trustworthiness": 0.95}],
        "styles": [{"style": "Ukiyo_e", **fits}, {"style": "Pop_Art", **loose}], **more,
    }  # fmt: skip


def test_it_answers_the_question() -> None:
    said = verdict(content())
    assert (
        said[0] == "The network was never told a style; all 9,000 paintings are clustered together."
    )
    assert said[1].startswith("The styles cluster moderately. k-means with 13 clusters")
    assert "0.300 (0.280–0.320)" in said[1] and "shuffled styles give 0.020" in said[1]
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
    other["clusterings"][0]["stability"]["ari"] = score(0.4)
    other["clusterings"][0]["artists"]["all"]["artist_ami"] = score(0.5)
    assert [finding.outcome for finding in findings_of(other)][2:] == ["issue"] * 3
    other["clusterings"][0]["artists"]["all"] = None
    assert findings_of(other)[4].outcome == "not applicable"
