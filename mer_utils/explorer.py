"""The explorer: pick music, an emotion, a feature and a way to explain; see, read and hear why the net says so.

All that is shown comes from `explorerviews` and `explorerwords`, which notebooks call without a kernel behind them,
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
from .explorerhtml import STYLE, render_alert, render_note, render_sentences
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
    long it takes; the first answer begins by itself where somebody looks on. An explanation goes on while one looks at
    it from other sides, and ends when one asks for something else.

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
        self._tasks: set[asyncio.Task] = set()
        # how often something was asked, and edited: an answer to an earlier question is not shown
        self._asked, self._edits = 0, 0
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
            _take_all(self._answer())
            if _find_loop():  # somebody looks on: the first answer needs no click
                self._explain()

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
        """Answer what the controls ask for."""
        if self._explaining != [query.explained for query in self.controls.queries]:
            self._stop_job()
        self._asked += 1
        self._edits += 1
        number = self._asked
        self._take(self._answer(), lambda: number == self._asked)

    def _take(self, steps: Iterator[None], is_current: Callable[[], bool]) -> None:
        """Take the steps of an answer, with pauses in which something newer may come that ends them."""
        if not (loop := _find_loop()):
            _take_all(steps)
            return

        async def take() -> None:
            with self._telling():
                for _ in steps:
                    await asyncio.sleep(_PAUSE)
                    if not is_current():
                        return

        task = loop.create_task(take())
        self._tasks.add(task)  # which the loop itself would let go
        task.add_done_callback(self._tasks.discard)

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
        self._edits += 1  # an edit on its way is of what was seen before
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
        if others and not first.feature:  # what one hears of two pieces of music should be what sets them apart
            first = replace(first, feature=self._exploration.name_difference(first, others[0]))
        queries = [first, *(replace(other, feature=first.feature) for other in others)]
        return [build_answer(self._exploration, query) for query in queries]

    def _offer(self, answers: Sequence[Answer]) -> None:
        """Offer to explain what is not explained yet, unless that goes on already."""
        if self._job:
            self.panels.tell_progress()
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
        self.panels.begin_progress(sum(map(self._exploration.estimate_seconds, missing)))
        self.panels.cancel.focus()  # the button that had it is gone
        self._job.start()

    def _end(self, error: Exception | None) -> None:
        self._job = None
        with self._telling():
            if not error:
                self._ask()
                return
            self._asked += 1  # no answer on its way may hide what went wrong
            _take_all(self._answer())
            raise error

    def _stop_job(self) -> None:
        if self._job:
            self._job.cancel()
            self._job = None

    def _cancel(self) -> None:
        self._stop_job()
        self._offer(self.answers)
        self.panels.tell(render_note("Cancelled."))
        self.panels.explain.focus()

    def _edit(self, db: float) -> None:
        self._edits += 1
        number = self._edits
        self._take(self._answer_edit(db), lambda: number == self._edits)

    def _answer_edit(self, db: float) -> Iterator[None]:
        """Edit and hear again; 0 dB are the original."""
        yield
        answer = next(iter(self.answers), None)
        if not db or not answer or not answer.passage:
            self.panels.show_edited("")
            return
        try:
            self.panels.show_edit(answer, *build_edit(self._exploration, answer, db), db=db)
        except ExplainError as error:
            self.panels.show_edited(render_alert(str(error)))
        except Exception:
            self.panels.show_edited("")
            raise

    def _add(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Take over files that somebody added, and ask about the last that is music."""
        titles, complaints = [], []
        for name, content in files:
            try:
                titles.append(self._exploration.library.add_upload(name, content))
            except _MENDABLE as error:
                complaints.append(str(error))
        if titles:
            self.controls.show_choices(titles[-1])
        added = f"{len(titles)} files were added." if len(titles) > 1 else ""
        self.controls.tell(render_alert(*complaints) + render_sentences(added))


def _find_loop() -> asyncio.AbstractEventLoop | None:
    """Find the loop that runs, as in a kernel; None in a plain script."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _take_all(steps: Iterator[None]) -> None:
    for _ in steps:
        pass
