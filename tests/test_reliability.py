"""Reliability: which signs hold, and whether contributions are those of the noise-free ratings."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mer_utils.layers import build_layer, build_published_layer, fit_bootstrap_layers, fit_published_layers
from mer_utils.networks import load_network
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.regression import fit_linear
from mer_utils.reliability import (
    ReliabilityError,
    build_draws,
    build_start_table,
    compute_doubts,
    compute_network_doubts,
    compute_sign_agreement,
    compute_truth_agreement,
    describe_agreement,
    describe_doubts,
    fit_true_layer,
)
from mer_utils.sweeps import load_sweep

LAYER = build_published_layer()


def test_published_ratings_bear_out_some_of_the_published_weights_only():
    """Correlation of each emotion's weights on the poster with those of least squares on the ratings."""
    fitted = fit_published_layers(n_draws=20000).mean(axis=0)
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(LAYER.weights, fitted, strict=True)]
    assert alike == pytest.approx([0.95, 0.76, 0.36, 0.67, 0.74, 0.68, 0.45, 0.84], abs=0.015)
    agreement = compute_sign_agreement(LAYER.weights, fit_published_layers())
    assert agreement.loc["anger", ["melodiousness", "dissonance"]].min() > 0.99
    assert agreement.loc["anger", ["rhythmic stability", "tonal stability"]].max() < 0.5


def test_sign_agreement_counts_draws():
    weights = np.where(np.arange(56).reshape(8, 7) % 2, 1.0, -1.0)
    draws = np.stack([weights, weights, weights, -weights])
    assert (compute_sign_agreement(weights, draws) == 0.75).all(axis=None)


@pytest.mark.parametrize("shape", [(8, 7), (3, 7, 8), (0, 8, 7)])
def test_draws_must_be_layers_of_the_same_shape(shape):
    with pytest.raises(ReliabilityError, match="several layers"):
        compute_sign_agreement(np.ones((8, 7)), np.ones(shape))


def test_a_sign_is_doubted_when_one_kind_of_draws_lacks_it():
    weights = np.ones((8, 7))
    often, always = np.ones((2, 20, 8, 7))
    often[:2, 0, 0] = -1
    often[:1, 0, 1] = -1
    doubts = compute_doubts(weights, {"seeds": always, "clips": often})
    assert doubts.loc["valence", "melodiousness"]
    assert doubts.sum(axis=None) == 1


def test_the_stored_draws_are_of_the_default_corpus():
    seeds, clips = build_draws().values()
    assert seeds.shape[1:] == clips.shape[1:] == (8, 7)
    assert clips.std(axis=0).max() < 0.1


def test_draws_for_a_net_of_other_music_are_of_its_clips():
    trained, corpus = load_network("joint"), load_sweep("schemes").config.load_corpus()
    corpus.name, corpus.fingerprint = "soundtracks", "here"
    assert len(build_draws(trained, corpus)) == 2  # it learnt elsewhere
    [clips] = build_draws(replace(trained, corpus={"fingerprint": "here"}), corpus).values()
    train = corpus.select("train")
    expected = fit_linear(corpus.midlevel.loc[train], corpus.emotion.loc[train]).weights
    assert clips.mean(axis=0) == pytest.approx(expected, abs=0.01)


def test_stored_draws_are_of_training_clips_and_whole_albums():
    corpus = load_sweep("schemes").config.load_corpus()
    train = corpus.select("train")
    ratings = corpus.midlevel.loc[train], corpus.emotion.loc[train]
    clips = build_draws()["least squares on other clips"]
    assert clips.mean(axis=0) == pytest.approx(fit_linear(*ratings).weights, abs=0.01)
    assert fit_linear(corpus.midlevel, corpus.emotion).weights != pytest.approx(clips.mean(axis=0), abs=0.05)
    alone = fit_bootstrap_layers(*ratings, pd.Series(range(len(train)), train))
    assert clips.std(axis=0).mean() > 1.2 * alone.std(axis=0).mean()


def build_perfect_sweep(weights=None):
    """A net that hears the noise-free features and lays the emotions to them as least squares does, or otherwise."""
    sweep = load_sweep("schemes")
    corpus = sweep.config.load_corpus()
    truth = corpus.true_midlevel.loc[sweep.tracks].to_numpy() / 10
    layer = fit_linear(corpus.true_midlevel, corpus.true_emotion)
    emotion = truth @ (layer.weights if weights is None else weights).T
    heads = {"midlevel": truth.astype(np.float16), "emotion": emotion.astype(np.float16)}
    return replace(sweep, nets={("joint", 0): heads}), corpus


def test_contributions_of_a_perfect_net_are_the_true_ones():
    assert compute_truth_agreement(*build_perfect_sweep()) == pytest.approx([1], abs=1e-3)
    assert compute_truth_agreement(*build_perfect_sweep(LAYER.weights))[0] < 0.95


def build_mixed_sweep():
    """The perfect net, one whose weights have the wrong signs, and one that hears other clips."""
    sweep, corpus = build_perfect_sweep()
    heads = sweep.nets["joint", 0]
    wrong = heads | {"emotion": -heads["emotion"]}
    other = {head: values[::-1] for head, values in heads.items()}
    return replace(sweep, nets={("joint", seed): net for seed, net in enumerate((heads, wrong, other))}), corpus


def test_each_net_is_compared_with_the_truth_by_what_itself_hears():
    perfect, wrong, other = compute_truth_agreement(*build_mixed_sweep())
    assert (perfect, wrong) == pytest.approx((1, -1), abs=1e-3)
    assert abs(other) < 0.3


def test_a_start_is_judged_by_means_over_its_nets():
    (perfect, corpus), (mixed, _) = build_perfect_sweep(), build_mixed_sweep()
    table = build_start_table({"perfect": perfect, "mixed": mixed}, corpus)
    test = corpus.midlevel.loc[perfect.tracks]
    r = [corpus.true_midlevel.loc[test.index, name].corr(test[name]) for name in test]
    assert table.loc["perfect"].iloc[:3].tolist() == pytest.approx([56, 1, np.mean(r)], abs=1e-3)
    assert table.loc["mixed"].iloc[0] == 0
    assert table.loc["mixed"].iloc[1] == pytest.approx(compute_truth_agreement(mixed, corpus).mean())


@pytest.mark.parametrize("missing", ["true_midlevel", "true_emotion"])
def test_truth_must_be_known(missing):
    sweep, corpus = build_perfect_sweep()
    setattr(corpus, missing, None)
    with pytest.raises(ReliabilityError, match="'generated' knows no noise-free ratings"):
        compute_truth_agreement(sweep, corpus)


def test_a_layer_that_starts_at_the_ratings_is_known_better():
    sweeps = {start: load_sweep(name) for start, name in (("ratings", "schemes"), ("random", "random_start"))}
    corpus = sweeps["ratings"].config.load_corpus()
    table = build_start_table(sweeps, corpus)
    assert (table.loc["ratings"] > table.loc["random"]).all()
    assert table.loc["ratings", "signs shared (of 56)"] >= 45
    assert table.loc["random", "signs shared (of 56)"] <= 5
    agreement = table["r of contributions with the truth"]
    assert agreement["ratings"] == pytest.approx(agreement["the regression, untrained"], abs=0.03)
    assert agreement["the true layer, untrained"] > agreement["ratings"] + 0.05
    truth = compute_truth_agreement(sweeps["random"], corpus, weights=fit_true_layer(corpus).weights)
    assert truth.mean() > agreement["random"] + 0.3


def test_doubts_are_told_only_of_networks_like_those_of_the_draws():
    trained = load_network("joint")
    told = compute_network_doubts(trained)
    pd.testing.assert_frame_equal(told, compute_doubts(build_layer(trained.network).weights, build_draws()))
    assert compute_network_doubts(replace(trained, corpus={"name": "soundtracks"})) is None
    assert compute_network_doubts(replace(trained, config={"start_at_ratings": False})) is None


def test_nothing_is_known_without_other_layers():
    with pytest.raises(ReliabilityError, match="without any other layers"):
        compute_doubts(LAYER.weights, {})


def test_doubts_are_told_in_shares():
    _, corpus = build_perfect_sweep()
    weights = fit_true_layer(corpus).weights.copy()
    doubts = pd.DataFrame(np.arange(56).reshape(8, 7) < 14, list(EMOTIONS), list(MIDLEVEL))
    weights[:2, :3] *= -1  # six of the fourteen that are in doubt
    told = describe_doubts(weights, doubts, corpus)
    assert told.startswith("75% of the 56 signs hold up.")
    assert told.endswith("has 100% of these and 57% of the others.")


def test_of_film_music_no_true_signs_are_known():
    _, corpus = build_perfect_sweep()
    corpus.true_emotion, corpus.music = None, "film music"
    doubts = pd.DataFrame(np.arange(56).reshape(8, 7) < 14, list(EMOTIONS), list(MIDLEVEL))
    told = describe_doubts(LAYER.weights, doubts, corpus)
    assert told.startswith("75% of the 56 signs hold up.")
    assert told.endswith("is not known of film music.")


def test_agreement_is_told_in_shares():
    shares = np.full((8, 7), 0.5)
    shares[0], shares[1:3] = 0.95, 0.05
    told = describe_agreement(pd.DataFrame(shares))
    assert told == "12% of the 56 signs are borne out, 25% contradicted; 62% are left open."
