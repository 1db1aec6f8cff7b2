"""Pictures of effects: what the features of songs do to their emotions, beside each other and beside a whole corpus.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. Values are on the unit scale, rating / 10. A song has
one colour and one marker wherever it appears; a weight whose sign is not reliable is drawn hollow or hatched.

Public names: ``plot_profiles``, ``plot_difference``, ``plot_comparison``, ``plot_effects``, ``plot_boxes``,
``plot_effect_kinds``, ``plot_weights``.
"""

import re
import textwrap
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .effects import LITTLE
from .glossary import COMPARATIVES
from .ratings import EMOTIONS, MIDLEVEL
from .style import FAINT, FULL, HALF, NOTE, OURS, SONGS, TALL, THEIRS, build_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UNIT = "rating / 10"
# What adds and what takes in a waterfall: greys, because colours are songs here.
_UP, _DOWN = "#404040", "#A0A0A0"
_HATCH = "////"


def plot_profiles(
    heard: "pd.DataFrame", *, spread: "pd.DataFrame | None" = None, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw the features and the emotions of two to five songs side by side on one scale.

    Parameters
    ----------
    heard
        (n_songs, 15): one row per song, features and emotions by name, unit scale.
    spread
        Standard deviations over the windows of each song in the same form, drawn as whiskers.
    ax
        Two axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=FULL, shape=(1, 2))
    for panel, names, title in zip(ax, (MIDLEVEL, EMOTIONS), ("features heard", "emotions predicted"), strict=True):
        rows = np.arange(len(names))
        values = heard[list(names)]
        panel.hlines(rows, values.min(), values.max(), color=FAINT, linewidth=1.5, zorder=1)
        shifts = np.linspace(-0.18, 0.18, len(heard)) if spread is not None else np.zeros(len(heard))
        for (song, row), shift, (colour, marker) in zip(values.iterrows(), shifts, SONGS, strict=False):
            if spread is not None:
                around = spread.loc[song, list(names)]
                panel.hlines(rows + shift, row - around, row + around, color=colour, alpha=0.45, linewidth=2.5)
            panel.scatter(row, rows + shift, color=colour, marker=marker, s=42, label=_fold(song), zorder=3)
        panel.set_yticks(rows, names)
        panel.set_ylim(len(names) - 0.5, -0.5)
        panel.set(title=title, xlabel=_UNIT)
        panel.grid(visible=True, axis="x")
        panel.margins(x=0.08)
        _strip(panel)
    _share_limits(ax)
    _add_legend(fig, ax[0])
    return fig, ax


def _fold(title: str) -> str:
    """Fold a title into two short lines in which a dollar begins no formula and an underscore hides nothing."""
    folded = textwrap.fill(str(title), 24, max_lines=2, placeholder="…")
    return re.sub(r"(?<!\\)\$", r"\\$", f" {folded}" if folded.startswith("_") else folded)


def _add_legend(fig: "Figure", ax: "Axes") -> None:
    """Name the marks of one panel above all panels, in as few rows as fit."""
    handles, names = ax.get_legend_handles_labels()
    for rows in range(1, len(names) + 1):
        legend = fig.legend(handles, names, loc="outside upper left", ncols=-(-len(names) // rows))
        if rows == len(names) or legend.get_window_extent().width < fig.bbox.width:
            return
        legend.remove()


def _strip(ax: "Axes") -> None:
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _share_limits(panels: Any) -> None:
    limits = np.array([panel.get_xlim() for panel in panels])
    for panel in panels:
        panel.set_xlim(limits[:, 0].min(), limits[:, 1].max())


def plot_difference(
    parts: "pd.Series",
    *,
    ends: Mapping[str, float],
    doubtful: Collection[str] = (),
    emotion: str = "",
    ax: "Axes | None" = None,
) -> "tuple[Figure, Axes]":
    """Draw how one song's emotion becomes another's, feature by feature: a waterfall, the largest part on top.

    Parameters
    ----------
    parts
        What each feature adds: a row of `effects.decompose_difference`.
    ends
        The emotion of the first and of the second song by title, unit scale; they differ by the sum of ``parts``.
    doubtful
        Features whose weights have no reliable sign: hatched.
    emotion
        Its name.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=FULL)
    (first, start), (second, end) = ends.items()
    parts = parts[parts.abs().sort_values(ascending=False, kind="stable").index]
    steps = start + np.concatenate([[0.0], parts.cumsum()])
    rows = np.arange(1, len(parts) + 1)
    ax.vlines(steps, np.arange(len(steps)) - 0.36, np.arange(len(steps)) + 1.36, color=FAINT, linewidth=0.8)
    for row, left, (name, part) in zip(rows, steps, parts.items(), strict=False):
        look = (
            {"hatch": _HATCH, "facecolor": "white"} if name in doubtful else {"facecolor": _UP if part > 0 else _DOWN}
        )
        ax.barh(row, part, left=left, height=0.62, edgecolor=_UP if part > 0 else _DOWN, linewidth=1, **look)
    for row, value, (colour, marker) in zip((0, len(parts) + 1), (start, end), SONGS, strict=False):
        ax.scatter(value, row, color=colour, marker=marker, s=60, zorder=3)
        ax.annotate(f"{value:z.2f}", (value, row), (8, 0), textcoords="offset points", va="center")
    width = max(np.ptp(steps), 10 * LITTLE)
    for row, left, part in zip(rows, steps, parts, strict=False):
        side = max(left, left + part) + 0.015 * width
        ax.text(side, row, f"{part:+z.3f}", ha="left", va="center", **NOTE)
    ax.set_yticks(range(len(parts) + 2), [_fold(first), *parts.index, _fold(second)])
    note = "\nhatched: sign not reliable" if set(doubtful) & set(parts.index) else ""
    ax.set(ylim=(len(parts) + 1.6, -0.6), xlabel=f"{emotion} ({_UNIT}){note}")
    ax.set_xlim(min(steps) - 0.08 * width, max(steps) + 0.3 * width)
    ax.grid(visible=True, axis="x")
    _strip(ax)
    return fig, ax


def plot_comparison(
    heard: "pd.DataFrame",
    parts: "pd.DataFrame",
    *,
    emotion: str,
    spread: "pd.DataFrame | None" = None,
    doubts: "pd.DataFrame | None" = None,
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw two songs' features and emotions, and what makes the difference in one emotion: the whole answer.

    Parameters
    ----------
    heard, spread
        As in `plot_profiles`, of two songs.
    parts
        (8, 7) from `effects.decompose_difference`.
    emotion
        The one to take apart.
    doubts
        (8, 7) whether the sign of a weight is not reliable: such parts are hatched.
    ax
        Three axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(FULL[0], 3.9), shape=(1, 3), widths=(1, 1, 1.15))
    plot_profiles(heard, spread=spread, ax=ax[:2])
    doubtful = [] if doubts is None else list(doubts.columns[doubts.loc[emotion]])
    row, ends = parts.loc[emotion], heard[emotion].to_dict()
    plot_difference(row, ends=ends, doubtful=doubtful, emotion=emotion, ax=ax[2])
    total = row.sum()
    ax[2].set_title(f"why {COMPARATIVES[emotion][int(total > 0)]}" if abs(total) >= LITTLE else "hardly a difference")
    ax[1].get_yticklabels()[EMOTIONS.index(emotion)].set_weight("bold")
    return fig, ax


def plot_effects(
    effects: np.ndarray, *, songs: "Mapping[str, np.ndarray] | None" = None, ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw the effects of all tracks as box plots, one panel per emotion, with single songs on top.

    As in the authors' demo of 2019: no outliers, features from melodiousness at the bottom to minorness at the top.

    Parameters
    ----------
    effects
        (n_tracks, 8, 7) from `effects.compute_effects`, or contributions in the same form.
    songs
        (8, 7) of the same kind, by title.
    ax
        Eight axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=TALL, shape=(2, 4))
    for number, (panel, emotion) in enumerate(zip(ax, EMOTIONS, strict=True)):
        plot_boxes(effects[:, number], songs={t: values[number] for t, values in (songs or {}).items()}, ax=panel)
        panel.set_title(emotion)
        panel.tick_params(labelleft=number % 4 == 0)
    _share_limits(ax)
    fig.supxlabel(f"effect: weight times feature ({_UNIT})")
    _add_legend(fig, ax[0])
    return fig, ax


def plot_boxes(
    values: np.ndarray, *, songs: Mapping[str, np.ndarray], ax: "Axes | None" = None
) -> "tuple[Figure, Axes]":
    """Draw the effects on one emotion as box plots, the first feature at the bottom, with single songs on top.

    Parameters
    ----------
    values
        (n_tracks, 7) effects or contributions.
    songs
        (7,) of the same kind, by title.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=HALF)
    rows = np.arange(len(MIDLEVEL))
    boxes = ax.boxplot(
        values, orientation="horizontal", positions=rows, widths=0.6, showfliers=False, patch_artist=True,
        medianprops={"color": THEIRS}, whiskerprops={"color": FAINT}, capprops={"color": FAINT},
    )  # fmt: skip
    for box in boxes["boxes"]:
        box.set(facecolor="#E6E6E6", edgecolor=FAINT)
    for (title, song), (colour, marker) in zip(songs.items(), SONGS, strict=False):
        ax.scatter(song, rows, color=colour, marker=marker, s=22, zorder=3, label=_fold(title))
    ax.axvline(0, color=THEIRS, linewidth=0.9, linestyle="--", zorder=0)
    ax.set_yticks(rows, MIDLEVEL)
    ax.locator_params(axis="x", nbins=5)
    ax.grid(visible=True, axis="x")
    _strip(ax)
    return fig, ax


def plot_effect_kinds(
    effects: np.ndarray,
    contributions: np.ndarray,
    *,
    emotion: str,
    songs: "Mapping[str, tuple[np.ndarray, np.ndarray]]",
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw why a raw effect cannot say what is special about a track, and a centred contribution can.

    Parameters
    ----------
    effects, contributions
        (n_tracks, 8, 7) of all tracks.
    emotion
        The one to draw.
    songs
        Effects and contributions (8, 7) of single songs, by title.
    ax
        Two axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=FULL, shape=(1, 2))
    row = EMOTIONS.index(emotion)
    titles = ("effects: weight times feature", "contributions: the same, from the mean track")
    for kind, (panel, values, title) in enumerate(zip(ax, (effects, contributions), titles, strict=True)):
        plot_boxes(values[:, row], songs={name: both[kind][row] for name, both in songs.items()}, ax=panel)
        panel.set(title=title, xlabel=f"part of {emotion} ({_UNIT})")
    ax[1].tick_params(labelleft=False)
    _add_legend(fig, ax[0])
    return fig, ax


def plot_weights(
    weights: np.ndarray, draws: Mapping[str, np.ndarray], *, doubts: "pd.DataFrame", ax: Any = None
) -> "tuple[Figure, np.ndarray]":
    """Draw the weights of a layer and where nine in ten other layers lie, one panel per emotion.

    Parameters
    ----------
    weights
        (8, 7), emotions by features.
    draws
        (n_draws, 8, 7) other layers by where they come from; at most two kinds.
    doubts
        (8, 7) whether the sign of a weight is not reliable: such a weight is hollow.
    ax
        Eight axes; a new figure by default.
    """
    fig, ax = build_axes(ax, size=TALL, shape=(2, 4))
    rows = np.arange(len(MIDLEVEL))
    for number, (panel, emotion) in enumerate(zip(ax, EMOTIONS, strict=True)):
        for shift, colour, (kind, layers) in zip((0.22, -0.22), (THEIRS, SONGS[4][0]), draws.items(), strict=False):
            low, high = np.quantile(layers[:, number], (0.05, 0.95), axis=0)
            panel.hlines(rows - shift, low, high, color=colour, linewidth=2.2, alpha=0.6, label=kind)
        hollow = doubts.loc[emotion, list(MIDLEVEL)].to_numpy(bool)
        for chosen, fill, label in ((~hollow, OURS, "this layer"), (hollow, "white", "sign not reliable")):
            panel.scatter(
                weights[number, chosen], rows[chosen], s=30, facecolor=fill, edgecolor=OURS, zorder=3, label=label
            )
        panel.axvline(0, color=THEIRS, linewidth=0.9, linestyle="--", zorder=0)
        panel.set_yticks(rows, MIDLEVEL)
        panel.set_title(emotion)
        panel.tick_params(labelleft=number % 4 == 0)
        panel.grid(visible=True, axis="x")
        _strip(panel)
    _share_limits(ax)
    fig.supxlabel("weight (dot: this layer; bar: nine in ten of the others)")
    _add_legend(fig, ax[0])
    return fig, ax
