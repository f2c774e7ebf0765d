"""Pictures of the maps.

By style in colour, shape and words, by cluster, by artist, by year; and all maps at once.
"""

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
from impasto.images.palette import INK, MUTED, PAPER, RULE, mark

Points = NDArray[np.float32]
MARKERS: Final = {"circle": "o", "triangle": "^", "square": "s", "diamond": "D"}
SIZE: Final = (9.0, 7.4)  # inches of a figure
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
    maps: Sequence[Mapping[str, Any]],
    clusters: NDArray[np.int32],
) -> list[dict[str, str]]:
    """Write the figures; what each shows: ``file``, ``title``, ``caption``.

    Args:
        folder: to write to.
        collection: whose paintings the maps show.
        maps: each with ``title``, ``axes``, ``trustworthiness`` and ``points`` ``(N, 2)``; the main
            one first.
        clusters: of the main clustering, ``(N,)``.
    """
    main, labels = maps[0], collection.labels
    names = [style.replace("_", " ") for style in collection.vocabulary.styles]
    trust = f"{main['title']}, trustworthiness {main['trustworthiness']:.2f}"
    shown: dict[str, tuple[str, Callable[[Axes], None]]] = {
        "styles": (
            f"Every painting on the main map ({trust}), coloured and shaped by its style; each name stands at the "
            "median of its style’s paintings.",
            lambda axes: _marked(axes, main["points"], labels, names),
        ),
        "clusters": (
            f"The same map by k-means cluster, as many as there are styles ({trust}).",
            lambda axes: _marked(
                axes, main["points"], clusters, [str(n) for n in range(clusters.max() + 1)]
            ),
        ),
    }
    artists, who = _frequent(collection)
    if who:
        caption = f"The same map with the works of the {len(who)} artists with the most; all others are grey ({trust})."
        shown["artists"] = (caption, lambda axes: _marked(axes, main["points"], artists, who))
    years = np.asarray([year or np.nan for year in collection.column("year")], float)
    if np.isfinite(years).sum() >= 2:
        caption = f"The same map by year, as far as it is known; all others are grey ({trust})."
        shown["years"] = (caption, lambda axes: _dated(axes, main["points"], years))
    for name, (_, draw) in shown.items():
        _save(
            folder / f"map-{name}.png",
            lambda figure, draw=draw: draw(_bare(figure.add_subplot())),  # type: ignore[misc]
        )
    told = [
        {"file": f"map-{name}.png", "title": f"By {name}"[:-1], "caption": text}
        for name, (text, _) in shown.items()
    ]
    _save(folder / "maps.png", lambda figure: _all_maps(figure, maps, labels))
    caption = "Every map by style, with the shapes and colours of the first figure; below each what its axes mean."
    return [*told, {"file": "maps.png", "title": "All maps", "caption": caption}]


def _bare(axes: Axes) -> Axes:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(RULE)
    axes.set_facecolor(PAPER)
    return axes


def _scatter(axes: Axes, points: Points, groups: NDArray[np.integer]) -> float:
    """Every painting as the mark of its group, -1 as a grey speck; the size of a mark in square points."""
    size = float(np.clip(70_000 / len(points), 3, 28))
    rest = groups < 0
    axes.scatter(
        points[rest, 0], points[rest, 1], s=size / 2, color=MUTED, alpha=0.25, linewidths=0
    )
    for group in np.unique(groups[~rest]):
        colour, shape = mark(int(group))
        x, y = points[groups == group].T
        axes.scatter(x, y, s=size, c=colour, marker=MARKERS[shape], alpha=0.6, linewidths=0)
    return size


def _marked(axes: Axes, points: Points, groups: NDArray[np.integer], names: Sequence[str]) -> None:
    """The paintings by group, with a name at each group's median and, below, which mark is whose."""
    _scatter(axes, points, groups)
    present = [int(group) for group in np.unique(groups) if group >= 0]
    places = _apart(
        np.stack([np.median(points[groups == group], axis=0) for group in present]), points
    )
    for group, place in zip(present, places, strict=True):
        text = axes.text(
            place[0],
            place[1],
            names[group],
            ha="center",
            va="center",
            fontsize=9,
            weight="bold",
            zorder=9,
        )
        text.set_path_effects([withStroke(linewidth=2.6, foreground=PAPER)])
    handles = [
        axes.scatter(
            [], [], s=34, c=mark(group)[0], marker=MARKERS[mark(group)[1]], label=names[group]
        )
        for group in present
    ]
    columns = min(6 if len(max(names, key=len)) < 16 else 4, len(handles))
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        ncols=columns,
        frameon=False,
        fontsize=8,
    )


def _apart(places: NDArray[np.floating], points: Points) -> NDArray[np.float64]:
    """Places of names, moved up and down until no two lines of text overlap."""
    wide, high = np.ptp(points, axis=0) * (0.16, 0.032)
    moved = places.astype(np.float64)
    for _ in range(200):
        gap = moved[:, None] - moved[None]
        near = (
            (np.abs(gap[..., 0]) < wide)
            & (np.abs(gap[..., 1]) < high)
            & ~np.eye(len(moved), dtype=bool)
        )
        if not near.any():
            break
        up = np.where(
            gap[..., 1] != 0,
            np.sign(gap[..., 1]),
            np.sign(np.subtract.outer(*[np.arange(len(moved))] * 2)),
        )
        moved[:, 1] += (near * up).sum(1) * high * 0.12
    return moved


def _frequent(collection: Collection) -> tuple[NDArray[np.int64], list[str]]:
    """Each painting's artist as a place among the most frequent, -1 for all others, and their names."""
    artists = np.asarray([artist or "" for artist in collection.column("artist")], object)
    names, counts = np.unique(artists[artists != ""].astype(str), return_counts=True)
    who = names[np.argsort(-counts, kind="stable")[:ARTISTS]].tolist()
    places = {name: place for place, name in enumerate(who)}
    return np.asarray([places.get(artist, -1) for artist in artists]), [
        name.replace("-", " ").title() for name in who
    ]


def _dated(axes: Axes, points: Points, years: NDArray[np.float64]) -> None:
    known = np.isfinite(years)
    size = float(np.clip(70_000 / len(points), 3, 28))
    axes.scatter(
        points[~known, 0], points[~known, 1], s=size / 2, color=MUTED, alpha=0.2, linewidths=0
    )
    low, high = np.quantile(years[known], [0.02, 0.98])
    drawn = axes.scatter(
        points[known, 0],
        points[known, 1],
        s=size,
        c=years[known],
        cmap="cividis",
        vmin=low,
        vmax=high,
        linewidths=0,
    )
    bar = axes.figure.colorbar(drawn, ax=axes, shrink=0.6, extend="both", label="year")
    bar.outline.set_visible(False)


def _all_maps(figure: Figure, maps: Sequence[Mapping[str, Any]], labels: NDArray[np.int64]) -> None:
    panels = figure.subplots(-(-len(maps) // 2), min(2, len(maps)), squeeze=False).ravel()
    for axes, drawn in zip(panels, maps, strict=False):
        _scatter(_bare(axes), drawn["points"], labels)
        axes.set_title(
            f"{drawn['title']}, trustworthiness {drawn['trustworthiness']:.2f}",
            fontsize=9,
            loc="left",
        )
        axes.set_xlabel(drawn["axes"][0], fontsize=7, color=MUTED)
        axes.set_ylabel(drawn["axes"][1], fontsize=7, color=MUTED)
    for axes in panels[len(maps) :]:
        axes.set_axis_off()


def _save(path: Path, draw: Callable[[Figure], object]) -> None:
    with mpl.rc_context(_RC), replacing(path) as temporary:
        figure = Figure(figsize=SIZE, layout="constrained", facecolor=PAPER)
        draw(figure)
        figure.savefig(temporary, format="png", dpi=144, metadata={"Software": None})
