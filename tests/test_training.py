"""Training: what is learnt, what may be seen, and a killed run that ends like an unbroken one."""

import math
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils import runs
from mer_utils.augmentation import Augmentation
from mer_utils.batches import TrainingError, compute_normalisation, cut_windows, draw_starts, load_split
from mer_utils.checkpoints import CheckpointError
from mer_utils.networks import load_network, save_network
from mer_utils.regression import fit_linear
from mer_utils.scores import compute_correlations
from mer_utils.training import TrainingInterrupted, fit_network, fit_second_stage, paper_config, quick_config

TINY = quick_config(crop_frames=40, valid_frames=48, batch_size=8, max_epochs=3, learning_rate=0.01, n_threads=1)


@pytest.fixture(scope="module")
def corpus():
    return build_fake_corpus()


def _fit(corpus, scheme="joint", *, config=TINY, **options):
    return fit_network(corpus, scheme, config=config, **{"width": 2, "progress": False, **options})


def _same_weights(one, two):
    states = one.network.state_dict(), two.network.state_dict()
    return all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_the_paper_s_recipe_is_the_default():
    config = paper_config(seed=7)
    assert (config.learning_rate, config.batch_size, config.crop_frames) == (5e-4, 8, 313)
    assert (config.optimiser, config.weight_decay, config.max_epochs, config.patience) == ("adam", 0, 199, 50)


@pytest.mark.parametrize(
    "wrong",
    [{"batch_size": 0}, {"schedule": "magic"}, {"optimiser": "sgd"}, {"learning_rate": math.nan}, {"seed": -1}],
)
def test_settings_without_sense_are_refused(wrong):
    with pytest.raises(TrainingError, match=next(iter(wrong))):
        paper_config(**wrong)


def test_what_is_told_is_learnt():
    loud = build_fake_corpus(256, n_frames=48, seed=1)  # its emotions have nothing to do with its features
    config = replace(TINY, max_epochs=12, dropout=0, augmentation=None, start_at_ratings=False)
    scores = _fit(loud, config=config, width=8).scores
    assert min(scores["valid_midlevel"], scores["valid_emotion"]) > 0.4


def test_what_is_not_audible_is_not_learnt():
    deaf = build_fake_corpus(256, n_frames=48, seed=1)
    deaf.midlevel[:] = np.random.default_rng(0).permutation(deaf.midlevel.to_numpy())
    config = replace(TINY, max_epochs=12, dropout=0, augmentation=None)
    assert _fit(deaf, "a2mid", config=config, width=8).scores["valid_midlevel"] < 0.3


@pytest.mark.parametrize(
    ("scheme", "told"),
    [
        ("a2e", {"valid_emotion"}),
        ("a2b2e", {"valid_emotion"}),
        ("a2mid", {"valid_midlevel"}),
        ("multitask", {"valid_midlevel", "valid_emotion"}),
    ],
)
def test_a_scheme_is_judged_by_what_it_is_told(corpus, scheme, told):
    trained = _fit(corpus, scheme, config=replace(TINY, max_epochs=1))
    assert set(trained.scores) == {"best_epoch", *told}
    assert not trained.network.training


def test_the_test_split_is_never_touched(corpus):
    closed = build_fake_corpus()
    closed.tracks.loc["t0001":"t0003", "split"] = "test"
    closed.midlevel.loc["t0001":"t0003"] = np.nan
    closed.spectrograms = _refuse_test(closed)
    assert len(_fit(closed, config=replace(TINY, max_epochs=1)).history) == 1


def _refuse_test(corpus):
    def spectrograms(wanted):
        assert not set(wanted) & set(corpus.select("test"))
        return [corpus.spectrogram(track) for track in wanted]

    return spectrograms


def test_the_same_seed_gives_the_same_weights(corpus):
    one, two, other = _fit(corpus), _fit(corpus), _fit(corpus, config=replace(TINY, seed=1))
    assert _same_weights(one, two)
    assert not _same_weights(one, other)


def test_nothing_global_is_left_changed(corpus):
    torch.manual_seed(3)
    before, n_threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(2)
    _fit(corpus, config=replace(TINY, max_epochs=1))
    kept = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    assert kept == 2
    assert torch.equal(torch.get_rng_state(), before)


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from mer_utils import runs
import test_training as t

step, done = runs.Run._step, []
def counted(self, *arguments):
    if len(done) == {steps}:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(1)
    return step(self, *arguments)
runs.Run._step = counted
t._fit(t.build_fake_corpus(), checkpoint={checkpoint!r})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_run_ends_like_an_unbroken_one(corpus, tmp_path):
    checkpoint = str(tmp_path / "run.pt")
    # 48 training clips in batches of 8: the kill comes in the middle of the second epoch of three.
    code = KILLED.format(tests=str(Path(__file__).parent), steps=9, checkpoint=checkpoint)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert len(torch.load(checkpoint, weights_only=True)["history"]) == 1
    resumed, unbroken = _fit(corpus, checkpoint=checkpoint), _fit(corpus, checkpoint=tmp_path / "unbroken.pt")
    assert _same_weights(resumed, unbroken)
    last = [torch.load(path, weights_only=True)["network"] for path in (checkpoint, tmp_path / "unbroken.pt")]
    assert all(torch.equal(value, last[1][name]) for name, value in last[0].items())
    assert resumed.history.drop(columns="seconds").equals(unbroken.history.drop(columns="seconds"))


def test_a_resumed_run_needs_all_of_its_state(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_judge", lambda row: row["epoch"])  # the last epoch counts
    unbroken, checkpoint = _fit(corpus), _interrupt(corpus, tmp_path, monkeypatch, epoch=1)
    state = torch.load(checkpoint, weights_only=True)
    state["optimiser"]["state"][0]["exp_avg"] *= 0.9
    torch.save(state, checkpoint)
    assert not _same_weights(_fit(corpus, checkpoint=checkpoint), unbroken)


def _interrupt(corpus, folder, monkeypatch, *, epoch):
    advance = runs.Run.advance
    with monkeypatch.context() as patched:
        patched.setattr(
            runs.Run, "advance", lambda run, report: _stop() if run.epoch == epoch else advance(run, report)
        )
        with pytest.raises(TrainingInterrupted, match=rf"epoch {epoch + 1} of 3: run it again .*run\.pt"):
            _fit(corpus, checkpoint=folder / "run.pt")
    return folder / "run.pt"


def _stop():
    raise KeyboardInterrupt


def test_an_interrupted_run_goes_on(corpus, tmp_path, monkeypatch):
    checkpoint = _interrupt(corpus, tmp_path, monkeypatch, epoch=1)
    assert _same_weights(_fit(corpus, checkpoint=checkpoint), _fit(corpus))


def test_a_finished_checkpoint_is_the_result(corpus, tmp_path, monkeypatch):
    first = _fit(corpus, checkpoint=tmp_path / "run.pt")
    monkeypatch.setattr(runs.Run, "_step", None)  # would fail if anything were trained
    assert _same_weights(_fit(corpus, checkpoint=tmp_path / "run.pt"), first)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"config": replace(TINY, batch_size=4)}, "batch_size"), ({"width": 1}, "width"), ({"scheme": "a2e"}, "scheme")],
)
def test_the_checkpoint_of_another_run_is_refused(corpus, tmp_path, change, named):
    short = replace(TINY, max_epochs=1)
    _fit(corpus, config=short, checkpoint=tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match=rf"run\.pt belongs to another run, whose {named}"):
        _fit(corpus, **{"config": short, **change}, checkpoint=tmp_path / "run.pt")


def test_the_checkpoint_of_another_corpus_is_refused(corpus, tmp_path):
    _fit(corpus, config=replace(TINY, max_epochs=1), checkpoint=tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match="whose corpus"):
        _fit(build_fake_corpus(seed=9), config=replace(TINY, max_epochs=1), checkpoint=tmp_path / "run.pt")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04" + bytes(50)])
def test_a_damaged_checkpoint_is_refused(corpus, tmp_path, content):
    (tmp_path / "run.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"run\.pt"):
        _fit(corpus, checkpoint=tmp_path / "run.pt")


def test_a_checkpoint_that_would_execute_code_is_refused(corpus, tmp_path):
    torch.save({"identity": Path}, tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match=r"run\.pt"):
        _fit(corpus, checkpoint=tmp_path / "run.pt")


def test_training_stops_when_nothing_improves(corpus, monkeypatch):
    monkeypatch.setattr(runs, "compute_valid_scores", lambda *_: {"valid_emotion": 0.1})
    trained = _fit(corpus, config=replace(TINY, max_epochs=9, patience=2))
    assert (len(trained.history), trained.scores["best_epoch"]) == (3, 1)


def test_the_best_epoch_is_kept(corpus, monkeypatch):
    one = _fit(corpus, config=replace(TINY, schedule="constant", max_epochs=1))
    falling = iter((0.3, 0.2, 0.1))
    monkeypatch.setattr(runs, "compute_valid_scores", lambda *_: {"valid_emotion": next(falling)})
    assert _same_weights(_fit(corpus, config=replace(TINY, schedule="constant")), one)


def test_a_loss_that_explodes_is_named(corpus):
    with pytest.raises(TrainingError, match="loss of epoch 1 is"):
        _fit(corpus, config=replace(TINY, learning_rate=1e30))


def test_the_second_stage_is_linear_regression(corpus):
    first = _fit(corpus, "a2mid", config=replace(TINY, max_epochs=1))
    both = fit_second_stage(corpus, first, window_frames=48)
    train = load_split(corpus, "train", scheme="joint")
    heard = runs.predict_middles(both.network, train.specs, both.normalisation, n_frames=48)
    residuals = (train.emotion - heard.emotion).double().numpy()
    assert abs(residuals.mean(axis=0)).max() < 1e-4
    assert abs(compute_correlations(residuals[:, :7], heard.midlevel.numpy())).max() < 1e-2
    assert abs(compute_correlations(train.emotion[:, :7], heard.midlevel)).max() > 1e-2


def test_two_stages_in_one_call(corpus):
    config = replace(TINY, max_epochs=1)
    both, first = _fit(corpus, "a2mid2e", config=config), _fit(corpus, "a2mid", config=config)
    assert torch.equal(both.network.to_midlevel.weight, first.network.to_midlevel.weight)


def test_the_first_stage_may_hear_another_corpus(corpus):
    config, larger = replace(TINY, max_epochs=1), build_fake_corpus(96, seed=1)
    ours = build_fake_corpus()
    ours.build_first_stage = lambda: larger
    first, both = _fit(larger, "a2mid", config=config), _fit(ours, "a2mid2e", config=config)
    assert torch.equal(both.network.to_midlevel.weight, first.network.to_midlevel.weight)
    assert both.normalisation == first.normalisation != compute_normalisation(ours.spectrograms(ours.select("train")))
    assert _same_weights(both, fit_second_stage(ours, first, window_frames=48))
    assert both.corpus == _fit(corpus, config=config).corpus | {"first_stage": f"fake 1, {larger.fingerprint}"}
    assert "first_stage" not in _fit(corpus, "a2mid2e", config=config).corpus


def test_the_second_stage_computes_on_as_many_threads_as_the_first(corpus, monkeypatch):
    first, seen = _fit(corpus, "a2mid", config=replace(TINY, max_epochs=1)), []
    monkeypatch.setattr("torch.set_num_threads", seen.append)
    fit_second_stage(corpus, replace(first, config=first.config | {"n_threads": 3}), window_frames=48)
    assert seen == [3, torch.get_num_threads()]


def test_two_stages_go_on_from_the_first(corpus, tmp_path):
    config, checkpoint = replace(TINY, max_epochs=1), tmp_path / "run.pt"
    _fit(corpus, "a2mid", config=config, checkpoint=checkpoint)
    before = checkpoint.stat().st_mtime_ns
    assert _fit(corpus, "a2mid2e", config=config, checkpoint=checkpoint).scheme == "a2mid2e"
    assert checkpoint.stat().st_mtime_ns == before


def test_a_trained_network_is_saved_whole(corpus, tmp_path):
    trained = _fit(corpus, config=replace(TINY, max_epochs=1))
    loaded = load_network(save_network(tmp_path / "net.safetensors", trained))
    assert _same_weights(trained, loaded)
    assert (loaded.config, loaded.scores, loaded.corpus) == (trained.config, trained.scores, trained.corpus)


def test_normalisation_weighs_clips_alike():
    specs = [np.zeros((10, 149), np.float32), np.full((1000, 149), 2, np.float32)]
    assert compute_normalisation(specs) == pytest.approx((1, 1))


@pytest.mark.parametrize("value", [0, np.nan])
def test_silence_and_nan_teach_nothing(value):
    with pytest.raises(TrainingError, match="teach nothing"):
        compute_normalisation([np.full((10, 149), value, np.float32)])


def test_crops_reach_both_ends_and_loop_short_clips():
    specs = [np.arange(length, dtype=np.float32)[:, None].repeat(149, 1) for length in (12, 5)]
    starts = np.array([draw_starts(specs, 10, generator=torch.Generator().manual_seed(seed)) for seed in range(60)])
    assert [set(column.tolist()) for column in starts.T] == [{0, 1, 2}, {0, 1, 2, 3, 4}]
    assert cut_windows(specs, [2, 4], 10)[:, :, 0].tolist() == [list(range(2, 12)), [4, 0, 1, 2, 3, 4, 0, 1, 2, 3]]


def _without_emotion(corpus):
    corpus.emotion = None


def _with_a_gap(corpus):
    corpus.emotion.iloc[1] = np.nan


def _with_two_valid(corpus):
    corpus.tracks.iloc[:8, 1] = "train"


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_without_emotion, "does not have"),
        (_with_a_gap, "1 of 12 clips lack"),
        (_with_two_valid, "has 2 clips in its"),
    ],
)
def test_a_corpus_that_does_not_do_is_named(spoil, named):
    poor = build_fake_corpus(16)
    spoil(poor)
    with pytest.raises(TrainingError, match=named):
        _fit(poor)


@pytest.mark.parametrize("scheme", ["joint", "a2e", "a2b2e", "multitask"])
def test_training_may_start_at_the_mean(corpus, scheme):
    config = replace(TINY, max_epochs=1, learning_rate=1e-9, augmentation=None)
    at_mean, at_random = (
        _fit(corpus, scheme, config=replace(config, start_at_mean=start)).history["loss"][0] for start in (True, False)
    )
    assert at_mean < 0.3 < at_random


def test_the_readable_layer_may_start_at_the_ratings(corpus):
    config = replace(TINY, max_epochs=1, learning_rate=1e-9, augmentation=None)
    train = corpus.select("train")
    wanted = fit_linear(corpus.midlevel.loc[train] / 10, corpus.emotion.loc[train] / 10)
    started, random = (
        _fit(corpus, "joint", config=replace(config, start_at_ratings=start)).network.to_emotion
        for start in (True, False)
    )
    assert started.weight.detach().numpy() == pytest.approx(wanted.weights, abs=1e-5)
    assert started.bias.detach().numpy() == pytest.approx(wanted.bias, abs=1e-5)
    assert np.abs(random.weight.detach().numpy() - wanted.weights).max() > 0.1


def test_too_few_clips_for_a_start_at_the_ratings_are_said():
    config = replace(TINY, batch_size=2, augmentation=None)
    with pytest.raises(TrainingError, match="cannot start at the ratings"):
        _fit(build_fake_corpus(10), "joint", config=config)


def test_other_schemes_have_no_layer_to_start_at_the_ratings(corpus):
    config = replace(TINY, max_epochs=1, augmentation=None)
    weights = [
        _fit(corpus, "a2b2e", config=replace(config, start_at_ratings=start)).network.to_emotion.weight
        for start in (True, False)
    ]
    assert torch.equal(*weights)


@pytest.mark.parametrize("schedule", ["constant", "onecycle"])
def test_the_rate_never_passes_its_peak(schedule):
    config = replace(TINY, schedule=schedule, augmentation=Augmentation())
    rates = [runs._learning_rate(config, done) for done in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(config.learning_rate, rel=1e-3)
    assert (rates[-1] < 1e-3 * rates[30]) == (schedule == "onecycle")


@pytest.mark.parametrize("name", ["crop_frames", "valid_frames"])
def test_windows_that_no_network_can_hear_are_refused(name):
    with pytest.raises(TrainingError, match="at least 32 frames"):
        paper_config(**{name: 31})
    paper_config(**{name: 32})
