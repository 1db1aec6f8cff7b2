"""Work that goes on while a widget stays alive: in a thread, telling how far it is, and ending when it is cancelled.

What is told arrives in the thread that has the event loop, where alone widgets may be touched. Without a loop, as in a
plain script, the work is done at once.

Public names: ``Job``.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial


class _Cancelled(Exception):
    """Ends the work of a job from inside."""


class Job:
    """One piece of work.

    Parameters
    ----------
    work
        Is given a function (n_done, n_total) to call now and then; when the job was cancelled, the call does not
        return.
    on_progress
        Told n_done and n_total; not any more once the job was cancelled.
    on_end
        Told what went wrong, None if nothing did; not told of a job that was cancelled.
    """

    def __init__(
        self,
        work: Callable[[Callable[[int, int], None]], object],
        *,
        on_progress: Callable[[int, int], object],
        on_end: Callable[[Exception | None], object],
    ) -> None:
        self._work, self._on_progress, self._on_end = work, on_progress, on_end
        self._cancelled = threading.Event()
        self._deliver: Callable = lambda act, *values: act(*values)

    def start(self) -> None:
        """Begin; returns at once where there is an event loop."""
        try:
            self._deliver = partial(self._deliver_in, asyncio.get_running_loop())
        except RuntimeError:
            self._run()
        else:
            threading.Thread(target=self._run, name="explain", daemon=True).start()

    def cancel(self) -> None:
        """Let the work end at its next report, and nothing more be told of it."""
        self._cancelled.set()

    def _run(self) -> None:
        failed = None
        try:
            self._work(self._report)
        except _Cancelled:
            return
        except Exception as error:  # the thread has nobody else to tell it to
            failed = error
        self._deliver(self._end, failed)

    def _deliver_in(self, loop: asyncio.AbstractEventLoop, act: Callable, *values: object) -> None:
        try:
            loop.call_soon_threadsafe(act, *values)
        except RuntimeError:  # the loop is closed: nobody is there any more
            self.cancel()

    def _report(self, n_done: int, n_total: int) -> None:
        if self._cancelled.is_set():
            raise _Cancelled
        self._deliver(self._progress, n_done, n_total)

    def _progress(self, n_done: int, n_total: int) -> None:
        if not self._cancelled.is_set():
            self._on_progress(n_done, n_total)

    def _end(self, error: Exception | None) -> None:
        if not self._cancelled.is_set():
            self._on_end(error)
