"""Pictures of edits: what was promised of lifting or lowering segments, and what the network says of the sound.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. Changes are on the unit scale, rating / 10.

Public names: ``plot_edit``, ``plot_edit_summary``.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .ratings import MIDLEVEL
from .style import COLOURS, FAINT, FULL, NOTE, OURS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UNIT = "change (rating / 10)"
_CONTROL = "#808080"


def plot_edit(table: "pd.DataFrame", output: str, *, ax: "Axes | None" = None) -> "tuple[Figure, Axes]":
    """Draw what one edit was to do to each output, and what it did.

    Parameters
    ----------
    table
        As `rescoring.compute_edit` gives it: one row per output with ``before``, ``promised`` and ``obtained``. A
        column ``control``, the change by editing random segments, is drawn where there is one; so is no NaN.
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
        ax.scatter(table["control"], rows, marker="x", s=22, color=_CONTROL, label="random segments", zorder=3)
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


def plot_edit_summary(summary: "pd.DataFrame", *, ax: Any = None) -> "tuple[Figure, np.ndarray]":
    """Draw how far each feature moves by how many decibels, with 95 % intervals over clips.

    Parameters
    ----------
    summary
        As `editviews.compute_edit_summary` gives it. A promise that lies outside of what was obtained or of the
        control is written at the edge.
    ax
        As many axes as features and one for the legend; a new figure, four in a row, by default.
    """
    names, dbs = summary.index.unique("feature"), sorted(summary.index.unique("db"))
    rows = -(-(len(names) + 1) // 4)
    fig, ax = build_axes(ax, size=(TALL[0], 0.5 + 2.1 * rows), shape=(rows, 4))
    ends = summary[[f"{name}_{end}" for name in ("obtained", "control") for end in ("low", "high")]]
    limit = 1.25 * float(ends.abs().max(axis=None)) or 1.0
    for number, (panel, name) in enumerate(zip(ax, names, strict=False)):
        table = summary.xs(name, level="feature").loc[dbs]
        panel.axhline(0, color=THEIRS, linewidth=0.9, zorder=0)
        _draw_promise(panel, table["promised"], limit)
        _draw_course(panel, table, "obtained", color=COLOURS.get(name, OURS), marker="o", label="obtained")
        _draw_course(panel, table, "control", color=_CONTROL, marker="x", label="random segments")
        panel.plot(dbs, table["whole"], color=FAINT, linestyle="--", label="all segments", zorder=1)
        panel.set(title=name, ylim=(-limit, limit), xlim=(min(dbs) - 2, max(dbs) + 2))
        panel.set_xticks(dbs, [f"{db:+g}".replace("-", "−") for db in dbs])
        panel.grid(visible=True, axis="y")
        panel.tick_params(labelleft=number % 4 == 0)
    for panel in ax[len(names) :]:
        panel.set_axis_off()
    ax[len(names)].legend(*ax[0].get_legend_handles_labels(), loc="center left")
    fig.supxlabel("segments that raise the feature lifted or lowered by (dB)")
    fig.supylabel(f"the feature's {_UNIT}")
    return fig, ax


def _draw_course(ax: "Axes", table: "pd.DataFrame", name: str, *, color: str, **look: str) -> None:
    """Draw a course through no change at 0 dB, its intervals, and its marks."""
    course = np.array(sorted([*zip(table.index, table[name], strict=True), (0, 0)]))
    ax.plot(*course.T, color=color, linewidth=1, zorder=2)
    ax.vlines(table.index, table[f"{name}_low"], table[f"{name}_high"], color=color, linewidth=2, zorder=2)
    ax.scatter(table.index, table[name], color=color, s=22, zorder=3, **look)


def _draw_promise(ax: "Axes", promised: "pd.Series", limit: float) -> None:
    """Draw promises as hollow marks; those beyond the limit as arrows with their number."""
    look = {"facecolor": "none", "edgecolor": THEIRS, "linewidth": 1, "s": 40, "zorder": 4}
    ax.scatter(promised.index, promised.where(promised.abs() < limit), label="promised", **look)
    for db, value in promised[promised.abs() >= limit].items():
        side = float(np.sign(value))
        edge = (db, 0.93 * side * limit)
        ax.scatter(*edge, marker="^" if side > 0 else "v", **look)
        place = {"xytext": (-6 * np.sign(db), 0), "ha": "right" if db > 0 else "left", "va": "center"}
        ax.annotate(f"{value:+.2f}".replace("-", "−"), edge, textcoords="offset points", **place, **NOTE)
