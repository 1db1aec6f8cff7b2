"""Generated ratings match the published tables, and the noise-free ones lie behind them."""

import numpy as np
import pytest

from mer_utils.generated.ratings import build_ratings, compute_quantiles
from mer_utils.ratings import load_published

CORRELATIONS = load_published("rating_correlations").to_numpy()
MARGINALS = load_published("rating_marginals")


@pytest.fixture(scope="module")
def table():
    return build_ratings(700)


def largest_error(ratings):
    return np.abs(np.corrcoef(ratings.T) - CORRELATIONS).max()


@pytest.mark.parametrize(("n", "tolerance"), [(24, 0.05), (48, 0.01), (350, 0.01), (1000, 0.01)])
def test_all_correlations_match(n, tolerance):
    assert largest_error(build_ratings(n).observed) <= tolerance


def test_one_exchanged_column_does_not_match(table):
    wrong = table.observed.copy()
    wrong[:, [0, 5]] = wrong[:, [5, 0]]
    assert largest_error(wrong) > 0.05


@pytest.mark.parametrize("level", ["0.05", "0.25", "0.5", "0.75", "0.95"])
def test_marginals_match(table, level):
    ours = np.quantile(table.observed, float(level), axis=0)
    np.testing.assert_allclose(ours, MARGINALS[level], atol=0.06)


def test_a_rating_too_high_by_a_tenth_is_no_match(table):
    ours = np.quantile(table.observed + 0.1, 0.5, axis=0)
    assert np.abs(ours - MARGINALS["0.5"]).max() > 0.06


def test_half_of_the_anger_ratings_are_at_the_floor(table):
    assert (table.observed[:, 10] == 1.0).mean() == pytest.approx(0.5, abs=0.02)


def test_noise_free_ratings_are_in_range_and_vary_less(table):
    assert table.true.min() >= 1
    assert table.true.max() <= 10
    assert np.all(table.true.std(axis=0)[:7] < table.observed.std(axis=0)[:7])


def test_noise_is_unrelated_to_the_truth(table):
    noise = table.observed - table.true
    correlation = [np.corrcoef(noise[:, j], table.true[:, j])[0, 1] for j in range(15)]
    assert np.abs(correlation).max() < 0.15


def test_agreement_is_the_assumed_one(table):
    squared = np.array([np.corrcoef(table.observed[:, j], table.true[:, j])[0, 1] ** 2 for j in range(15)])
    np.testing.assert_allclose(squared[:7], 1 - table.noise[:7], atol=0.06)


def test_agreement_of_a_noisier_table_would_be_noticed(table):
    noisier = table.observed + np.random.default_rng(0).normal(0, 1, table.observed.shape)
    squared = np.array([np.corrcoef(noisier[:, j], table.true[:, j])[0, 1] ** 2 for j in range(7)])
    assert np.abs(squared - (1 - table.noise[:7])).max() > 0.06


def test_latent_values_are_standard_normal(table):
    np.testing.assert_allclose(table.latent.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(table.latent.std(axis=0), 1, atol=0.08)


def test_without_rater_noise_observed_is_true():
    table = build_ratings(200, rater_noise=0)
    np.testing.assert_allclose(table.observed, table.true, atol=0.02)


@pytest.mark.parametrize(("share", "explained"), [(0.0, 0.97), (3.0, 0.6)])
def test_outside_share_moves_emotions_away_from_midlevel(share, explained):
    latent = build_ratings(400, outside_share=share).latent
    rest = latent[:, 7:] - latent[:, :7] @ np.linalg.lstsq(latent[:, :7], latent[:, 7:], rcond=None)[0]
    assert (1 - rest.var() / latent[:, 7:].var() > explained) == (share == 0.0)


def test_same_seed_same_ratings_other_seed_others():
    build = build_ratings.__wrapped__  # not what is remembered
    a, b, c = build(60, seed=1), build(60, seed=1), build(60, seed=2)
    assert np.array_equal(a.observed, b.observed)
    assert not np.array_equal(a.observed, c.observed)


@pytest.mark.parametrize("bad", [{"n": 3}, {"n": 50, "rater_noise": 2}, {"n": 50, "outside_share": -1}])
def test_impossible_requests_are_refused(bad):
    with pytest.raises(ValueError, match="ratings need"):
        build_ratings(**bad)


def test_quantiles_are_exact_at_the_published_levels():
    ratings = compute_quantiles(np.full((1, 15), 0.25))
    np.testing.assert_allclose(ratings[0], MARGINALS["0.25"])
