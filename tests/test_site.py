"""The first page of a site: it shows what the other pages hold, and says which are not there."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_pages import elements, loads

from mer_utils.companion import select_notebooks
from mer_utils.glossary import CHAPTERS
from mer_utils.pages import save_page
from mer_utils.site import render_index, save_index

STORY = ("00_start_here", "01_data", "02_training")
QUESTIONS = {name: question for name, question, _ in CHAPTERS}


@pytest.fixture
def write(tmp_path):
    """Write the page of a notebook that asks, shows figures by their names and states what it found."""

    def write_page(name="00_start_here", *, asked="Is *it*?", figures=("00_a",), found="- one\n- two < three", **how):
        pictures = [
            {"image/png": f"of{figure}".encode().hex(), "text/plain": f"figure {figure}"} for figure in figures
        ]
        said = [{"text/markdown": found}] if found else []
        cells = [
            new_code_cell("show()", outputs=[new_output("display_data", data=data)]) for data in (*pictures, *said)
        ]
        cells.insert(len(pictures), new_markdown_cell("## What we found on *one* clip\n\nIn short."))
        path = tmp_path / f"{name}.ipynb"
        language = {"language_info": {"name": "python"}}
        nbformat.write(new_notebook(cells=[new_markdown_cell(f"# {asked}"), *cells], metadata=language), path)
        return save_page(path, figures=tmp_path, folder=tmp_path / "site", **how)

    return write_page


@pytest.fixture
def index(tmp_path):
    return lambda: render_index(tmp_path / "site", STORY)


def images(page):
    return [(attributes["alt"], attributes["src"]) for tag, attributes in elements(page) if tag == "img"]


def links(page):
    return [attributes["href"] for tag, attributes in elements(page) if tag == "a"]


def state(page, name):
    """What is said of a chapter that is not ready, "" if it is."""
    there = re.search(rf'<section class="chapter" id="{name}">.*?</section>', page, flags=re.S)
    said = (
        re.findall(r'<p class="failed">(.*?)</p>', there[0])
        if there
        else re.findall(r"\(([a-z ]+)\)", entry(page, name))
    )
    return "".join(said)


def entry(page, name):
    """Line of the contents that names a chapter."""
    return next(line for line in re.findall("<li><?.*?</li>", page, flags=re.S) if f"<small>{name[:2]}" in line)


def test_a_chapter_has_its_question_a_figure_and_its_findings(write, index):
    write()
    page = index()
    assert "Is *it*?</a></h2>" in page
    assert "Is *it*?</a></li>" in page
    assert images(page) == [("figure 00_a", f"data:image/png;base64,{b'of00_a'.hex()}")]
    assert re.findall("<li>(?!<)(.*?)</li>", page) == ["one", "two &lt; three"]


@pytest.mark.parametrize(("second", "shown"), [("00_overview", "00_overview"), ("00_other", "00_a")])
def test_the_chosen_figure_is_shown_and_else_the_first(write, index, second, shown):
    write(figures=("00_a", second))
    assert [alt for alt, _ in images(index())] == [f"figure {shown}"]


def test_what_is_not_there_is_named_and_not_linked(write, index, tmp_path):
    write("01_data")
    page = index()
    assert [state(page, name) for name in STORY] == ["not run yet", "", "not run yet"]
    assert QUESTIONS["02_training"] in page
    assert set(links(page)) == {"01_data.html"}


def test_chapters_to_come_are_named_once_and_after_the_story(index, tmp_path):
    numbers = re.findall(r"<li><small>(\d\d)", index())
    assert numbers == [name[:2] for name in STORY] + [name[:2] for name, _, how in CHAPTERS if how == "to come"]
    assert render_index(tmp_path, ("08 to 10",)).count(">08 ") == 1


@pytest.mark.parametrize(
    ("partial", "said"), [(True, "This notebook failed; its page shows how far it came."), (False, "")]
)
def test_a_failed_notebook_is_called_so(write, index, partial, said):
    write(partial=partial)
    assert state(index(), "00_start_here") == said


def test_a_notebook_without_figure_and_findings_is_linked_all_the_same(write, index):
    write(figures=(), found="")
    page = index()
    assert (set(links(page)), images(page), "<ul>" in page) == ({"00_start_here.html"}, [], False)


@pytest.mark.parametrize("content", [b"", b"\xff<h2>What we found", b"<img src=x><title>"])
def test_a_damaged_page_spoils_no_other(write, index, content):
    write("01_data", found="- sound").with_name("00_start_here.html").write_bytes(content)
    page = index()
    assert links(page)[0] == "00_start_here.html"
    assert re.findall("<li>(?!<)(.*?)</li>", page) == ["sound"]


def test_a_question_is_text(write, index):
    write(asked="Is <b> & `c` bold?")
    assert "Is &lt;b&gt; &amp; `c` bold?</a>" in index()


def test_the_index_loads_nothing_and_is_written_beside_the_pages(write, tmp_path):
    page = save_index(write().parent, STORY)
    assert page == tmp_path / "site" / "index.html"
    assert loads(page.read_text()) == []
    assert "default-src 'none'" in page.read_text()


PLAYER = '<table><tr><td><audio src="data:audio/ogg;base64,AAAA"></audio></td></tr></table>'
FIGURE = '<img src="data:image/png;base64,AAAA" alt="figure 00_chain">'


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (f"<p>before</p>{PLAYER}{FIGURE}<p>It is <b>so</b>.</p>", ["It is <b>so</b>."]),
        (f"{FIGURE}<p>no sound</p>", []),
        (f"{PLAYER}{FIGURE}", []),
        (f"{PLAYER}{FIGURE.replace('chain', 'other')}<p>It is so.</p>", []),
    ],
)
def test_an_explanation_is_shown_with_its_sounds_and_sentence(tmp_path, content, shown):
    (tmp_path / "00_start_here.html").write_text(content)
    example = re.findall(r'<section class="example".*?</section>', render_index(tmp_path, STORY), flags=re.S)
    assert [re.search(r"</table>\s*<p>(.*?)</p>", found)[1] for found in example] == shown
    assert [(found.count("<audio"), found.count("<img")) for found in example] == [(1, 1)] * len(shown)


def test_headline_numbers_are_shown(tmp_path):
    table = '<table class="headline"><tr><td>r</td><td>0.9</td></tr></table>'
    (tmp_path / "00_start_here.html").write_text(f"<p>a</p>{table}")
    assert render_index(tmp_path, STORY).count(table) == 1


def list_undrawn(outputs):
    """Name what a code host would not draw: figures without a picture, and pictures that are HTML alone."""
    data = [output.get("data", {}) for output in outputs]
    drawn = [about for about in data if re.search("<(img|svg|canvas|script|iframe)", str(about.get("text/html", "")))]
    named = [about for about in data if str(about.get("text/plain", "")).startswith("figure ")]
    return [about["text/plain"] for about in drawn + named if not about.get("image/png")]


@pytest.mark.parametrize("path", select_notebooks(), ids=lambda path: path.stem)
def test_a_committed_notebook_opens_on_a_code_host(path):
    outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
    assert path.stat().st_size <= 300_000
    assert sum("image/png" in output.get("data", {}) for output in outputs) > 0
    assert list_undrawn(outputs) == []


@pytest.mark.parametrize("data", [{"text/html": "<b><img src=x>"}, {}, {"image/png": ""}])
def test_a_figure_that_a_code_host_would_not_draw_is_noticed(data):
    assert list_undrawn([{"data": {"text/plain": "figure 00_a"} | data}])
    assert not list_undrawn(
        [{"data": {"text/plain": "figure 00_a"} | data | {"image/png": "AAAA"}}, {"name": "stdout"}]
    )
