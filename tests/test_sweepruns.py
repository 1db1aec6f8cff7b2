"""Sweeps under way: nothing is trained twice, nothing depends on who trained it, and nothing is lost to a kill."""

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import torch

from mer_utils.evaluation import predict_split
from mer_utils.networks import build_network
from mer_utils.profiles import fit_profile_network, get_profile, load_profile_corpus
from mer_utils.sweepruns import fit_part, run_sweep, truncate_emotions
from mer_utils.sweeps import SweepConfig, SweepError, save_sweep

CONFIG = SweepConfig(get_profile("smoke"))
SCHEMES, SEEDS = ("a2e", "joint", "a2mid2e"), (0, 1)
KILLS = 10


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Folder of a cache in which the clips are rendered and no net is trained."""
    corpus = load_profile_corpus("smoke")
    corpus.spectrograms(corpus.select("train"), progress=False)
    folder = tmp_path_factory.mktemp("rendered")
    shutil.copytree(corpus.cache, folder / "generated" / corpus.fingerprint)
    return folder


def redirect(patch, folder):
    """Make a folder the cache of this process and of those it starts."""
    patch.setenv("MER_CACHE", str(folder))
    for module in ("profiles", "sweeps", "generated.corpus"):
        patch.setattr(f"mer_utils.{module}.CACHE", folder)


@pytest.fixture
def cache(rendered, tmp_path, monkeypatch):
    """A cache of this test's own, for this process and those it starts."""
    folder = tmp_path / "cache"
    shutil.copytree(rendered, folder)
    redirect(monkeypatch, folder)
    return folder


@pytest.fixture(scope="module")
def whole(rendered, tmp_path_factory):
    """The bytes of a sweep that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        shutil.copytree(rendered, folder / "cache")
        redirect(patch, folder / "cache")
        return save_sweep(folder / "sweep", run_sweep(CONFIG, SCHEMES, SEEDS, progress=False)).read_bytes()


def test_a_part_is_what_the_net_says_about_the_test_clips(cache):
    part = fit_part(CONFIG, "joint", 0, None)
    corpus = CONFIG.load_corpus()
    heard = predict_split(fit_profile_network(corpus, "joint", profile="smoke", n_threads=1), corpus, "test")
    assert part["tracks"] == corpus.select("test")
    for head, table in heard.items():
        np.testing.assert_array_equal(part[head], (table / 10).to_numpy(np.float16))


def test_nothing_is_trained_twice(cache, whole, monkeypatch, tmp_path):
    first = run_sweep(CONFIG, SCHEMES[:2], SEEDS[:1], workers=1, progress=False)
    asked = []
    run_tasks = sweepruns_run_tasks(asked)
    monkeypatch.setattr("mer_utils.workers.run_tasks", run_tasks)
    rest = run_sweep(CONFIG, SCHEMES, SEEDS, progress=False)
    assert len(asked) == len(SCHEMES) * len(SEEDS) - 2
    assert save_sweep(tmp_path / "sweep", rest).read_bytes() == whole
    shutil.rmtree(cache / "sweeps")
    again = run_sweep(CONFIG, SCHEMES[:2], SEEDS[:1], known=first, progress=False)
    assert len(asked) == len(SCHEMES) * len(SEEDS) - 2
    assert again.nets.keys() == first.nets.keys()


def sweepruns_run_tasks(asked):
    """Make a stand-in for `workers.run_tasks` that works in this process and writes down what it is asked."""

    def run_tasks(function, tasks, **_):
        for task in tasks:
            asked.append(task[1:])
            yield task, function(*task)

    return run_tasks


def test_a_known_sweep_of_another_configuration_is_refused(cache):
    known = run_sweep(CONFIG, ["a2mid"], [0], workers=1, progress=False)
    with pytest.raises(SweepError, match="max_epochs"):
        run_sweep(SweepConfig(get_profile("smoke", max_epochs=1)), ["a2mid"], [0], known=known, progress=False)


def test_a_damaged_part_is_made_again(cache, monkeypatch):
    asked = []
    monkeypatch.setattr("mer_utils.workers.run_tasks", sweepruns_run_tasks(asked))
    first = run_sweep(CONFIG, ["a2mid"], [0], progress=False)
    CONFIG.locate_part("a2mid", 0, None).write_bytes(b"half")
    again = run_sweep(CONFIG, ["a2mid"], [0], progress=False)
    assert len(asked) == 2
    np.testing.assert_array_equal(again.nets["a2mid", 0]["midlevel"], first.nets["a2mid", 0]["midlevel"])


def test_folds_test_every_clip_once(cache, monkeypatch):
    monkeypatch.setattr("mer_utils.workers.run_tasks", sweepruns_run_tasks([]))
    config = SweepConfig(get_profile("smoke", max_epochs=1), options={"renderings": 1}, n_folds=3)
    sweep = run_sweep(config, ["a2e"], [0], progress=False)
    assert sorted(sweep.tracks) == config.load_corpus().tracks.index.tolist()
    assert sweep.nets["a2e", 0]["emotion"].shape == (48, 8)


def test_truncation_of_what_comes_out_equals_truncation_of_the_weights(rng):
    layer = build_network("a2e", width=8).to_emotion.double().requires_grad_(False)
    inputs = torch.from_numpy(rng.random((20, layer.in_features)))
    u, s, v = torch.linalg.svd(layer.weight, full_matrices=False)
    for rank in (1, 7, 8):
        wanted = inputs @ (u[:, :rank] * s[:rank] @ v[:rank]).T + layer.bias
        ours = truncate_emotions(pd.DataFrame(layer(inputs).numpy()), layer, rank=rank)
        np.testing.assert_allclose(ours, wanted, atol=1e-9)
    lower = truncate_emotions(pd.DataFrame(layer(inputs).numpy()), layer, rank=6)
    assert abs(lower.to_numpy() - wanted.numpy()).max() > 1e-2  # what the tolerance must not swallow


# Each of the following kills ten times at random moments of a real sweep: about half a minute, most of it imports.


def test_a_sweep_killed_ten_times_ends_as_if_undisturbed(cache, whole, tmp_path):
    command = [sys.executable, "-m", "mer_utils", "train", "--profile", "smoke", "--schemes", ",".join(SCHEMES)]
    command += ["--seeds", str(len(SEEDS)), "--out", str(tmp_path / "sweep.safetensors")]
    chance = random.Random(0)
    for _ in range(KILLS):
        sweep = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(chance.uniform(1, 7))
        os.killpg(sweep.pid, signal.SIGKILL)
        sweep.wait()
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "sweep.safetensors").read_bytes() == whole
    assert not list((cache / "training").glob(".*.part"))


def test_workers_killed_ten_times_change_nothing(cache, whole, tmp_path):
    def list_workers():
        return [child.pid for child in multiprocessing.active_children()]

    assert_kills_change_nothing(list_workers, cache, whole, workers=None)


def test_workers_of_a_cluster_killed_ten_times_change_nothing(cache, whole, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("DASK_TEMPORARY_DIRECTORY", str(tmp_path))
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options, silence_logs=60) as cluster:

        def list_workers():
            return [nanny.pid for nanny in cluster.workers.values() if nanny.pid]

        assert_kills_change_nothing(list_workers, cache, whole, workers=cluster.scheduler_address)


def assert_kills_change_nothing(list_workers, cache, whole, *, workers):
    """Kill workers of sweep after sweep, each from the start, and hold what comes out against an undisturbed one."""
    killed, chance = [], random.Random(0)
    while len(killed) < KILLS:
        for folder in ("sweeps", "training"):
            shutil.rmtree(cache / folder, ignore_errors=True)
        with killing(list_workers, killed, chance):
            sweep = run_sweep(CONFIG, SCHEMES, SEEDS, workers=workers, progress=False)
        assert save_sweep(cache / "sweep", sweep).read_bytes() == whole


@contextmanager
def killing(list_workers, killed, chance):
    """Kill one of some processes every now and then while the block lasts."""
    done = threading.Event()

    def kill():
        while len(killed) < KILLS and not done.wait(chance.uniform(0.2, 5)):
            if pids := list_workers():
                killed.append(chance.choice(pids))
                os.kill(killed[-1], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        done.set()
        killer.join()
