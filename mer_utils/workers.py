"""Doing many independent jobs at once, on the cores of this machine or on a Dask cluster; workers may die.

Public names: ``WorkerError``, ``count_cores``, ``run_tasks``.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any

#: Deaths in a row, without a finished job in between, after which the fault is taken to be in the job.
_MOST_DEATHS = 20
_TIMEOUT = "20s"


class WorkerError(OSError):
    """No worker can be had, or they keep dying."""


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_tasks(
    function: Callable[..., Any],
    tasks: Sequence[tuple],
    *,
    workers: int | str | None = None,
) -> Iterator[tuple[tuple, Any]]:
    """Call a function once for each task, in other processes, and give the results as they come.

    What a worker was at when it died is begun again by another; so a job should keep what it has done. Closing the
    iterator, or an exception out of it, ends the processes of this machine at once; a cluster finishes what it has
    begun and drops the rest.

    Parameters
    ----------
    function
        Importable by name.
    tasks
        The arguments of each call; they and the results travel between processes.
    workers
        How many processes on this machine; by default as many as there are cores. Or the address of a running Dask
        scheduler, such as ``"tcp://10.0.0.1:8786"``, whose workers have this package.

    Yields
    ------
    task, result
        In no fixed order.

    Raises
    ------
    WorkerError
        If no scheduler answers, Dask is not installed, or workers die again and again.
    """
    left, deaths = set(range(len(tasks))), 0
    while left:
        with _open_pool(workers, len(left)) as (pool, death):
            futures = {pool.submit(function, *tasks[number]): number for number in sorted(left)}
            try:
                for future in as_completed(futures):
                    result = future.result()
                    left.remove(futures[future])
                    deaths = 0
                    yield tasks[futures[future]], result
            except death as error:
                deaths += 1
                if deaths == _MOST_DEATHS:
                    raise WorkerError(
                        f"{deaths} workers died in a row before any finished its job: is there memory for so many, "
                        'and is a script that calls this guarded by if __name__ == "__main__"?'
                    ) from error


@contextmanager
def _open_pool(workers: int | str | None, n_tasks: int) -> Iterator[tuple[Executor, tuple[type[BaseException], ...]]]:
    """Give an executor and the exceptions by which it tells that a worker died."""
    if not isinstance(workers, str):
        with _open_processes(min(workers or count_cores(), n_tasks)) as pool:
            yield pool, (BrokenExecutor,)
        return
    with _connect(workers) as client:
        from distributed import KilledWorker

        pool = client.get_executor(pure=False)
        try:
            yield pool, (KilledWorker, CancelledError)
        finally:
            pool.shutdown(wait=False)


@contextmanager
def _open_processes(n_workers: int) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    pool = ProcessPoolExecutor(n_workers, mp_context=context, initializer=_settle)
    try:
        yield pool
    finally:
        # Nobody waits for a job half done: where all went well, there is none.
        processes, manager = list((pool._processes or {}).values()), pool._executor_manager_thread
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
            process.join()
        if manager:  # it waits for the same processes: what it has reaped, only it can tell to be gone
            manager.join(timeout=10)


def _settle() -> None:
    """Leave Ctrl-C to the parent, and end when it ends, however it does."""
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own is shared by processes, and would be missed when this one is ended
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise WorkerError(
            f"a Dask scheduler ({address}) needs Dask here too: pip install 'mer-utils[cluster]'"
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it spells its side of what is raised here in pages
    try:
        client = Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkerError(f"no Dask scheduler answers at {address}; what is done is kept ({error})") from error
    try:
        client.wait_for_workers(1, timeout=_TIMEOUT)
    except OSError as error:  # that is what its TimeoutError is
        client.close()
        raise WorkerError(f"the Dask scheduler at {address} has no worker: start some first") from error
    return client
