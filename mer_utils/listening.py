"""Explanations that one can listen to: the segments that raise or lower an output, alone, taken out, or made louder.

Segments become gains on the spectrogram's own grid, and gains become sound (`resynthesis`). What is left out is
silent: so it was to the network, too, if the explanation hid by silence. The papers' own way, without the inverse of
the logarithm, is kept beside it.

Public names: ``MODES``, ``SIDES``, ``METHODS``, ``MOST_DB``, ``Rendering``, ``build_gains``, ``build_side_gains``,
``render_explanation``, ``render_gained``, ``render_edit``, ``describe_rendering``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .explanation import ExplainError, Explanation
from .paperresynthesis import render_paper
from .passages import Passage
from .resynthesis import SMOOTHING, compute_smoothed, compute_spectra, render_spectra
from .selection import select_segments
from .spectrogram import compute_magnitudes

# Factors of the segments that raise, of those that lower, and of the rest; None is that of `db`, -1 its inverse.
_FACTORS = {
    "positive only": (1, 0, 0),
    "negative only": (0, 1, 0),
    "positive removed": (0, 1, 1),
    "negative removed": (1, 0, 1),
    "positive edited": (None, 1, 1),
    "negative edited": (1, None, 1),
    "both edited": (None, -1, 1),
}
#: Ways to hear a selection. Positive segments raise the output, negative ones lower it; "edited" lifts or lowers them
#: by ``db`` ("both": the negative ones by as much the other way), and "irrelevant silenced" keeps all of a frame in
#: which one of them sounds, and nothing of the others.
MODES = (*_FACTORS, "irrelevant silenced")
#: Mode in which one hears what raises an output, and what lowers it.
SIDES = {"raises": "positive only", "lowers": "negative only"}
#: Furthest that segments are lifted or lowered, dB: more is nothing that a sound could hold.
MOST_DB = 120
#: ``"exact"`` multiplies the sound's own spectra; ``"paper"`` is the demo of 2019 (`paperresynthesis`).
METHODS = ("exact", "paper")


@dataclass(frozen=True, eq=False)
class Rendering:
    """What one hears of an explanation.

    Attributes
    ----------
    y
        (n_samples,) float32 the passage, at the level that is left of it; its peak may exceed 1.
    mode
        One of `MODES`.
    level
        Energy beside that of the passage as it was, dB; minus infinity for silence.
    leak
        Energy left in the cells that were to be silent beside what they held before, dB; NaN if there are none, and
        by the method ``"paper"``, whose energies are not those of the sound. Smoothing, and frames that overlap, let
        some through.
    """

    y: np.ndarray
    mode: str
    level: float
    leak: float

    @property
    def peak(self) -> float:
        """Largest sample, where full scale is 1: what is more clips unless it is lowered."""
        return float(np.abs(self.y).max(initial=0))


def build_gains(
    explanation: Explanation, output: str, *, mode: str = "positive only", db: float = 0.0, rule: str = "top"
) -> np.ndarray:
    """Turn the segments that move an output into gains.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs.
    mode
        One of `MODES`.
    db
        By how much edited segments are lifted or lowered.
    rule
        Which segments count, one of `selection.RULES`.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_bands) linear factors.

    Raises
    ------
    ExplainError
        For an unknown mode, output or rule, or a ``db`` beyond `MOST_DB`.
    """
    sides = select_segments(explanation, output, rule=rule)
    if mode == "irrelevant silenced":
        kept = np.isin(explanation.segments, np.concatenate(sides)).any(axis=1)
        return np.repeat(kept[:, None].astype(float), explanation.segments.shape[1], axis=1)
    return build_side_gains(explanation.segments, *sides, mode=mode, db=db)


def build_side_gains(
    segments: np.ndarray, raising: np.ndarray, lowering: np.ndarray, *, mode: str, db: float = 0.0
) -> np.ndarray:
    """Turn two selections of segments into gains, whoever made them; "irrelevant silenced" is for `build_gains`.

    Parameters
    ----------
    segments
        (n_frames, n_bands) labels.
    raising, lowering
        Labels on either side.
    mode, db
        As in `build_gains`.

    Raises
    ------
    ExplainError
        For another mode, or a ``db`` beyond `MOST_DB`.
    """
    if mode not in _FACTORS:
        raise ExplainError(f"unknown mode {mode!r}; there are: {', '.join(MODES)}")
    if not abs(db) <= MOST_DB:
        raise ExplainError(f"segments are lifted or lowered by up to {MOST_DB} decibels, not by {db}")
    lifts = {None: 10 ** (db / 20), -1: 10 ** (-db / 20)}
    positive, negative, rest = (lifts.get(factor, factor) for factor in _FACTORS[mode])
    factors = np.full(segments.max() + 1, float(rest))
    factors[raising], factors[lowering] = positive, negative
    return factors[segments]


def render_explanation(
    passage: Passage, output: str, *, smoothing: float = SMOOTHING, method: str = "exact", **choice: Any
) -> Rendering:
    """Render the part of a sound that an explanation speaks of.

    Parameters
    ----------
    passage
        Sound and explanation.
    output
        One that was explained.
    smoothing
        Standard deviation by which gains are smoothed, cells; 0 leaves hard edges.
    method
        One of `METHODS`.
    choice
        ``mode``, ``db`` and ``rule`` as in `build_gains`.

    Returns
    -------
    Rendering
        Silent where nothing was selected.

    Raises
    ------
    ExplainError
        As `build_gains`, or for an unknown method.
    """
    gains = build_gains(passage.explanation, output, **choice)
    return render_gained(passage, gains, mode=choice.get("mode", MODES[0]), smoothing=smoothing, method=method)


def render_gained(
    passage: Passage, gains: np.ndarray, *, mode: str, smoothing: float = SMOOTHING, method: str = "exact"
) -> Rendering:
    """Render a passage with gains (n_frames, n_bands) on its window; ``mode`` is only what that is called."""
    if method not in METHODS:
        raise ExplainError(f"unknown method {method!r}; there are: {', '.join(METHODS)}")
    gains = passage.fold(gains)
    smooth = compute_smoothed(gains, smoothing)
    before = passage.cut(passage.y)
    if method == "paper":
        y = render_paper(passage.spectra, smooth)
        return Rendering(y, mode, _compare(y, before), np.nan)
    rendered, origin = render_spectra(passage.spectra, smooth)
    y = passage.cut(rendered, origin=origin)
    return Rendering(y, mode, _compare(y, before), _compute_leak(passage, y, gains == 0))


def _compare(after: np.ndarray, before: np.ndarray) -> float:
    """Energy of one array beside another, dB; NaN where there was none before."""
    first, second = (float(np.square(part, dtype=np.float64).mean()) if part.size else 0.0 for part in (after, before))
    if not second:
        return float("nan")
    return 10 * np.log10(first / second) if first else -np.inf


def _compute_leak(passage: Passage, y: np.ndarray, hidden: np.ndarray) -> float:
    """Measure what is heard in the hidden cells (n_frames, n_bands) of a passage."""
    heard = compute_spectra(y, n_frames=len(hidden), config=passage.config).spec
    after, before = (compute_magnitudes(spec)[hidden] for spec in (heard, passage.spectra.spec))
    return _compare(after, before)


def render_edit(
    passage: Passage,
    output: str,
    *,
    db: float,
    sign: str = "positive",
    rule: str = "bh",
    smoothing: float = SMOOTHING,
) -> np.ndarray:
    """Lift or lower the segments that move an output, and leave all else of the sound as it was.

    All segments are edited whose weight is certain, not only the strongest, as in `render_explanation`: those that
    one can make out by ear are too few to move the network far.

    Parameters
    ----------
    passage
        Sound and explanation.
    output, rule
        As in `build_gains`.
    db
        By how much.
    sign
        ``"positive"`` edits what raises the output, ``"negative"`` what lowers it; ``"both"`` does both, the latter
        the other way.
    smoothing
        As in `render_explanation`.

    Returns
    -------
    numpy.ndarray
        (n_samples,) float32, the whole sound at its own level, so that its peak may exceed 1.

    Raises
    ------
    ExplainError
        As `build_gains`.
    """
    gains = build_gains(passage.explanation, output, mode=f"{sign} edited", db=db, rule=rule)
    return passage.render(gains, smoothing=smoothing)


def describe_rendering(rendering: Rendering) -> str:
    """Say how loud a rendering is beside the original, and what leaks into what it hides."""
    if rendering.level == -np.inf:
        return f"{rendering.mode}: silence, for no segment was kept that sounds"
    said = f"{rendering.mode}: {rendering.level:+.1f} dB beside the original"
    leak = "" if np.isnan(rendering.leak) else f" (hidden cells: {rendering.leak:+.0f} dB)"
    return f"{said}{leak}{', and would clip at its own level' if rendering.peak > 1 else ''}"
