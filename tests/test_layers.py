"""Layers: taken out of networks and sweeps, and drawn anew from ratings."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.layers import (
    LayerError,
    build_layer,
    build_published_layer,
    build_published_songs,
    build_sweep_layers,
    fit_bootstrap_layers,
    fit_published_layers,
)
from mer_utils.networks import SCHEMES, build_network
from mer_utils.ratings import EMOTIONS, MIDLEVEL, load_published
from mer_utils.regression import RegressionError, fit_linear
from mer_utils.sweeps import Sweep

LAYER = build_published_layer()


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"joint", "a2mid2e"}))
def test_schemes_without_named_features_below_have_no_layer(scheme):
    with pytest.raises(LayerError, match=f"{scheme}.*no sums of named features"):
        build_layer(build_network(scheme, width=4))


@pytest.mark.parametrize("scheme", ["joint", "a2mid2e"])
def test_a_layer_is_that_of_its_network_and_knows_names(scheme):
    network = build_network(scheme, width=4)
    network.to_emotion.bias.data += 0.3  # which may start at nothing
    weights, bias = (value.detach().numpy() for value in network.to_emotion.parameters())
    layer = build_layer(network)
    assert np.array_equal(layer.weights, weights)
    assert np.array_equal(layer.bias, bias)
    for named in (layer, LAYER):
        assert (named.inputs, named.outputs) == (MIDLEVEL, EMOTIONS)


def test_published_songs_are_in_their_order_with_all_names():
    songs = build_published_songs()
    assert list(songs.index) == ["Johnny Cash", "Nine Inch Nails"]
    assert list(songs) == [*MIDLEVEL, *EMOTIONS]
    assert songs.loc["Nine Inch Nails", ["anger", "rhythmic stability"]].tolist() == [0.327, 0.558]


def test_the_published_layer_reproduces_a_published_song():
    """The clip of the two-level demo page; weights are rounded to two decimals."""
    predicted = LAYER.predict(np.array([[0.638, 0.886, 0.530, 0.896, 0.248, 0.855, 0.131]]))[0]
    printed = [0.554, 0.677, 0.279, 0.128, 0.022, 0.664, 0.042, 0.296]
    np.testing.assert_allclose(predicted, printed, atol=0.004)
    assert abs(predicted - LAYER.bias - printed).max() > 0.2  # the bias is not to be left out


def build_sweep(rng, *, noise=0.0):
    layers = rng.normal(0, 0.4, (3, 8, 7))
    nets = {}
    for seed, weights in enumerate(layers):
        x = rng.normal(0.5, 0.15, (200, 7)).astype(np.float16)
        emotion = x.astype(float) @ weights.T + rng.normal(0, noise, (200, 8))
        nets["joint", seed] = {"midlevel": x, "emotion": emotion.astype(np.float16)}
    return layers, Sweep(None, {}, "", [], nets)


def test_predictions_tell_the_layers_of_a_sweep(rng):
    layers, sweep = build_sweep(rng)
    np.testing.assert_allclose(build_sweep_layers(sweep), layers, atol=2e-3)


def test_emotions_that_are_no_sums_of_the_features_have_no_layer(rng):
    with pytest.raises(LayerError, match="no nets 'joint' whose emotions"):
        build_sweep_layers(build_sweep(rng, noise=0.003)[1])
    with pytest.raises(LayerError, match="no nets 'a2mid2e'"):
        build_sweep_layers(build_sweep(rng)[1], "a2mid2e")


@pytest.mark.parametrize("missing", ["midlevel", "emotion"])
def test_every_net_of_a_sweep_must_have_a_layer(missing, rng):
    _, sweep = build_sweep(rng)
    del sweep.nets["joint", 2][missing]
    with pytest.raises(LayerError, match="no nets 'joint'"):
        build_sweep_layers(sweep)


def build_ratings(rng, n=400, noise=0.5):
    midlevel = pd.DataFrame(rng.normal(5, 1, (n, 7)), columns=list(MIDLEVEL))
    emotion = pd.DataFrame(midlevel.to_numpy() @ LAYER.weights.T, columns=list(EMOTIONS))
    return midlevel, emotion + rng.normal(0, noise, (n, 8))


def test_bootstrap_draws_scatter_like_the_standard_error(rng):
    midlevel, emotion = build_ratings(rng)
    draws = fit_bootstrap_layers(midlevel, emotion, pd.Series(range(400)))
    assert draws.mean(axis=0) == pytest.approx(fit_linear(midlevel, emotion).weights, abs=0.01)
    assert draws.std(axis=0).mean() == pytest.approx(0.5 / np.sqrt(400), rel=0.1)
    assert draws.std(axis=0).mean() != pytest.approx(0.6 / np.sqrt(400), rel=0.1)


def test_tracks_of_a_group_are_drawn_together(rng):
    midlevel, emotion = (pd.concat([table] * 4, ignore_index=True) for table in build_ratings(rng, n=100))
    alone, together = (
        fit_bootstrap_layers(midlevel, emotion, groups).std(axis=0).mean()
        for groups in (pd.Series(range(400)), pd.Series(np.arange(400) % 100))
    )
    assert together == pytest.approx(2 * alone, rel=0.1)


def test_a_bootstrap_of_too_few_groups_is_refused(rng):
    midlevel, emotion = build_ratings(rng)
    with pytest.raises(LayerError, match="16 groups"):
        fit_bootstrap_layers(midlevel, emotion, pd.Series(np.arange(400) // 40))
    with pytest.raises(LayerError, match="16 groups"):
        fit_bootstrap_layers(midlevel, emotion, pd.Series(range(399)))
    with pytest.raises(LayerError, match="100 draws"):
        fit_bootstrap_layers(midlevel, emotion, pd.Series(range(400)), n_draws=99)
    with pytest.raises(RegressionError):
        fit_bootstrap_layers(midlevel.assign(minorness=5.0), emotion, pd.Series(range(400)))


def test_draws_are_as_many_as_asked_for_and_belong_to_a_seed(rng):
    ratings = (*build_ratings(rng), pd.Series(range(400)))
    for fit in (lambda **choices: fit_bootstrap_layers(*ratings, **choices), fit_published_layers):
        first, again, other = (fit(n_draws=100, seed=seed) for seed in (1, 1, 2))
        assert first.shape == (100, 8, 7)
        assert np.array_equal(first, again)
        assert not np.allclose(first, other)


def test_published_draws_have_the_published_correlations():
    """Least squares on ratings made to have them gives the mean and the standard error of the draws."""
    table = load_published("rating_correlations").loc[[*MIDLEVEL, *EMOTIONS], [*MIDLEVEL, *EMOTIONS]]
    rng, spread = np.random.default_rng(0), load_published("rating_marginals")["sd"].loc[list(table)].to_numpy()
    z = np.linalg.qr(rng.standard_normal((356, 16)) - 0)[0]
    z = np.linalg.qr(np.c_[np.ones(356), z])[0][:, 1:16] * np.sqrt(355)
    ratings = pd.DataFrame(z @ np.linalg.cholesky(table).T * spread, columns=list(table))
    draws = fit_published_layers(n_draws=4000)
    fitted = fit_linear(ratings[list(MIDLEVEL)], ratings[list(EMOTIONS)]).weights
    assert draws.mean(axis=0) == pytest.approx(fitted, abs=0.01)
    resampled = fit_bootstrap_layers(ratings[list(MIDLEVEL)], ratings[list(EMOTIONS)], pd.Series(range(356)))
    assert draws.std(axis=0).mean() == pytest.approx(resampled.std(axis=0).mean(), rel=0.1)
    together, wanted = (np.corrcoef(layers[:, EMOTIONS.index("anger")].T) for layers in (draws, resampled))
    assert together == pytest.approx(wanted, abs=0.25)
    assert together[::-1, ::-1] != pytest.approx(wanted, abs=0.25)
