"""The picture of examples: what lies where on the map, what its axes say, and that its words can be read."""

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from figures import check_given_axes, find_misplaced
from mer_utils.neighbourplots import plot_examples
from mer_utils.neighbours import NeighbourError, compute_standard_scores
from mer_utils.ratings import MIDLEVEL

pytestmark = pytest.mark.usefixtures("styled")

# Melodiousness and dissonance are the first component, articulation and minorness the second.
RNG = np.random.default_rng(0)
HIDDEN = RNG.normal(size=(150, 2))
LOADINGS = np.array([[2, 0, 0.4, 0.5, -1.9, 0.6, 0], [0, 1.5, 0.4, 0.3, 0, 0.2, 1.4]])
VALUES = 0.5 + 0.04 * (HIDDEN @ LOADINGS + RNG.normal(size=(150, 7)))
TABLE = pd.DataFrame(VALUES, [f"t{i}" for i in range(150)], list(MIDLEVEL))
PROTOTYPES, CRITICISMS = ["t0", "t1", "t2"], ["t3", "t4"]
SONGS = {"a sparse cover": TABLE.loc["t5"] + 0.01, "a dense cover": TABLE.loc["t5"] + 0.02}
NEAR = {"a sparse cover": ["t5", "t6"], "a dense cover": ["t5", "t7"]}


def draw(**changes):
    return plot_examples(TABLE, **{"prototypes": PROTOTYPES, "criticisms": CRITICISMS, **changes})


@cache
def draw_once(*, songs=False):
    """A picture for tests that only look at it."""
    return draw(songs=SONGS, neighbours=NEAR) if songs else draw()


def read_points(ax, label):
    (dots,) = [dots for dots in ax.collections if dots.get_label().startswith(label)]
    return dots.get_offsets()


def test_a_figure_and_two_panels_come_back():
    fig, ax = draw_once(songs=True)
    assert isinstance(fig, plt.Figure)
    assert ax.shape == (2,)


def test_it_draws_into_axes_it_is_given():
    check_given_axes(draw, 2)


@pytest.mark.parametrize("crowd", [1, 4])
def test_no_words_leave_the_picture_or_cover_each_other(crowd):
    """Also where several songs lie in one place."""
    songs = {f"song number {i}": TABLE.loc["t0"] for i in range(crowd)}
    fig, ax = draw(songs=songs, neighbours={title: ["t1", "t2"] for title in songs})
    words = [text for panel in ax for text in (*panel.texts, panel._left_title, panel.xaxis.label, panel.yaxis.label)]
    assert find_misplaced(fig, words) == []


@pytest.mark.parametrize("kind", ["prototypes", "rings"])
def test_words_cover_no_ring_or_mark(kind):
    places = read_points(draw_once()[1][0], "tracks")
    x, y = (places - places[5]).T
    near = list(TABLE.index[(x > 0) & (x < 2) & (abs(y) < 0.3)])  # where words go if nothing is in their way
    marks = {"prototypes": near} if kind == "prototypes" else {"neighbours": {"a song": near}}
    fig, (ax, _) = draw(songs={"a song": TABLE.loc["t5"]}, **marks)
    fig.canvas.draw()
    pixels = ax.transData.transform(places[TABLE.index.get_indexer(near)])
    words = [Text.get_window_extent(text) for text in ax.texts if text.get_text() == "a song"]
    assert near
    assert not [pixel for pixel in pixels if words[0].padded(3).contains(*pixel)]


def test_the_map_shows_the_principal_components():
    _, (ax, _) = draw_once()
    places = read_points(ax, "tracks")
    variances = np.sort(np.linalg.eigvalsh(np.cov(compute_standard_scores(TABLE).T, ddof=0)))[::-1]
    np.testing.assert_allclose(places.var(axis=0), variances[:2])
    np.testing.assert_allclose(read_points(ax, "prototypes"), places[:3])
    np.testing.assert_allclose(read_points(ax, "criticisms"), places[3:5])


def test_axes_say_their_share_and_what_grows_along_them():
    _, (ax, _) = draw_once()
    places, scores = read_points(ax, "tracks"), compute_standard_scores(TABLE)
    for column, label in enumerate((ax.get_xlabel(), ax.get_ylabel())):
        share, words = label.removesuffix(" ▸").split("\n")
        assert f"{100 * places[:, column].var() / 7:.0f} % of" in share
        signs = {name: np.corrcoef(places[:, column], scores[name])[0, 1] for name in scores}
        strongest = sorted(signs, key=lambda name: -abs(signs[name]))[:2]
        assert words == ", ".join(("more " if signs[name] > 0 else "less ") + name for name in strongest)


@pytest.mark.parametrize("table", [TABLE, TABLE[::-1], 1 - TABLE], ids=["plain", "turned", "negated"])
def test_the_first_word_of_an_axis_is_more(table):
    _, (ax, _) = plot_examples(table, prototypes=["t0"], criticisms=[])
    assert ax.get_xlabel().endswith("\nmore dissonance, less melodiousness ▸")
    assert ax.get_ylabel().endswith("\nmore minorness, more articulation ▸")


def test_a_song_lies_where_a_track_with_its_features_lies():
    _, (ax, _) = draw(songs={"same": TABLE.loc["t9"].to_numpy(), "by name": TABLE.loc["t8"][::-1]})
    places = read_points(ax, "tracks")
    where = {text.get_text(): text.xy for text in ax.texts}
    np.testing.assert_allclose(where["same"], places[9])
    np.testing.assert_allclose(where["by name"], places[8])


def test_lines_lead_from_a_song_to_its_neighbours():
    _, (ax, _) = draw_once(songs=True)
    ends = np.array([line.get_xydata()[1] for line in ax.lines])
    np.testing.assert_allclose(ends, read_points(ax, "tracks")[[5, 6, 5, 7]])
    assert len({line.get_color() for line in ax.lines}) == 2


def test_the_table_shows_standard_scores_in_colours_centred_on_zero():
    _, (_, ax) = draw_once()
    scores = compute_standard_scores(TABLE).loc[[*PROTOTYPES, *CRITICISMS]]
    np.testing.assert_allclose(ax.images[0].get_array(), scores)
    low, high = ax.images[0].get_clim()
    assert -low == high == np.abs(scores).max(axis=None)
    assert [float(text.get_text()) for text in ax.texts] == pytest.approx(list(scores.to_numpy().ravel()), abs=0.051)


def test_both_panels_name_a_track_alike():
    _, (ax, table) = draw_once()
    rows = dict(label.get_text().split() for label in table.get_yticklabels())
    assert rows == {"t0": "1", "t1": "2", "t2": "3", "t3": "A", "t4": "B"}
    places = read_points(ax, "tracks")
    for text in ax.texts:
        (track,) = [track for track, name in rows.items() if name == text.get_text()]
        assert tuple(text.xy) == tuple(places[int(track[1:])])


def test_criticisms_after_z_have_letters_of_their_own():
    _, (_, table) = draw(prototypes=["t0"], criticisms=[f"t{i}" for i in range(1, 29)])
    names = [label.get_text().split()[1] for label in table.get_yticklabels()]
    assert names[:2] == ["1", "A"]
    assert names[-3:] == ["Z", "AA", "BB"]


def test_a_white_line_parts_prototypes_from_criticisms():
    _, (_, table) = draw_once()
    assert [line.get_ydata()[0] for line in table.lines] == [len(PROTOTYPES) - 0.5]


def test_numbers_in_the_table_differ_from_the_colour_below_them():
    _, (_, table) = draw_once()
    limit = table.images[0].get_clim()[1]
    white = [text.get_color() == "white" for text in table.texts]
    assert white == list(np.abs(table.images[0].get_array().ravel()) > 0.6 * limit)
    assert 0 < sum(white) < len(white)


def test_the_legend_names_songs_only_where_there_are_some():
    without, with_songs = (len(draw_once(songs=songs)[0].legends[0].get_texts()) for songs in (False, True))
    assert (without, with_songs) == (3, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prototypes": ["t999"]}, "'t999' is unknown"),
        ({"songs": SONGS, "neighbours": {"a dense cover": ["x"]}}, "'x' is unknown"),
        ({"songs": SONGS, "neighbours": {"other": ["t1"]}}, "neighbours of 'other', which is not among the songs"),
    ],
)
def test_what_is_not_there_is_said(changes, message):
    with pytest.raises(NeighbourError, match=message):
        draw(**changes)
