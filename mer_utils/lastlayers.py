"""Fitting only the last layers of a network to a few rated clips: seconds instead of minutes, no training.

What the convolutions hear stays as it is; the linear layers above them are replaced by ridge regressions.

Public names: ``fit_last_layers``, ``compute_embeddings``.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from .batches import TrainingError
from .networks import BOTTLENECKS, HEADS, TrainedNetwork
from .ratings import UNIT

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus

_FOLDS = 5
_PENALTIES = np.logspace(-2, 4, 13)


@torch.inference_mode()
def compute_embeddings(trained: TrainedNetwork, specs: Sequence[np.ndarray]) -> np.ndarray:
    """Compute what the last convolution hears in each clip, averaged over the clip: (n, 4 * width).

    Parameters
    ----------
    trained
        Any network.
    specs
        One raw (n_frames, 149) spectrogram per clip, of any length from `networks.MIN_FRAMES` on.
    """
    mean, std = trained.normalisation
    inputs = ((torch.from_numpy(np.array(spec, np.float32)) - mean) / std for spec in specs)
    return np.array([trained.network.backbone(x[None, None]).mean((2, 3))[0].numpy() for x in inputs], np.float64)


def fit_last_layers(trained: TrainedNetwork, corpus: "Corpus") -> TrainedNetwork:
    """Replace the linear layers of a network by ridge regressions on the clips for training and validation.

    The penalty is chosen by cross-validation over whole albums. Layers that a scheme is told no ratings for, as the
    seven units of ``"a2b2e"``, stay as they are.

    Parameters
    ----------
    trained
        The network to start from, which stays as it is.
    corpus
        With ratings 1-10 and the splits ``"train"`` and ``"valid"``, at least five albums together.

    Raises
    ------
    TrainingError
        If there are fewer albums.
    """
    tracks = [*corpus.select("train"), *corpus.select("valid")]
    albums = corpus.tracks.loc[tracks, "album"]
    if albums.nunique() < _FOLDS:
        raise TrainingError(f"last layers need clips of {_FOLDS} albums, not {albums.nunique()}: rate some of others")
    network = copy.deepcopy(trained.network)
    embeddings = compute_embeddings(trained, corpus.spectrograms(tracks))
    for head in HEADS[trained.scheme]:
        below = embeddings
        if head == "emotion" and trained.scheme in BOTTLENECKS:
            seven = network.to_midlevel
            below = embeddings @ seven.weight.detach().double().numpy().T + seven.bias.detach().double().numpy()
        weights, bias = _fit_ridge(below, getattr(corpus, head).loc[tracks].to_numpy(float) / UNIT, albums)
        layer = getattr(network, f"to_{head}")
        layer.load_state_dict({"weight": torch.tensor(weights), "bias": torch.tensor(bias)})
    return replace(trained, network=network, scores={}, history=None)


def _fit_ridge(x: np.ndarray, y: np.ndarray, albums: "pd.Series") -> tuple[np.ndarray, np.ndarray]:
    """Fit standardised inputs (n, n_in) to ratings (n, n_out): weights (n_out, n_in) and bias for plain ones."""
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import GroupKFold

    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0] = 1.0
    folds = list(GroupKFold(_FOLDS).split(x, groups=albums))
    model = RidgeCV(_PENALTIES, cv=folds).fit((x - mean) / spread, y)
    weights = model.coef_ / spread
    return weights, model.intercept_ - weights @ mean
