"""Verbs that make and check collections: sample, prepare, audit."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from impasto.config import resolve
from impasto.errors import InputError
from impasto.verbs.inputs import Announce, Thing, folder, open_collection, source_paths

if TYPE_CHECKING:
    from impasto.collection.collection import Collection
    from impasto.collection.settings import PrepareSettings
    from impasto.comparison.label_check import LabelCheckSettings
    from impasto.gallery.gallery import GallerySummary, SampleSettings
    from impasto.records.collection import AuditRecord
    from impasto.records.run import Run


def sample(
    output: Thing,
    settings: "SampleSettings | Mapping[str, Any] | None" = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    **options: Any,
) -> "GallerySummary":
    """Paint a gallery of pictures by code, in learnable styles.

    Args:
        output: the folder to write.
        settings: the defaults where ``None``.
        fresh: remove the gallery that is there, and paint another.
        progress: show a bar on standard error.
        options: single settings by name, which win over ``settings``; likewise below.
    """
    from impasto.gallery.gallery import SampleSettings, paint_gallery  # noqa: PLC0415

    wanted = resolve(SampleSettings, settings, options)
    return paint_gallery(folder(output), wanted, fresh=fresh, progress=progress)


def prepare(
    source: Thing | Sequence[Thing],
    output: Thing,
    settings: "PrepareSettings | Mapping[str, Any] | None" = None,
    *,
    progress: bool = False,
    **options: Any,
) -> "Collection":
    """Decode, label and split pictures into a collection.

    Args:
        source: folders of pictures, a table, WikiArt lists or a data set.
        output: the collection's folder.
        settings: the defaults where ``None``.
        progress: show a bar on standard error.
        options: single settings by name.
    """
    from impasto.collection.prepare import prepare as prepared  # noqa: PLC0415
    from impasto.collection.settings import PrepareSettings  # noqa: PLC0415

    wanted = resolve(PrepareSettings, settings, options)
    return prepared(source_paths(source), folder(output), wanted, progress=progress)


def audit(
    collection: "Collection | Thing",
    *,
    labels: "Run | Thing | Literal['features'] | None" = None,
    settings: "LabelCheckSettings | Mapping[str, Any] | None" = None,
    announce: Announce | None = None,
    **options: Any,
) -> "AuditRecord":
    """Look for leakage, imbalance and damage in a collection; and for wrong labels.

    Args:
        collection: to be audited.
        labels: check its labels, too: by a classifier's run, whose fold networks are asked where
            ``evaluate`` made some by artist, or by ``"features"`` alone; ``result.labels`` then
            holds the suspects.
        settings: of the check of labels; the defaults where ``None``.
        announce: called with a line about the evidence.
        options: single settings by name.

    Raises:
        InputError: settings are given without ``labels``.
    """
    from impasto.collection.audit import audit as audited  # noqa: PLC0415

    opened = open_collection(collection)
    if labels is None:
        if settings or options:
            raise InputError("settings of the check of labels are given without labels=RUN")
        return audited(opened)
    from impasto.comparison.label_check import LabelCheckSettings, check_labels  # noqa: PLC0415

    wanted = resolve(LabelCheckSettings, settings, options)
    run = None if labels == "features" else folder(labels)
    check_labels(opened, run, wanted, announce=announce)
    return audited(opened)
