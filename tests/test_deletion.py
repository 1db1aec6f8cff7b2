"""Deletion and insertion: curves over cells, whatever the sizes of segments, from as few predictions as needed."""

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, build_tiles

from mer_utils.deletion import DeletionError, compute_curves
from mer_utils.explanation import ExplainError

SPEC = np.ones(SEGMENTS.shape, np.float32)


SHARES = np.linspace(0, 1, 21)


def hear_mean(specs):
    return specs.mean(axis=(1, 2), dtype=float)[:, None]


def hide_in_turn(predict, segments, order, spec=SPEC, **options):
    """Give the first output while segments are hidden in one order."""
    return compute_curves(predict, spec, segments, np.asarray(order)[None], **options)[0][0, :, 0]


@pytest.fixture
def uneven(rng):
    """Give 40 segments of 3 to 400 cells."""
    sizes = rng.dirichlet(np.full(40, 0.7)) * (SEGMENTS.size - 120) + 3
    labels = np.searchsorted(sizes.cumsum(), np.arange(SEGMENTS.size)).clip(0, 39)
    return labels.reshape(SEGMENTS.shape).astype(np.int32)


def test_curves_are_over_cells_whatever_the_sizes(rng, uneven):
    order = np.argsort(np.bincount(uneven.ravel()))
    by_size, turned = (hide_in_turn(hear_mean, uneven, one) for one in (order, order[::-1]))
    np.testing.assert_allclose(by_size, 1 - SHARES, atol=1e-6)
    np.testing.assert_allclose(turned, by_size, atol=1e-6)
    by_count = [1 - np.isin(uneven, order[:k]).mean() for k in range(0, 41, 2)]  # as many segments each step
    assert abs(by_count - by_size).max() > 0.1


def test_segments_go_in_the_order_given(rng):
    weights, order = rng.normal(size=60), rng.permutation(60)
    outputs = hide_in_turn(build_tiles(weights[:, None]), SEGMENTS, order, steps=30)
    grid = np.linspace(0, 1, 31)
    left = weights.sum() - np.r_[0, weights[order].cumsum()]
    shares = np.r_[0, np.bincount(SEGMENTS.ravel())[order].cumsum()] / SEGMENTS.size
    np.testing.assert_allclose(outputs, np.interp(grid, shares[::2], left[::2]), atol=1e-5)
    assert abs(outputs - np.interp(grid, shares[::2], left[::-1][::2])).max() > 1


def test_insertion_adds_what_deletion_of_the_reversed_order_leaves(rng):
    slices, weights, order = (
        np.repeat(np.arange(20), 3 * 149).reshape(60, 149),
        rng.normal(size=60),
        rng.permutation(20),
    )

    def predict(specs):
        return (specs[:, :, 0] @ weights)[:, None] ** 2

    added = hide_in_turn(predict, slices, order[::-1], SPEC[:1].repeat(60, axis=0), hide=0.2)[::-1]
    shown = [np.where(np.isin(slices, order[:count]), 1, 0.2) for count in range(21)]
    np.testing.assert_allclose(added, predict(np.stack(shown)).squeeze(), rtol=1e-4)
    assert abs(added - predict(np.stack(shown[::-1])).squeeze()).max() > 0.1


@pytest.mark.parametrize(("hide", "left"), [("silence", 0), (0.25, 0.25), ("segment_mean", 1), ("training_mean", 0.4)])
def test_hidden_cells_hold_what_was_asked_for(hide, left):
    class Known:
        training_mean = 0.4

        def __call__(self, specs):
            return hear_mean(specs)

    curve = hide_in_turn(Known(), SEGMENTS, np.arange(60), hide=hide)
    assert curve[-1] == pytest.approx(left)
    assert curve[0] == 1


def test_orders_share_their_ends_and_their_batches():
    calls = []

    def predict(specs):
        calls.append(len(specs))
        return hear_mean(specs)

    orders = np.tile(np.arange(60), (34, 1))
    outputs, names = compute_curves(predict, SPEC, SEGMENTS, orders, hide="silence", steps=20)
    assert outputs.shape == (34, 21, 1)
    assert len(names) == 1
    assert sum(calls) == 34 * 19 + 2
    assert max(calls) <= 64
    assert len(calls) <= 2 + 34 * 19 / 64


@pytest.mark.parametrize("order", [np.arange(59), np.r_[np.arange(59), 0], np.arange(1, 61)])
def test_an_order_holds_every_segment_once(order):
    with pytest.raises(DeletionError, match="each of the 60 segments once"):
        hide_in_turn(hear_mean, SEGMENTS, order)


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(DeletionError, match="1 steps"):
        hide_in_turn(hear_mean, SEGMENTS, np.arange(60), steps=1)
    with pytest.raises(ExplainError, match="noise"):
        hide_in_turn(hear_mean, SEGMENTS, np.arange(60), hide="noise")
    with pytest.raises(ExplainError, match="NaN"):
        hide_in_turn(lambda specs: hear_mean(specs) * np.nan, SEGMENTS, np.arange(60))
