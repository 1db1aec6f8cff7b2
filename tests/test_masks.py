"""Masks: a stream is the same however much of it is drawn, is balanced, and hides the cells of its segments alone."""

import numpy as np
import pytest

from mer_utils.explanation import ExplainError
from mer_utils.masks import BLOCK, DESIGNS, build_hidden, draw_block, draw_masks, hide_segments
from mer_utils.segments import METHODS, compute_segments

LABELS = np.kron([[0, 1], [2, 1]], np.ones((3, 2), int))  # (6, 4)


@pytest.mark.parametrize(("design", "keep_prob"), [("bernoulli", 0.5), ("bernoulli", 0.9), ("foldover", 0.5)])
def test_few_masks_are_the_first_of_many(design, keep_prob):
    choices = {"design": design, "keep_prob": keep_prob}
    long = draw_masks(1000, 20, seed=3, **choices)
    assert all(np.array_equal(draw_masks(n, 20, seed=3, **choices), long[:n]) for n in (0, 1, 64, 130))
    assert not np.array_equal(draw_masks(64, 20, seed=4, **choices), long[:64])


@pytest.mark.parametrize("design", DESIGNS)
def test_blocks_are_those_of_the_stream(design):
    choices = {"design": design, "keep_prob": 0.5, "seed": (3, 1)}
    assert np.array_equal(draw_block(2, 20, **choices), draw_masks(500, 20, **choices)[2 * BLOCK : 3 * BLOCK])
    assert not np.array_equal(draw_block(2, 20, **choices), draw_block(2, 20, **choices | {"seed": (3, 2)}))


def test_streams_share_no_block():
    """Not even where the numbers of a seed end in zeros, which numpy alone would not count."""
    seeds = [0, 1, 2, (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (0, 0, 1)]
    choices = {"design": "bernoulli", "keep_prob": 0.5}
    blocks = [draw_block(number, 20, seed=seed, **choices)[1:].tobytes() for seed in seeds for number in range(4)]
    again = [draw_block(number, 20, seed=2, **choices)[1:].tobytes() for number in range(4)]
    assert len(set(blocks)) == len(blocks) == len({*blocks, *again})


def test_complements_follow_and_balance_every_segment():
    masks = draw_masks(640, 30, design="foldover")
    assert np.array_equal(masks[::2], ~masks[1::2])
    assert np.all(masks.mean(axis=0) == 0.5)
    assert not np.all(draw_masks(640, 30, design="bernoulli").mean(axis=0) == 0.5)


def test_independent_masks_begin_with_everything_on_and_only_once():
    on = draw_masks(5000, 20).all(axis=1)
    assert on[0]
    assert on.sum() == 1
    assert not draw_masks(64, 20, design="foldover")[0].all()


@pytest.mark.parametrize("design", DESIGNS)
def test_masks_are_fair_and_segments_independent(design):
    masks = draw_masks(20_000, 12, design=design).astype(float)
    together = np.corrcoef(masks.T) - np.eye(12)
    assert np.abs(together).max() < 4.5 / np.sqrt(10_000)  # 66 pairs, of half as many free masks in a fold-over
    assert np.abs(masks.mean(axis=0) - 0.5).max() < 0.02
    assert len(np.unique(masks, axis=0)) > 3900  # of 4096


def test_keeping_most_hides_few():
    share = 1 - draw_masks(2000, 300, design="bernoulli", keep_prob=0.9).mean(axis=1)
    assert np.median(share) <= 0.12
    assert np.median(1 - draw_masks(2000, 300, design="bernoulli", keep_prob=0.85).mean(axis=1)) > 0.12


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"design": "latin"}, "unknown design 'latin'; there are: bernoulli, foldover"),
        ({"design": "bernoulli", "keep_prob": 0}, "between 0 and 1, not 0"),
        ({"design": "bernoulli", "keep_prob": 1.0}, "between 0 and 1, not 1.0"),
        ({"design": "foldover", "keep_prob": 0.9}, "complement keep half of the segments, not 0.9: take 'bernoulli'"),
        ({"design": "foldover", "keep_prob": 0.501}, "keep half of the segments, not 0.501: take 'bernoulli'"),
    ],
)
def test_designs_that_cannot_be(choices, message):
    with pytest.raises(ExplainError, match=message):
        draw_masks(10, 5, **choices)


@pytest.mark.parametrize(("hide", "value"), [("silence", 0), ("training_mean", 0.7), (1.5, 1.5), (0, 0)])
def test_what_stands_where_a_segment_is_hidden(rng, hide, value):
    hidden = build_hidden(rng.random(LABELS.shape), LABELS, hide, training_mean=0.7)
    assert hidden.dtype == np.float32
    assert np.array_equal(hidden, np.full(LABELS.shape, value, np.float32))


def test_a_segment_can_be_flattened_to_its_mean(rng):
    spec = rng.random(LABELS.shape)
    hidden = build_hidden(spec, LABELS, "segment_mean", training_mean=np.nan)
    assert all(hidden[k == LABELS] == pytest.approx(spec[k == LABELS].mean(), rel=1e-6) for k in range(3))
    assert hidden[0, 0] != pytest.approx(spec.mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("hide", "message"),
    [
        ("mean", "unknown rule 'mean' for hidden segments; there are: silence, training_mean, segment_mean, or a num"),
        ("training_mean", "does not know its training mean: hide with 'silence' or a number"),
        (np.nan, "hidden cells cannot hold nan"),
        (-np.inf, "hidden cells cannot hold -inf"),
    ],
)
def test_what_cannot_be_hidden_with(hide, message):
    with pytest.raises(ExplainError, match=message):
        build_hidden(np.ones(LABELS.shape), LABELS, hide, training_mean=np.nan)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "stems"])
def test_switching_off_a_segment_changes_exactly_its_cells(rng, method):
    spec = np.kron(rng.random((8, 15)), np.ones((8, 10)))[:, :149].astype(np.float32) + 0.01 * rng.random((64, 149))
    labels = compute_segments(spec, method=method)
    n = labels.max() + 1
    changed = hide_segments(spec, np.full(spec.shape, -1, np.float32), labels, ~np.eye(n, dtype=bool)) == -1
    assert n > 1
    assert all(np.array_equal(cells, labels == k) for k, cells in enumerate(changed))


def test_hiding_leaves_the_spectrogram_alone(rng):
    spec = rng.random(LABELS.shape, np.float32)
    kept = spec.copy()
    given = hide_segments(spec, np.zeros_like(spec), LABELS, np.array([[True] * 3, [False] * 3]))
    assert np.array_equal(given, [kept, np.zeros_like(kept)])
    given[:] = 9
    assert np.array_equal(spec, kept)
