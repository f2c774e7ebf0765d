"""Words of the report, each in a sentence."""

from typing import Final

from impasto.reporting.blocks import Row, Section, Strong, Table, columns

TERMS: Final = {
    "95 % interval": "Made from the test pictures, or their artists, so that of 100 such intervals "
    "from other ones of the same kind about 95 would hold the value of all of that kind.",
    "Accuracy": "Share of test pictures whose style is named rightly.",
    "AMI": "Adjusted mutual information of clusters and styles: 0 by chance, 1 for perfect "
    "agreement.",
    "ARI": "Adjusted Rand index: share of pairs of paintings on which clusters and styles agree, "
    "corrected for chance.",
    "Artist oracle": "Answers each artist’s usual style in training, without seeing the picture.",
    "Balanced accuracy": "Mean recall of the styles; every style counts the same.",
    "Brier score": "Mean squared error of the probabilities; lower is better.",
    "Conformal set": "A set of styles that holds the true one in a promised share of cases.",
    "Embedding": "Numbers that a network gives a painting, by which paintings are compared.",
    "Expected calibration error": "Mean distance of confidence from the share of right answers.",
    "F1": "Harmonic mean of precision and recall.",
    "Grad-CAM": "Heat map of the places that spoke for a style.",
    "Hit rate": "Share of painted pictures that a classifier takes for the target style.",
    "Kernel distance": "Distance of the features of pictures to those of real works (as in "
    "the kernel inception distance); about 0 where nothing tells them apart.",
    "LoRA": "Low-rank adaptation: small matrices beside the weights of a pre-trained model, which "
    "alone are trained.",
    "Macro-F1": "Mean F1 of the styles.",
    "NMI": "Normalised mutual information of clusters and styles, not corrected for chance.",
    "Precision": "Of the pictures named so, the share that are.",
    "PSNR": "Peak signal-to-noise ratio of a reconstruction, in decibels; higher is closer.",
    "Purity": "Share of paintings that are of the commonest style of their cluster.",
    "Recall": "Of a style’s pictures, the share that are recognised.",
    "Silhouette": "How much nearer paintings lie to their own cluster than to the next, −1 to 1.",
    "SSIM": "Structural similarity of two pictures; 1 for the same.",
    "Temperature": "The number by which logits are divided so that probabilities are calibrated.",
    "Trustworthiness": "How far neighbours on a map are neighbours in the embedding; 1 is all.",
}


def section() -> Section:
    """Return the glossary."""
    rows = tuple(Row((Strong(name), text)) for name, text in TERMS.items())
    table = Table(
        "Glossary", "Words of this report", columns("Term", "Meaning"), rows, look="settings"
    )
    return Section("glossary", "Glossary", (table,))
