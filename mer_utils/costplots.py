"""Pictures of what an explainable bottleneck costs: correlations, their differences, and what either depends on.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. A dot is an estimate, a whisker its interval, a black
mark a published number. Tables are those of `scores.compute_cost_of_explainability`, which explains their columns.

Public names: ``plot_correlations``, ``plot_costs``, ``plot_cost_sources``, ``plot_power``, ``plot_conditions``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .costs import SCHEME_NAMES
from .style import COLOURS, FAINT, FULL, OURS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDES = "◂ better than A2E          worse than A2E: the bottleneck costs ▸"
# What is subtracted from what, by part of the cost.
_STEPS = {
    "narrowness": "r(A2E) - r(A2E, rank 7)",
    "extra layer": "r(A2E) - r(A2B2E)",
    "names": "r(A2B2E) - r(Joint, random)",
    "start": "r(Joint, random) - r(Joint)",
}
_TICK = {"marker": "|", "s": 130, "color": THEIRS, "linewidths": 1.8}
_CROSS = {"marker": "x", "s": 22, "color": THEIRS, "linewidths": 1}
# A triangle whose tip touches the row from below, so that it hides no dot.
_TIP = [(0, 0), (-0.5, -1), (0.5, -1), (0, 0)]
_HOLLOW = {"marker": _TIP, "s": 150, "facecolors": "white", "edgecolors": THEIRS, "linewidths": 0.9}


def plot_correlations(
    costs: "pd.DataFrame",
    *,
    published: "pd.DataFrame | None" = None,
    live: "pd.DataFrame | None" = None,
    music: str = "generated music",
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw how well each scheme follows the ratings, one small panel per emotion and one for the average.

    A dotted line marks A2E: what a dot lacks to it is the cost of explainability.

    Parameters
    ----------
    costs
        Columns ``r``, ``r_low``, ``r_high``; schemes and outputs are drawn in their order.
    published
        `load_published("emotion_correlations")` or some of its rows.
    live
        Another such table, from single seeds: hollow marks without intervals.
    music
        What the nets heard (`Corpus.music`), for the legend.
    ax
        As many axes as outputs; a new figure, three in a row, by default.
    """
    others = [] if live is None else [("ours, two nets of this run", live["r"].unstack("output"), _HOLLOW)]
    others += _collect_published(published, "r")
    fig, ax = _draw_grid(costs, "r", others, music=music, ax=ax)
    for panel, output in zip(ax, costs.index.unique("output"), strict=False):
        if ("a2e", output) in costs.index:
            panel.axvline(costs.loc[("a2e", output), "r"], color=FAINT, linestyle=":", zorder=0)
    fig.supxlabel("Pearson's r with the ratings of test tracks (dotted: A2E)")
    return fig, ax


def plot_costs(
    costs: "pd.DataFrame",
    *,
    published: "pd.DataFrame | None" = None,
    music: str = "generated music",
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw the cost of explainability of each scheme, one small panel per emotion and one for the average.

    Parameters
    ----------
    costs
        Columns ``coe``, ``coe_low``, ``coe_high``. Schemes without a cost are left out: the reference, and Mid2E,
        which is told the features and has no ears.
    published
        `load_published("emotion_correlations")` or some of its rows.
    music
        What the nets heard (`Corpus.music`), for the legend.
    ax
        As many axes as outputs; a new figure, three in a row, by default.
    """
    heard = costs[costs.index.get_level_values("scheme") != "mid2e"]
    fig, ax = _draw_grid(heard, "coe", _collect_published(published, "coe"), music=music, ax=ax)
    for panel in ax:
        panel.axvline(0, color=THEIRS, linewidth=1, zorder=1)
    fig.supxlabel(f"cost of explainability: r(A2E) - r(scheme), Pearson's r\n{_SIDES}")
    return fig, ax


def _collect_published(published: "pd.DataFrame | None", measure: str) -> list[tuple[str, "pd.DataFrame", dict]]:
    """Give legend, (schemes, outputs) values and look of the published numbers, by the year."""
    if published is None:
        return []
    rows = published[published["measure"] == measure].set_index("scheme")
    late = rows["source"].str.startswith("SMC")
    kinds = [("published 2019, film music", rows[~late], _TICK), ("published 2025, film music", rows[late], _CROSS)]
    return [kind for kind in kinds if len(kind[1])]


def _draw_grid(
    costs: "pd.DataFrame", measure: str, others: Sequence[tuple[str, "pd.DataFrame", dict]], *, music: str, ax: Any
) -> "tuple[Figure, np.ndarray]":
    """Draw one panel per output, schemes below each other, all on one scale."""
    costs = costs[costs[measure].notna().groupby(level="scheme").transform("any")]
    outputs, schemes = costs.index.unique("output"), list(costs.index.unique("scheme"))
    rows, ours = -(-len(outputs) // 3), f"ours, {music}, with 95 % interval"
    fig, ax = build_axes(ax, size=(TALL[0], 0.9 + rows * (0.4 + 0.17 * len(schemes))), shape=(rows, 3))
    for number, (panel, output) in enumerate(zip(ax, outputs, strict=False)):
        table = costs.xs(output, level="output").reindex(schemes)
        _draw_whiskers(panel, table, measure, color=COLOURS.get(output, OURS), label=ours)
        for label, values, style in others:
            known = values.loc[values.index.isin(schemes), output]
            panel.scatter(known, [schemes.index(scheme) for scheme in known.index], label=label, zorder=3, **style)
        panel.set_title(output)
        panel.tick_params(labelleft=number % 3 == 0)
    for panel in ax[len(outputs) :]:
        panel.set_axis_off()
    _share_scale(ax[: len(outputs)])
    fig.legend(*ax[len(outputs) - 1].get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return fig, ax


def _draw_whiskers(ax: "Axes", table: "pd.DataFrame", measure: str, *, color: Any, label: str = "") -> None:
    """Draw one row per entry of a table, the first on top: an interval and a dot."""
    rows = np.arange(len(table))
    low, high = (table[f"{measure}_{end}"] for end in ("low", "high"))
    ax.hlines(rows, low, high, linewidth=3, alpha=0.45, color=color)
    ax.scatter(table[measure], rows, s=26, zorder=2, label=label, color=color)
    ax.set_yticks(rows, [SCHEME_NAMES.get(name, name) for name in table.index])
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.grid(visible=True, axis="x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _share_scale(panels: Sequence["Axes"]) -> None:
    limits = np.array([panel.get_xlim() for panel in panels])
    for panel in panels:
        panel.set_xlim(limits.min(), limits.max())


def plot_cost_sources(parts: "Mapping[str, pd.DataFrame]", *, ax: Any = None) -> "tuple[Figure, np.ndarray]":
    """Draw from which step the cost comes: one panel per part, one row per emotion and one for the average.

    Parameters
    ----------
    parts
        By part, such as ``"narrowness"``, ``"extra layer"`` and ``"names"``: rows are outputs, columns ``coe``,
        ``coe_low``, ``coe_high``, the r before a step - the r after it.
    ax
        As many axes as parts; a new figure, all in a row, by default.
    """
    fig, ax = build_axes(ax, size=FULL, shape=(1, len(parts)))
    panels = np.atleast_1d(ax)
    for panel, (part, table) in zip(panels, parts.items(), strict=False):
        _draw_whiskers(panel, table, "coe", color=[COLOURS.get(output, OURS) for output in table.index])
        panel.axvline(0, color=THEIRS, linewidth=1, zorder=1)
        panel.set(title=part, xlabel=_STEPS.get(part, "r before - r after"))
    for panel in panels[1:]:
        panel.tick_params(labelleft=False)
    _share_scale(panels)
    fig.supxlabel("◂ the step helps          difference in Pearson's r          the step costs ▸")
    return fig, ax


def plot_power(
    curve: "pd.DataFrame",
    *,
    tracks: Mapping[str, int] | None = None,
    differences: Sequence[float] = (0.01, 0.05),
    ax: "Axes | None" = None,
) -> "tuple[Figure, Axes]":
    """Draw how many test tracks a difference between two correlations needs.

    Parameters
    ----------
    curve
        Result of `power.compute_power_curve`: the band lies between its outer columns.
    tracks
        Numbers of test tracks that somebody had, by name: dashed lines.
    differences
        Those in r to read off the band.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=FULL)
    few, many = (curve[agreement] for agreement in (curve.columns.max(), curve.columns.min()))
    label = f"two networks that agree at r = {many.name:g} (upper edge) to {few.name:g} (lower edge)"
    ax.fill_between(curve.index, few, many, color=OURS, alpha=0.3, linewidth=0, label=label)
    ax.set(xscale="log", yscale="log", xlim=(curve.index.min(), curve.index.max()))
    lines = _join_lines(tracks or {})
    for number, words in lines.items():
        ax.axhline(number, color=THEIRS, linewidth=0.9, linestyle="--")
        # Words go above their line, but below it where another line is close.
        close = any(number < other < 1.8 * number for other in lines)
        place = {
            "xycoords": ax.get_yaxis_transform(),
            "textcoords": "offset points",
            "va": "top" if close else "bottom",
        }
        ax.annotate(words, (0, number), (3, -2 if close else 1), **place)
    for difference in differences:
        needed = [_read_off(values, difference) for values in (few, many)]
        words = " to ".join(_write(float(f"{number:.3g}")) for number in needed)
        ax.vlines(difference, *needed, color=THEIRS, linewidth=2)
        ax.annotate(
            f"{difference:g} needs\n{words} tracks", (difference, needed[1]), (5, 1), textcoords="offset points"
        )
    for axis, ticks in ((ax.xaxis, (0.005, 0.01, 0.02, 0.05, 0.1)), (ax.yaxis, (10, 100, 1000, 10000, 100000))):
        low, high = axis.get_view_interval()
        axis.set_ticks([tick for tick in ticks if low <= tick <= high])
        axis.set_ticks([], minor=True)
        axis.set_major_formatter(lambda tick, _: _write(tick))
    ax.set(xlabel="difference between two correlations (Pearson's r)", ylabel="test tracks needed (80 % power)")
    ax.grid(visible=True)
    ax.legend(loc="upper right")
    return fig, ax


def _join_lines(tracks: Mapping[str, int]) -> dict[int, str]:
    """Write what stands at each line; lines that would touch are one."""
    lines: dict[int, str] = {}
    for name, number in tracks.items():
        known = next((other for other in lines if 1 / 1.1 < other / number < 1.1), number)
        lines[known] = "; ".join(filter(None, [lines.get(known), f"{name}: {number}"]))
    return lines


def _write(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ") if number >= 10 else f"{number:g}"


def _read_off(values: "pd.Series", difference: float) -> float:
    """Interpolate a power curve, which is nearly straight on logarithmic axes."""
    return float(np.exp(np.interp(np.log(difference), np.log(values.index), np.log(values))))


def plot_conditions(
    table: "pd.DataFrame", *, ceiling: "pd.DataFrame | None" = None, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw how the cost of explainability depends on what is known of a generated corpus.

    Parameters
    ----------
    table
        Rows (condition, value, output), columns ``coe``, ``coe_low``, ``coe_high``. A condition's name, with its
        unit, labels the axis of its panel; the output ``"average"`` is drawn thick and with intervals.
    ceiling
        Such a table of Mid2E, which has the bottleneck and no ears: its average is drawn dashed.
    ax
        As many axes as conditions; a new figure, all in a row, by default.
    """
    conditions = table.index.unique(0)
    fig, ax = build_axes(ax, size=FULL, shape=(1, len(conditions)))
    panels = np.atleast_1d(ax)
    for panel, condition in zip(panels, conditions, strict=False):
        lines = table["coe"].xs(condition, level=0).unstack().sort_index()
        for output in lines.columns.drop("average"):
            panel.plot(lines[output], color=COLOURS.get(output, FAINT), linewidth=1)
        average = table.xs((condition, "average"), level=(0, 2)).sort_index()
        panel.vlines(average.index, average["coe_low"], average["coe_high"], color=OURS, linewidth=4, alpha=0.45)
        panel.plot(average["coe"], color=OURS, linewidth=3, marker="o", label="average of Joint, with 95 % interval")
        if ceiling is not None:
            dashed = ceiling.xs((condition, "average"), level=(0, 2))["coe"].sort_index()
            panel.plot(dashed, color=THEIRS, linewidth=1.5, linestyle="--", marker="s", label="average of Mid2E")
        panel.axhline(0, color=THEIRS, linewidth=1, zorder=1)
        panel.grid(visible=True, axis="y")
        panel.set(xlabel=condition, xticks=lines.index)
    limits = np.array([panel.get_ylim() for panel in panels])
    for panel, condition in zip(panels, conditions, strict=False):
        panel.set_ylim(limits.min(), limits.max())
        _label_ends(panel, table["coe"].xs(condition, level=0).unstack().sort_index())
    panels[0].set_ylabel("cost of explainability (Pearson's r)")
    fig.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return fig, ax


def _label_ends(ax: "Axes", lines: "pd.DataFrame") -> None:
    """Write the names of lines beside their right ends, none over another."""
    bottom, top = ax.get_ylim()
    ends = lines.iloc[-1].dropna().sort_values()
    heights, gap = ends.to_numpy().copy(), 0.058 * (top - bottom)
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    heights -= np.clip((heights - ends).mean(), heights[-1] - top, heights[0] - bottom)
    for name, height in zip(ends.index, heights, strict=True):
        style = {"color": COLOURS.get(name, OURS), "weight": "bold" if name == "average" else "normal", "va": "center"}
        leader = {"arrowstyle": "-", "color": style["color"], "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2}
        place = {"xytext": (1.04, height), "textcoords": ax.get_yaxis_transform()}
        ax.annotate(name, (lines.index[-1], ends[name]), arrowprops=leader, **place, **style)
