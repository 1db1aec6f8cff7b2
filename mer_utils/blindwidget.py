"""The blind test (`blindtest`) to take in a notebook: two players, two buttons, and the score at the end.

Public names: ``BlindTestWidget``.
"""

import html
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from .blindoutcome import compute_outcome, describe_outcome
from .blindtest import CHOICES, RATE, BlindTest, describe_test
from .oggfiles import encode_ogg
from .outputs import render_failure


class BlindTestWidget:
    """A blind test as a widget: the last expression of a cell shows it, and without a front end its words.

    What was right is told after the last answer only; until then an answer can be taken back. Whatever goes wrong when
    a button is pressed is written below the buttons.

    Parameters
    ----------
    test
        A test, begun or not.
    gap
        Seconds in which a new trial takes no answer: what comes so soon is the second half of a double click.

    Attributes
    ----------
    test
        The test with all answers so far: what to read, or to keep, once it was taken.
    box
        The ipywidgets widget.
    """

    def __init__(self, test: BlindTest, *, gap: float = 0.5) -> None:
        import ipywidgets as widgets

        self._gap, self._shown = gap, 0.0

        self._progress, self._said = widgets.HTML(), widgets.HTML()
        self._players = [widgets.Audio(format="ogg", autoplay=False, loop=False) for _ in CHOICES]
        self._buttons = {
            choice: self._build_button(choice, partial(self._answer, choice), tooltip=f"my answer is {choice}")
            for choice in CHOICES
        }
        self._back = self._build_button("Back", self._take_back, tooltip="take the last answer back")
        question = widgets.HTML(f"<b>{html.escape(test.question)}</b>")
        named = zip(CHOICES, self._players, strict=True)
        sounds = widgets.HBox([widgets.HBox([widgets.Label(choice), player]) for choice, player in named])
        buttons = widgets.HBox([*self._buttons.values(), self._back])
        self.box = widgets.VBox([question, self._progress, sounds, buttons, self._said])
        self._show(test)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return (self.box._repr_mimebundle_(**options) or {}) | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        return describe_test(self.test)

    def _build_button(self, name: str, act: Callable[[], BlindTest], *, tooltip: str) -> Any:
        import ipywidgets as widgets

        button = widgets.Button(description=name, tooltip=tooltip)
        button.on_click(lambda _: self._react(act))
        return button

    def _react(self, act: Callable[[], BlindTest]) -> None:
        """Do what a button says; ipywidgets would swallow the error of a callback, so all of them are shown."""
        try:
            self._show(act())
        except Exception as error:
            self._said.value = render_failure(error)

    def _answer(self, choice: str) -> BlindTest:
        is_second_click = time.monotonic() - self._shown < self._gap
        return self.test if self.test.done or is_second_click else self.test.answer(choice)

    def _take_back(self) -> BlindTest:
        return self.test.take_back()

    def _show(self, test: BlindTest) -> None:
        if not test.done:
            coded = [encode_ogg(y, RATE) for y in test.trials[len(test.choices)].sounds]
            for player, sound in zip(self._players, coded, strict=True):
                player.value = sound
        n, answered = len(test.trials), len(test.choices)
        self._progress.value = f"{n} trials, all answered" if test.done else f"trial {answered + 1} of {n}"
        self._said.value = html.escape(_describe_end(test)) if test.done else ""
        for button in self._buttons.values():
            button.disabled = test.done
        self._back.disabled = test.done or not answered
        self.test, self._shown = test, time.monotonic()


def _describe_end(test: BlindTest) -> str:
    wrong = "; ".join(f"{k} ({test.trials[k - 1].label})" for k in test.wrong)
    outcome = describe_outcome(compute_outcome(test.n_right, len(test.trials)))
    return f"{outcome} Answered wrongly: {wrong}." if wrong else outcome
