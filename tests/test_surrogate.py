"""The surrogate against two other programs, LIME's own and statsmodels, and against all masks that there are."""

import numpy as np
import pytest
from fakes import CELLS, PlaceToy, compute_population
from scipy.stats import t

from mer_utils.explain import explain_spectrogram
from mer_utils.explanation import ExplainError
from mer_utils.masks import draw_masks
from mer_utils.surrogate import LeastSquares, compute_errors, compute_factor, compute_kernel, compute_r2

ONES = np.ones((6, 2), np.float32)


@pytest.fixture
def masks():
    return draw_masks(300, 20, design="bernoulli", seed=5)


@pytest.fixture
def outputs(masks, rng):
    """Two bent sums, rougher where segment 3 is on."""
    level = masks @ rng.normal(size=(20, 2))
    return (level + 0.2 * level**2 + rng.normal(size=level.shape) * (1 + 2 * masks[:, 3:4])).astype(np.float32) / 10


def fit(masks, outputs, *, kernel_width=0.25, ridge=1.0, step=64):
    sums = LeastSquares(masks.shape[1], outputs.shape[1], kernel_width=kernel_width, ridge=ridge)
    for first in range(0, len(masks), step):
        sums.add(masks[first : first + step], outputs[first : first + step])
    return sums.fit()


def fit_with_lime(masks, outputs, column):
    """What the package of the method's authors says: intercept, weights by segment, score, local prediction."""
    from lime.lime_base import LimeBase
    from sklearn.metrics import pairwise_distances

    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 0.25**2)), random_state=0)  # the kernel of lime_image
    distances = pairwise_distances(masks.astype(float), masks[:1].astype(float), metric="cosine").ravel()
    told = base.explain_instance_with_data(masks.astype(float), outputs, distances, column, 100_000)
    intercept, pairs, score, local = told
    return intercept, np.array([dict(pairs)[k] for k in range(masks.shape[1])]), score, local.item()


@pytest.mark.parametrize("column", [0, 1])
def test_the_fit_is_limes(masks, outputs, column):
    intercept, weights, score, local = fit_with_lime(masks, outputs, column)
    ours, tolerance = fit(masks, outputs), 1e-6 * np.abs(weights).max()
    assert np.abs(ours.weights[:, column] - weights).max() < tolerance
    assert ours.intercept[column] == pytest.approx(intercept, abs=tolerance)
    assert ours(np.ones((1, 20)))[0, column] == pytest.approx(local, abs=tolerance)
    r2 = compute_r2(outputs, ours(masks), compute_kernel(masks, 0.25))
    assert r2[column] == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("other", [{"kernel_width": 0.251}, {"kernel_width": None}, {"ridge": 0.99}])
def test_a_slightly_other_fit_is_not(masks, outputs, other):
    _, weights, _, _ = fit_with_lime(masks, outputs, 0)
    assert np.abs(fit(masks, outputs, **other).weights[:, 0] - weights).max() > 1e-6 * np.abs(weights).max()


def test_the_kernel_is_of_the_cosine_distance():
    masks = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]], bool)  # d = 0, 1/2, 1
    assert compute_kernel(masks, 0.25) == pytest.approx([1, np.exp(-2), np.exp(-8)])
    assert compute_kernel(masks, None).tolist() == [1, 1, 1]


def compute_with_statsmodels(masks, outputs, column, width):
    import statsmodels.api as sm

    weights = compute_kernel(masks, width)
    return sm.WLS(outputs[:, column].astype(float), sm.add_constant(masks.astype(float)), weights=weights).fit()


@pytest.mark.parametrize("width", [0.25, None])
def test_errors_are_those_of_statsmodels(masks, outputs, width):
    ours = fit(masks, outputs, kernel_width=width, ridge=0)
    std, robust = compute_errors(ours, masks, outputs, kernel_width=width, pairs=False)
    for column in range(2):
        theirs = compute_with_statsmodels(masks, outputs, column, width)
        assert std[:, column] == pytest.approx(theirs.bse[1:], rel=1e-6)
        assert robust[:, column] == pytest.approx(theirs.HC3_se[1:], rel=1e-6)
        assert ours.weights[:, column] == pytest.approx(theirs.params[1:], rel=1e-6)
        assert robust[:, column] != pytest.approx(theirs.HC2_se[1:], rel=1e-6)
        assert std[:, column] != pytest.approx(theirs.HC3_se[1:], rel=1e-2)


def test_p_values_are_those_of_statsmodels():
    choices = {"design": "bernoulli", "kernel_width": 0.25, "fit": "least squares", "n_holdout": 5}
    e = explain_spectrogram(PlaceToy(), ONES, CELLS, n_samples=90, **choices)
    theirs = compute_with_statsmodels(e.samples.masks, e.samples.outputs, 0, 0.25)
    assert e.p_values[:, 0] == pytest.approx(theirs.pvalues[1:], rel=1e-5, abs=1e-12)
    assert e.p_values[:, 0] != pytest.approx(2 * t.sf(np.abs(theirs.tvalues[1:]), 40), rel=1e-5, abs=1e-12)


def test_robust_errors_of_pairs_leave_out_each_pair(rng):
    masks = draw_masks(80, 6, design="foldover")
    outputs = rng.normal(size=(80, 1))
    whole = fit(masks, outputs, kernel_width=None, ridge=0)
    without = [np.delete(np.arange(80), [k, k + 1]) for k in range(0, 80, 2)]
    left = [fit(masks[rows], outputs[rows], kernel_width=None, ridge=0).weights for rows in without]
    jackknife = np.sqrt(((np.array(left) - whole.weights) ** 2).sum(axis=0))
    pairs, single = (
        compute_errors(whole, masks, outputs, kernel_width=None, pairs=pairs)[1] for pairs in (True, False)
    )
    assert pairs == pytest.approx(jackknife, rel=1e-9)
    assert single != pytest.approx(jackknife, rel=1e-2)


def test_sums_do_not_depend_on_how_samples_come(masks, outputs):
    by_one, at_once = fit(masks, outputs, step=1), fit(masks, outputs, step=300)
    assert by_one.weights == pytest.approx(at_once.weights, rel=1e-9)


def test_the_intercept_is_not_penalised(masks, outputs):
    lifted = fit(masks, outputs + 100.0, ridge=50.0)
    assert lifted.intercept == pytest.approx(fit(masks, outputs, ridge=50.0).intercept + 100, abs=1e-5)


def test_a_linear_function_gives_its_weights_back(masks, rng):
    weights = rng.normal(size=(20, 3))
    ours = fit(masks, masks @ weights + 4, ridge=0)
    assert ours.weights == pytest.approx(weights, abs=1e-12)
    assert ours.intercept == pytest.approx([4, 4, 4], abs=1e-12)
    assert fit(masks, masks @ weights + 4, ridge=1).weights != pytest.approx(weights, abs=1e-3)


def test_masks_that_cannot_tell_segments_apart(outputs):
    with pytest.raises(ExplainError, match="300 samples do not tell all segments apart: take more"):
        fit(np.zeros((300, 20), bool), outputs, kernel_width=None, ridge=0)


@pytest.mark.parametrize("width", [None, 0.25])
@pytest.mark.parametrize("seed", range(15))
def test_two_segments_that_go_together_are_not_told_apart(width, seed, rng):
    masks, outputs = draw_masks(400, 40, design="bernoulli", seed=seed), rng.normal(size=(400, 1))
    masks[:, 3] = masks[:, 9]
    with pytest.raises(ExplainError, match="400 samples do not tell all segments apart: take more"):
        fit(masks, outputs, kernel_width=width, ridge=0)
    shared = fit(masks, outputs, kernel_width=width, ridge=1).weights
    assert shared[3] == pytest.approx(shared[9])
    masks[7, 3] ^= True
    assert np.isfinite(fit(masks, outputs, kernel_width=width, ridge=0).weights).all()


@pytest.mark.parametrize("usual", [True, False])
@pytest.mark.parametrize("ridge", [0, 1])
def test_one_sample_alone_decides_no_weight(masks, outputs, usual, ridge):
    masks[:, 4] = usual
    masks[50, 4] = not usual
    with pytest.raises(ExplainError, match="300 samples do not tell all segments apart: take more"):
        fit(masks, outputs, kernel_width=None, ridge=ridge)
    masks[51, 4] = not usual
    twice = fit(masks, outputs, kernel_width=None, ridge=ridge)
    assert np.isfinite(compute_errors(twice, masks, outputs, kernel_width=None, pairs=False)).all()


def test_the_factor_is_lower_and_gives_its_matrix_back(masks):
    normal = masks.T.astype(float) @ masks
    factor = compute_factor(normal, 300, masks.sum(axis=0))
    assert factor @ factor.T == pytest.approx(normal)
    assert np.array_equal(factor, np.tril(factor))


@pytest.mark.parametrize(("excess", "apart"), [(1e-9, True), (1e-11, False), (0, False), (-1e-9, False)])
def test_a_pivot_of_rounding_tells_nothing_apart(excess, apart):
    normal = np.array([[1, 1], [1, 1 + excess]])
    if apart:
        assert np.isfinite(compute_factor(normal, 9, np.array([4, 4]))).all()
        return
    with pytest.raises(ExplainError, match="9 samples do not tell all segments apart: take more"):
        compute_factor(normal, 9, np.array([4, 4]))


@pytest.mark.parametrize("shown", [0, 1, 8, 9])
def test_two_samples_at_least_hide_each_segment_and_two_show_it(shown):
    with pytest.raises(ExplainError, match="9 samples do not tell all segments apart: take more"):
        compute_factor(np.eye(2), 9, np.array([4, shown]))
    assert np.array_equal(compute_factor(np.eye(2), 9, np.array([2, 7])), np.eye(2))


def test_r2_of_known_residuals():
    outputs = np.array([[0.0, 5], [2, 5]])
    assert compute_r2(outputs, outputs)[0] == 1
    assert compute_r2(outputs, np.full((2, 2), 1.0))[0] == 0
    assert compute_r2(outputs, np.array([[0, 0], [1, 0]]))[0] == 0.5
    assert np.isnan(compute_r2(outputs, outputs)[1])
    assert compute_r2(outputs, np.array([[0, 0], [1, 0]]), np.array([3.0, 1]))[0] == pytest.approx(2 / 3)


def compute_coverage(design, keep_prob, how, *, n_runs=200, n_samples=256):
    """Coverage of the 95 % intervals, that of intervals .85 as wide, and the (12, 2) mean misses in errors."""
    wanted = compute_population(PlaceToy(), keep_prob=keep_prob)
    choices = {"design": design, "keep_prob": keep_prob, "fit": how, "n_holdout": 2, "n_samples": n_samples}
    runs = [explain_spectrogram(PlaceToy(), ONES, CELLS, seed=k, **choices) for k in range(n_runs)]
    misses = np.array([(run.weights - wanted) / run.robust_errors for run in runs])
    width = t.ppf(0.975, [run.config["dof"] for run in runs])[:, None, None]
    return np.mean(np.abs(misses) < width), np.mean(np.abs(misses) < 0.85 * width), misses.mean(axis=0)


@pytest.mark.parametrize("how", ["least squares", "places"])
@pytest.mark.parametrize(("design", "keep_prob"), [("bernoulli", 0.5), ("foldover", 0.5)])
def test_robust_intervals_cover_the_weights_of_all_masks(design, keep_prob, how):
    """200 runs, some 2 s each: no fewer tell .95 from .93."""
    coverage, narrower, miss = compute_coverage(design, keep_prob, how)
    assert 0.93 <= coverage <= 0.97
    assert not 0.93 <= narrower <= 0.97
    assert np.abs(miss).max() < 4.5 / np.sqrt(200)


@pytest.mark.parametrize("how", ["least squares", "places"])
def test_robust_intervals_cover_where_most_is_kept(how):
    """With .9 kept, few samples hide a segment: by place 256 give .925, 512 .940 and 2048 .948 (1000 runs of each)."""
    coverage, narrower, _ = compute_coverage("bernoulli", 0.9, how, n_runs=250, n_samples=512)
    assert 0.93 <= coverage <= 0.97
    assert not 0.93 <= narrower <= 0.97
