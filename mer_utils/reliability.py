"""Which weights of a readable layer can be built on: what other seeds and other ratings would have made of them.

The features resemble each other, as they are rated and more so as they are heard. Then many layers give nearly the
same emotions, and a weight may be due to chance: to the seed of the training, or to the clips that were rated. A
weight's sign is *reliable* here where at least 95 % of the layers from other seeds, and of those from other clips,
have it. That is no proof: what all of them share, such as the noise of raters, or a start at the same weights, makes
them err alike.

Public names: ``ReliabilityError``, ``build_draws``, ``compute_sign_agreement``, ``compute_doubts``,
``describe_doubts``, ``describe_agreement``, ``compute_network_doubts``, ``compute_truth_agreement``,
``fit_true_layer``, ``build_start_table``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .effects import compute_contributions
from .layers import build_layer, build_sweep_layers, fit_bootstrap_layers
from .ratings import EMOTIONS, MIDLEVEL, UNIT
from .regression import LinearModel, fit_linear
from .scores import compute_correlations
from .sweeps import Sweep, load_sweep

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus
    from .networks import TrainedNetwork

# A sign is reliable where this share of the draws of each kind has it.
_RELIABLE = 0.95


class ReliabilityError(ValueError):
    """Layers that cannot be compared, or a corpus that knows no truth to compare with."""


def build_draws(trained: "TrainedNetwork | None" = None, corpus: "Corpus | None" = None) -> dict[str, np.ndarray]:
    """Collect what the readable layer might have been: the joint nets of the stored sweep, and other training clips.

    The nets are smaller than those of ``quick``, heard shorter crops, and all started at one regression of the
    ratings: they tell what training does to it. The clips test that regression: it is fitted to other draws of them.

    Parameters
    ----------
    trained, corpus
        A network, and the corpus that is at hand. Of a network that was trained on this, and not on generated music,
        no other nets are stored, and the clips are those of the corpus. None stands for generated music.

    Returns
    -------
    dict of numpy.ndarray
        (n_draws, 8, 7) weights by where they come from.
    """
    from .folds import build_groups

    draws = {}
    own = trained is not None and corpus is not None and trained.corpus.get("fingerprint") == corpus.fingerprint
    if not own or corpus.name == "generated":
        sweep = load_sweep("schemes")
        seeds, corpus = build_sweep_layers(sweep), sweep.config.load_corpus()
        draws[f"{len(seeds)} smaller nets"] = seeds
    train = corpus.select("train")
    ratings = corpus.midlevel.loc[train], corpus.emotion.loc[train]
    clips = fit_bootstrap_layers(*ratings, build_groups(corpus.tracks.loc[train]))
    return draws | {"least squares on other clips": clips}


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


def describe_doubts(weights: np.ndarray, doubts: "pd.DataFrame", corpus: "Corpus") -> str:
    """Say how many signs of a layer (8, 7) are not in doubt, and how often either kind is that of a known true one."""
    held = ~doubts.to_numpy(bool)
    said = f"{held.mean():.0%} of the {held.size} signs hold up."
    if corpus.true_midlevel is None or corpus.true_emotion is None:
        return f"{said} Which of them noise-free ratings would have is not known of {corpus.music}."
    right = np.sign(weights) == np.sign(fit_true_layer(corpus).weights)
    shares = [
        f"{right[chosen].mean():.0%} of {kind}"
        for chosen, kind in ((held, "these"), (~held, "the others"))
        if chosen.any()
    ]
    return f"{said} The layer between noise-free ratings has {' and '.join(shares)}."


def describe_agreement(agreement: "pd.DataFrame") -> str:
    """Say how many signs other layers bear out, contradict and leave open (see `compute_sign_agreement`)."""
    shares = agreement.to_numpy()
    borne, against = (shares >= _RELIABLE).mean(), (shares <= 1 - _RELIABLE).mean()
    said = f"{borne:.0%} of the {shares.size} signs are borne out, {against:.0%} contradicted"
    return f"{said}; {1 - borne - against:.0%} are left open."


def compute_network_doubts(trained: "TrainedNetwork") -> "pd.DataFrame | None":
    """Find the doubtful weights of a network, where `build_draws` can tell of it.

    Parameters
    ----------
    trained
        A network of the scheme ``"joint"`` or ``"a2mid2e"``.

    Returns
    -------
    pandas.DataFrame or None
        As `compute_doubts` gives them; None unless the network learnt from generated music and started at its ratings.
    """
    if trained.corpus.get("name") != "generated" or not trained.config.get("start_at_ratings"):
        return None
    return compute_doubts(build_layer(trained.network).weights, build_draws())


def compute_truth_agreement(sweep: Sweep, corpus: "Corpus", *, weights: "np.ndarray | None" = None) -> np.ndarray:
    """Compare what the nets of a sweep lay to each feature with what the noise-free ratings would.

    Either side is centred contributions of all test clips, features and emotions: a net's weights times the features
    that it hears, and least squares over all noise-free ratings times the noise-free features.

    Parameters
    ----------
    sweep
        Predictions of test clips.
    corpus
        A corpus that has these clips and their noise-free ratings.
    weights
        (8, 7) to take instead of those of the nets.

    Returns
    -------
    numpy.ndarray
        (n_seeds,) Pearson's r.

    Raises
    ------
    LayerError, ReliabilityError
        As in `layers.build_sweep_layers`, or if the corpus knows no noise-free ratings.
    """
    known = fit_true_layer(corpus)
    true = corpus.true_midlevel.loc[sweep.tracks] / UNIT
    wanted = compute_contributions(known.weights, true, true.mean()).ravel()
    agreement = []
    for own, seed in zip(build_sweep_layers(sweep), sweep.seeds("joint"), strict=True):
        heard = sweep.nets["joint", seed]["midlevel"].astype(float)
        laid = compute_contributions(own if weights is None else weights, heard, heard.mean(axis=0))
        agreement.append(np.corrcoef(laid.ravel(), wanted)[0, 1])
    return np.array(agreement)


def fit_true_layer(corpus: "Corpus") -> LinearModel:
    """Fit the layer between the noise-free ratings of all tracks, by least squares, on the unit scale.

    Raises
    ------
    ReliabilityError
        If the corpus knows no noise-free ratings.
    """
    if corpus.true_midlevel is None or corpus.true_emotion is None:
        raise ReliabilityError(f"corpus {corpus.name!r} knows no noise-free ratings")
    return fit_linear(corpus.true_midlevel / UNIT, corpus.true_emotion / UNIT)


def build_start_table(sweeps: Mapping[str, Sweep], corpus: "Corpus") -> "pd.DataFrame":
    """Compare joint nets by where their readable layers started, and with two layers that were never trained.

    Parameters
    ----------
    sweeps
        Predictions of the same test clips, by the start. The untrained layers are given the features that the first
        of these hear.
    corpus
        Where the clips come from.

    Returns
    -------
    pandas.DataFrame
        One row per start, one for the regression of the training ratings, and one for that of the noise-free ratings:
        of how many of the 56 weights all nets share the sign (NaN where there is one layer); and, as means over the
        nets, `compute_truth_agreement` and Pearson's r of features and of emotions with their ratings.

    Raises
    ------
    LayerError, ReliabilityError
        As in `compute_truth_agreement`.
    """
    import pandas as pd

    train = corpus.select("train")
    untrained = {
        "the regression, untrained": fit_linear(corpus.midlevel.loc[train] / UNIT, corpus.emotion.loc[train] / UNIT),
        "the true layer, untrained": fit_true_layer(corpus),
    }
    first = next(iter(sweeps.values()))
    rows = {start: _judge(sweep, corpus) for start, sweep in sweeps.items()}
    rows |= {start: _judge(first, corpus, layer) for start, layer in untrained.items()}
    columns = ("signs shared (of 56)", "r of contributions with the truth", "r of features", "r of emotions")
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _judge(sweep: Sweep, corpus: "Corpus", layer: LinearModel | None = None) -> tuple[float, ...]:
    """Give one row of `build_start_table`; with a layer, its emotions of the features that the nets hear."""
    signs = np.sign(build_sweep_layers(sweep))
    shared = np.nan if layer else float((signs == signs[0]).all(axis=0).sum())
    nets = [sweep.nets["joint", seed] for seed in sweep.seeds("joint")]
    heard = [net["midlevel"].astype(float) for net in nets]
    said = [layer.predict(x) if layer else net["emotion"].astype(float) for x, net in zip(heard, nets, strict=True)]
    rated = (corpus.midlevel.loc[sweep.tracks], corpus.emotion.loc[sweep.tracks])
    scores = (
        np.mean([compute_correlations(one, ratings) for one in predicted])
        for predicted, ratings in zip((heard, said), rated, strict=True)
    )
    weights = layer.weights if layer else None
    return shared, compute_truth_agreement(sweep, corpus, weights=weights).mean(), *scores
