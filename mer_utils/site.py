"""The first page of a run's site: an example to hear, and what each notebook asks, a figure of it, and what it found.

All of it is read from the notebooks' pages (`pages.save_page`), so that it shows what lies beside it, whichever run
made that.

Public names: ``render_index``, ``save_index``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import save_text
from .glossary import CHAPTERS
from .pages import INDEX

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

#: The figure of a chapter that says most at a small size; of others, the first one is shown.
_FIGURES = frozenset((
    "00_overview", "01_twin", "02_emotions", "03_costs", "04_covers", "05_articulated", "06_articulation", "07_seen",
))  # fmt: skip
#: The figure of an explanation that has players before it and a sentence after it.
_EXAMPLE = "figure 00_chain"


def save_index(folder: Path, story: Sequence[str]) -> Path:
    """Write the first page of a site at one stroke.

    Parameters
    ----------
    folder, story
        As `render_index` takes them; the folder is made.

    Returns
    -------
    pathlib.Path
        The page, ``<folder>/index.html``.
    """
    page = folder / INDEX
    save_text(page, render_index(folder, story))
    return page


def render_index(folder: Path, story: Sequence[str]) -> str:
    """Render the first page of a site, whole in one file as the other pages are.

    Parameters
    ----------
    folder
        Where the pages of a run lie.
    story
        Names of the notebooks in reading order. One without a page is called "not run yet"; chapters of the companion
        that are to come follow.

    Returns
    -------
    str
        A whole HTML document.
    """
    from jinja2 import Environment, FileSystemLoader  # comes with nbconvert

    questions = {name: question for name, question, _ in CHAPTERS}
    chapters = [_describe_chapter(folder / f"{name}.html", questions.get(name, name)) for name in story]
    chapters += [
        {"name": name, "question": question, "state": state}
        for name, question, state in CHAPTERS
        if state == "to come" and name not in story
    ]
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    return environment.get_template("index.html.j2").render(chapters=chapters)


def _describe_chapter(page: Path, question: str) -> dict[str, Any]:
    """Read from a chapter's page what its first view needs; without a page, say so."""
    from bs4 import BeautifulSoup
    from markupsafe import Markup

    chapter = {"name": page.stem, "question": question, "state": "not run yet", "ready": False}
    if not page.is_file():
        return chapter
    content = BeautifulSoup(page.read_text(encoding="utf-8", errors="replace"), "html.parser")
    if content.title:
        chapter["question"] = content.title.get_text()
    chapter |= {"state": "failed" if content.find(class_="failed") else "ready", "ready": True}
    chapter["findings"], chapter["headline"] = (
        Markup(_find_findings(content)),
        Markup(content.select_one(".headline") or ""),
    )
    return chapter | _find_figure(content) | {"example": _find_example(content)}


def _find_figure(content: "BeautifulSoup") -> dict[str, str]:
    images = [image for image in content.find_all("img") if image.get("src", "").startswith("data:image/")]
    chosen = [image for image in images if image.get("alt", "").removeprefix("figure ") in _FIGURES]
    return (
        {"figure": image["src"], "alt": image.get("alt", "")} if (image := next(iter(chosen + images), None)) else {}
    )


def _find_findings(content: "BeautifulSoup") -> str:
    """Take over the list below "What we found"; its cell is the last to make one, "" if it did not come so far."""
    heading = content.find(lambda tag: tag.name == "h2" and tag.get_text().startswith("What we found"))
    return str((heading and heading.find_next("ul")) or "")


def _find_example(content: "BeautifulSoup") -> dict[str, str] | None:
    """Take over an explanation to see, with the players above and the sentence below it; None if one is not there."""
    from markupsafe import Markup

    figure = content.find("img", alt=_EXAMPLE)
    player, sentence = (figure.find_previous("audio"), figure.find_next("p")) if figure else (None, None)
    if not player or not sentence:
        return None
    players = player.find_parent("table") or player
    return {"figure": figure["src"], "alt": _EXAMPLE, "players": Markup(players), "sentence": Markup(sentence)}
