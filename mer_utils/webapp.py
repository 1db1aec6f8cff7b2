"""The explorer as a web page: notebook 07 with the reader's music, without code, served until Ctrl-C.

Public names: ``run_explorer``, ``build_page_notebook``, ``ExploreError``.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .companion import KERNEL, NotebookError, kernel_environment
from .files import TargetError
from .ownmusic import build_music_folder, select_songs
from .paths import CHECKPOINTS, NOTEBOOKS
from .results import build_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOK = NOTEBOOKS / "07_explorer.ipynb"
TITLE = "Why does it sound like that?"


class ExploreError(ValueError):
    """A net that the explorer cannot be started with."""


def run_explorer(
    songs: Sequence[Path],
    parameters: Mapping[str, Any],
    *,
    port: int | None = None,
    browser: bool = True,
    tell: Callable[[str], None],
) -> None:
    """Serve the explorer until somebody presses Ctrl-C.

    It lies, and its kernels work, in a folder of its own below ``build/<profile>``, which goes when it ends.

    Parameters
    ----------
    songs
        Nothing, one folder, or sound files.
    parameters
        ``PROFILE``, ``CORPUS``, ``SEED`` and ``NET`` of the notebook. ``SONGS`` is added: ``songs`` as one folder.
    port, browser, tell
        As in `webserver.run_server`.

    Raises
    ------
    ExploreError, MusicError, LibraryError, NotebookError, TargetError
        Before anything starts: no such music, or too much, no such net or notebook, or the folder cannot be made.
    ServerError
        If the port is taken.
    """
    parameters = {**parameters, "NET": _locate_net(parameters["NET"])}
    given = select_songs(songs)
    build = build_folder(parameters["PROFILE"]).resolve()
    _skip_grammar()
    with _make_folder(build) as name, kernel_environment(build):
        folder = Path(name)
        page = build_page_notebook(NOTEBOOK, {**parameters, "SONGS": build_music_folder(given, folder / "songs")})
        (folder / "explorer.ipynb").write_text(page, encoding="utf-8")
        from .webserver import run_server  # costs seconds: after all that can be wrong

        run_server(folder / "explorer.ipynb", port=port, browser=browser, tell=tell)


def build_page_notebook(path: Path, parameters: Mapping[str, Any]) -> str:
    """Make a notebook a page: with other parameters, without outputs and without cells tagged ``static``.

    Parameters
    ----------
    path
        A notebook with a cell tagged ``parameters``.
    parameters
        Values by name, set in a cell after that one; texts, numbers and None.

    Returns
    -------
    str
        The notebook as JSON. Its title is `TITLE`, its kernel that of this environment.

    Raises
    ------
    NotebookError
        If there is no such notebook, it is damaged, or no cell is tagged ``parameters``.
    """
    notebook = _read(path)
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    where = next((i for i, tagged in enumerate(tags) if "parameters" in tagged), None)
    if where is None:
        raise NotebookError(f"{path} has no cell tagged 'parameters': restore it, such as with git restore {path}")
    values = deepcopy(notebook.cells[where])
    values.update(
        id="injected-parameters", source="\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    )
    values.metadata.tags = ["injected-parameters"]
    kept = [cell for cell, tagged in zip(notebook.cells, tags, strict=True) if "static" not in tagged]
    kept.insert(kept.index(notebook.cells[where]) + 1, values)
    for cell in kept:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.cells = kept
    notebook.metadata = {"title": TITLE, "kernelspec": {"name": KERNEL, "display_name": KERNEL, "language": "python"}}
    import nbformat

    return nbformat.writes(notebook)


def _read(path: Path) -> "NotebookNode":
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise NotebookError(f"there is no {path}: the explorer is that notebook") from None
    # Damage surfaces as whatever the first function trips over that takes the file for a notebook.
    except Exception as error:
        raise NotebookError(f"{path} cannot be read as a notebook: {' '.join(str(error).split())[:200]}") from error


def _skip_grammar() -> None:
    """Spare the second or two in which jsonschema builds a grammar of international addresses, which none here is."""
    sys.modules.setdefault("rfc3987_syntax", None)  # jsonschema does without what cannot be imported


def _make_folder(build: Path) -> tempfile.TemporaryDirectory:
    try:
        build.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix="explorer-", dir=build)
    except OSError as error:
        raise TargetError(f"cannot write to {build}: {error.strerror or error}") from error


def _locate_net(name: str) -> str:
    """Say which net is meant, from wherever it is loaded, without the library that loads it."""
    bare = Path(name).name == name and not Path(name).suffix
    path = (CHECKPOINTS / name if bare else Path(name)).absolute()
    path = path if path.suffix else path.with_name(f"{path.name}.safetensors")
    if not path.is_file():
        raise ExploreError(f"there is no net {path}: name a file, or a name in {CHECKPOINTS}")
    return name if bare else str(path)
