"""Songs as they are heard: whatever their level, rate and length; titles and tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from mer_utils import songs as module
from mer_utils.audio import AudioError, load_audio, save_audio
from mer_utils.descriptors import DescriptorError
from mer_utils.effectplots import plot_profiles
from mer_utils.networks import build_network
from mer_utils.predictor import Predictor, TrackPrediction
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference
from mer_utils.report import predict_file
from mer_utils.songs import HeardSong, SongError
from mer_utils.spectrogram import SpectrogramConfig

SR = 22050


def play(*, sr=SR):
    """Play 2.5 s of tones, none above 5 kHz, that swell four times a second: peak .5, and no seam when repeated."""
    time = np.arange(int(2.5 * sr)) / sr
    tones = sum(np.sin(2 * np.pi * f * time) / n for n, f in enumerate((220, 280, 330, 1500, 4900), 1))
    y = tones * (1.1 + np.sin(2 * np.pi * 4 * time))
    return (0.5 * y / np.abs(y).max()).astype(np.float32)


DETUNED = play(sr=22270)  # heard at 22 050 Hz, a sixth of a semitone lower


@pytest.fixture(scope="module")
def predictor():
    return build_predictor()


def build_predictor(scheme="joint"):
    return Predictor(build_network(scheme, width=4), (0.4, 0.3), device="cpu")


def hear(song):
    return np.concatenate(song.prediction[:2])


def build_song(title, emotion=0.5, windows=(0.5,)):
    windows = np.array(windows, np.float32)[:, None]
    seven, eight = windows * np.ones(7, np.float32), windows * np.ones(8, np.float32)
    prediction = TrackPrediction(np.full(7, 0.5), np.full(8, emotion), (seven, eight), np.arange(len(windows)))
    measured = pd.Series({"level (dB)": -12.345, "key": "none", "tempo (BPM)": np.nan, "brightness (Hz)": 2345.6})
    return HeardSong(title, prediction, measured, 183.0, np.zeros(1))


def test_level_reaches_the_descriptors_but_not_the_network(predictor):
    loud, quiet = (module.predict_song("x", gain * play(), predictor=predictor) for gain in (1, 0.1))
    assert hear(quiet) == pytest.approx(hear(loud), abs=1e-5)
    assert loud.descriptors["level (dB)"] - quiet.descriptors["level (dB)"] == pytest.approx(20, abs=1e-3)
    too_quiet = predictor.predict_track(module.compute_spectrogram(0.99 * play() / play().max()))
    assert np.abs(too_quiet.emotion - loud.prediction.emotion).max() > 1e-3


def test_the_level_and_rate_of_a_file_do_not_reach_the_network(predictor, tmp_path):
    for name, gain, sr in (("loud", 1, SR), ("quiet", 0.1, 44100)):
        soundfile.write(tmp_path / f"{name}.wav", gain * play(sr=sr), sr, subtype="FLOAT")
    loud, quiet = (
        module.predict_song_file(tmp_path / f"{name}.wav", predictor=predictor) for name in ("loud", "quiet")
    )
    assert hear(quiet) == pytest.approx(hear(loud), abs=2e-4)
    assert np.abs(hear(module.predict_song("x", DETUNED, predictor=predictor)) - hear(loud)).max() > 2e-2
    assert loud.descriptors["level (dB)"] - quiet.descriptors["level (dB)"] == pytest.approx(20, abs=0.1)
    assert (quiet.title, quiet.path, quiet.seconds) == ("quiet", tmp_path / "quiet.wav", 2.5)


def test_a_sound_at_another_rate_is_heard_at_that_of_the_network(predictor):
    own = module.predict_song("x", play(), predictor=predictor)
    other = module.predict_song("x", play(sr=32000), predictor=predictor, sr=32000)
    assert (other.seconds, len(other.y)) == (own.seconds, len(own.y))
    assert hear(other) == pytest.approx(hear(own), abs=2e-4)
    bright = "brightness (Hz)"
    assert other.descriptors[bright] == pytest.approx(own.descriptors[bright], rel=0.01)
    assert np.abs(own.y).max() == np.abs(other.y).max() == 1


def test_a_file_is_heard_as_the_spectrogram_of_the_network_wants_it(tmp_path):
    config = SpectrogramConfig(sr=24000)
    predictor = Predictor(build_network("joint", width=4), (0.4, 0.3), spectrogram=config, device="cpu")
    save_audio(tmp_path / "a.wav", play())
    song = module.predict_song_file(tmp_path / "a.wav", predictor=predictor, title="mine")
    assert (song.title, song.seconds, len(song.y)) == ("mine", 2.5, 60000)
    assert hear(song) == pytest.approx(np.concatenate(predict_file(tmp_path / "a.wav", predictor)[:2]), abs=1e-5)
    direct = module.predict_song("x", play(), predictor=predictor)
    assert hear(direct) == pytest.approx(hear(song), abs=2e-3)


def test_length_does_not_matter_where_nothing_changes(predictor):
    def play_on(*pieces):
        return hear(module.predict_song("x", np.concatenate(pieces), predictor=predictor))

    short, long = play_on(*8 * [play()]), play_on(*16 * [play()])
    assert long == pytest.approx(short, abs=0.025)
    assert np.abs(play_on(*8 * [play()], *8 * [DETUNED]) - short).max() > 0.025


def test_a_file_is_decoded_once(predictor, tmp_path, monkeypatch):
    save_audio(tmp_path / "a.wav", play())
    calls = []
    monkeypatch.setattr(
        module, "load_audio", lambda *args, **kwargs: calls.append(args) or load_audio(*args, **kwargs)
    )
    module.predict_song_file(tmp_path / "a.wav", predictor=predictor)
    assert len(calls) == 1


def test_silence_is_heard_and_measured_as_such(predictor):
    song = module.predict_song("x", np.zeros(SR, np.float32), predictor=predictor)
    assert np.isfinite(hear(song)).all()
    assert np.isnan(song.descriptors["level (dB)"])


@pytest.mark.parametrize("y", [np.full(99, np.nan), np.zeros(0), np.zeros((2, 99))])
def test_what_is_no_sound_is_refused(predictor, y):
    with pytest.raises(DescriptorError):
        module.predict_song("x", y, predictor=predictor)


@pytest.mark.parametrize("scheme", ["a2e", "a2mid"])
def test_a_network_without_features_or_emotions_is_refused(scheme):
    with pytest.raises(SongError, match=f"'{scheme}' hears features or emotions alone"):
        module.predict_song("x", play(), predictor=build_predictor(scheme))


def test_files_that_cannot_be_read_are_named_and_the_others_heard(predictor, tmp_path):
    for name in ("NIN.wav", "Cash.ogg"):
        save_audio(tmp_path / name, play())
    (tmp_path / "a.txt").write_text("no sound")
    paths = [tmp_path / name for name in ("NIN.wav", "a.txt", "Cash.ogg", "none.wav")]
    songs, complaints = module.predict_song_files(paths, predictor=predictor, progress=False)
    assert [song.title for song in songs] == ["NIN", "Cash"]
    assert ["a.txt" in complaints[0], "none.wav" in complaints[1], len(complaints)] == [True, True, 2]


@pytest.mark.parametrize(
    ("paths", "titles"),
    [
        (["x/hurt.mp3", "y/one.mp3"], ["hurt", "one"]),
        (["x/hurt.mp3", "y/hurt.mp3", "y/one.mp3"], ["x/hurt", "y/hurt", "one"]),
        (["x/hurt.mp3", "x/hurt.wav"], ["x/hurt.mp3", "x/hurt.wav"]),
        (["/1/x/hurt.mp3", "/2/x/hurt.mp3"], ["/1/x/hurt.mp3", "/2/x/hurt.mp3"]),
        (["x/hurt.mp3", "./x/hurt.mp3"], ["hurt", "hurt (2)"]),
        (["hurt.mp3", "x/hurt.mp3"], [f"{Path.cwd().name}/hurt", "x/hurt"]),
    ],
)
def test_no_two_songs_have_one_title(paths, titles):
    assert module.build_titles(paths) == titles


def test_tables_hold_means_and_spreads_over_windows():
    heard, spread = module.build_song_table([build_song("a", windows=(0.4, 0.6)), build_song("b", emotion=0.7)])
    assert list(heard.columns) == [*MIDLEVEL, *EMOTIONS]
    assert heard.loc["b", "anger"] == 0.7
    assert spread.loc["a"].to_numpy() == pytest.approx(np.full(15, 0.1))
    assert spread.loc["b"].isna().all()


@pytest.mark.filterwarnings("error")
def test_a_song_without_spread_can_be_drawn():
    heard, spread = module.build_song_table([build_song("a"), build_song("b", emotion=0.7, windows=(0.4, 0.6))])
    fig, ax = plot_profiles(heard, spread=spread)
    fig.canvas.draw()
    assert np.isfinite(ax[1].get_xlim()).all()


def test_descriptors_are_spelt_in_columns():
    table = module.build_descriptor_table([build_song("a"), build_song("b")])
    spelt = {"length (s)": "183", "level (dB)": "-12.3", "key": "none", "tempo (BPM)": "–", "brightness (Hz)": "2346"}
    assert table["b"].to_dict() == spelt


def test_the_emotion_is_that_which_differs_most_for_the_reference(rng):
    emotion = pd.DataFrame(rng.normal(0.5, 0.1, (99, 8)), columns=list(EMOTIONS))
    second = build_song("b", emotion=np.where(np.array(EMOTIONS) == "fear", 0.7, 0.62))
    assert module.select_emotion(build_song("a"), second, Reference(None, emotion, "")) == "fear"
    emotion["sad"] /= 4
    assert module.select_emotion(build_song("a"), second, Reference(None, emotion, "")) == "sad"
    assert module.select_emotion(second, build_song("a"), Reference(None, emotion, "")) == "sad"
    emotion["tender"] = 0.5  # always the same
    assert module.select_emotion(second, build_song("a"), Reference(None, emotion, "")) == "tender"


def test_a_song_that_is_not_there_is_named(predictor, tmp_path):
    with pytest.raises(AudioError, match=r"none\.wav"):
        module.predict_song_file(tmp_path / "none.wav", predictor=predictor)


def test_a_file_named_twice_and_one_called_like_it_have_three_titles():
    assert module.build_titles(["hurt.mp3", "hurt.mp3", "hurt (2).mp3"]) == ["hurt", "hurt (2)", "hurt (2) (2)"]
