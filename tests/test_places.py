"""By place: the same weights as by least squares, nearer with as many samples, and wrong where sight is wrong."""

import numpy as np
import pytest
from fakes import CELLS, CORNERS, PlaceToy, compute_population
from scipy.stats import t

from mer_utils.explain import explain_spectrogram
from mer_utils.explanation import ExplainError
from mer_utils.masks import draw_masks
from mer_utils.places import KEPT, PlaceSquares
from mer_utils.receptive import compute_visible

ONES = np.ones((6, 2), np.float32)
PLACE_LEVELS = PlaceToy().places(CORNERS.reshape(-1, 6, 2))


def explain(predict=None, *, fit="auto", n_samples=4096, **options):
    options = {"n_samples": n_samples, "fit": fit, "keep_prob": 0.5} | options
    return explain_spectrogram(predict or PlaceToy(), ONES, CELLS, **options)


def fit_all_masks(seen=3):
    sums = PlaceSquares(compute_visible(PlaceToy(seen=seen).fields(6), CELLS), 2, pairs=False)
    for first in range(0, 4096, 512):
        sums.add(CORNERS[first : first + 512], PLACE_LEVELS[first : first + 512])
    return sums.fit()


def test_on_all_masks_it_gives_the_weights_of_least_squares():
    design = np.column_stack([np.ones(4096), CORNERS])
    solved = np.linalg.lstsq(design, PLACE_LEVELS.mean(axis=1), rcond=None)[0]
    assert fit_all_masks().weights == pytest.approx(solved[1:], abs=1e-6)
    assert fit_all_masks().intercept == pytest.approx(solved[0], abs=1e-6)
    assert fit_all_masks(seen=2).weights != pytest.approx(solved[1:], abs=1e-2)


@pytest.mark.parametrize("fit", ["places", "least squares"])
@pytest.mark.parametrize(("design", "keep_prob"), [("foldover", 0.5), ("bernoulli", 0.5), ("bernoulli", 0.8)])
def test_both_come_to_the_weights_of_all_masks(fit, design, keep_prob):
    e = explain(fit=fit, design=design, keep_prob=keep_prob)
    z = (e.weights - compute_population(PlaceToy(), keep_prob=keep_prob)) / e.robust_errors
    assert e.config["fit"] == fit
    assert np.abs(z).max() < 4
    assert 0.6 < z.std() < 1.5


@pytest.mark.parametrize("seen", [1, 2])
def test_with_wrong_fields_it_does_not(seen):
    e = explain(PlaceToy(seen=seen))
    with np.errstate(divide="ignore"):
        assert np.abs((e.weights - compute_population(PlaceToy())) / e.robust_errors).max() > 10


def test_fields_that_are_too_large_only_cost_precision():
    e = explain(PlaceToy(seen=5))
    assert np.abs((e.weights - compute_population(PlaceToy())) / e.robust_errors).max() < 4


def test_it_is_nearer_with_as_many_samples():
    wanted = compute_population(PlaceToy())
    errors = [
        [np.abs(explain(fit=fit, n_samples=128, seed=k, n_holdout=2).weights - wanted).mean() for k in range(10)]
        for fit in ("places", "least squares")
    ]
    assert np.mean(errors[0]) < 0.85 * np.mean(errors[1])


def test_errors_shrink_with_all_samples_though_only_some_are_kept():
    few, many = (explain(n_samples=n, n_holdout=2).robust_errors for n in (KEPT, 16 * KEPT))
    assert many == pytest.approx(few / 4, rel=0.15)


@pytest.mark.parametrize("options", [{"kernel_width": 0.25}, {"ridge": 1.0}, {"masks": draw_masks(256, 12)}])
def test_what_is_not_a_plain_fit_is_left_to_least_squares(options):
    assert explain(n_samples=256, **options).config["fit"] == "least squares"
    with pytest.raises(ExplainError, match="needs a network with places, drawn masks, no kernel and no ridge"):
        explain(n_samples=256, fit="places", **options)


def test_a_predictor_without_places_cannot_be_asked_by_place():
    with pytest.raises(ExplainError, match="a fit by place needs a network with places"):
        explain(lambda specs: specs.mean(axis=2), fit="places", n_samples=64)


def add_noise(masks, *, visible=None, pairs=False):
    """What places sum up that say nothing but noise of variance 1; one that sees all, if nothing else is said."""
    visible = np.ones((1, masks.shape[1]), bool) if visible is None else visible
    sums = PlaceSquares(visible, 1, pairs=pairs)
    for part in np.array_split(masks, max(len(masks) // 256, 1)):
        sums.add(part, np.random.default_rng([1, sums.n]).normal(size=(len(part), len(visible), 1)))
    return sums


def test_too_few_samples_for_one_place():
    masks = draw_masks(40, 12, seed=1)
    with pytest.raises(ExplainError, match="12 samples do not tell all segments apart: take more"):
        add_noise(masks[:12]).fit()
    assert np.isfinite(add_noise(masks).fit().weights).all()


@pytest.mark.parametrize("usual", [True, False])
def test_one_sample_alone_decides_no_weight(usual):
    masks = draw_masks(300, 12)
    masks[:, 4] = usual
    masks[50, 4] = not usual
    with pytest.raises(ExplainError, match="300 samples do not tell all segments apart: take more"):
        add_noise(masks).fit()
    masks[51, 4] = not usual
    assert np.isfinite(add_noise(masks).fit().weights).all()


def test_only_what_one_place_sees_must_be_told_apart():
    masks, halves = draw_masks(300, 12), np.kron(np.eye(2, dtype=bool), np.ones(6, bool))
    masks[:, 8] = masks[:, 2]
    assert np.isfinite(add_noise(masks, visible=halves).fit().weights).all()
    masks[:, 8], masks[:, 3] = ~masks[:, 8], masks[:, 2]
    with pytest.raises(ExplainError, match="300 samples do not tell all segments apart: take more"):
        add_noise(masks, visible=halves).fit()


def test_what_no_place_sees_weighs_nothing():
    fit = add_noise(draw_masks(300, 12), visible=np.arange(12)[None] < 11).fit()
    assert fit.weights[11] == 0
    assert np.all(fit.weights[:11] != 0)


@pytest.mark.parametrize(("design", "keep_prob"), [("bernoulli", 0.5), ("foldover", 0.5), ("bernoulli", 0.9)])
def test_errors_of_noise_and_their_degrees_of_freedom(design, keep_prob):
    """Normal noise gives pulls whose mean square and fourth power are those of the mask and the normal: by hand."""
    pairs, odds = design == "foldover", keep_prob * (1 - keep_prob)
    sums = add_noise(draw_masks(KEPT, 30, design=design, keep_prob=keep_prob), pairs=pairs)
    errors, dof = sums.compute_errors(keep_prob)
    fourth = 3 * odds * ((1 - keep_prob) ** 3 + keep_prob**3) if not pairs else 3 * odds**2
    wanted = 2 * KEPT / (1 + pairs) / (fourth / odds**2 - 1)  # 2048, 1024 and 176
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(1 / np.sqrt(KEPT * odds), rel=0.05)
    assert dof == pytest.approx(wanted, rel=0.2)
    assert dof != pytest.approx(0.7 * wanted, rel=0.2)


def test_samples_that_are_not_kept_give_no_freedom():
    masks = draw_masks(4 * KEPT, 30, keep_prob=0.9)
    (few, dof), (many, later) = (add_noise(masks[:n]).compute_errors(0.9) for n in (KEPT, 4 * KEPT))
    assert many == pytest.approx(few / 2, rel=0.05)
    assert later == pytest.approx(dof, rel=0.1)


@pytest.mark.parametrize("keep_prob", [0.5, 0.9])
def test_the_record_holds_the_degrees_of_freedom(keep_prob):
    e = explain(keep_prob=keep_prob, n_samples=512)
    few, many = e.config["dof"], explain(keep_prob=keep_prob, n_samples=KEPT).config["dof"]
    assert isinstance(few, float)
    assert e.p_values == pytest.approx(2 * t.sf(np.abs(e.weights / e.robust_errors), few))
    assert e.p_values != pytest.approx(2 * t.sf(np.abs(e.weights / e.robust_errors), 1.1 * few))
    assert 2 * few < many < KEPT
    assert explain(fit="least squares", keep_prob=keep_prob, n_samples=512).config["dof"] == 512 - 13
