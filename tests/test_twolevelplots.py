"""The page of a chain: bars, colours, box and levels are those of the chain, and its words can be read."""

from dataclasses import replace

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, fit_explanation
from matplotlib.colors import to_hex
from test_chains import chain_parts

from figures import check_given_axes, find_misplaced, read_titles
from mer_utils.explainplots import LOWERS, RAISES, plot_kept
from mer_utils.ratings import MIDLEVEL
from mer_utils.style import COLOURS
from mer_utils.twolevelplots import plot_chain

pytestmark = pytest.mark.usefixtures("styled")
EXPLAINED = fit_explanation(lambda masks: masks @ np.random.default_rng(0).normal(size=(60, 7)), start=3.2)
PARTS = [0.02, 0.01, 0, 0, 0.05, -0.03, 0]
TIME = np.arange(33_000) / 22050
SOUNDS = {"original": 0.5 * np.sin(440 * TIME), "only what raises it": 0.05 * np.sin(440 * TIME)}


def draw(parts=PARTS, feature=None, sounds=None, ax=None, **changes):
    return plot_chain(EXPLAINED, replace(chain_parts(parts, feature, start=3.2), **changes), sounds=sounds, ax=ax)


@pytest.mark.parametrize(("sounds", "n_axes"), [(None, 2), (SOUNDS, 3)])
def test_it_draws_into_axes_it_is_given(sounds, n_axes):
    check_given_axes(lambda ax: draw(sounds=sounds, ax=ax), n_axes)


def test_bars_are_the_emotion_and_its_parts_the_largest_first():
    _, (bars, _) = draw()
    names = [label.get_text() for label in bars.get_yticklabels()]
    assert names[:3] == ["anger", "dissonance", "melodiousness"]
    assert names[-1] == "tonal stability"
    wanted = [sum(PARTS)] + [PARTS[MIDLEVEL.index(name)] for name in names[1:]]
    assert [bar.get_width() for bar in bars.patches] == pytest.approx(wanted, abs=1e-9)
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars.patches] == [COLOURS[name].upper() for name in names]


def test_an_emotion_below_its_mean_has_the_largest_loss_first():
    _, (bars, _) = draw(-np.array(PARTS))
    assert [label.get_text() for label in bars.get_yticklabels()][:2] == ["anger", "dissonance"]
    assert bars.patches[0].get_width() < 0


@pytest.mark.parametrize("feature", [None, "articulation"])
def test_the_emotion_and_the_feature_followed_are_bold(feature):
    _, (bars, _) = draw(feature=feature)
    bold = {label.get_text() for label in bars.get_yticklabels() if label.get_weight() == "bold"}
    assert bold == {"anger", feature or "dissonance"}


def test_titles_carry_the_numbers():
    chain = chain_parts(PARTS)
    titles = read_titles(draw()[1])
    assert f"“A”: anger {chain.value:.2f}, mean {chain.mean:.2f}" in titles[0]
    count = f"{len(chain.segments)} of 60 segments that raise it"
    assert titles[1] == f"dissonance {chain.heard:.2f}, more than the mean 0.50: in colour {count}"


@pytest.mark.parametrize(("parts", "word", "colour"), [(PARTS, "raise", RAISES), ([0.05, *6 * [0]], "lower", LOWERS)])
def test_segments_of_the_side_that_matters_are_in_colour(parts, word, colour):
    _, (_, spectrogram) = draw(parts)
    coloured = ~np.ma.getmaskarray(spectrogram.images[0].get_array())
    assert np.array_equal(coloured, np.isin(SEGMENTS, chain_parts(parts).segments).T)
    assert f"segments that {word} it" in read_titles(spectrogram)[0]
    assert to_hex(spectrogram.collections[0].get_edgecolor()[0]).upper() == colour


def test_the_box_is_the_extent():
    chain = chain_parts(PARTS, start=3.2)
    _, (_, spectrogram) = draw()
    x, y = spectrogram.lines[0].get_data()
    assert (min(x), max(x)) == pytest.approx(chain.seconds)
    assert spectrogram.get_xlim() == pytest.approx((3.2, 3.2 + 48 / 31.25))
    assert spectrogram.texts[0].get_text().startswith(f"half of their weight at {chain.seconds[0]:.1f}–")
    assert (min(y) < 60, max(y) > 90) == (chain.hertz[0] < 850, chain.hertz[1] > 2000)


@pytest.mark.parametrize("seconds", [(3.2, 3.5), (4.4, 4.7), (3.2, 4.7)])
@pytest.mark.parametrize("hertz", [(33, 60), (6000, 10900)])
def test_the_words_on_the_box_stay_inside(seconds, hertz):
    fig, (_, spectrogram) = draw(seconds=seconds, hertz=hertz)
    fig.canvas.draw()
    words, panel = spectrogram.texts[0].get_window_extent(), spectrogram.bbox
    assert panel.x0 < words.x0 < words.x1 < panel.x1
    assert panel.y0 < words.y0 < words.y1 < panel.y1


def test_no_segment_has_a_title_and_no_box():
    _, (_, spectrogram) = draw(segments=np.array([], int), weights=np.array([]), seconds=None, hertz=None)
    assert "none of the 30 largest weights raises it" in read_titles(spectrogram)[0]
    assert not spectrogram.lines
    assert not spectrogram.texts


def test_levels_are_those_of_the_sounds_on_the_seconds_of_the_track():
    _, (_, spectrogram, levels) = draw(sounds=SOUNDS)
    first, second = (patch.get_data() for patch in levels.patches[:2])
    assert first.values == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.1)
    assert first.values - second.values == pytest.approx(20, abs=1e-6)
    assert first.edges[:2] == pytest.approx([3.2, 3.3])
    assert levels.get_xlim() == spectrogram.get_xlim()
    assert [text.get_text() for text in levels.get_legend().get_texts()] == [
        "original", "only what raises it (-20 dB)",
    ]  # fmt: skip


def test_silence_is_drawn_and_named():
    _, (_, _, levels) = draw(sounds={"original": SOUNDS["original"], "nothing": np.zeros(33_000)})
    assert [text.get_text() for text in levels.get_legend().get_texts()] == ["original", "nothing (silence)"]
    assert np.isfinite(levels.patches[1].get_data().values).all()


@pytest.mark.parametrize("title", ["A", "A title that is by far too long for a page and costs 5 $ or even 10 $"])
@pytest.mark.parametrize("parts", [PARTS, [-0.2, 0.01, 0, 0, -0.05, 0.03, 0]])
def test_words_do_not_cover_each_other(title, parts):
    longest = dict(zip(("original", "only what raises rhythmic complexity"), SOUNDS.values(), strict=True))
    fig, ax = draw(parts, sounds=longest, title=title)
    words = [text for panel in ax for text in (*panel.texts, panel._left_title)]
    words += ax[0].get_yticklabels() + ax[2].get_legend().get_texts()
    assert find_misplaced(fig, words) == []


def test_a_misplaced_word_would_be_found():
    fig, ax = draw()
    ax[0].annotate("in the way", (max(PARTS), 1), (4, 2), textcoords="offset points", va="center")
    assert find_misplaced(fig, ax[0].texts)


@pytest.mark.parametrize(("kept", "drawn"), [([3, 17], 1), ([], 0)])
def test_kept_segments_can_be_drawn_alone(kept, drawn):
    _, ax = plot_kept(EXPLAINED, kept, line=RAISES)
    assert np.array_equal(~np.ma.getmaskarray(ax.images[0].get_array()), np.isin(SEGMENTS, kept).T)
    assert bool(len(ax.collections[0].get_segments())) == bool(drawn)
