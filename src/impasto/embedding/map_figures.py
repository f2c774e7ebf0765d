"""Figures of the maps: by style, by cluster, by artist, by year, and all maps at once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.files import replacing
from impasto.images.figure_layout import boxes_for_lacking_glyphs, fix_layout
from impasto.images.palette import INK, LIGHT, MUTED, PAPER, RULE, coloured, mark
from impasto.plain_text import style_title
from impasto.records.atlas import AtlasFigure, AtlasMap

Points = NDArray[np.float32]
MARKERS: Final = {"circle": "o", "triangle": "^", "square": "s", "diamond": "D"}
SIZE: Final = (9.0, 7.4)  # inches of a figure
DPI: Final = 144
ARTISTS: Final = 14  # the most frequent ones, each with colour and shape
_RC: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.parse_math": False,
    "text.color": INK,
}


def draw_maps(
    folder: Path,
    collection: Collection,
    maps: Sequence[AtlasMap],
    points: Mapping[str, Points],
    clusters: NDArray[np.int32],
    *,
    command: str,
) -> list[AtlasFigure]:
    """Write the figures and return their captions.

    Args:
        folder: to write to.
        collection: whose paintings the maps show.
        maps: the main one first.
        points: ``(N, 2)`` of each map, by name.
        clusters: of k-means, ``(N,)``.
        command: that made the atlas.
    """
    figures: list[AtlasFigure] = []

    def add(name: str, title: str, caption: str, draw: Callable[[Figure], object]) -> None:
        _save(folder / f"{name}.png", draw)
        figures.append(
            AtlasFigure(file=f"{name}.png", title=title, caption=caption, command=command)
        )

    main = points[maps[0].name]
    trust = f"{maps[0].title}, trustworthiness {maps[0].trustworthiness:.2f}"
    styles = [style_title(style) for style in collection.vocabulary.styles]
    add(
        "map-styles",
        "By style",
        f"Every painting on the main map ({trust}), coloured and shaped by its style, "
        "beyond the nine most frequent in grey; each name stands at the median of its style’s "
        "paintings.",
        lambda figure: _draw_groups(_bare(figure.add_subplot()), main, collection.labels, styles),
    )
    numbers = [str(number) for number in range(clusters.max() + 1)]
    add(
        "map-clusters",
        "By cluster",
        f"The same map by k-means cluster, as many as there are styles ({trust}).",
        lambda figure: _draw_groups(_bare(figure.add_subplot()), main, clusters, numbers),
    )
    artists, names = _frequent_artists(collection)
    if names:
        add(
            "map-artists",
            "By artist",
            f"The same map with the works of the {len(names)} artists with the most; all others "
            f"are grey ({trust}).",
            lambda figure: _draw_groups(_bare(figure.add_subplot()), main, artists, names),
        )
    years = np.asarray([year or np.nan for year in collection.column("year")], float)
    if np.isfinite(years).sum() >= 2:
        add(
            "map-years",
            "By year",
            f"The same map by year, as far as it is known; all others are grey ({trust}).",
            lambda figure: _draw_years(_bare(figure.add_subplot()), main, years),
        )
    add(
        "maps",
        "All maps",
        "Every map by style, with the shapes and colours of the first figure; below each what its "
        "axes mean.",
        lambda figure: _draw_all(figure, maps, points, collection.labels),
    )
    return figures


def _bare(axes: Axes) -> Axes:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(RULE)
    axes.set_facecolor(PAPER)
    return axes


def _mark_size(count: int) -> float:
    """Size of a mark in square points."""
    return float(np.clip(70_000 / count, 3, 28))


def _marks(groups: NDArray[np.integer]) -> dict[int, tuple[str, str]]:
    """Colour and shape of each group: the most frequent have colours, the rest are grey."""
    counts = np.bincount(groups[groups >= 0])
    return {
        group: (LIGHT["quiet"], "circle") if place is None else mark(place)
        for group, place in enumerate(coloured(counts.tolist()))
    }


def _scatter(axes: Axes, points: Points, groups: NDArray[np.integer]) -> None:
    """Draw every painting as the mark of its group, -1 as a grey speck."""
    size, rest = _mark_size(len(points)), points[groups < 0]
    axes.scatter(rest[:, 0], rest[:, 1], s=size / 2, color=MUTED, alpha=0.25, linewidths=0)
    marks = _marks(groups)
    for group in np.unique(groups[groups >= 0]):
        colour, shape = marks[int(group)]
        x, y = points[groups == group].T
        axes.scatter(x, y, s=size, c=colour, marker=MARKERS[shape], alpha=0.6, linewidths=0)


def _draw_groups(
    axes: Axes, points: Points, groups: NDArray[np.integer], names: Sequence[str]
) -> None:
    """Draw the paintings by group, with a name at each group's median, and a legend below."""
    _scatter(axes, points, groups)
    present = [int(group) for group in np.unique(groups) if group >= 0]
    medians = np.stack([np.median(points[groups == group], axis=0) for group in present])
    outline = [withStroke(linewidth=2.6, foreground=PAPER)]
    for group, (x, y) in zip(present, _apart(medians, points), strict=True):
        text = axes.text(x, y, names[group], fontsize=9, weight="bold", zorder=9)
        text.set(ha="center", va="center", path_effects=outline)
    handles, marks = [], _marks(groups)
    for group in present:
        colour, shape = marks[group]
        handles.append(
            axes.scatter([], [], s=34, c=colour, marker=MARKERS[shape], label=names[group])
        )
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        ncols=min(6 if len(max(names, key=len)) < 16 else 4, len(handles)),
        frameon=False,
        fontsize=8,
    )


def _apart(places: NDArray[np.floating], points: Points) -> NDArray[np.float64]:
    """Move the places of names up and down until no two lines of text overlap."""
    wide, high = np.ptp(points, axis=0) * (0.16, 0.032)
    moved = places.astype(np.float64)
    order = np.arange(len(moved))
    by_order = np.sign(order[:, None] - order[None])  # parts names at the same height
    for _ in range(200):
        gap = moved[:, None] - moved[None]
        near = (np.abs(gap[..., 0]) < wide) & (np.abs(gap[..., 1]) < high)
        np.fill_diagonal(near, False)
        if not near.any():
            break
        up = np.where(gap[..., 1] != 0, np.sign(gap[..., 1]), by_order)
        moved[:, 1] += (near * up).sum(1) * high * 0.12
    return moved


def _frequent_artists(collection: Collection) -> tuple[NDArray[np.int64], list[str]]:
    """The artist of each painting among the most frequent, -1 for all others, and their names."""
    artists = [artist or "" for artist in collection.column("artist")]
    names, counts = np.unique([name for name in artists if name] or [""], return_counts=True)
    most = [str(names[place]) for place in np.argsort(-counts, kind="stable")[:ARTISTS]]
    places = {name: place for place, name in enumerate(most) if name}
    rows = np.asarray([places.get(artist, -1) for artist in artists])
    return rows, [name.replace("-", " ").title() for name in places]


def _draw_years(axes: Axes, points: Points, years: NDArray[np.float64]) -> None:
    known = np.isfinite(years)
    size, rest, dated = _mark_size(len(points)), points[~known], points[known]
    axes.scatter(rest[:, 0], rest[:, 1], s=size / 2, color=MUTED, alpha=0.2, linewidths=0)
    low, high = np.quantile(years[known], [0.02, 0.98])
    drawn = axes.scatter(
        dated[:, 0], dated[:, 1], s=size, c=years[known], cmap="cividis", vmin=low, vmax=high,
        linewidths=0,
    )  # fmt: skip
    bar = axes.figure.colorbar(drawn, ax=axes, shrink=0.6, extend="both", label="year")
    bar.outline.set_visible(False)


def _draw_all(
    figure: Figure,
    maps: Sequence[AtlasMap],
    points: Mapping[str, Points],
    labels: NDArray[np.int64],
) -> None:
    panels = figure.subplots(-(-len(maps) // 2), min(2, len(maps)), squeeze=False).ravel()
    for axes, drawn in zip(panels, maps, strict=False):
        _scatter(_bare(axes), points[drawn.name], labels)
        title = f"{drawn.title}, trustworthiness {drawn.trustworthiness:.2f}"
        axes.set_title(title, fontsize=9, loc="left")
        axes.set_xlabel(drawn.axes[0], fontsize=7, color=MUTED)
        axes.set_ylabel(drawn.axes[1], fontsize=7, color=MUTED)
    for axes in panels[len(maps) :]:
        axes.set_axis_off()


def _save(path: Path, draw: Callable[[Figure], object]) -> None:
    with mpl.rc_context(_RC), replacing(path) as temporary:
        figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained", facecolor=PAPER)
        draw(figure)
        fix_layout(figure)
        with boxes_for_lacking_glyphs():
            figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
