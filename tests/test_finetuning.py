"""What starting is worth: planted differences are found, nothing is done twice, what is stored is up to date."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from fakes import build_fake_corpus

from mer_utils import finetuning, smallsets
from mer_utils.corpora import Corpus
from mer_utils.finetuning import (
    N_CLIPS,
    SCHEMES,
    STARTS,
    FinetuningError,
    compute_finetuning,
    identify_finetuning,
    load_finetuning,
    save_finetuning,
)
from mer_utils.networks import TrainedNetwork, build_network
from mer_utils.spectrogram import SpectrogramConfig
from mer_utils.training import quick_config

GROUPS = [("joint", "midlevel"), ("joint", "emotion"), ("a2e", "emotion")]


class SmallCorpus(Corpus):
    """The fake corpus on albums, twenty of them to draw from and twenty for testing."""

    name, version, music, fingerprint = "fake", "1", "noise", "fake"

    def __init__(self, n_tracks=120):
        fake = build_fake_corpus(n_tracks)
        self.midlevel, self.emotion, self.spectrograms = fake.midlevel, fake.emotion, fake.spectrograms
        albums = np.arange(n_tracks) // 3
        split = np.where(albums % 2, "test", "pool")
        self.tracks = fake.tracks.assign(album=[f"album {a}" for a in albums], split=split)

    def audio(self, track_id):
        raise NotImplementedError

    def spectrograms(self, track_ids):
        raise NotImplementedError  # replaced in the instance


@pytest.fixture
def corpus(monkeypatch):
    corpus = SmallCorpus()
    monkeypatch.setattr(smallsets, "load_unheard", lambda: corpus)
    monkeypatch.setattr(finetuning, "N_CLIPS", (24, 30, 36))
    return corpus


@pytest.fixture
def planted(corpus, monkeypatch):
    """Predict the ratings with noise that depends on the way of starting, and on the learning rate."""
    noise, asked = {"from scratch": 4.0, "last layers": 2.0, "fine-tuned": 1.0, "as released": 8.0}, []
    best = {"from scratch": 4e-3, "fine-tuned": 3e-3}

    def predict(net, view, split):
        case, rate = net
        asked.append(case)
        rng = np.random.default_rng([case.draw, case.n_clips, STARTS.index(case.start)])
        spread = noise[case.start] * (1 if rate == best.get(case.start) else 3)
        heads = ("midlevel", "emotion") if case.scheme == "joint" else ("emotion",)
        rated = {head: getattr(view, head).loc[view.select(split)] for head in heads}
        return {head: table + rng.normal(0, spread, table.shape) for head, table in rated.items()}

    monkeypatch.setattr(finetuning, "_fit", lambda view, case, rate: (case, rate))
    monkeypatch.setattr("mer_utils.evaluation.predict_split", predict)
    return asked


@pytest.fixture
def table(planted, tmp_path):
    return compute_finetuning(folder=tmp_path, progress=False)


def test_every_way_is_there_for_every_size_and_head(table):
    groups = table.groupby(["scheme", "head", "n_clips"], sort=False)["start"].agg(list)
    assert list(groups.index) == [(*group, n) for group in GROUPS for n in (24, 30, 36)]
    assert all(starts == list(STARTS) for starts in groups)


def test_planted_differences_are_found(table):
    r = table.groupby("start")["r"].mean()
    assert r["fine-tuned"] > r["last layers"] > r["from scratch"] > r["as released"]
    known = table[table["start"] != "from scratch"]
    scratch = table[table["start"] == "from scratch"].set_index(["scheme", "head", "n_clips"])["r"]
    gain = known["r"] - scratch.loc[pd.MultiIndex.from_frame(known[["scheme", "head", "n_clips"]])].to_numpy()
    np.testing.assert_allclose(known["gain"], gain, atol=1e-9)
    assert ((known["gain_low"] < known["gain"]) & (known["gain"] < known["gain_high"])).all()
    assert (known.loc[known["start"] == "fine-tuned", "gain_low"] > 0).all()


def test_what_rating_clips_adds_is_measured_from_the_released_net(table):
    r = table.pivot(index=["scheme", "head", "n_clips"], columns="start", values="r")
    added = table.pivot(index=["scheme", "head", "n_clips"], columns="start", values="added")
    np.testing.assert_allclose(added["fine-tuned"], r["fine-tuned"] - r["as released"], atol=1e-9)
    assert (table.loc[table["start"] == "fine-tuned", "added_low"] > 0).all()


def test_what_is_compared_with_itself_has_no_gain(table):
    assert table.loc[table["start"] == "from scratch", "gain"].isna().all()
    assert table.loc[table["start"] == "as released", "added"].isna().all()


def test_the_best_learning_rate_is_taken_and_named(table):
    rates = table.groupby("start")["learning_rate"].agg(["min", "max"])
    assert rates.loc["from scratch"].tolist() == [4e-3, 4e-3]
    assert rates.loc["fine-tuned"].tolist() == [3e-3, 3e-3]
    assert rates.loc[["last layers", "as released"]].isna().all(axis=None)


def test_a_net_that_was_heard_before_is_not_trained_again(table, planted, tmp_path):
    n_nets = len(planted)
    assert n_nets == 6 + 4 * 3 * 2 * 3 + 2
    next(tmp_path.glob("2-30-joint-fine-tuned-*")).unlink()
    again = compute_finetuning(folder=tmp_path, progress=False)
    assert planted[n_nets:] == [(2, 30, "joint", "fine-tuned")]
    pd.testing.assert_frame_equal(again, table)


@pytest.mark.parametrize("start", STARTS)
def test_nets_start_as_they_are_said_to(corpus, monkeypatch, start):
    """Truly trained, for one short epoch: what stays of the released net tells how a net began."""
    fields = {"config": {}, "corpus": {"name": "fake", "fingerprint": "f"}, "seed": 0, "scores": {}}
    fields["spectrogram"] = asdict(SpectrogramConfig())
    released = TrainedNetwork(network=build_network("joint", width=2).eval(), normalisation=(3.0, 1.0), **fields)
    monkeypatch.setattr("mer_utils.networks.load_network", lambda name: {"released:joint": released}[name])
    short = {"max_epochs": 1, "crop_frames": 32, "batch_size": 4, "n_threads": 1}
    monkeypatch.setattr(
        finetuning, "build_training", lambda start, learning_rate, seed: quick_config(learning_rate=1e-6, **short)
    )
    view = smallsets.select_small_set(corpus, 24)
    rate = 1e-6 if start in finetuning._RATES else None
    net = finetuning._fit(view, finetuning.Case(0, 24, "joint", start), rate)
    before, after = released.network.state_dict(), net.network.state_dict()
    far = {name: float((after[name] - before[name]).abs().max()) for name in after}
    assert (far["backbone.0.weight"] < 1e-3) == (start != "from scratch")
    assert (far["to_midlevel.weight"] < 1e-3) == (start in ("fine-tuned", "as released"))
    assert (net is released) == (start == "as released")


def test_what_is_stored_is_up_to_date_and_whole():
    table = load_finetuning()
    assert len(table) == len(GROUPS) * len(N_CLIPS) * len(STARTS)
    assert set(table["scheme"]) == set(SCHEMES)
    assert ((table["r_low"] < table["r"]) & (table["r"] < table["r_high"])).all()


@pytest.mark.parametrize(
    "change", [("VERSION", -1), ("N_CLIPS", (100, 200, 300)), ("_EPOCHS", {"from scratch": 41, "fine-tuned": 20})]
)
def test_another_recipe_makes_a_table_stale(monkeypatch, tmp_path, change):
    save_finetuning(pd.DataFrame({"r": [0.123456]}), folder=tmp_path)
    assert load_finetuning(folder=tmp_path)["r"].tolist() == [0.1235]
    monkeypatch.setattr(finetuning, *change)
    with pytest.raises(FinetuningError, match=r"other nets, clips or code; .* benchmarks/finetuning.py --store"):
        load_finetuning(folder=tmp_path)


def test_another_released_net_makes_a_table_stale(monkeypatch):
    mark, other = identify_finetuning(), finetuning.SCHEMES[::-1]
    monkeypatch.setattr(finetuning, "SCHEMES", other)
    assert identify_finetuning() != mark


def test_a_table_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(FinetuningError, match=r"finetuning.csv is not there; .* --store"):
        load_finetuning(folder=tmp_path)
