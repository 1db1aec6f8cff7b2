"""Scores against a known truth: cases worked out by hand, and the same area as scikit-learn's."""

import numpy as np
import pytest

from mer_utils.overlap import OverlapError, compute_auroc, compute_overlap, compute_precision, compute_scores

SEGMENTS = np.repeat(np.arange(4), 2)[None]  # four segments of two cells
TRUTH = np.array([[1, 1, 1, 0, 0, 0, 0, 0]], bool)


def test_the_overlap_is_a_share_of_cells():
    assert compute_overlap(SEGMENTS, TRUTH).tolist() == [1, 0.5, 0, 0]


@pytest.mark.parametrize(
    ("scores", "auroc", "precision"),
    [([4, 3, 2, 1], 1, 1), ([1, 2, 3, 4], 0, 0), ([4, 1, 3, 2], 0.5, 0.5), ([1, 1, 1, 1], 0.5, 0.5)],
)
def test_known_scores(scores, auroc, precision):
    assert compute_auroc(scores, SEGMENTS, TRUTH) == pytest.approx(auroc)
    assert compute_precision(scores, SEGMENTS, TRUTH) == pytest.approx(precision)


def test_auroc_is_that_of_scikit_learn(rng):
    from sklearn.metrics import roc_auc_score

    segments, scores = np.arange(50)[None], rng.integers(0, 9, 50)
    truth = rng.random((1, 50)) < 0.3
    assert compute_auroc(scores, segments, truth) == pytest.approx(roc_auc_score(truth[0], scores))


def test_the_first_k_can_be_asked_for():
    assert compute_precision([4, 3, 2, 1], SEGMENTS, TRUTH, k=4) == 0.5
    assert compute_precision([4, 2, 3, 1], SEGMENTS, TRUTH, k=1) == 1


def test_segments_of_which_a_smaller_part_is_true_do_not_count():
    segments = np.array([[0, 0, 1, 1, 1, 2, 2]])
    truth = np.array([[1, 1, 1, 0, 0, 0, 0]], bool)
    assert compute_auroc([2, 3, 1], segments, truth) == compute_precision([2, 3, 1], segments, truth) == 1


def test_nothing_relevant_or_irrelevant_gives_no_score():
    for truth in (TRUTH & False, TRUTH | True):
        assert np.isnan(compute_auroc([1, 2, 3, 4], SEGMENTS, truth))
        assert np.isnan(compute_precision([1, 2, 3, 4], SEGMENTS, truth))


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(OverlapError, match="4 segments"):
        compute_auroc([1, 2, 3], SEGMENTS, TRUTH)
    with pytest.raises(OverlapError, match="finite"):
        compute_auroc([1, 2, 3, np.nan], SEGMENTS, TRUTH)
    with pytest.raises(OverlapError, match="same cells"):
        compute_auroc([1, 2, 3, 4], SEGMENTS, TRUTH[:, :4])


def test_all_scores_together():
    assert compute_scores([4, 3, 2, 1], SEGMENTS, TRUTH) == {"auroc": 1, "precision": 1, "chance": 0.5}
