"""Pictures of how far explanations can be trusted: fidelity, convergence, faithfulness, leakage, planted truth.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. Outputs are on the unit scale, rating / 10.

Public names: ``plot_fidelity``, ``plot_convergence``, ``plot_curves``, ``plot_leakage``, ``plot_truth``.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .explainplots import plot_outlines
from .plots import plot_spectrogram
from .style import COLOURS, DIVERGING, FAINT, FULL, NOTE, OURS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .explanation import Explanation

_UNIT = "rating / 10"
_VERDICTS = {"holds": "#007A5A", "weak": "#B07A00", "do not trust": "#C04A00"}
# Times to mark, seconds.
_TIMES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 36000)


def plot_fidelity(
    explanation: "Explanation", *, card: "pd.DataFrame | None" = None, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw what the surrogate says of masks that it never saw against what the predictor says, output by output.

    Parameters
    ----------
    explanation
        With held-out masks.
    card
        Of `trust.compute_fidelity`, for the verdicts.
    ax
        As many axes as outputs; a new figure, four in a row, by default.
    """
    names = explanation.output_names
    rows = -(-len(names) // 4)
    fig, ax = build_axes(ax, size=(TALL[0], 0.6 + 2.0 * rows), shape=(rows, 4))
    for column, (panel, name) in enumerate(zip(ax, names, strict=False)):
        actual, fitted = explanation.holdout.outputs[:, column], explanation.holdout_fitted[:, column]
        whole = explanation.prediction[column], explanation.local_prediction[column]
        panel.scatter(
            actual,
            fitted,
            s=3,
            marker="s",
            linewidths=0,
            antialiaseds=False,
            color=COLOURS.get(name, OURS),
            label="fresh masks",
        )
        panel.scatter(*whole, marker="*", s=90, color=THEIRS, label="everything on", zorder=3)
        panel.axline(whole[:1] * 2, slope=1, color=FAINT, linewidth=1, zorder=0)
        low, high = np.sort([*panel.get_xlim(), *panel.get_ylim()])[[0, -1]]
        panel.set(xlim=(low, high), ylim=(low, high), box_aspect=1)
        panel.set_title(name, pad=17)  # above the verdict
        panel.locator_params(nbins=4)
        _write_verdict(panel, explanation.r2_holdout[column], card.loc[name, "verdict"] if card is not None else "")
    for panel in ax[len(names) :]:
        panel.set_axis_off()
    fig.supxlabel(f"the predictor says ({_UNIT})")
    fig.supylabel("the surrogate says")
    fig.legend(*ax[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return fig, ax


def _write_verdict(ax: "Axes", r2: float, verdict: str) -> None:
    """Write R² and the verdict, in its colour, between title and panel."""
    style = {"color": _VERDICTS.get(verdict, THEIRS), "xycoords": "axes fraction", "textcoords": "offset points"}
    ax.annotate(f"R² {r2:z.2f}{verdict and ': '}{verdict}", (0, 1), (0, 4), **style)


def plot_convergence(
    looks: "pd.DataFrame",
    *,
    rate: float = 150.88,
    what: str = "agreement with all samples",
    ax: "Axes | None" = None,
) -> "tuple[Figure, Axes]":
    """Draw how near the weights of fewer samples come to the final ones, and what the samples take.

    Parameters
    ----------
    looks
        Indexed by the number of samples, one column per curve, such as `trustviews.build_convergence_table` gives.
    rate
        Predictions per second for the axis of time; the default is that of the authors' demo page of 2019, on which
        50 000 samples took 5 min 31 s.
    what
        What the curves tell.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(FULL[0] - 2, FULL[1]))
    for (name, values), marker in zip(looks.items(), "os^Dv<>p*" * len(looks.columns), strict=False):
        ax.plot(values.dropna(), marker=marker, label=name, color=COLOURS.get(name))
    ax.set(xscale="log", xlabel="samples", ylabel=what, ylim=(min(0, looks.min(axis=None)), 1.03))
    ticks = [n for n, after in zip(looks.index, [*looks.index[1:], np.inf], strict=True) if after / n > 1.3]
    ax.set_xticks(ticks, [f"{n:,}".replace(",", " ") for n in ticks])
    ax.set_xticks([], minor=True)
    top = ax.secondary_xaxis("top", functions=(lambda n: n / rate, lambda seconds: seconds * rate))
    shown = [seconds for seconds in _TIMES if looks.index.min() <= seconds * rate <= looks.index.max()]
    top.set_xticks(shown, [_write_time(seconds) for seconds in shown])
    top.set_xticks([], minor=True)
    top.set_xlabel(f"time at {rate:g} predictions per second")
    ax.grid(visible=True)
    ax.legend(loc="lower right")
    return fig, ax


def _write_time(seconds: float) -> str:
    unit, name = (3600, "h") if seconds >= 3600 else (60, "min") if seconds >= 60 else (1, "s")
    return f"{seconds / unit:g} {name}"


def plot_curves(
    curves: "pd.DataFrame", *, gains: "pd.DataFrame | None" = None, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw how outputs move as segments are hidden in the order of their weights per cell and in random orders.

    Parameters
    ----------
    curves, gains
        As in `faithfulness.Faithfulness`; the gains are written into the panels.
    ax
        As many axes as outputs; a new figure, four in a row, by default.
    """
    names = curves.index.unique("output")
    rows = -(-len(names) // 4)
    fig, ax = build_axes(ax, size=(TALL[0], 0.9 + 1.7 * rows), shape=(rows, min(4, len(names))))
    panels = np.atleast_1d(ax)
    for panel, name in zip(panels, names, strict=False):
        table = curves.xs(name, level="output")
        share = 100 * table.index
        panel.fill_between(share, table["random_low"], table["random_high"], color=FAINT, alpha=0.4, linewidth=0)
        panel.plot(share, table["random"], color="#707070", linewidth=1, label="random orders (band: nine in ten)")
        panel.plot(share, table["most_first"], color=OURS, label="largest weight per cell first")
        panel.plot(share, table["least_first"], color=OURS, linestyle="--", label="most negative per cell first")
        panel.set_title(name)
        panel.locator_params(nbins=4)
        panel.margins(y=0.14)  # room for the gain
        if gains is not None:
            panel.annotate(f"gain {gains.loc[name, 'gain']:+z.3f}", (0.04, 0.03), xycoords="axes fraction", **NOTE)
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    fig.supxlabel("share of cells hidden (%)")
    fig.supylabel(f"output ({_UNIT})")
    fig.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return fig, ax


def plot_leakage(
    matrix: "pd.DataFrame", *, unit: str = "mean change of the output", ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw how each output moves when one cause is changed: what lies off the diagonal leaks.

    Parameters
    ----------
    matrix
        Causes by outputs, such as `causescores.compute_leakage` gives; NaN where there was no case.
    unit
        Of its values.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(FULL[0] - 1, 3.8))
    limit = float(np.nanmax(np.abs(matrix))) or 1.0
    digits = 2 if limit > 0.3 else 3
    image = ax.imshow(matrix, cmap=DIVERGING, vmin=-limit, vmax=limit, origin="upper")
    for (row, column), value in np.ndenumerate(matrix.to_numpy()):
        own = matrix.index[row] == matrix.columns[column]
        style = {"color": "white" if abs(value) > 0.6 * limit else "black", "weight": "bold" if own else "normal"}
        words = f"{value:+z.{digits}f}" if np.isfinite(value) else "no case"
        ax.text(column, row, words, ha="center", va="center", **style)
    ax.set_xticks(range(matrix.shape[1]), [name.replace(" ", "\n") for name in matrix.columns])
    ax.set_yticks(range(len(matrix)), matrix.index)
    ax.set(xlabel="output that moves", ylabel="cause that was changed")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    fig.colorbar(image, ax=ax, label=unit, fraction=0.04, pad=0.01)
    return fig, ax


def plot_truth(
    spec: np.ndarray, truth: np.ndarray, scores: np.ndarray, *, title: str = "", fps: float = 31.25, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw where the cause is beside where an explanation points, the cause outlined in both.

    Parameters
    ----------
    spec
        (n_frames, 149) log10(1 + magnitude).
    truth
        (n_frames, 149) whether a cell carries the cause. Its outline bridges gaps of half a second and eight bands.
    scores
        (n_frames, 149) what the explanation says of each cell, such as ``weights[segments]``; signed.
    title
        What was planted.
    fps
        Frames per second.
    ax
        Two axes; a new figure by default.
    """
    import matplotlib.pyplot as plt

    fig, ax = build_axes(ax, size=(FULL[0], 3.2), shape=(1, 2))
    first = f"{title}: where the cause is" if title else "where the cause is"
    plot_spectrogram(spec, title=first, fps=fps, ax=ax[0])
    limit = float(np.abs(scores).max()) or 1.0
    plot_spectrogram(scores, title="where the explanation points", signed=True, limit=limit, fps=fps, ax=ax[1])
    ax[1].images[0].colorbar.set_label("weight")
    ax[1].set_ylabel("")
    ax[0].images[0].set_cmap(plt.get_cmap("gray_r", 5))  # colour is for what the explanation says
    for panel in ax:
        plot_outlines(_bridge(truth), fps=fps, ax=panel, colors="black", linewidths=0.9)
    return fig, ax


def _bridge(truth: np.ndarray) -> np.ndarray:
    """Close small gaps: an outline of every cell that differs would hide what it is drawn on."""
    from scipy.ndimage import binary_closing

    size = (17, 9)
    closed = binary_closing(np.pad(truth, size[0]), np.ones(size, bool))
    return closed[size[0] : -size[0], size[0] : -size[0]]
