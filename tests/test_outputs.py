"""Errors that a widget shows: found again in its saved state, whatever they say, and nothing else is."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from fakeexplorations import build_exploration
from fakesounds import build_noise
from ipywidgets import HTML, VBox
from ipywidgets.embed import dependency_state

from mer_utils.companion import find_errors
from mer_utils.explanation import ExplainError
from mer_utils.exploration import Exploration
from mer_utils.explorer import Explorer
from mer_utils.explorerhtml import STYLE, render_note, render_sentences
from mer_utils.outputs import find_failures, render_failure

HARSH = "</p><img src=x onerror=alert(1)> \"'&lt;b&gt; $x$"
AGAIN = render_failure(ValueError("inside"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("lost"), "KeyError: 'lost'"),
        (ValueError(HARSH), f"ValueError: {HARSH}"),
        (RuntimeError("two\n  lines\tand a tab"), "RuntimeError: two lines and a tab"),
        (ValueError(AGAIN), f"ValueError: {AGAIN}"),
        (AssertionError(), "AssertionError:"),
    ],
)
def test_what_failed_is_found_word_for_word(error, said):
    assert find_failures(f"<h3>x</h3>{render_failure(error)}<p>y</p>") == [said]


def test_failures_are_told_apart_and_in_order():
    text = "".join(render_failure(ValueError(word)) for word in ("one", "two"))
    assert find_failures(text) == ["ValueError: one", "ValueError: two"]


def test_a_failure_is_one_paragraph_that_is_read_out():
    [paragraph] = BeautifulSoup(render_failure(ValueError(HARSH)), "html.parser").find_all()
    assert (paragraph.name, paragraph["role"]) == ("p", "alert")
    assert paragraph.text == f"ValueError: {HARSH}"


@pytest.mark.parametrize("text", ["", STYLE, render_note("ValueError: no"), render_sentences("mer-failure", AGAIN)])
def test_nothing_else_is_a_failure(text):
    assert find_failures(text) == []


def build_notebook(*widgets):
    """Save the state of widgets as an executed notebook does."""
    state = {"state": dependency_state(widgets), "version_major": 2, "version_minor": 0}
    metadata = {"widgets": {"application/vnd.jupyter.widget-state+json": state}}
    return nbformat.from_dict({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def test_a_run_fails_by_what_a_widget_shows_of_an_error():
    shown = VBox([HTML(STYLE), VBox([HTML(f"<p>x</p>{render_failure(ValueError(HARSH))}")])])
    assert find_errors(build_notebook(shown)) == [f"a widget caught ValueError: {HARSH}"]


def test_a_run_does_not_fail_by_a_note_that_tells_the_reader_of_a_broken_file():
    shown = VBox([HTML(STYLE), HTML(render_note("x: is damaged")), HTML(render_sentences(AGAIN))])
    assert find_errors(build_notebook(shown)) == []


@pytest.fixture
def explorer(tmp_path):
    return Explorer(build_exploration({"a": build_noise(2), "b": build_noise(1)}, folder=tmp_path))


def test_a_run_fails_by_an_error_in_a_callback_of_the_explorer(explorer, monkeypatch):
    assert find_errors(build_notebook(explorer.box)) == []
    monkeypatch.setattr("mer_utils.explorer.build_answer", lambda *args: {}["lost"])
    explorer.controls.music.value = "b"
    assert find_errors(build_notebook(explorer.box)) == ["a widget caught KeyError: 'lost'"]


def test_a_run_fails_by_an_error_in_the_work_of_the_explorer(explorer, monkeypatch):
    monkeypatch.setattr(Exploration, "explain", lambda *args, **options: {}["lost"])
    explorer.panels.explain.click()
    assert find_errors(build_notebook(explorer.box)) == ["a widget caught KeyError: 'lost'"]


def test_what_a_reader_can_mend_is_said_and_no_failure(explorer, monkeypatch):
    def refuse(*args, **options):
        raise ExplainError("too few")

    monkeypatch.setattr(Exploration, "explain", refuse)
    explorer.panels.explain.click()
    assert find_errors(build_notebook(explorer.box)) == []
    assert "too few" in str(dependency_state([explorer.box]))
