"""Correlations: known answers, what a constant output gives, and what partial correlations take out."""

import numpy as np
import pytest

from mer_utils.scores import (
    ScoreError,
    compute_correlations,
    compute_mean_correlation,
    compute_partial_correlations,
)


@pytest.mark.parametrize(
    ("predicted", "rated", "r"),
    [
        ([1, 2, 3], [2, 4, 6], 1),
        ([1, 2, 3], [5, 3, 1], -1),
        ([1, 2, 3, 4], [1, 3, 2, 4], 0.8),
        ([0, 1, 0], [1, 1, 1], np.nan),
    ],
)
def test_known_answers(predicted, rated, r):
    np.testing.assert_allclose(compute_correlations(np.c_[predicted], np.c_[rated]), [r], atol=1e-12)


def test_columns_are_taken_one_by_one(rng):
    predicted, rated = rng.normal(size=(2, 20, 8))
    by_numpy = [np.corrcoef(predicted[:, column], rated[:, column])[0, 1] for column in range(8)]
    np.testing.assert_allclose(compute_correlations(predicted, rated), by_numpy, atol=1e-12)


def test_another_order_of_tracks_is_noticed(rng):
    predicted = rng.normal(size=(20, 8))
    assert compute_mean_correlation(predicted, predicted) == pytest.approx(1)
    assert compute_mean_correlation(predicted, np.roll(predicted, 1, axis=0)) < 0.5


def test_a_constant_output_counts_as_nothing():
    rated = np.array([[1.0, 1], [2, 2], [3, 3]])
    assert compute_mean_correlation(rated * [1, 0] + 0.1, rated) == pytest.approx(0.5)


def test_partial_correlation_equals_the_textbook_formula(rng):
    x, y, z = rng.normal(size=(3, 50, 1)) + rng.normal(size=(50, 1))
    rxy, rxz, ryz = (compute_correlations(a, b) for a, b in ((x, y), (x, z), (y, z)))
    formula = (rxy - rxz * ryz) / np.sqrt((1 - rxz**2) * (1 - ryz**2))
    np.testing.assert_allclose(compute_partial_correlations(x, y, z), formula, atol=1e-12)


def test_what_is_given_is_taken_out(rng):
    given, own = rng.normal(size=(400, 7)), rng.normal(size=(400, 2))
    common = given @ rng.normal(size=(7, 2))
    assert abs(compute_partial_correlations(common + own, common + rng.normal(size=(400, 2)), given)).max() < 0.15
    assert compute_partial_correlations(common + own, common + own, given) == pytest.approx([1, 1])


def test_nothing_left_is_nan(rng):
    given = rng.normal(size=(40, 3))
    assert np.isnan(compute_partial_correlations(given @ np.ones((3, 1)), rng.normal(size=(40, 1)), given)).all()


@pytest.mark.parametrize(
    ("predicted", "rated"),
    [(np.eye(2), np.eye(2)), (np.eye(3), np.eye(4)), (np.ones(5), np.ones(5)), (np.eye(3), np.eye(3) * np.nan)],
)
def test_what_cannot_be_compared_is_refused(predicted, rated):
    with pytest.raises(ScoreError):
        compute_correlations(predicted, rated)


@pytest.mark.parametrize("given", [np.ones((9, 7)), np.ones(9), np.full((9, 2), np.nan), np.ones((8, 2))])
def test_what_cannot_be_given_is_refused(given):
    with pytest.raises(ScoreError):
        compute_partial_correlations(np.ones((9, 2)), np.ones((9, 2)), given)
