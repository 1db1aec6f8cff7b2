"""Pictures of effects: what is drawn where, hollow and hatched marks, and words that stay in their places."""

import warnings
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from figures import check_given_axes
from mer_utils.effectplots import (
    plot_comparison,
    plot_difference,
    plot_effect_kinds,
    plot_effects,
    plot_profiles,
    plot_weights,
)
from mer_utils.effects import compute_contributions, compute_effects, decompose_difference
from mer_utils.layers import build_published_layer
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.style import SONGS

LAYER = build_published_layer()
RNG = np.random.default_rng(0)
TRACKS = RNG.uniform(0.2, 0.9, (60, 7))
EFFECTS = compute_effects(LAYER.weights, TRACKS)
CONTRIBUTIONS = compute_contributions(LAYER.weights, TRACKS, TRACKS.mean(axis=0))
KINDS = {name: (EFFECTS[i], CONTRIBUTIONS[i]) for i, name in enumerate(("slow", "fast"))}
DRAWS = {"seeds": LAYER.weights + RNG.normal(0, 0.1, (40, 8, 7)), "clips": RNG.normal(0, 0.2, (200, 8, 7))}
DOUBTFUL = pd.DataFrame(RNG.random((8, 7)) < 0.4, list(EMOTIONS), list(MIDLEVEL))
LONG = [f"A song_with a title that says $rather$ more of it than it needs to, {part}" for part in "abcde"]


def build_heard(titles):
    """Features and emotions of songs, every value another one."""
    midlevel = TRACKS[: len(titles)]
    return pd.DataFrame(np.c_[midlevel, LAYER.predict(midlevel)], titles, [*MIDLEVEL, *EMOTIONS])


def build_parts(heard):
    first, second = heard[list(MIDLEVEL)].to_numpy()[:2]
    return decompose_difference(first, second, weights=LAYER.weights)


HEARD, FIVE = build_heard(["slow", "fast"]), build_heard(LONG)
SPREAD = (HEARD * 0.1).mask(HEARD.loc["slow", "anger"] == HEARD)
PARTS = build_parts(HEARD).loc["anger"]
ENDS = HEARD["anger"].to_dict()
DOUBTED = ("dissonance", "minorness")


def draw_comparison(heard=HEARD, emotion="energy", ax=None):
    doubts = pd.DataFrame(False, list(EMOTIONS), list(MIDLEVEL))
    doubts.loc[emotion, list(DOUBTED)] = True
    return plot_comparison(heard, build_parts(heard), emotion=emotion, spread=heard * 0.1, doubts=doubts, ax=ax)


EVERY = {
    "profiles": (lambda ax=None: plot_profiles(HEARD, spread=SPREAD, ax=ax), 2),
    "profiles of five": (lambda ax=None: plot_profiles(FIVE, ax=ax), 2),
    "difference": (lambda ax=None: plot_difference(PARTS, ends=ENDS, doubtful=DOUBTED, emotion="anger", ax=ax), 1),
    "comparison": (lambda ax=None: draw_comparison(ax=ax), 3),
    "comparison of long titles": (lambda ax=None: draw_comparison(FIVE[:2], ax=ax), 3),
    "effects": (lambda ax=None: plot_effects(EFFECTS, songs=dict(zip(LONG, EFFECTS, strict=False)), ax=ax), 8),
    "kinds": (lambda ax=None: plot_effect_kinds(EFFECTS, CONTRIBUTIONS, emotion="anger", songs=KINDS, ax=ax), 2),
    "weights": (lambda ax=None: plot_weights(LAYER.weights, DRAWS, doubts=DOUBTFUL, ax=ax), 8),
}


@pytest.fixture(autouse=True)
def strict(styled):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@cache
def draw(name):
    """Draw one of them once, for tests that only look."""
    fig, ax = EVERY[name][0]()
    fig.canvas.draw()
    return fig, ax


@pytest.mark.parametrize("name", EVERY)
def test_plots_return_figure_and_axes(name):
    fig, ax = draw(name)
    assert isinstance(fig, plt.Figure)
    assert np.size(ax) == EVERY[name][1]


@pytest.mark.parametrize("name", EVERY)
def test_plots_draw_into_axes_they_are_given(name):
    check_given_axes(*EVERY[name])


def find_words(fig, ax):
    """Give all words of a figure and where they are."""
    words = [text for legend in fig.legends for text in legend.get_texts()]
    for panel in np.ravel(ax):
        words += [*panel.texts, panel._left_title, panel.xaxis.label]
        for axis in (panel.xaxis, panel.yaxis):
            low, high = sorted(axis.get_view_interval())
            words += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    shown = [word for word in words if word.get_text() and word.get_visible()]
    return [(word.get_text(), Text.get_window_extent(word)) for word in shown]


def find_covered(fig, ax):
    words = find_words(fig, ax)
    return [
        (a, b) for i, (a, one) in enumerate(words) for b, two in words[:i] if one.padded(-2).overlaps(two.padded(-2))
    ]


@pytest.mark.parametrize("name", EVERY)
def test_no_words_leave_the_picture_or_cover_each_other(name):
    fig, ax = draw(name)
    words = find_words(fig, ax)
    assert len(words) > 15
    assert not [w for w, box in words if min(box.p0) < 0 or box.x1 > fig.bbox.x1 or box.y1 > fig.bbox.y1]
    assert not find_covered(fig, ax)


def test_words_on_each_other_would_be_seen():
    fig, ax = draw_comparison()
    ax[2].text(0, 1.02, "hatched", transform=ax[2].transAxes)
    fig.canvas.draw()
    assert find_covered(fig, ax) == [(ax[2].get_title(loc="left"), "hatched")]


@pytest.mark.parametrize("name", EVERY)
def test_scales_name_their_unit(name):
    fig, ax = draw(name)
    words = [panel.get_xlabel() or fig.get_supxlabel() for panel in np.ravel(ax)]
    assert all("rating / 10" in word or word.startswith("weight (") for word in words)


@pytest.mark.parametrize("name", ["profiles", "effects", "weights"])
def test_panels_share_a_scale_on_which_all_is_seen(name):
    _, ax = draw(name)
    ((low, high),) = {panel.get_xlim() for panel in ax}
    assert all(low < panel.dataLim.x0 and panel.dataLim.x1 < high for panel in ax)


def read_names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def read_songs(ax):
    """Where the marks of each song are, by its name: (n_rows, 2)."""
    handles, names = ax.get_legend_handles_labels()
    return {name: np.asarray(handle.get_offsets()) for handle, name in zip(handles, names, strict=True)}


@pytest.mark.parametrize("spread", [None, SPREAD])
def test_profiles_have_every_song_at_its_value_in_every_row(spread):
    _, ax = plot_profiles(HEARD, spread=spread)
    for panel, names in zip(ax, (MIDLEVEL, EMOTIONS), strict=True):
        assert read_names(panel) == list(names)
        assert panel.yaxis_inverted()
        for song, marks in read_songs(panel).items():
            assert marks[:, 0].tolist() == HEARD.loc[song, list(names)].tolist()
            assert np.round(marks[:, 1]).tolist() == list(range(len(names)))


def test_five_songs_have_five_looks_of_which_all_are_named():
    fig, ax = plot_profiles(FIVE)
    looks = {(to_hex(marks.get_facecolor()[0]), len(marks.get_paths()[0])) for marks in ax[0].collections[1:]}
    assert len(looks) == 5
    assert len(fig.legends[0].get_texts()) == 5


def test_whiskers_are_as_long_as_the_spread_and_none_where_it_is_unknown():
    _, ax = plot_profiles(HEARD, spread=SPREAD)
    whiskers = np.array([path.vertices[:, 0] for path in ax[1].collections[1].get_paths()])
    ends = HEARD.loc["slow", list(EMOTIONS)], SPREAD.loc["slow", list(EMOTIONS)]
    assert whiskers == pytest.approx(np.c_[ends[0] - ends[1], ends[0] + ends[1]], nan_ok=True)
    assert np.isnan(whiskers).all(axis=1).tolist() == [name == "anger" for name in EMOTIONS]


def read_bars(ax):
    """Where the bars of a waterfall begin and end, from the top, by name."""
    names = read_names(ax)
    assert [round(bar.get_y() + bar.get_height() / 2) for bar in ax.patches] == list(range(1, len(names) - 1))
    return {
        name: (bar.get_x(), bar.get_x() + bar.get_width()) for name, bar in zip(names[1:-1], ax.patches, strict=True)
    }


def test_a_waterfall_falls_from_the_first_song_to_the_second():
    _, ax = plot_difference(PARTS, ends=ENDS)
    bars = read_bars(ax)
    assert {name: end - begin for name, (begin, end) in bars.items()} == pytest.approx(PARTS.to_dict(), abs=1e-9)
    begins, ends = np.array(list(bars.values())).T
    chain = [ENDS["slow"], *ends]
    assert [*begins, ENDS["fast"]] == pytest.approx(chain, abs=1e-9)
    assert [*begins, ENDS["fast"]] != pytest.approx([*chain[:-1], chain[-1] + 1e-6], abs=1e-9)


def test_a_waterfall_has_the_largest_part_on_top_between_both_songs():
    _, ax = plot_difference(PARTS, ends=ENDS)
    sizes = [abs(end - begin) for begin, end in read_bars(ax).values()]
    assert sizes == sorted(sizes, reverse=True)
    assert ax.yaxis_inverted()
    names = read_names(ax)
    assert (names[0], names[-1]) == ("slow", "fast")
    assert [marks.get_offsets()[0].tolist() for marks in ax.collections[1:]] == [[ENDS["slow"], 0], [ENDS["fast"], 8]]


def test_a_waterfall_tells_up_from_down_and_writes_each_part():
    _, ax = plot_difference(PARTS, ends=ENDS)
    names, rows = read_names(ax)[1:-1], dict(zip(read_names(ax)[1:-1], ax.patches, strict=True))
    up = {to_hex(rows[name].get_edgecolor()) for name in names if PARTS[name] > 0}
    down = {to_hex(rows[name].get_edgecolor()) for name in names if PARTS[name] < 0}
    assert (len(up), len(down), len(up | down)) == (1, 1, 2)
    assert [text.get_text() for text in ax.texts[2:]] == [f"{PARTS[name]:+.3f}" for name in names]


@pytest.mark.parametrize("doubted", [DOUBTED, (), MIDLEVEL])
def test_doubtful_parts_and_only_these_are_hatched(doubted):
    _, ax = plot_difference(PARTS, ends=ENDS, doubtful=doubted)
    hatched = [name for name, bar in zip(read_names(ax)[1:-1], ax.patches, strict=True) if bar.get_hatch()]
    assert set(hatched) == set(doubted)
    assert ("hatched" in ax.get_xlabel()) == bool(doubted)


def test_totals_below_zero_and_none_at_all_have_a_scale():
    _, ax = plot_difference(PARTS * 0 - 0.05, ends={"a": 0.1, "b": -0.25})
    assert ax.get_xlim()[0] < -0.25
    _, ax = plot_difference(PARTS * -0.0, ends={"a": 0.3, "b": 0.3})
    assert np.ptp(ax.get_xlim()) > 0.01
    assert {text.get_text() for text in ax.texts} == {"0.30", "+0.000"}


def test_a_comparison_asks_for_what_differs():
    _, ax = draw_comparison(emotion="anger")
    assert ax[2].get_title(loc="left") == ("why angrier" if ENDS["fast"] > ENDS["slow"] else "why less angry")
    assert draw_comparison(HEARD[::-1], "anger")[1][2].get_title(loc="left") != ax[2].get_title(loc="left")
    assert [label.get_text() for label in ax[1].get_yticklabels() if label.get_weight() == "bold"] == ["anger"]


def test_two_equal_songs_are_told_to_be_so():
    same = pd.concat([HEARD[:1], HEARD[:1].set_axis(["again"])])
    fig, ax = draw_comparison(same)
    fig.canvas.draw()
    assert ax[2].get_title(loc="left") == "hardly a difference"


@pytest.mark.parametrize("title", ["_song", "a $^$ in it", "one_word_" * 20])
def test_any_title_can_be_drawn(title):
    fig, ax = draw_comparison(HEARD.set_axis([title, "other"]))
    fig.canvas.draw()
    words = [text.get_text().replace("\\", "") for text in fig.legends[0].get_texts()]
    assert words[0].strip()[:5] == title[:5]
    assert ax[2].get_position().width > 0.15


def read_medians(ax):
    return [line.get_xdata()[0] for line in ax.lines if line.get_color() == "#303030" and line.get_linestyle() == "-"]


def test_boxes_hold_the_effects_of_their_emotion_from_melodiousness_upwards():
    _, ax = plot_effects(EFFECTS)
    assert [panel.get_title(loc="left") for panel in ax] == list(EMOTIONS)
    for panel, values in zip(ax, EFFECTS.transpose(1, 0, 2), strict=True):
        assert read_medians(panel) == pytest.approx(np.median(values, axis=0))
        assert not panel.yaxis_inverted()
    assert read_names(ax[0]) == read_names(ax[4]) == list(MIDLEVEL)


def test_boxes_show_no_outliers():
    far = EFFECTS.copy()
    far[0] = 100
    assert plot_effects(far)[1][0].get_xlim()[1] < 10


def test_songs_stand_at_their_effects():
    _, ax = plot_effects(EFFECTS, songs={name: both[0] for name, both in KINDS.items()})
    for number, panel in enumerate(ax):
        for name, marks in read_songs(panel).items():
            assert np.array_equal(marks, np.c_[KINDS[name][0][number], range(7)])
    assert [to_hex(ax[0].collections[i].get_facecolor()[0]).upper() for i in (0, 1)] == [c for c, _ in SONGS[:2]]


def test_kinds_stand_beside_each_other():
    _, ax = draw("kinds")
    row = EMOTIONS.index("anger")
    for kind, (panel, values) in enumerate(zip(ax, (EFFECTS, CONTRIBUTIONS), strict=True)):
        assert read_medians(panel) == pytest.approx(np.median(values[:, row], axis=0))
        assert read_songs(panel)["fast"][:, 0] == pytest.approx(KINDS["fast"][kind][row])
        assert "anger" in panel.get_xlabel()


def test_weights_lie_at_their_values_hollow_where_doubtful():
    _, ax = draw("weights")
    for number, panel in enumerate(ax):
        dots = panel.collections[2:]
        hollow = DOUBTFUL.to_numpy()[number]
        for marks, chosen, white in zip(dots, (~hollow, hollow), (False, True), strict=True):
            wanted = np.c_[LAYER.weights[number], range(7)][chosen]
            assert np.array_equal(marks.get_offsets(), wanted)
            assert (to_hex(marks.get_facecolor()[0]) == "#ffffff") == white


def test_bars_hold_nine_in_ten_draws():
    _, ax = draw("weights")
    for number, panel in enumerate(ax):
        for bars, layers in zip(panel.collections, DRAWS.values(), strict=False):
            ends = np.array([path.vertices[:, 0] for path in bars.get_paths()])
            inside = (layers[:, number] >= ends[:, 0]) & (layers[:, number] <= ends[:, 1])
            assert inside.mean(axis=0) == pytest.approx(0.9, abs=0.011)
