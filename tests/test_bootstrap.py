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


def test_draws_of_tracks_and_of_seeds_are_independent():
    drawn = build_resampling(np.arange(10), n_seeds=10)
    assert abs(np.corrcoef(drawn.groups.ravel(), drawn.seeds.ravel())[0, 1]) < 0.03
    assert np.corrcoef(drawn.groups.ravel(), drawn.groups.ravel())[0, 1] > 0.03


def test_one_network_gets_nearly_the_interval_of_fisher(rng):
    rated = rng.normal(size=(400, 1))
    predicted = rated + rng.normal(size=(1, 400, 1))
    resampling = build_resampling(np.arange(400), n_seeds=1, n_draws=10_000)
    ends = compute_interval(r(predicted, rated)[0], compute_deviations(predicted, rated, resampling), resampling)
    fisher = stats.pearsonr(predicted[0, :, 0], rated[:, 0]).confidence_interval
    np.testing.assert_allclose(np.ravel(ends), fisher(0.95), atol=0.006)
    assert abs(np.ravel(ends) - fisher(0.9)).max() > 0.006


def build_parts(rng, variances):
    """Give deviations whose tracks, seeds and combinations have these variances, and are independent."""
    tracks, seeds, combinations = rng.normal(size=(3, 200_000, 1)) * np.sqrt(variances)[:, None, None]
    return np.stack([tracks, seeds, tracks + seeds + combinations])


def count_only(n_groups, n_seeds):
    return Resampling(np.arange(40), np.empty((1, n_groups)), np.empty((1, n_seeds)))


# The variance is never less than that of one way of sampling.
@pytest.mark.parametrize(("parts", "variance"), [([5, 4, 2], 7), ([5, 4, 20], 5), ([4, 5, 20], 5)])
def test_normal_parts_are_counted_once(rng, parts, variance):
    ends = np.ravel(compute_interval(np.array([1.0]), build_parts(rng, parts), count_only(1000, 1000)))
    np.testing.assert_allclose((ends - 1) / 1.96, [-np.sqrt(variance), np.sqrt(variance)], rtol=0.02)
    assert np.sqrt(sum(parts[:2])) > 1.02 * np.sqrt(variance)  # what the draws of tracks and seeds add up to


def test_all_three_parts_are_widened_and_have_degrees_of_freedom(rng):
    # 6 groups and 5 seeds: 5, 4 and 3.5 once they are widened by 6 / 5, 5 / 4 and both; 5 + 4 - 3.5 remain.
    deviations = build_parts(rng, [5 / 1.2, 4 / 1.25, 3.5 / 1.5])
    low, high = np.ravel(compute_interval(np.zeros(1), deviations, count_only(6, 5)))
    freedom = 5.5**2 / (5**2 / 5 + 4**2 / 4 + 3.5**2 / 20)
    expected = stats.t.ppf(0.975, freedom) * np.sqrt(5.5)
    np.testing.assert_allclose([-low, high], expected, rtol=0.015)
    assert stats.t.ppf(0.975, 5.5**2 / (5**2 / 5 + 4**2 / 4)) * np.sqrt(5.5) < 0.98 * expected


@pytest.mark.parametrize(("part", "counts"), [(0, (5, 40)), (1, (40, 5)), (1, (40, 3)), (1, (40, 2))])
def test_few_groups_or_seeds_get_the_interval_of_student(rng, part, counts):
    # One part alone: draws of a mean of n values vary by sqrt((n - 1) / n) of its standard error.
    n = counts[part]
    low, high = compute_interval(np.zeros(1), build_parts(rng, np.eye(3)[part] * (n - 1) / n), count_only(*counts))
    np.testing.assert_allclose([-low, high], stats.t.ppf(0.975, n - 1), rtol=0.02)
    assert high > 1.2 * stats.norm.ppf(0.975)


def test_a_bias_of_the_draws_moves_no_interval(rng):
    deviations, counts = build_parts(rng, [5, 4, 2])[:, :500], count_only(40, 10)
    ends = compute_interval(np.zeros(1), deviations, counts)
    bias = np.reshape([2, -1, 3], (3, 1, 1))
    np.testing.assert_allclose(compute_interval(np.zeros(1), deviations + bias, counts), ends)


@pytest.mark.parametrize(("n_seeds", "lopsided"), [(1, True), (2, False), (4, False), (5, True)])
def test_intervals_are_as_lopsided_as_the_draws_except_with_few_seeds(rng, n_seeds, lopsided):
    tracks = rng.exponential(size=(2000, 1))
    low, high = compute_interval(np.zeros(1), np.stack([tracks, 0 * tracks, tracks]), count_only(40, n_seeds))
    assert (abs(high[0] + low[0]) > 0.1) == lopsided


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


@pytest.mark.parametrize(("without", "known"), [(10, True), (11, False)])
def test_one_draw_in_a_hundred_may_have_no_correlation(rng, without, known):
    deviations = build_parts(rng, [5, 4, 2])[:, :1000]
    deviations[0, :without] = np.nan
    low, high = compute_interval(np.zeros(1), deviations, count_only(40, 10))
    assert np.isfinite([low[0], high[0]]).all() == known


@pytest.mark.parametrize("wrong", [{"membership": [0, 1, 0]}, {"n_seeds": 0}, {"n_draws": 99}])
def test_what_gives_no_interval_is_refused(wrong):
    least = {"membership": [0, 1, 2], "n_seeds": 1, "n_draws": 100}
    assert build_resampling(**least).groups.shape == (100, 3)
    with pytest.raises(BootstrapError, match="needed"):
        build_resampling(**least | wrong)


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
