"""Pictures of the explorer: the right cells in colour and outlined, titles that fit, and the same file every time."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from fakeexplanations import SEGMENTS, fit_explanation
from matplotlib.colors import to_hex
from PIL import Image

from figures import check_given_axes, find_misplaced, read_titles
from mer_utils.explainplots import LOWERS, RAISES, plot_kept
from mer_utils.explanation import ExplainError
from mer_utils.explorerplots import plot_answer, plot_emotion_effects, plot_plain, render_png
from mer_utils.ratings import MIDLEVEL
from mer_utils.style import SONGS

pytestmark = pytest.mark.usefixtures("styled")
RNG = np.random.default_rng(0)
SPEC = RNG.random(SEGMENTS.shape, np.float32)
EXPLAINED = fit_explanation(lambda masks: masks @ RNG.normal(size=(60, 2)), start=3.2, spec=SPEC)
EFFECTS = RNG.normal(0.2, 0.3, (200, 7))
HARSH = "$a$ <img src=x onerror=y> _long_" + "W" * 150
HEARD = dict(zip((HARSH, "slow"), EFFECTS, strict=False))


def draw_answer(positive=(3, 17), negative=(5,), **options):
    return plot_answer(EXPLAINED, "o1", positive=positive, negative=negative, **options)


def draw_effects(ax=None):
    return plot_emotion_effects(EFFECTS, emotion="tension", songs=HEARD, ax=ax)


EVERY = {
    "answer": draw_answer,
    "plain": lambda ax=None: plot_plain(SPEC, title=HARSH, ax=ax),
    "effects": draw_effects,
}


def read_png(fig):
    return np.asarray(Image.open(io.BytesIO(render_png(fig))).convert("RGB"), int)


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    check_given_axes(EVERY[name], 1)


@pytest.mark.parametrize("name", EVERY)
def test_no_words_leave_the_picture_or_cover_each_other(name):
    fig, ax = EVERY[name]()
    fig.canvas.draw()
    left, right = ax.get_xlim()
    ticks = [label for label in ax.get_xticklabels() if left <= label.get_position()[0] <= right]
    words = [*ticks, *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label, ax._left_title]
    assert find_misplaced(fig, [*words, *ax.texts]) == []
    assert find_misplaced(fig, [*words, ax.text(0, 1.02, "more", transform=ax.transAxes)])


def test_kept_segments_alone_are_in_the_colours_of_notebooks():
    _, ax = draw_answer()
    image = plot_kept(EXPLAINED, [3, 5, 17])[1].images[0]
    kept = ~np.ma.getmaskarray(image.get_array())
    theirs = np.rint(255 * image.cmap(image.norm(image.get_array())))[..., :3]
    ours = ax.images[0].get_array().astype(int)
    assert np.array_equal(ours[kept], theirs[kept])
    assert (np.ptp(ours, axis=-1)[kept] > 0).any()
    assert not np.ptp(ours, axis=-1)[~kept].any()


def test_seconds_are_those_of_the_track():
    for _, ax in (draw_answer(), plot_plain(SPEC, start=3.2)):
        assert ax.get_xlim() == pytest.approx((3.2, 3.2 + 48 / 31.25))
        assert ax.get_ylim() == (-0.5, 148.5)


def read_lines(ax):
    """Outlines by colour, without what lightens them from below."""
    lines = {to_hex(c.get_edgecolor()[0]).upper(): c for c in ax.collections if len(c.get_segments())}
    return {colour: c for colour, c in lines.items() if colour != "#FFFFFF"}


def test_outlines_go_around_their_segments_just_inside():
    lines = read_lines(draw_answer()[1])
    assert {colour: len(c.get_segments()) for colour, c in lines.items()} == {RAISES: 2, LOWERS: 1}
    frames, bands = np.nonzero(SEGMENTS == 5)
    ends = np.array([frames.min(), bands.min() - 0.5, frames.max() + 1, bands.max() + 0.5])
    line = lines[LOWERS].get_segments()[0]
    found = np.concatenate([line.min(axis=0), line.max(axis=0)]) * np.tile((31.25, 1), 2) - np.tile((100, 0), 2)
    assert found - ends == pytest.approx([0.3, 0.3, -0.3, -0.3])
    assert found != pytest.approx(ends, abs=0.2)


def test_what_raises_is_solid_and_what_lowers_dashed():
    lines = read_lines(draw_answer()[1])
    assert lines[RAISES].get_linestyle()[0][1] is None
    assert len(lines[LOWERS].get_linestyle()[0][1]) == 2


def test_of_many_segments_neighbours_share_an_outline(monkeypatch):
    sides = {"positive": [0, 1, 5], "negative": [2, 3, 20]}
    assert {len(c.get_segments()) for c in read_lines(draw_answer(**sides)[1]).values()} == {3}
    monkeypatch.setattr("mer_utils.explorerplots._MOST_OUTLINES", 5)
    lines = read_lines(draw_answer(**sides)[1])
    assert {colour: len(c.get_segments()) for colour, c in lines.items()} == {RAISES: 1, LOWERS: 2}


@pytest.mark.parametrize(
    ("positive", "negative", "said"),
    [
        ([3, 17], [5], "2 segments raise it (red, solid), 1 lowers it (blue, dashed), of 60"),
        ([3], [], "1 segment raises it (red, solid), 0 lower it, of 60"),
        (None, [5, 6], "2 segments lower it (blue, dashed), of 60"),
        ([], [], "none of 60 segments was kept"),
        ([], None, "none of 60 segments was kept"),
    ],
)
def test_titles_count_the_sides_that_were_asked_for(positive, negative, said):
    _, ax = draw_answer(positive, negative)
    assert read_titles(ax) == [f"o1: {said}"]
    assert set(read_lines(ax)) == {colour for colour, side in ((RAISES, positive), (LOWERS, negative)) if side}


def test_narrow_panels_fold_what_is_counted_and_lose_no_word():
    (whole,) = read_titles(draw_answer()[1])
    (title,) = read_titles(draw_answer(ax=plt.subplots(1, 2)[1][0])[1])
    assert "\n" in title
    assert title.split() == whole.split()


def test_titles_are_any_text_and_end_where_the_picture_does():
    assert read_titles(plot_plain(SPEC, title="a\n$b$ _c")[1]) == ["a $b$ _c"]
    (title,) = read_titles(plot_plain(SPEC, title=HARSH)[1])
    assert title.startswith(HARSH[:60])
    assert title.endswith("W…")


def test_a_misspelt_output_leaves_no_figure():
    with pytest.raises(ExplainError, match="o1"):
        plot_answer(EXPLAINED, "01", positive=[], negative=[])
    assert plt.get_fignums() == []


def test_panels_are_in_one_place_whatever_is_written():
    places = {draw()[1].get_position().bounds for draw in (draw_answer, lambda: draw_answer([], []), EVERY["plain"])}
    assert len(places) == 1


def test_silence_is_drawn():
    _, ax = plot_plain(np.zeros(SEGMENTS.shape))
    assert len(np.unique(ax.images[0].get_array().reshape(-1, 3), axis=0)) == 1


def test_effects_have_each_song_at_its_value():
    _, ax = draw_effects()
    marks = [np.asarray(c.get_offsets()) for c in ax.collections]
    assert [m[:, 0].tolist() for m in marks] == [values.tolist() for values in HEARD.values()]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(MIDLEVEL)


def test_each_song_is_named_beside_its_mark():
    _, ax = draw_effects()
    marks, names = ax.texts[::2], ax.texts[1::2]
    assert [(mark.get_text(), mark.get_color()) for mark in marks] == [("●", SONGS[0][0]), ("■", SONGS[1][0])]
    assert [to_hex(c.get_facecolor()[0]).upper() for c in ax.collections] == [colour for colour, _ in SONGS[:2]]
    assert names[0].get_text().startswith(HARSH[:30])
    assert names[1].get_text() == "slow"
    assert [mark.xyann[1] for mark in marks] == [name.xyann[1] for name in names]
    assert list(plot_emotion_effects(EFFECTS, emotion="fear", songs={})[1].texts) == []


def test_files_have_all_pixels_and_are_the_same_again():
    first, again = (render_png(draw_answer()[0]) for _ in range(2))
    assert first == again
    assert first != render_png(draw_answer(negative=())[0])
    assert Image.open(io.BytesIO(first)).size == (920, 360)


def test_colours_survive_in_the_file():
    fig, _ = draw_answer()
    fig.canvas.draw()
    drawn = np.asarray(fig.canvas.buffer_rgba())[..., :3]
    assert np.array_equal(read_png(fig), drawn)


def test_figures_are_closed_even_if_they_cannot_be_drawn(monkeypatch):
    fig, ax = draw_answer()
    ax.set_title("$\\nonsense$", parse_math=True)
    with pytest.raises(ValueError, match="nonsense"):
        render_png(fig)
    assert plt.get_fignums() == []
