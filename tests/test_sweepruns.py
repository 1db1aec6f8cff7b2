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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import forkserver

import numpy as np
import pandas as pd
import pytest
import torch

from mer_utils.evaluation import predict_split
from mer_utils.networks import build_network
from mer_utils.profiles import fit_profile_network, get_profile
from mer_utils.sweepruns import count_trainings, fit_part, run_sweep, truncate_emotions
from mer_utils.sweeps import SweepConfig, SweepError, save_sweep

# Eighty clips, whose ratings are drawn at once; those of fewer take seconds in each new process.
CONFIG = SweepConfig(get_profile("smoke", n_clips=80))
# What is killed: nine nets that take about a second each.
LONG, SCHEMES, SEEDS = SweepConfig(get_profile(CONFIG.profile, max_epochs=12)), ("a2e", "joint", "a2mid2e"), (0, 1, 2)
KILLS = 10


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Folder of a cache in which the clips are rendered and no net is trained."""
    corpus = CONFIG.load_corpus()
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


@pytest.fixture
def ready_workers(cache, monkeypatch):
    """Let workers start with all modules loaded, as copies of a process that has done nothing but load them.

    What is under test is what a death leaves behind; the imports, which are most of what a new worker does, are the
    business of `test_a_sweep_killed_ten_times_ends_as_if_undisturbed` and of `test_workers`.
    """
    if sys.platform != "linux":  # elsewhere the libraries of the system may not be copied with a process
        yield
        return
    context = multiprocessing.get_context("forkserver")
    loaded = ("generated.clip", "generated.corpus", "training", "evaluation", "sweepruns")
    loaded = ["torch._dynamo", "distributed.nanny", *(f"mer_utils.{name}" for name in loaded)]
    context.set_forkserver_preload(loaded)  # what is not installed is left out
    monkeypatch.setattr(multiprocessing, "get_context", lambda *_: context)  # of Dask too
    forkserver._forkserver._stop()  # another would know another cache
    forkserver.ensure_running()
    yield
    forkserver._forkserver._stop()


@pytest.fixture(scope="module")
def whole(rendered, tmp_path_factory):
    """The bytes of a sweep that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        shutil.copytree(rendered, folder / "cache")
        redirect(patch, folder / "cache")
        return save_sweep(folder / "sweep", run_sweep(LONG, SCHEMES, SEEDS, progress=False)).read_bytes()


def test_a_part_is_what_the_net_says_about_the_test_clips(cache):
    part = fit_part(CONFIG, "joint", 0, None)
    corpus = CONFIG.load_corpus()
    heard = predict_split(fit_profile_network(corpus, "joint", profile=CONFIG.profile, n_threads=1), corpus, "test")
    assert part["tracks"] == corpus.select("test")
    assert part["identity"] == CONFIG.identity
    for head, table in heard.items():
        np.testing.assert_array_equal(part["heads"][head], (table / 10).to_numpy(np.float16))


def test_nothing_is_trained_twice(cache, monkeypatch):
    first = run_sweep(CONFIG, ["a2e"], [0], workers=1, progress=False)
    asked = []
    monkeypatch.setattr("mer_utils.workers.run_tasks", sweepruns_run_tasks(asked))
    rest = run_sweep(CONFIG, ["a2e", "joint"], [0, 1], progress=False)
    assert asked == [("joint", 0, None), ("a2e", 1, None), ("joint", 1, None)]
    assert_same_nets(first, rest, ["a2e"], [0])
    shutil.rmtree(cache / "sweeps")
    again = run_sweep(CONFIG, ["a2mid"], [0], known=rest, progress=False)
    assert asked[3:] == [("a2mid", 0, None)]
    assert_same_nets(rest, again, ["a2e", "joint"], [0, 1])


def test_nets_of_another_arithmetic_are_not_added_to_those_known(cache, monkeypatch):
    monkeypatch.setattr("mer_utils.workers.run_tasks", sweepruns_run_tasks([]))
    known = replace(run_sweep(CONFIG, ["a2mid"], [0], progress=False), arithmetic="float32 on paper")
    both = run_sweep(CONFIG, ["a2mid"], [0], known=known, progress=False)
    assert both.nets.keys() == known.nets.keys()
    with pytest.raises(SweepError, match="and in float32 on paper cannot be mixed"):
        run_sweep(CONFIG, ["a2mid"], [0, 1], known=known, progress=False)


def test_two_configurations_in_one_cache_stay_apart(cache, monkeypatch):
    asked, other = [], SweepConfig(get_profile(CONFIG.profile, max_epochs=1))
    monkeypatch.setattr("mer_utils.workers.run_tasks", sweepruns_run_tasks(asked))
    first = run_sweep(CONFIG, ["a2mid"], [0], progress=False)
    monkeypatch.setattr(SweepConfig, "key", "the same")  # were it not for the key, the identity in the file tells
    second = run_sweep(other, ["a2mid"], [0], progress=False)
    third = run_sweep(CONFIG, ["a2mid"], [0], progress=False)
    assert len(asked) == 3
    assert_same_nets(first, third, ["a2mid"], [0])
    assert (first.nets["a2mid", 0]["midlevel"] != second.nets["a2mid", 0]["midlevel"]).any()


def test_a_part_of_a2e_has_its_emotions_at_rank_seven_too(cache):
    heads = fit_part(CONFIG, "a2e", 0, None)["heads"]
    lost = (heads["emotion"].astype(float) - heads["truncated"]).astype(float)
    strengths = np.linalg.svd(lost - lost.mean(axis=0), compute_uv=False)
    assert strengths[0] > 20 * strengths[1]  # one direction of eight, and the rounding of half precision


def assert_same_nets(one, other, schemes, seeds):
    for net in ((scheme, seed) for scheme in schemes for seed in seeds):
        np.testing.assert_equal(one.nets[net], other.nets[net])


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
        run_sweep(SweepConfig(get_profile(CONFIG.profile, max_epochs=1)), ["a2mid"], [0], known=known, progress=False)


def test_a_damaged_part_is_made_again(cache, monkeypatch):
    asked = []
    monkeypatch.setattr("mer_utils.workers.run_tasks", sweepruns_run_tasks(asked))
    first = run_sweep(CONFIG, ["a2mid"], [0], progress=False)
    CONFIG.locate_part("a2mid", 0, None).write_bytes(b"half")
    again = run_sweep(CONFIG, ["a2mid"], [0], progress=False)
    assert len(asked) == 2
    np.testing.assert_array_equal(again.nets["a2mid", 0]["midlevel"], first.nets["a2mid", 0]["midlevel"])


def test_folds_test_every_clip_once(cache, monkeypatch):
    asked = []
    monkeypatch.setattr("mer_utils.workers.run_tasks", sweepruns_run_tasks(asked))
    config = SweepConfig(get_profile(CONFIG.profile, max_epochs=1), n_folds=3)
    sweep = run_sweep(config, ["a2e"], [0], progress=False)
    assert sorted(sweep.tracks) == config.load_corpus().tracks.index.tolist()
    table = sweep.build_predictions()["a2e"].loc[0] / 10
    for fold in range(3):
        part = fit_part(config, "a2e", 0, fold)
        np.testing.assert_array_equal(table.loc[part["tracks"]], part["heads"]["emotion"].astype(float))
    again = run_sweep(config, ["a2e"], [0], progress=False)
    assert len(asked) == 3
    assert_same_nets(sweep, again, ["a2e"], [0])


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


def build_part(tracks=("t0",), arithmetic="float32 on cpu"):
    emotion = np.zeros((len(tracks), 8), np.float16)
    return {"heads": {"emotion": emotion}, "tracks": list(tracks), "arithmetic": arithmetic, "identity": {}}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            build_part(arithmetic="bfloat16 on cuda"),
            "trained in bfloat16 on cuda and in float32 on cpu cannot be mixed",
        ),
        (build_part(tracks=["t1"]), "tested on other tracks than the rest cannot be mixed"),
    ],
)
def test_nets_that_do_not_belong_together_are_refused(cache, monkeypatch, other, message):
    parts = {CONFIG.locate_part("a2e", 0, None): build_part(), CONFIG.locate_part("a2e", 1, None): other}
    monkeypatch.setattr("mer_utils.sweepruns._read_part", lambda place, config: parts[place])
    with pytest.raises(SweepError, match=message):
        run_sweep(CONFIG, ["a2e"], [0, 1], progress=False)


def test_a_worker_with_other_code_is_refused(cache, monkeypatch):
    monkeypatch.setattr(
        "mer_utils.workers.run_tasks", lambda *_, **__: (pair for pair in [((CONFIG, "a2e", 0, None), build_part())])
    )
    with pytest.raises(SweepError, match="nets whose n_folds is None, not 0, which cannot be mixed"):
        run_sweep(CONFIG, ["a2e"], [0], progress=False)


def test_ctrl_c_says_what_is_done_and_how_to_go_on(cache, monkeypatch):
    def stopped(function, tasks, **_):
        yield tasks[0], function(*tasks[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("mer_utils.workers.run_tasks", stopped)
    with pytest.raises(KeyboardInterrupt, match="stopped, 1 of 2 nets are done: run it again to go on"):
        run_sweep(CONFIG, ["a2mid"], [0, 1], progress=False)


def test_threads_of_one_worker_do_not_disturb_each_other(cache):
    alone = [fit_part(CONFIG, "a2e", seed, None)["heads"]["emotion"] for seed in (0, 1)]
    shutil.rmtree(cache / "training")
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda seed: fit_part(CONFIG, "a2e", seed, None)["heads"]["emotion"], (0, 1)))
    np.testing.assert_array_equal(together, alone)


# Each of the following kills ten times at random moments of a real sweep: about half a minute, most of it imports.


def test_a_sweep_killed_ten_times_ends_as_if_undisturbed(cache, whole, tmp_path):
    command = [sys.executable, "-m", "mer_utils", "train", "--profile", "smoke", "--clips", "80", "--epochs", "12"]
    command += [
        "--schemes",
        ",".join(SCHEMES),
        "--seeds",
        str(len(SEEDS)),
        "--out",
        str(tmp_path / "sweep.safetensors"),
    ]
    chance, done = random.Random(0), []
    for _ in range(KILLS):
        before = list_states(cache)
        sweep = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while list_states(cache) == before and sweep.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 1))
        os.killpg(sweep.pid, signal.SIGKILL)
        sweep.wait()
        done.append(len(list((cache / "sweeps").rglob("*.safetensors"))))
    assert sum(count < len(SCHEMES) * len(SEEDS) for count in done) >= KILLS // 2  # else there was nothing to lose
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "sweep.safetensors").read_bytes() == whole
    assert not list((cache / "training").glob(".*.part"))


def list_states(cache):
    """List what a sweep has written so far, and when."""
    files = [*cache.glob("training/*.pt"), *cache.glob("sweeps/*/*.safetensors")]
    return {path.name: path.stat().st_mtime_ns for path in files}


def test_workers_killed_ten_times_change_nothing(cache, whole, ready_workers):
    def list_workers():
        return [child.pid for child in multiprocessing.active_children()]

    assert_kills_change_nothing(list_workers, cache, whole, workers=None)


def test_workers_of_a_cluster_killed_ten_times_change_nothing(cache, whole, ready_workers, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("DASK_TEMPORARY_DIRECTORY", str(tmp_path))
    options = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": None}
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
        with killing(list_workers, cache, killed, chance):
            sweep = run_sweep(LONG, SCHEMES, SEEDS, workers=workers, progress=False)
        assert save_sweep(cache / "sweep", sweep).read_bytes() == whole


@contextmanager
def killing(list_workers, cache, killed, chance):
    """Kill one of some processes now and then while the block lasts, each time after something was written."""
    done = threading.Event()

    def kill():
        while len(killed) < KILLS and not done.is_set():
            before = list_states(cache)
            while list_states(cache) == before and not done.wait(0.01):
                pass
            if not done.wait(chance.uniform(0, 1)) and (pids := list_workers()):
                with suppress(ProcessLookupError):  # it ended by itself
                    os.kill(pid := chance.choice(pids), signal.SIGKILL)
                    killed.append(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        done.set()
        killer.join()


@pytest.mark.parametrize(("cores", "gpu", "n"), [(2, False, 2), (16, False, 16), (2, True, 2), (16, True, 4)])
def test_a_gpu_is_shared_by_a_few_trainings(monkeypatch, cores, gpu, n):
    monkeypatch.setattr("mer_utils.workers.count_cores", lambda: cores)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert count_trainings() == n
