"""Selection: rules against other programs, a planted segment found at its own label, and words that say it all."""

from dataclasses import replace

import numpy as np
import pytest
from fakeexplanations import fit_explanation
from scipy.linalg import sqrtm
from scipy.stats import t

from mer_utils.explanation import ExplainError
from mer_utils.selection import (
    RULES,
    compute_p_values,
    compute_paper_p_values,
    compute_two_sided,
    describe_selection,
    select_segments,
)

PLANTED = 17


@pytest.fixture(scope="module")
def mixed():
    """An explanation of sixty random weights, blurred."""
    weights = np.random.default_rng(1).normal(size=(60, 2)) ** 3
    return fit_explanation(lambda masks: masks @ weights, noise=1.0)


@pytest.fixture(scope="module")
def planted():
    """An explanation in which one segment alone counts."""
    return fit_explanation(lambda masks: 0.5 * masks[:, [PLANTED]], noise=0.1, n=2000)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("threshold", [None, 0, 1e-9, 1e-3, 0.3, 20, 1e9])
@pytest.mark.parametrize("floor", [None, 0, 0.3, 1])
def test_what_is_kept_is_signed_ordered_and_found_once(mixed, rule, threshold, floor):
    weights, chosen = mixed.weights[:, 1], {"rule": rule, "threshold": threshold, "floor": floor}
    for labels, sign in zip(select_segments(mixed, "o1", **chosen), (1, -1), strict=True):
        assert np.all(sign * weights[labels] > 0)
        assert np.all(np.diff(np.abs(weights[labels])) <= 0)
        assert len(np.unique(labels)) == len(labels) <= 60


@pytest.mark.parametrize(("rule", "threshold"), [("paper", 1e9), ("bh", 1), ("top", 60)])
def test_a_threshold_that_lets_all_pass_drops_nothing(mixed, rule, threshold):
    positive, negative = select_segments(mixed, "o0", rule=rule, threshold=threshold, floor=0)
    assert sorted([*positive, *negative]) == list(range(60))
    assert sum(map(len, select_segments(mixed, "o0", rule="top", threshold=59, floor=0))) == 59


@pytest.mark.parametrize("rule", RULES)
def test_a_stricter_threshold_keeps_a_part(mixed, rule):
    loose, strict = (
        select_segments(mixed, "o0", rule=rule, threshold=factor * RULES[rule], floor=0) for factor in (1, 1e-6)
    )
    assert all(set(less) <= set(more) for less, more in zip(strict, loose, strict=True))
    assert sum(map(len, strict)) < sum(map(len, loose))


@pytest.mark.parametrize(("rule", "threshold"), [("paper", None), ("bh", None), ("top", 0)])
def test_nothing_may_be_kept(rule, threshold):
    noise = fit_explanation(lambda masks: np.zeros((len(masks), 1)), noise=1.0)
    chosen = {"rule": rule, "threshold": threshold}
    assert [labels.tolist() for labels in select_segments(noise, "o0", **chosen)] == [[], []]
    assert describe_selection(noise, "o0", **chosen).startswith("o0: none of 60 segments kept (")


def test_an_explanation_of_nothing_keeps_nothing():
    nothing = fit_explanation(lambda masks: np.full((len(masks), 1), 0.4))
    nothing = replace(nothing, weights=np.zeros((60, 1)), robust_errors=np.zeros((60, 1)))
    assert not any(len(labels) for rule in ("bh", "top") for labels in select_segments(nothing, "o0", rule=rule))
    assert compute_p_values(nothing).tolist() == [[1]] * 60


def compute_paper_p_by_hand(explanation):
    """(61, n_outputs) with the intercept first, as the package ``regressors`` gives them."""
    masks, outputs = explanation.samples.masks.astype(float), explanation.samples.outputs
    design = np.column_stack([np.ones(len(masks)), masks])
    coefficients = np.vstack([explanation.intercept, explanation.weights])
    inverse, p = np.linalg.inv(design.T @ design), []
    for column, error in enumerate(((outputs - design @ coefficients) ** 2).mean(axis=0)):
        standard = np.diag(sqrtm(error * inverse)).real
        p.append(2 * (1 - t.cdf(np.abs(coefficients[:, column] / standard), len(masks) - 1)))
    return np.transpose(p)


def test_the_papers_p_is_that_of_their_package(mixed):
    wanted = compute_paper_p_by_hand(mixed)
    assert compute_paper_p_values(mixed) == pytest.approx(wanted[1:], rel=1e-4, abs=1e-13)
    assert compute_paper_p_values(mixed) != pytest.approx(wanted[:-1], rel=1e-4, abs=1e-13)
    textbook = compute_two_sided(mixed.weights, mixed.std_errors, 399)
    assert compute_paper_p_values(mixed) != pytest.approx(textbook, rel=1e-2, abs=1e-13)


def test_the_planted_segment_is_found_at_its_own_label(planted):
    assert select_segments(planted, "o0", rule="paper")[0].tolist() == [PLANTED]
    shifted = compute_paper_p_by_hand(planted)[:-1, 0] < RULES["paper"] * np.abs(planted.weights[:, 0])
    assert not shifted[PLANTED]  # with the intercept left in, its p goes to its neighbour
    assert shifted[PLANTED + 1] == (abs(planted.weights[PLANTED + 1, 0]) > 0)


def test_the_papers_rule_is_for_least_squares(mixed):
    by_place = replace(mixed, config=mixed.config | {"fit": "places"})
    message = "the papers' rule is for least squares: explain with fit='least squares' or PAPER_OPTIONS"
    for ask in (select_segments, describe_selection):
        with pytest.raises(ExplainError, match=message):
            ask(by_place, "o0", rule="paper")
    with pytest.raises(ExplainError, match=message):
        compute_paper_p_values(by_place)
    assert len(select_segments(by_place, "o0")[0]) > 0
    assert len(select_segments(mixed, "o0", rule="paper", threshold=1e9)[0]) > 0


def test_the_papers_rule_is_p_over_weight(mixed):
    p, sizes = compute_paper_p_by_hand(mixed)[1:, 0], np.abs(mixed.weights[:, 0])
    kept = np.concatenate(select_segments(mixed, "o0", rule="paper", threshold=0.3))
    assert set(kept) == set(np.flatnonzero(p / sizes < 0.3))
    assert set(kept) != set(np.flatnonzero(p < 0.3))


def test_false_discoveries_are_controlled_as_statsmodels_does(mixed):
    from statsmodels.stats.multitest import multipletests

    p = 2 * t.sf(np.abs(mixed.weights / mixed.robust_errors)[:, 0], 400 - 61)
    kept = np.concatenate(select_segments(mixed, "o0", floor=0))
    assert set(kept) == set(np.flatnonzero(multipletests(p, 0.05, method="fdr_bh")[0]))
    assert set(kept) != set(np.flatnonzero(p < 0.05))


def test_few_discoveries_are_false():
    weights = np.where(np.arange(60) < 10, 1.0, 0)[:, None]
    runs = [fit_explanation(lambda masks: masks @ weights, noise=2.0, seed=seed, n_holdout=2) for seed in range(40)]
    kept = [np.concatenate(select_segments(run, "o0", floor=0)) for run in runs]
    assert np.mean([np.mean(labels >= 10) if len(labels) else 0 for labels in kept]) < 0.08
    assert np.mean([len(labels) for labels in kept]) > 9


def test_the_floor_is_a_share_of_the_largest(mixed):
    sizes = np.abs(mixed.weights[:, 0])
    for floor, rule in ((0.2, "top"), (None, "top"), (0.2, "paper")):
        kept = np.concatenate(select_segments(mixed, "o0", rule=rule, threshold=1e9, floor=floor))
        assert set(kept) == set(np.flatnonzero(sizes >= (0.05 if floor is None else floor) * sizes.max()))
    assert sizes.min() < 0.05 * sizes.max()


def test_the_papers_had_no_floor(mixed):
    assert sum(map(len, select_segments(mixed, "o0", rule="paper", threshold=1e9))) == 60


def test_words_give_counts_samples_rule_threshold_floor_and_unit(mixed):
    positive, negative = select_segments(mixed, "o0")
    assert describe_selection(mixed, "o0") == (
        f"o0: {len(positive)} positive and {len(negative)} negative of 60 segments kept"
        " (at most 5% false discoveries, |weight| at least 5% of the largest; N = 400; unit rating / 10)"
    )
    paper = describe_selection(mixed, "o0", rule="paper")
    assert "(p / |weight| < 1e-05; N = 400; unit" in paper
    top = describe_selection(mixed, "o0", rule="top", threshold=7, floor=0)
    assert "(the 7 largest; N = 400" in top


@pytest.mark.parametrize(
    ("agreed", "words"),
    [([False, True], "N = 400, at which halves agree;"), ([True, False], "N = 400, at which halves still disagree;")],
)
def test_words_say_whether_halves_agreed(mixed, agreed, words):
    looked = replace(mixed, config=mixed.config | {"looks": [{"agrees": each} for each in agreed]})
    assert words in describe_selection(looked, "o0")
    assert "halves" not in describe_selection(mixed, "o0")
    assert "halves" not in describe_selection(replace(mixed, config=mixed.config | {"looks": []}), "o0")


def test_words_say_when_it_was_stopped(mixed):
    assert "N = 400, stopped early;" in describe_selection(replace(mixed, complete=False), "o0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "lasso"}, "unknown rule 'lasso'; there are: paper, bh, top"),
        ({"threshold": -1}, "a threshold is 0 or more and a floor between 0 and 1, not -1 and 0.05"),
        ({"threshold": np.nan}, "a threshold is 0 or more"),
        ({"floor": 1.5}, "a floor between 0 and 1, not 0.05 and 1.5"),
        ({"output": "o7"}, "nothing is known of 'o7'; explained were: o0, o1"),
    ],
)
@pytest.mark.parametrize("function", [select_segments, describe_selection])
def test_what_cannot_be_selected(mixed, function, options, message):
    with pytest.raises(ExplainError, match=message) as caught:
        function(mixed, **{"output": "o0"} | options)
    assert "\n" not in str(caught.value)


def test_two_sided_p_of_known_values():
    p = compute_two_sided(np.array([2.0, -2, 0, 0, 1]), np.array([1.0, 1, 1, 0, 0]), 10)
    assert p == pytest.approx([0.0733880, 0.0733880, 1, 1, 0], abs=1e-7)
