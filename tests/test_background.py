"""Jobs: what is told arrives where widgets may be touched, and a job that was cancelled tells nothing more."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from mer_utils.background import Job

HERE = threading.get_ident


def work_until(stop, n=10_000):
    """Report until somebody stops it; ``ended`` is set however the work ended."""

    def work(report):
        try:
            for k in range(n):
                report(k, n)
                if stop.wait(0.001):
                    return
        finally:
            work.ended.set()

    work.ended = threading.Event()
    return work


def follow(work, *, on_progress=None):
    """Make a job of which everything told is written down, with the thread it was told in."""
    told = SimpleNamespace(progress=[], ends=[], threads=set())

    def progress(*counts):
        told.threads.add(HERE())
        told.progress.append(counts)
        if on_progress:
            on_progress()

    def end(error):
        told.threads.add(HERE())
        told.ends.append(error)

    return Job(work, on_progress=progress, on_end=end), told


async def wait_for(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def run_in_loop(work):
    """Start a job in an event loop and wait for its end."""
    job, told = follow(work)

    async def main():
        job.start()
        await wait_for(lambda: told.ends)

    asyncio.run(main())
    return told


def report_thrice(report):
    for k in range(3):
        report(k + 1, 3)


def fail(report):
    report(1, 2)
    raise KeyError("lost")


def run_at_once(work):
    job, told = follow(work)
    job.start()
    return told


@pytest.mark.parametrize("run", [run_at_once, run_in_loop])
def test_everything_is_told_in_order_and_in_the_starting_thread(run):
    told = run(report_thrice)
    assert told.progress == [(1, 3), (2, 3), (3, 3)]
    assert told.ends == [None]
    assert told.threads == {HERE()}


@pytest.mark.parametrize("run", [run_at_once, run_in_loop])
def test_errors_arrive_at_the_end_in_the_starting_thread(run):
    told = run(fail)
    assert told.progress == [(1, 2)]
    assert [repr(error) for error in told.ends] == ["KeyError('lost')"]
    assert told.threads == {HERE()}


def test_with_a_loop_the_work_is_done_elsewhere_and_the_loop_goes_on():
    threads, stop = [], threading.Event()
    job, told = follow(lambda report: (threads.append(HERE()), stop.wait(10)))

    async def main():
        job.start()
        assert not told.ends
        stop.set()
        await wait_for(lambda: told.ends)

    asyncio.run(main())
    assert threads != [HERE()]


def test_without_a_loop_the_work_is_done_at_once_and_here():
    threads = []
    job, told = follow(lambda report: threads.append(HERE()))
    job.start()
    assert (threads, told.ends) == ([HERE()], [None])


def cancel_in_loop(work, after, *, wait=True):
    """Start, cancel after so many reports, wait until the work ended, and let all that was told arrive."""
    job, told = follow(work)

    async def main():
        job.start()
        await wait_for(lambda: len(told.progress) >= after)
        if wait:
            job.cancel()
            told.counted = len(told.progress)
        await wait_for(work.ended.is_set)
        await asyncio.sleep(0.02)

    asyncio.run(main())
    return told


@pytest.mark.parametrize("after", [0, 3])
def test_a_cancelled_job_ends_and_tells_nothing_more(after):
    told = cancel_in_loop(work_until(threading.Event()), after)
    assert len(told.progress) == told.counted < 10_000
    assert told.ends == []


def test_a_job_that_is_not_cancelled_tells_more():
    told = cancel_in_loop(work_until(threading.Event(), n=20), 3, wait=False)
    assert (len(told.progress), told.ends) == (20, [None])


def join_threads(before):
    for thread in set(threading.enumerate()) - before:
        thread.join(10)


@pytest.mark.parametrize("work", [fail, lambda report: None])
@pytest.mark.parametrize("cancelled", [True, False])
def test_an_end_on_its_way_is_not_told_after_a_cancel(work, cancelled):
    job, told = follow(lambda report: work(lambda *_: None))

    async def main():
        before = set(threading.enumerate())
        job.start()
        join_threads(before)  # all is done before the loop has a chance to tell of it
        if cancelled:
            job.cancel()
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert len(told.ends) == (not cancelled)


def test_a_job_can_be_cancelled_by_what_it_tells_without_a_loop():
    job, told = follow(report_thrice, on_progress=lambda: job.cancel())
    job.start()
    assert (told.progress, told.ends) == ([(1, 3)], [])


def test_a_job_cancelled_before_its_start_does_not_get_beyond_its_first_report():
    done = []
    job, told = follow(lambda report: (report(0, 1), done.append(1)))
    job.cancel()
    job.start()
    assert (done, told.progress, told.ends) == ([], [], [])


def test_other_jobs_are_not_cancelled():
    first, second = follow(report_thrice), follow(report_thrice)
    first[0].cancel()
    for job, _ in (first, second):
        job.start()
    assert [len(told.progress) for _, told in (first, second)] == [0, 3]


def test_work_that_outlives_its_loop_ends_quietly(monkeypatch):
    spilt, before = [], set(threading.enumerate())
    monkeypatch.setattr(threading, "excepthook", spilt.append)
    job, _ = follow(work_until(threading.Event()))

    async def main():
        job.start()

    asyncio.run(main())
    join_threads(before)
    assert spilt == []
