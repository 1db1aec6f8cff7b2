"""Before a run on other music its spectrograms are made and its nets trained; generated music needs nothing."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from mer_utils import estimates, preparation, runsweeps
from mer_utils.preparation import prepare_run

ALL = [Path("01_data.ipynb"), Path("03_cost_of_explainability.ipynb")]


@pytest.fixture
def done(monkeypatch):
    """What is done, in order."""
    done = []
    corpus = SimpleNamespace(tracks=pd.DataFrame(index=["001", "002"]), spectrograms=done.append)
    monkeypatch.setattr(preparation, "load_profile_corpus", lambda *args: corpus)
    monkeypatch.setattr(estimates, "describe_sweeps", lambda *args, **kwargs: "5 hours")
    monkeypatch.setattr(runsweeps, "load_run_sweeps", lambda *args: done.append("sweeps"))
    return done


def test_time_is_told_before_it_is_spent(done):
    prepare_run("quick", "soundtracks", notebooks=ALL, tell=done.append)
    assert done == [["001", "002"], "5 hours", "sweeps"]


def test_nets_are_trained_for_the_notebook_that_compares_them(done):
    prepare_run("quick", "soundtracks", notebooks=ALL[:1], tell=done.append)
    assert done == [["001", "002"]]
    assert (Path(preparation.NOTEBOOKS) / ALL[1]).is_file()


def test_generated_music_needs_nothing(done):
    prepare_run("quick", "auto", notebooks=ALL, tell=done.append)
    assert done == []
