"""Pages of executed notebooks: whole in one file, with sounds that play, and silent towards other machines."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
import soundfile
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mer_utils import results
from mer_utils.displays import save_figure, save_sounds
from mer_utils.outputs import WIDGET
from mer_utils.pages import TEMPLATE, PageError, render_page, save_page

HEAD = TEMPLATE.with_name("head.html.j2").read_text()
SECONDS = {"low": 1.0, "high": 2.5}
BAR = new_output("stream", name="stderr", text="net:  50%|██  | 1/2 [00:01<00:01,  1.0s/epoch]\n")
SLIDER = new_output("display_data", data={WIDGET: {"model_id": "x"}, "text/plain": "IntSlider(value=0)"})
TEXT = "# Why & how?\n\nNext: [data](01_data.ipynb#top), [the talk](https://example.org/talk), [own](other.ipynb)."
BAD = ["", "not json", "{}", "[1]", '{"cells": 3}', '{"cells": [3], "metadata": {}, "nbformat": 4}']


@pytest.fixture
def figures(tmp_path, monkeypatch):
    monkeypatch.setenv("MER_BUILD", str(tmp_path))
    return tmp_path / "figures"


@pytest.fixture
def table(figures, rng):
    sounds = {label: rng.uniform(-0.5, 0.5, int(seconds * 22050)) for label, seconds in SECONDS.items()}
    return save_sounds("00_pair", sounds, profile="smoke", notes={"": "hear both"})


@pytest.fixture
def write(tmp_path):
    """Write an executed notebook of a text and one cell with the given outputs; give its path."""

    def write_notebook(*outputs, text=TEXT, source="show('<b> src=\"../figures/00_code.ogg\"')", widgets=None):
        cell = new_code_cell(source, outputs=list(outputs), execution_count=1)
        metadata = {"language_info": {"name": "python"}} | ({"widgets": widgets} if widgets else {})
        path = tmp_path / "00_a.ipynb"
        nbformat.write(new_notebook(cells=[new_markdown_cell(text), cell], metadata=metadata), path)
        return path

    return write_notebook


def shown(html="", **data):
    return new_output("display_data", data={"text/html": html, **data} if html else data)


def players(table):
    return shown(table._repr_html_(), **{"text/plain": repr(table)})


def elements(page):
    """(tag, attributes) of all elements of a page."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed(page)
    return found


def loads(page):
    """What a page would load from elsewhere: all but what it holds and links that a reader follows."""
    places = [
        attributes.get(name, "")
        for tag, attributes in elements(page)
        for name in ("src", "srcset", "poster", "data", *(() if tag == "a" else ("href",)))
    ]
    styles = re.findall(r"url\(([^)]*)|@import (\S+)", page)
    return [place for place in [*places, *(a or b for a, b in styles)] if place and not place.startswith("data:")]


def durations(page):
    """Seconds of all sounds in a page, in order."""
    sources = [attributes["src"] for tag, attributes in elements(page) if tag == "audio"]
    assert all(source.startswith("data:audio/ogg;base64,") for source in sources)
    return [soundfile.info(io.BytesIO(base64.b64decode(source.partition(",")[2]))).duration for source in sources]


def test_sounds_are_in_the_page_and_whole(write, table, figures):
    page = render_page(write(players(table)), figures=figures)
    assert durations(page) == pytest.approx(list(SECONDS.values()), abs=1e-3)


def test_a_printed_player_is_a_name(write, table, figures):
    page = render_page(write(players(table)), figures=figures)
    assert re.findall('</audio><span class="file">(.*?)</span>', page) == [f"00_pair_{label}.ogg" for label in SECONDS]
    printed = page[page.index("@media print") :]
    assert re.search(r"audio[^{}]*{ display: none; }.*\.file { display: inline;", printed, flags=re.S)


def test_a_shortened_sound_would_be_noticed(write, table, figures):
    soundfile.write(figures / "00_pair_low.ogg", [0.0] * int(0.99 * 22050), 22050)
    page = render_page(write(players(table)), figures=figures)
    assert durations(page) != pytest.approx(list(SECONDS.values()), abs=1e-3)


def test_a_page_loads_nothing(write, table, figures):
    page = render_page(
        write(players(table), widgets={"application/vnd.jupyter.widget-state+json": {}}), figures=figures
    )
    assert loads(page) == []
    assert "script" not in {tag for tag, _ in elements(page)}
    assert "default-src 'none'" in page


@pytest.mark.parametrize(
    "left", ['<audio src="../figures/00_x.ogg">', '<link href="https://a.b/c.css">', "<style>@import 'x'; </style>"]
)
def test_what_a_page_loads_would_be_noticed(write, figures, left):
    assert loads(render_page(write(), figures=figures).replace("</main>", f"{left}</main>"))


@pytest.mark.parametrize(("more", "once"), [("", True), ('<a href="../figures/00_pair_low.ogg">keep</a>', False)])
def test_a_sound_is_in_the_page_once(write, table, figures, more, once):
    page = render_page(write(shown(table._repr_html_() + more)), figures=figures)
    grown = len(page) - len(render_page(write(), figures=figures))
    sounds = sum(file.stat().st_size for file in figures.iterdir())
    assert (grown == pytest.approx(sounds * 4 / 3, rel=0.05)) is once


def test_pictures_keep_their_name_and_caption(write, figures):
    import matplotlib.pyplot as plt

    figure = save_figure(plt.figure(), "00_dots", profile="smoke")
    picture = {"image/png": base64.b64encode(figure.png).decode(), "text/plain": "figure 00_dots"}
    page = render_page(write(shown(**picture), shown(**{"text/markdown": "*r* = .5"})), figures=figures)
    [image] = [attributes for tag, attributes in elements(page) if tag == "img"]
    assert (image["alt"], base64.b64decode(image["src"].partition(",")[2])) == ("figure 00_dots", figure.png)
    assert "<em>r</em> = .5" in page


def test_notebooks_become_pages_in_links_and_other_links_stay(write, figures):
    links = [attributes["href"] for tag, attributes in elements(render_page(write(), figures=figures)) if tag == "a"]
    assert links == ["01_data.html#top", "https://example.org/talk", "other.ipynb"]


@pytest.mark.parametrize(
    ("link", "led"),
    [
        ("./01_data.ipynb", "01_data.html"),
        ("01_data.ipynb?raw=1#top", "01_data.html#top"),
        ("01_data.ipynb.txt", "01_data.ipynb.txt"),
        ("https://example.org/01_data.ipynb", "https://example.org/01_data.ipynb"),
    ],
)
def test_a_notebook_is_known_however_it_is_spelled(write, figures, link, led):
    found = elements(render_page(write(text=f"[it]({link})"), figures=figures))
    assert [attributes["href"] for tag, attributes in found if tag == "a"] == [led]


def test_headings_can_be_linked_and_show_no_mark(write, figures):
    page = render_page(write(text="# A\n\n## What *else*?\n\n[there](#What-else?)"), figures=figures)
    assert [a["id"] for tag, a in elements(page) if tag in ("h1", "h2")] == ["A", "What-else?"]
    assert [a["href"] for tag, a in elements(page) if tag == "a"] == ["#What-else?"]
    assert "¶" not in page


@pytest.mark.parametrize(
    ("shows", "kind"),
    [
        ('<img src="./../figures/00%20p.JPG?2">', "image/jpeg"),
        ('<video poster="../figures/../figures/00%20p.svg">', "image/svg+xml"),
        ('<audio><source src="../figures/00%20p.wav"></audio>', "audio/wav"),
    ],
)
def test_what_is_shown_is_held_however_it_is_spelled(write, figures, shows, kind):
    figures.mkdir()
    for ending in ("JPG", "svg", "wav"):
        (figures / f"00 p.{ending}").write_bytes(ending.encode())
    page = render_page(write(shown(shows)), figures=figures)
    [held] = re.findall(f'data:{re.escape(kind)};base64,([^"]*)', page)
    assert base64.b64decode(held).decode() in shows
    assert loads(page) == []


@pytest.mark.parametrize(
    "shows",
    [
        '<img src="https://example.org/00_p.png">',
        '<img src="../00_p.png">',
        '<img src="../figures/../figures.png">',
        '<img srcset="../figures/00_p.png 2x">',
        '<iframe src="//example.org"></iframe>',
    ],
)
def test_what_a_page_cannot_hold_is_refused(write, figures, shows):
    figures.mkdir()
    (figures / "00_p.png").write_bytes(b"png")
    with pytest.raises(PageError, match="which is not there: a cell has to write it into"):
        render_page(write(shown(shows)), figures=figures)
    assert loads(render_page(write(shown(shows)), figures=figures, partial=True)) == []


@pytest.mark.parametrize(
    ("story", "ways"),
    [
        (("00_a", "01_data"), [("contents", "index.html"), ("next", "01_data.html")]),
        (("x", "00_a"), [("prev", "x.html"), ("contents", "index.html")]),
        (("x", "00_a", "y"), [("prev", "x.html"), ("contents", "index.html"), ("next", "y.html")]),
        (("01_data",), []),
    ],
)
def test_a_page_leads_to_its_neighbours_at_top_and_bottom(write, figures, story, ways):
    found = elements(
        render_page(
            write(
                text="# A",
            ),
            figures=figures,
            story=story,
        )
    )
    assert [(a["rel"], a["href"]) for tag, a in found if tag == "a"] == ways * 2
    assert [tag for tag, _ in found if tag in ("nav", "main")] == (["nav", "main", "nav"] if ways else ["main"])


def test_neighbours_are_called_by_their_question(write, figures):
    page = render_page(write(), figures=figures, story=("00_a", "01_data"))
    assert page.count('rel="next">What do listeners rate, and what does the net see?</a>') == 2


def test_pictures_and_files_of_a_text_come_along(write, figures):
    figures.mkdir()
    (figures / "00_t.csv").write_text("a,b")
    (figures / "00_p.png").write_bytes(b"png")
    page = render_page(write(text="![p](../figures/00_p.png) [t](../figures/00_t.csv)"), figures=figures)
    [link] = [attributes for tag, attributes in elements(page) if tag == "a"]
    assert (link["download"], base64.b64decode(link["href"].partition(",")[2])) == ("00_t.csv", b"a,b")
    assert loads(page) == []


def test_progress_and_widgets_stay_out_and_warnings_in(write, figures):
    warning = new_output("stream", name="stderr", text="UserWarning: old\n")
    page = render_page(write(BAR, SLIDER, warning), figures=figures)
    assert [word in page for word in ("epoch]", "IntSlider", "UserWarning")] == [False, False, True]


def test_a_page_is_called_as_its_notebook_asks(write, figures):
    page = render_page(write(), figures=figures)
    assert ("<title>Why &amp; how?</title>" in page, "This notebook failed" in page) == (True, False)


def colours(style):
    """Colours by name, in the light and in the dark."""
    light, _, dark = style.partition("(prefers-color-scheme: dark)")
    dark = dark.partition("/*")[0]
    return [dict(re.findall(r"--(\w+): (#\w+);", part)) for part in (light[light.index(":root") :], dark)]


def contrast(one, other):
    """Ratio of two colours' luminances (WCAG 2.2), 1 to 21."""
    spread = [
        re.findall("..", code[1:] if len(code) == 7 else "".join(2 * x for x in code[1:])) for code in (one, other)
    ]
    values = np.array([[int(pair, 16) / 255 for pair in pairs] for pairs in spread])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    dark, light = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("place", [0, 1])
def test_text_can_be_read_in_light_and_dark(place):
    scheme = colours(HEAD)[place]
    assert set(scheme) == {"ground", "text", "link", "quiet", "line", "warning"}
    assert min(contrast(scheme[name], scheme["ground"]) for name in ("text", "link", "quiet")) > 4.5
    assert contrast(scheme["text"], scheme["warning"]) > 4.5


def test_colours_of_the_other_scheme_would_be_noticed():
    light, dark = colours(HEAD)
    assert contrast(light["quiet"], dark["ground"]) < 4.5
    assert contrast("#fff", "#000") == pytest.approx(21)


def test_no_colour_is_left_out_of_the_schemes():
    assert [line for line in HEAD.splitlines() if re.search(r"#[0-9a-f]{3}", re.sub(r"--\w+: #\w+;", "", line))] == []


def test_code_is_folded_and_stays_text(write, figures):
    page = render_page(write(), figures=figures)
    folded = re.search("<details>.*?</details>", page, flags=re.S)[0]
    assert re.sub("<.*?>", "", folded).split() == ["code", "show('&lt;b&gt;", 'src="../figures/00_code.ogg"\')']


def test_a_missing_sound_is_named_unless_the_notebook_failed(write, table, figures):
    path = write(players(table), new_output("error", ename="KeyError", evalue="'x'", traceback=["KeyError: 'x'"]))
    (figures / "00_pair_low.ogg").unlink()
    with pytest.raises(PageError, match=r"00_pair_low\.ogg, which is not there"):
        render_page(path, figures=figures)
    page = render_page(path, figures=figures, partial=True)
    assert (len(durations(page)), "KeyError: 'x'" in page, "This notebook failed" in page) == (1, True, True)
    assert "(00_pair_low.ogg is missing: the notebook failed)" in page


@pytest.mark.parametrize("content", BAD)
def test_what_is_no_notebook_is_named_and_the_old_page_stays(tmp_path, content):
    (tmp_path / "00_a.ipynb").write_text(content)
    (tmp_path / "00_a.html").write_text("old")
    with pytest.raises(PageError, match=r"00_a\.ipynb cannot be read"):
        save_page(tmp_path / "00_a.ipynb", figures=tmp_path, folder=tmp_path)
    assert (tmp_path / "00_a.html").read_text() == "old"


@pytest.mark.parametrize(("r", "said"), [(0.5, "r 0.50 0.51 ± 0.02 ✓"), (0.4, "r 0.40 0.51 ± 0.02 ✗")])
def test_headline_numbers_stand_at_the_end(write, figures, monkeypatch, r, said):
    figures.mkdir()
    (figures / "results.json").write_text(json.dumps({"00_a": {"headline": {"r": r, "<b>": 2}}}))
    expected = figures / "expected.json"
    expected.write_text(json.dumps({"smoke": {"generated": {"00_a": {"r": [0.51, 0.02]}}}}))
    monkeypatch.setattr(results, "EXPECTED", expected)
    page = render_page(write(source='PROFILE = "smoke"\nassert check_headline("00_a", headline)'), figures=figures)
    rows = re.findall("<tr.*?</tr>", page[page.index('class="headline"') :], flags=re.S)
    assert [" ".join(re.sub("<.*?>", " ", row).split()) for row in rows[1:]] == ["&lt;b&gt; 2 none stored", said]
    assert page.count('class="off"') == (r == 0.4)
