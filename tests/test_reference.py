"""The yardstick of a network: ranks among its predictions, and a file that belongs to this network and corpus."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fakes import build_fake_corpus

from mer_utils import reference as module
from mer_utils.networks import TrainedNetwork, build_network, load_network
from mer_utils.paths import REFERENCES
from mer_utils.predictor import Predictor
from mer_utils.profiles import load_profile_corpus
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference, ReferenceError, build_reference, load_reference, save_reference


def build_trained(scheme="joint"):
    network = build_network(scheme, width=4).eval()
    return TrainedNetwork(network, (3.0, 2.0), {}, {}, 0, {}, {})


@pytest.fixture
def known(rng):
    midlevel = pd.DataFrame(rng.uniform(0.2, 0.9, (50, 7)), [f"t{i}" for i in range(50)], list(MIDLEVEL))
    return Reference(midlevel, pd.DataFrame(rng.uniform(0, 1, (50, 8)), midlevel.index, list(EMOTIONS)), "50 clips")


def test_a_rank_is_the_share_of_tracks_below(known):
    column = np.sort(known.midlevel["dissonance"])
    assert known.compute_rank("dissonance", column[10] + 1e-9) == pytest.approx(11 / 50)
    assert known.compute_rank("dissonance", column[10]) == pytest.approx(10.5 / 50)
    assert (known.compute_rank("anger", -1), known.compute_rank("anger", 2)) == (0, 1)


@pytest.fixture(scope="module")
def corpus():
    return build_fake_corpus(12, n_frames=469)


def test_a_reference_is_what_the_network_hears_in_every_track(corpus):
    trained = build_trained()
    built = build_reference(trained, corpus, progress=False)
    track = corpus.tracks.index[7]
    heard = Predictor.from_trained(trained).predict_track(corpus.spectrogram(track))
    assert built.midlevel.loc[track].to_numpy() == pytest.approx(heard.midlevel, abs=1e-5)
    assert built.emotion.loc[track].to_numpy() == pytest.approx(heard.emotion, abs=1e-5)
    assert built.mean == pytest.approx(built.midlevel.mean())
    assert len(built.midlevel) == 12
    assert built.label == "the 12 clips of the fake corpus"


def test_a_network_without_features_is_refused(corpus):
    with pytest.raises(ReferenceError, match="'a2e' hears only emotion"):
        build_reference(build_trained("a2e"), corpus, progress=False)


@pytest.fixture
def small(corpus, monkeypatch, tmp_path):
    """Let the default corpus be a small one and the cache be empty."""
    monkeypatch.setattr("mer_utils.profiles.load_profile_corpus", lambda *_: corpus)
    monkeypatch.setattr(module, "CACHE", tmp_path)
    return tmp_path / "references"


def test_a_reference_is_computed_once_for_each_network(small, monkeypatch):
    trained, other = build_trained(), replace(build_trained(), normalisation=(3.0, 2.5))
    first = load_reference(trained, progress=False)
    monkeypatch.setattr(module, "build_reference", lambda *_, **__: pytest.fail("computed again"))
    again = load_reference(trained, progress=False)
    pd.testing.assert_frame_equal(first.midlevel, again.midlevel, rtol=2**-11, atol=1e-6, check_names=False)
    assert again.label == first.label
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        load_reference(other, progress=False)


def test_another_corpus_needs_a_reference_of_its_own(small, corpus, monkeypatch):
    trained = build_trained()
    load_reference(trained, progress=False)
    monkeypatch.setattr(module, "build_reference", lambda *_, **__: pytest.fail("computed again"))
    monkeypatch.setattr(corpus, "fingerprint", "0" * 64)
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        load_reference(trained, progress=False)


@pytest.mark.parametrize(("name", "n_tracks"), [("soundtracks", 5), ("generated", 12)])
def test_only_film_music_is_a_yardstick_for_itself(small, name, n_tracks):
    other = build_fake_corpus(5, n_frames=469)
    other.name = name
    assert len(load_reference(build_trained(), other, progress=False).midlevel) == n_tracks


def test_a_reference_that_is_stored_is_not_computed(small, monkeypatch, tmp_path):
    load_reference(build_trained(), progress=False)
    monkeypatch.setattr(module, "REFERENCES", small.rename(tmp_path / "stored"))
    monkeypatch.setattr(module, "build_reference", lambda *_, **__: pytest.fail("computed again"))
    assert len(load_reference(build_trained(), progress=False).midlevel) == 12


def test_a_damaged_file_is_named(small, known):
    trained = build_trained()
    load_reference(trained, progress=False)
    (path,) = small.iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ReferenceError, match=f"{path.name}.*delete it"):
        load_reference(trained, progress=False)


def test_the_same_reference_makes_the_same_bytes(known, tmp_path):
    for name in "ab":
        save_reference(tmp_path / name, known)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_reference_of_the_released_network_is_stored():
    names = {f"{load_network('joint').fingerprint[:12]}-{load_profile_corpus('quick').fingerprint[:12]}.safetensors"}
    assert {path.name for path in REFERENCES.iterdir()} == names
