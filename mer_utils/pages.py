"""The page of an executed notebook: one HTML file that holds its pictures and sounds.

It plays from a plain file, without a server, a kernel or a request to another machine: nbconvert's own pages ask for
scripts of widgets and formulas elsewhere, so these are left out, and the template ``page.html.j2`` forbids browsers to
load anything.

Public names: ``render_page``, ``save_page``, ``INDEX``, ``PageError``.
"""

import base64
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .files import save_text
from .glossary import CHAPTERS
from .headlines import load_headline
from .outputs import select_outputs

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from nbformat import NotebookNode

TEMPLATE = Path(__file__).with_name("page.html.j2")
#: The page of a site that leads to all others (`site.save_index`).
INDEX = "index.html"
#: Where notebooks find what they play and show (`results.figures_folder`).
_FIGURES = "../figures"
_NOTEBOOK = re.compile(r"^(?:\./)?(\d\d_\w+)\.ipynb(?:\?[^#]*)?(?=#|$)")
#: Attributes by which an element shows or plays something; a list of sizes (srcset) is no file, and so refused.
_SOURCES = ("src", "srcset", "poster")
_KINDS = {".ogg": "audio/ogg", ".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".csv": "text/csv"}
_KINDS |= {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}


class PageError(ValueError):
    """A notebook of which no page can be made."""


def save_page(
    notebook: Path, *, figures: Path, folder: Path, partial: bool = False, story: Sequence[str] = ()
) -> Path:
    """Write the page of an executed notebook at one stroke.

    Parameters
    ----------
    notebook, figures, partial, story
        As `render_page` takes them.
    folder
        Where the pages of a run lie; it is made.

    Returns
    -------
    pathlib.Path
        The page, ``<folder>/<name of the notebook>.html``.

    Raises
    ------
    PageError
        As `render_page` does; then nothing is written.
    """
    page = folder / f"{notebook.stem}.html"
    save_text(page, render_page(notebook, figures=figures, partial=partial, story=story))
    return page


def render_page(notebook: Path, *, figures: Path, partial: bool = False, story: Sequence[str] = ()) -> str:
    """Render an executed notebook as HTML that holds its pictures and sounds.

    Code is folded away, progress bars and widgets are left out, headline numbers stand at the end, and a link to
    another notebook of the story leads to its page, whether that one is there yet or not.

    Parameters
    ----------
    notebook
        The executed notebook, a file.
    figures
        Folder of what it plays and shows by ``../figures/NN_name.ogg``, and of ``results.json``.
    partial
        Whether the notebook failed: a file that is not there then leaves a sentence in its place.
    story
        Names of all notebooks in reading order: links at top and bottom lead to the contents and to the neighbours in
        the story. None by default, and for a notebook that is not among them.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    PageError
        If the file is no notebook, or one that it plays or shows is missing or not in ``figures``, and ``partial`` is
        not set.
    """
    from bs4 import BeautifulSoup  # comes with nbconvert, which needs it for the same purpose

    content = _load_notebook(notebook)
    resources = {"partial": partial, "ways": _find_ways(notebook.stem, story)}
    resources["headline"] = load_headline(content, notebook.stem, figures)
    page = BeautifulSoup(_convert(content, notebook.stem, **resources), "html.parser")
    for element in page.select(", ".join(f"[{name}]" for name in _SOURCES)):
        missing = _embed_files(element, figures)
        if missing and not partial:
            raise PageError(
                f"{notebook} shows {missing}, which is not there: a cell has to write it into {figures} first"
            )
        if missing:
            element.replace_with(f"({PurePosixPath(missing).name} is missing: the notebook failed)")
    _mend_links(page, figures)
    return str(page)


def _load_notebook(path: Path) -> "NotebookNode":
    """Read a notebook and leave out what served its run alone."""
    import nbformat

    try:
        notebook = nbformat.reads(path.read_bytes().decode(), as_version=4)
        nbformat.validate(notebook)
    # Damage surfaces as whatever the first function trips over that takes the file for a notebook.
    except Exception as error:
        raise PageError(f"{path} cannot be read as a notebook: {' '.join(str(error).split())[:200]}") from error
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = select_outputs(cell.outputs)
    return notebook


def _find_ways(name: str, story: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Give address and title of the pages before and after one in a story, and of the contents."""
    if name not in story:
        return {}
    questions = {chapter: question for chapter, question, _ in CHAPTERS}
    place = story.index(name)
    near = {"prev": story[max(place - 1, 0) : place], "next": story[place + 1 : place + 2]}
    ways = {side: (f"{other}.html", questions.get(other, other)) for side, others in near.items() for other in others}
    return ways | {"contents": (INDEX, "contents")}


def _convert(notebook: "NotebookNode", name: str, **resources: Any) -> str:
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    titles = [re.match(r"# (.+)", cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]
    title = next((found[1] for found in titles if found), name)
    left_out = {"exclude_input_prompt": True, "exclude_output_prompt": True}
    # colours of its own; the usual ones are variables of a style sheet that is left out
    config = Config({"CSSHTMLHeaderPreprocessor": {"style": "default"}})
    exporter = HTMLExporter(config=config, template_file=str(TEMPLATE), **left_out)
    return exporter.from_notebook_node(notebook, resources={"title": title, **resources})[0]


def _embed_files(element: "Tag", figures: Path) -> str:
    """Put what an element shows into it; name what cannot be, "" if there is nothing of the kind."""
    for name in _SOURCES:
        source = element.get(name, "")
        file = _locate(source, figures)
        if file and file.is_file():
            element[name] = _encode(file)
            _name_sound(element, file)
        elif source and not source.startswith("data:"):
            return source
    return ""


def _name_sound(element: "Tag", file: Path) -> None:
    """Put a sound's name beside its player, to stand there in print."""
    from bs4 import Tag

    player = element if element.name == "audio" else element.find_parent("audio")
    if player:
        name = Tag(name="span", attrs={"class": "file"})
        name.string = file.name
        player.insert_after(name)


def _locate(source: str, figures: Path) -> Path | None:
    """Find the file in the folder of figures that a notebook means; None if it means another place."""
    place = PurePosixPath(posixpath.normpath(unquote(source.partition("?")[0])))
    return figures / place.name if str(place.parent) == _FIGURES else None


def _encode(file: Path) -> str:
    kind = _KINDS.get(file.suffix.lower(), "application/octet-stream")
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"


def _mend_links(page: "BeautifulSoup", figures: Path) -> None:
    """Lead to pages instead of notebooks, and to files in the page; headings keep their names, not the mark beside."""
    for mark in page.select("a.anchor-link"):
        mark.decompose()
    for link in page.select("a[href]"):
        link["href"] = _NOTEBOOK.sub(r"\1.html", link["href"])
        if file := _locate(link["href"], figures):
            _mend_file_link(link, file)


def _mend_file_link(link: "Tag", file: Path) -> None:
    """Put a file into its link; the one inside a player, for browsers that play nothing, would hold it once more."""
    if link.find_parent("audio") or not file.is_file():
        link.unwrap()
    else:
        link["href"], link["download"] = _encode(file), file.name
