"""Corpora of files: the sound and the spectrograms of each, and what makes a corpus another one."""

import shutil

import numpy as np
import pandas as pd
import pytest
from standins import write_standins

from mer_utils import filecorpus
from mer_utils.audio import load_audio
from mer_utils.corpora import CorpusError
from mer_utils.filecorpus import FileCorpus, select_sounds
from mer_utils.soundfiles import find_sounds
from mer_utils.spectrogram import compute_spectrogram

IDS = ["001", "002", "003"]


class SomeCorpus(FileCorpus):
    name, music = "some", "some music"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    write_standins(folder, n_sounds=3, midlevel=0, seconds=2)
    for file in [*folder.rglob("*.mp3")]:
        if file.stem not in IDS or file.parent.name != "Set1":
            file.unlink()
    return folder


@pytest.fixture
def place(written, tmp_path, monkeypatch):
    monkeypatch.setattr(filecorpus, "CACHE", tmp_path / "cache")
    return shutil.copytree(written, tmp_path / "data")


def load(place, *, rating=5.0, album="a", remedy="look"):
    tracks = pd.DataFrame({"album": album, "split": ["train", "valid", "test"]}, IDS)
    midlevel = pd.DataFrame({"melodiousness": [rating, 2.0, 3.0]}, IDS)
    sounds = select_sounds(find_sounds(place, IDS), IDS, root=place, remedy=remedy)
    return SomeCorpus(place, tracks=tracks, midlevel=midlevel, emotion=None, sounds=sounds)


def test_sounds_are_those_of_the_files(place):
    corpus = load(place)
    for track_id in IDS:
        y, sr = load_audio(place / "soundtracks" / "Set1" / f"{track_id}.mp3")
        assert sr == corpus.audio(track_id)[1]
        assert np.array_equal(corpus.audio(track_id)[0], y)


def test_spectrograms_come_in_the_order_asked_for(place):
    corpus = load(place)
    specs = corpus.spectrograms(["003", "001", "003"], progress=False)
    for track_id, spec in zip(["003", "001", "003"], specs, strict=True):
        expected = compute_spectrogram(corpus.audio(track_id)[0])
        np.testing.assert_allclose(spec, expected, rtol=2**-11, atol=1e-7)
        assert spec.dtype == np.float16
        assert not spec.flags.writeable
    assert corpus.spectrogram("002").dtype == np.float32


def test_spectrograms_are_computed_once(place, monkeypatch):
    first = load(place).spectrograms(IDS, progress=False)
    monkeypatch.setattr("mer_utils.spectrogrampack.compute_spectrogram", None)
    again = load(place).spectrograms(IDS, progress=False)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_two_places_have_two_caches(place, tmp_path):
    other = load(shutil.copytree(place, tmp_path / "other"))
    assert other._pack.folder != load(place)._pack.folder
    assert other.fingerprint == load(place).fingerprint


def test_another_rating_album_or_sound_is_another_corpus(place):
    prints = [load(place).fingerprint, load(place, rating=5.01).fingerprint, load(place, album="b").fingerprint]
    path = place / "soundtracks" / "Set1" / "002.mp3"
    content = path.read_bytes()
    path.unlink()  # it is one file with others
    path.write_bytes(content + b"\0")
    assert len({*prints, load(place).fingerprint}) == 4
    path.write_bytes(content)
    assert load(place).fingerprint == prints[0]


def test_a_view_has_another_split_and_the_same_spectrograms(place):
    corpus = load(place)
    view = corpus.select_view(pd.Series("test", corpus.tracks.index), name="all")
    assert (view.select("test"), corpus.select("test")) == (IDS, ["003"])
    assert view.fingerprint.startswith(f"{corpus.fingerprint}-all-")
    assert view.spectrograms(["001"])[0] is corpus.spectrograms(["001"])[0]


def test_tracks_that_there_are_not_are_refused(place):
    with pytest.raises(CorpusError, match="corpus 'some' has no track '004'; ids look like '001'"):
        load(place).spectrograms(["001", "004"])


def test_missing_sounds_are_counted(place):
    (place / "soundtracks" / "Set1" / "002.mp3").unlink()
    with pytest.raises(CorpusError, match=r"data lacks 1 of 3 sounds, the first is 002\.mp3: look"):
        load(place)
    shutil.rmtree(place / "soundtracks")
    with pytest.raises(CorpusError, match="data has ratings but no sound: look"):
        load(place)
