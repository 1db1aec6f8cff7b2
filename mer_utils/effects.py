"""Effects: what each mid-level feature adds to each emotion in a network whose emotions are weighted sums of them.

The published *effect* of a feature is its weight times its value as predicted, rating / 10, not centred (talk and
poster of 2019). Ratings are never negative, so an effect has the sign of its weight for every track: it tells of the
network, not of what is special about a track. A *contribution* does: weight times the distance of the value from the
mean over a corpus. Effects and bias add up to the prediction, contributions to its distance from the mean prediction.

Arrays are on the unit scale, rating / 10: ``midlevel`` (..., 7), emotions last-but-one and features last in what is
given back. Tables give labelled tables where that is said.

Public names: ``EffectError``, ``build_layer``, ``build_published_layer``, ``compute_effects``,
``compute_contributions``, ``decompose_difference``.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .ratings import EMOTIONS, MIDLEVEL, load_published
from .regression import LinearModel

if TYPE_CHECKING:
    import pandas as pd

    from .networks import AudioNetwork


class EffectError(ValueError):
    """A network or values of which no effects can be told."""


def build_layer(network: "AudioNetwork") -> LinearModel:
    """Take the layer from the seven features to the eight emotions out of a network.

    Parameters
    ----------
    network
        Of a scheme whose emotions are made of named features: ``"joint"`` or ``"a2mid2e"``.

    Returns
    -------
    LinearModel
        Weights (8, 7) and bias (8,) in float64.

    Raises
    ------
    EffectError
        If the emotions of the scheme are made of something else.
    """
    from .networks import BOTTLENECKS, HEADS

    if network.scheme not in BOTTLENECKS or "midlevel" not in HEADS[network.scheme]:
        raise EffectError(f"the emotions of {network.scheme!r} are no sums of named features: take joint or a2mid2e")
    weights, bias = (value.detach().cpu().double().numpy() for value in network.to_emotion.parameters())
    return LinearModel(weights, bias, MIDLEVEL, EMOTIONS)


def build_published_layer() -> LinearModel:
    """Give the layer of the authors' joint network, which poster, demos and talk of 2019 share.

    The weights are printed to two decimals on the ISMIR 2019 poster; the bias, which no source prints, was solved for
    from the predictions that the authors' demo pages show.
    """
    table = load_published("joint_weights").loc[[*MIDLEVEL, "bias"], list(EMOTIONS)]
    return LinearModel(table.loc[list(MIDLEVEL)].to_numpy().T, table.loc["bias"].to_numpy(), MIDLEVEL, EMOTIONS)


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
