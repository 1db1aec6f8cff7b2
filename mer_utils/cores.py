"""Keeping numpy's threads out of the way of matrices that are too small for them.

On matrices of some hundred rows, threads that wait for each other cost more than they save: many times more where
something else computes beside them.

Public names: ``on_one_core``.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def on_one_core(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Decorate a function so that numpy's linear algebra uses one core while it runs."""

    @wraps(function)
    def call(*args: _Given.args, **options: _Given.kwargs) -> _Result:
        with _find_libraries().limit(limits=1, user_api="blas"):
            return function(*args, **options)

    return call


@cache
def _find_libraries() -> "ThreadpoolController":
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
