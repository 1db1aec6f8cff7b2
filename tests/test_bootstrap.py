"""Intervals of mean correlations: known answers, coverage in simulations, and intervals that fail the same bound."""

import runpy

import numpy as np
import pytest
from scipy import stats

from mer_utils.bootstrap import BootstrapError, Resampling, build_resampling, compute_deviations, compute_interval
from mer_utils.paths import ROOT

SIMULATION = runpy.run_path(str(ROOT / "benchmarks" / "intervals.py"))
STRONG = {"own": 1.5}  # interaction of seed and track, where the ratings' own spread is 1
UNLIKE = {"seed_sd": 0.25}  # seeds whose population r differs by about .07


@pytest.fixture
def data(rng):
    """Give predictions of 4 seeds, ratings and a resampling of 30 tracks, 3 outputs."""
    rated = rng.normal(size=(30, 3))
    return rated + rng.normal(size=(4, 30, 3)), rated, build_resampling(np.arange(30), n_seeds=4, n_draws=700)


def repeat(values, resampling, draw):
    return np.repeat(values, resampling.groups[draw][resampling.membership], axis=-2)


def r(predicted, rated):
    return np.array([stats.pearsonr(seed, rated, axis=0).statistic for seed in predicted])


@pytest.mark.parametrize("draw", [0, 499, 500, 699])
def test_draws_equal_correlations_of_repeated_tracks(data, draw):
    predicted, rated, resampling = data
    by_seed = r(repeat(predicted, resampling, draw), repeat(rated, resampling, draw))
    expected = by_seed.mean(axis=0), resampling.seeds[draw] @ r(*data[:2]) / 4, resampling.seeds[draw] @ by_seed / 4
    found = compute_deviations(*data)[:, draw] + r(predicted, rated).mean(axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_tracks_of_an_album_are_drawn_together(rng):
    album = np.repeat([2, 0, 1, 3], [5, 2, 4, 3])
    predicted, rated = rng.normal(size=(1, 14, 1)), rng.normal(size=(14, 1))
    resampling = build_resampling(album, n_seeds=1)
    found = compute_deviations(predicted, rated, resampling)[0, 7] + r(predicted, rated)[0]
    np.testing.assert_allclose(found, r(*(repeat(values, resampling, 7) for values in (predicted, rated)))[0])


def test_draws_of_tracks_do_not_depend_on_the_number_of_seeds():
    few, many = (build_resampling(np.arange(9), n_seeds=n) for n in (1, 10))
    np.testing.assert_array_equal(few.groups, many.groups)
    assert (many.seeds.sum(axis=1) == 10).all()
    assert (build_resampling(np.arange(9), n_seeds=1, seed=1).groups != few.groups).any()


def test_one_network_gets_nearly_the_interval_of_fisher(rng):
    rated = rng.normal(size=(400, 1))
    predicted = rated + rng.normal(size=(1, 400, 1))
    resampling = build_resampling(np.arange(400), n_seeds=1, n_draws=10_000)
    ends = compute_interval(r(predicted, rated)[0], compute_deviations(predicted, rated, resampling), resampling)
    fisher = stats.pearsonr(predicted[0, :, 0], rated[:, 0]).confidence_interval
    np.testing.assert_allclose(np.ravel(ends), fisher(0.95), atol=0.006)
    assert abs(np.ravel(ends) - fisher(0.9)).max() > 0.006


def test_normal_parts_are_counted_once_and_widened(rng):
    # Tracks, seeds and combinations with variances 5, 4 and 2: 7 remain. Many seeds, so that t is normal.
    parts = rng.normal(size=(3, 200_000, 1)) * np.sqrt([5, 4, 2])[:, None, None]
    deviations = np.stack([parts[0], parts[1], parts.sum(axis=0)])
    many = Resampling(np.arange(1000), *np.empty((2, 1, 1000)))
    ends = np.ravel(compute_interval(np.array([1.0]), deviations, many))
    np.testing.assert_allclose((ends - 1) / 1.96, [-np.sqrt(7), np.sqrt(7)], rtol=0.02)
    assert np.sqrt(5 + 4) > 1.02 * np.sqrt(7)  # what the draws of tracks and seeds add up to


def test_few_seeds_get_the_interval_of_student(rng):
    # Seeds alone: draws of a mean of 5 values vary by sqrt(4 / 5) of its standard error.
    seeds = rng.normal(size=(200_000, 1)) * np.sqrt(4 / 5)
    few = Resampling(np.arange(40), np.empty((1, 40)), np.empty((1, 5)))
    low, high = compute_interval(np.zeros(1), np.stack([0 * seeds, seeds, seeds]), few)
    np.testing.assert_allclose([-low, high], stats.t.ppf(0.975, 4), rtol=0.02)
    assert high > 1.2 * stats.norm.ppf(0.975)


def test_a_scheme_compared_with_itself_does_not_move(data):
    deviations = compute_deviations(*data)
    low, high = compute_interval(np.zeros(3), deviations - deviations, data[2])
    assert (low == 0).all()
    assert (high == 0).all()


def test_constant_outputs_and_constant_draws_are_nan(rng):
    rated = np.c_[np.ones(12), [9, *np.ones(11)], rng.normal(size=12)]
    predicted = rng.normal(size=(1, 12, 3))
    resampling = build_resampling(np.arange(12), n_seeds=1)
    deviations = compute_deviations(predicted, rated, resampling)
    # One clip differs in the second output; a draw misses it with probability (11 / 12) ** 12.
    np.testing.assert_allclose(np.isnan(deviations[0]).mean(axis=0), [1, (11 / 12) ** 12, 0], atol=0.04)
    assert np.isfinite(compute_interval(np.zeros(3), deviations, resampling)[0]).tolist() == [False, False, True]


@pytest.mark.parametrize("wrong", [{"membership": [0, 1, 0]}, {"n_seeds": 0}, {"n_draws": 10}])
def test_what_gives_no_interval_is_refused(wrong):
    with pytest.raises(BootstrapError, match="needed"):
        build_resampling(**{"membership": [0, 1, 2], "n_seeds": 1} | wrong)


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_levels_are_between_0_and_1(data, level):
    with pytest.raises(BootstrapError, match="between 0 and 1"):
        compute_interval(np.zeros(3), compute_deviations(*data), data[2], level=level)


def count(regime, interval=compute_interval, **kind):
    """Count how often the truth is inside, for r and CoE: fewer runs than take a second or two blur the bounds."""
    regime = SIMULATION["Regime"](**regime)
    return SIMULATION["compute_coverage"](regime, interval, n_runs=2000, n_draws=400, **kind)


def resample_tracks_alone(estimate, deviations, resampling):
    return compute_interval(estimate, deviations[[0, 1, 0]] * [[[1]], [[0]], [[1]]], resampling)


def take_percentiles_of_both(estimate, deviations, resampling):
    return estimate + np.quantile(deviations[2], [0.025, 0.975], axis=0)


def take_a_lower_level(estimate, deviations, resampling):
    return compute_interval(estimate, deviations, resampling, level=0.9)


@pytest.mark.parametrize("n_tracks", [36, 200])
@pytest.mark.parametrize("regime", [{}, STRONG])
def test_intervals_hold_the_truth_as_often_as_they_say(n_tracks, regime):
    assert all(0.93 <= share <= 0.99 for share in count(regime | {"n_tracks": n_tracks}))


@pytest.mark.parametrize(
    ("regime", "interval"),
    [(UNLIKE, resample_tracks_alone), (STRONG, take_percentiles_of_both), (STRONG, take_a_lower_level)],
)
def test_other_intervals_do_not(regime, interval):
    shares = count(regime, interval)
    assert min(shares) < 0.93 or max(shares) > 0.99


def test_nor_do_draws_that_are_not_paired():
    assert count({}, pair=False)[1] > 0.99
