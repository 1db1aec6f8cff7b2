"""Faithfulness: right weights beat random orders, wrong ones do not, and gains are the areas they are said to be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fakeexplanations import SEGMENTS, build_tiles, fit_explanation
from scipy import stats

from mer_utils.bootstrap import BootstrapError
from mer_utils.deletion import compute_curves
from mer_utils.faithfulness import FaithfulnessError, compute_faithfulness, compute_faithfulness_intervals


@pytest.fixture
def weights(rng):
    return rng.normal(0.2, 1, size=(60, 2))


@pytest.fixture
def right(weights):
    return fit_explanation(lambda masks: masks @ weights, hide="training_mean")


def test_right_weights_beat_all_random_orders_and_turned_ones_none(right, weights):
    predict = build_tiles(weights)
    found, turned = (compute_faithfulness(predict, replace(right, weights=sign * right.weights)) for sign in (1, -1))
    assert (found.gains["beaten"] == 1).all()
    assert (turned.gains["beaten"] == 0).all()
    np.testing.assert_allclose(turned.gains["symmetric_gain"], -found.gains["symmetric_gain"])


def test_weights_of_another_sound_gain_nothing(right, weights, rng):
    predict = build_tiles(weights)
    gains = [compute_faithfulness(predict, replace(right, weights=rng.normal(size=(60, 2)))).gains for _ in range(12)]
    best = compute_faithfulness(predict, right).gains["symmetric_gain"]
    mean = sum(gains)["symmetric_gain"] / 12
    assert (abs(mean) < 0.2 * best).all()
    assert 0.2 < np.mean([one["beaten"] for one in gains]) < 0.8


def test_gains_are_areas_between_the_curves(right, weights):
    found = compute_faithfulness(build_tiles(weights, bend=0.05), right, hide=0.1, by="segment")
    order = np.argsort(-right.weights[:, 1])
    orders = np.stack([order, order[::-1]])
    (first, last), _ = compute_curves(build_tiles(weights, bend=0.05), right.spec, SEGMENTS, orders, hide=0.1)
    curves = found.curves.loc["o1"]
    np.testing.assert_allclose(curves["most_first"], first[:, 1])
    np.testing.assert_allclose(curves["least_first"], last[:, 1])
    np.testing.assert_allclose(curves.index, np.linspace(0, 1, 21))
    area = np.trapezoid(curves, curves.index, axis=0)[:3]
    np.testing.assert_allclose(found.gains.loc["o1", "gain"], area[2] - area[0])
    np.testing.assert_allclose(found.gains.loc["o1", "symmetric_gain"], area[1] - area[0])
    assert abs(area[2] - area[0] - (area[1] - area[0]) / 2) > 1e-4  # a bent predictor is not symmetric


def test_all_curves_begin_and_end_alike_and_random_ones_lie_in_their_band(right, weights):
    curves = compute_faithfulness(build_tiles(weights), right).curves.loc["o0"]
    np.testing.assert_allclose(curves.loc[[0.0, 1.0]].std(axis=1), 0, atol=1e-6)
    inner = curves.iloc[1:-1]
    assert (inner["random_low"] < inner["random"]).all()
    assert (inner["random"] < inner["random_high"]).all()
    assert (inner["most_first"] < inner["random_low"]).all()


@pytest.fixture
def lopsided(rng):
    """Give an explanation of segments of 3 to 400 cells, and its predictor, which adds up."""
    sizes = (rng.dirichlet(np.full(60, 0.7)) * (SEGMENTS.size - 180)).astype(int) + 3
    labels = np.searchsorted(sizes.cumsum(), np.arange(SEGMENTS.size), side="right").clip(0, 59)
    segments, weights = labels.reshape(SEGMENTS.shape), rng.normal(0.2, 1, size=(60, 1))
    share = weights[labels, 0] / np.bincount(labels)[labels]
    explanation = fit_explanation(lambda masks: masks @ weights, segments=segments, hide="training_mean")
    return explanation, lambda specs: specs.reshape(len(specs), -1).astype(float) @ share[:, None]


def test_no_order_beats_weights_per_cell_where_they_add_up(lopsided):
    explanation, predict = lopsided
    cell, segment = (compute_faithfulness(predict, explanation, by=by).curves for by in ("cell", "segment"))
    order = np.argsort(-explanation.weights[:, 0])[None]
    wanted, _ = compute_curves(predict, explanation.spec, explanation.segments, order)
    np.testing.assert_allclose(segment["most_first"], wanted[0, :, 0])
    assert (cell["most_first"] <= segment["most_first"] + 0.05).all()
    assert (segment["most_first"] > cell["most_first"] + 0.05).any()


def test_hidden_cells_hold_another_value_than_for_the_explainer(right, weights):
    predict = build_tiles(weights)
    for hidden in ("silence", 0.0):
        assert compute_faithfulness(predict, replace(right, hide=hidden), n_random=1).hide == right.spec.mean()
    for hidden in ("training_mean", 0.335):
        assert compute_faithfulness(predict, replace(right, hide=hidden), n_random=1).hide == "silence"
    assert compute_faithfulness(predict, right, hide=0.0, n_random=1).hide == 0


def test_one_seed_gives_one_result(right, weights):
    first, same, other = (compute_faithfulness(build_tiles(weights), right, seed=s).curves for s in (0, 0, 1))
    pd.testing.assert_frame_equal(first, same)
    assert (first["random"] != other["random"]).any()


def test_other_predictors_and_no_random_orders_are_refused(right, weights):
    with pytest.raises(FaithfulnessError, match="1 outputs, the explanation 2"):
        compute_faithfulness(build_tiles(weights[:, :1]), right)
    with pytest.raises(FaithfulnessError, match="0 random orders"):
        compute_faithfulness(build_tiles(weights), right, n_random=0)
    with pytest.raises(FaithfulnessError, match="not by 'area'"):
        compute_faithfulness(build_tiles(weights), right, by="area")


def test_intervals_are_nearly_those_of_student(rng):
    table = pd.DataFrame(rng.normal(0.5, 1, size=(30, 2)), columns=["a", "b"])
    found = compute_faithfulness_intervals(table)
    wanted = stats.ttest_1samp(table, 0).confidence_interval(0.95)
    np.testing.assert_allclose(found[["low", "high"]], np.c_[wanted], atol=0.08)
    assert (
        abs(found[["low", "high"]] - np.c_[stats.ttest_1samp(table, 0).confidence_interval(0.8)]).max(axis=None) > 0.08
    )
    np.testing.assert_allclose(found["mean"], table.mean())


@pytest.mark.parametrize(("mean", "excluded"), [(1, True), (-1, True), (0.05, False)])
def test_intervals_say_whether_they_exclude_zero(rng, mean, excluded):
    values = rng.normal(size=(30, 1))
    table = pd.DataFrame(values - values.mean() + mean, columns=["a"])
    assert compute_faithfulness_intervals(table)["excludes_zero"].tolist() == [excluded]


def test_intervals_need_tracks_and_gains():
    with pytest.raises(BootstrapError):
        compute_faithfulness_intervals(pd.DataFrame({"a": [1.0, 2.0]}))
    with pytest.raises(FaithfulnessError, match="1 tracks lack"):
        compute_faithfulness_intervals(pd.DataFrame({"a": [1.0, 2.0, np.nan, 3.0]}))
