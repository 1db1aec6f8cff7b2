"""Folders of covers: which files count, which are left out and said to be, and tables of Spotify's beside them."""

import numpy as np
import pytest
import soundfile

from mer_utils import covers as module
from mer_utils.audio import save_audio
from mer_utils.descriptors import DESCRIPTORS, DescriptorError
from mer_utils.networks import build_network
from mer_utils.predictor import Predictor
from mer_utils.songs import SongError, build_descriptor_table

SR = 22050
TONE = np.sin(0.05 * np.arange(SR)).astype(np.float32)


@pytest.fixture(scope="module")
def predictor():
    return Predictor(build_network("joint", width=4), (0.4, 0.3), device="cpu")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make a folder with two songs where covers lie."""
    monkeypatch.setattr(module, "COVERS", tmp_path)
    (tmp_path / "hurt").mkdir()
    save_audio(tmp_path / "hurt" / "NIN.wav", TONE)
    save_audio(tmp_path / "hurt" / "Cash.ogg", TONE)
    return tmp_path / "hurt"


def test_covers_are_found_by_name_or_path(predictor, folder):
    for where in ("hurt", folder, str(folder)):
        songs = module.predict_covers(where, predictor=predictor, progress=False)
        assert [song.title for song in songs] == ["Cash", "NIN"]


def test_what_is_no_sound_is_skipped_with_a_warning(predictor, folder):
    (folder / "cover.jpg").write_bytes(b"no sound at all")
    (folder / ".DS_Store").write_bytes(b"hidden")
    (folder / "live").mkdir()
    with pytest.warns(UserWarning, match="skipped.*cover.jpg.*not audio") as noted:
        songs = module.predict_covers(folder, predictor=predictor, progress=False)
    assert len(noted) == 1
    assert len(songs) == 2


def test_a_sound_that_turns_out_damaged_is_skipped_too(predictor, folder):
    y = np.append(TONE, np.float32(np.nan))
    soundfile.write(folder / "damaged.wav", y, SR, subtype="FLOAT")
    with pytest.warns(UserWarning, match="skipped.*damaged.wav.*NaN"):
        assert len(module.predict_covers(folder, predictor=predictor, progress=False)) == 2
    (folder / "NIN.wav").unlink()
    with pytest.warns(UserWarning, match="skipped"), pytest.raises(SongError, match=r"holds 1 \(Cash.ogg\)"):
        module.predict_covers(folder, predictor=predictor, progress=False)


@pytest.mark.parametrize(("n_more", "said"), [(-1, "holds 1 .NIN.wav."), (4, "holds 6 .0.wav, 1.wav")])
def test_too_few_or_too_many_covers_are_refused(folder, n_more, said):
    if n_more < 0:
        (folder / "Cash.ogg").unlink()
    for number in range(n_more):
        save_audio(folder / f"{number}.wav", TONE)
    with pytest.raises(SongError, match=f"must hold 2 to 5 sound files and {said}"):
        module.predict_covers(folder, predictor=None)


def test_a_folder_without_sounds_holds_none(folder):
    (folder.parent / "empty").mkdir()
    with pytest.raises(SongError, match=r"holds 0 \(none\)"):
        module.predict_covers("empty", predictor=None)


def test_folders_that_are_there_are_named(folder):
    with pytest.raises(SongError, match=r"no folder hallelujah.*there: hurt"):
        module.predict_covers("hallelujah", predictor=None)


def test_spotify_s_features_join_the_song_of_their_name(predictor, folder):
    (folder / "spotify.csv").write_text("song,energy\nNin,0.8\nJohnny,0.2\n")
    with pytest.warns(UserWarning, match="'Johnny'.*no sound file") as noted:
        cash, nin = module.predict_covers(folder, predictor=predictor, progress=False)
    assert len(noted) == 1
    assert nin.descriptors["Spotify energy"] == 0.8
    assert list(cash.descriptors.index) == list(DESCRIPTORS)
    table = build_descriptor_table([cash, nin])
    assert list(table.index) == ["length (s)", *DESCRIPTORS, "Spotify energy"]
    assert list(table.loc["Spotify energy"]) == ["–", "0.8"]


def test_a_bad_table_is_refused_before_anything_is_heard(folder):
    (folder / "spotify.csv").write_text("song,energy\nNIN,loud\n")
    with pytest.raises(DescriptorError, match="line 2"):
        module.predict_covers(folder, predictor=None)


def test_the_generated_pair_needs_no_folder(predictor):
    first, second = module.predict_covers("generated", predictor=predictor)
    assert (first.title, second.title) == ("acoustic", "distorted")
    for song in (first, second):
        assert np.abs(song.y).max() == pytest.approx(1)
        assert song.seconds == 15
