"""Pictures of what one hears: levels where they are, segments above them, on one axis of time."""

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, fit_explanation
from matplotlib.colors import to_hex

from figures import check_given_axes, find_misplaced, read_titles
from mer_utils.explainplots import LOWERS
from mer_utils.levelplots import plot_heard, plot_levels

pytestmark = pytest.mark.usefixtures("styled")
EXPLAINED = fit_explanation(lambda masks: masks @ np.eye(60)[[17]].T, start=3.2)
TIME = np.arange(33_000) / 22050
SOUNDS = {"original": 0.5 * np.sin(440 * TIME), "what raises": np.where(TIME < 0.5, 0.05, 0) * np.sin(440 * TIME)}


def test_they_draw_into_axes_they_are_given():
    check_given_axes(lambda ax: plot_levels(SOUNDS, ax=ax), 1)


def test_segments_and_levels_are_drawn_into_axes_they_are_given():
    check_given_axes(lambda ax: plot_heard(EXPLAINED, [17], SOUNDS, ax=ax), 2)


def test_a_level_is_drawn_when_it_sounds():
    _, ax = plot_levels(SOUNDS, start=2.0, colour=LOWERS)
    first, second = (patch.get_data() for patch in ax.patches)
    assert first.values == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)
    assert (second.values > -40).tolist() == [True] * 5 + [False] * 9
    assert second.edges[[0, -1]] == pytest.approx([2.0, 3.4])
    assert to_hex(ax.patches[1].get_edgecolor()).upper() == LOWERS


def read_names(sounds):
    _, ax = plot_levels(sounds)
    return [text.get_text() for text in ax.get_legend().get_texts()], read_titles(ax)[0]


@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_levels_are_named_beside_the_first_however_loud_all_are(gain):
    tone = gain * SOUNDS["original"]
    names, title = read_names({"before": tone, "half": tone / 2, "twice": 2 * tone, "same": tone, "none": 0 * tone})
    assert names == ["before", "half (-6 dB)", "twice (+6 dB)", "same (+0 dB)", "none (silence)"]
    assert title == "what one hears; in brackets: beside before"


def test_beside_silence_no_level_is_told():
    assert read_names({"none": 0 * TIME} | SOUNDS)[0] == ["none (silence)", *SOUNDS]
    assert read_names({"original": SOUNDS["original"]}) == (["original"], "what one hears")


def test_segments_and_levels_share_the_seconds_of_the_track():
    fig, (above, below) = plot_heard(EXPLAINED, [17], SOUNDS, title="one of sixty")
    assert above.get_xlim() == below.get_xlim() == pytest.approx((3.2, 3.2 + 48 / 31.25))
    coloured = ~np.ma.getmaskarray(above.images[0].get_array())
    assert np.array_equal(coloured, (SEGMENTS == 17).T)
    assert read_titles(above) == ["one of sixty"]
    assert find_misplaced(fig, [*below.get_legend().get_texts(), below._left_title]) == []
