"""Verdict of an atlas in sentences: do the styles cluster, against chance and colour?"""

from collections.abc import Sequence

from impasto.numerics.formatting import LISTED, abridged, count, estimate, percent, share
from impasto.plain_text import style_title
from impasto.records.atlas import MEASURES, Atlas, BaselineClusters, ChanceLevel
from impasto.records.finding import Finding

STRENGTHS = ((0.05, "hardly"), (0.15, "weakly"), (0.35, "moderately"))
"""Words of the verdict, by the AMI above that of shuffled styles; what is more is "strongly"."""
SCALE = "below 0.05 above chance hardly, 0.15 weakly, 0.35 moderately, else strongly"
FEW = 30  # paintings below which a clustering tells nothing
FEWEST_ARTISTS = 8  # that exchange styles in enough ways for a p value below 0.05
SIGNIFICANT = 0.05  # p value from which clusters are no better than those of shuffled styles
SHUFFLED = {
    "artists": "styles shuffled among artists",
    "paintings": "styles shuffled among paintings (too few artists are known)",
}
TRUSTED = 0.85  # trustworthiness from which a map's neighbourhoods are called trustworthy
STABLE = 0.6  # adjusted Rand index between seeds from which k-means is called stable


def verdict(atlas: Atlas) -> list[str]:
    """Return the sentences of the verdict: what it rests on, then the answer."""
    return [
        _basis(atlas),
        _answer(atlas),
        *_retrieved(atlas),
        *(_against(baseline, atlas) for baseline in atlas.baselines),
        _by_style(atlas),
        *_probed(atlas),
        *_artists(atlas),
        *_density(atlas),
    ]


def findings_of(atlas: Atlas) -> list[Finding]:
    """Return IMP501 to IMP506."""
    kmeans, where = atlas.clusterings[0], _paintings(atlas)
    colour = next(row for row in atlas.baselines if row.name == "colour_histogram")
    gain = colour.difference[atlas.scope].ami
    main, stability = atlas.maps[0], kmeans.stability
    assert stability is not None
    return [
        _chance_finding(atlas),
        Finding(
            "IMP502",
            "passed" if gain.low > 0 else "issue",
            "AMI against clusters of colour histograms: "
            f"{estimate(gain, 3, signed=True)}, on {where}.",
            gain.model_dump(),
        ),
        Finding(
            "IMP503",
            "passed" if main.trustworthiness >= TRUSTED else "issue",
            f"The main map ({main.title}) has a trustworthiness of {main.trustworthiness:.2f}.",
            {"trustworthiness": main.trustworthiness},
        ),
        Finding(
            "IMP504",
            "passed" if stability.ari.value >= STABLE else "issue",
            f"k-means from {stability.seeds} seeds: "
            f"mean ARI of every two {stability.ari.value:.2f}.",
            stability.ari.model_dump(),
        ),
        _artist_finding(atlas),
        _retrieval_finding(atlas),
    ]


def _chance_finding(atlas: Atlas) -> Finding:
    """IMP501; not applicable where nothing could pass it, or luck alone would."""
    kmeans, paintings = atlas.clusterings[0], _count(atlas)
    ami, chance = kmeans.scores[atlas.scope].ami.value, kmeans.chance[atlas.scope]
    text = (
        f"k-means on {_paintings(atlas)}: AMI {ami:.3f}; {SHUFFLED[chance.shuffled]} give "
        f"{chance.ami.mean:.3f} (p {_p(chance.ami, atlas)})."
    )
    numbers = {"ami": ami, "chance": chance.ami.mean, "p": chance.ami.p}
    if paintings < FEW:
        text = f"Too few to tell: {paintings} paintings. {text}"
        return Finding("IMP501", "not applicable", text, numbers)
    known = kmeans.artists[atlas.scope]
    if chance.shuffled == "artists" and known and known.artists < FEWEST_ARTISTS:
        text = f"Too few to tell: {known.artists} artists exchange styles in few ways. {text}"
        return Finding("IMP501", "not applicable", text, numbers)
    return Finding("IMP501", "passed" if chance.ami.p < SIGNIFICANT else "issue", text, numbers)


def _artist_finding(atlas: Atlas) -> Finding:
    artists = atlas.clusterings[0].artists[atlas.scope]
    if artists is None:
        return Finding("IMP505", "not applicable", "Fewer than two artists are known.")
    if artists.pictures < FEW:
        text = f"Too few to tell: {artists.pictures} paintings by known artists."
        return Finding("IMP505", "not applicable", text)
    artist, style = artists.artist_ami, artists.style_ami
    return Finding(
        "IMP505",
        "issue" if artist.low > style.high else "passed",
        f"On {artists.pictures:,} paintings by {artists.artists} known artists: "
        f"AMI {style.value:.3f} with styles, {artist.value:.3f} with artists.",
        {"artist": artist.value, "style": style.value},
    )


def _retrieval_finding(atlas: Atlas) -> Finding:
    found = atlas.retrieval
    if found is None:
        text = "Fewer than five artists are known, or fewer than two styles with two of them."
        return Finding("IMP506", "not applicable", text)
    own = found.scores["cosine"]
    assert own.chance is not None
    level = own.chance.mean_average_precision
    text = (
        f"{found.queries:,} paintings by {found.artists} artists, searched among "
        f"{found.searched:,}: mean average precision {estimate(own.mean_average_precision, 3)}, "
        f"with {SHUFFLED[found.shuffled]} {level.mean:.3f} (p {_p(level, atlas)})."
    )
    numbers = {
        "mean_average_precision": own.mean_average_precision.value,
        "pair_auc": own.pair_auc.value,
        "chance": level.mean,
        "p": level.p,
    }
    if found.artists < FEWEST_ARTISTS or found.queries < FEW:
        return Finding("IMP506", "not applicable", f"Too few to tell: {text}", numbers)
    return Finding("IMP506", "passed" if level.p < SIGNIFICANT else "issue", text, numbers)


def _basis(atlas: Atlas) -> str:
    return " ".join([*_origin(atlas), _ground(atlas)])


def _origin(atlas: Atlas) -> list[str]:
    """Sentences on vectors that no run of impasto's gave."""
    found = []
    if atlas.run.kind == "vectors":
        found.append(f"The vectors are those of {atlas.name}, computed by another program.")
    if atlas.run.kind == "encoder":
        found.append(f"The network is {atlas.name}.")
    if atlas.pretrained:
        found.append(
            "It is pre-trained, a yardstick: other pictures, perhaps these too, taught it, so that "
            "its scores are no result of this collection."
        )
    if (left := atlas.unmatched) is not None:
        found.append(
            f"Left out: {count(left.paintings, 'painting')} without a vector, "
            f"{count(left.vectors, 'vector')} of no painting."
        )
    return found


def _ground(atlas: Atlas) -> str:
    every = f"all {atlas.paintings:,} paintings"
    if not atlas.supervised:
        said = "" if atlas.run.is_run else "As far as is said, "
        was = "The" if atlas.run.is_run else "the"
        if atlas.unmatched is not None and atlas.unmatched.paintings:
            every += " with a vector"
        return (
            f"{said}{was} network was trained without style labels; {every} are clustered together."
        )
    trained = (
        "The network was trained on style labels, "
        "so clusters of its training pictures are no evidence"
    )
    if atlas.scope == "all":
        return (
            f"{trained}; there are too few test pictures to cluster, so the scores below, "
            f"on {every}, are no evidence."
        )
    return (
        f"{trained}; the scores below rest on the {atlas.test:,} test pictures, "
        "clustered by themselves."
    )


def _answer(atlas: Atlas) -> str:
    kmeans = atlas.clusterings[0]
    scores, chance = kmeans.scores[atlas.scope], kmeans.chance[atlas.scope]
    k = kmeans.k_test if atlas.scope == "test" else kmeans.k
    evidence = (
        f"k-means with {k} clusters, as many as styles, agrees with them to an AMI of "
        f"{estimate(scores.ami, 3)} (0: none, 1: full agreement); {SHUFFLED[chance.shuffled]} give "
        f"{chance.ami.mean:.3f} (p {_p(chance.ami, atlas)})."
    )
    paintings = _count(atlas)
    if paintings < FEW:
        return f"Too few to tell: {paintings} paintings. {evidence}"
    if chance.ami.p >= SIGNIFICANT:
        return f"The styles do not cluster: no better than shuffled ones. {evidence}"
    above = scores.ami.value - chance.ami.mean
    strength = next((word for limit, word in STRENGTHS if above < limit), "strongly")
    return f"The styles cluster {strength} ({SCALE}). {evidence}"


def _retrieved(atlas: Atlas) -> list[str]:
    found = atlas.retrieval
    if found is None:
        return []
    own = found.scores["cosine"]
    chance = own.chance
    assert chance is not None
    precision, auc = chance.mean_average_precision, chance.pair_auc
    others = ", ".join(
        f"{row.title.lower()} {row.retrieval.scores['cosine'].mean_average_precision.value:.3f}"
        for row in atlas.baselines
        if row.retrieval
    )
    corrected = ", ".join(
        f"{score.mean_average_precision.value:.3f} by {MEASURES[measure]}"
        for measure, score in found.scores.items()
        if measure != "cosine"
    )
    return [
        "Of paintings by other artists those of the same style are retrieved with a mean average "
        f"precision of {estimate(own.mean_average_precision, 3)}; {SHUFFLED[found.shuffled]} give "
        f"{precision.mean:.3f} (p {_p(precision, atlas)}), {others}. Corrected for hubs it is "
        f"{corrected}. The nearer of two paintings, one of the same style and one of another, is "
        f"that of the same style in {share(own.pair_auc)} of pairs (chance {percent(auc.mean)})."
    ]


def _against(baseline: BaselineClusters, atlas: Atlas) -> str:
    gain, whose = baseline.difference[atlas.scope].ami, "the run’s" if atlas.run.is_run else "these"
    if gain.low > 0:
        result = f"{whose} vectors are ahead, {estimate(gain, 3, signed=True)}"
    elif gain.high < 0:
        result = f"{whose} vectors are behind, {estimate(gain, 3, signed=True)}"
    else:
        result = f"no clear difference, {estimate(gain, 3, signed=True)}"
    ami = baseline.scores[atlas.scope].ami
    return f"{baseline.title}, clustered alike, reach an AMI of {estimate(ami, 3)}: {result}."


def _by_style(atlas: Atlas) -> str:
    fits = [(style_title(row.style), fit) for row, fit in atlas.fits()]
    yes = [f"{style} (F1 {fit.f1:.2f})" for style, fit in fits if fit.clusters]
    no = [style for style, fit in fits if not fit.clusters]
    if not yes:
        return (
            "No style has a cluster that fits it better than shuffled styles and "
            "clusters of colours do."
        )
    result = (
        "A cluster of their own, better than shuffled styles and clusters of colours would give, "
        f"have {_listed(yes)}"
    )
    if not no:
        return f"{result}: all of them."
    return f"{result}; {_listed(no)} {'has' if len(no) == 1 else 'have'} none."


def _probed(atlas: Atlas) -> list[str]:
    if atlas.probes is None:
        return []
    linear, knn = atlas.probes.linear_probe.scores, atlas.probes.knn.scores
    others = ", ".join(
        f"{row.title.lower()} {share(row.probes.linear_probe.scores.balanced_accuracy)}"
        for row in atlas.baselines
        if row.probes
    )
    return [
        "Whether the vectors know the styles is another question: on test pictures a linear probe "
        f"has a balanced accuracy of {share(linear.balanced_accuracy)}, nearest neighbours "
        f"{share(knn.balanced_accuracy)}; the probe on {others}."
    ]


def _artists(atlas: Atlas) -> list[str]:
    artists = atlas.clusterings[0].artists[atlas.scope]
    if artists is None:
        return []
    artist, style = artists.artist_ami, artists.style_ami
    numbers = (
        f"AMI {estimate(artist, 3)} with {artists.artists} artists, {estimate(style, 3)} with "
        "styles"
    )
    if artists.pictures < FEW:
        return [f"Too few paintings by known artists to tell what clusters follow: {numbers}."]
    if artist.low > style.high:
        return [
            f"Where the artist is known, the clusters follow artists more than styles: {numbers}."
        ]
    if style.low > artist.high:
        return [
            f"Where the artist is known, the clusters follow styles more than artists: {numbers}."
        ]
    return [
        "Where the artist is known, the clusters are not shown to follow artists or "
        f"styles more: {numbers}; the intervals overlap."
    ]


def _density(atlas: Atlas) -> list[str]:
    found = next((row for row in atlas.clusterings if row.name == "hdbscan"), None)
    if found is None:
        return []
    return [
        f"By density (HDBSCAN) all paintings fall into {found.k} clusters with "
        f"{percent(found.noise, 0)} outside any, at an AMI of "
        f"{found.scores.all.ami.value:.3f}; that share follows the setting min_samples as well."
    ]


def _count(atlas: Atlas) -> int:
    """Paintings that the verdict rests on."""
    return (atlas.test or 0) if atlas.scope == "test" else atlas.paintings


def _p(level: ChanceLevel, atlas: Atlas) -> str:
    """The p value against shuffled styles; ``≤`` where it is the least that shuffling can give."""
    p = level.p
    least = 1 / (1 + int(atlas.settings["permutations"]))
    return f"{'≤' if p < 1.5 * least else '='} {p:.3f}"


def _paintings(atlas: Atlas) -> str:
    if atlas.scope == "test":
        return f"{atlas.test:,} test paintings"
    return f"{atlas.paintings:,} paintings"


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1 or len(names) > LISTED:
        return abridged(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
