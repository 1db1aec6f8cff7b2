"""Pictures of networks: how they are told, how they learn, how well they follow the ratings.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out.

Public names: ``plot_schemes``, ``plot_learning_curves``, ``plot_scores``, ``plot_prediction_scatter``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .ratings import RATING_RANGE
from .style import COLOURS, FAINT, FULL, NOTE, OURS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_SEVEN, _EIGHT = "#0072B2", "#AA4499"

# Boxes between sound and emotion per scheme, and what is written below: (title, has seven units, emotions from, note)
_SCHEMES = {
    "a2e": ("A2E", "", "net", "told the emotions only: the best ears, no reasons"),
    "a2mid": ("A2Mid", "named", "", "told the seven features only"),
    "a2mid2e": ("A2Mid2E", "named", "seven", "A2Mid first; then emotions by linear regression"),
    "joint": ("Joint", "named", "seven", "both told at once: every emotion has seven reasons"),
    "a2b2e": ("A2B2E", "unnamed", "seven", "as narrow as Joint, but nobody names the seven"),
    "multitask": ("Multitask", "named", "net", "two answers side by side, no bottleneck"),
}


def plot_schemes(schemes: Sequence[str] = tuple(_SCHEMES), *, ax: Any = None) -> "tuple[Figure, Any]":
    """Draw how sound becomes emotion in each scheme; a filled box is told its ratings in training.

    Parameters
    ----------
    schemes
        Some of `networks.SCHEMES`.
    ax
        As many axes as schemes; a new figure, three in a row, by default.
    """
    rows = -(-len(schemes) // 3)
    fig, ax = build_axes(ax, size=(TALL[0], 1.35 * rows), shape=(rows, min(3, len(schemes))))
    panels = np.atleast_1d(ax)
    for panel in panels:
        panel.set(xlim=(0, 10), ylim=(0, 3))
        panel.set_axis_off()
    for panel, scheme in zip(panels, schemes, strict=False):
        _draw_scheme(panel, *_SCHEMES[scheme])
    return fig, ax


def _draw_scheme(ax: "Axes", title: str, seven: str, emotions_from: str, note: str) -> None:
    ax.set_title(title)
    ax.text(0, 0.1, note, **NOTE)
    sound = _draw_box(ax, 0.9, 1.7, "sound", THEIRS, told=False)
    net = _draw_box(ax, 3.0, 1.7, "net", THEIRS, told=False)
    _draw_arrow(ax, sound, net)
    beside = bool(seven) and emotions_from == "net"
    below = net
    if seven:
        words = "7 features" if seven == "named" else "7 units"
        units = _draw_box(ax, 5.6, 2.45 if beside else 1.7, words, _SEVEN, told=seven == "named")
        _draw_arrow(ax, net, units)
        below = net if beside else units
    if emotions_from:
        x, y = (5.6 if below is net else 8.7), (1.05 if beside else 1.7)
        _draw_arrow(ax, below, _draw_box(ax, x, y, "8 emotions", _EIGHT, told=True))


def _draw_box(ax: "Axes", x: float, y: float, words: str, colour: str, *, told: bool) -> "Text":
    """Write words into a box about (x, y), filled where the scheme is told ratings for it."""
    box = {"boxstyle": "round,pad=0.35", "facecolor": colour if told else "white", "edgecolor": colour}
    return ax.text(x, y, words, ha="center", va="center", bbox=box, color="white" if told else colour)


def _draw_arrow(ax: "Axes", start: "Text", end: "Text") -> None:
    boxes = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    style = {"arrowstyle": "->", "color": THEIRS, "shrinkA": 1, "shrinkB": 1}
    ax.annotate("", end.get_position(), start.get_position(), arrowprops=style | boxes)


def plot_learning_curves(histories: "Mapping[str, pd.DataFrame]", *, ax: Any = None) -> "tuple[Figure, np.ndarray]":
    """Draw loss and validation correlation over the epochs.

    Parameters
    ----------
    histories
        `networks.TrainedNetwork.history` by scheme: columns ``epoch``, ``loss`` and ``valid_...``.
    ax
        Two axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=FULL, shape=(1, 2))
    styles = {"valid_midlevel": ("--", "seven features"), "valid_emotion": ("-", "eight emotions")}
    for number, (scheme, history) in enumerate(histories.items()):
        colour = f"C{number}"
        ax[0].plot(history["epoch"], history["loss"], color=colour, marker=".", label=scheme)
        for column, (line, words) in styles.items():
            if column in history:
                label = f"{scheme}, {words}"
                ax[1].plot(history["epoch"], history[column], line, color=colour, marker=".", label=label)
    ax[0].set(title="what training lowers", xlabel="epoch", ylabel="loss (squared error, rating / 10)", ylim=(0, None))
    ax[1].set(title="what validation sees", xlabel="epoch", ylabel="mean Pearson r, validation clips")
    for panel in ax:
        panel.grid(visible=True)
        panel.legend()
        panel.xaxis.get_major_locator().set_params(integer=True)
    return fig, ax


def plot_scores(scores: "pd.DataFrame", *, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
    """Draw correlations per output, one row each: every column of the table is one kind of mark.

    Parameters
    ----------
    scores
        Pearson correlations, outputs by kinds; the kind ``"ceiling"`` is drawn as a line that none should pass.
    ax
        Where to draw; a new figure by default.
    """
    names, rows = list(scores.index), np.arange(len(scores))[::-1]
    fig, ax = build_axes(ax, size=(FULL[0], 1.2 + 0.3 * len(names)))
    ax.hlines(rows, min(0, np.nanmin(scores)), 1, color=FAINT, zorder=0)
    ax.axvline(0, color=FAINT, zorder=0)
    marks = iter("oDs^v*")
    for number, kind in enumerate(scores.columns.drop("ceiling", errors="ignore")):
        ax.scatter(scores[kind], rows, marker=next(marks), s=55, color=f"C{number}", label=kind, zorder=3)
    if "ceiling" in scores:
        label = "ceiling for rated"
        ax.scatter(scores["ceiling"], rows, marker="|", s=240, linewidths=2, c=THEIRS, label=label, zorder=2)
    ax.set_yticks(rows, names)
    ax.set(xlabel="Pearson's r", xlim=(None, 1.02), ylim=(-0.6, len(names) - 0.4))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return fig, ax


def plot_prediction_scatter(
    predicted: "pd.DataFrame", rated: "pd.DataFrame", *, words: tuple[str, str] = ("true", "predicted"), ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw predictions against ratings, one small panel per output, with r in each.

    Parameters
    ----------
    predicted, rated
        (n_tracks, n_outputs) ratings 1-10 with the same index and columns.
    words
        Names of the horizontal and the vertical rating.
    ax
        As many axes as outputs; a new figure, five in a row, by default.
    """
    n_columns = min(5, predicted.shape[1])
    rows = -(-predicted.shape[1] // n_columns)
    fig, ax = build_axes(ax, size=(TALL[0] * (n_columns + 0.2) / 5.2, 1.95 * rows), shape=(rows, n_columns))
    panels = np.atleast_1d(ax)
    for panel, name in zip(panels, predicted.columns, strict=False):
        _draw_scatter(panel, rated[name], predicted[name])
    for panel in panels[predicted.shape[1] :]:
        panel.set_axis_off()
    fig.supxlabel(f"{words[0]} rating")
    fig.supylabel(f"{words[1]} rating")
    return fig, ax


def _draw_scatter(ax: "Axes", rated: "pd.Series", predicted: "pd.Series") -> None:
    name = str(rated.name)
    ax.plot(RATING_RANGE, RATING_RANGE, color=FAINT)
    ax.scatter(rated, predicted, s=9, color=COLOURS.get(name, OURS), alpha=0.6, edgecolors="none")
    ax.text(0.96, 0.04, f"r = {rated.corr(predicted):.2f}", ha="right", transform=ax.transAxes, **NOTE)
    ax.set(title=name, xlim=(0.5, 10.2), ylim=(0.5, 10.2), xticks=(1, 4, 7, 10), yticks=(1, 4, 7, 10), aspect="equal")
