"""Two levels on one page: an emotion, the features that make it, the segments that make one of these, and the sound.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out. Values are on the unit scale, rating / 10.

Public names: ``plot_chain``.
"""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .explainplots import LOWERS, RAISES, plot_kept
from .levelplots import plot_levels
from .ratings import MIDLEVEL
from .selection import RULES
from .spectrogram import SpectrogramConfig, compute_band_frequencies
from .style import COLOURS, FULL, NOTE, THEIRS, build_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .chains import Chain
    from .explanation import Explanation

# Relative heights of features, spectrogram and sound.
_HEIGHTS = (2.1, 2.7, 1.1)
_HIGH = 0.85  # a box that reaches up to here, as a share of the bands, has no room for words above it


def plot_chain(
    explanation: "Explanation",
    chain: "Chain",
    *,
    sounds: "Mapping[str, np.ndarray] | None" = None,
    sr: int = 22050,
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw one sound's way from an emotion over its features to the segments of one feature, and to what one hears.

    Parameters
    ----------
    explanation
        That of the chain.
    chain
        Of `chains.build_chain`. A dashed box marks its extent: at least half of the weight of the segments in colour
        lies between its sides, and at least half of that between bottom and top.
    sounds
        (n_samples,) by label, such as the original and what was rendered of it; they begin with the explanation. The
        first is drawn in grey, the second in the colour of the segments.
    sr
        Their sample rate, Hz.
    ax
        Two axes, or three with sounds; a new figure, all below each other, by default.
    """
    n = 2 + bool(sounds)
    own, (fig, ax) = ax is None, build_axes(ax, size=(FULL[0], sum(_HEIGHTS[:n]) + 0.35 * n), shape=(n, 1))
    if own:
        ax[0].get_gridspec().set_height_ratios(_HEIGHTS[:n])
    _draw_parts(ax[0], chain)
    _draw_segments(ax[1], explanation, chain)
    if sounds:
        plot_levels(sounds, sr=sr, start=explanation.start, colour=_get_colour(chain), ax=ax[2])
        if chain.seconds:
            ax[2].axvspan(*chain.seconds, color=THEIRS, alpha=0.06, linewidth=0)
        ax[1].set_xlabel("")
        ax[2].set_xlim(ax[1].get_xlim())
    return fig, ax


def _draw_parts(ax: "Axes", chain: "Chain") -> None:
    """Draw how far the emotion is from its mean, and below what each feature adds to that, the largest first."""
    total = chain.value - chain.mean
    order = np.argsort(-chain.contributions * (np.sign(total) or 1), kind="stable")
    names = [MIDLEVEL[column] for column in order]
    parts = np.array([total, *chain.contributions[order]])
    notes = [f"{total:+z.3f} in all"]
    notes += [
        f"{chain.contributions[k]:+z.3f}  ({chain.midlevel[k]:.2f}, mean {chain.midlevel_mean[k]:.2f})" for k in order
    ]
    ax.barh(range(8), parts, height=0.68, color=[COLOURS[name] for name in (chain.emotion, *names)])
    ax.axvline(0, color=THEIRS, linewidth=0.9)
    for row, (part, note) in enumerate(zip(parts, notes, strict=True)):
        ax.annotate(note, (max(part, 0.0), row), (4, 0), textcoords="offset points", va="center", **NOTE)
    ax.set_yticks(range(8), [chain.emotion, *names])
    for name in (chain.emotion, chain.feature):
        ax.get_yticklabels()[[chain.emotion, *names].index(name)].set_weight("bold")
    width = max(np.ptp([0.0, *parts]), 1e-3)
    ax.set_xlim(min(0.0, parts.min()) - 0.03 * width, max(0.0, parts.max()) + 0.25 * width)
    ax.set(ylim=(7.6, -0.6), xlabel=f"added to {chain.emotion} (rating / 10)")
    title = textwrap.shorten(chain.title, 40, placeholder="…").replace("$", r"\$")
    ax.set_title(f"“{title}”: {chain.emotion} {chain.value:.2f}, mean {chain.mean:.2f}. What each feature adds")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _draw_segments(ax: "Axes", explanation: "Explanation", chain: "Chain") -> None:
    """Draw the spectrogram with the segments of the chain in colour, and a box around half of their weight."""
    colour = _get_colour(chain)
    plot_kept(explanation, chain.segments, line=colour, ax=ax)
    n, more = len(chain.segments), {"raises": "more", "lowers": "less"}[chain.verb]
    count = (
        f"in colour {n} of {chain.n_segments} segments that {chain.plural} it"
        if n
        else f"none of the {RULES['top']} largest weights {chain.verb} it"
    )
    ax.set_title(f"{chain.feature} {chain.heard:.2f}, {more} than the mean {chain.usual:.2f}: {count}")
    if not n:
        return
    bands = compute_band_frequencies(SpectrogramConfig(fps=explanation.fps))
    left, right = chain.seconds
    low, high = np.interp(np.log(chain.hertz), np.log(bands), np.arange(len(bands)))
    corners = (left, right, right, left, left), (low, low, high, high, low)
    ax.plot(*corners, color=THEIRS, linewidth=1.3, linestyle="--", scalex=False, scaley=False)
    early, above = left + right < sum(ax.get_xlim()), high < _HIGH * len(bands)
    place = {"va": "bottom" if above else "top", "ha": "left" if early else "right", "textcoords": "offset points"}
    box = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.5}
    corner, shift = (left if early else right, high), (3 if early else -3, 4 if above else -4)
    ax.annotate(chain.place, corner, shift, bbox=box, **place)


def _get_colour(chain: "Chain") -> str:
    return RAISES if chain.verb == "raises" else LOWERS
