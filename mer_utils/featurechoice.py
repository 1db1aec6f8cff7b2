"""Which feature of a sound is worth an explanation, and why this one: the first of two levels, emotion to feature.

Public names: ``select_feature``, ``describe_choice``.
"""

from typing import TYPE_CHECKING

import numpy as np

from .effects import compute_contributions, describe_track
from .ratings import EMOTIONS, MIDLEVEL

if TYPE_CHECKING:
    import pandas as pd

    from .reference import Reference
    from .regression import LinearModel


def select_feature(
    midlevel: np.ndarray, *, reference: "Reference", layer: "LinearModel", emotion: str | None = None
) -> str:
    """Select the feature that is most worth an explanation.

    Parameters
    ----------
    midlevel
        (7,) what a network hears, unit scale.
    reference
        Tracks to compare with.
    layer
        From features to emotions.
    emotion
        Take the feature that moves this one furthest from its mean over the reference, up or down. Without it, take
        the feature whose rank among the tracks is furthest from the middle; of several beyond all tracks, that with
        the most standard deviations from the mean.
    """
    if emotion:
        return MIDLEVEL[int(np.abs(_compute_parts(midlevel, reference, layer, emotion)).argmax())]
    ranks = [abs(reference.compute_rank(name, x) - 0.5) for name, x in zip(MIDLEVEL, midlevel, strict=True)]
    spread = reference.midlevel[list(MIDLEVEL)].to_numpy().std(axis=0).clip(1e-9)
    distances = np.abs(midlevel - reference.mean) / spread
    return MIDLEVEL[max(range(len(MIDLEVEL)), key=lambda k: (ranks[k], distances[k]))]


def _compute_parts(midlevel: np.ndarray, reference: "Reference", layer: "LinearModel", emotion: str) -> np.ndarray:
    return compute_contributions(layer.weights, midlevel, reference.mean)[EMOTIONS.index(emotion)]


def describe_choice(
    song: "pd.Series",
    feature: str,
    *,
    emotion: str | None,
    layer: "LinearModel",
    reference: "Reference",
    doubts: "pd.DataFrame | None" = None,
) -> str:
    """Say why a feature is explained: the first of two levels, from emotion to feature.

    Parameters
    ----------
    song
        Features by name, unit scale; its own name is what the sound is called.
    feature
        The one that is explained.
    emotion, layer, reference
        As in `select_feature`.
    doubts
        As in `effects.describe_track`.

    Returns
    -------
    str
        With an emotion, `effects.describe_track` and the part of the feature in it; without, how unusual the feature
        is, as of one that `select_feature` gives.
    """
    midlevel, value = song[list(MIDLEVEL)].to_numpy(float), float(song[feature])
    if emotion:
        said = describe_track(song, emotion=emotion, layer=layer, reference=reference, doubts=doubts)
        parts = _compute_parts(midlevel, reference, layer, emotion)
        part = parts[MIDLEVEL.index(feature)]
        if np.abs(parts).max() > abs(part):
            return f"{said} The part of {feature}, which is explained here, is {part:+z.3f}."
        return f"{said} The largest part is that of {feature}, {part:+z.3f}: it is explained here."
    rank, mean = reference.compute_rank(feature, value), reference.mean[MIDLEVEL.index(feature)]
    side, share = ("higher", rank) if rank >= 0.5 else ("lower", 1 - rank)
    place = f"{side} than in {'nearly all' if share > 0.99 else f'{share:.0%}'} of {reference.label}"
    return (
        f"Of the seven, {feature} is the most unusual: {value:.2f}, {place} (mean {mean:.2f}). It is explained here."
    )
