"""The notebook runner, on notebooks of a few cells made for the purpose."""

import os
import re
import signal
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest

from mer_utils import companion, profiles, results

PARAMETERS = 'PROFILE = "quick"  # or smoke, paper\nCORPUS = "auto"\nSEED = 0'


def write_notebook(path, *sources, parameters=PARAMETERS, tags=()):
    """Write a notebook of code cells; ``tags`` are those of its last cell."""
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    if tags:
        cells[-1].metadata["tags"] = list(tags)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    monkeypatch.setattr(companion, "NOTEBOOKS", folder)
    return folder


@pytest.fixture
def run(tmp_path, notebooks):
    def run_cells(*sources, name="01_a", profile="smoke", tags=(), **options):
        write_notebook(notebooks / f"{name}.ipynb", *sources, tags=tags)
        return companion.run_notebooks(profile, out=tmp_path / "out", **options)[0]

    return run_cells


def all_text(run):
    cells = nbformat.read(run.path, as_version=4).cells
    return "".join(output.get("text", "") for cell in cells if cell.cell_type == "code" for output in cell.outputs)


def test_a_notebook_is_run_with_its_parameters_in_this_environment(run, tmp_path):
    done = run("import os, sys; print(PROFILE, CORPUS, SEED, sys.executable, os.getcwd())", corpus="generated", seed=7)
    assert (done.status, done.path) == ("ok", tmp_path / "out" / "notebooks" / "01_a.ipynb")
    assert all_text(done).split() == ["smoke", "generated", "7", sys.executable, str(done.path.parent)]


def test_figures_of_a_run_lie_beside_its_notebooks(run, tmp_path):
    done = run("from mer_utils import companion\nprint(companion.figures_folder(PROFILE))")
    assert all_text(done).strip() == str(tmp_path / "out" / "figures")


def test_an_error_is_named_with_its_cell_and_the_output_before_it_kept(run):
    done = run("print('before')", "1 / 0", "print('after')")
    assert done.errors == ("cell [4]: ZeroDivisionError: division by zero",)
    assert all_text(done) == "before\n"


def test_an_error_does_not_stop_the_next_notebook(notebooks, tmp_path):
    write_notebook(notebooks / "02_b.ipynb", "1 / 0")
    write_notebook(notebooks / "10_c.ipynb", "x = 1")
    runs = companion.run_notebooks("smoke", out=tmp_path / "out")
    assert [(done.name, done.status) for done in runs] == [("02_b", "failed"), ("10_c", "ok")]


@pytest.mark.parametrize(
    ("source", "errors", "said"),
    [
        ("print(1 + 10)", [], "11"),
        ("print(1 + 10)\n1 / 0", ["cell [3]: ZeroDivisionError: division by zero"], "11"),
        (
            "IPython.display.HTML('<audio src=\"../figures/01_x.ogg\">')",
            ["01_x.ogg, which is not there"],
            "is missing",
        ),
    ],
)
def test_a_run_leaves_a_page_in_any_case(run, tmp_path, source, errors, said):
    done = run(f"import IPython.display; {source}")
    assert [word in error for word, error in zip(errors, done.errors, strict=True)] == [True] * len(errors)
    assert re.search(rf"jp-OutputArea-output.*\b{said}\b", (tmp_path / "out/site/01_a.html").read_text(), flags=re.S)


def test_a_run_leaves_an_index_of_what_is_there_also_if_somebody_stops_it(run, monkeypatch, tmp_path):
    run("x = 1")
    index = tmp_path / "out" / "site" / "index.html"
    assert 'href="01_a.html"' in index.read_text()
    assert 'href="index.html"' in index.with_name("01_a.html").read_text()
    index.unlink()
    monkeypatch.setattr(companion, "_run_notebook", lambda *args, **kwargs: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        run("x = 1", name="02_b")
    assert ['href="01_a.html"' in index.read_text(), "02_b (not run yet)" in index.read_text()] == [True, True]


def test_an_error_that_a_widget_shows_counts(run):
    done = run(
        "import ipywidgets as W\nfrom mer_utils.outputs import render_failure\nw = W.HTML()\nw",
        "w.value = render_failure(KeyError('lost'))",
    )
    assert done.errors == ("a widget caught KeyError: 'lost'",)


def test_an_error_that_a_widget_caught_counts():
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'lost'", "traceback": []}
    state = {"w": {"model_name": "OutputModel", "state": {"outputs": [error]}}}
    metadata = {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": state}}}
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    assert companion.find_errors(notebook) == ["a widget caught KeyError: 'lost'"]


def test_a_cell_meant_to_fail_may(run):
    assert run("x = 1", "1 / 0", tags=["raises-exception"]).status == "ok"


def test_a_printed_traceback_counts(run):
    done = run("import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()")
    assert done.errors == ("cell [3]: ZeroDivisionError: division by zero",)


def test_a_cell_that_hangs_is_stopped_and_counts(run, monkeypatch):
    hasty = profiles.Profile("smoke", n_clips=1, width=1, n_samples=1, max_epochs=1, cell_timeout=2)
    monkeypatch.setitem(profiles.PROFILES, "smoke", hasty)
    done = run("import time; time.sleep(60)")
    assert done.seconds < 30
    assert "longer than 2 s" in done.errors[0]


def test_a_slow_cell_that_was_called_fine_counts():
    cell = nbformat.v4.new_code_cell("x", execution_count=1, metadata={"papermill": {"duration": 2.1}})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert companion.find_errors(notebook, timeout=2) == ["cell [1] took longer than 2 s"]
    assert companion.find_errors(notebook, timeout=3) == []


def test_a_dead_kernel_counts(run):
    assert "kernel died" in run("import os; os._exit(1)").errors[-1]


def test_what_an_earlier_run_left_is_removed(run, tmp_path):
    old, other = (tmp_path / "out" / "figures" / name for name in ("01_old.csv", "02_other.csv"))
    old.parent.mkdir(parents=True)
    for path in (old, other):
        path.touch()
    run("x = 1")
    assert [path.exists() for path in (old, other)] == [False, True]


def test_the_environment_is_as_before_after_a_run(run, monkeypatch):
    monkeypatch.setenv("MER_BUILD", "elsewhere")
    before = dict(os.environ)
    run("x = 1")
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"profile": "quik"}, "smoke, quick, paper"),
        ({"corpus": "midlevel"}, "auto, generated, soundtracks"),
        ({"only": "07"}, "there are: 01_a"),
        ({"parameters": {"SEDE": 1}}, "01_a.ipynb has no parameter SEDE; it has: PROFILE, CORPUS, SEED"),
    ],
)
def test_anything_unknown_is_an_error_before_anything_runs(run, tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        run("x = 1", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kept", ["NOTEBOOKS", "FIGURES"])
def test_the_sources_are_no_build_folder(notebooks, tmp_path, monkeypatch, kept):
    path = write_notebook(notebooks / "01_a.ipynb")
    figure = tmp_path / "figures" / "01_a.png"
    figure.parent.mkdir()
    figure.touch()
    monkeypatch.setattr(companion, "NOTEBOOKS" if kept == "FIGURES" else "FIGURES", tmp_path / "elsewhere")
    monkeypatch.setattr(companion, kept, tmp_path / kept.lower())
    monkeypatch.setattr(companion, "select_notebooks", lambda only: [path])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(companion.NotebookError, match="would replace"):
        companion.run_notebooks("smoke", out=".")
    assert (path.exists(), figure.exists()) == (True, True)


def test_kernels_share_the_folders_that_relative_paths_name(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MER_CACHE", "here")
    monkeypatch.setenv("MER_DATA", "there")
    done = run("from mer_utils.paths import CACHE, OWN\nprint(CACHE, OWN)")
    assert all_text(done).split() == [str(tmp_path / "here"), str(tmp_path / "there")]


def test_a_notebook_that_lacks_a_parameter_is_refused(notebooks):
    write_notebook(notebooks / "01_a.ipynb", parameters='PROFILE = "quick"\nSEED = 0')
    with pytest.raises(companion.NotebookError, match="no parameter CORPUS"):
        companion.run_notebooks("smoke")


@pytest.mark.parametrize("content", ["", "not json", "{}", "[1]", '{"cells": 3}'])
def test_a_damaged_notebook_is_named(notebooks, content):
    notebooks.mkdir()
    (notebooks / "01_a.ipynb").write_text(content)
    with pytest.raises(companion.NotebookError, match=r"01_a\.ipynb cannot be read"):
        companion.run_notebooks("smoke")


@pytest.mark.parametrize("only", ["02", "2", "02_b", "02_b.ipynb", ["2", "02"]])
def test_a_notebook_goes_by_number_or_name(notebooks, only):
    for name in ("10_c", "02_b"):
        write_notebook(notebooks / f"{name}.ipynb")
    assert [path.stem for path in companion.select_notebooks(only)] == ["02_b"]
    assert [path.stem for path in companion.select_notebooks()] == ["02_b", "10_c"]


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.setenv("MER_BUILD", str(tmp_path))
    return tmp_path


def test_results_of_notebooks_are_merged_sorted_and_rounded(build):
    results.save_results("02_b", "smoke", {"r": np.float32(1 / 3), "n": np.int64(3), "bad": float("nan")})
    path = results.save_results("01_a", "smoke", {"scores": pd.Series([0.5], index=["x"]), "list": np.ones(2)})
    assert results.load_results(path) == {
        "01_a": {"list": [1.0, 1.0], "scores": {"x": 0.5}},
        "02_b": {"bad": None, "n": 3, "r": 0.333333},
    }
    assert path.read_text().index("01_a") < path.read_text().index("02_b")


def test_results_of_a_notebook_replace_its_own(build):
    for value in (1, 2):
        path = results.save_results("01_a", "smoke", {f"v{value}": value})
    assert results.load_results(path) == {"01_a": {"v2": 2}}


def test_results_are_plain(build):
    with pytest.raises(results.ResultsError, match=r"01_a\['f'\] is a function"):
        results.save_results("01_a", "smoke", {"f": lambda: 0})
    assert list(build.glob("figures/*")) == []


def test_a_damaged_results_file_is_named(build):
    results.figures_folder("smoke").joinpath("results.json").write_text("{")
    with pytest.raises(results.ResultsError, match=r"results.json is not JSON"):
        results.save_results("01_a", "smoke", {})


@pytest.fixture
def check(tmp_path, monkeypatch):
    path = tmp_path / "expected.json"
    path.write_text('{"quick": {"generated": {"02_b": {"r": [0.8, 0.02]}}}}')
    monkeypatch.setattr(results, "EXPECTED", path)
    return lambda values, profile="quick": companion.check_headline(
        "02_b", values, profile=profile, corpus="generated"
    )


def test_a_headline_within_its_tolerance_passes(check):
    assert check({"r": 0.819, "s": 0.1}) == "02_b: 1 as expected, 1 in the legal range (quick, generated)"


def test_a_headline_just_outside_its_tolerance_fails(check):
    with pytest.raises(results.HeadlineError, match=r"r is 0.821, expected 0.8 ± 0.02"):
        check({"r": 0.821})


@pytest.mark.parametrize("value", [1.01, -1.01, float("nan")])
def test_a_headline_without_expectation_has_to_be_legal(check, value):
    assert check({"r": 0.1}, profile="smoke")
    with pytest.raises(results.HeadlineError, match="outside -1 to 1"):
        check({"r": value}, profile="smoke")


def test_a_headline_that_is_expected_has_to_be_there(check):
    with pytest.raises(results.HeadlineError, match="r is missing"):
        check({"s": 0.1})


def test_a_headline_of_an_unresolved_corpus_is_refused():
    with pytest.raises(results.HeadlineError, match="unknown corpus 'auto'"):
        companion.check_headline("01_a", {}, profile="quick", corpus="auto")
