import numpy as np
import pytest
from fakeexplanations import SEGMENTS, fit_explanation

from mer_utils.explanation import ExplainError
from mer_utils.matching import compute_match, compute_random_roles, select_matched, select_random

# Tiles of 60, in six rows of ten that differ in loudness; the last tile of five in a row is one band narrower.
LOUD = (np.log10(1 + 1.0 + np.arange(60) % 6))[SEGMENTS].astype(np.float32)
KEPT = np.arange(0, 30, 3)


@pytest.fixture(scope="module")
def explanation():
    return fit_explanation(lambda masks: masks[:, :1] * 0.1, n=100, spec=LOUD)


def test_matched_segments_are_others(explanation):
    for seed in range(20):
        matched = select_matched(explanation, KEPT, seed=seed)
        assert not set(matched) & set(KEPT)
        assert len(set(matched)) == len(KEPT)


def test_matched_segments_are_as_large_and_as_loud(explanation):
    off = np.array([compute_match(explanation, KEPT, select_matched(explanation, KEPT, seed=k)) for k in range(10)])
    assert np.abs(off[:, 0] - 1).max() < 0.03
    assert np.abs(off[:, 1]).max() < 0.6


def test_segments_drawn_regardless_are_not(explanation):
    others = np.setdiff1d(np.arange(60), KEPT)
    drawn = [np.random.default_rng(k).choice(others, len(KEPT), replace=False) for k in range(20)]
    assert np.median([abs(compute_match(explanation, KEPT, labels)[1]) for labels in drawn]) > 0.6


def test_seeds_draw_other_segments_and_the_same_again(explanation):
    first, second = (select_matched(explanation, KEPT, seed=seed) for seed in (0, 1))
    assert set(first) != set(second)
    assert np.array_equal(first, select_matched(explanation, KEPT[::-1], seed=0))


def test_a_match_is_cells_and_decibels(explanation):
    size, energy = compute_match(explanation, [0], [3, 9])  # magnitudes 1, and twice 4, in tiles of 4 x 30 cells
    assert size == pytest.approx((120 + 116) / 120)
    assert energy == pytest.approx(10 * np.log10(16 * size), abs=1e-5)


def test_a_sound_without_the_kept_segments_is_no_match(explanation):
    silent = fit_explanation(lambda masks: masks[:, :1], n=100, spec=LOUD * (SEGMENTS > 0))
    assert compute_match(silent, [0], [1]) == (1.0, np.inf)
    assert compute_match(silent, [1], [0]) == (1.0, -np.inf)
    assert len(select_matched(silent, [0])) == 1


def test_of_too_few_others_all_are_taken(explanation):
    matched = select_matched(explanation, np.arange(40))
    assert list(matched) == list(range(40, 60))
    assert compute_match(explanation, np.arange(40), matched)[0] < 0.6


def test_others_can_be_restricted(explanation):
    assert set(select_matched(explanation, KEPT, among=np.arange(31, 50))) < set(range(31, 50))


@pytest.mark.parametrize(
    ("kept", "among", "said"),
    [([], None, "no segments were kept"), (range(60), None, "no segment beside"), ([3], [3], "no segment beside"),
     ([60], None, "these are 0 to 59"), ([-1], None, "these are 0 to 59")],
)  # fmt: skip
def test_what_cannot_be_matched_is_refused(explanation, kept, among, said):
    with pytest.raises(ExplainError, match=said):
        select_matched(explanation, np.array(kept, int), among=among)


def test_random_segments_are_as_many_as_large_and_as_loud(explanation):
    drawn = [select_random(explanation, [KEPT], seed=k)[0] for k in range(20)]
    assert {len(set(labels)) for labels in drawn} == {len(KEPT)}
    off = np.array([compute_match(explanation, KEPT, labels) for labels in drawn])
    assert np.abs(off[:, 0] - 1).max() < 0.05
    assert np.abs(off[:, 1]).max() < 1.5


def compute_false_alarms(explanation, trait, *, kept):
    """Give the share of selections that a permutation test at 10 % calls different by a trait (n_segments,)."""
    alarms = []
    for labels in kept:
        drawn = compute_random_roles(explanation, [labels], n=99) @ trait
        alarms.append((1 + (drawn >= trait[labels].sum()).sum()) / 100 <= 0.1)
    return np.mean(alarms)


def test_a_permutation_test_has_the_false_alarms_it_says(explanation):
    rng = np.random.default_rng(0)
    kept = [rng.permutation(60)[:12] for _ in range(300)]
    assert 0.05 < compute_false_alarms(explanation, rng.random(60), kept=kept) < 0.16
    chosen = [labels[np.argsort(-(labels % 7))] for labels in (rng.permutation(60)[:24] for _ in range(50))]
    best = [np.sort(labels[:12]) for labels in chosen]  # selected by what is tested
    assert compute_false_alarms(explanation, np.arange(60.0) % 7, kept=best) > 0.5


def test_sides_keep_their_numbers_and_never_meet(explanation):
    raising, lowering = select_random(explanation, [KEPT, [1, 2, 40]], seed=3)
    assert (len(raising), len(lowering)) == (len(KEPT), 3)
    assert not set(raising) & set(lowering)
    assert not np.array_equal(raising, select_random(explanation, [KEPT, [1, 2, 40]], seed=4)[0])


def test_where_all_were_kept_there_is_one_draw(explanation):
    assert select_random(explanation, [range(60)], seed=9)[0].tolist() == list(range(60))
    assert select_random(explanation, [[]], seed=9)[0].tolist() == []
    with pytest.raises(ExplainError, match="not all segments"):
        select_random(explanation, [[60]])
