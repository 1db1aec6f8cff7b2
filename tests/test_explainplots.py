"""Pictures of an explanation: the right cells in colour, at the right seconds, and counts that are counted."""

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, fit_explanation
from matplotlib.colors import to_rgba

from figures import check_given_axes, read_titles
from mer_utils.explainplots import (
    LOWERS,
    RAISES,
    build_outlines,
    plot_explanation,
    plot_segments,
    plot_weight_map,
)
from mer_utils.explanation import ExplainError

pytestmark = pytest.mark.usefixtures("styled")
WEIGHTS = np.random.default_rng(0).normal(size=(60, 2))
EXPLAINED = fit_explanation(lambda masks: masks @ WEIGHTS, start=3.2)
SPEC = EXPLAINED.spec
KEPT = {"positive": [3, 17], "negative": [5]}
EVERY = {
    "segments": (lambda ax=None: plot_segments(SPEC, SEGMENTS, start=3.2, ax=ax), 1),
    "explanation": (lambda ax=None: plot_explanation(EXPLAINED, "o1", **KEPT, outlines=True, ax=ax), 2),
    "map": (lambda ax=None: plot_weight_map(EXPLAINED, "o1", outlines=True, ax=ax), 1),
}


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    check_given_axes(*EVERY[name])


@pytest.mark.parametrize("name", EVERY)
def test_time_is_that_of_the_track(name):
    for panel in np.ravel(EVERY[name][0]()[1]):
        assert panel.get_xlim() == pytest.approx((3.2, 3.2 + 48 / 31.25))
        assert {tuple(image.get_extent()[:2]) for image in panel.images} == {panel.get_xlim()}


@pytest.mark.parametrize("name", EVERY)
def test_panels_keep_seconds_and_hertz(name):
    panels = np.ravel(EVERY[name][0]()[1])
    assert panels[-1].get_xlabel() == "time (s)"
    assert {panel.get_ylabel() for panel in panels} == {"frequency (Hz)"}


def test_outlines_go_around_a_box():
    labels = np.zeros((10, 8), int)
    labels[2:5, 3:5] = 1
    lines = build_outlines(labels, fps=2.0, start=1.0)
    assert len(lines) == 2 * 3 + 2 * 2
    assert np.allclose(lines.min(axis=(0, 1)), [1 + 2 / 2, 2.5])
    assert np.allclose(lines.max(axis=(0, 1)), [1 + 5 / 2, 4.5])


def test_one_segment_has_no_outline():
    assert len(build_outlines(np.ones((10, 8)))) == 0


def test_outlines_separate_all_neighbours():
    lines = plot_segments(SPEC, SEGMENTS)[1].collections[0].get_segments()
    assert len(lines) == 11 * 149 + 4 * 48  # 12 by 5 tiles of 48 frames and 149 bands


def test_segments_are_counted():
    assert plot_segments(SPEC, SEGMENTS % 7)[1].get_title(loc="left") == "7 segments"


@pytest.mark.parametrize(("panel", "kept"), list(enumerate(KEPT.values())))
def test_kept_segments_alone_are_in_colour(panel, kept):
    _, ax = plot_explanation(EXPLAINED, "o1", **KEPT)
    coloured = ~np.ma.getmaskarray(ax[panel].images[0].get_array())
    assert np.array_equal(coloured, np.isin(SEGMENTS, kept).T)
    assert np.array_equal(ax[panel].images[1].get_array(), SPEC.T)


def test_titles_say_sign_output_and_counts():
    _, ax = plot_explanation(EXPLAINED, "o1", **KEPT)
    note = " (in colour; the rest is grey)"
    assert read_titles(ax) == [f"raises o1: 2 of 60 segments{note}", f"lowers o1: 1 of 60 segments{note}"]
    _, ax = plot_explanation(EXPLAINED, "o1", **KEPT, ax=ax)  # given axes may be narrow
    assert read_titles(ax) == ["raises o1: 2 of 60 segments", "lowers o1: 1 of 60 segments"]


def test_an_empty_selection_is_said():
    _, ax = plot_explanation(EXPLAINED, "o1", positive=[3], negative=[])
    assert ["none was kept" in title for title in read_titles(ax)] == [False, True]


@pytest.mark.parametrize(("most", "drawn"), [(2, [1, 1]), (1, [0, 1])])
def test_too_many_outlines_are_left_out(monkeypatch, most, drawn):
    monkeypatch.setattr("mer_utils.explainplots._MOST_OUTLINES", most)
    _, ax = plot_explanation(EXPLAINED, "o1", **KEPT, outlines=True)
    assert [len(panel.collections[0].get_edgecolor()) for panel in ax] == drawn


@pytest.mark.parametrize("outlines", [True, False])
def test_outlines_have_the_colour_of_their_sign(outlines):
    _, ax = plot_explanation(EXPLAINED, "o1", **KEPT, outlines=outlines)
    colours = [panel.collections[0].get_edgecolor() for panel in ax]
    assert [len(colour) for colour in colours] == [outlines, outlines]
    assert not outlines or [tuple(colour[0]) for colour in colours] == [to_rgba(RAISES), to_rgba(LOWERS)]


def test_the_map_paints_each_weight_on_its_cells():
    _, ax = plot_weight_map(EXPLAINED, "o1")
    image = ax.images[0]
    assert np.array_equal(image.get_array(), EXPLAINED.weights[:, 1][SEGMENTS].T)
    assert not np.array_equal(image.get_array(), EXPLAINED.weights[:, 0][SEGMENTS].T)
    assert image.get_clim() == pytest.approx((-abs(EXPLAINED.weights[:, 1]).max(), abs(EXPLAINED.weights[:, 1]).max()))


def test_the_map_names_its_unit():
    _, ax = plot_weight_map(EXPLAINED, "o1")
    assert " ".join(ax.images[0].colorbar.ax.get_ylabel().split()) == "change of rating / 10 when it is there"


@pytest.mark.parametrize("plot", [lambda e, o: plot_explanation(e, o, positive=[], negative=[]), plot_weight_map])
def test_an_unknown_output_is_refused(plot):
    with pytest.raises(ExplainError, match="nothing is known of 'o2'"):
        plot(EXPLAINED, "o2")


def test_weights_of_a_silent_clip_are_drawn():
    nothing = fit_explanation(lambda masks: np.zeros((len(masks), 1)))
    assert plot_weight_map(nothing, "o0")[1].images[0].get_clim() == (-1, 1)
