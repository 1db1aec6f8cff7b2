"""Views of an answer: the numbers in sentences, pictures and sounds are those of explanation, net and layer."""

import re
from dataclasses import replace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from fakeexplanations import SEGMENTS
from fakeexplorations import HARSH, LAYER, build_exploration, build_known, build_trained, count_asked
from fakesounds import build_noise, compute_level
from ipywidgets.embed import dependency_state

from figures import check_given_axes, read_titles
from mer_utils import explorerviews, explorerwords
from mer_utils.explanation import ExplainError
from mer_utils.exploration import SIDES, Query
from mer_utils.explorer import Explorer
from mer_utils.explorerviews import (
    build_answer,
    build_edit,
    build_rank_table,
    build_sounds,
    plot_effects_of,
    plot_other,
    plot_seen,
)
from mer_utils.explorerwords import describe_other, describe_trust, describe_where, describe_why
from mer_utils.listening import render_gained
from mer_utils.outputs import find_failures
from mer_utils.passages import Passage
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.rescoring import compute_edit, compute_promised
from mer_utils.selection import select_segments
from mer_utils.stability import compute_expected_jaccard
from mer_utils.trust import compute_fidelity
from mer_utils.twolevels import compute_extent

pytestmark = pytest.mark.usefixtures("styled")
SONGS = {"clip": build_noise(12, seed=1), "other": build_noise(11, seed=2), "short": build_noise(4, seed=3)}
TRAINED = build_trained()
WEIGHTS = 0.1 * np.random.default_rng(2).normal(size=60)
KNOWN = build_known(WEIGHTS)
ANGER, FEATURE = LAYER.weights[EMOTIONS.index("anger")], MIDLEVEL[0]
NOTHING = build_exploration(SONGS, trained=TRAINED)  # of which nothing is asked that needs a folder


def known_side(side, weights=WEIGHTS):
    """Give a known answer of which one side was asked for."""
    answer = build_known(weights, side=side)
    left_out = {"positive": "negative", "negative": "positive"}.get(side)
    return replace(answer, **({left_out: np.empty(0, int)} if left_out else {}))


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    """Two songs that are explained."""
    there = build_exploration(SONGS, folder=tmp_path_factory.mktemp("explained"), trained=TRAINED)
    for title in ("clip", "short"):
        there.explain(Query(title), progress=False)
    return there


# Answers


@pytest.mark.parametrize("rule", ["top", "bh"])
def test_answers_keep_what_their_rule_keeps(explored, rule):
    answer = build_answer(explored, Query("clip", rule=rule, threshold=0.2 if rule == "bh" else 7))
    known = answer.passage.explanation
    kept = select_segments(known, answer.feature, rule=rule, threshold=answer.query.threshold)
    assert [labels.tolist() for labels in (answer.positive, answer.negative)] == [labels.tolist() for labels in kept]
    assert list(answer.sides) == ["raises", "lowers"]
    assert (answer.query.feature, answer.query.segmentation) == (explored.name_feature(Query("clip")), "grid")


def answer_sides(there, title="clip"):
    """Answer for a feature of a song that some segments raise and others lower."""
    answers = (build_answer(there, Query(title, feature=name)) for name in MIDLEVEL)
    return next(answer for answer in answers if len(answer.positive) and len(answer.negative))


def test_a_side_leaves_the_other_out_and_nothing_else(explored):
    both = answer_sides(explored)
    sides = [build_answer(explored, replace(both.query, side=side)) for side in SIDES[1:]]
    assert [len(side.positive) for side in sides] == [len(both.positive), 0]
    assert [len(side.negative) for side in sides] == [0, len(both.negative)]


def test_a_rule_that_does_not_fit_is_refused(explored):
    with pytest.raises(ExplainError, match="papers' rule is for least squares"):
        build_answer(explored, Query("clip", rule="paper"))
    with pytest.raises(ExplainError, match="threshold is 0 or more"):
        build_answer(explored, Query("clip", threshold=-1))


def test_of_what_is_not_explained_only_the_sound_is_known(explored):
    answer = build_answer(explored, Query("other"))
    assert (answer.passage, len(answer.positive), len(answer.negative)) == (None, 0, 0)
    assert list(build_sounds(answer)) == ["original"]
    assert answer.feature in describe_why(explored, answer)
    assert read_titles(plot_seen(answer)[1]) == ["other"]


def test_everything_but_an_edit_asks_the_net_nothing(explored, monkeypatch):
    asked = count_asked(monkeypatch)
    first, second = (build_answer(explored, Query(title)) for title in ("clip", "short"))
    for view in (describe_where, describe_trust, build_sounds, plot_seen):
        view(first)
    describe_why(explored, first)
    build_rank_table(explored, first.heard)
    plot_effects_of(explored, [first, second])
    plot_other(explored, first, second), describe_other(explored, first, second)
    assert asked == []
    build_edit(explored, first, 3)
    assert len(asked) == 1


# Numbers and sentences


def test_ratings_are_those_heard_with_their_means_and_ranks():
    table = build_rank_table(NOTHING, KNOWN.heard)
    assert list(table.index) == [*MIDLEVEL, *EMOTIONS]
    assert table["value"].to_list() == [*KNOWN.heard.midlevel, *KNOWN.heard.emotion]
    for name, row in table.iterrows():
        column = (NOTHING.reference.midlevel if name in MIDLEVEL else NOTHING.reference.emotion)[name]
        assert row["mean"] == pytest.approx(column.mean())
        assert row["rank"] == pytest.approx((column < row["value"]).mean())


def test_why_gives_the_emotion_and_the_part_of_the_feature():
    said = describe_why(NOTHING, KNOWN)
    part = ANGER[0] * (KNOWN.heard.midlevel[0] - NOTHING.reference.mean[0])
    assert f"{KNOWN.heard.get('anger'):.2f}" in said
    assert f"{part:+.3f}" in said
    assert f"{part + 0.002:+.3f}" not in said
    assert "“song”" in said


def read_places(said):
    """Give count, seconds and hertz of each side in a sentence."""
    found = re.findall(
        r"(\d+|one) segments? of 60 (raise|lower)s? .*? at ([\d.]+)–([\d.]+) s, .*? (\d+)–(\d+) Hz", said
    )
    return {verb: (1 if n == "one" else int(n), *map(float, numbers)) for n, verb, *numbers in found}


def test_where_says_the_seconds_and_hertz_of_each_side():
    places = read_places(describe_where(KNOWN))
    for verb, kept in (("raise", KNOWN.positive), ("lower", KNOWN.negative)):
        seconds, hertz = compute_extent(KNOWN.passage.explanation, FEATURE, kept)
        assert places[verb][0] == len(kept)
        assert places[verb][1:3] == pytest.approx(seconds, abs=0.0501)
        assert places[verb][3:] == pytest.approx(hertz, abs=0.501)


def test_where_is_where_a_single_segment_is():
    answer = build_known(np.where(np.arange(60) == 42, 0.3, 0), first=20)
    frames, _ = np.nonzero(SEGMENTS == 42)
    [(verb, (n, begin, end, *_))] = read_places(describe_where(answer)).items()
    assert (verb, n) == ("raise", 1)
    first, last = ((20 + frame) / 31.25 for frame in (frames.min(), frames.max() + 1))
    assert first - 0.05 <= begin <= end <= last + 0.05


@pytest.mark.parametrize("side", SIDES[1:])
def test_where_says_nothing_of_a_side_that_was_left_out(side):
    assert list(read_places(describe_where(known_side(side)))) == [{"positive": "raise", "negative": "lower"}[side]]


@pytest.mark.parametrize("side", SIDES)
def test_nothing_kept_is_legal_and_said(side):
    answer = build_known(np.zeros(60), side=side)
    does = {"positive": "raises", "negative": "lowers"}.get(side, "raises or lowers")
    assert describe_where(answer) == f"None of 60 segments counts, by this rule, as one that {does} {FEATURE}."
    assert list(build_sounds(answer)) == ["original"]
    assert describe_trust(answer)["selection"].startswith(f"{FEATURE}: none of 60 segments kept")
    assert "none of 60" in read_titles(plot_seen(answer)[1])[0]


def test_an_empty_side_does_not_mean_that_nothing_is_certain():
    assert "raises or lowers" in describe_where(build_known(np.zeros(60)))
    assert "raise" in describe_where(known_side("positive", weights=-abs(WEIGHTS)))


def test_trust_is_that_of_the_explanation():
    trust, card = describe_trust(KNOWN), compute_fidelity(KNOWN.passage.explanation)
    assert trust["verdict"] == card.loc[FEATURE, "verdict"]
    assert trust["fidelity"].startswith(f"{FEATURE}: {trust['verdict']}, because")
    assert f"{len(KNOWN.positive)} positive and {len(KNOWN.negative)} negative of 60" in trust["selection"]
    other = describe_trust(build_known(np.where(np.arange(60) < 5, 0.2, 0)))
    assert other["selection"] != trust["selection"]


def test_stability_is_said_as_a_share_of_thirty():
    known = replace(KNOWN.passage.explanation, robust_errors=np.full((60, 7), 0.05))
    said = describe_trust(replace(KNOWN, passage=Passage(KNOWN.passage.y, known)))["stability"]
    [index] = compute_expected_jaccard(known.weights[:, [0]], known.robust_errors[:, [0]], top=30)
    shared, total, told = map(float, re.search(r"about (\d+) of the (\d+) .*?index ([\d.]+)", said).groups())
    assert (total, 0.3 < index < 0.8) == (30, True)
    assert told == pytest.approx(index, abs=0.00501)
    assert shared / (60 - shared) == pytest.approx(index, abs=0.025)
    assert (shared - 2) / (60 - shared + 2) != pytest.approx(index, abs=0.025)


def test_stability_of_too_few_segments_cannot_be_told():
    known = KNOWN.passage.explanation
    few = replace(known, weights=known.weights[:30], robust_errors=known.robust_errors[:30])
    said = explorerwords._describe_stability(few.weights[:, [0]], few.robust_errors[:, [0]], top=30)
    assert said == "How stable the weights of 30 segments are cannot be told."


@pytest.mark.parametrize("threshold", [1, 7, 60])
def test_stability_is_that_of_as_many_as_are_kept(threshold):
    known = build_known(WEIGHTS, threshold=threshold)
    n = min(len(known.positive) + len(known.negative), 59)
    assert f"of the {n} largest weights" in describe_trust(known)["stability"]


# Sounds and edits


def test_sounds_are_those_of_the_sides():
    sounds, passage = build_sounds(KNOWN), KNOWN.passage
    assert list(sounds) == ["original", f"only what raises {FEATURE}", f"only what lowers {FEATURE}"]
    np.testing.assert_array_equal(sounds["original"], passage.cut(passage.y))
    for y, kept in zip(list(sounds.values())[1:], (KNOWN.positive, KNOWN.negative), strict=True):
        gains = np.isin(SEGMENTS, kept).astype(float)
        np.testing.assert_allclose(y, render_gained(passage, gains, mode="").y, atol=1e-6)
        assert abs(y - render_gained(passage, 0.99 * gains, mode="").y).max() > 1e-6
        assert compute_level(y) < compute_level(sounds["original"])


@pytest.mark.parametrize("side", SIDES[1:])
def test_a_side_that_was_left_out_is_not_heard(side):
    sounds, whole = build_sounds(known_side(side)), build_sounds(KNOWN)
    verb = {"positive": "raises", "negative": "lowers"}[side]
    assert list(sounds) == ["original", f"only what {verb} {FEATURE}"]
    np.testing.assert_array_equal(sounds[f"only what {verb} {FEATURE}"], whole[f"only what {verb} {FEATURE}"])


@pytest.mark.parametrize(
    ("title", "at"),
    [("short", None), ("clip", None), ("short", 2.0)],
)
def test_the_original_is_the_same_before_and_after_it_is_explained(explored, title, at):
    before, after = (build_sounds(replace_passage(explored, Query(title, at=at), known)) for known in (False, True))
    np.testing.assert_array_equal(before["original"], after["original"])


def replace_passage(exploration, query, known):
    """Answer a query with an explanation of its own sound, or without one."""
    answer = build_answer(exploration, query)
    excerpt = answer.excerpt
    if not known:
        return replace(answer, passage=None)
    told = exploration.find(Query(query.title)).explanation
    told = replace(told, spec=excerpt.spec, start=excerpt.start)
    return replace(answer, passage=Passage(excerpt.y, told, excerpt.config))


def test_ten_seconds_of_a_clip_are_heard(explored):
    heard = build_sounds(build_answer(explored, Query("other")))["original"]
    first = round(explored.hear(Query("other")).excerpt.start * 22050)
    np.testing.assert_array_equal(heard, SONGS["other"][first : first + len(heard)])
    assert len(heard) / 22050 == pytest.approx(313 / 31.25, abs=0.001)
    assert len(build_sounds(build_answer(explored, Query("short")))["original"]) == len(SONGS["short"])


@pytest.fixture
def edit(explored, monkeypatch):
    """Edit the clip, and give the sound, the sentence, and the table that it was made of."""
    tables = []

    def listen(table, name, describe=explorerviews.describe_edit_outcome):
        tables.append(table)
        return describe(table, name)

    monkeypatch.setattr(explorerviews, "describe_edit_outcome", listen)

    def edit_by(db, **query):
        answer = build_answer(explored, replace(answer_sides(explored).query, **query))
        return answer, *build_edit(explored, answer, db), tables[-1]

    return edit_by


@pytest.mark.parametrize(("side", "db"), [("both", 6), ("positive", -6), ("negative", 3)])
def test_an_edit_promises_obtains_and_sounds_as_its_gains_say(explored, edit, side, db):
    answer, y, said, table = edit(db, side=side)
    whole, known = answer_sides(explored), answer.passage.explanation
    up, down = 10 ** (db / 20), 10 ** (-db / 20)
    factors = {"both": (up, down), "positive": (up, 1), "negative": (1, up)}[side]
    gains = np.ones(60)
    gains[whole.positive], gains[whole.negative] = factors
    gains = gains[known.segments]
    np.testing.assert_allclose(y, answer.passage.cut(answer.passage.render(gains)), atol=1e-6)
    expected = compute_edit(explored.predictor.outputs("all"), answer.passage, gains)
    np.testing.assert_allclose(table["obtained"], expected["obtained"], atol=1e-6)
    np.testing.assert_allclose(table.loc[list(MIDLEVEL), "promised"], compute_promised(known, gains), atol=1e-9)
    row = table.loc[answer.feature]
    assert f"Promised {row.promised:+.3f}, obtained {row.obtained:+.3f}" in said


def test_an_edit_by_nothing_changes_nothing(edit):
    answer, y, said, table = edit(0)
    np.testing.assert_allclose(y, build_sounds(answer)["original"], atol=1e-6)
    assert abs(table[["on paper", "obtained"]].to_numpy()).max() < 1e-5
    assert abs(table.loc[list(MIDLEVEL), "promised"]).max() < 1e-5
    assert "nothing was promised" in said


def test_an_edit_of_nothing_is_refused(explored):
    with pytest.raises(ExplainError, match="segment"):
        build_edit(explored, build_answer(explored, Query("clip", threshold=0)), 6)


# Pictures, and two answers


@pytest.mark.parametrize(
    ("side", "words"), [("both", ["raise", "lower"]), ("positive", ["raise"]), ("negative", ["lower"])]
)
def test_pictures_tell_of_the_sides_asked_for(side, words):
    [title] = read_titles(plot_seen(known_side(side))[1])
    assert [word for word in ("raise", "lower") if word in title] == words


def test_pictures_take_axes():
    check_given_axes(lambda ax: plot_seen(KNOWN, ax=ax), 1)


@pytest.mark.parametrize("plot", [plot_effects_of, lambda there, both, **ax: plot_other(there, *both, **ax)])
def test_pictures_of_two_take_axes(plot):
    both = [KNOWN, build_known(WEIGHTS, title="second", midlevel=np.linspace(0.6, 0.2, 7))]
    check_given_axes(lambda ax: plot(NOTHING, both, ax=ax), 1)


def read_marks(ax):
    return [np.asarray(marks.get_offsets())[:, 0] for marks in ax.collections if len(marks.get_offsets()) > 1]


def test_effects_are_weights_times_what_is_heard():
    second = build_known(WEIGHTS, title="second", midlevel=np.linspace(0.6, 0.2, 7))
    marks = read_marks(plot_effects_of(NOTHING, [KNOWN, second])[1])
    np.testing.assert_allclose(marks, [ANGER * each.heard.midlevel for each in (KNOWN, second)], atol=1e-6)
    assert abs(marks[0] - marks[1]).max() > 1e-3


PAIR = (KNOWN, build_known(WEIGHTS, title="second", midlevel=np.linspace(0.7, 0.2, 7)))


def test_the_parts_of_the_waterfall_add_up_to_the_difference_that_is_said():
    _, ax = plot_other(NOTHING, *PAIR)
    parts = sum(bar.get_width() for bar in ax.patches)
    one, two = (answer.heard.get("anger") for answer in PAIR)
    assert len(ax.patches) == 7
    assert parts == pytest.approx(two - one, abs=1e-6)
    assert parts != pytest.approx(two - one + 1e-4, abs=1e-6)
    assert f"anger {two:.2f} against {one:.2f}, {two - one:+.3f}" in describe_other(NOTHING, *PAIR)


def test_what_is_doubtful_is_hatched_and_said():
    _, ax = plot_other(NOTHING, *PAIR)
    names = [label.get_text() for label in ax.get_yticklabels()[1:-1]]
    assert [name for name, bar in zip(names, ax.patches, strict=True) if bar.get_hatch()] == ["dissonance"]


def test_a_pair_the_other_way_round_differs_the_other_way():
    there, back = (describe_other(NOTHING, *pair) for pair in (PAIR, PAIR[::-1]))
    signs = [re.search(r"against [\d.]+, ([+-])([\d.]+)\)", said).groups() for said in (there, back)]
    assert signs[0][1] == signs[1][1]
    assert {sign for sign, _ in signs} == {"+", "-"}


def test_of_what_is_compared_the_emotion_of_the_first_counts():
    calm = [
        replace(each, query=replace(each.query, emotion=name))
        for each, name in zip(PAIR, ("tender", "sad"), strict=True)
    ]
    assert "tender" in describe_other(NOTHING, *calm)
    assert plot_other(NOTHING, *calm)[1].get_xlabel().startswith("tender")


SAME = [replace(each, query=replace(each.query, title="song")) for each in PAIR]


def test_two_parts_of_one_song_can_be_compared():
    assert len(plot_other(NOTHING, *SAME)[1].patches) == 7


def test_two_parts_of_one_song_have_a_mark_each():
    assert len(read_marks(plot_effects_of(NOTHING, SAME)[1])) == 2


def test_a_net_of_which_no_doubts_are_known_can_be_compared():
    unknown = build_exploration(SONGS, trained=TRAINED)
    del unknown.__dict__["doubts"]
    assert describe_other(unknown, *PAIR)
    assert len(plot_other(unknown, *PAIR)[1].patches) == 7


@pytest.mark.parametrize("title", [HARSH, "$a$", "_"])
def test_any_title_can_be_drawn_and_said(title):
    first, second = (
        build_known(WEIGHTS, title=name, midlevel=m) for name, m in ((title, None), ("b", np.full(7, 0.4)))
    )
    for figure, _ in (
        plot_seen(first),
        plot_seen(replace(first, passage=None)),
        plot_effects_of(NOTHING, [first, second]),
        plot_other(NOTHING, first, second),
    ):
        figure.canvas.draw()
    assert f"“{title}”" in describe_why(NOTHING, first)


# All of it in the explorer


def read_html(explorer):
    """Give the elements of all HTML of the widget: names, and names of attributes."""
    models = dependency_state([explorer.box]).values()
    texts = [model["state"].get("value", "") for model in models if model["model_name"] == "HTMLModel"]
    assert [find_failures(text) for text in texts] == [[]] * len(texts)
    return [(e.name, sorted(e.attrs)) for text in texts for e in BeautifulSoup(text, "html.parser").find_all()]


def explore_as(explored, first, second):
    """Compare the two songs that are explained, under other titles."""
    there = build_exploration({first: SONGS["clip"], second: SONGS["short"]}, folder=explored.folder, trained=TRAINED)
    explorer = Explorer(there, answer_sides(there, title=first).query)
    explorer.controls.compare.value = second
    return explorer


def test_no_title_becomes_an_element_anywhere(explored, monkeypatch):
    monkeypatch.setattr("mer_utils.explorerpanels.build_sounds", lambda answer: {"x": np.ones(10)})  # to save time
    monkeypatch.setattr("mer_utils.explorerpanels.render_png", lambda figure: b"")
    plain, harsh = (explore_as(explored, title, f"{title}2") for title in ("word", HARSH))
    elements = read_html(harsh)
    assert elements == read_html(plain)
    assert {"img", "audio", "table", "meter", "section", "details"} <= {name for name, _ in elements}


def test_that_a_short_song_is_repeated_is_said(explored):
    said = [Explorer(explored, Query(title)).panels.words.value for title in ("clip", "short")]
    assert ["repeat" in words for words in said] == [False, True]
