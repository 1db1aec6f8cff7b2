"""Pictures of explanation by example: a map of all tracks, and the features of those that stand for them.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. Prototypes have numbers and criticisms letters, the
same ones in both panels.

Public names: ``plot_examples``.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .neighbours import NeighbourError, compute_standard_scores
from .style import DIVERGING, FAINT, NOTE, SONGS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PROTOTYPES = {"marker": "o", "s": 55, "facecolors": THEIRS, "edgecolors": "white", "linewidths": 1}
_CRITICISMS = {"marker": "D", "s": 34, "facecolors": "white", "edgecolors": THEIRS, "linewidths": 1.4}
# Where words may stand: to the right of their point first, then around it, then farther off.
_DIRECTIONS = [(1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)]
_STEPS = (7, 14, 24, 36)  # points between a point and its words


def plot_examples(
    midlevel: "pd.DataFrame",
    *,
    prototypes: Sequence[str],
    criticisms: Sequence[str],
    songs: "Mapping[str, ArrayLike] | None" = None,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw a map of all tracks with prototypes, criticisms and songs on it, and the features of the first two.

    The map shows the first two principal components of the standard scores, so that only a part of a distance is to
    be seen in it: the labels of its axes tell how much, and which two features load most.

    Parameters
    ----------
    midlevel
        (n_tracks, 7) unit scale, by track id.
    prototypes, criticisms
        Tracks of the table, as `prototypes.select_prototypes` and `prototypes.select_criticisms` give them.
    songs
        (7,) features of further sounds, unit scale, by title.
    neighbours
        Tracks of the table by title of a song, to which lines are drawn.
    ax
        Two axes, for the map and for the table; a new figure by default.

    Raises
    ------
    NeighbourError
        As in `neighbours.compute_standard_scores`, if a track is not in the table or a title not among the songs.
    """
    import pandas as pd

    songs, neighbours = songs or {}, neighbours or {}
    if set(neighbours) - set(songs):
        raise NeighbourError(f"neighbours of {min(set(neighbours) - set(songs))!r}, which is not among the songs")
    scores = compute_standard_scores(midlevel)
    chosen = compute_standard_scores(midlevel.reindex([*prototypes, *criticisms]), table=midlevel)
    components, labels = _compute_components(scores)
    fig, ax = build_axes(ax, size=(TALL[0], 4.7), shape=(1, 2), widths=(1.25, 1))
    names = [str(number + 1) for number in range(len(prototypes))]
    names += [ascii_uppercase[number % 26] * (1 + number // 26) for number in range(len(criticisms))]
    _draw_table(ax[1], chosen, names, n_prototypes=len(prototypes))
    cloud, places = scores.to_numpy() @ components, chosen.to_numpy() @ components
    ax[0].scatter(*cloud.T, s=5, color=FAINT, alpha=0.6, linewidths=0, label="tracks of the corpus")
    words = [(name, place, THEIRS) for name, place in zip(names, places, strict=True)]
    for (title, values), (colour, marker) in zip(songs.items(), cycle(SONGS), strict=False):
        song = pd.DataFrame({title: pd.Series(values, midlevel.columns)}).T
        place = (compute_standard_scores(song, table=midlevel).to_numpy() @ components)[0]
        near = compute_standard_scores(midlevel.reindex(list(neighbours.get(title, ()))), table=midlevel)
        rings = near.to_numpy() @ components
        _draw_song(ax[0], place, rings, colour=colour, marker=marker)
        words += [(title, place, colour), *[("", ring, FAINT) for ring in rings]]
    for part, style, label in (
        (places[: len(prototypes)], _PROTOTYPES, "prototypes: stand for it"),
        (places[len(prototypes) :], _CRITICISMS, "criticisms: where those mislead"),
    ):
        ax[0].scatter(*part.T, zorder=4, label=label, **style)
    if songs:
        ax[0].scatter([], [], marker="o", s=26, facecolors="white", edgecolors=THEIRS, label="nearest to a song")
    ax[0].set(title="where they lie", xlabel=labels[0], ylabel=labels[1])
    ax[0].margins(0.07)
    fig.legend(*ax[0].get_legend_handles_labels(), loc="outside upper left", ncols=4)
    _write_apart(ax[0], words)
    return fig, ax


def _compute_components(scores: "pd.DataFrame") -> tuple[np.ndarray, list[str]]:
    """Compute the first two principal components (n_features, 2) and what to write at their axes."""
    _, lengths, components = np.linalg.svd(scores.to_numpy(), full_matrices=False)
    shares = lengths**2 / (lengths**2).sum()
    labels = []
    for number, row in enumerate(components[:2]):
        first, second = np.argsort(-np.abs(row))[:2]
        row *= np.sign(row[first])  # a singular vector has no sign of its own
        ends = f"more {scores.columns[first]}, {'more' if row[second] > 0 else 'less'} {scores.columns[second]}"
        labels.append(f"{('1st', '2nd')[number]} component, {100 * shares[number]:.0f} % of the variance\n{ends} ▸")
    return components[:2].T, labels


def _draw_song(ax: "Axes", place: np.ndarray, near: np.ndarray, *, colour: str, marker: str) -> None:
    """Draw the mark of a song, and lines from it to rings around its neighbours."""
    for x, y in near:
        ax.plot([place[0], x], [place[1], y], color=colour, linewidth=0.9, zorder=2)
    ax.scatter(*near.T, s=26, facecolors="white", edgecolors=colour, linewidths=1.2, zorder=3)
    ax.scatter(*place, marker=marker, s=95, color=colour, edgecolors="white", linewidths=0.8, zorder=5)


def _draw_table(ax: "Axes", chosen: "pd.DataFrame", names: Sequence[str], *, n_prototypes: int) -> None:
    """Draw standard scores as colours with their numbers, one row per track."""
    limit = float(chosen.abs().max(axis=None)) or 1.0
    image = ax.imshow(chosen, cmap=DIVERGING, vmin=-limit, vmax=limit, origin="upper")
    for (row, column), value in np.ndenumerate(chosen.to_numpy()):
        ink = {**NOTE, "color": "white" if abs(value) > 0.6 * limit else THEIRS}
        ax.text(column, row, f"{round(value, 1) + 0.0:+.1f}", ha="center", va="center", **ink)
    ax.axhline(n_prototypes - 0.5, color="white", linewidth=5)
    ax.set_yticks(range(len(names)), [f"{track}  {name}" for name, track in zip(names, chosen.index, strict=True)])
    ax.set_xticks(range(chosen.shape[1]), chosen.columns, rotation=40, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title("what the net hears in them")
    ax.figure.colorbar(image, ax=ax, label="standard deviations from the mean track", fraction=0.05, pad=0.02)


def _write_apart(ax: "Axes", words: Sequence[tuple[str, np.ndarray, Any]]) -> None:
    """Write words beside their points, where there is room neither over each other nor over any of the points."""
    from matplotlib.patheffects import withStroke
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    layout = ax.figure.get_layout_engine()
    if layout is not None:
        layout.execute(ax.figure)  # sizes the panel, and with it how far apart points are
    scale, frame = ax.figure.dpi / 72, ax.get_window_extent()
    pixels = [ax.transData.transform(point) for _, point, _ in words]
    taken = [Bbox([pixel - 4 * scale, pixel + 4 * scale]) for pixel in pixels]
    leader = {"arrowstyle": "-", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3}
    for (word, point, colour), pixel in zip(words, pixels, strict=True):
        if not word:
            continue
        text = ax.annotate(word, point, (0, 0), textcoords="offset points", ha="center", va="center", weight="bold",
                           color=colour, arrowprops={**leader, "color": colour}, zorder=6)  # fmt: skip
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
        half = np.array(Text.get_window_extent(text).size) / 2  # without the leader
        offsets = [np.array(way) * (step * scale + half) for step in _STEPS for way in _DIRECTIONS]
        boxes = [Bbox([pixel + offset - half, pixel + offset + half]) for offset in offsets]
        outside = [(box.min < frame.min).any() or (box.max > frame.max).any() for box in boxes]
        crowded = [box.count_overlaps(taken) + 99 * out for box, out in zip(boxes, outside, strict=True)]
        best = int(np.argmin(crowded))
        text.arrow_patch.set_visible(best >= len(_DIRECTIONS))
        text.set_position(offsets[best] / scale)
        taken.append(boxes[best])
