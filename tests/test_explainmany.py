"""Many explanations: the same bytes whoever computes them, nothing twice, and no sound that spoils the others."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils import explainjobs
from mer_utils.audio import save_audio
from mer_utils.checkpoints import write_tensors
from mer_utils.excerpts import load_excerpt
from mer_utils.explainjobs import build_job, explain_one
from mer_utils.explainmany import TABLE, build_sounds, explain_many
from mer_utils.explanation import ExplainError, load_explanation, save_explanation
from mer_utils.files import TargetError
from mer_utils.networks import TrainedNetwork, build_network, load_network, save_network
from mer_utils.predictor import Predictor, PredictorError
from mer_utils.profiles import get_profile, load_profile_corpus
from mer_utils.ratings import MIDLEVEL
from mer_utils.selection import select_segments
from mer_utils.soundwhy import Settings, explain_excerpt
from mer_utils.trust import compute_fidelity

SETTINGS = Settings(n_samples=64, segmentation="bands")
# Eighty clips, whose ratings are drawn at once; those of fewer take seconds in each new process.
PROFILE = get_profile("smoke", n_clips=80)


def store_net(path, scheme="joint", seed=0):
    network = build_network(scheme, width=2, generator=torch.Generator().manual_seed(seed)).eval()
    return save_network(path, TrainedNetwork(network, (0.4, 0.3), {}, {}, 0, {}, {}))


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    return store_net(tmp_path_factory.mktemp("net") / "net.safetensors")


@pytest.fixture
def job(net):
    return build_job(net, settings=SETTINGS)


@pytest.fixture
def sounds(tmp_path, rng):
    """Two sounds of 2 s, and between them one that cannot be read."""
    for name in ("one", "two"):
        save_audio(tmp_path / f"{name}.wav", rng.normal(0, 0.1, 44100).astype(np.float32))
    (tmp_path / "notes.wav").write_text("no sound at all")
    return build_sounds(tmp_path / f"{name}.wav" for name in ("one", "notes", "two"))


@pytest.fixture
def asked(monkeypatch):
    """Work in this process, and write down what for."""
    asked = []

    def run_tasks(function, tasks, **_):
        for task in tasks:
            result = function(*task)
            asked.extend([] if result is None else [task[1]])
            yield task, result

    monkeypatch.setattr("mer_utils.workers.run_tasks", run_tasks)
    return asked


def read(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def clips(net):
    """Explain three clips of the generated corpus."""
    corpus = load_profile_corpus(PROFILE)
    return build_job(net, settings=SETTINGS, profile=PROFILE, corpus=corpus), corpus.select("test")[:3]


@pytest.fixture(scope="module")
def plain(clips, tmp_path_factory):
    """The bytes of a plain loop, backwards."""
    (job, tracks), folder = clips, tmp_path_factory.mktemp("plain")
    return {
        path.name: path.read_bytes()
        for track in reversed(tracks)
        for path in [save_explanation(folder / f"{track}.safetensors", explain_one(job, track))]
    }


def explain_clips(clips, folder, workers):
    job, tracks = clips
    explain_many(job, {track: track for track in tracks}, folder, workers=workers, progress=False)
    found = read(folder)
    return found.pop(TABLE), found


def test_processes_write_the_bytes_of_a_plain_loop(clips, plain, tmp_path):  # 4 s: each imports torch
    table, found = explain_clips(clips, tmp_path, 2)
    assert found == plain
    assert list(dict.fromkeys(line.split(b",")[0] for line in table.splitlines()[1:])) == [
        t.encode() for t in clips[1]
    ]


def test_a_cluster_whose_workers_have_two_threads_does_too(clips, plain, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("DASK_TEMPORARY_DIRECTORY", str(tmp_path / "dask"))
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "protocol": "tcp"}
    with distributed.LocalCluster(**options, dashboard_address=None, silence_logs=60) as cluster:
        assert explain_clips(clips, tmp_path / "out", cluster.scheduler_address)[1] == plain


def test_a_net_that_differs_in_one_bit_gives_other_bytes(clips, plain, tmp_path, net):
    trained = load_network(net)
    with torch.no_grad():
        weights = next(trained.network.parameters()).view(-1)
        weights[0] = torch.nextafter(weights[0], torch.tensor(9.0))
    job = replace(clips[0], net=str(save_network(tmp_path / "other.safetensors", trained)))
    job = replace(job, network=explainjobs._build_outputs(job.net).fingerprint)
    track = clips[1][0]
    path = save_explanation(tmp_path / "x.safetensors", explain_one(job, track))
    assert path.read_bytes() != plain[f"{track}.safetensors"]


@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_file_is_explained_as_mer_explain_does_it_on_any_number_of_threads(job, sounds, tmp_path, n_threads):
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    outputs = Predictor.load(job.net).outputs("midlevel")
    alone, _ = explain_excerpt(load_excerpt(sounds["one"]), outputs, settings=SETTINGS)
    torch.set_num_threads(before)
    many = explain_one(job, sounds["one"])
    paths = [save_explanation(tmp_path / name, e) for name, e in (("alone", alone), ("many", many))]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_worker_computes_one_explanation_at_a_time_on_one_thread(job, sounds, monkeypatch):
    seen, busy, before = [], threading.Lock(), torch.get_num_threads()

    def look(*_, **__):
        with_others = not busy.acquire(blocking=False)
        seen.append((with_others, torch.get_num_threads()))
        threading.Event().wait(0.05)
        busy.release()
        raise ExplainError("seen enough")

    monkeypatch.setattr(explainjobs, "explain_excerpt", look)
    torch.set_num_threads(2)
    with ThreadPoolExecutor(2) as threads:
        assert set(threads.map(lambda name: explain_one(job, sounds[name]), ("one", "two"))) == {"seen enough"}
    explain_one(job, sounds["one"])
    assert (seen, torch.get_num_threads()) == ([(False, 1)] * 3, 2)
    torch.set_num_threads(before)


def test_a_sound_that_cannot_be_read_is_named_and_the_others_are_explained(job, sounds, asked, tmp_path):
    table, faults, reused = explain_many(job, sounds, tmp_path / "out", progress=False)
    assert table["track"].unique().tolist() == ["one", "two"]
    assert list(faults) == ["notes"]
    assert "notes.wav" in faults["notes"]
    assert reused == []
    assert sorted(read(tmp_path / "out")) == [TABLE, "one.safetensors", "two.safetensors"]


def test_the_table_tells_what_the_explanations_do(job, sounds, asked, tmp_path):
    table = explain_many(job, sounds, tmp_path / "out", progress=False).table.set_index(["track", "feature"])
    assert len(table) == 2 * len(MIDLEVEL)
    e = load_explanation(tmp_path / "out" / "two.safetensors")
    card, kept = compute_fidelity(e), {name: select_segments(e, name) for name in MIDLEVEL}
    assert table.loc["two", "verdict"].to_dict() == card["verdict"].to_dict()
    assert table.loc["two", "raise"].to_dict() == {name: len(raises) for name, (raises, _) in kept.items()}
    assert table.loc["two", "significant"].to_dict() == {name: len(a) + len(b) for name, (a, b) in kept.items()}
    np.testing.assert_array_equal(table.loc["two", "prediction"], e.prediction)
    written = pd.read_csv(tmp_path / "out" / TABLE, index_col=["track", "feature"])
    np.testing.assert_allclose(written["r2_holdout"], table["r2_holdout"], rtol=1e-5)


def test_what_is_there_is_not_computed_again(job, sounds, asked, tmp_path):
    explain_many(job, sounds, tmp_path / "out", progress=False)
    before, n_asked = read(tmp_path / "out"), len(asked)
    again = explain_many(job, sounds, tmp_path / "out", progress=False)
    assert again.reused == ["one", "two"]
    assert read(tmp_path / "out") == before
    assert asked[n_asked:] == [sounds["notes"]]


def test_what_is_there_of_another_net_sound_or_setting_is(job, sounds, asked, tmp_path):
    out, two = tmp_path / "out", {"two": sounds["two"]}
    explain_many(job, two, out, progress=False)
    others = [
        (build_job(store_net(tmp_path / "b.safetensors", seed=1), settings=SETTINGS), two),
        (replace(job, settings=replace(SETTINGS, seed=1)), two),
        (job, {"two": sounds["one"]}),
    ]
    for other, wanted in others:
        assert explain_many(other, wanted, out, progress=False).reused == []
    (out / "two.safetensors").write_bytes(b"half")
    assert explain_many(job, two, out, progress=False).reused == []
    assert explain_many(job, two, out, progress=False).reused == ["two"]


def test_a_file_that_is_no_explanation_is_spared(job, sounds, asked, tmp_path):
    write_tensors(tmp_path / "one.safetensors", {"w": torch.zeros(1)}, header={"format": 1})
    before = read(tmp_path)
    with pytest.raises(TargetError, match=r"one\.safetensors is no explanation and would be overwritten"):
        explain_many(job, sounds, tmp_path, progress=False)
    assert (read(tmp_path), asked) == (before, [])


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(job, sounds, tmp_path, monkeypatch):
    def stopped(function, tasks, **_):
        yield tasks[0], function(*tasks[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("mer_utils.workers.run_tasks", stopped)
    with pytest.raises(KeyboardInterrupt, match="stopped, 1 of 3 tracks are explained: run it again to go on"):
        explain_many(job, sounds, tmp_path / "out", progress=False)
    assert list(read(tmp_path / "out")) == ["one.safetensors"]


def test_half_an_explanation_is_none(job, sounds, monkeypatch):
    def stop(*words, **options):
        explanation, reused = explain_excerpt(*words, **options)
        return replace(explanation, complete=False), reused

    monkeypatch.setattr(explainjobs, "explain_excerpt", stop)
    with pytest.raises(KeyboardInterrupt):
        explain_one(job, sounds["one"])


def test_a_worker_with_another_net_corpus_or_version_is_refused(job, sounds, asked, tmp_path, monkeypatch):
    with pytest.raises(ExplainError, match=r"another net .* than the one to explain"):
        explain_one(replace(job, network="other"), sounds["one"])
    monkeypatch.setattr(explainjobs, "load_profile_corpus", lambda *_: build_fake_corpus(4))
    with pytest.raises(ExplainError, match="another corpus generated than the one to explain"):
        explain_one(replace(job, profile=PROFILE, corpus="generated", fingerprint="other"), "t0000")
    monkeypatch.setattr("mer_utils.explainmany.VERSION", -1)
    with pytest.raises(ExplainError, match="another version of this package"):
        explain_many(job, sounds, tmp_path / "out", progress=False)


def test_net_and_corpus_are_loaded_once(job, monkeypatch):
    loaded, corpus = [], build_fake_corpus(4, n_frames=320)
    monkeypatch.setattr(explainjobs, "load_profile_corpus", lambda *_: loaded.append("corpus") or corpus)
    monkeypatch.setattr(
        explainjobs, "_build_outputs", lambda net: loaded.append("net") or Predictor.load(net).outputs("midlevel")
    )
    explainjobs._load_outputs.cache_clear()
    explainjobs._load_corpus.cache_clear()
    job = build_job(job.net, settings=SETTINGS, profile=PROFILE, corpus=corpus)
    starts = [explain_one(job, track).start for track in corpus.select("train")]
    assert (loaded, starts) == (["net", "net", "corpus"], [3 / 31.25] * 3)  # the first net is that of the parent


def test_a_net_without_features_is_refused(tmp_path):
    with pytest.raises(PredictorError, match="has no 'midlevel'"):
        build_job(store_net(tmp_path / "a2e.safetensors", "a2e"), settings=SETTINGS)


def test_sounds_of_one_name_are_told_apart():
    paths = ["a/x.mp3", "b/x.mp3", "b/X.wav", "b/y.wav", "b/y.wav", "c/b/y.ogg", "d/b/y.ogg"]
    names = list(build_sounds(paths))
    assert names == ["a - x", "b - x", "b - X.wav", "b - y", "b - y.ogg", "b - y.ogg (2)"]
    assert list(build_sounds(["a/x.mp3", "b/y.wav"])) == ["x", "y"]
