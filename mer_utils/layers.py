"""The readable layer from seven features to eight emotions: a network's, the published one, and others like it.

Others come from trainings with other seeds and from regressions on other ratings: (n_draws, 8, 7) weights, emotions by
features. `reliability` tells what they have in common.

Public names: ``LayerError``, ``build_layer``, ``build_published_layer``, ``build_published_songs``,
``build_sweep_layers``, ``fit_bootstrap_layers``, ``fit_published_layers``.
"""

from typing import TYPE_CHECKING

import numpy as np

from .ratings import EMOTIONS, MIDLEVEL, load_published
from .regression import LinearModel, fit_linear

if TYPE_CHECKING:
    import pandas as pd

    from .networks import AudioNetwork
    from .sweeps import Sweep

# Film-music clips 5-360, over which the published correlations were computed.
_N_CLIPS = 356
# A sweep keeps predictions as half-precision numbers, which between 0 and 1 are right to half of this.
_HALF_PRECISION = 2**-11


class LayerError(ValueError):
    """A network, sweep or table that gives no layer from named features to emotions."""


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
    LayerError
        If the emotions of the scheme are made of something else.
    """
    from .networks import BOTTLENECKS, HEADS

    if network.scheme not in BOTTLENECKS or "midlevel" not in HEADS[network.scheme]:
        raise LayerError(f"the emotions of {network.scheme!r} are no sums of named features: take joint or a2mid2e")
    weights, bias = (value.detach().cpu().double().numpy() for value in network.to_emotion.parameters())
    return LinearModel(weights, bias, MIDLEVEL, EMOTIONS)


def build_published_layer() -> LinearModel:
    """Give the layer of the authors' joint network, which poster, demos and talk of 2019 share.

    The weights are printed to two decimals on the ISMIR 2019 poster; the bias, which no source prints, was solved for
    from the predictions that the authors' demo pages show.
    """
    table = load_published("joint_weights").loc[[*MIDLEVEL, "bias"], list(EMOTIONS)]
    return LinearModel(table.loc[list(MIDLEVEL)].to_numpy().T, table.loc["bias"].to_numpy(), MIDLEVEL, EMOTIONS)


def build_published_songs() -> "pd.DataFrame":
    """Give what that network hears in both versions of "Hurt", and what it says of them.

    Returns
    -------
    pandas.DataFrame
        One row per version; features and emotions by name, unit scale, read off the authors' demo page to about .01.
    """
    table = load_published("hurt")
    wide = table.assign(name=table["name"].str.replace("_", " ")).pivot_table("value", "version", "name")
    return wide[[*MIDLEVEL, *EMOTIONS]].rename_axis(index=None, columns=None)


def build_sweep_layers(sweep: "Sweep", scheme: str = "joint") -> np.ndarray:
    """Recover the layer of every net of a sweep from what it predicted.

    A sweep keeps predictions, not weights; but emotions that are sums of features tell the weights of the sums.

    Parameters
    ----------
    sweep
        Predictions of many clips.
    scheme
        ``"joint"`` or ``"a2mid2e"``.

    Returns
    -------
    numpy.ndarray
        (n_seeds, 8, 7) weights, as precise as half-precision predictions and the features' collinearity allow.

    Raises
    ------
    LayerError
        If the sweep has no such nets, or their emotions are no sums of their features.
    """
    layers = []
    for seed in sweep.seeds(scheme):
        heads = {head: values.astype(float) for head, values in sweep.nets[scheme, seed].items()}
        if not {"midlevel", "emotion"} <= set(heads):
            break
        layer = fit_linear(heads["midlevel"], heads["emotion"])
        rounding = _HALF_PRECISION * (1 + np.abs(layer.weights).sum(axis=1))
        if (np.abs(layer.predict(heads["midlevel"]) - heads["emotion"]) > rounding).any():
            break
        layers.append(layer.weights)
    if not layers or len(layers) < len(sweep.seeds(scheme)):
        raise LayerError(f"the sweep has no nets {scheme!r} whose emotions are sums of named features")
    return np.stack(layers)


def fit_bootstrap_layers(
    midlevel: "pd.DataFrame", emotion: "pd.DataFrame", groups: "pd.Series", *, n_draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Fit the layer by least squares to ratings, each time to other tracks drawn with replacement.

    Parameters
    ----------
    midlevel, emotion
        (n_tracks, 7) and (n_tracks, 8) ratings of the same tracks on one scale.
    groups
        Group of each track, such as `folds.build_groups` gives: groups are drawn whole.
    n_draws
        At least 100.
    seed
        Of the draws.

    Returns
    -------
    numpy.ndarray
        (n_draws, 8, 7) weights.

    Raises
    ------
    LayerError
        If a track has no group, or there are fewer than 16 groups or 100 draws.
    RegressionError
        If the ratings do not determine a regression.
    """
    from .bootstrap import build_resampling

    fit_linear(midlevel, emotion)  # complains of what cannot be fitted
    numbers = groups.reindex(midlevel.index).factorize()[0]
    if numbers.min() < 0 or numbers.max() < 2 * len(MIDLEVEL) + 1 or n_draws < 100:
        raise LayerError(
            f"a bootstrap needs 100 draws of 16 groups of tracks or more, not {n_draws} of {numbers.max() + 1}"
        )
    x, y = np.c_[midlevel, np.ones(len(midlevel))], np.asarray(emotion, float)
    member = numbers == np.arange(numbers.max() + 1)[:, None]
    squares, products = (
        np.stack([x[own].T @ values[own] for own in member]) for values in (x, y)
    )  # (n_groups, 8, 8): the sums that a least-squares fit is made of, group by group
    drawn = build_resampling(numbers, n_seeds=1, n_draws=n_draws, seed=seed).groups.astype(float)
    try:
        solved = np.linalg.solve(np.tensordot(drawn, squares, 1), np.tensordot(drawn, products, 1))
    except np.linalg.LinAlgError as error:
        raise LayerError(f"{len(midlevel)} tracks are too few: some draws of them do not determine a layer") from error
    return solved[:, :-1].transpose(0, 2, 1)


def fit_published_layers(*, n_draws: int = 1000, seed: int = 0) -> np.ndarray:
    """Draw layers from what the published correlations of ratings leave open.

    No single rating is published here, so that none can be resampled; but correlations and standard deviations over
    all clips give the least-squares layer and, under the usual assumptions (errors normal, independent, of one known
    size), its distribution.

    Parameters
    ----------
    n_draws
        How many.
    seed
        Of the draws.

    Returns
    -------
    numpy.ndarray
        (n_draws, 8, 7) weights between ratings on one scale.
    """
    correlations, spread = load_published("rating_correlations"), load_published("rating_marginals")["sd"]
    features, emotions = list(MIDLEVEL), list(EMOTIONS)
    inverse = np.linalg.inv(correlations.loc[features, features])
    between = correlations.loc[features, emotions].to_numpy()
    weights = inverse @ between
    rest = (1 - (between * weights).sum(axis=0)) / (_N_CLIPS - len(features) - 1)
    noise = np.random.default_rng(seed).standard_normal((n_draws, len(emotions), len(features)))
    drawn = weights.T + np.sqrt(rest)[:, None] * (noise @ np.linalg.cholesky(inverse).T)
    return drawn * spread[emotions].to_numpy()[:, None] / spread[features].to_numpy()
