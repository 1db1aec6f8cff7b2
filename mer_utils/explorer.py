"""The explorer: pick music, an emotion, a feature and a way to explain; see, read and hear why the net says so.

All that is shown comes from `explorerviews` and `explorerplots`, which notebooks call without a kernel behind them,
and stands in HTML widgets: what draws into a notebook's output hangs it when nobody looks on.

Public names: ``Explorer``.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from .audio import AudioError
from .background import Job
from .controls import Controls
from .excerpts import ExcerptError
from .explanation import ExplainError
from .exploration import Exploration, Query
from .explorerhtml import STYLE, render_alert, render_note
from .explorerpanels import Panels
from .explorerviews import Answer, build_answer, build_edit
from .library import LibraryError
from .outputs import render_failure
from .segments import SegmentError

# What a reader can mend: told in a sentence, where any other error is a failure of this program.
_MENDABLE = (LibraryError, AudioError, ExcerptError, ExplainError, SegmentError)
_PAUSE = 0.01  # seconds in which a newer click may come in between two steps of an answer


class Explorer:
    """The explorer as a widget: the last expression of a cell shows it, and without a front end its words.

    What was explained before is shown at once and asks the net nothing. Anything else shows a button that says how
    long it takes. It goes on while one looks at it from other sides, and ends when one asks for something else.

    Parameters
    ----------
    exploration
        Net and music.
    query
        What to begin with; by default the first piece of the library.

    Attributes
    ----------
    box
        The ipywidgets widget.
    answers
        What is shown: of the music, and of what it is compared with, if anything.
    """

    def __init__(self, exploration: Exploration, query: Query | None = None) -> None:
        import ipywidgets as widgets

        self._exploration = exploration
        first = query or Query(exploration.library.choices[0][1])
        self.controls, self.panels = Controls(exploration, first), Panels()
        self._job: Job | None = None
        self._explaining: list[tuple] = []  # what the job is about
        self._asked = 0  # how often something was asked: an answer to an earlier question is not shown
        self.answers: list[Answer] = []
        parts = [self.controls.box, self.panels.box]
        row = widgets.HBox(parts, layout=widgets.Layout(flex_flow="row wrap", grid_gap="0 20px"))
        self.box = widgets.VBox([widgets.HTML(STYLE), row])
        self.box.add_class("mer-explorer")
        self.controls.on_change(self._react(self._ask))
        self.controls.on_add(self._react(self._add))
        self.panels.on_explain(self._react(self._explain))
        self.panels.on_cancel(self._react(self._cancel))
        self.panels.on_edit(self._react(self._edit))
        with self._telling():  # at once, also where there is a loop: an executed notebook holds the first view
            self._answer_at_once()

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return (self.box._repr_mimebundle_(**options) or {}) | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"an explorer of {len(self._exploration.library.choices)} pieces of music"

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell what goes wrong: ipywidgets would swallow the error of a callback."""
        try:
            yield
        except _MENDABLE as error:
            self.panels.tell(render_note(str(error)))
        except Exception as error:
            self.panels.tell(render_failure(error))

    def _react(self, act: Callable) -> Callable:
        def react(*values: Any) -> None:
            with self._telling():
                act(*values)

        return react

    def _ask(self) -> None:
        """Answer what the controls ask for, step by step; a newer question ends the steps of an older one."""
        self._asked += 1
        if self._explaining != [query.explained for query in self.controls.queries]:
            self._stop_job()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._answer_at_once()
        else:
            self._task = loop.create_task(self._answer_unless_asked(self._asked))

    def _answer_at_once(self) -> None:
        for _ in self._answer():
            pass

    async def _answer_unless_asked(self, number: int) -> None:
        with self._telling():
            for _ in self._answer():
                await asyncio.sleep(_PAUSE)
                if number != self._asked:
                    return

    def _answer(self) -> Iterator[None]:
        """Show the answer: first what one sees and reads, then what takes longer; nothing where there is none."""
        self.answers = []
        self.panels.begin()
        yield
        try:
            answers = self._find_answers()
        except Exception:
            self.panels.clear()
            raise
        self.controls.show(answers[0])
        self.panels.show_picture(answers[0])
        self._offer(answers)
        self.answers = answers
        yield
        self.panels.show_words(self._exploration, answers[0])
        yield
        self.panels.show_numbers(self._exploration, answers)
        yield
        self.panels.show_sounds(answers[0])
        yield
        self.panels.show_other(self._exploration, answers)

    def _find_answers(self) -> list[Answer]:
        first, *others = self.controls.queries
        answers = [build_answer(self._exploration, first)]
        feature = answers[0].feature  # of both: what one hears of two pieces of music should be comparable
        return answers + [build_answer(self._exploration, replace(other, feature=feature)) for other in others]

    def _offer(self, answers: Sequence[Answer]) -> None:
        """Offer to explain what is not explained yet, unless that goes on already."""
        if self._job:
            return
        missing = [answer.query for answer in answers if answer.passage is None]
        self.panels.offer(sum(map(self._exploration.estimate_seconds, missing)), n=len(missing))

    def _explain(self) -> None:
        missing = [answer.query for answer in self.answers if answer.passage is None]
        if self._job or not missing:  # the second half of a double click
            return

        def work(report: Callable[[int, int], None]) -> None:
            for number, query in enumerate(missing):
                explore = partial(self._exploration.explain, query)
                explore(progress=lambda n, total, before=number: report(before * total + n, len(missing) * total))

        self._job = Job(work, on_progress=self._react(self.panels.show_progress), on_end=self._end)
        self._explaining = [answer.query.explained for answer in self.answers]
        self.panels.show_progress(0, 1)
        self._job.start()

    def _end(self, error: Exception | None) -> None:
        self._job = None
        with self._telling():
            self._offer(self.answers)
            if error:
                raise error
            self._ask()

    def _stop_job(self) -> None:
        if self._job:
            self._job.cancel()
            self._job = None

    def _cancel(self) -> None:
        self._stop_job()
        self._offer(self.answers)
        self.panels.tell(render_note("Cancelled."))

    def _edit(self, db: float) -> None:
        answer = next(iter(self.answers), None)
        if answer and answer.passage and db:
            try:
                self.panels.show_edit(answer, *build_edit(self._exploration, answer, db), db=db)
            except ExplainError as error:
                self.panels.edited.value = render_alert(str(error))

    def _add(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Take over files that somebody added, and ask about the last that is music."""
        titles, complaints = [], []
        for name, content in files:
            try:
                titles.append(self._exploration.library.add_upload(name, content))
            except _MENDABLE as error:
                complaints.append(str(error))
        self.controls.tell(render_alert(*complaints))
        if titles:
            self.controls.show_choices(titles[-1])
