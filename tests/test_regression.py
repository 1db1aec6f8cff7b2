"""Mid2E: the published ceiling from correlations alone, least squares as others compute it, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.ratings import EMOTIONS, MIDLEVEL, load_published
from mer_utils.regression import RegressionError, compute_in_sample_correlations, fit_linear, predict_out_of_fold
from mer_utils.scores import compute_correlations

IN_SAMPLE = [0.885, 0.797, 0.852, 0.679, 0.830, 0.806, 0.746, 0.734]
PUBLISHED = load_published("rating_correlations")


@pytest.fixture
def rated(rng):
    """Mid-level and emotion ratings that are linearly related, but for noise."""
    seven = rng.normal(5, 1.5, (60, 7)) + rng.normal(size=(60, 1))
    eight = seven @ rng.normal(size=(7, 8)) / 3 + rng.normal(5, 1, (60, 8))
    index = [f"{number:03d}" for number in range(60)]
    return pd.DataFrame(seven, index, list(MIDLEVEL)), pd.DataFrame(eight, index, list(EMOTIONS))


def test_the_published_correlations_give_the_ceiling():
    np.testing.assert_allclose(compute_in_sample_correlations(PUBLISHED), IN_SAMPLE, atol=0.001)


def _shrunk(matrix):
    return 0.998 * matrix + 0.002 * np.eye(15)


def _with_two_emotions_swapped(matrix):
    names = {"sad": "tender", "tender": "sad"}
    return matrix.rename(index=names, columns=names)


@pytest.mark.parametrize("change", [_shrunk, _with_two_emotions_swapped])
def test_slightly_other_correlations_are_noticed(change):
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(compute_in_sample_correlations(change(PUBLISHED)), IN_SAMPLE, atol=0.001)


def test_correlations_that_cannot_be_are_refused():
    inner = pd.DataFrame(np.eye(7), list(MIDLEVEL), list(MIDLEVEL))  # seven features that agree in nothing
    with pytest.raises(RegressionError, match="no correlation matrix"):
        compute_in_sample_correlations(inner.combine_first(PUBLISHED))


def test_correlations_alone_tell_what_the_regression_reaches(rated):
    seven, eight = rated
    told = compute_in_sample_correlations(seven.join(eight).corr())
    fitted = compute_correlations(fit_linear(seven, eight).predict(seven), eight)
    np.testing.assert_allclose(told, fitted, atol=1e-10)
    shifted = compute_correlations(fit_linear(seven, eight).predict(seven.shift(fill_value=5)), eight)
    assert abs(told - shifted).min() > 1e-3


def test_a_linear_relation_is_recovered(rng):
    seven, weights, bias = rng.normal(size=(20, 7)), rng.normal(size=(8, 7)), rng.normal(size=8)
    model = fit_linear(seven, seven @ weights.T + bias)
    np.testing.assert_allclose(model.weights, weights, atol=1e-12)
    np.testing.assert_allclose(model.bias, bias, atol=1e-12)


def test_least_squares_are_those_of_statsmodels(rated):
    from statsmodels.api import OLS, add_constant

    seven, eight = rated
    model = fit_linear(seven, eight)
    theirs = OLS(eight["fear"], add_constant(seven)).fit().params
    np.testing.assert_allclose([model.bias[4], *model.weights[4]], theirs, atol=1e-10)


def test_tables_give_tables_and_arrays_arrays(rated):
    seven, eight = rated
    by_table = fit_linear(seven, eight).predict(seven[:5])
    assert by_table.index.equals(seven.index[:5])
    assert tuple(by_table) == EMOTIONS
    by_array = fit_linear(seven.to_numpy(), eight.to_numpy()).predict(seven[:5].to_numpy())
    np.testing.assert_array_equal(by_table, by_array)


def test_each_fold_is_predicted_from_the_others(rated):
    seven, eight = rated
    folds = pd.Series(np.arange(60) % 3, seven.index)
    pooled = predict_out_of_fold(seven, eight, folds.sample(frac=1, random_state=0))
    mine, others = folds == 1, folds != 1
    expected = fit_linear(seven[others], eight[others]).predict(seven[mine])
    pd.testing.assert_frame_equal(pooled[mine], expected)
    pd.testing.assert_frame_equal(pooled, predict_out_of_fold(seven, eight, folds.to_numpy()))


def test_a_track_does_not_see_its_own_rating(rated):
    seven, eight = rated
    folds = np.arange(60) // 20
    before = predict_out_of_fold(seven, eight, folds)
    after = predict_out_of_fold(seven, eight + np.where(folds == 1, 3.0, 0)[:, None], folds)
    pd.testing.assert_frame_equal(before[folds == 1], after[folds == 1])
    assert abs(before - after)[folds != 1].min().min() > 0.1


def test_chance_is_not_predicted_out_of_fold(rng):
    seven, eight = pd.DataFrame(rng.normal(size=(60, 7))), pd.DataFrame(rng.normal(size=(60, 8)))
    pooled = predict_out_of_fold(seven, eight, np.arange(60) % 10)
    in_sample = fit_linear(seven, eight).predict(seven)
    assert compute_correlations(pooled, eight).mean() < 0.1 < compute_correlations(in_sample, eight).mean()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x.assign(dissonance=3.7), y), "feature dissonance is constant"),
        (lambda x, y: (x.assign(dissonance=x["minorness"] - x["articulation"]), y), "weighted sums"),
        (lambda x, y: (x.replace(x.loc["007", "dissonance"], np.nan), y), "1 of 60 tracks lack"),
        (lambda x, y: (x, y.mask(y["fear"] > y["fear"].median())), "30 of 60 tracks lack"),
        (lambda x, y: (x[:8], y[:8]), "at least 9 tracks, got 8"),
        (lambda x, y: (x, y[:50]), "row for each track"),
        (lambda x, y: (x, y[::-1]), "same order"),
        (lambda x, y: (x["dissonance"], y), "must be tables"),
    ],
)
def test_ratings_that_determine_nothing_are_refused(rated, change, message):
    with pytest.raises(RegressionError, match=message):
        fit_linear(*change(*rated))


def test_other_features_than_those_of_the_fit_are_refused(rated):
    model = fit_linear(*rated)
    with pytest.raises(RegressionError, match="asked about articulation, melodiousness"):
        model.predict(rated[0][[MIDLEVEL[1], MIDLEVEL[0], *MIDLEVEL[2:]]])
    with pytest.raises(RegressionError, match=r"not \(3, 6\)"):
        model.predict(np.ones((3, 6)))


@pytest.mark.parametrize("folds", [np.zeros(60), np.arange(59), pd.Series([0, 1], ["000", "001"])])
def test_folds_that_leave_tracks_out_are_refused(rated, folds):
    with pytest.raises(RegressionError, match="needs a fold"):
        predict_out_of_fold(*rated, folds)


@pytest.mark.parametrize(
    "change",
    [
        lambda matrix: matrix.drop(index="fear"),
        lambda matrix: matrix.assign(fear=np.nan),
        lambda matrix: matrix * 2,
        lambda matrix: matrix.where(matrix == 1, 0.99 * np.sign(matrix)),
    ],
)
def test_what_is_no_correlation_matrix_is_refused(change):
    with pytest.raises(RegressionError, match=r"no row or column 'fear'|no correlation matrix"):
        compute_in_sample_correlations(change(PUBLISHED))
