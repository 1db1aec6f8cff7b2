"""Randomised networks: other weights in the same shape, and correlations without what size and energy make."""

import numpy as np
import pytest
import torch

from mer_utils.networks import TrainedNetwork, build_network
from mer_utils.randomised import compute_partial_correlation, compute_randomisation_check, randomise_network
from mer_utils.spectrogram import SpectrogramConfig

SEGMENTS = np.arange(64)[:, None] // 8 * 5 + np.minimum(np.arange(149) // 30, 4)


@pytest.fixture(scope="module")
def trained():
    network = build_network("joint", width=4, generator=torch.Generator().manual_seed(99)).eval()
    return TrainedNetwork(network, (0.3, 0.4), {}, {}, 99, {"r": 1}, {"fps": SpectrogramConfig().fps})


def test_random_weights_in_the_same_shape(trained):
    before = trained.fingerprint
    one, again, other = (randomise_network(trained, seed) for seed in (0, 0, 1))
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert before == trained.fingerprint != one.fingerprint
    assert one.normalisation == trained.normalisation
    assert [one.scheme, one.width, one.scores, one.network.training] == ["joint", 4, {}, False]


def test_partial_correlation_without_anything_is_spearman_s(rng):
    from scipy.stats import spearmanr

    a, b = rng.normal(size=(2, 200))
    b += a
    assert compute_partial_correlation(a, b, np.empty((200, 0))) == pytest.approx(spearmanr(a, b).statistic)


def test_a_common_cause_is_removed_and_a_real_relation_is_not(rng):
    common, *rest = rng.normal(size=(4, 2000))
    a, b = common + 0.5 * rest[0], common + 0.5 * rest[1]
    assert compute_partial_correlation(a, b, np.empty((2000, 0))) > 0.7
    assert abs(compute_partial_correlation(a, b, common[:, None])) < 0.1
    assert compute_partial_correlation(a + rest[2], b + rest[2], common[:, None]) > 0.6


def test_nothing_left_gives_no_correlation(rng):
    a = rng.normal(size=50)
    assert np.isnan(compute_partial_correlation(a, rng.normal(size=50), np.exp(a)[:, None]))


@pytest.fixture
def spec(rng):
    return (rng.uniform(0, 1, (64, 149)) * rng.uniform(0, 2, 40)[SEGMENTS]).astype(np.float32)


def test_an_explainer_that_ignores_the_network_is_seen_through(trained, spec):
    table = compute_randomisation_check(lambda *_: spec[:40, :7], trained, spec, SEGMENTS, seeds=(0, 1))
    assert (table > 0.8).all(axis=None)


def test_size_and_energy_alone_look_alike_only_until_they_are_removed(trained, spec, rng):
    energy = np.bincount(SEGMENTS.ravel(), abs(spec - 0.3).ravel())[:, None]
    table = compute_randomisation_check(
        lambda *_: energy * rng.uniform(1, 1.1, (40, 7)), trained, spec, SEGMENTS, seeds=range(4)
    )
    assert (table["size"] > 0.9).all()
    assert (abs(table["size_partial"]) < 0.5).all()


def test_noise_has_nothing_in_common(trained, spec, rng):
    table = compute_randomisation_check(lambda *_: rng.normal(size=(40, 7)), trained, spec, SEGMENTS, seeds=range(4))
    assert (abs(table["size_partial"]) < 0.4).all()
    assert list(table.index)[:2] == ["melodiousness", "articulation"]
