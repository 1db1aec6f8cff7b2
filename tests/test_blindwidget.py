import io

import numpy as np
import pytest
import soundfile as sf

from mer_utils.blindtest import BlindTest, Trial, describe_test
from mer_utils.blindwidget import BlindTestWidget

SECOND = 22050


def build_test(answers="ABA"):
    """Give trials of a low and a high tone, where the low one is right."""
    low, high = (0.2 * np.sin(np.arange(SECOND) * step).astype(np.float32) for step in (0.05, 0.5))
    sounds = {"A": (low, high), "B": (high, low)}
    trials = (Trial(f"clip {k} & more", sounds[side], side) for k, side in enumerate(answers))
    return BlindTest("Which is lower?", tuple(trials), len(answers))


def build_widget(test=None):
    """Give a widget that takes clicks as soon as a test makes them."""
    return BlindTestWidget(test or build_test(), gap=0)


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def find(widget, kind):
    return [part for part in walk(widget.box) if type(part).__name__ == kind]


def press(widget, *names):
    buttons = {button.description: button for button in find(widget, "Button")}
    for name in names:
        buttons[name].click()


def read(widget):
    return " ".join(part.value for part in find(widget, "HTML"))


def hear(widget):
    """Zero crossings of what A and B play."""
    played = [sf.read(io.BytesIO(player.value))[0] for player in find(widget, "Audio")]
    return [int((np.diff(np.sign(y)) != 0).sum()) for y in played]


def test_players_play_the_trial_and_the_next_one():
    widget = build_widget(build_test("AB"))
    first = hear(widget)
    press(widget, "A")
    assert first[0] < first[1]
    assert hear(widget)[0] > hear(widget)[1]


def test_players_neither_start_nor_repeat_by_themselves():
    players = find(build_widget(), "Audio")
    assert {(player.autoplay, player.loop, player.controls, player.format) for player in players} == {
        (False, False, True, "ogg")
    }


def test_progress_and_question_are_shown():
    widget = build_widget()
    assert "Which is lower?" in read(widget)
    assert "trial 1 of 3" in read(widget)
    press(widget, "B", "B")
    assert "trial 3 of 3" in read(widget)


def test_what_was_right_is_told_only_at_the_end():
    right, wrong = (build_widget() for _ in range(2))
    press(right, "A", "B")
    press(wrong, "B", "A")
    assert read(right) == read(wrong)
    press(right, "A")
    press(wrong, "A")
    assert "You got 3 of 3 right" in read(right)
    assert "You got 1 of 3 right" in read(wrong)


def test_wrong_trials_are_named_at_the_end():
    widget = build_widget()
    press(widget, "A", "A", "A")
    assert "Answered wrongly: 2 (clip 1 &amp; more)." in read(widget)


def test_the_test_can_be_read_from_the_widget():
    widget = build_widget()
    press(widget, "A", "A")
    assert (widget.test.choices, widget.test.n_right) == ("AA", 1)


def test_an_answer_can_be_taken_back_until_the_end():
    widget = build_widget()
    back = next(button for button in find(widget, "Button") if button.description == "Back")
    assert back.disabled
    press(widget, "A", "A", "Back", "B")
    assert (widget.test.choices, back.disabled) == ("AB", False)
    press(widget, "A")
    assert all(button.disabled for button in find(widget, "Button"))


@pytest.mark.parametrize("choices", ["", "B"])
def test_a_test_goes_on_where_it_was(choices):
    test = build_test()
    for choice in choices:
        test = test.answer(choice)
    assert f"trial {len(choices) + 1} of 3" in read(build_widget(test))


def test_a_test_answered_by_a_coin_shows_its_end():
    widget = build_widget(build_test().answer_by_coin(0))
    assert "3 trials, all answered" in read(widget)
    assert f"You got {widget.test.n_right} of 3" in read(widget)


def test_an_error_in_a_callback_is_shown_and_changes_nothing():
    test = build_test("A")
    stereo = Trial("stereo", (test.trials[0].sounds[1], np.ones((9, 2))), "A")
    widget = build_widget(BlindTest(test.question, (*test.trials, stereo), 2))
    before = hear(widget)
    press(widget, "A")
    assert "ValueError: Invalid shape" in read(widget)
    assert "trial 1 of 2" in read(widget)
    assert (widget.test.choices, hear(widget)) == ("", before)


def test_a_double_click_answers_one_trial():
    patient, hasty = build_widget(), BlindTestWidget(build_test(), gap=60)
    for widget in (patient, hasty):
        press(widget, "A", "A")
    assert (len(patient.test.choices), len(hasty.test.choices)) == (2, 0)


def test_a_click_too_many_leaves_the_outcome():
    widget = build_widget(build_test("A"))
    press(widget, "A", "A")
    assert "You got 1 of 1 right" in read(widget)


def test_without_a_front_end_there_are_words():
    widget = build_widget()
    bundle = widget._repr_mimebundle_()
    assert bundle["text/plain"] == repr(widget) == describe_test(widget.test)
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.box.model_id


def test_no_part_hangs_headless_runs():
    assert not find(build_widget(), "Output")
