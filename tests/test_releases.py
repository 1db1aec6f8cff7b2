"""Releases: what is judged and written, and what is refused before anything is."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from fakes import build_fake_corpus

from mer_utils import profiles, releases
from mer_utils.corpora import Corpus
from mer_utils.files import TargetError
from mer_utils.networks import TrainedNetwork, build_network, load_network, save_network
from mer_utils.releases import ReleaseError, build_release, find_run_networks, save_release, select_groups
from mer_utils.scores import compute_mean_correlation
from mer_utils.spectrogram import SpectrogramConfig
from mer_utils.training import quick_config


class AlbumCorpus(Corpus):
    """The fake corpus on albums of three clips, in three splits."""

    name, version, music, fingerprint = "fake", "1", "noise", "fake"

    def __init__(self, n_tracks=60):
        fake = build_fake_corpus(n_tracks)
        self.midlevel, self.emotion, self._hear = fake.midlevel, fake.emotion, fake.spectrograms
        albums = np.arange(n_tracks) // 3
        split = np.array(["train", "train", "valid", "test"])[albums % 4]
        self.tracks = fake.tracks.assign(album=[f"album {a}" for a in albums], split=split)

    def audio(self, track_id):
        raise NotImplementedError

    def spectrograms(self, track_ids):
        return self._hear(track_ids)


def build_trained(scheme="joint", **changes):
    trained = TrainedNetwork(
        network=build_network(scheme, width=2).eval(),
        normalisation=(3.0, 1.0),
        config=asdict(quick_config()),
        corpus={"name": "fake", "version": "1", "fingerprint": "fake"},
        seed=0,
        scores={"valid_midlevel": 0.5},
        spectrogram=asdict(SpectrogramConfig()),
    )
    return replace(trained, **changes)


@pytest.fixture
def corpus():
    return AlbumCorpus()


def test_a_release_says_how_well_test_clips_are_heard(corpus):
    from mer_utils.evaluation import predict_split

    card = build_release(build_trained(), corpus).scores["card"]
    for head, heard in predict_split(build_trained(), corpus, "test").items():
        rated = getattr(corpus, head).loc[heard.index]
        r, low, high = card["r"]["test"][head]["average"]
        assert r == pytest.approx(compute_mean_correlation(heard, rated), abs=1e-4)
        assert r != pytest.approx(compute_mean_correlation(heard[::-1].set_index(heard.index), rated), abs=1e-4)
        assert low < r < high
    assert card["clips"] == {"train": 30, "valid": 15, "test": 15}
    assert card["albums"] == {"train": 10, "valid": 5, "test": 5}


def test_a_release_is_the_same_net_with_the_same_fingerprint(corpus):
    trained = build_trained()
    released = build_release(trained, corpus)
    assert released.fingerprint == trained.fingerprint
    assert trained.scores == {"valid_midlevel": 0.5} == {n: v for n, v in released.scores.items() if n != "card"}
    assert build_release(released, corpus).scores == released.scores


@pytest.mark.parametrize(
    ("albums", "vectors", "words", "n"),
    [
        ("aabbccdd", "12345678", "groups of albums that share no ratings", 4),
        ("aabbccdd", "12345617", "groups of albums that share no ratings", 3),
        ("aabbccdd", "12233467", "albums, some of which share ratings", 4),
        ("aaaabbbb", "12345678", "nothing", None),
    ],
)
def test_what_belongs_together_is_resampled_together(albums, vectors, words, n):
    told, groups = select_groups(pd.DataFrame({"album": list(albums), "vector": list(vectors)}))
    assert told.startswith(words)
    assert (groups is None) if n is None else groups.nunique() == n


def test_few_albums_give_no_interval(corpus):
    corpus.tracks["album"] = corpus.tracks["split"]
    card = build_release(build_trained(), corpus).scores["card"]
    assert {len(values) for head in card["r"]["test"].values() for values in head.values()} == {1}


def test_a_net_of_another_corpus_is_refused_before_anything_is_written(corpus, tmp_path):
    other = build_trained(corpus={"name": "generated", "version": "1", "fingerprint": "abc"})
    with pytest.raises(ReleaseError, match=r"b was trained on corpus generated abc, not on fake fake: say which with"):
        save_release(tmp_path / "out", {"a": build_trained(), "b": other}, corpus)
    assert not (tmp_path / "out").exists()


def test_files_are_written_twice_alike_and_give_the_net_back(corpus, tmp_path):
    nets = {"one": build_trained(), "two": build_trained("a2e")}
    paths = save_release(tmp_path, nets, corpus)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"one.safetensors", "one.md", "two.safetensors", "two.md"}
    assert load_network(paths[1]).fingerprint == nets["two"].fingerprint
    save_release(tmp_path, {path.stem: load_network(path) for path in paths}, corpus)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["a/b", "", "../x", "a b"])
def test_odd_names_are_refused(corpus, tmp_path, name):
    with pytest.raises(ReleaseError, match="is no name for a net"):
        save_release(tmp_path, {name: build_trained()}, corpus)


def test_a_file_in_place_of_the_folder_is_found_before_nets_are_judged(corpus, tmp_path, monkeypatch):
    (tmp_path / "out").write_text("")
    monkeypatch.setattr(releases, "build_release", None)
    with pytest.raises(TargetError, match="is a file, not a folder"):
        save_release(tmp_path / "out", {"a": build_trained()}, corpus)


# The nets of a run


@pytest.fixture
def cached(monkeypatch, tmp_path):
    """A cache in which no training is finished."""
    monkeypatch.setattr(profiles, "CACHE", tmp_path / "cache")
    return tmp_path


def test_nets_of_mer_train_are_found_by_their_seed(corpus, cached):
    save_network(cached / "joint-1.safetensors", build_trained())
    save_network(cached / "a2e-0.safetensors", build_trained("a2e"))
    assert list(find_run_networks(corpus, cached, profile="smoke", seed=1)) == ["joint"]


def test_a_run_without_nets_says_what_makes_some(corpus, cached):
    with pytest.raises(
        ReleaseError, match=r"no net of seed 3 in .* nor in the cache: mer run or mer train makes some"
    ):
        find_run_networks(corpus, cached, profile="smoke", seed=3)


def test_nets_of_notebooks_are_found_in_the_cache_unless_they_were_stopped(corpus, cached, monkeypatch):
    monkeypatch.setattr(releases, "find_run_network", lambda corpus, scheme, **run: scheme == "a2e")
    monkeypatch.setattr(releases, "fit_profile_network", lambda corpus, scheme, **run: scheme)
    assert find_run_networks(corpus, cached, profile="smoke") == {"a2e": "a2e"}
    half = profiles.locate_checkpoint(corpus, "joint", profile="smoke")
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    with pytest.raises(ReleaseError, match="the training of joint with seed 0 was stopped: mer train or mer run ends"):
        find_run_networks(corpus, cached, profile="smoke")
