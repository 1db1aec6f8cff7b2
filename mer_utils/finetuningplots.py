"""Pictures of what starting from a released net is worth.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out.

Public names: ``plot_finetuning``.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .costs import SCHEME_NAMES
from .finetuning import STARTS
from .style import FAINT, OURS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEADS = {"midlevel": "7 features", "emotion": "8 emotions"}
# Line, marker and colour of each way, in the order of `STARTS`.
_LOOKS = (("o-", OURS), ("^-", "#009E73"), ("s-", "#D55E00"), ("--", THEIRS))
_APART = 7  # clips between the whiskers of two ways, so that none hides another


def plot_finetuning(table: "pd.DataFrame", *, ax: Any = None) -> "tuple[Figure, np.ndarray]":
    """Draw how well each way of starting hears, and below what it gains, by the number of rated clips.

    Parameters
    ----------
    table
        As `finetuning.compute_finetuning` gives it.
    ax
        Two rows of axes, a column for each scheme and head, row by row; a new figure by default.
    """
    columns = list(table.groupby(["scheme", "head"], sort=False))
    fig, ax = build_axes(ax, size=(TALL[0], 5.2), shape=(2, len(columns)))
    words = ("mean Pearson's r, test clips", f"gain in r over {STARTS[0]}")
    for row, (measure, label) in enumerate(zip(("r", "gain"), words, strict=True)):
        panels = ax[row * len(columns) : (row + 1) * len(columns)]
        for panel, ((scheme, head), part) in zip(panels, columns, strict=True):
            _draw_starts(panel, part, measure)
            panel.set_title("" if row else f"{SCHEME_NAMES[scheme]}: {_HEADS[head]}")
            panel.set_xlabel("rated clips at hand" if row else "")
            sizes = sorted(part["n_clips"].unique())
            panel.set(xticks=sizes, xlim=(sizes[0] - 3 * _APART, sizes[-1] + 3 * _APART))
            panel.tick_params(labelleft=panel is panels[0], labelbottom=bool(row))
        panels[0].set_ylabel(label)
        ends = np.array([panel.get_ylim() for panel in panels])
        for panel in panels:
            panel.set_ylim(ends[:, 0].min(), ends[:, 1].max())
    known = dict(zip(*reversed(ax[0].get_legend_handles_labels()), strict=True))
    labels = [*STARTS[:-1], f"{STARTS[-1]} (whiskers, band: 95 % intervals)"]
    fig.legend([known[start] for start in STARTS], labels, loc="outside upper left", ncols=len(STARTS))
    return fig, ax


def _draw_starts(ax: "Axes", part: "pd.DataFrame", measure: str) -> None:
    """Draw a line with whiskers for each way of starting; the released net as it is needs no clips: a band."""
    *trained, as_it_is = STARTS
    for number, (start, (style, colour)) in enumerate(zip(trained, _LOOKS, strict=False)):
        rows = part[part["start"] == start].sort_values("n_clips")
        if rows[measure].isna().all():
            ax.axhline(0, color=colour, linewidth=1)
            continue
        x, y = (rows[name].to_numpy() for name in ("n_clips", measure))
        ends = np.abs(rows[[f"{measure}_low", f"{measure}_high"]].to_numpy().T - y)
        ax.errorbar(x + _APART * (number - 1), y, ends, fmt=style, color=colour, label=start)
    rows = part[part["start"] == as_it_is].sort_values("n_clips")
    style, colour = _LOOKS[-1]
    ax.plot(rows["n_clips"], rows[measure], style, color=colour, label=as_it_is)
    ax.fill_between(rows["n_clips"], rows[f"{measure}_low"], rows[f"{measure}_high"], color=FAINT, alpha=0.35, lw=0)
    ax.grid(visible=True, axis="y")
