"""Pictures of what there is to hear: how loud sounds are over time, and from which segments they were made.

The rules of `plots` hold here too: data in, ``(fig, ax)`` out.

Public names: ``plot_levels``, ``plot_heard``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .displays import compute_level
from .explainplots import RAISES, plot_kept
from .style import FAINT, FULL, OURS, THEIRS, build_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .explanation import Explanation

_STEP = 0.1  # seconds over which a level is taken
_FLOOR = -70.0  # dB relative to full scale: silence, as drawn


def plot_levels(
    sounds: Mapping[str, np.ndarray],
    *,
    sr: int = 22050,
    start: float = 0.0,
    colour: str = OURS,
    ax: "Axes | None" = None,
) -> "tuple[Figure, Axes]":
    """Draw the levels of sounds over time, and name how loud each is as a whole beside the first.

    The axis has levels relative to full scale; the legend has the difference to the first sound, dB, because a player
    may have made all louder or softer together.

    Parameters
    ----------
    sounds
        (n_samples,) by label; the first, such as the original, is filled in grey.
    sr
        Their sample rate, Hz.
    start
        Where they begin, seconds.
    colour
        Of the second sound.
    ax
        Where to draw; a new figure by default.
    """
    fig, ax = build_axes(ax, size=(FULL[0], 1.7))
    colours, loudest = (FAINT, colour, THEIRS, OURS), _FLOOR
    for number, (label, y) in enumerate(zip(_name_levels(sounds), sounds.values(), strict=True)):
        level = _measure_levels(y, sr)
        fill = {"fill": True, "alpha": 0.5} if not number else {"linewidth": 1.4}
        fill |= {"color": colours[number % len(colours)], "label": label}
        ax.stairs(level, start + _STEP * np.arange(len(level) + 1), baseline=_FLOOR, **fill)
        loudest = max(loudest, level.max(initial=_FLOOR))
    ax.margins(x=0)
    ax.set(ylim=(_FLOOR, loudest + 6), ylabel="level (dB)", xlabel="time (s)")
    ax.set_title("what one hears" if len(sounds) < 2 else f"what one hears; in brackets: beside {next(iter(sounds))}")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=len(sounds), borderaxespad=0)
    ax.grid(visible=True, axis="y")
    return fig, ax


def _name_levels(sounds: Mapping[str, np.ndarray]) -> list[str]:
    """Name sounds with their level beside the first, dB; beside silence no level can be told."""
    first, *others = levels = [compute_level(y) for y in sounds.values()]
    words = ["", *("" if np.isinf(first) else f" ({level - first:+z.0f} dB)" for level in others)]
    words = [" (silence)" if np.isinf(level) else word for level, word in zip(levels, words, strict=True)]
    return [label + word for label, word in zip(sounds, words, strict=True)]


def _measure_levels(y: np.ndarray, sr: int) -> np.ndarray:
    """Measure the level of a sound in steps of 0.1 s, dB relative to full scale."""
    size = round(_STEP * sr)
    whole = np.asarray(y, float)[: len(y) // size * size].reshape(-1, size)
    return 10 * np.log10(np.maximum((whole**2).mean(axis=1), 10 ** (_FLOOR / 10)))


def plot_heard(
    explanation: "Explanation",
    kept: Sequence[int],
    sounds: Mapping[str, np.ndarray],
    *,
    title: str = "",
    line: str = RAISES,
    ax: Any = None,
) -> "tuple[Figure, np.ndarray]":
    """Draw segments, and below them the levels of the sounds that were made of them.

    Parameters
    ----------
    explanation
        Any.
    kept
        Labels of the segments to show in colour.
    sounds
        (n_samples,) at 22 050 Hz by label, beginning with the explanation; the second has the colour of the outlines.
    title
        Above the segments.
    line
        Colour of their outlines.
    ax
        Two axes; a new figure, both below each other, by default.
    """
    own, (fig, ax) = ax is None, build_axes(ax, size=(FULL[0], 3.9), shape=(2, 1))
    if own:
        ax[0].get_gridspec().set_height_ratios((2.4, 1))
    plot_kept(explanation, kept, line=line, ax=ax[0])
    ax[0].set(title=title, xlabel="")
    plot_levels(sounds, start=explanation.start, colour=line, ax=ax[1])
    ax[1].set_xlim(ax[0].get_xlim())
    return fig, ax
