"""The power curve: known sizes, its inverse, and simulated tests that find a difference as often as promised."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mer_utils.power import (
    PowerError,
    compute_agreement,
    compute_detectable_difference,
    compute_power_curve,
    compute_tracks_needed,
)


@pytest.mark.parametrize(
    ("difference", "between", "tracks"), [(0.05, 0.95, 140), (0.05, 0.8, 510), (0.01, 0.95, 3300), (0.01, 0.8, 11700)]
)
def test_tracks_needed_for_differences_of_the_published_size(difference, between, tracks):
    assert compute_tracks_needed(difference, between=between) == pytest.approx(tracks, rel=0.03)
    assert compute_tracks_needed(difference * 1.1, between=between) != pytest.approx(tracks, rel=0.03)


def simulate_power(rng, n_tracks, *, r=0.76, difference=0.05, between=0.9, runs=2000):
    """Share of simulated tests that find the difference, by the t of Williams (1959; Steiger 1980)."""
    covariance = [[1, r, r - difference], [r, 1, between], [r - difference, between, 1]]
    draws = rng.multivariate_normal(np.zeros(3), covariance, size=(runs, n_tracks))
    draws = (draws - draws.mean(1, keepdims=True)) / draws.std(1, keepdims=True)
    a, b, c = ((draws[..., i] * draws[..., j]).mean(1) for i, j in ((0, 1), (0, 2), (1, 2)))
    det = 1 - a**2 - b**2 - c**2 + 2 * a * b * c
    spread = 2 * det * (n_tracks - 1) / (n_tracks - 3) + ((a + b) / 2) ** 2 * (1 - c) ** 3
    t = (a - b) * np.sqrt((n_tracks - 1) * (1 + c) / spread)
    return (2 * stats.t.sf(np.abs(t), n_tracks - 3) < 0.05).mean()


@pytest.mark.parametrize("between", [0.8, 0.95])
def test_simulated_tests_find_the_difference_as_often_as_promised(rng, between):
    # The formula is asymptotic: at 40 tracks it promises .8 and gives .86, at 140 it gives .82.
    n_tracks = compute_tracks_needed(0.05, between=between)
    assert simulate_power(rng, n_tracks, between=between) == pytest.approx(0.8, abs=0.04)
    assert simulate_power(rng, round(n_tracks * 0.75), between=between) < 0.75


def test_networks_that_agree_less_need_more_tracks():
    curve = compute_power_curve([0.01, 0.05], between=(0.8, 0.9, 0.95))
    assert (np.diff(curve, axis=1) < 0).all()
    assert (curve.loc[0.01] > 20 * curve.loc[0.05]).all()


def test_more_power_and_more_confidence_cost_tracks():
    usual = compute_tracks_needed(0.05)
    assert usual < min(compute_tracks_needed(0.05, power=0.9), compute_tracks_needed(0.05, level=0.99))


@pytest.mark.parametrize("n_tracks", [36, 360, 5000])
def test_the_inverse_is_one(n_tracks):
    difference = compute_detectable_difference(n_tracks, between=0.85)
    assert compute_tracks_needed(difference * (1 + 1e-9), between=0.85) == n_tracks
    assert compute_tracks_needed(difference * 0.97, between=0.85) > n_tracks


@pytest.mark.parametrize("n_tracks", [4, 5])
def test_too_few_tracks_show_nothing(n_tracks):
    assert np.isnan(compute_detectable_difference(n_tracks, between=0.95))


def test_no_difference_needs_fewer_than_4_tracks():
    assert compute_tracks_needed(1.9, r=0.999, between=-0.9) == 5
    assert compute_tracks_needed(1.998, r=0.999, between=-0.999) == 4


def test_the_curve_is_for_the_r_that_is_given():
    curve = compute_power_curve([0.05], between=[0.9], r=0.5)
    assert curve.loc[0.05, 0.9] == compute_tracks_needed(0.05, r=0.5) != compute_tracks_needed(0.05)


@pytest.mark.parametrize(
    "wrong",
    [{"difference": 0}, {"difference": -0.1}, {"difference": np.nan}, {"difference": np.inf}, {"r": 1.2},
     {"r": np.nan}, {"r": np.inf}, {"between": 1}, {"between": np.nan}, {"difference": 0.5, "between": 0.99},
     {"power": 1}, {"power": 0.01}, {"level": 0}],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(PowerError):
        compute_tracks_needed(**{"difference": 0.05} | wrong)


@pytest.mark.parametrize("wrong", [{"n_tracks": 3}, {"n_tracks": 36, "between": 1.5}, {"n_tracks": 36, "level": 1}])
def test_what_cannot_be_inverted_is_refused(wrong):
    with pytest.raises(PowerError):
        compute_detectable_difference(**wrong)


@pytest.fixture
def pair(rng):
    """Give two networks that agree nearly with the first seed, hardly with the second, and not linearly."""
    rows = pd.MultiIndex.from_product([[3, 8], range(30)], names=["seed", "track"])
    first = pd.DataFrame(rng.normal(size=(60, 2)), rows, ["valence", "anger"])
    return first, np.exp(first) + rng.normal(size=(60, 2)) * np.repeat([0.1, 5], 30)[:, None]


def test_agreement_is_the_mean_r_of_networks_of_the_same_seed(pair):
    by_numpy = [
        np.corrcoef(*(table.loc[seed, column] for table in pair))[0, 1] for seed in (3, 8) for column in pair[0]
    ]
    assert compute_agreement(*pair) == pytest.approx(np.mean(by_numpy))
    assert compute_agreement(pair[0], pair[1][::-1].iloc[:, ::-1]) == pytest.approx(np.mean(by_numpy))
    assert abs(np.mean(by_numpy[:2]) - np.mean(by_numpy)) > 0.1


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.loc[[3]],
        lambda table: table[1:],
        lambda table: table[["anger"]],
        lambda table: table.rename(columns={"anger": "fear"}),
        lambda table: pd.concat([table, table[:1]]),
        lambda table: table.assign(anger=0.1),
        lambda table: pd.concat([table[:30], 0 * table[30:] + 0.1]),
    ],
)
def test_networks_that_cannot_agree_are_refused(pair, change):
    for one, other in (pair, pair[::-1]):
        with pytest.raises(PowerError, match="same"):
            compute_agreement(one, change(other))
