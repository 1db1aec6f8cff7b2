"""On one core: numpy's threads are held while a function runs, and let go after it."""

import pytest
from threadpoolctl import threadpool_info

from mer_utils.cores import on_one_core


def count_threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@on_one_core
def look(*, fail=False):
    """Count threads."""
    if fail:
        raise ValueError("no")
    return count_threads()


def test_threads_come_back():
    before = count_threads()
    assert set(look()) == {1}
    with pytest.raises(ValueError, match="no"):
        look(fail=True)
    assert count_threads() == before


def test_the_function_keeps_its_name():
    assert (look.__name__, look.__doc__) == ("look", "Count threads.")
