"""Descriptors against sounds whose tempo, level, spectrum and key are known, and Spotify tables of every kind."""

import numpy as np
import pytest
from filelock import FileLock, Timeout

from mer_utils import descriptors
from mer_utils.audio import AudioError, save_audio
from mer_utils.descriptors import (
    DESCRIPTORS,
    DescriptorError,
    compute_descriptors,
    compute_file_descriptors,
)
from mer_utils.spotify import load_spotify_features

SR = 22050
TRIADS = {
    "major": ((0, 4, 7), (0, 5, 9), (-1, 2, 7), (0, 4, 7)),
    "minor": ((0, 3, 7), (0, 5, 8), (-1, 2, 7), (0, 3, 7)),
}
PITCHES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
STEPS = {"major": (0, 2, 4, 5, 7, 9, 11, 12), "minor": (0, 2, 3, 5, 7, 8, 11, 12)}
TEMPO, LEVEL, RANGE, BRIGHTNESS, ONSETS = DESCRIPTORS[0], *DESCRIPTORS[2:6]


def tone(pitch, seconds=1.0, sr=SR):
    """A struck tone of six partials."""
    t = np.arange(round(seconds * sr)) / sr
    partials = sum(np.sin(2 * np.pi * k * 440 * 2 ** ((pitch - 69) / 12) * t) / k for k in range(1, 7))
    return 0.1 * partials * np.minimum(1, np.minimum(t / 0.01, (seconds - t) / 0.05)) * np.exp(-t)


def sine(frequency=440.0, seconds=5.0):
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * SR)) / SR)


def song(mode="major", pitch=60.0, *, sr=SR, beat=0.5):
    """Six seconds of four chords that come again."""
    chords = [sum(tone(pitch + step, beat, sr) for step in chord) for chord in TRIADS[mode]]
    return np.concatenate(round(1.5 / beat) * chords)


def clicks(tempo, seconds=12):
    y = np.zeros(seconds * SR)
    click = np.random.default_rng(0).uniform(-1, 1, 400) * np.exp(-np.arange(400) / 80)
    for start in np.arange(0.3, seconds - 0.1, 60 / tempo):
        y[int(start * SR) :][:400] += click
    return y


def noise(seconds):
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * SR))


def same(first, second, *, level=0.05):
    """Tell of each descriptor whether two sounds agree in it."""
    numbers = [name for name in DESCRIPTORS if name not in ("key", LEVEL)]
    close = {name: first[name] == pytest.approx(second[name], rel=0.01, abs=0.01, nan_ok=True) for name in numbers}
    return {
        **close,
        "key": first["key"] == second["key"],
        LEVEL: first[LEVEL] == pytest.approx(second[LEVEL], abs=level),
    }


# Truth


@pytest.mark.parametrize("tempo", [60, 75, 97, 120, 150])
def test_tempo_and_onset_rate_of_a_metronome(tempo):
    described = compute_descriptors(clicks(tempo))
    assert described[TEMPO] == pytest.approx(tempo, rel=0.005)
    assert described["tempo confidence"] > 0.6
    assert described[ONSETS] == pytest.approx(len(np.arange(0.3, 11.9, 60 / tempo)) / 12, abs=0.05)


def test_a_metronome_one_percent_faster_is_told_apart():
    assert compute_descriptors(clicks(121.5))[TEMPO] != pytest.approx(120, rel=0.005)


@pytest.mark.parametrize("tempo", [48, 190])
def test_slow_and_fast_metronomes_are_right_up_to_an_octave(tempo):
    octaves = np.log2(compute_descriptors(clicks(tempo))[TEMPO] / tempo)
    assert octaves == pytest.approx(round(octaves), abs=0.01)
    assert abs(octaves) < 1.01


def test_players_who_stray_make_the_tempo_less_certain(rng):
    y = np.zeros(20 * SR)
    for start in np.arange(0.5, 19.5, 0.5) + rng.normal(0, 0.03, 38):
        y[int(start * SR) :][:400] += clicks(60, 2)[int(0.3 * SR) :][:400]
    described = compute_descriptors(y)
    assert described[TEMPO] == pytest.approx(120, rel=0.02)
    assert 0.1 < described["tempo confidence"] < 0.6


@pytest.mark.parametrize("frequency", [220, 1000, 5000])
def test_brightness_of_a_sine_is_its_frequency(frequency):
    assert compute_descriptors(sine(frequency))[BRIGHTNESS] == pytest.approx(frequency, rel=0.01)
    assert compute_descriptors(sine(1.02 * frequency))[BRIGHTNESS] != pytest.approx(frequency, rel=0.01)


def test_brightness_of_two_sines_lies_between_them():
    both = compute_descriptors(0.4 * sine(1000) + 0.4 * sine(3000))
    assert both[BRIGHTNESS] == pytest.approx(2000, rel=0.01)


@pytest.mark.parametrize("gain", [1e-6, 0.1, 1, 3])
def test_level_of_a_sine(gain):
    expected = 20 * np.log10(gain) - 3.0103
    assert compute_descriptors((gain * sine()).astype(np.float32))[LEVEL] == pytest.approx(expected, abs=0.01)
    assert compute_descriptors(1.002 * gain * sine())[LEVEL] != pytest.approx(expected, abs=0.01)


def test_level_range_is_the_step_between_quiet_and_loud():
    step = np.concatenate([np.zeros(9 * SR), 0.1 * sine(seconds=9), sine(seconds=9)])
    assert compute_descriptors(step)[RANGE] == pytest.approx(20, abs=0.01)
    assert compute_descriptors(sine(seconds=9))[RANGE] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("mode", TRIADS)
@pytest.mark.parametrize("tonic", range(12))
def test_key_of_chords(tonic, mode):
    described = compute_descriptors(song(mode, 60 + tonic)[: 2 * SR])
    assert described["key"] == f"{PITCHES[tonic]} {mode}"
    assert described["key confidence"] > 0.1


@pytest.mark.parametrize(("tonic", "mode"), [(0, "major"), (9, "minor"), (6, "major"), (3, "minor")])
def test_key_of_scales(tonic, mode):
    scale = np.concatenate([tone(60 + tonic + step, 0.5) for step in STEPS[mode]])
    assert compute_descriptors(scale)["key"] == f"{PITCHES[tonic]} {mode}"


def test_an_orchestra_may_be_tuned_by_its_own_fork(monkeypatch):
    plain, flat = song("minor", 57), song("minor", 57 - 0.45)
    confidence = compute_descriptors(plain)["key confidence"]
    assert compute_descriptors(flat)["key"] == "A minor"
    assert compute_descriptors(flat)["key confidence"] == pytest.approx(confidence, abs=0.05)
    monkeypatch.setattr(descriptors, "_compute_tuning", lambda spectrum: 0.0)
    assert compute_descriptors(flat)["key confidence"] != pytest.approx(confidence, abs=0.05)


CHROMATIC = np.concatenate([tone(57 + step, 0.5) for step in range(12)])


@pytest.mark.parametrize("y", [noise(10), sine(seconds=10), CHROMATIC], ids=["noise", "sine", "chromatic"])
def test_what_has_no_key_gets_none(y):
    described = compute_descriptors(y)
    assert described["key"] == "none"
    assert described["key confidence"] < 0.03


@pytest.mark.parametrize("y", [noise(10), sine(seconds=10)], ids=["noise", "sine"])
def test_what_has_no_pulse_has_no_tempo(y):
    described = compute_descriptors(y)
    assert np.isnan(described[TEMPO])
    assert described["tempo confidence"] < 0.05
    assert described[ONSETS] < 0.3


# What must not matter


@pytest.mark.parametrize("gain", [1e-4, 0.3, 3])
def test_gain_changes_the_level_alone(gain):
    plain, other = compute_descriptors(song()), compute_descriptors(gain * song())
    assert other[LEVEL] - plain[LEVEL] == pytest.approx(20 * np.log10(gain), abs=1e-6)
    assert all(same(plain, other, level=100).values())


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_rate_of_a_file_changes_nothing(tmp_path, rate):
    path = save_audio(tmp_path / "song.wav", song(sr=rate), rate)
    described = [compute_descriptors(song(sr=rate), sr=rate), compute_file_descriptors(path)]
    assert all(all(same(compute_descriptors(song()), other).values()) for other in described)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (TEMPO, song(beat=0.49)),
        ("tempo confidence", song() + noise(6)),
        (LEVEL, 1.01 * song()),
        (RANGE, song() * np.linspace(1, 1.01, len(song()))),
        (BRIGHTNESS, song(pitch=60.5)),
        (ONSETS, song(beat=0.49)),
        ("key", song("minor")),
        ("key confidence", song() + noise(6)),
    ],
)
def test_the_comparison_notices_another_song(name, other):
    assert not same(compute_descriptors(song()), compute_descriptors(other))[name]


def test_silence_around_a_song_has_no_brightness_and_no_key():
    padded = compute_descriptors(np.concatenate([np.zeros(3 * SR), song(), np.zeros(3 * SR)]))
    agreeing = same(compute_descriptors(song()), padded)
    assert agreeing[BRIGHTNESS]
    assert agreeing["key"]
    assert not agreeing[LEVEL]


# How it is measured


def test_level_range_is_that_of_blocks_between_percentiles():
    levels = np.random.default_rng(0).permutation(np.linspace(-20, 0, 101))
    y = np.repeat(10 ** (levels / 20), 10)
    assert descriptors.compute_level_range(y, 10) == pytest.approx(17, abs=0.01)  # from -18 to -1
    beating = np.tile(np.concatenate([0.1 * sine(seconds=1.5), sine(seconds=1.5)]), 4)
    assert compute_descriptors(beating)[RANGE] == pytest.approx(0, abs=0.01)


def test_brightness_weighs_by_magnitude_and_onsets_count_per_second_begun():
    assert compute_descriptors(0.6 * sine(1000) + 0.2 * sine(3000))[BRIGHTNESS] == pytest.approx(1500, rel=0.01)
    longer = np.append(clicks(120), np.zeros(round(0.9 * SR)))
    assert compute_descriptors(longer)[ONSETS] == pytest.approx(compute_descriptors(clicks(120))[ONSETS] * 12 / 12.9)


@pytest.mark.parametrize(("tempo", "key", "named"), [(0.051, 0.031, True), (0.049, 0.029, False)])
def test_what_is_too_uncertain_is_not_named(monkeypatch, tempo, key, named):
    monkeypatch.setattr(descriptors, "_compute_tempo", lambda rises: (100.0, tempo))
    monkeypatch.setattr(descriptors, "_compute_key", lambda y, tuning: ("A minor", key))
    described = compute_descriptors(sine(seconds=2))
    assert (described[TEMPO] == 100, described["key"] == "A minor") == (named, named)
    assert (described["tempo confidence"], described["key confidence"]) == (tempo, key)


@pytest.mark.parametrize(
    ("n_onsets", "seconds", "enough"), [(3, 4, False), (4, 4, True), (5, 12, False), (7, 12, True)]
)
def test_a_tempo_needs_four_onsets_and_one_in_two_seconds(n_onsets, seconds, enough):
    rises = np.zeros(round(seconds * SR / 256))
    rises[10 : 10 + 43 * n_onsets : 43] = 1  # every half second
    assert (descriptors._compute_tempo(rises)[1] > 0) is enough


# Sounds of which little can be told


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sr", [1000, 8000, SR, 44100])
def test_silence_has_no_descriptors(sr):
    described = compute_descriptors(np.zeros(5 * sr), sr=sr)
    assert list(described.index) == list(DESCRIPTORS)
    assert described["key"] == "none"
    assert described.drop("key").isna().all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_samples", [1, 100, SR // 10, 2 * SR - 1])
def test_short_sounds_have_a_level_alone(n_samples):
    described = compute_descriptors(np.full(n_samples, 0.1))
    assert described["key"] == "none"
    assert described.dropna().drop("key").to_dict() == {LEVEL: pytest.approx(-20)}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "y",
    [noise(2), np.ones(3 * SR), np.eye(1, 3 * SR, SR)[0], 1e-30 * sine(), np.float32(1e-42) * np.ones(3 * SR, "f4")],
    ids=["shortest", "constant", "impulse", "quiet", "quietest"],
)
def test_odd_sounds_are_described_without_a_warning(y):
    described = compute_descriptors(y)
    assert np.isfinite(
        described[[LEVEL, BRIGHTNESS, ONSETS, "key confidence", "tempo confidence"]].astype(float)
    ).all()


@pytest.mark.parametrize(
    ("y", "sr", "says"),
    [
        (np.zeros(0), SR, "n_samples"),
        (np.zeros((2, SR)), SR, "n_samples"),
        (np.zeros(SR, int), SR, "int64"),
        (np.array([0, np.nan, np.inf]), SR, "2 samples that are NaN or infinite"),
        (np.zeros(SR), 0, "rate"),
        (np.zeros(SR), 22050.5, "rate"),
    ],
)
def test_what_is_no_sound_is_refused(y, sr, says):
    with pytest.raises(DescriptorError, match=says):
        compute_descriptors(y, sr=sr)


def test_file_that_is_no_sound_is_refused(tmp_path):
    (tmp_path / "a.wav").write_text("la la la")
    with pytest.raises(AudioError, match=r"a\.wav: is not audio"):
        compute_file_descriptors(tmp_path / "a.wav")


def test_a_file_is_measured_at_its_own_level(tmp_path):
    path = save_audio(tmp_path / "a.wav", 0.01 * sine(), subtype="FLOAT")
    assert compute_file_descriptors(path)[LEVEL] == pytest.approx(-43.0103, abs=0.01)


# Spotify's features


def write(tmp_path, text, encoding="utf-8"):
    (tmp_path / "spotify.csv").write_bytes(text.encode(encoding))
    return tmp_path / "spotify.csv"


@pytest.mark.parametrize(
    "text",
    [
        "song,energy,key,time_signature\nHurt,0.25,-1,4\nFür Elise,,9,3\n",
        "\ufeffsong,energy,key,time_signature\r\n Hurt ,0.25,-1,4\r\n\r\nFür Elise,,9,3",
        "song;energy;key;time_signature\nHurt;0,25;-1;4\nFür Elise;;9;3\n",
        'id\tTrack Name\tEnergy\tKey\tTime Signature\nx\t"Hurt"\t0.25\t-1\t4\ny\tFür Elise\t\t9\t3\n',
    ],
    ids=["plain", "windows", "semicolons", "tabs"],
)
def test_spotify_tables_are_read(tmp_path, text):
    table = load_spotify_features(write(tmp_path, text))
    assert list(table.columns) == ["Spotify energy", "Spotify key", "Spotify time signature"]
    assert list(table.index) == ["Hurt", "Für Elise"]
    np.testing.assert_array_equal(table, [[0.25, -1, 4], [np.nan, 9, 3]])


def test_the_first_known_name_of_a_song_is_taken_and_other_columns_are_left_out(tmp_path):
    table = load_spotify_features(write(tmp_path, "id,id,name,song,duration_ms,time_signature\n1,2,a,b,215000,0\n"))
    assert table.to_dict() == {"Spotify duration ms": {"b": 215000}, "Spotify time signature": {"b": 0}}
    assert list(load_spotify_features(write(tmp_path, "name,track_name,mode\na,b,1\n , ,\n")).index) == ["a"]
    with pytest.raises(DescriptorError, match="the column 'song' twice"):
        load_spotify_features(write(tmp_path, "song,song,mode\na,b,1\n"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no songs"),
        ("song,energy\n", "has no songs"),
        ("title,energy\nHurt,0.2\n", "no column 'song' but 'title, energy'"),
        ("song,uri\nHurt,x\n", "none of 'song, uri' is a Spotify feature; there are: acousticness"),
        ("song,energy\nHurt,0.2\n\nHurt,0.3\n", "line 4: 'Hurt' is in line 2 already"),
        ("song,energy\n ,0.2\n", "line 2: the song has no name"),
        ("song,energy\nHurt,0.2,0.3\n", "line 2: has 3 cells for 2 columns"),
        ("song,energy,energy\nHurt,0.2,0.3\n", "the column 'energy' twice"),
        ('song,energy\n"Hurt,0.2\n', "is no CSV"),
        ("song,energy\nHurt,high\n", "line 2: energy is 'high', which is no number"),
        ("song,energy\nHurt,nan\n", "line 2: energy is nan"),
        ("song,energy\nHurt,1.01\n", "energy is 1.01, but must be a number from 0 to 1"),
        ("song,loudness\nHurt,-61\n", "from -60 to 5"),
        ("song,tempo\nHurt,0\n", "from 1 to 1000"),
        ("song,key\nHurt,12\n", "a whole number from -1 to 11"),
        ("song,mode\nHurt,0.5\n", "mode is 0.5, but must be a whole number from 0 to 1"),
    ],
)
def test_other_tables_are_refused(tmp_path, text, says):
    with pytest.raises(DescriptorError, match=says) as caught:
        load_spotify_features(write(tmp_path, text))
    assert str(tmp_path / "spotify.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "says"), [("", "cannot be read"), ("none.csv", "No such file"), ("utf16.csv", "UTF-8"), ("a\0b", "null")]
)
def test_files_that_are_no_tables_are_refused(tmp_path, path, says):
    (tmp_path / "utf16.csv").write_bytes("song,energy\nHurt,0.2\n".encode("utf-16"))
    with pytest.raises(DescriptorError, match=says):
        load_spotify_features(tmp_path / path)


def test_librosa_is_used_by_one_process_at_a_time(monkeypatch):
    """Numba's cache, filled by several processes at once, has crashed one in four of them."""

    def describe(*_):
        with pytest.raises(Timeout):
            FileLock(descriptors._LOCK).acquire(timeout=0)
        return "described"

    monkeypatch.setattr(descriptors, "_describe_spectrum", describe)
    assert compute_descriptors(np.ones(3 * SR)) == "described"
    with FileLock(descriptors._LOCK, timeout=10):
        pass
