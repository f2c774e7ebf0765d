"""Every kind of finding.

Its code, what it asks and what to do. The reference page is generated from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code asks, and whether an issue of that kind spoils an evaluation."""

    code: str
    name: str
    question: str
    remedy: str
    spoils: bool = False
    tolerance: float = 0.0  # share of the test pictures up to which an issue does not yet spoil


# fmt: off
_LORA = (
    Kind("IMP601", "adapter-without-effect", "Is the adapter's held-out loss below the base's alone?",
         "Train longer, or raise the learning rate or the rank."),
    Kind("IMP602", "enlarged-pictures", "Has every picture as many pixels as it is trained at?",
         "Lower the resolution, or keep the original files where they were when the collection was prepared."),
    Kind("IMP603", "styles-not-taught", "Is every style seen in its pictures more often than without the adapter?",
         "Train longer on these styles, raise the rank or the layers taught, and look at their pictures."),
    Kind("IMP604", "copied-pictures", "Are its pictures no more like training pictures than real held-out works are?",
         "Look at the pairs; train for fewer epochs or with more pictures, and publish none of these."),
    Kind("IMP605", "prompt-lost", "Does the same prompt and seed show alike things in different styles?",
         "Train for fewer epochs, caption what the pictures show, or lower the adapter's scale."),
)

_PAINTING = (
    Kind("IMP311", "style-not-painted", "Is every style seen more often in its paintings than in unchanged pictures?",
         "Train longer, raise the weight of critic or adversary, or lower that of content."),
    Kind("IMP312", "colour-does-as-well", "Is the painter better than exchanging the colours alone, clear of zero?",
         "Use the colour exchange, which is simpler, or train longer."),
    Kind("IMP313", "content-lost", "Is the original of 80 % of painted pictures the nearest of all, clear of it?",
         "Raise the weight of content, or paint with less strength."),
    Kind("IMP314", "own-style-changed", "Do pictures painted in their own style keep an SSIM of 0.6?",
         "Raise the weight of identity, or the share of pictures in their own style."),
    Kind("IMP315", "judge-not-independent", "Is the judge another network, trained on none of the painter's pictures?",
         "Let impasto evaluate train its own judge."),
    Kind("IMP316", "strength-not-monotone", "Does more strength never make the style less probable?",
         "Use the strengths up to the best one."),
)
# fmt: on

_KINDS = (
    Kind(
        "IMP101",
        "set-aside-files",
        "Could every file be read and labelled?",
        "Look at the files by name; repair them or leave them out.",
    ),
    Kind(
        "IMP102",
        "tiny-pictures",
        "Is every picture at least as large as it is stored?",
        "Leave them out, or prepare at a smaller --size.",
    ),
    Kind(
        "IMP103",
        "constant-pictures",
        "Does every picture show more than one colour?",
        "Look at them by name; most are placeholders and should go.",
    ),
    Kind(
        "IMP104",
        "exact-duplicates",
        "Does every picture stand once within its split and style?",
        "Keep one copy of each.",
    ),
    Kind(
        "IMP105",
        "near-duplicates",
        "Is no picture a near copy of another in its split?",
        "Keep one of each pair, or accept that it counts twice.",
    ),
    Kind(
        "IMP106",
        "duplicates-across-splits",
        "Is no test picture also (nearly) a training picture?",
        "Prepare again with --split stratified or --split artist, which keep copies on one side.",
        spoils=True,
        tolerance=0.02,  # a score then moves by less than its interval is wide
    ),
    Kind(
        "IMP107",
        "two-styles",
        "Does every picture carry one style?",
        "Nothing to repair: such pictures are honest ambiguity, and bound the accuracy that can be reached.",
    ),
    Kind(
        "IMP108",
        "artists-on-both-sides",
        "Is no test artist also a training artist?",
        "Prepare with --split artist to measure styles instead of artists; read the artist oracle beside the score.",
    ),
    Kind(
        "IMP109",
        "class-imbalance",
        "Is the largest style less than ten times the smallest in training?",
        "Read balanced accuracy and macro-F1, not accuracy alone.",
    ),
    Kind(
        "IMP110",
        "empty-styles",
        "Has every style pictures in training and in test?",
        "Add pictures, merge the style into another, or leave it out.",
        spoils=True,
    ),
    Kind(
        "IMP111",
        "vocabulary-mismatch",
        "Do all sources name the same styles in the same order?",
        "Rename the folders, or give an alias in the class file.",
        spoils=True,
    ),
    Kind(
        "IMP112",
        "not-testable-styles",
        "Have enough artists worked in every style to divide them?",
        "Add artists, or read those styles' rows as not tested.",
    ),
    Kind(
        "IMP113",
        "repaired-names",
        "Are all file names properly encoded?",
        "Nothing to repair by hand: the names were read as they were meant.",
    ),
    Kind(
        "IMP114",
        "names-only",
        "Were the pictures found beside their names?",
        "Give the folder that holds the pictures; names alone can be audited but not trained on.",
    ),
    Kind(
        "IMP201",
        "no-learning",
        "Did the validation score end above the majority baseline?",
        "Train longer, lower the learning rate, and audit the collection.",
    ),
    Kind(
        "IMP202",
        "over-fitting",
        "Is the last validation loss close to the best one?",
        "Stop earlier, or regularise more.",
    ),
    Kind(
        "IMP301",
        "worse-than-baseline",
        "Is the balanced accuracy better than every baseline's?",
        "Do not use this classifier; train longer or find out what the baseline sees.",
    ),
    Kind(
        "IMP302",
        "artist-oracle-ahead",
        "Does the classifier know more than each artist's usual style?",
        "Measure on an artist-disjoint split before speaking of styles.",
    ),
    Kind(
        "IMP303",
        "miscalibrated",
        "Are the probabilities calibrated (ECE at most 0.05 after temperature)?",
        "Read the probabilities as ranks only, or enlarge the validation split.",
    ),
    Kind(
        "IMP304",
        "unlearned-styles",
        "Is every testable style recognised at all?",
        "Add pictures of these styles or balance the training.",
    ),
    Kind(
        "IMP305",
        "seen-in-training",
        "Has the run seen none of the test pictures?",
        "Train a new run on this collection.",
        spoils=True,
    ),
    Kind(
        "IMP306",
        "small-test-set",
        "Are there at least ten test pictures for every style?",
        "Read the intervals; enlarge the test split.",
    ),
    Kind(
        "IMP307",
        "unfinished-training",
        "Had the training come to its end?",
        "Repeat the train command, which goes on where it was, and evaluate again.",
    ),
    Kind(
        "IMP308",
        "confusion-without-history",
        "Are styles confused the more, the closer in time they lie?",
        "Do not read its confusions as nearness in time; few dated styles may also hide a link.",
    ),
    Kind(
        "IMP309",
        "second-label-unseen",
        "Is its second guess on works under two styles their second label more often than on others?",
        "Do not read its second guesses as second labels.",
    ),
    Kind(
        "IMP310",
        "no-better-than-pca",
        "Do pictures come back better than from as many principal components, clear of zero?",
        "Lower code_rate or train less, since codes are soon learned by heart; or use PCA, which is simpler.",
    ),
    *_PAINTING,
    Kind(
        "IMP401",
        "balance-helps",
        "Does the remedy for imbalance that validation chose beat plain training on test pictures, clear of zero?",
        "Train plainly, or compare over more seeds; more pictures of the rare styles help most.",
    ),
    Kind(
        "IMP402",
        "artist-gap",
        "Does the score hold on artists that the training never saw?",
        "State the artist-disjoint score beside the ordinary one; the network knows hands as well as styles.",
    ),
    Kind(
        "IMP501",
        "clusters-by-chance",
        "Do the clusters agree with the styles better than with shuffled ones?",
        "Do not speak of clusters of styles in this representation.",
    ),
    Kind(
        "IMP502",
        "clusters-beyond-colour",
        "Do the clusters agree with the styles better than clusters of colour histograms, clear of zero?",
        "Say that colour alone does as well; train longer, or on more pictures.",
    ),
    Kind(
        "IMP503",
        "map-trustworthiness",
        "Are neighbours on the main map neighbours in the representation?",
        "Read no neighbourhoods out of this map; look at another one, or at the nearest neighbours themselves.",
    ),
    Kind(
        "IMP504",
        "clusters-stable",
        "Does k-means find the same clusters from other seeds?",
        "Do not give its clusters names; their scores stand, their borders do not.",
    ),
    Kind(
        "IMP505",
        "clusters-of-hands",
        "Do the clusters follow styles at least as closely as artists?",
        "Say that the clusters are of hands; a style is then known by its painters.",
    ),
    *_LORA,
)

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in _KINDS}
