"""Every notebook runs on film music, without one changed line: stand-ins in the very layout of the data sets."""

import os
import subprocess
import sys

import nbformat
import pytest
from standins import write_standins

from mer_utils.companion import select_notebooks
from mer_utils.results import load_results

NOTEBOOKS = select_notebooks()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the one command of the README says, and the folder it wrote to."""
    folder = tmp_path_factory.mktemp("film")
    write_standins(folder / "data")
    places = {"MER_DATA": str(folder / "data"), "MER_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", "mer_utils", "run", "--corpus", "soundtracks", "--profile", "smoke"]
    done = subprocess.run(
        [*command, "--out", str(folder / "build")],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, folder / "build"


def test_all_notebooks_finish(run):
    done, _ = run
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count(" ok ") == len(NOTEBOOKS)


def test_the_time_is_told_before_it_is_spent(run):
    said = run[0].stderr
    assert "nets are to be trained first" in said
    assert said.index("nets are to be trained first") < said.index("00_start_here")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_not_one_line_is_changed(run, path):
    committed, executed = (nbformat.read(folder / path.name, 4) for folder in (path.parent, run[1] / "notebooks"))
    added = [cell for cell in executed.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert [cell.source for cell in executed.cells if cell not in added] == [cell.source for cell in committed.cells]
    assert 'CORPUS = "soundtracks"' in added[0].source
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code" and cell.source)


def test_the_table_is_about_film_music(run):
    results = load_results(run[1] / "figures" / "results.json")
    costs = results["03_cost_of_explainability"]["costs"]
    assert {"a2e", "joint", "a2mid2e"} <= set(costs)
    assert sum(results["02_training"]["clips"].values()) == 360
