"""The measurable side of the style guide: small cells after text, small functions with docstrings, no global state.

What ruff checks (line length, annotations, docstring form, prints) is left to ruff.
"""

import ast
import re
import statistics
from itertools import pairwise

import nbformat
import pytest

from mer_utils.companion import select_notebooks
from mer_utils.paths import ROOT
from mer_utils.profiles import PROFILES

NOTEBOOKS = select_notebooks()
MODULES = sorted((ROOT / "mer_utils").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
FORBIDDEN = {
    "a class or function": r"(?m)^\s*(def|class) ",
    "a shell command or magic": r"(?m)^\s*[!%]",
    "an installation": r"\bpip\b|\bconda\b",
    "a widget that hangs nbclient": r"\bOutput\(|\binteract\w*\b",
    "a style decision": r"rcParams|figsize|fontsize|mplstyle|filterwarnings|plt\.",
    "a global seed": r"random\.seed|manual_seed",
    "a path of one machine": r"[\"']/(home|Users|root|tmp|work)\b|[A-Z]:\\",
    "a network access": r"https?://|urllib|requests",
    "an embedded sound": r"\bAudio\(",
}  # fmt: skip


def read(path):
    return nbformat.read(path, as_version=4).cells


def lines(source):
    return [line for line in source.splitlines() if line.strip()]


def sources(path, kind):
    return [cell.source for cell in read(path) if cell.cell_type == kind]


def words(text):
    return len(re.findall(r"[\w’'-]+", re.sub(r"\(\S+\)", "", text)))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def test_notebooks_open_with_text_parameters_and_imports(notebook):
    text, parameters, imports = read(notebook)[:3]
    assert text.source.startswith("# ")
    assert text.source.splitlines()[0].endswith("?")
    assert "You will" in text.source
    assert parameters.metadata.tags == ["parameters"]
    assert "use_style()" in imports.source


def test_parameters_are_literals_with_a_comment(notebook):
    source = read(notebook)[1].source
    names = [node.targets[0].id for node in ast.parse(source).body if ast.literal_eval(node.value) is not None]
    assert names[:3] == ["PROFILE", "CORPUS", "SEED"]
    assert all("  # " in line for line in lines(source))
    assert set(re.findall(r'"(\w+)"', source)) & set(PROFILES) == set(PROFILES)


def test_imports_stand_in_one_cell(notebook):
    importing = [i for i, cell in enumerate(read(notebook)) if re.search(r"(?m)^(import|from) ", cell.source)]
    assert [i for i in importing if read(notebook)[i].cell_type == "code"] == [2]


def test_cells_are_small(notebook):
    sizes = [len(lines(source)) for source in sources(notebook, "code")]
    assert max(sizes) <= 20
    assert statistics.median(sizes) <= 5
    assert sum(size <= 12 for size in sizes) >= 0.9 * len(sizes)
    assert len(sizes) <= 30
    assert sum(sizes) <= 110


def test_code_comes_after_text(notebook):
    kinds = [cell.cell_type for cell in read(notebook)]
    follows = [before == "markdown" for before, kind in pairwise(kinds) if kind == "code"]
    assert sum(follows) >= 0.85 * len(follows)
    assert "code code code" not in " ".join(kinds)


def test_text_cells_are_short(notebook):
    counts = [words(source) for source in sources(notebook, "markdown")[1:-1]]
    assert min(counts) >= 15
    assert max(counts) <= 45
    # The opening holds a title, the reason, three bullets, the source and the run time.
    assert words(sources(notebook, "markdown")[0]) <= 120


@pytest.mark.parametrize("what", FORBIDDEN)
def test_notebooks_do_without(notebook, what):
    assert not [source for source in sources(notebook, "code") if re.search(FORBIDDEN[what], source)]


def test_notebooks_close_with_findings_assert_and_link(notebook):
    cells = read(notebook)
    assert cells[-2].source.startswith("assert check_headline(")
    linked = re.findall(r"\]\((\S+\.ipynb)\)", cells[-1].source)
    assert linked
    assert all((notebook.parent / name).exists() for name in linked)
    assert any(cell.source.startswith("## What we found") for cell in cells[-6:])


def functions(path):
    """Yield functions of a module with their lines, docstring and blank lines left out."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0]
            yield node, len(lines("\n".join(text.splitlines()[first.lineno - 1 : node.end_lineno])))


def test_modules_are_small():
    sizes = [len(lines(path.read_text())) for path in MODULES]  # without blank lines, docstrings included
    assert max(sizes) <= 300
    assert statistics.median(sizes) <= 150


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_functions_are_small(path):
    assert [(node.name, size) for node, size in functions(path) if size > 40] == []


def test_most_functions_are_very_small():
    sizes = sorted(size for path in MODULES for _, size in functions(path))
    assert statistics.median(sizes) <= 10
    assert sizes[int(0.9 * len(sizes))] <= 25


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text())
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]
    assert ast.get_docstring(tree)
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_modules_touch_no_global_state(path):
    assert not re.search(r"np\.random\.seed|plt\.show\(|rcParams\[|warnings\.simplefilter", path.read_text())


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "style.py"], ids=lambda path: path.stem)
def test_sizes_and_fonts_are_left_to_the_style(path):
    assert not re.search(r"\b(figsize|fontsize|labelsize|dpi) ?= ?[\d(]", path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_plots_take_and_return_axes(path):
    plots = [node for node, _ in functions(path) if node.name.startswith("plot_")]
    assert all("ax" in [argument.arg for argument in node.args.kwonlyargs] for node in plots)
    assert all(ast.unparse(node.body[-1]) == "return (fig, ax)" for node in plots)
