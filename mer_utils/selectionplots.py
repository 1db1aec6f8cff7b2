"""Pictures of how LIME comes to its answer: a few masks and what was said of them, and which weights were kept.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out, and all is from a saved `explanation.Explanation`.
Pictures of the answer itself are in `explainplots`.

Public names: ``plot_masks``, ``plot_selection``.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .explainplots import LOWERS, RAISES, plot_segments
from .plots import plot_spectrogram
from .style import FAINT, FULL, THEIRS, build_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .explanation import Explanation

_UNIT = "change of rating / 10 when switched on"
# Smaller p-values are all drawn at this power of ten: they say no more, and for a computer many of them are 0.
_LEAST = -20
_MARKS = (
    ("dropped", {"marker": ".", "s": 22, "color": FAINT}),
    ("raises, kept", {"marker": "^", "s": 26, "color": RAISES}),
    ("lowers, kept", {"marker": "v", "s": 26, "color": LOWERS}),
)


def plot_masks(
    explanation: "Explanation", output: str, *, n_masks: int = 6, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw LIME by eye: the numbered segments, some of the masks with what the net said of each, and the weights.

    Parameters
    ----------
    explanation
        One with few segments, such as four to six.
    output
        One of its outputs.
    n_masks
        Masks to show: the first drawn that hide something, each once.
    ax
        Two axes more than masks; a new figure, four in a row, by default.
    """
    masks = explanation.samples.masks
    distinct = np.sort(np.unique(masks, axis=0, return_index=True)[1])
    shown = distinct[~masks[distinct].all(axis=1)][:n_masks]
    rows = -(-(len(shown) + 2) // 4)
    fig, ax = build_axes(ax, size=(FULL[0], 1.7 * rows), shape=(rows, 4))
    column = explanation.index(output)
    _number_segments(ax[0], explanation)
    ax[0].set_title(f"{output}: {explanation.prediction[column]:.3f}")
    limit = float(explanation.spec.max()) or 1.0
    for panel, mask, said in zip(ax[1:], masks[shown], explanation.samples.outputs[shown, column], strict=False):
        left = np.where(mask[explanation.segments], explanation.spec, np.nan)
        plot_spectrogram(left, limit=limit, fps=explanation.fps, ax=panel)
        panel.set_title(f"{_describe_mask(mask)}: {said:.3f}")
        panel.set_facecolor("#D0D0D0")  # what is hidden
    for panel in ax[: len(shown) + 1]:
        panel.images[0].colorbar.remove()
        panel.set(xticks=[], yticks=[], xlabel="", ylabel="")
    _draw_bars(ax[len(shown) + 1], explanation.weights[:, column])
    ax[len(shown) + 1].set_title("weights of the segments")
    for panel in ax[len(shown) + 2 :]:
        panel.set_axis_off()
    return fig, ax


def _describe_mask(mask: np.ndarray) -> str:
    """Name the fewer: the segments that are on, or those that are hidden."""
    word, named = ("only", mask) if 2 * mask.sum() < len(mask) else ("without", ~mask)
    numbers = ", ".join(str(label + 1) for label in np.flatnonzero(named))
    return f"{word} {numbers}" if numbers else "nothing on"


def _number_segments(ax: "Axes", explanation: "Explanation") -> None:
    """Draw the segments, each with its number, from 1, on the cell of it that is nearest to its middle."""
    from matplotlib.patheffects import withStroke

    plot_segments(explanation.spec, explanation.segments, fps=explanation.fps, ax=ax)
    halo = {"color": "white", "weight": "bold", "path_effects": [withStroke(linewidth=2.5, foreground="black")]}
    for label in range(explanation.n_segments):
        cells = np.argwhere(explanation.segments == label)
        frame, band = cells[np.abs(cells - cells.mean(axis=0)).sum(axis=1).argmin()]
        ax.text((frame + 0.5) / explanation.fps, band, str(label + 1), ha="center", va="center", **halo)


def _draw_bars(ax: "Axes", weights: np.ndarray) -> None:
    numbers = np.arange(1, len(weights) + 1)
    ax.barh(numbers, weights, color=[RAISES if weight > 0 else LOWERS for weight in weights])
    ax.axvline(0, color=THEIRS, linewidth=0.8)
    ax.set_yticks(numbers)
    ax.set(xlabel="change of rating / 10", ylim=(len(weights) + 0.5, 0.5))
    ax.locator_params(axis="x", nbins=4)


def plot_selection(
    explanation: "Explanation",
    output: str,
    *,
    rule: str = "bh",
    threshold: float | None = None,
    floor: float | None = None,
    ax: "Axes | None" = None,
) -> "tuple[Figure, Axes]":
    """Draw the p-value of every segment against its weight, and where the rule divides those that it keeps.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs.
    rule, threshold, floor
        As in `selection.select_segments`.
    ax
        Where to draw; a new figure by default.
    """
    from .selection import compute_limits, compute_p_values, compute_paper_p_values, select_segments

    fig, ax = build_axes(ax, size=(FULL[0], 3.2))
    column = explanation.index(output)
    weights = explanation.weights[:, column]
    choices = {"rule": rule, "threshold": threshold, "floor": floor}
    positive, negative = select_segments(explanation, output, **choices)
    p_values = (compute_paper_p_values if rule == "paper" else compute_p_values)(explanation)[:, column]
    dropped = np.setdiff1d(np.arange(len(weights)), np.concatenate([positive, negative]))
    for (label, style), chosen in zip(_MARKS, (dropped, positive, negative), strict=True):
        heights = p_values[chosen].clip(10.0**_LEAST)
        ax.scatter(weights[chosen], heights, label=f"{label}: {len(chosen)}", zorder=3, **style)
    _draw_p_axis(ax, p_values.min())
    _draw_limits(ax, weights, rule, compute_limits(explanation, output, **choices))
    size = f"{explanation.n_samples:,}".replace(",", " ")
    kept = f"{len(positive)} positive and {len(negative)} negative of {len(weights)} segments"
    stopped = "" if explanation.complete else ", stopped early"
    ax.set(title=f"{output}: {kept}, N = {size}{stopped}", xlabel=f"weight: {_UNIT}", ylabel="p-value (small on top)")
    ax.legend(loc="lower left", bbox_to_anchor=(1, 0))
    return fig, ax


def _draw_p_axis(ax: "Axes", smallest: float) -> None:
    """Let small p-values be on top, in powers of ten down to the one at which all smaller ones are drawn."""
    last = min(-1, max(_LEAST, int(np.floor(np.log10(max(smallest, 1e-300))))))
    powers = np.arange(0, last - 1, min(-1, last // 5))
    words = ["1", *(rf"$10^{{{power}}}$" for power in powers[1:])]
    if smallest < 10.0**_LEAST:
        words[-1] = rf"$\leq 10^{{{_LEAST}}}$"
    ax.set(yscale="log", ylim=(2.0, 10.0 ** (last * 1.05)))
    ax.set_yticks(10.0**powers, words)
    ax.set_yticks([], minor=True)
    ax.grid(visible=True, axis="y")


def _draw_limits(ax: "Axes", weights: np.ndarray, rule: str, limits: tuple[float, float, float]) -> None:
    """Draw the lines of `selection.compute_limits` between what is kept and what is dropped."""
    line = {"color": THEIRS, "linewidth": 0.9, "linestyle": "--", "zorder": 1}
    threshold, floor, highest = limits
    largest = np.abs(weights).max() or 1.0
    if floor:
        ax.axvline(-floor * largest, **(line | {"linestyle": ":"}))
        ax.axvline(floor * largest, label=f"{100 * floor:g} % of the largest", **(line | {"linestyle": ":"}))
    if rule == "paper" and threshold:
        x = np.geomspace(10.0**_LEAST / threshold, largest, 401)
        x = np.concatenate([-x[::-1], x])
        ax.plot(x, threshold * np.abs(x), label=f"p = {threshold:g} x |weight|", **line)
    elif rule == "bh":
        ax.axhline(highest, label=f"{100 * threshold:g} % false discoveries", **line)
    elif rule == "top" and threshold:
        side = np.sort(np.abs(weights))[-int(threshold) :][0]
        ax.axvline(-side, **line)
        ax.axvline(side, label=f"the {threshold:g} largest", **line)
