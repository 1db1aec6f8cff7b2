"""Which weights of a readable layer can be built on: what other seeds and other ratings would have made of them.

The features resemble each other, as they are rated and more so as they are heard. Then many layers give nearly the
same emotions, and a weight may be due to chance: to the seed of the training, or to the clips that were rated. A
weight's sign is *reliable* here where nearly all layers have it that other seeds, and other clips, would have given.

Public names: ``ReliabilityError``, ``build_draws``, ``compute_sign_agreement``, ``compute_doubts``,
``compute_truth_agreement``, ``build_start_table``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .effects import compute_contributions
from .layers import build_sweep_layers, fit_bootstrap_layers
from .ratings import EMOTIONS, MIDLEVEL, UNIT
from .regression import fit_linear
from .scores import compute_correlations
from .sweeps import Sweep, load_sweep

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus

# A sign is reliable where this share of the draws of each kind has it.
_RELIABLE = 0.95


class ReliabilityError(ValueError):
    """Layers that cannot be compared, or a corpus that knows no truth to compare with."""


def build_draws() -> dict[str, np.ndarray]:
    """Collect what the readable layer might have been: the joint nets of the stored sweep, and other training clips.

    Returns
    -------
    dict of numpy.ndarray
        (n_draws, 8, 7) weights by where they come from.
    """
    from .folds import build_groups

    sweep = load_sweep("schemes")
    seeds = build_sweep_layers(sweep)
    corpus = sweep.config.load_corpus()
    train = corpus.select("train")
    ratings = corpus.midlevel.loc[train], corpus.emotion.loc[train]
    clips = fit_bootstrap_layers(*ratings, build_groups(corpus.tracks.loc[train]))
    return {f"{len(seeds)} other seeds": seeds, "least squares on other clips": clips}


def compute_sign_agreement(weights: np.ndarray, draws: np.ndarray) -> "pd.DataFrame":
    """Compute how many draws agree with the sign of each weight.

    Parameters
    ----------
    weights
        (8, 7), emotions by features.
    draws
        (n_draws, 8, 7) of the same layer with other seeds or other ratings.

    Returns
    -------
    pandas.DataFrame
        (8, 7), emotions by features: share of the draws, 0-1; that of chance is .5.

    Raises
    ------
    ReliabilityError
        If the shapes do not fit.
    """
    import pandas as pd

    weights, draws = np.asarray(weights, float), np.asarray(draws, float)
    shape = (len(EMOTIONS), len(MIDLEVEL))
    if draws.ndim != 3 or not draws.shape[1:] == weights.shape == shape or not len(draws):
        raise ReliabilityError(f"draws {draws.shape} must be several layers of the shape {weights.shape}")
    return pd.DataFrame((np.sign(draws) == np.sign(weights)).mean(axis=0), list(EMOTIONS), list(MIDLEVEL))


def compute_doubts(weights: np.ndarray, draws: Mapping[str, np.ndarray]) -> "pd.DataFrame":
    """Find the weights whose sign cannot be relied on.

    Parameters
    ----------
    weights
        (8, 7), emotions by features.
    draws
        (n_draws, 8, 7) other layers by where they come from.

    Returns
    -------
    pandas.DataFrame
        (8, 7), emotions by features: whether fewer than 95 % of the draws of any kind have the sign of the weight.

    Raises
    ------
    ReliabilityError
        If there are no draws, or as in `compute_sign_agreement`.
    """
    if not draws:
        raise ReliabilityError("without any other layers nothing is known of a sign")
    return sum(compute_sign_agreement(weights, kind) < _RELIABLE for kind in draws.values()) > 0


def compute_truth_agreement(sweep: "Sweep", corpus: "Corpus") -> np.ndarray:
    """Compare what the nets of a sweep lay to each feature with what the noise-free ratings would.

    Either side is centred contributions of all test clips, features and emotions: a net's weights times the features
    that it hears, and least squares over all noise-free ratings times the noise-free features.

    Parameters
    ----------
    sweep
        Predictions of test clips.
    corpus
        A corpus that has these clips and their noise-free ratings.

    Returns
    -------
    numpy.ndarray
        (n_seeds,) Pearson's r.

    Raises
    ------
    LayerError, ReliabilityError
        As in `layers.build_sweep_layers`, or if the corpus knows no noise-free ratings.
    """
    if corpus.true_midlevel is None or corpus.true_emotion is None:
        raise ReliabilityError(f"corpus {corpus.name!r} knows no noise-free ratings")
    layer, known = fit_linear(corpus.true_midlevel, corpus.true_emotion), corpus.true_midlevel.loc[sweep.tracks]
    wanted = compute_contributions(layer.weights, known / UNIT, known.mean() / UNIT).ravel()
    agreement = []
    for weights, seed in zip(build_sweep_layers(sweep), sweep.seeds("joint"), strict=True):
        heard = sweep.nets["joint", seed]["midlevel"].astype(float)
        agreement.append(np.corrcoef(compute_contributions(weights, heard, heard.mean(axis=0)).ravel(), wanted)[0, 1])
    return np.array(agreement)


def build_start_table(sweeps: Mapping[str, Sweep], corpus: "Corpus") -> "pd.DataFrame":
    """Compare joint nets by where their readable layers started.

    Parameters
    ----------
    sweeps
        Predictions of the same test clips, by the start.
    corpus
        Where the clips come from.

    Returns
    -------
    pandas.DataFrame
        One row per start: of how many of the 56 weights all nets share the sign; and, as means over the nets,
        `compute_truth_agreement` and Pearson's r with the ratings of features and of emotions.

    Raises
    ------
    LayerError, ReliabilityError
        As in `compute_truth_agreement`.
    """
    import pandas as pd

    rows = {start: _judge(sweep, corpus) for start, sweep in sweeps.items()}
    columns = ("signs shared (of 56)", "r of contributions with the truth", "r of features", "r of emotions")
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _judge(sweep: Sweep, corpus: "Corpus") -> tuple[float, ...]:
    signs = np.sign(build_sweep_layers(sweep))
    nets = [sweep.nets["joint", seed] for seed in sweep.seeds("joint")]
    scores = (
        np.mean(
            [compute_correlations(net[head].astype(float), getattr(corpus, head).loc[sweep.tracks]) for net in nets]
        )
        for head in ("midlevel", "emotion")
    )
    return int((signs == signs[0]).all(axis=0).sum()), compute_truth_agreement(sweep, corpus).mean(), *scores
