"""Codes of findings: a name for the fault, a title for each outcome, and what to do.

``docs/reference.md`` is generated from this table. A code never changes its meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes:
        code: ``IMP`` and three digits.
        name: the fault in kebab case.
        title_issue: the finding as a sentence where the fault was found.
        title_passed: the finding as a sentence where it was not.
        remedy: what to do about an issue.
        invalidates: whether an issue makes a test score untrustworthy.
        tolerance: share of the test pictures up to which an issue does not yet invalidate.
    """

    code: str
    name: str
    title_issue: str
    title_passed: str
    remedy: str
    invalidates: bool = False
    tolerance: float = 0.0


_KINDS = (
    Kind(
        "IMP101",
        "set-aside-files",
        "Some files could not be read or labelled",
        "Every file with a picture's ending could be read and labelled",
        "Look at the files by name; repair them or leave them out.",
    ),
    Kind(
        "IMP102",
        "tiny-pictures",
        "Some pictures are smaller than they are stored",
        "Every picture is at least as large as it is stored",
        "Leave them out, or prepare with fewer --pixels.",
    ),
    Kind(
        "IMP103",
        "constant-pictures",
        "Some pictures show a single colour",
        "Every picture shows more than one colour",
        "Look at them by name; most are placeholders and should go.",
    ),
    Kind(
        "IMP104",
        "exact-duplicates",
        "Some pictures occur more than once on one side of the test split",
        "Every picture occurs once on its side of the test split",
        "Keep one copy of each.",
    ),
    Kind(
        "IMP105",
        "near-duplicates",
        "Some pictures are near copies of others in their split",
        "No picture is a near copy of another in its split",
        "Keep one of each pair, or accept that it counts twice.",
    ),
    Kind(
        "IMP106",
        "duplicates-across-splits",
        "Some test pictures are also training pictures, or nearly",
        "No test picture is also a training picture, or nearly",
        "Prepare again with --split stratified or --split artist, which keep copies on one side.",
        invalidates=True,
        tolerance=0.02,  # a score then moves by less than its interval is wide
    ),
    Kind(
        "IMP107",
        "two-styles",
        "Some pictures carry two styles",
        "Every picture carries one style",
        "Nothing to repair: such pictures are honest ambiguity, and bound the accuracy that "
        "can be reached.",
    ),
    Kind(
        "IMP108",
        "artists-on-both-sides",
        "Test artists are also training artists",
        "No test artist is also a training artist",
        "Prepare with --split artist to measure styles instead of artists; read the artist "
        "oracle beside the score.",
    ),
    Kind(
        "IMP109",
        "class-imbalance",
        "The largest style is at least ten times the smallest in training",
        "The largest style is less than ten times the smallest in training",
        "Read balanced accuracy and macro-F1, not accuracy alone.",
    ),
    Kind(
        "IMP110",
        "empty-styles",
        "Some styles have no pictures in training or in test",
        "Every style has pictures in training and in test",
        "Add pictures, merge the style into another, or leave it out.",
        invalidates=True,
    ),
    Kind(
        "IMP111",
        "vocabulary-mismatch",
        "The sources do not name the same styles in the same order",
        "All sources name the same styles in the same order",
        "Rename the folders, or give an alias in the class file.",
        invalidates=True,
    ),
    Kind(
        "IMP112",
        "not-testable-styles",
        "Some styles have too few artists to divide them",
        "Every style has enough artists to divide them",
        "Add artists, or read those styles' rows as not tested.",
    ),
    Kind(
        "IMP113",
        "repaired-names",
        "Some file names were wrongly encoded, and repaired",
        "All file names are properly encoded",
        "Nothing to repair by hand: the names were read as they were meant.",
    ),
    Kind(
        "IMP114",
        "names-only",
        "Names were found without their pictures",
        "The pictures were found beside their names",
        "Give the folder that holds the pictures; names alone can be audited but not trained on.",
    ),
    Kind(
        "IMP115",
        "left-out-files",
        "Pictures or labels were left out",
        "No picture or label was left out",
        "Look at them by name: give them a style's folder or a row, or another format.",
    ),
    Kind(
        "IMP116",
        "read-as",
        "The source was read with some freedom",
        "The source was read as it stands",
        "Nothing to repair if that is what was meant; else rename what is named here.",
    ),
    Kind(
        "IMP117",
        "guessed-levels",
        "The brightness of some pictures was guessed",
        "The brightness of every picture is known",
        "Look at them; save those that are too dark or too bright with 8 bits.",
    ),
    Kind(
        "IMP118",
        "decided-by-hand",
        "Pictures were excluded or relabelled by hand",
        "No picture was excluded or relabelled by hand",
        "Nothing to repair: the table of decisions is part of the collection.",
    ),
    Kind(
        "IMP119",
        "suspect-labels",
        "Some pictures look more like another style than their own",
        "No picture looks clearly more like another style than its own",
        "Look at the suspects in the report or on the page, decide, and prepare again with "
        "--decisions.",
    ),
    Kind(
        "IMP120",
        "grey-pictures",
        "Some pictures are grey",
        "Every picture has colour",
        "Look at them: drawings and prints may stay, grey photographs of paintings should go.",
    ),
    Kind(
        "IMP121",
        "framed-pictures",
        "Some pictures seem to have a frame, a mount or a sheet's edge around them",
        "No picture seems to have a frame around it",
        "Look at them; crop those whose frame tells the style, or leave them out.",
    ),
    Kind(
        "IMP122",
        "colour-cards",
        "Some pictures seem to show a colour card beside the work",
        "No picture seems to show a colour card",
        "Look at them, and crop the card away.",
    ),
    Kind(
        "IMP123",
        "text-pages",
        "Some pictures look like pages of text",
        "No picture looks like a page of text",
        "Look at them, and leave out those that are no paintings.",
    ),
    Kind(
        "IMP124",
        "low-information",
        "Some pictures show hardly anything",
        "Every picture shows something",
        "Look at them; placeholders and blurs should go, works of one field may stay.",
    ),
    Kind(
        "IMP201",
        "no-learning",
        "The validation score did not end above the majority baseline",
        "The validation score ended above the majority baseline",
        "Train longer, lower the learning rate, and audit the collection.",
    ),
    Kind(
        "IMP202",
        "overfitting",
        "The last validation loss is far above the best one",
        "The last validation loss is close to the best one",
        "Stop earlier, or regularise more.",
    ),
    Kind(
        "IMP301",
        "worse-than-baseline",
        "The balanced accuracy is not shown to be better than every baseline's",
        "The balanced accuracy is better than every baseline's",
        "Do not use this classifier; train longer or find out what the baseline sees.",
    ),
    Kind(
        "IMP302",
        "artist-oracle-ahead",
        "The classifier is not shown to be more accurate than naming each artist's usual style",
        "The classifier is more accurate than naming each artist's usual style",
        "Measure on an artist-disjoint split before speaking of styles.",
    ),
    Kind(
        "IMP303",
        "miscalibrated",
        "The calibration error is larger than that of calibrated probabilities",
        "The calibration error is within what calibrated probabilities give, or near it",
        "Read the probabilities as ranks only, or enlarge the validation split.",
    ),
    Kind(
        "IMP304",
        "unlearned-styles",
        "Some testable styles are never recognised",
        "Every testable style is recognised at least once",
        "Add pictures of these styles or balance the training.",
    ),
    Kind(
        "IMP305",
        "test-pictures-in-training",
        "The run was trained or chosen on some of the test pictures",
        "The run was trained and chosen on none of the test pictures",
        "Train a new run on this collection.",
        invalidates=True,
    ),
    Kind(
        "IMP306",
        "small-test-set",
        "Some styles have fewer than ten test pictures",
        "Every style has at least ten test pictures",
        "Read the intervals; enlarge the test split.",
    ),
    Kind(
        "IMP307",
        "unfinished-training",
        "The training was evaluated before its end",
        "The training had come to its end",
        "Repeat the train command, which goes on where it was, and evaluate again.",
    ),
    Kind(
        "IMP308",
        "confusion-without-history",
        "Styles are not shown to be confused the more, the closer in time they lie",
        "Styles are confused the more, the closer in time they lie",
        "Do not read its confusions as nearness in time; few dated styles may also hide a link.",
    ),
    Kind(
        "IMP309",
        "second-label-not-guessed",
        "The second guess on works under two styles is no more often their second label than "
        "on others",
        "The second guess on works under two styles is more often their second label than on "
        "others",
        "Do not read its second guesses as second labels.",
    ),
    Kind(
        "IMP310",
        "no-better-than-pca",
        "Pictures are not clearly better reconstructed than by PCA and before training",
        "Pictures are clearly better reconstructed than by PCA and before training",
        "Lower `decoder_lr_scale` or train less, since an autoencoder soon overfits; or use "
        "PCA, which is simpler.",
    ),
    Kind(
        "IMP311",
        "style-not-painted",
        "Some styles are recognised no more often in their paintings than in unchanged pictures",
        "Every style is recognised more often in its paintings than in unchanged pictures",
        "Train longer, raise the weight of the patches or the features, or lower the content "
        "weight.",
    ),
    Kind(
        "IMP312",
        "colour-does-as-well",
        "The paintings are no better than exchanging the colours alone",
        "The paintings are better than exchanging the colours alone",
        "Use the colour exchange, which is simpler, or train longer.",
    ),
    Kind(
        "IMP313",
        "content-lost",
        "The original of fewer than 80 % of painted pictures is found again",
        "The original of at least 80 % of painted pictures is found again",
        "Raise the content weight, or paint with less strength.",
    ),
    Kind(
        "IMP314",
        "own-style-changed",
        "Pictures painted in their own style do not keep an SSIM of 0.6",
        "Pictures painted in their own style keep an SSIM of 0.6",
        "Raise the identity weight, or the share of pictures in their own style.",
    ),
    Kind(
        "IMP315",
        "evaluator-not-independent",
        "The evaluator is not independent of the painter",
        "The evaluator is another network, trained on none of the painter's pictures",
        "Let impasto evaluate train its own evaluator.",
    ),
    Kind(
        "IMP316",
        "strength-not-monotone",
        "More strength makes the style less probable at some point",
        "More strength never makes the style less probable",
        "Use the strengths up to the best one.",
    ),
    Kind(
        "IMP317",
        "unstable-hit-rate",
        "A shift, a blur or recompression changes the paintings' hit rate more than that of real "
        "works",
        "A shift, a blur and recompression change the paintings' hit rate as they do that of real "
        "works",
        "Believe the lower hit rate: a part of the higher one rests on what no eye sees. Lower "
        "the weight of the style classifier, or finish with patches.",
    ),
    Kind(
        "IMP318",
        "lattice-in-paintings",
        "Paintings have lattices that real works do not have",
        "Paintings have no lattices beyond those of real works",
        "Look at flat areas at full size; finish with patches, or train a painter without "
        "upsampling by pixel shuffle.",
    ),
    Kind(
        "IMP319",
        "copied-regions",
        "More than 5 % of the pictures hold one borrowed region of more than a quarter of them",
        "At most 5 % of the pictures hold one borrowed region of more than a quarter of them",
        "Paint with less boldness, or from more references, and name the references beside the "
        "picture.",
    ),
    Kind(
        "IMP320",
        "evaluator-no-better-than-hand-made-features",
        "The evaluator is not shown to recognise real works better than hand-made features do",
        "The evaluator recognises real works better than hand-made features do",
        "Train the evaluator longer or at a higher resolution; until then read the hit rates of "
        "the hand-made features.",
    ),
    Kind(
        "IMP330",
        "unanswered-pictures",
        "Some test pictures have no answer that names a style",
        "Every test picture has an answer that names a style",
        "Predict all pictures of the split again, by the paths that the collection has.",
    ),
    Kind(
        "IMP331",
        "class-order",
        "The answers fit much better with the classes in another order",
        "The answers fit best with the classes in the order that was given",
        "Give the order that the model was trained with, as --classes class_to_idx.json.",
        invalidates=True,
    ),
    Kind(
        "IMP332",
        "rows-left-out",
        "Some rows of the predictions were left out",
        "No row of the predictions was left out",
        "Correct the rows by name.",
    ),
    Kind(
        "IMP333",
        "other-true-styles",
        "The predictions hold other styles for true than the collection does",
        "The predictions hold the same styles for true as the collection, as far as they name them",
        "Find out whose labels are right; scores go by the collection's.",
    ),
    Kind(
        "IMP340",
        "equal-mistakes",
        "Some submissions share nearly all of their mistakes",
        "No two submissions share nearly all of their mistakes",
        "Ask how both were made. The same file, the same weights and the same recipe without "
        "chance in it look alike: it is no proof of copying.",
    ),
    Kind(
        "IMP341",
        "refused-submissions",
        "Some submissions could not be scored",
        "Every submission could be scored",
        "Hand the reason back; a repaired file is scored by the same command.",
    ),
    Kind(
        "IMP401",
        "method-without-gain",
        "The long-tail method that validation chose is no better than plain training",
        "The long-tail method that validation chose is better than plain training",
        "Train plainly, or compare over more seeds; more pictures of the rare styles help most.",
    ),
    Kind(
        "IMP402",
        "artist-gap",
        "The score is lower on artists that were held out of training",
        "The score holds on artists that were held out of training",
        "State the artist-disjoint score beside the ordinary one; the network has learnt "
        "artists as well as styles.",
    ),
    Kind(
        "IMP501",
        "clusters-by-chance",
        "The clusters agree with the styles no better than with shuffled ones",
        "The clusters agree with the styles better than with shuffled ones",
        "Do not speak of clusters of styles in this embedding.",
    ),
    Kind(
        "IMP502",
        "clusters-not-beyond-colour",
        "The clusters are no better than those of colour histograms",
        "The clusters agree with the styles better than those of colour histograms",
        "Say that colour alone does as well; train longer, or on more pictures.",
    ),
    Kind(
        "IMP503",
        "untrustworthy-map",
        "Neighbours on the main map are often no neighbours in the embedding",
        "Neighbours on the main map are neighbours in the embedding",
        "Read no neighbourhoods out of this map; look at another one, or at the nearest "
        "neighbours themselves.",
    ),
    Kind(
        "IMP504",
        "unstable-clusters",
        "k-means finds other clusters from other seeds",
        "k-means finds the same clusters from other seeds",
        "Do not give its clusters names; their scores stand, their borders do not.",
    ),
    Kind(
        "IMP505",
        "clusters-follow-artists",
        "The clusters follow artists more closely than styles",
        "The clusters are not shown to follow artists more closely than styles",
        "Say that the clusters are of artists; a style is then known by its painters.",
    ),
    Kind(
        "IMP506",
        "styles-not-retrieved-between-artists",
        "The same style by other artists is retrieved no better than a shuffled one",
        "The same style by other artists is retrieved better than a shuffled one",
        "Say that near paintings share the artist, not the style.",
    ),
    Kind(
        "IMP601",
        "adapter-without-effect",
        "The adapter's held-out loss is not clearly lower than the base's alone",
        "The adapter's held-out loss is lower than the base's alone",
        "Train longer, or raise the learning rate or the rank.",
    ),
    Kind(
        "IMP602",
        "enlarged-pictures",
        "Some pictures have fewer pixels than they are trained at, or are cropped by much",
        "Every picture has as many pixels as it is trained at, and is cropped by little",
        "Lower the resolution, keep the original files where they were when the collection was "
        "prepared, and cut scrolls and panoramas yourself.",
    ),
    Kind(
        "IMP603",
        "styles-not-learned",
        "Some styles are recognised no more often with the adapter than without it",
        "Every style is recognised more often with the adapter than without it",
        "Train longer on these styles, raise the rank or the number of adapted layers, and "
        "look at their pictures.",
    ),
    Kind(
        "IMP604",
        "copied-pictures",
        "Some painted pictures are close copies of training pictures",
        "The painted pictures are no more similar to training pictures than real test pictures are",
        "Look at the pairs; train for fewer epochs or with more pictures, and publish none of "
        "these.",
    ),
    Kind(
        "IMP605",
        "prompt-lost",
        "The same prompt and seed give different compositions in different styles",
        "The same prompt and seed give similar compositions in different styles",
        "Train for fewer epochs, caption what the pictures show, or lower the adapter's scale.",
    ),
    Kind(
        "IMP606",
        "captions-cut",
        "Some captions are longer than the text encoders read",
        "The text encoders read all captions to their end",
        "Shorten the captions, or put the style and what matters first.",
    ),
)

CATALOGUE: Final[Mapping[str, Kind]] = {kind.code: kind for kind in _KINDS}
