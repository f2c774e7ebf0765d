"""The atlas in words.

Do the styles cluster, against chance and against colour, which of them, and what of artists.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from impasto.records.finding import Finding

Content = Mapping[str, Any]
STRENGTHS = ((0.05, "hardly"), (0.15, "weakly"), (0.35, "moderately"))
"""In the words of the verdict, by adjusted mutual information; what is more is "strongly"."""
TRUSTED = 0.85  # trustworthiness from which a map's neighbourhoods are called trustworthy
STABLE = 0.6  # adjusted Rand index between seeds from which k-means is called the same each time


def scope_of(content: Content) -> str:
    """The paintings that the verdict rests on.

    Test pictures alone where the network was taught styles.
    """
    return (
        "test" if content["supervised"] and content["clusterings"][0]["scores"]["test"] else "all"
    )


def verdict(content: Content) -> list[str]:
    """The sentences of the verdict, the answer first."""
    scope = scope_of(content)
    main, rivals = content["clusterings"][0], content["baselines"]
    return [
        _ground(content, scope),
        _answer(main, scope),
        *(_against(rival, scope) for rival in rivals),
        _which(content["styles"], scope),
        *_known(content, rivals),
        *_artists(main, scope),
        *_density(content["clusterings"], scope),
    ]


def findings_of(content: Content) -> list[Finding]:
    """IMP501 to IMP505."""
    scope, main = scope_of(content), content["clusterings"][0]
    shuffled, ami = main["chance"][scope]["ami"], main["scores"][scope]["ami"]
    better = shuffled["p"] < 0.05
    text = f"k-means on {_paintings(content, scope)}: AMI {ami['value']:.3f}, p = {shuffled['p']:.3f} by shuffling."
    found = [
        Finding(
            "IMP501",
            "passed" if better else "issue",
            text,
            {"ami": ami["value"], "p": shuffled["p"]},
        )
    ]
    colour = next(rival for rival in content["baselines"] if rival["name"] == "colour_histogram")
    gain = colour["difference"][scope]["nmi"]
    text = f"NMI against clusters of colour histograms: {_signed(gain)}, on {_paintings(content, scope)}."
    found.append(Finding("IMP502", "passed" if gain["low"] > 0 else "issue", text, dict(gain)))
    where = content["maps"][0]
    text = (
        f"The main map ({where['title']}) has a trustworthiness of {where['trustworthiness']:.2f}."
    )
    trusted = where["trustworthiness"] >= TRUSTED
    numbers = {"trustworthiness": where["trustworthiness"]}
    found.append(Finding("IMP503", "passed" if trusted else "issue", text, numbers))
    ari = main["stability"]["ari"]
    text = f"k-means from {main['stability']['seeds']} seeds: mean ARI of every two {ari['value']:.2f}."
    found.append(
        Finding("IMP504", "passed" if ari["value"] >= STABLE else "issue", text, dict(ari))
    )
    return [*found, _hands(main, scope)]


def _hands(main: Mapping[str, Any], scope: str) -> Finding:
    artists = main["artists"][scope]
    if artists is None:
        return Finding("IMP505", "not applicable", "Fewer than two artists are known.")
    hand, style = artists["artist_ami"], artists["style_ami"]
    text = (
        f"On {artists['pictures']:,} paintings by {artists['artists']} known artists: AMI {style['value']:.3f} with "
        f"styles, {hand['value']:.3f} with artists."
    )
    issue = hand["low"] > style["high"]
    return Finding(
        "IMP505",
        "issue" if issue else "passed",
        text,
        {"artist": hand["value"], "style": style["value"]},
    )


def _ground(content: Content, scope: str) -> str:
    every = f"all {content['paintings']:,} paintings"
    if not content["supervised"]:
        return f"The network was never told a style; {every} are clustered together."
    taught = "The network was taught the styles of its training pictures, and that those cluster proves nothing"
    if scope == "all":
        return f"{taught}; there are too few test pictures to cluster, so what follows, on {every}, is no evidence."
    return f"{taught}; what follows rests on the {content['test']:,} test pictures, clustered by themselves."


def _answer(main: Mapping[str, Any], scope: str) -> str:
    scores, shuffled = main["scores"][scope], main["chance"][scope]
    how = next((word for limit, word in STRENGTHS if scores["ami"]["value"] < limit), "strongly")
    k = main["k_test"] if scope == "test" else main["k"]
    told = (
        f"k-means with {k} clusters, as many as styles, agrees with them to an NMI of {_spelled(scores['nmi'])}, "
        f"ARI {_spelled(scores['ari'])}; shuffled styles give {shuffled['nmi']['mean']:.3f} "
        f"(p = {shuffled['nmi']['p']:.3f})."
    )
    if shuffled["ami"]["p"] >= 0.05:
        return f"The styles do not cluster: no better than shuffled ones. {told}"
    return f"The styles cluster {how}. {told}"


def _against(rival: Mapping[str, Any], scope: str) -> str:
    gain, score = rival["difference"][scope]["nmi"], rival["scores"][scope]["nmi"]
    told = "better" if gain["low"] > 0 else "worse" if gain["high"] < 0 else ""
    said = (
        f"the run’s vectors are {told} by {_signed(gain)}"
        if told
        else f"no clear difference, {_signed(gain)}"
    )
    return f"{rival['title']}, clustered alike, reach an NMI of {_spelled(score)}: {said}."


def _which(styles: Sequence[Mapping[str, Any]], scope: str) -> str:
    rows = sorted((row for row in styles if row[scope]), key=lambda row: -row[scope]["f1"])
    yes = [
        f"{_shown(row['style'])} (F1 {row[scope]['f1']:.2f})"
        for row in rows
        if row[scope]["clusters"]
    ]
    no = [_shown(row["style"]) for row in rows if not row[scope]["clusters"]]
    if not yes:
        return "No style has a cluster that fits it better than shuffled styles and clusters of colours do."
    told = f"A cluster of their own, better than shuffled styles and clusters of colours would give, have {_listed(yes)}"
    return (
        f"{told}; {_listed(no)} {'has' if len(no) == 1 else 'have'} none."
        if no
        else f"{told}: all of them."
    )


def _known(content: Content, rivals: Sequence[Mapping[str, Any]]) -> list[str]:
    if not content["probes"]:
        return []

    def told(probes: Mapping[str, Any], name: str) -> str:
        return _spelled(probes[name]["scores"]["balanced_accuracy"], percent=True)

    mine = content["probes"]
    others = ", ".join(
        f"{rival['title'].lower()} {told(rival['probes'], 'linear_probe')}" for rival in rivals
    )
    return [
        f"Whether the vectors know the styles is another question: on test pictures a linear probe has a balanced "
        f"accuracy of {told(mine, 'linear_probe')}, nearest neighbours {told(mine, 'knn')}; the probe on {others}."
    ]


def _artists(main: Mapping[str, Any], scope: str) -> list[str]:
    artists = main["artists"][scope]
    if artists is None:
        return []
    hand, style = artists["artist_ami"], artists["style_ami"]
    which = (
        "artists more than styles" if hand["value"] > style["value"] else "styles more than artists"
    )
    return [
        f"Where the artist is known, the clusters follow {which}: AMI {_spelled(hand)} with {artists['artists']} "
        f"artists, {_spelled(style)} with styles."
    ]


def _density(made: Sequence[Mapping[str, Any]], scope: str) -> list[str]:
    found = next((row for row in made if row["name"] == "hdbscan"), None)
    if found is None:
        return []
    return [
        f"By density (HDBSCAN) all paintings fall into {found['k']} clusters with {found['noise']:.0%} outside any, at "
        f"an NMI of {found['scores']['all']['nmi']['value']:.3f}"
        + (": the styles are no islands." if found["noise"] > 0.3 else ".")
    ]


def _paintings(content: Content, scope: str) -> str:
    return f"{content['test' if scope == 'test' else 'paintings']:,} {'test ' * (scope == 'test')}paintings"


def _spelled(score: Mapping[str, float], *, percent: bool = False) -> str:
    if percent:
        return f"{score['value']:.1%} ({score['low']:.1%}–{score['high']:.1%})"
    return f"{score['value']:.3f} ({score['low']:.3f}–{score['high']:.3f})"


def _signed(score: Mapping[str, float]) -> str:
    return f"{score['value']:+.3f} ({score['low']:+.3f} to {score['high']:+.3f})".replace("-", "−")


def _shown(style: str) -> str:
    return style.replace("_", " ")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
