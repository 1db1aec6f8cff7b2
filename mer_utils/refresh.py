"""Copy a finished ``quick`` run into ``notebooks/`` and ``figures/``: the only way in which these change.

A committed notebook is its own source with the outputs of the run, cleaned of what differs between two runs or has no
place in a repository. All is checked before the first file is written.

Public names: ``refresh_notebooks``, ``RefreshError``, ``MAX_BYTES``, ``PICTURE``.
"""

import ast
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .companion import find_errors, select_notebooks
from .files import save_bytes
from .outputs import select_outputs
from .paths import BUILD, FIGURES, ROOT
from .results import json_text, load_results

if TYPE_CHECKING:
    from nbformat import NotebookNode

#: The explorer in a browser, as `make picture` takes it: the README shows it.
PICTURE = BUILD / "screenshots" / "readme.png"
#: Largest committed notebook, bytes.
MAX_BYTES = 300_000
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_UNWANTED = {
    "a path of this machine": re.compile(
        re.escape(str(ROOT)) + r"|(?<![\w.~])/(?:home|Users|root|tmp|private|mnt)/\w|\b[A-Z]:\\\w"
    ),
    "a memory address": re.compile(r"\bat 0x[0-9a-fA-F]{6,}"),
    "an embedded sound": re.compile(r"data:audio/|;base64,(?:UklGR|T2dnU|SUQz|ZkxhQ)"),
}


class RefreshError(ValueError):
    """A run that must not become the committed notebooks."""


def refresh_notebooks(only: str | Sequence[str] | None = None) -> list[Path]:
    """Copy a finished quick run over the committed notebooks and what they show.

    Parameters
    ----------
    only
        Numbers or names of notebooks, as `companion.select_notebooks` takes them; all by default.

    Returns
    -------
    list of pathlib.Path
        The files that changed or went, sorted.

    Raises
    ------
    RefreshError
        Before anything is written: no finished run, a run of other sources or other parameters, an error or warning
        in the outputs, a path or memory address in them, a sound inside, a missing player's file, too large.
    """
    paths = select_notebooks(only)
    build = BUILD / "quick"
    made = {target: content for path in paths for target, content in _collect_figures(path, build / "figures")}
    content = {path: _clean_notebook(path, build / "notebooks" / path.name, made) for path in paths}
    content |= made | {FIGURES / "results.json": _merge_results(paths, build / "figures" / "results.json")}
    if PICTURE.is_file() and any(path.stem.startswith("07") for path in paths):
        content[FIGURES / "explorer.png"] = _compress_png(PICTURE.read_bytes())
    stale = [old for path in paths for old in _files_of(path, FIGURES) if old not in content]
    changed = [path for path, new in content.items() if not _is_same(path, new)]
    for path in changed:
        save_bytes(path, content[path])
    for path in stale:
        path.unlink()
    return sorted(changed + stale)


def _files_of(path: Path, folder: Path) -> list[Path]:
    """List the files in ``folder`` that belong to a notebook: those that begin with its number."""
    return sorted(folder.glob(f"{path.stem[:2]}_*"))


def _collect_figures(path: Path, folder: Path) -> Iterator[tuple[Path, bytes]]:
    strays = [file.name for file in folder.glob("*") if not re.match(r"\d\d_|results\.json$|\.", file.name)]
    if strays:
        raise RefreshError(f"{folder / strays[0]} must begin with its notebook's number, as in 01_{strays[0]}")
    for file in _files_of(path, folder):
        yield FIGURES / file.name, _compress_png(file.read_bytes()) if file.suffix == ".png" else file.read_bytes()


def _merge_results(paths: Sequence[Path], file: Path) -> bytes:
    new, target = (load_results(f) if f.exists() else {} for f in (file, FIGURES / "results.json"))
    kept = {name: values for name, values in target.items() if name not in {path.stem for path in paths}}
    return json_text(kept | {path.stem: new[path.stem] for path in paths if path.stem in new}).encode()


def _is_same(path: Path, content: bytes) -> bool:
    """Tell whether a file already says this; sounds are compared by samples, for their bytes differ at every save."""
    if not path.exists():
        return False
    old = path.read_bytes()
    return old == content or (path.suffix == ".ogg" and _samples_equal(old, content))


def _samples_equal(a: bytes, b: bytes) -> bool:
    import numpy as np
    import soundfile

    (y_a, sr_a), (y_b, sr_b) = (soundfile.read(io.BytesIO(sound)) for sound in (a, b))
    return sr_a == sr_b and np.array_equal(y_a, y_b)


def _compress_png(content: bytes) -> bytes:
    """Reduce a picture to 256 colours: a third of the size, errors below what an eye sees."""
    from PIL import Image

    image = Image.open(io.BytesIO(content))
    if image.mode == "P":
        return content
    opaque = Image.new("RGBA", image.size, "white")
    opaque.alpha_composite(image.convert("RGBA"))
    # Maximum coverage keeps the few pixels of a thin coloured line, the k-means step evens out gradients.
    method = Image.Quantize.MAXCOVERAGE
    reduced = opaque.convert("RGB").quantize(256, method=method, kmeans=1, dither=Image.Dither.NONE)
    file = io.BytesIO()
    reduced.save(file, "PNG", optimize=True, **{key: image.info[key] for key in ("dpi",) if key in image.info})
    return file.getvalue()


def _clean_notebook(source: Path, executed: Path, figures: Mapping[Path, bytes]) -> bytes:
    """Put the outputs of a run into its source, cleaned, and check the result."""
    import nbformat

    if not executed.exists():
        raise RefreshError(f'{executed} does not exist: first make run ARGS="--only {source.stem[:2]}"')
    notebook, done = (nbformat.read(path, as_version=4) for path in (source, executed))
    _check_run(notebook, done, name=source.stem)
    outputs = [cell for cell in done.cells if not _is_injected(cell)]
    count = 0
    for cell, ran in zip(notebook.cells, outputs, strict=True):
        for volatile in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(volatile, None)
        if cell.cell_type == "code":
            count += bool(cell.source.strip())
            cell.execution_count = count if cell.source.strip() else None
            cell.outputs = list(_clean_outputs(ran.outputs, count=count, name=source.stem))
    notebook.metadata = nbformat.from_dict(_METADATA)
    _check_players(notebook, figures, name=source.stem)
    content = (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
    if len(content) > MAX_BYTES:
        raise RefreshError(f"{source.stem} is {len(content) // 1000} kB, more than {MAX_BYTES // 1000}: show less")
    return content


def _check_run(notebook: "NotebookNode", done: "NotebookNode", *, name: str) -> None:
    """Refuse a run that failed, stopped early, ran other cells, or ran them with other parameters."""
    if errors := find_errors(done):
        raise RefreshError(f"{name} failed: {errors[0]}")
    ran = [cell for cell in done.cells if not _is_injected(cell)]
    if [(cell.cell_type, cell.source) for cell in notebook.cells] != [(cell.cell_type, cell.source) for cell in ran]:
        raise RefreshError(f"{name} was edited since it ran: run mer run --only {name[:2]} again")
    counts = [cell.execution_count for cell in done.cells if cell.cell_type == "code" and cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        raise RefreshError(f"{name} was not executed once from top to bottom: run mer run --only {name[:2]} again")
    defaults = _default_parameters(notebook)
    for key, value in done.metadata.get("papermill", {}).get("parameters", {}).items():
        if defaults.get(key) != value:
            raise RefreshError(f"{name} ran with {key} = {value!r}, its parameters cell says {defaults.get(key)!r}")


def _is_injected(cell: "NotebookNode") -> bool:
    return "injected-parameters" in cell.metadata.get("tags", [])


def _default_parameters(notebook: "NotebookNode") -> dict[str, Any]:
    cells = [cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assignments = [node for source in cells for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return {node.targets[0].id: ast.literal_eval(node.value) for node in assignments}


def _clean_outputs(outputs: Sequence["NotebookNode"], *, count: int, name: str) -> Iterator["NotebookNode"]:
    for output in select_outputs(outputs):
        where = f"{name}, cell [{count}]"
        if output.get("name") == "stderr":
            raise RefreshError(f"{where} warns: {output.text.strip().splitlines()[0]}")
        if "image/png" in output.get("data", {}):
            output.data["image/png"] = _compress_base64(output.data["image/png"])
        if "execution_count" in output:
            output.execution_count = count
        _check_texts(output, where)
        yield output


def _compress_base64(text: str) -> str:
    import base64

    return base64.b64encode(_compress_png(base64.b64decode(text))).decode()


def _check_texts(output: "NotebookNode", where: str) -> None:
    data = {"text/plain": output.get("text", "")} | output.get("data", {})
    for kind, text in data.items():
        if kind.startswith("audio/"):
            raise RefreshError(f"{where} shows an embedded sound: save it to figures and point a player to it")
        for what, pattern in _UNWANTED.items():
            if not kind.startswith("image/png") and (found := pattern.search(str(text))):
                raise RefreshError(f"{where} shows {what}: {str(text)[found.start() :][:60]!r}")


def _check_players(notebook: "NotebookNode", figures: Mapping[Path, bytes], *, name: str) -> None:
    """Refuse links to figures that will not be there."""
    for file in sorted(set(re.findall(r"\.\./figures/([\w.-]+\.\w+)", str(notebook.cells)))):
        path = FIGURES / file
        if path not in figures and (file[:2] == name[:2] or not path.exists()):
            raise RefreshError(f"{name} points to ../figures/{file}, which the run did not write")
