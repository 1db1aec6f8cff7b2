"""Run the notebooks, in order, each in a kernel of its own, and judge what came out.

Notebooks find everything that a run needs here, so that they import one name:
`figures_folder`, `save_results` and `check_headline` come from `mer_utils.results`.

Public names: ``run_notebooks``, ``NotebookRun``, ``NotebookError``, ``select_notebooks``, ``find_errors``,
``kernel_environment``, ``figures_folder``, ``save_results``, ``check_headline``.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import save_text
from .outputs import find_failures
from .pages import PageError, save_page
from .paths import BUILD, CACHE, FIGURES, NOTEBOOKS, OWN, ROOT
from .profiles import COMPLETE, get_profile
from .results import check_headline, figures_folder, save_results
from .site import save_index

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = [
    "NotebookError",
    "NotebookRun",
    "check_headline",
    "figures_folder",
    "find_errors",
    "run_notebooks",
    "save_results",
    "select_notebooks",
]

#: Kernel of every notebook: the one of the environment that runs this code.
KERNEL = "python3"
_BAR = "{desc} |{bar:24}| {n_fmt}/{total_fmt} cells, {elapsed}"


class NotebookError(ValueError):
    """A notebook that does not exist, cannot be read or does not take a parameter, or a folder it must not go to."""


@dataclass(frozen=True)
class NotebookRun:
    """What became of one notebook.

    Attributes
    ----------
    name
        The notebook's name without its suffix.
    path
        The executed notebook; there also after a failure, with the outputs up to it.
    seconds
        Wall time, s.
    errors
        One sentence each; empty if all is well.
    """

    name: str
    path: Path
    seconds: float
    errors: tuple[str, ...]

    @property
    def status(self) -> str:
        """Say "ok" or "failed"."""
        return "failed" if self.errors else "ok"


def select_notebooks(only: str | Sequence[str] | None = None) -> list[Path]:
    """List the notebooks of the story in reading order.

    Parameters
    ----------
    only
        Numbers (``"02"``, ``"2"``) or names (``"02_training"``) of those wanted; all by default.

    Returns
    -------
    list of pathlib.Path
        ``notebooks/NN_*.ipynb``, sorted.

    Raises
    ------
    NotebookError
        If there is no such notebook; the message lists those there are.
    """
    found = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise NotebookError(f"no notebook named NN_*.ipynb in {NOTEBOOKS}")
    if not only:
        return found
    wanted = [only] if isinstance(only, str) else list(only)
    for word in wanted:
        if not any(_is_named(path, word) for path in found):
            raise NotebookError(f"no notebook {word!r}; there are: {', '.join(path.stem for path in found)}")
    return [path for path in found if any(_is_named(path, word) for word in wanted)]


def _list_story() -> list[str]:
    return [path.stem for path in select_notebooks()]


def _is_named(path: Path, word: str) -> bool:
    return word.removesuffix(".ipynb") == path.stem or word.zfill(2) == path.stem[:2]


def run_notebooks(
    profile: str,
    *,
    only: str | Sequence[str] | None = None,
    out: Path | str | None = None,
    corpus: str = "auto",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> list[NotebookRun]:
    """Execute the notebooks from top to bottom into ``build/<profile>/notebooks``, and write a page of each.

    The pages, in ``build/<profile>/site``, show and play all without a kernel (`pages.render_page`); ``index.html``
    there leads to all that lie beside it. A notebook that fails leaves a page of what there is and does not stop those
    after it. A bar per notebook is drawn on stderr. What a notebook left in the build folder on an earlier run is
    removed before it starts.

    Parameters
    ----------
    profile
        One of `profiles.PROFILES`; the notebooks' ``PROFILE``.
    only
        Numbers or names of the notebooks to run, as `select_notebooks` takes them; all by default.
    out
        Build folder instead of ``build/<profile>``.
    corpus
        ``"auto"`` or one of `profiles.COMPLETE`; the notebooks' ``CORPUS``.
    seed
        The notebooks' ``SEED``.
    parameters
        Further parameters, by name; every selected notebook must have them.

    Returns
    -------
    list of NotebookRun
        One per notebook, in order.

    Raises
    ------
    ProfileError, NotebookError
        Before anything runs or goes: unknown profile, corpus, notebook or parameter, or ``out`` is where the sources
        lie.
    """
    timeout = get_profile(profile).cell_timeout
    if corpus not in ("auto", *COMPLETE):
        raise NotebookError(f"the notebooks run on auto, {', '.join(COMPLETE)}, not on {corpus!r}")
    paths = select_notebooks(only)
    values = {**(parameters or {}), "PROFILE": profile, "CORPUS": corpus, "SEED": seed}
    for path in paths:
        _check_parameters(path, values)
    build = Path(out or BUILD / profile).resolve()
    _check_build(build)
    try:
        with kernel_environment(build):
            return [_run_notebook(path, values, build=build, timeout=timeout) for path in paths]
    finally:  # also after somebody stopped it
        save_index(build / "site", _list_story())


def _check_build(build: Path) -> None:
    """Refuse a build folder whose old content, which a run removes, is what the repository keeps."""
    for kept in (NOTEBOOKS, FIGURES):
        if (build / kept.name).resolve() == kept.resolve():
            raise NotebookError(f"a run into {build} would replace {kept}: choose another folder, such as {BUILD}")


def _check_parameters(path: Path, values: Mapping[str, Any]) -> None:
    """Refuse what papermill would only warn of: parameters that the notebook does not have."""
    from papermill import inspect_notebook

    try:
        known = inspect_notebook(path)
    # Damage surfaces as whatever the first function trips over that takes the file for a notebook.
    except Exception as error:
        raise NotebookError(f"{path} cannot be read as a notebook: {' '.join(str(error).split())[:200]}") from error
    unknown = [name for name in values if name not in known]
    if unknown:
        has = ", ".join(known) or "none, for no cell is tagged 'parameters'"
        raise NotebookError(f"{path.name} has no parameter {', '.join(unknown)}; it has: {has}")


@contextmanager
def kernel_environment(build: Path) -> Iterator[None]:
    """Tell kernels where to write; take the kernel of this environment, and in it this very package."""
    python_path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # Kernels work in a folder of their own, from which a relative path would lead elsewhere.
    folders = {"MER_CACHE": CACHE, "MER_DATA": OWN}
    wanted = {name: str(Path(os.environ.get(name) or folder).resolve()) for name, folder in folders.items()}
    wanted |= {"MER_BUILD": str(build), "PYTHONPATH": python_path, "JUPYTER_PREFER_ENV_PATH": "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _run_notebook(path: Path, values: Mapping[str, Any], *, build: Path, timeout: int) -> NotebookRun:
    import nbformat
    from papermill import execute_notebook

    target = build / "notebooks" / path.name
    _remove_old(path, build)
    target.parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    notebook = execute_notebook(path, None, dict(values), prepare_only=True, kernel_name=KERNEL, progress_bar=False)
    trouble = _execute(notebook, name=path.stem, folder=target.parent, timeout=timeout)
    seconds = time.perf_counter() - start
    errors = find_errors(notebook, timeout=timeout)
    if trouble and not any(trouble in error for error in errors):
        errors.append(trouble)
    save_text(target, nbformat.writes(notebook))
    errors += _save_page(target, build, failed=bool(errors))
    return NotebookRun(path.stem, target, seconds, tuple(errors))


def _save_page(notebook: Path, build: Path, *, failed: bool) -> list[str]:
    """Write a notebook's page in any case; say what a notebook that did not fail shows without having written it."""
    places = {"figures": build / "figures", "folder": build / "site", "story": _list_story()}
    try:
        save_page(notebook, **places, partial=failed)
    except PageError as error:
        save_page(notebook, **places, partial=True)
        return [str(error)]
    return []


def _remove_old(path: Path, build: Path) -> None:
    for old in (build / "notebooks" / path.name, build / "site" / f"{path.stem}.html"):
        old.unlink(missing_ok=True)
    for old in (build / "figures").glob(f"{path.stem[:2]}_*"):
        old.unlink()


def _execute(notebook: "NotebookNode", *, name: str, folder: Path, timeout: int) -> str:
    """Run all cells in place, in a kernel that works in ``folder``; say what stopped it, "" if nothing did."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.engines import papermill_engines

    bar = {"desc": f"{name:24}", "bar_format": _BAR, "file": sys.stderr}
    # The kernel's own log would break into the bar, at every start with a warning about its transport.
    options = {"execution_timeout": timeout, "extra_arguments": ["--log-level=CRITICAL"]}
    options["resources"] = {"metadata": {"path": str(folder)}}
    try:
        papermill_engines.execute_notebook_with_engine(None, notebook, KERNEL, progress_bar=bar, **options)
    except CellTimeoutError:
        return f"a cell took longer than {timeout} s"
    except DeadKernelError:
        return "the kernel died, perhaps for want of memory"
    return ""


def find_errors(notebook: "NotebookNode", *, timeout: float | None = None) -> list[str]:
    """Find everything in an executed notebook that means it did not work.

    Errors in the outputs (but for cells tagged ``raises-exception``), tracebacks printed as text, errors that a widget
    caught and keeps in its state, cells that ran into the timeout though the client called them fine.

    Parameters
    ----------
    notebook
        An executed notebook.
    timeout
        Longest time a cell may take, s; needs papermill's record of durations. None for no limit.

    Returns
    -------
    list of str
        One line each, with the cell's number where there is one.
    """
    errors = [error for cell in notebook.cells if cell.cell_type == "code" for error in _cell_errors(cell, timeout)]
    return errors + [f"a widget caught {error}" for error in _widget_errors(notebook.metadata.get("widgets", {}))]


def _cell_errors(cell: "NotebookNode", timeout: float | None) -> Iterator[str]:
    where = f"cell [{cell.execution_count or '?'}]"
    record = cell.metadata.get("papermill", {})
    if timeout is not None and (record.get("duration") or 0) >= timeout:
        yield f"{where} took longer than {timeout:g} s"
    if "raises-exception" in cell.metadata.get("tags", []):
        return
    said = [f"{where}: {_one_line(output)}" for output in cell.outputs if _is_error(output)]
    yield from said
    if record.get("exception") and not said:
        yield f"{where} raised an error"


def _is_error(output: Mapping[str, Any]) -> bool:
    if output.get("output_type") == "stream":
        return "Traceback (most recent call last)" in output.get("text", "")
    return output.get("output_type") == "error"


def _one_line(output: Mapping[str, Any]) -> str:
    if output.get("output_type") == "stream":
        return output["text"].strip().splitlines()[-1]
    return " ".join(f"{output.get('ename', 'error')}: {output.get('evalue', '')}".split())


def _widget_errors(state: Any) -> Iterator[str]:
    """Walk through all of the widget state: callbacks' errors lie deep in it, caught or shown, and nowhere else."""
    if isinstance(state, str):
        yield from find_failures(state)
    if isinstance(state, Mapping):
        if "output_type" in state and _is_error(state):
            yield _one_line(state)
        state = list(state.values())
    if isinstance(state, list):
        for item in state:
            yield from _widget_errors(item)
