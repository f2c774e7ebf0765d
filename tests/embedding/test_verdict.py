"""The verdict: the words follow the numbers."""

from typing import Any

import pytest

import made_up_atlas as made_up
from impasto.embedding.verdict import findings_of, verdict
from impasto.records.atlas import ArtistAgreement, Atlas, AtlasRun, ByScope, Stability


def atlas(
    nmi: float = 0.3, colour: float = 0.1, *, p: float = 0.005, artist_ami: float = 0.1, **more: Any
) -> Atlas:
    """An atlas whose main numbers are given."""
    chance = ByScope(all=made_up.chance(p), test=made_up.chance(p))
    artists = ArtistAgreement(
        pictures=500,
        artists=40,
        artist_ami=made_up.score(artist_ami),
        style_ami=made_up.score(0.3),
    )
    kmeans = {"chance": chance, "artists": {"all": artists, "test": artists}}
    kmeans |= more.pop("kmeans", {})
    loose = made_up.fit(0.2, clusters=False)
    given = {
        "clusterings": (made_up.clusters("kmeans", nmi, nmi, **kmeans),),
        "baselines": (made_up.baseline("colour_histogram", colour, colour, nmi - colour),),
        "styles": (
            made_up.style("Ukiyo_e", all=made_up.fit(0.6)),
            made_up.style("Pop_Art", all=loose),
        ),
    }
    return made_up.atlas(**{**given, **more})


def test_it_answers_the_question() -> None:
    lines = verdict(atlas())
    assert lines[0] == (
        "The network was trained without style labels; all 9,000 paintings are clustered together."
    )
    assert lines[1].startswith("The styles cluster moderately (")
    assert "k-means with 13 clusters" in lines[1] and "an AMI of 0.280 (0.260–0.300)" in lines[1]
    assert "styles shuffled among artists give 0.023" in lines[1]
    assert "vectors are ahead, +0.200" in lines[2]
    assert "Ukiyo-e (F1 0.60); Pop Art has none." in lines[3]
    assert "styles more than artists" in lines[4]


@pytest.mark.parametrize(
    ("nmi", "word"), [(0.06, "hardly"), (0.1, "weakly"), (0.3, "moderately"), (0.6, "strongly")]
)
def test_words_follow_the_adjusted_score(nmi: float, word: str) -> None:
    assert f"cluster {word} (" in verdict(atlas(nmi))[1]


def test_no_better_than_chance_is_said_first() -> None:
    made = atlas(0.1, p=0.4)
    assert verdict(made)[1].startswith("The styles do not cluster: no better than shuffled ones.")
    assert findings_of(made)[0].outcome == "issue"


def test_what_exchanged_its_styles_is_told() -> None:
    level = made_up.chance().model_copy(update={"shuffled": "paintings"})
    made = atlas(kmeans={"chance": ByScope(all=level, test=level)})
    for text in (verdict(made)[1], findings_of(made)[0].text):
        assert "among paintings (too few artists are known) give 0.023" in text


def test_few_paintings_are_too_few_to_tell_whatever_their_numbers() -> None:
    for p in (0.005, 0.4):
        assert verdict(atlas(p=p, paintings=29))[1].startswith("Too few to tell: 29 paintings.")
    assert verdict(atlas(supervised=True, test=29))[1].startswith("Too few to tell: 29")
    assert "cluster moderately" in verdict(atlas(paintings=30))[1]


def test_colour_that_does_as_well_is_a_finding() -> None:
    equal, worse = atlas(0.3, 0.3), atlas(0.1, 0.3)
    assert "no clear difference" in verdict(equal)[2]
    assert "vectors are behind, −0.200" in verdict(worse)[2]
    outcomes = [findings_of(made)[1].outcome for made in (atlas(), equal, worse)]
    assert outcomes == ["passed", "issue", "issue"]


def test_a_supervised_network_without_test_pictures_is_no_evidence() -> None:
    made = atlas(supervised=True)
    assert "rest on the 600 test pictures" in verdict(made)[0]
    assert "12 clusters" in verdict(made)[1]
    untested = {"scores": ByScope(all=made_up.scores(0.3), test=None)}
    assert "no evidence" in verdict(atlas(supervised=True, kmeans=untested))[0]


def test_findings_follow_their_numbers() -> None:
    outcomes = [finding.outcome for finding in findings_of(atlas())]
    assert outcomes == [*["passed"] * 5, "not applicable"]  # nothing was retrieved
    loose = Stability(seeds=5, ari=made_up.score(0.4))
    maps = (made_up.drawn("tsne", "t-SNE", 0.7),)
    other = atlas(artist_ami=0.5, maps=maps, kmeans={"stability": loose})
    assert [finding.outcome for finding in findings_of(other)][2:5] == ["issue"] * 3
    unknown = atlas(kmeans={"artists": {"all": None, "test": None}})
    assert findings_of(unknown)[4].outcome == "not applicable"


def test_retrieval_between_artists_is_told_beside_chance() -> None:
    told = verdict(atlas(retrieval=made_up.retrieval()))[2]
    assert "mean average precision of 0.400" in told
    assert "give 0.100 (p = 0.005)" in told or "give 0.100 (p ≤ 0.005)" in told
    assert "0.450 by mutual proximity" in told
    assert findings_of(atlas(retrieval=made_up.retrieval()))[5].outcome == "passed"
    assert findings_of(atlas(retrieval=made_up.retrieval(p=0.2)))[5].outcome == "issue"
    few = made_up.retrieval(artists=6)
    assert findings_of(atlas(retrieval=few))[5].outcome == "not applicable"


def test_a_yardstick_is_marked() -> None:
    said = verdict(atlas(pretrained=True, run=AtlasRun(path="a/dino", kind="encoder", weights="0")))
    assert said[0].startswith("The network is dino. It is pre-trained, a yardstick")
    assert "yardstick" not in verdict(atlas())[0]


def test_an_order_is_reported_only_where_the_intervals_do_not_overlap() -> None:
    assert "not shown to follow artists" in verdict(atlas(artist_ami=0.28))[4]
    assert "artists more than styles" in verdict(atlas(artist_ami=0.5))[4]
    few = ArtistAgreement(
        pictures=29, artists=6, artist_ami=made_up.score(0.5), style_ami=made_up.score(0.1)
    )
    made = atlas(kmeans={"artists": {"all": few, "test": few}})
    assert verdict(made)[4].startswith("Too few paintings by known artists")
    assert findings_of(made)[4].outcome == "not applicable"


def test_chance_is_not_judged_where_nothing_could_pass() -> None:
    assert findings_of(atlas(paintings=29))[0].outcome == "not applicable"
    few = ArtistAgreement(
        pictures=500, artists=7, artist_ami=made_up.score(0.1), style_ami=made_up.score(0.3)
    )
    made = atlas(kmeans={"artists": {"all": few, "test": few}})
    assert findings_of(made)[0].outcome == "not applicable"
    level = made_up.chance().model_copy(update={"shuffled": "paintings"})
    made = atlas(
        kmeans={"artists": {"all": few, "test": few}, "chance": ByScope(all=level, test=level)}
    )
    assert findings_of(made)[0].outcome == "passed"


def test_the_least_p_value_is_a_bound() -> None:
    made = atlas(p=1 / 201, settings={"seed": 0, "permutations": 200})
    assert "(p ≤ 0.005)" in verdict(made)[1]
    made = atlas(p=3 / 201, settings={"seed": 0, "permutations": 200})
    assert "(p = 0.015)" in verdict(made)[1]
