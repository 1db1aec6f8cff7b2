"""Stability: known agreements, predictions of it that come true, and prefixes that equal shorter runs."""

from dataclasses import replace

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, fit_explanation
from scipy.stats import spearmanr

from mer_utils.stability import (
    StabilityError,
    compute_expected_jaccard,
    compute_jaccard,
    compute_prefix_weights,
    compute_stability,
    compute_top_jaccard,
)


@pytest.fixture
def weights(rng):
    return rng.normal(size=(60, 2))


def repeat(weights, *, noise, n=300, n_repeats=3):
    return [fit_explanation(lambda masks: masks @ weights, n=n, noise=noise, seed=seed) for seed in range(n_repeats)]


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [([1, 2, 3], [3, 2, 1], 1), ([1, 2, 3], [3, 4], 0.25), ([1], [], 0), ([], [], np.nan), ([1, 1, 2], [2], 0.5)],
)
def test_jaccard(first, second, wanted):
    assert compute_jaccard(first, np.array(second)) == pytest.approx(wanted, nan_ok=True)


def test_top_jaccard_goes_by_size_without_the_sign():
    assert compute_top_jaccard(np.array([3.0, -2, 1, 0]), np.array([3.0, 2, 0, 1]), top=2) == 1
    assert compute_top_jaccard(np.array([3.0, -2, 1, 0]), np.array([3.0, 0, 1, 2]), top=2) == pytest.approx(1 / 3)
    assert np.isnan(compute_top_jaccard(np.ones(4), np.ones(4), top=4))


@pytest.mark.parametrize("error", [0.1, 0.4, 1.0])
def test_agreement_is_what_the_standard_errors_predict(rng, error):
    true = rng.normal(size=(300, 20))
    runs = true + error * rng.normal(size=(2, 300, 20))
    found = np.mean([compute_top_jaccard(*runs[:, :, k]) for k in range(20)])
    errors = np.full((300, 20), error)
    assert compute_expected_jaccard(runs[0], errors).mean() == pytest.approx(found, abs=0.04)
    assert compute_expected_jaccard(runs.mean(axis=0), errors, n_averaged=2).mean() == pytest.approx(found, abs=0.04)


def test_noise_must_be_taken_out_of_the_weights_for_that(rng):
    runs = rng.normal(size=(300, 20)) + rng.normal(size=(2, 300, 20))
    found = np.mean([compute_top_jaccard(*runs[:, :, k]) for k in range(20)])
    assert compute_expected_jaccard(runs[0], np.ones((300, 20)), n_averaged=1000).mean() > found + 0.04


def test_agreement_without_errors_is_sure_and_with_unknown_ones_unknown(rng):
    weights, errors = rng.normal(size=(40, 2)), np.zeros((40, 2))
    errors[3, 1] = np.nan
    np.testing.assert_array_equal(compute_expected_jaccard(weights, errors), [1, np.nan])
    assert np.isnan(compute_expected_jaccard(weights, errors, top=40)).all()


def test_the_same_seed_is_stable_and_noise_is_not(weights):
    first = repeat(weights, noise=0.0)[0]
    same = compute_stability([first, first])
    assert (same[["top_jaccard", "rank_correlation"]] > 1 - 1e-9).all(axis=None)
    noise = compute_stability(repeat(0 * weights, noise=1.0))
    assert (noise["top_jaccard"] - noise["chance_jaccard"]).abs().max() < 0.12
    assert noise["weight_correlation"].abs().max() < 0.3


def test_stability_is_the_mean_over_pairs(weights):
    runs = repeat(weights, noise=3.0)
    table, pairs = compute_stability(runs).loc["o1"], [(0, 1), (0, 2), (1, 2)]
    columns = [run.weights[:, 1] for run in runs]
    tops = [compute_top_jaccard(columns[i], columns[j]) for i, j in pairs]
    ranks = [spearmanr(columns[i], columns[j]).statistic for i, j in pairs]
    assert table["top_jaccard"] == pytest.approx(np.mean(tops))
    assert table["rank_correlation"] == pytest.approx(np.mean(ranks))
    assert abs(np.mean(tops) - tops[0]) > 1e-6


def test_chance_is_the_agreement_of_random_sets(rng, weights):
    sets = [np.argsort(rng.random((2, 60)), axis=1)[:, :30] for _ in range(500)]
    drawn = np.mean([compute_jaccard(*pair) for pair in sets])
    chance = compute_stability(repeat(weights, noise=1.0, n_repeats=2))["chance_jaccard"].iloc[0]
    assert chance == pytest.approx(drawn, abs=0.015)
    assert abs(30 / 60 - drawn) > 0.015


def test_what_does_not_belong_together_is_refused(weights):
    one, other = repeat(weights, noise=1.0, n_repeats=2)
    for wrong in (
        [one],
        [one, replace(other, segments=SEGMENTS[::-1])],
        [one, replace(other, output_names=("o0", "x"))],
    ):
        with pytest.raises(StabilityError, match=r"two explanations|cannot be compared"):
            compute_stability(wrong)


def test_kept_sets_agree_by_sign_where_both_are_large_enough(weights):
    one = repeat(weights, noise=0.1)[0]
    turned = replace(one, weights=-one.weights)
    nothing = replace(one, robust_errors=one.robust_errors * 1e9)
    table = [compute_stability([one, other])[["kept_jaccard", "kept_pairs"]] for other in (one, turned, nothing)]
    np.testing.assert_array_equal(table[0], [[1, 1], [1, 1]])
    np.testing.assert_array_equal(table[1], [[0, 1], [0, 1]])
    np.testing.assert_array_equal(table[2], [[np.nan, 0], [np.nan, 0]])


@pytest.mark.parametrize(("size", "pairs"), [(9, 0), (10, 1)])
def test_small_kept_sets_are_left_out(weights, size, pairs):
    weights[size:] = 0
    one = repeat(weights + 3 * (weights != 0), noise=0.1, n_repeats=1)[0]
    assert (compute_stability([one, one])["kept_pairs"] == pairs).all()


@pytest.mark.parametrize("choices", [{}, {"kernel_width": 0.25, "ridge": 1.0}])
def test_a_prefix_gives_what_a_shorter_run_gives(weights, choices):
    whole, short = (fit_explanation(lambda masks: masks @ weights, n=n, **choices) for n in (5000, 200))
    fitted = compute_prefix_weights(whole, [5000, 200])
    assert list(fitted) == [200, 5000]
    np.testing.assert_allclose(fitted[5000], whole.weights, atol=1e-6)
    np.testing.assert_allclose(fitted[200], short.weights, atol=1e-6)


def test_a_prefix_of_another_length_gives_something_else(weights):
    whole = repeat(weights, noise=1.0)[0]
    fitted = compute_prefix_weights(whole, [200, 201])
    assert abs(fitted[200] - fitted[201]).max() > 1e-4


@pytest.mark.parametrize(("counts", "fit"), [([61], None), ([301], None), ([], None), ([100], "places")])
def test_prefixes_that_cannot_be_fitted_are_refused(weights, counts, fit):
    explanation = repeat(weights, noise=1.0)[0]
    explanation = replace(explanation, config={"fit": fit or "least squares"})
    with pytest.raises(StabilityError, match=r"least squares|prefixes of 62 to 300"):
        compute_prefix_weights(explanation, counts)
