"""Pictures of how LIME comes to its answer: masks with what was said of them, and lines where segments are divided."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from fakeexplanations import fit_explanation

from figures import check_given_axes, read_titles
from mer_utils.explanation import Samples
from mer_utils.selection import compute_p_values, select_segments
from mer_utils.selectionplots import plot_masks, plot_selection

pytestmark = pytest.mark.usefixtures("styled")
WEIGHTS = np.random.default_rng(0).normal(size=(60, 1)) ** 3
FITTED = fit_explanation(lambda masks: masks @ WEIGHTS, n=800, noise=3.0)
EXPLAINED = replace(FITTED, config=FITTED.config | {"dof": 739})
RULES = ("paper", "bh", "top")
# Four quarters of a sound, and six masks of which two are the same and one hides nothing.
TILES = np.kron([[0, 1], [2, 3]], np.ones((24, 75), int))[:, :149].astype(np.int32)
MASKS = np.array([[1, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]], bool)
SAID = np.array([0.5, 0.25, 0.25, 0.125, 0.75, 0.375])
SAMPLES = Samples.pack(MASKS, SAID[:, None])
SMALL = np.array([[0.1], [-0.2], [0.0], [0.3]])
TOY = replace(EXPLAINED, segments=TILES, weights=SMALL, samples=SAMPLES, prediction=np.array([0.5]))


@pytest.mark.parametrize(("plot", "n_axes"), [(plot_selection, 1), (plot_masks, 8)])
def test_plots_draw_into_axes_they_are_given(plot, n_axes):
    check_given_axes(partial(plot, TOY if n_axes > 1 else EXPLAINED, "o0"), n_axes)


def test_each_mask_is_shown_once_with_what_was_said_of_it():
    _, ax = plot_masks(TOY, "o0")
    told = ["o0: 0.500", "without 1: 0.250", "only 1: 0.125", "nothing on: 0.750", "without 3, 4: 0.375"]
    assert read_titles(ax)[:5] == told


@pytest.mark.parametrize(("n_masks", "n_axes"), [(1, 4), (4, 8)])
def test_as_many_masks_as_asked_for(n_masks, n_axes):
    _, ax = plot_masks(TOY, "o0", n_masks=n_masks)
    assert len(ax) == n_axes
    assert sum(len(panel.images) for panel in ax) == n_masks + 1


def test_hidden_segments_are_left_blank():
    _, ax = plot_masks(TOY, "o0", n_masks=2)
    blank = np.ma.getmaskarray(ax[2].images[0].get_array())
    assert np.array_equal(blank, (TILES != 0).T)


def test_numbers_stand_on_their_segments():
    _, ax = plot_masks(TOY, "o0", n_masks=2)
    for text in ax[0].texts:
        seconds, band = text.get_position()
        assert TILES[int(seconds * TOY.fps), round(band)] == int(text.get_text()) - 1
    assert len(ax[0].texts) == 4


def test_bars_are_the_weights():
    _, ax = plot_masks(TOY, "o0", n_masks=2)
    assert [bar.get_width() for bar in ax[3].patches] == [0.1, -0.2, 0.0, 0.3]
    assert ax[3].get_xlabel() == "change of rating / 10"


def dots(ax):
    """Weights and p-values as drawn: of dropped, raising and lowering segments."""
    return [np.asarray(collection.get_offsets()) for collection in ax.collections]


@pytest.mark.parametrize("rule", RULES)
def test_all_segments_are_drawn_on_their_side(rule):
    _, ax = plot_selection(EXPLAINED, "o0", rule=rule)
    kept = select_segments(EXPLAINED, "o0", rule=rule)
    assert [len(part) for part in dots(ax)] == [60 - sum(map(len, kept)), *map(len, kept)]
    assert dots(ax)[1][:, 0].min() > 0 > dots(ax)[2][:, 0].max()


def test_dots_lie_at_weight_and_p():
    _, ax = plot_selection(EXPLAINED, "o0")
    drawn = np.concatenate(dots(ax))
    expected = np.column_stack([EXPLAINED.weights[:, 0], compute_p_values(EXPLAINED)[:, 0].clip(1e-20)])
    assert np.allclose(drawn[drawn[:, 0].argsort()], expected[expected[:, 0].argsort()], rtol=1e-12)
    assert not np.allclose(drawn[drawn[:, 0].argsort(), 1], EXPLAINED.p_values[:, 0])


def get_line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_lines_divide_what_is_kept_by_false_discoveries():
    _, ax = plot_selection(EXPLAINED, "o0")
    dropped, *kept = dots(ax)
    height = get_line(ax, "5 % false discoveries").get_ydata()[0]
    side = get_line(ax, "5 % of the largest").get_xdata()[0]
    beyond = [(abs(part[:, 0]) >= side) & (part[:, 1] <= height) for part in (dropped, np.concatenate(kept))]
    assert not beyond[0].any()
    assert beyond[1].all()


def test_the_rule_of_the_papers_is_a_curve_that_divides():
    _, ax = plot_selection(EXPLAINED, "o0", rule="paper")
    x, y = get_line(ax, "p = 1e-05 x |weight|").get_data()
    dropped, *kept = dots(ax)
    assert np.allclose(y, 1e-5 * abs(x), rtol=1e-9, atol=0)
    assert all(dropped[:, 1] >= np.interp(dropped[:, 0], x, y))
    assert all(part[:, 1].max() < 1e-5 * abs(part[:, 0]).max() for part in kept)


def test_the_line_of_the_largest_passes_through_the_last_kept():
    _, ax = plot_selection(EXPLAINED, "o0", rule="top", threshold=7)
    side = get_line(ax, "the 7 largest").get_xdata()[0]
    assert side == min(abs(np.concatenate(dots(ax)[1:])[:, 0]))
    assert side > max(abs(dots(ax)[0][:, 0]))


@pytest.mark.parametrize(("factor", "last"), [(0.01, r"$\leq 10^{-20}$"), (8.0, "$10^{-1}$")])
def test_only_where_p_is_cut_off_a_tick_says_so(factor, last):
    _, ax = plot_selection(replace(EXPLAINED, robust_errors=np.full((60, 1), factor)), "o0")
    assert ax.get_yticklabels()[-1].get_text() == last
    assert np.concatenate(dots(ax))[:, 1].min() >= 10.0**-20


def test_small_p_is_on_top():
    _, ax = plot_selection(EXPLAINED, "o0")
    assert ax.yaxis_inverted()
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize(("complete", "end"), [(True, "N = 800"), (False, "N = 800, stopped early")])
def test_the_title_counts(complete, end):
    _, ax = plot_selection(replace(EXPLAINED, complete=complete), "o0", rule="top", threshold=3)
    kept = select_segments(EXPLAINED, "o0", rule="top", threshold=3)
    assert read_titles(ax) == [f"o0: {len(kept[0])} positive and {len(kept[1])} negative of 60 segments, {end}"]


@pytest.mark.parametrize("rule", RULES)
def test_nothing_kept_is_a_picture_too(rule):
    nothing = replace(EXPLAINED, weights=np.zeros((60, 1)))
    _, ax = plot_selection(nothing, "o0", rule=rule)
    assert "0 positive and 0 negative" in read_titles(ax)[0]


@pytest.mark.parametrize("rule", ["paper", "top"])
def test_a_threshold_of_nothing_keeps_nothing(rule):
    _, ax = plot_selection(EXPLAINED, "o0", rule=rule, threshold=0)
    assert [len(part) for part in dots(ax)] == [60, 0, 0]
