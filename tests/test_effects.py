"""Effects: they add up exactly, and the published case of "Hurt" comes out of the published numbers."""

import numpy as np
import pytest
import torch

from mer_utils.effects import (
    EffectError,
    build_layer,
    build_published_layer,
    compute_contributions,
    compute_effects,
    decompose_difference,
)
from mer_utils.networks import SCHEMES, build_network
from mer_utils.ratings import EMOTIONS, MIDLEVEL, load_published

LAYER = build_published_layer()


def load_hurt(kind, names):
    table = load_published("hurt")
    table = table[table["kind"] == kind]
    wide = table.assign(name=table["name"].str.replace("_", " ")).pivot_table("value", "version", "name")
    return [wide.loc[version, list(names)] for version in ("Johnny Cash", "Nine Inch Nails")]


@pytest.mark.parametrize("scheme", ["joint", "a2mid2e"])
def test_effects_and_bias_add_up_to_the_prediction_of_a_network(scheme):
    network = build_network(scheme, width=4).eval()
    with torch.inference_mode():
        heard = network(torch.randn(3, 1, 64, 149))
    layer = build_layer(network)
    effects = compute_effects(layer.weights, heard.midlevel.numpy())
    assert effects.shape == (3, 8, 7)
    np.testing.assert_allclose(effects.sum(-1) + layer.bias, heard.emotion, atol=1e-6)
    assert abs(effects.sum(-1) + 1e-5 - heard.emotion.numpy() + layer.bias).max() > 1e-6


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"joint", "a2mid2e"}))
def test_schemes_without_named_features_below_have_no_effects(scheme):
    with pytest.raises(EffectError, match=f"{scheme}.*no sums of named features"):
        build_layer(build_network(scheme, width=4))


def test_contributions_add_up_to_the_distance_from_the_mean_prediction(rng):
    midlevel = rng.uniform(0.1, 1, (50, 7))
    contributions = compute_contributions(LAYER.weights, midlevel, midlevel.mean(0))
    predicted = LAYER.predict(midlevel)
    np.testing.assert_allclose(contributions.sum(-1), predicted - predicted.mean(0), atol=1e-12)
    np.testing.assert_allclose(contributions.mean(0), 0, atol=1e-12)


def test_an_effect_has_the_sign_of_its_weight_but_a_contribution_need_not(rng):
    midlevel = rng.uniform(0.1, 1, (50, 7))
    effects = compute_effects(LAYER.weights, midlevel)
    assert (np.sign(effects) == np.sign(LAYER.weights)).all()
    contributions = compute_contributions(LAYER.weights, midlevel, midlevel.mean(0))
    assert (np.sign(contributions) != np.sign(LAYER.weights)).mean() > 0.3


def test_the_published_differences_between_both_versions_of_hurt():
    cash, nin = load_hurt("midlevel", MIDLEVEL)
    printed_cash, printed_nin = load_hurt("emotion", EMOTIONS)
    parts = decompose_difference(cash, nin, weights=LAYER.weights)
    np.testing.assert_allclose(parts.sum(axis=1), printed_nin - printed_cash, atol=0.005)
    swapped = decompose_difference(cash, nin[::-1], weights=LAYER.weights)
    assert abs(swapped.sum(axis=1) - (printed_nin - printed_cash)).max() > 0.05


def test_what_makes_the_second_version_angrier():
    parts = decompose_difference(*load_hurt("midlevel", MIDLEVEL), weights=LAYER.weights).loc["anger"]
    wanted = {"melodiousness": 0.029, "tonal stability": 0.029, "rhythmic stability": 0.028, "dissonance": 0.022,
              "rhythmic complexity": 0.014, "articulation": -0.013, "minorness": 0.001}  # fmt: skip
    assert parts.round(3).to_dict() == wanted


def test_the_published_layer_reproduces_a_published_song():
    """The clip of the two-level demo page; weights are rounded to two decimals."""
    predicted = LAYER.predict(np.array([[0.638, 0.886, 0.530, 0.896, 0.248, 0.855, 0.131]]))[0]
    printed = [0.554, 0.677, 0.279, 0.128, 0.022, 0.664, 0.042, 0.296]
    np.testing.assert_allclose(predicted, printed, atol=0.004)
    assert abs(predicted - LAYER.bias - printed).max() > 0.2  # the bias is not to be left out


@pytest.mark.parametrize(
    ("weights", "midlevel", "message"),
    [
        (np.ones((8, 7)), np.ones(6), r"\(8, 7\) and features \(6,\)"),
        (np.ones(7), np.ones(7), "agree in their last axis"),
        (np.ones((8, 7)), [1, 1, 1, np.nan, 1, 1, 1], "finite"),
    ],
)
def test_values_that_do_not_fit_are_refused(weights, midlevel, message):
    with pytest.raises(EffectError, match=message):
        compute_effects(weights, midlevel)


def test_a_mean_and_a_pair_must_fit_too():
    with pytest.raises(EffectError, match="the mean"):
        compute_contributions(LAYER.weights, np.ones((2, 7)), np.ones((2, 7)))
    with pytest.raises(EffectError, match="two tracks"):
        decompose_difference(np.ones((2, 7)), np.ones(7), weights=LAYER.weights)
