"""Pictures of edits: what was promised of lifting or lowering segments, and what the network says of the sound.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. Changes are on the unit scale, rating / 10.

Public names: ``plot_edit``.
"""

from typing import TYPE_CHECKING

import numpy as np

from .ratings import MIDLEVEL
from .style import COLOURS, FULL, NOTE, OURS, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UNIT = "change (rating / 10)"


def plot_edit(table: "pd.DataFrame", output: str, *, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
    """Draw what one edit was to do to each output, and what it did.

    Parameters
    ----------
    table
        As `rescoring.compute_edit` gives it: one row per output with ``before``, ``promised`` and ``obtained``. A
        column ``control``, the change by editing other segments, is drawn where there is one; so is no NaN.
    output
        The one that was to move: in bold.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(FULL[0] - 3, 0.9 + 0.21 * (len(table) + 1)))
    gap = np.array([name not in MIDLEVEL for name in table.index]) if set(table.index) & set(MIDLEVEL) else 0
    rows = np.arange(len(table)) + 0.6 * gap
    colours = [COLOURS.get(name, OURS) for name in table.index]
    ax.axvline(0, color=THEIRS, linewidth=0.9, zorder=0)
    ax.hlines(rows, 0, table["obtained"], color=colours, linewidth=2.2, zorder=2)
    if "control" in table:
        ax.scatter(table["control"], rows, marker="x", s=22, color="#808080", label="other segments", zorder=3)
    marks = {"s": 46, "facecolor": "none", "edgecolor": THEIRS, "linewidth": 1}
    ax.scatter(table["promised"], rows, label="promised", zorder=4, **marks)
    ax.scatter(table["obtained"], rows, color=colours, s=26, label="obtained", zorder=3)
    _name_rows(ax, rows, list(table.index), output)
    _write_levels(ax, rows, table)
    ax.set(xlabel=_UNIT)
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return fig, ax


def _name_rows(ax: "Axes", rows: np.ndarray, names: list[str], output: str) -> None:
    ax.set_yticks(rows, names)
    ax.set_ylim(rows[-1] + 0.6, rows[0] - 0.6)
    ax.grid(visible=True, axis="x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    for label in ax.get_yticklabels():
        label.set_weight("bold" if label.get_text() == output else "normal")


def _write_levels(ax: "Axes", rows: np.ndarray, table: "pd.DataFrame") -> None:
    """Write before and after beside each row, right of the axes."""
    for row, before, change in zip(rows, table["before"], table["obtained"], strict=True):
        words, place = f"{before:.2f} → {before + change:.2f}", (1.01, row)
        ax.text(*place, words, transform=ax.get_yaxis_transform(), va="center", **NOTE)
