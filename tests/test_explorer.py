"""The explorer without a browser: what its widgets hold after clicks, with and without an event loop."""

import asyncio
import io
import re
from datetime import UTC, datetime
from itertools import pairwise

import ipywidgets
import numpy as np
import pytest
import soundfile as sf
from fakeexplorations import HARSH, build_exploration, build_trained, count_asked
from fakesounds import SR, build_noise, build_tones

from mer_utils import explorer
from mer_utils.exploration import Query
from mer_utils.explorer import Explorer
from mer_utils.outputs import find_failures
from mer_utils.ratings import EMOTIONS, MIDLEVEL

SONGS = {
    "clip": build_noise(12, seed=1),
    "tone": (build_noise(12, seed=3) + build_tones(300, 900, seconds=12)) / 2,
    "new": build_noise(12, seed=4),
}
TRAINED, WHEN = build_trained(), datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    for title in ("clip", "tone"):
        build_exploration(SONGS, folder=folder, trained=TRAINED).explain(Query(title), progress=False)
    return folder


@pytest.fixture
def shown(folder, styled):
    """An explorer of two songs that are explained and one that is not."""
    return Explorer(build_exploration(SONGS, folder=folder, trained=TRAINED), Query("clip"))


@pytest.fixture
def fresh(tmp_path, styled):
    """An explorer of songs of which nothing is explained."""
    return Explorer(build_exploration(SONGS, folder=tmp_path, trained=TRAINED), Query("clip"))


def read(widget):
    """Join what all HTML of a widget says."""
    own = [widget.value] if isinstance(widget, ipywidgets.HTML) else []
    return "\n".join([*own, *(read(child) for child in getattr(widget, "children", ()))])


def walk(widget):
    return [widget, *(below for child in getattr(widget, "children", ()) for below in walk(child))]


def count_players(html):
    return html.count("<audio")


def is_shown(widget):
    return widget.layout.display != "none"


def build_file(y):
    file = io.BytesIO()
    sf.write(file, y, SR, format="WAV")
    return file.getvalue()


def upload(shown, **files):
    shown.controls.upload.value = [
        {
            "name": name,
            "type": "",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": datetime.now(UTC),
        }
        for name, content in files.items()
    ]


# The first view


def test_what_is_explained_is_seen_read_and_heard_at_once(shown):
    assert "Spectrogram of clip, with segments marked" in shown.panels.picture.value
    assert "Where the net hears" in shown.panels.words.value
    assert count_players(shown.panels.players.value) == 1 + sum(map(bool, map(len, shown.answers[0].sides.values())))
    assert all(name in shown.panels.ratings.value for name in (*MIDLEVEL, *EMOTIONS))
    assert not is_shown(shown.panels._actions)


def test_the_first_view_is_whole_before_anything_else_happens(folder, styled):
    async def build():
        return read(Explorer(build_exploration(SONGS, folder=folder, trained=TRAINED)).box)

    assert count_players(asyncio.run(build())) >= 2


def test_nothing_in_it_hangs_a_notebook(shown):
    assert not [widget for widget in walk(shown.box) if isinstance(widget, ipywidgets.Output)]


def test_everything_that_can_be_changed_has_a_label(shown):
    changed = (ipywidgets.Dropdown, ipywidgets.Button, ipywidgets.FileUpload, ipywidgets.FloatSlider)
    fields = [w for w in walk(shown.box) if isinstance(w, (*changed, ipywidgets.BoundedFloatText))]
    assert len(fields) == len({*shown.controls._fields, shown.controls.upload}) + 3  # explain, cancel and the slider
    assert all(field.description for field in fields)


def test_pictures_and_players_have_words_for_those_who_do_not_see(shown):
    shown.controls.compare.value = "tone"
    elements = re.findall(r"<(?:img|audio)[^>]*", read(shown.box))
    assert len(elements) > 8
    assert all(re.search(r'(alt|aria-label)="[^"]+"', element) for element in elements)


def test_without_a_front_end_it_is_words(shown):
    assert repr(shown) == "an explorer of 3 pieces of music"
    assert shown._repr_mimebundle_()["text/plain"] == repr(shown)


def test_without_a_query_it_begins_with_the_first_music(folder, styled):
    assert Explorer(build_exploration(SONGS, folder=folder, trained=TRAINED)).answers[0].query.title == "clip"


# What is known


def test_twenty_clicks_ask_the_net_nothing_and_each_changes_the_sounds(shown, monkeypatch):
    shown.controls.music.value = "tone"  # heard once, so that the emotion of each is known
    asked, heard = count_asked(monkeypatch), [shown.panels.players.value]
    for k in range(10):
        shown.controls.music.value = ("clip", "tone")[k % 2]
        heard.append(shown.panels.players.value)
        shown.controls.feature.value = MIDLEVEL[k % 7]
        heard.append(shown.panels.players.value)
    assert asked == []
    assert all(before != after for before, after in pairwise(heard))


@pytest.mark.parametrize(
    ("field", "value"),
    [("feature", "rhythmic complexity"), ("rule", "bh"), ("threshold", 5.0), ("side", "positive"), ("music", "tone")],
)
def test_each_pick_changes_the_picture(shown, field, value):
    before = shown.panels.picture.value
    getattr(shown.controls, field).value = value
    assert shown.panels.picture.value != before
    assert shown.panels.status.value == '<p role="status"></p>'


def test_another_emotion_changes_effects_and_reasons(shown):
    before = shown.panels.effects.value
    shown.controls.emotion.value = "tender"
    assert shown.panels.effects.value != before
    assert "tender score" in shown.panels.words.value


def test_the_rule_of_2019_is_there_for_the_method_of_2019_alone(shown):
    assert "paper" not in dict(shown.controls.rule.options).values()
    shown.controls.method.value = "as in 2019"
    assert "paper" in dict(shown.controls.rule.options).values()
    shown.controls.rule.value = "paper"
    assert shown.controls.threshold.value == 1e-5
    shown.controls.method.value = "ours"
    assert (shown.controls.rule.value, shown.controls.threshold.value) == ("top", 30)


def test_nothing_selected_is_said_and_plays_the_original_alone(shown):
    shown.controls.threshold.value = 0
    assert "None of 60 segments" in shown.panels.words.value
    assert count_players(shown.panels.players.value) == 1


def test_other_seconds_of_the_same_music_are_another_question(shown):
    assert (shown.controls.start.value, shown.controls.query.at) == (1.0, None)
    shown.controls.start.value = 0.5
    assert shown.answers[0].excerpt.start == pytest.approx(0.5, abs=1 / 31.25)
    assert shown.answers[0].passage is None
    shown.controls.music.value = "tone"
    assert shown.controls.query.at is None


# What is not known


def test_what_is_not_known_has_a_button_that_says_how_long_it_takes(shown):
    shown.controls.music.value = "new"
    assert is_shown(shown.panels._actions)
    assert re.fullmatch(r"Explain \(about \d+ s\)", shown.panels.explain.description)
    assert "Not explained yet" in shown.panels.status.value
    assert count_players(shown.panels.players.value) == 1
    assert "Where the net hears" not in shown.panels.words.value


def test_the_button_explains(fresh):
    fresh.panels.explain.click()
    assert fresh.answers[0].passage is not None
    assert "with segments marked" in fresh.panels.picture.value
    assert not is_shown(fresh.panels._actions)


def test_two_pieces_are_explained_at_one_click(fresh):
    fresh.controls.compare.value = "tone"
    assert fresh.panels.explain.description.startswith("Explain both")
    fresh.panels.explain.click()
    assert [answer.passage is None for answer in fresh.answers] == [False, False]


async def settle(shown, *, until, tries=1500):
    for _ in range(tries):
        if until():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("it did not come so far")


def see(shown, title):
    """Tell whether the answer about some music is there in full."""
    return lambda: bool(shown.answers) and shown.answers[0].query.title == title and shown.panels.players.value != ""


def test_a_mind_that_changes_meanwhile_gets_no_answer_to_the_earlier_question(fresh):
    async def change():
        fresh.panels.explain.click()
        fresh.controls.music.value = "tone"
        assert fresh._job is None
        await settle(fresh, until=see(fresh, "tone"))
        await asyncio.sleep(1)

    asyncio.run(change())
    assert "Spectrogram of tone" in fresh.panels.picture.value
    assert "Not explained yet" in fresh.panels.status.value


def test_cancel_ends_it_and_offers_it_again(fresh):
    async def cancel():
        fresh.panels.explain.click()
        assert is_shown(fresh.panels.progress)
        fresh.panels.cancel.click()
        assert "Cancelled" in fresh.panels.status.value
        await asyncio.sleep(1)

    asyncio.run(cancel())
    assert "Cancelled" in fresh.panels.status.value
    assert [is_shown(fresh.panels.explain), is_shown(fresh.panels.progress)] == [True, False]
    assert fresh.answers[0].passage is None


def test_an_explanation_in_the_background_arrives(fresh):
    async def explain():
        fresh.panels.explain.click()
        fresh.panels.explain.click()  # a double click
        await settle(fresh, until=lambda: fresh.answers and fresh.answers[0].passage)

    asyncio.run(explain())
    assert "with segments marked" in fresh.panels.picture.value


def test_only_the_last_of_many_clicks_is_answered(shown, monkeypatch):
    answered, build = [], explorer.build_answer

    def listen(exploration, query):
        answered.append((query.title, query.feature))
        return build(exploration, query)

    monkeypatch.setattr(explorer, "build_answer", listen)

    async def click():
        for feature in MIDLEVEL:
            shown.controls.feature.value = feature
        shown.controls.music.value = "tone"
        await settle(shown, until=see(shown, "tone"))

    asyncio.run(click())
    assert answered == [("tone", MIDLEVEL[-1])]


# Edits


def test_the_slider_edits_and_the_net_listens_again(shown):
    shown.panels.slider.value = 6
    assert "edited by +6 dB" in shown.panels.edited.value
    assert "Promised" in shown.panels.edited.value
    assert count_players(shown.panels.edited.value) == 2


def test_an_edit_goes_when_something_else_is_asked(shown):
    shown.panels.slider.value = -3
    shown.controls.feature.value = "minorness"
    assert (shown.panels.slider.value, shown.panels.edited.value) == (0, "")


# Two pieces


def test_two_pieces_stand_side_by_side_with_what_makes_the_difference(shown):
    shown.controls.compare.value = "tone"
    assert shown.panels.other.value.count("<section>") == 2
    assert "“tone”" in shown.panels.other.value
    assert shown.answers[0].feature == shown.answers[1].feature
    shown.controls.compare.value = ""
    assert shown.panels.other.value == ""


# Files


def test_files_are_added_picked_and_named_as_text(shown):
    name = HARSH.replace("/", "")
    upload(shown, **{f"{name}.wav": build_file(build_noise(11))})
    [title] = [title for _, title in shown.controls.music.options if title not in SONGS]
    assert shown.controls.music.value == title
    assert title in [title for _, title in shown.controls.compare.options]
    assert not re.search(r"<(script|img src=x)", read(shown.box))
    assert find_failures(read(shown.box)) == []


def test_what_is_no_music_gets_a_sentence_and_the_rest_is_added(shown):
    upload(shown, **{"no.wav": b"RIFF and no more", "yes.wav": build_file(build_noise(11)), "empty.wav": b""})
    said = shown.controls._said.value
    assert "no.wav: is not audio; use a wav" in said
    assert "empty" in said
    assert shown.controls.music.value == "yes"
    upload(shown, **{"again.wav": build_file(build_noise(13))})
    assert shown.controls._said.value == ""


# What goes wrong


def test_what_a_reader_can_mend_is_a_sentence_and_no_failure(shown, monkeypatch):
    exploration = shown._exploration
    monkeypatch.setattr(exploration.library, "load", lambda title: np.zeros(SR, np.float32))
    shown.controls.music.value = "new"
    assert "new: is silent" in shown.panels.status.value
    assert find_failures(read(shown.box)) == []


@pytest.mark.parametrize("name", ["build_answer", "build_edit"])
def test_what_nobody_can_mend_is_shown_as_a_failure(shown, monkeypatch, name):
    def fail(*values, **choices):
        raise ZeroDivisionError("no such thing")

    monkeypatch.setattr(explorer, name, fail)
    shown.controls.feature.value = "minorness"
    shown.panels.slider.value = 3
    assert find_failures(read(shown.box)) == ["ZeroDivisionError: no such thing"]


def test_what_goes_wrong_in_the_background_is_shown_too(fresh, monkeypatch):
    monkeypatch.setattr(type(fresh._exploration), "explain", lambda self, query, progress: 1 / 0)
    fresh.panels.explain.click()
    assert find_failures(read(fresh.box)) == ["ZeroDivisionError: division by zero"]
    assert is_shown(fresh.panels.explain)


def test_where_there_is_no_answer_nothing_of_an_earlier_one_is_left(shown, monkeypatch):
    monkeypatch.setattr(shown._exploration.library, "load", lambda title: np.zeros(SR, np.float32))
    shown.controls.music.value = "new"
    assert [panel.value for panel in shown.panels._filled] == [""] * 7
    assert not is_shown(shown.panels._hear)
    shown.controls.music.value = "clip"
    assert all(panel.value for panel in (shown.panels.picture, shown.panels.words, shown.panels.players))


def test_an_edit_of_nothing_is_refused_beside_the_slider(shown):
    shown.controls.threshold.value = 0
    shown.panels.slider.value = 6
    assert "nothing can be edited" in shown.panels.edited.value


def test_an_explanation_goes_on_while_one_looks_at_it_from_another_side(fresh):
    async def look():
        fresh.panels.explain.click()
        job = fresh._job
        fresh.controls.emotion.value = "tender"
        await settle(fresh, until=see(fresh, "clip"))
        assert fresh._job in (job, None)
        assert fresh._job is None or "again and again" in fresh.panels.status.value
        await settle(fresh, until=lambda: fresh.answers and fresh.answers[0].passage)

    asyncio.run(look())
    assert fresh.answers[0].query.emotion == "tender"


def test_the_first_answer_needs_no_click_where_somebody_looks_on(tmp_path, styled):
    async def look():
        first = Explorer(build_exploration(SONGS, folder=tmp_path, trained=TRAINED))
        assert is_shown(first.panels.cancel)
        await settle(first, until=lambda: first.answers and first.answers[0].passage)
        first.controls.music.value = "new"
        await settle(first, until=see(first, "new"))
        assert [is_shown(first.panels.explain), first.answers[0].passage] == [True, None]

    asyncio.run(look())


def test_only_the_last_of_many_edits_is_heard(shown, monkeypatch):
    heard, build = [], explorer.build_edit

    def listen(exploration, answer, db):
        heard.append(db)
        return build(exploration, answer, db)

    monkeypatch.setattr(explorer, "build_edit", listen)

    async def turn():
        for db in range(1, 8):
            shown.panels.slider.value = db
        await settle(shown, until=lambda: "edited by" in shown.panels.edited.value)

    asyncio.run(turn())
    assert heard == [7]


def test_nothing_of_an_edit_is_left_at_nought(shown):
    for db in (4, 0):
        shown.panels.slider.value = db
    assert shown.panels.edited.value == ""


def test_two_pieces_are_compared_in_what_sets_them_apart_unless_one_asks_otherwise(shown):
    shown.controls.compare.value = "tone"
    first, second = shown.answers
    parts = abs(
        shown._exploration.layer.weights[EMOTIONS.index("anger")] * (second.heard.midlevel - first.heard.midlevel)
    )
    assert first.feature == second.feature == MIDLEVEL[parts.argmax()]
    other = next(name for name in MIDLEVEL if name != first.feature)
    shown.controls.feature.value = other
    assert [answer.feature for answer in shown.answers] == [other, other]


def test_the_fields_below_are_folded_behind_a_button(shown):
    unfolded = shown.controls.box.children[-1]
    assert not is_shown(unfolded)
    shown.controls.more.value = True
    assert is_shown(unfolded)


@pytest.mark.parametrize(("rule", "number"), [("top", (30, 1, 1000)), ("bh", (0.05, 0.01, 1))])
def test_the_threshold_suits_the_rule(shown, rule, number):
    shown.controls.rule.value = "bh" if rule == "top" else "top"
    shown.controls.rule.value = rule
    field = shown.controls.threshold
    assert (field.value, field.step, field.max) == number
    assert field.description
