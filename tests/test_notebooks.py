"""Every notebook runs from top to bottom in the smallest profile, and writes and shows what it promises.

The committed notebooks, what they show and the released net belong together: where one of them is missing, these tests
fail rather than skip (`make run`, then `make refresh`).
"""

import base64
import json
import re

import nbformat
import pytest
import soundfile

from mer_utils.companion import run_notebooks, select_notebooks
from mer_utils.displays import SoundTable
from mer_utils.networks import load_network
from mer_utils.paths import FIGURES, ROOT

NOTEBOOKS = select_notebooks()
NAMES = [path.stem for path in NOTEBOOKS]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "data/README.md", "benchmarks/README.md")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def all_shown(notebook, kind):
    """Join what the outputs hold of one media type."""
    return "\n".join(str(output.get("data", {}).get(kind, "")) for output in outputs(notebook))


def promised_figures(notebook):
    """Names that the sources give to figures and sounds."""
    lines = "\n".join(cell.source for cell in code_cells(notebook)).splitlines()
    saving = [line for line in lines if "save_figure(" in line or "save_sounds(" in line]
    return [name for line in saving for name in re.findall(r'"(\d\d_\w+)"', line)]


def hidden(headline, text):
    """List the numbers of a headline that a text does not show, rounded to the two digits or more that it gives."""
    shown = [(float(number), len(number.partition(".")[2]), 1) for number in re.findall(r"-?\d*\.\d\d+", text)]
    shown += [(float(number), 0, 100) for number in re.findall(r"(\d+)%", text)]
    return [
        name
        for name, value in headline.items()
        if not any(abs(number - factor * value) <= 0.501 * 10**-digits for number, digits, factor in shown)
    ]


@pytest.fixture
def cache(run_folder, tmp_path, monkeypatch):
    """A cache that knows the sounds of the smoke corpus as soon as one notebook has rendered them, and nothing else.

    Nets and explanations stay apart: no notebook may need what only another one makes.
    """
    folder, rendered = tmp_path / "cache", run_folder / "notebooks" / "generated"
    rendered.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    (folder / "generated").symlink_to(rendered, target_is_directory=True)
    monkeypatch.setenv("MER_CACHE", str(folder))


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("name", NAMES)
def test_runs_and_keeps_its_promises(name, tmp_path):
    [run] = run_notebooks("smoke", only=name, out=tmp_path)
    assert run.errors == ()
    notebook, figures = nbformat.read(run.path, as_version=4), tmp_path / "figures"
    for promised in promised_figures(notebook):
        assert list(figures.glob(f"{promised}*")), f"{promised} was not written"
    players = re.findall(r'>([^<]*)<br><audio[^>]*src="\.\./([^"]+)"', all_shown(notebook, "text/html"))
    assert len(players) == all_shown(notebook, "text/html").count("<audio")
    for label, player in players:
        y, sr = soundfile.read(tmp_path / player)
        assert len(y) > sr
        assert y.any() != label.endswith("silence)"), f"{label} is or is not silent"
    warnings = [output.text for output in outputs(notebook) if "Warning" in output.get("text", "")]
    assert warnings == []
    headline = json.loads((figures / "results.json").read_text())[name]["headline"]
    assert hidden(headline, all_shown(notebook, "text/markdown")) == []
    for net in (tmp_path / "nets").glob("*"):
        assert load_network(net).width == 8


def test_a_corrupted_number_is_noticed():
    headline = {"features": 0.8034, "share": 0.9312, "gap": -0.0341}
    text = "r = 0.80, and 93% of it, with a gap of -0.034"
    assert hidden(headline, text) == []
    assert [hidden(headline | {name: value + 0.02}, text) for name, value in headline.items()] == [
        ["features"],
        ["share"],
        ["gap"],
    ]


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def committed(request):
    return request.param.stem, nbformat.read(request.param, as_version=4)


def test_committed_notebooks_ran_once_from_top_to_bottom(committed):
    counts = [cell.execution_count for cell in code_cells(committed[1])]
    assert counts == list(range(1, len(counts) + 1))


def test_committed_numbers_are_the_stored_ones(committed):
    name, notebook = committed
    stored = json.loads((FIGURES / "results.json").read_text())
    assert hidden(stored[name]["headline"], all_shown(notebook, "text/markdown")) == []


def shown_files(notebook):
    """Names in the figures folder of all that a notebook's outputs play or show."""
    players = re.findall(r"\.\./figures/([\w.-]+\.\w+)", all_shown(notebook, "text/html"))
    return {*players, *(f"{name}.png" for name in re.findall(r"figure (\d\d_\w+)", all_shown(notebook, "text/plain")))}


def test_the_figures_folder_holds_what_the_notebooks_show_and_nothing_else():
    shown = [shown_files(nbformat.read(path, as_version=4)) for path in NOTEBOOKS]
    assert {path.name for path in FIGURES.glob("[!.]*")} == {"results.json", "explorer.png"}.union(*shown)


def test_committed_pictures_are_the_stored_ones(committed):
    for output in outputs(committed[1]):
        if picture := output.get("data", {}).get("image/png"):
            name = output["data"]["text/plain"].removeprefix("figure ")
            assert base64.b64decode(picture) == (FIGURES / f"{name}.png").read_bytes()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_link_to_what_exists(document):
    path = ROOT / document
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


def test_every_notebook_promises_figures():
    assert all(promised_figures(nbformat.read(path, as_version=4)) for path in NOTEBOOKS)


def test_plain_text_of_players_says_something():
    assert repr(SoundTable({"": []}, {"": "listen"})) == "listen"
