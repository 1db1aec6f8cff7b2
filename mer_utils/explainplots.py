"""Pictures of an explanation: its segments, what they weigh, and which of them raise or lower an output.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. All is drawn from a saved `explanation.Explanation`
and nothing is computed anew. Seconds are those of the track, not of the window. Red raises an output, blue lowers it.
Why segments were kept, and LIME on a picture small enough to follow, are in `selectionplots`.

Public names: ``plot_segments``, ``plot_explanation``, ``plot_explanations``, ``plot_kept``, ``plot_weight_map``,
``plot_outlines``, ``build_outlines``, ``RAISES``, ``LOWERS``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .plots import plot_spectrogram
from .selection import select_segments
from .style import FULL, HALF, build_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .explanation import Explanation

#: Colours of what raises an output and of what lowers it: the ends of the map of signed values.
RAISES, LOWERS = "#B2182B", "#2166AC"
# Steps of what is not kept: enough to find one's way, and a far smaller file than with 256.
_GREYS = 2
_SHORT = 5  # seconds that fit half of the width
_MOST_OUTLINES = 60  # more of them hide what they go around


def plot_segments(
    spec: np.ndarray, segments: np.ndarray, *, fps: float = 31.25, start: float = 0.0, ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw a spectrogram cut into its segments.

    Parameters
    ----------
    spec
        (n_frames, 149) log10(1 + magnitude).
    segments
        (n_frames, 149) integer labels.
    fps
        Frames per second.
    start
        Where the spectrogram begins in its track, seconds.
    ax
        Where to draw; a new figure by default.
    """
    title = f"{len(np.unique(segments))} segments"
    _, ax = build_axes(ax, size=FULL if len(spec) > _SHORT * fps else HALF)
    fig, ax = plot_spectrogram(spec, fps=fps, title=title, ax=ax)
    _begin_at(ax, start)
    plot_outlines(segments, fps=fps, start=start, ax=ax, colors="white", linewidths=0.5)
    return fig, ax


def _begin_at(ax: "Axes", start: float) -> None:
    """Let the seconds of a drawn spectrogram begin somewhere else than at 0."""
    left, right, bottom, top = ax.images[-1].get_extent()
    ax.images[-1].set_extent((left + start, right + start, bottom, top))
    ax.set_xlim(left + start, right + start)


def build_outlines(labels: np.ndarray, *, fps: float = 31.25, start: float = 0.0) -> np.ndarray:
    """Build the lines between cells of unlike labels.

    Parameters
    ----------
    labels
        (n_frames, n_bands) of any kind that can be compared.
    fps
        Frames per second.
    start
        Where the first frame begins, seconds.

    Returns
    -------
    numpy.ndarray
        (n_lines, 2 ends, 2): seconds and bands, where band b reaches from b - 0.5 to b + 0.5.
    """
    after, band = np.nonzero(labels[1:] != labels[:-1])  # upright lines, between two frames
    frame, below = np.nonzero(labels[:, 1:] != labels[:, :-1])  # level lines, between two bands
    upright = np.stack([[after + 1, band - 0.5], [after + 1, band + 0.5]]).transpose(2, 0, 1)
    level = np.stack([[frame, below + 0.5], [frame + 1, below + 0.5]]).transpose(2, 0, 1)
    return np.concatenate([upright, level]) * (1 / fps, 1) + (start, 0)


def plot_outlines(
    labels: np.ndarray, *, fps: float = 31.25, start: float = 0.0, ax: "Axes | None" = None, **options: Any
) -> "tuple[Figure, Axes]":
    """Draw the lines between cells of unlike labels over a spectrogram, without moving its limits.

    Parameters
    ----------
    labels, fps, start
        As in `build_outlines`.
    ax
        Where to draw; a new figure by default.
    **options
        Of a LineCollection, such as ``colors``.
    """
    from matplotlib.collections import LineCollection

    fig, ax = build_axes(ax, size=FULL)
    lines = build_outlines(labels, fps=fps, start=start)
    ax.add_collection(LineCollection(list(lines), capstyle="projecting", **options), autolim=False)
    return fig, ax


def plot_explanation(
    explanation: "Explanation",
    output: str,
    *,
    positive: Sequence[int],
    negative: Sequence[int],
    outlines: bool = False,
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw which segments raise an output and which lower it: these in full colour, all else in grey.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs, for the titles.
    positive, negative
        Labels of the segments to show, as `selection.select_segments` gives them; none is legal and said.
    outlines
        Draw the outlines of these segments too, in the colour of their sign, where they are 60 or fewer.
    ax
        Two axes; a new figure, both below each other, by default.
    """
    note = " (in colour; the rest is grey)" if ax is None else ""
    fig, ax = build_axes(ax, size=(FULL[0], 4.6), shape=(2, 1))
    explanation.index(output)  # a misspelt name should not become a title
    sides = (("raises", RAISES, positive), ("lowers", LOWERS, negative))
    for panel, (verb, colour, kept) in zip(ax, sides, strict=True):
        plot_kept(explanation, kept, line=colour if outlines else "none", ax=panel)
        count = f"{len(kept)} of {explanation.n_segments} segments{note}" if len(kept) else "none was kept"
        panel.set_title(f"{verb} {output}: {count}")
    ax[0].set_xlabel("")
    return fig, ax


def plot_explanations(
    explanation: "Explanation", outputs: Sequence[str], *, rule: str = "top", ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw `plot_explanation` for some outputs of one explanation, one column each.

    Parameters
    ----------
    explanation
        Any.
    outputs
        Names of outputs.
    rule
        Which segments to show, one of `selection.RULES`.
    ax
        Two axes per output, all that raises before all that lowers; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(FULL[0], 3.8), shape=(2, len(outputs)))
    for column, output in enumerate(outputs):
        positive, negative = select_segments(explanation, output, rule=rule)
        panels = ax[column :: len(outputs)]
        plot_explanation(explanation, output, positive=positive, negative=negative, ax=panels)
        for panel in panels:
            if column:
                panel.set_ylabel("")
            if column < len(outputs) - 1:  # the last one's holds for all
                panel.images[0].colorbar.remove()
    return fig, ax


def plot_kept(
    explanation: "Explanation", kept: Sequence[int], *, line: str = "none", ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw the spectrogram of an explanation in grey and some of its segments in colour.

    Parameters
    ----------
    explanation
        Any.
    kept
        Labels of the segments to show; may be empty.
    line
        Colour of their outlines, where they are 60 or fewer.
    ax
        Where to draw; a new figure by default.
    """
    import matplotlib.pyplot as plt

    spec, segments = explanation.spec, explanation.segments
    chosen = np.isin(segments, kept)
    limit = float(spec.max()) or 1.0
    fig, ax = plot_spectrogram(np.where(chosen, spec, np.nan), fps=explanation.fps, limit=limit, ax=ax)
    _begin_at(ax, explanation.start)
    extent = ax.images[0].get_extent()
    grey = plt.get_cmap("gray", _GREYS)
    ax.imshow(spec.T, extent=extent, cmap=grey, vmin=0, vmax=limit, alpha=0.3, zorder=-1)
    place = {"fps": explanation.fps, "start": explanation.start, "ax": ax}
    colour = line if len(kept) <= _MOST_OUTLINES else "none"
    plot_outlines(np.where(chosen, segments, -1), **place, colors=colour, linewidths=0.9)
    return fig, ax


def plot_weight_map(
    explanation: "Explanation", output: str, *, outlines: bool = False, ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw the weight of every segment on its cells, kept or not.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs.
    outlines
        Draw the outlines of all segments too.
    ax
        Where to draw; a new figure by default.
    """
    weights = explanation.weights[:, explanation.index(output)]
    limit = float(np.abs(weights).max()) or 1.0
    painted = weights[explanation.segments]
    fig, ax = plot_spectrogram(painted, signed=True, limit=limit, fps=explanation.fps, ax=ax)
    _begin_at(ax, explanation.start)
    ax.set_title(f"what each of {explanation.n_segments} segments adds to {output}")
    ax.images[0].colorbar.set_label("change of rating / 10\nwhen it is there")
    if outlines:
        place = {"fps": explanation.fps, "start": explanation.start, "ax": ax}
        plot_outlines(explanation.segments, **place, colors="#808080", linewidths=0.3)
    return fig, ax
