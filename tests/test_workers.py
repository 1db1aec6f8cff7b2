"""Workers: every job is done once, whoever dies; faults of a job and of its surroundings are told apart."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from mer_utils import workers
from mer_utils.workers import WorkerError, run_tasks


def square(number):
    return number**2


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(folder, number):
    """Leave a mark, then die; with the mark there, live."""
    mark = Path(folder) / str(number)
    if not mark.exists():
        mark.touch()
        die(number)
    return number


def test_every_task_is_done_once():
    tasks = [(number,) for number in range(5)]
    assert sorted(run_tasks(square, tasks, workers=2)) == [(task, task[0] ** 2) for task in tasks]


def test_nothing_to_do_needs_no_worker():
    assert list(run_tasks(square, [], workers="tcp://127.0.0.1:1")) == []


def test_what_a_dead_worker_was_at_is_done_by_another(tmp_path):
    tasks = [(str(tmp_path), number) for number in range(3)]
    assert sorted(result for _, result in run_tasks(die_once, tasks, workers=1)) == [0, 1, 2]


def test_a_job_that_kills_every_worker_is_given_up(monkeypatch):
    monkeypatch.setattr(workers, "_MOST_DEATHS", 2)
    with pytest.raises(WorkerError, match="2 workers died in a row"):
        list(run_tasks(die, [(0,)], workers=1))


def find_workers():
    """Find our processes; those in which other tests have rendered clips wait for more of them."""
    return [child for child in multiprocessing.active_children() if type(child).__name__ == "SpawnProcess"]


def test_a_fault_of_the_job_is_passed_on_and_leaves_no_process():
    with pytest.raises(TypeError):
        list(run_tasks(square, [("no number",), (2,)], workers=2))
    assert not find_workers()


def test_closing_the_results_ends_the_workers():
    results = run_tasks(time.sleep, [(0,), (600,)], workers=2)
    next(results)
    assert find_workers()
    results.close()
    assert not find_workers()


def test_workers_end_with_a_parent_that_was_killed(tmp_path):
    parent = multiprocessing.get_context("spawn").Process(target=start_and_tell, args=(str(tmp_path / "pid"),))
    parent.start()
    while not (told := tmp_path / "pid").exists() or not told.read_text():
        time.sleep(0.05)
    parent.kill()
    parent.join()
    for _ in range(200):  # 10 s, while the worker's job would take 600
        if not is_alive(int(told.read_text())):
            return
        time.sleep(0.05)
    pytest.fail("a worker outlived its parent")


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def start_and_tell(path):
    list(run_tasks(tell_and_wait, [(path,)], workers=1))


def tell_and_wait(path):
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(workers, "_TIMEOUT", "1s")
    with pytest.raises(WorkerError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        list(run_tasks(square, [(1,)], workers="tcp://127.0.0.1:1"))


def test_an_address_that_is_none_is_refused():
    with pytest.raises(WorkerError, match="no Dask scheduler answers at ftp://here"):
        list(run_tasks(square, [(1,)], workers="ftp://here"))


def test_without_dask_an_address_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(WorkerError, match=r"mer-utils\[cluster\]"):
        list(run_tasks(square, [(1,)], workers="tcp://127.0.0.1:8786"))
