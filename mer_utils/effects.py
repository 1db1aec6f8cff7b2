"""Effects: what each mid-level feature adds to each emotion in a network whose emotions are weighted sums of them.

The published *effect* of a feature is its weight times its value as predicted, rating / 10, not centred (talk and
poster of 2019). Predicted ratings are hardly ever negative, so an effect has the sign of its weight for nearly every
track: it tells of the network, not of what is special about a track. A *contribution* does: weight times the distance
of the value from the mean over a corpus. Effects and bias add up to the prediction, contributions to its distance from
the mean prediction.

Arrays are on the unit scale, rating / 10: ``midlevel`` (..., 7), emotions last-but-one and features last in what is
given back.

Public names: ``LITTLE``, ``EffectError``, ``compute_effects``, ``compute_contributions``, ``decompose_difference``,
``describe_track``, ``describe_difference``, ``describe_level``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .glossary import COMPARATIVES
from .ratings import EMOTIONS, MIDLEVEL

if TYPE_CHECKING:
    import pandas as pd

    from .reference import Reference
    from .regression import LinearModel

# Ranks, 0-1, between very low, low, middling, high and very high.
_LEVELS = (0.1, 0.3, 0.7, 0.9)
#: Half of what the second decimal shows: less is called no difference.
LITTLE = 0.005
# Reasons are told down to this share of the first, but never more than so many.
_ENOUGH, _MOST = 0.5, 3
# Two reasons count about the same when the smaller is more than this share of the larger.
_TIE = 0.8
# What works against a total, or cancels among the rest, is told from this share of the first reason on.
_WORTH_TELLING = 1 / 3


class EffectError(ValueError):
    """A network or values of which no effects can be told."""


def compute_effects(weights: ArrayLike, midlevel: ArrayLike) -> np.ndarray:
    """Compute the effect of every feature on every emotion: weight times value (ISMIR 2019 poster).

    Parameters
    ----------
    weights
        (8, 7), emotions by features.
    midlevel
        (..., 7) predicted features, unit scale.

    Returns
    -------
    numpy.ndarray
        (..., 8, 7). Summed over the last axis, plus the bias, they are the predicted emotions.

    Raises
    ------
    EffectError
        If the shapes do not fit or a value is not finite.
    """
    weights, midlevel = np.asarray(weights, float), np.asarray(midlevel, float)
    if weights.ndim != 2 or midlevel.ndim < 1 or midlevel.shape[-1] != weights.shape[1]:
        raise EffectError(f"weights {weights.shape} and features {midlevel.shape} must agree in their last axis")
    if not (np.isfinite(weights).all() and np.isfinite(midlevel).all()):
        raise EffectError("weights and features must be finite: is a rating missing?")
    return weights * midlevel[..., None, :]


def compute_contributions(weights: ArrayLike, midlevel: ArrayLike, mean: ArrayLike) -> np.ndarray:
    """Compute what every feature adds to every emotion beyond the mean track: weight times (value - mean).

    Parameters
    ----------
    weights
        (8, 7), emotions by features.
    midlevel
        (..., 7) predicted features, unit scale.
    mean
        (7,) mean of the predicted features over the corpus that tracks are compared with.

    Returns
    -------
    numpy.ndarray
        (..., 8, 7). Summed over the last axis they are prediction minus mean prediction.

    Raises
    ------
    EffectError
        As in `compute_effects`.
    """
    midlevel, mean = np.asarray(midlevel, float), np.asarray(mean, float)
    if mean.shape != midlevel.shape[-1:]:
        raise EffectError(f"the mean {mean.shape} must have one value for each feature, {midlevel.shape[-1:]}")
    return compute_effects(weights, midlevel - mean)


def decompose_difference(first: ArrayLike, second: ArrayLike, *, weights: ArrayLike) -> "pd.DataFrame":
    """Split the difference between two tracks' emotions by the features that make it.

    Parameters
    ----------
    first, second
        (7,) predicted features of either track, unit scale.
    weights
        (8, 7), emotions by features.

    Returns
    -------
    pandas.DataFrame
        (8, 7), emotions by features: weight times (second - first). A row adds up to the second prediction minus the
        first, whatever the bias.

    Raises
    ------
    EffectError
        As in `compute_effects`, or if the features are not seven of one track each.
    """
    import pandas as pd

    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != (len(MIDLEVEL),) or second.shape != first.shape:
        raise EffectError(f"two tracks of {len(MIDLEVEL)} features each are needed, not {first.shape}, {second.shape}")
    return pd.DataFrame(compute_contributions(weights, second, first), list(EMOTIONS), list(MIDLEVEL))


def describe_track(
    song: "pd.Series",
    *,
    emotion: str,
    layer: "LinearModel",
    reference: "Reference",
    doubts: "pd.DataFrame | None" = None,
) -> str:
    """Say in words why a track has much or little of an emotion.

    High and low are ranks among the tracks of the reference: above seven or nine in ten, below three or one. Reasons
    are contributions in the direction in which the track differs, the largest first and no less than half of it, three
    at most. They count about the same if they differ by less than a fifth.

    Parameters
    ----------
    song
        Predicted features by name, unit scale; its own name is what the track is called.
    emotion
        One of `ratings.EMOTIONS`.
    layer
        From the features to the emotions.
    reference
        Tracks to compare with.
    doubts
        (8, 7) whether the sign of a weight is not reliable (`reliability.compute_doubts`): where such a feature is
        named, its sign is said to be in doubt.

    Returns
    -------
    str
        Two to four sentences; values on the unit scale. As printed, the parts add up to the total.

    Raises
    ------
    EffectError
        If there is no such emotion, or as in `compute_effects`.
    """
    row, midlevel = _find_emotion(emotion), song[list(MIDLEVEL)].to_numpy(float)
    parts = compute_contributions(layer.weights, midlevel, reference.mean)[row]
    mean, value = (float(layer.weights[row] @ x + layer.bias[row]) for x in (reference.mean, midlevel))
    rank = reference.compute_rank(emotion, value)
    ranks = [reference.compute_rank(name, x) for name, x in zip(MIDLEVEL, midlevel, strict=True)]
    having = [
        f"{_describe_rank(own, name, x > average)} ({x:.2f}, {part:+z.3f}{_mark(doubts, emotion, name)})"
        for own, name, x, average, part in zip(ranks, MIDLEVEL, midlevel, reference.mean, parts, strict=True)
    ]
    place = _describe_share(rank, reference.label)
    said = f"“{song.name}” has a {describe_level(rank)} {emotion} score, {value:.2f}: {place}."
    total = value - mean
    if abs(total) < LITTLE:
        return f"{said} That is their mean{_describe_balance(parts, having, 'it has')}."
    against = f"Against their mean, {mean:.2f}, that is {total:+.3f}, because it has"
    return f"{said} {against} {_describe_parts(parts, having, total, 'it has')}"


def describe_difference(
    heard: "pd.DataFrame", *, emotion: str, layer: "LinearModel", doubts: "pd.DataFrame | None" = None
) -> str:
    """Say in words what makes a second track more or less angry, tender or tense than a first.

    Parameters
    ----------
    heard
        One row for each of the two tracks, named as it is called: predicted features by name, unit scale. Other
        columns do not count.
    emotion, layer, doubts
        As in `describe_track`.

    Returns
    -------
    str
        One to three sentences; values on the unit scale. As printed, the parts add up to the total.

    Raises
    ------
    EffectError
        As in `describe_track`, or if there are not two tracks.
    """
    row = _find_emotion(emotion)
    if len(heard) != 2:
        raise EffectError(f"a difference is between two tracks, not {len(heard)}")
    titles, (first, second) = heard.index, heard[list(MIDLEVEL)].to_numpy(float)
    parts = decompose_difference(first, second, weights=layer.weights).iloc[row].to_numpy()
    one, two = (float(layer.weights[row] @ x + layer.bias[row]) for x in (first, second))
    being = [
        f"{COMPARATIVES[name][int(b > a)]} ({b:.2f} against {a:.2f}, {part:+z.3f}{_mark(doubts, emotion, name)})"
        for name, a, b, part in zip(MIDLEVEL, first, second, parts, strict=True)
    ]
    total = two - one
    if abs(total) < LITTLE:
        alike = f"“{titles[1]}” and “{titles[0]}” hardly differ in {emotion} ({two:.2f} and {one:.2f})"
        return f"{alike}{_describe_balance(parts, being, 'the former is')}."
    more = COMPARATIVES[emotion][int(total > 0)]
    said = f"“{titles[1]}” sounds {more} than “{titles[0]}” ({emotion} {two:.2f} against {one:.2f}, {total:+.3f})"
    return f"{said}, because it is {_describe_parts(parts, being, total, 'it is')}"


def describe_level(rank: float) -> str:
    """Name a rank, 0-1: "very low" up to .1, "low" up to .3, "middling", "high" from .7, "very high" from .9."""
    return ("very low", "low", "middling", "high", "very high")[int(np.searchsorted(_LEVELS, rank, "right"))]


def _find_emotion(emotion: str) -> int:
    if emotion not in EMOTIONS:
        raise EffectError(f"unknown emotion {emotion!r}; there are: {', '.join(EMOTIONS)}")
    return EMOTIONS.index(emotion)


def _describe_rank(rank: float, name: str, above: bool) -> str:
    """Say how much a track has of a feature: by its rank, or beside the mean where that is middling."""
    level = describe_level(rank)
    return f"{'more' if above else 'less'} {name} than the mean" if level == "middling" else f"{level} {name}"


def _describe_share(rank: float, label: str) -> str:
    """Say what share of tracks lies below, or above where these are more; never "100%" of what is not all."""
    side, share = ("higher", rank) if rank >= 0.5 else ("lower", 1 - rank)
    return f"{side} than {'nearly all' if share > 0.99 else f'{share:.0%}'} of {label}"


def _mark(doubts: "pd.DataFrame | None", emotion: str, name: str) -> str:
    return ", sign in doubt" if doubts is not None and doubts.loc[emotion, name] else ""


def _describe_parts(parts: np.ndarray, words: Sequence[str], total: float, verb: str) -> str:
    """Give the reasons for a total and what works against it; as printed, they and the rest add up to it."""
    order = np.argsort(-parts * np.sign(total), kind="stable")
    signed = parts[order] * np.sign(total)
    pushes = signed[signed > 0]
    n = min(_MOST, int((pushes >= _ENOUGH * pushes[0]).sum()))
    reasons = _join([words[i] for i in order[:n]])
    if n > 1 and signed[n - 1] > _TIE * signed[0]:
        reasons += ", which count about the same"
    elif n > 2 and signed[1] > _TIE * signed[0]:
        reasons += ", the first two of which count about the same"
    said, told = [f"{reasons}."], list(order[:n])
    if -signed[-1] > signed[0] * _WORTH_TELLING:
        said.append(f"Against that works that {verb} {words[order[-1]]}.")
        told.append(order[-1])
    rest = round(total, 3) - parts[told].round(3).sum()
    gains = np.delete(parts, told).clip(0).sum().round(3)
    if min(gains, gains - rest) > signed[0] * _WORTH_TELLING:
        said.append(f"The other features add {gains:.3f} and take {gains - rest:.3f}.")
    else:
        said.append(f"The other features add {rest:+z.3f} together.")
    return " ".join(said)


def _describe_balance(parts: np.ndarray, words: Sequence[str], verb: str) -> str:
    """End a sentence with why a total is next to nothing: no part is more, or parts cancel."""
    up, down = int(np.argmax(parts)), int(np.argmin(parts))
    if max(parts[up], -parts[down]) < LITTLE:
        return ", and no feature pulls it either way"
    return f" because what pulls it cancels: {verb} {words[up]}, but also {words[down]}"


def _join(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
