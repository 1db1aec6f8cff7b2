"""Every way in which a sound file can be right or wrong, and the promises about level and windows."""

import io
import os

import numpy as np
import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mer_utils.audio import AudioError, load_audio, save_audio

SR = 22050
FORMATS = ("wav", "flac", "ogg", "mp3")


def tone(seconds=1.0, rate=SR, frequency=440.0):
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.fixture(scope="module")
def music():
    """Four seconds of noisy tones whose loudness and pitch change, 44.1 kHz stereo."""
    rng = np.random.default_rng(0)
    t = np.arange(4 * 44100) / 44100
    left = 0.4 * np.sin(2 * np.pi * (300 * t + 100 * t**2)) * (0.2 + 0.2 * t)
    return np.stack([left, 0.3 * left + rng.uniform(-0.05, 0.05, len(t))], axis=1).astype(np.float32)


@pytest.fixture(scope="module", params=FORMATS)
def song(request, music, tmp_path_factory):
    """The music as a file of each format."""
    path = tmp_path_factory.mktemp("songs") / f"song.{request.param}"
    write(path, music, 44100)
    return path


def write(path, y, rate, **options):
    with sf.SoundFile(path, "w", rate, 1 if y.ndim == 1 else y.shape[1], **options) as file:
        for first in range(0, len(y), 10_000):
            file.write(y[first : first + 10_000])


def correlation(a, b):
    n = min(len(a), len(b))
    return np.corrcoef(a[:n], b[:n])[0, 1]


def strongest_frequency(y):
    return np.abs(np.fft.rfft(y * np.hanning(len(y)))).argmax() * SR / len(y)


# What is read


def test_every_format_gives_the_same_sound(song, music):
    y, sr = load_audio(song)
    assert (sr, y.dtype, y.shape, np.abs(y).max()) == (SR, np.float32, (4 * SR,), 1)
    assert correlation(y, music.mean(axis=1)[::2]) > 0.98


def test_the_comparison_notices_a_shift_by_a_sample(song, music):
    y, _ = load_audio(song)
    assert correlation(y[1:], music.mean(axis=1)[::2]) < 0.98


@pytest.mark.parametrize("window", [{}, {"offset": 1.7, "duration": 0.9}, {"keep_level": True}], ids=str)
def test_sound_in_memory_is_that_of_its_file(song, window):
    content = io.BytesIO(song.read_bytes())
    content.seek(100)  # it is read from its start wherever it stands
    np.testing.assert_array_equal(load_audio(content, **window)[0], load_audio(song, **window)[0])
    assert not content.closed


@pytest.mark.parametrize("gain", [0.01, 0.5, 0.99])
def test_gain_of_a_file_changes_nothing(tmp_path, music, gain):
    write(tmp_path / "a.wav", music, 44100, subtype="FLOAT")
    write(tmp_path / "b.wav", np.float32(gain) * music, 44100, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav")[0], load_audio(tmp_path / "b.wav")[0], atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 44101, 48000, 96000, 192000])
def test_any_rate_keeps_pitch_and_length(tmp_path, rate):
    write(tmp_path / "a.wav", tone(1, rate), rate)
    y, _ = load_audio(tmp_path / "a.wav")
    assert len(y) == SR
    assert correlation(y[500:-500], tone()[500:-500]) > 0.9999


def test_the_rate_test_notices_a_pitch_off_by_a_cent(tmp_path):
    write(tmp_path / "a.wav", tone(1, 48000, 440 * 2 ** (1 / 1200)), 48000)
    assert correlation(load_audio(tmp_path / "a.wav")[0], tone()) < 0.9


@pytest.mark.parametrize("sr", [8000, 44100])
def test_any_rate_can_be_asked_for(tmp_path, sr):
    write(tmp_path / "a.wav", tone(), SR)
    y, got = load_audio(tmp_path / "a.wav", sr=sr)
    assert (got, len(y)) == (sr, sr)


@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_channels_are_averaged(tmp_path, n_channels):
    channels = np.zeros((SR, n_channels), np.float32)
    channels[:, -1] = 0.5 * tone()
    write(tmp_path / "a.wav", channels, SR, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav")[0], tone() / np.abs(tone()).max(), atol=1e-6)


def test_format_is_told_from_the_content(tmp_path):
    for wrong, right in zip(FORMATS, FORMATS[1:] + FORMATS[:1], strict=True):
        save_audio(tmp_path / f"right.{right}", tone())
        (tmp_path / f"right.{right}").rename(tmp_path / f"wrong.{wrong}")
        assert strongest_frequency(load_audio(tmp_path / f"wrong.{wrong}")[0]) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("name", ["Für Elise (live) №1.wav", "no_suffix", "a.b.c", "-x.raw.wav"])
def test_any_name_will_do(tmp_path, name):
    write(tmp_path / name, tone(), SR, format="WAV")
    assert len(load_audio(tmp_path / name)[0]) == SR
    assert len(load_audio(str(tmp_path / name))[0]) == SR


@pytest.mark.parametrize("rate", [SR, 44100])
@pytest.mark.parametrize("container", FORMATS)
def test_silence_stays_silence(tmp_path, container, rate):
    write(tmp_path / f"a.{container}", np.zeros(rate, np.float32), rate)
    y, _ = load_audio(tmp_path / f"a.{container}")
    assert y.dtype == np.float32
    assert not y.any()


def test_silent_window_beside_a_loud_sound_is_silent(tmp_path):
    write(tmp_path / "a.wav", np.concatenate([tone(1, 44100), np.zeros(44100), tone(1, 44100)]), 44100)
    assert not load_audio(tmp_path / "a.wav", offset=1, duration=1)[0].any()


def test_silence_at_both_ends_is_not_trimmed(tmp_path):
    write(tmp_path / "a.wav", np.concatenate([np.zeros(SR), tone(), np.zeros(SR)]), SR)
    y, _ = load_audio(tmp_path / "a.wav")
    assert len(y) == 3 * SR
    assert not y[:SR].any()
    assert not y[-SR:].any()


@pytest.mark.parametrize("n_samples", [1, 2, 100, 2047])
@pytest.mark.parametrize("rate", [SR, 8000, 192000])
def test_sound_shorter_than_a_frame_is_legal(tmp_path, n_samples, rate):
    write(tmp_path / "a.wav", np.full(n_samples, 0.5, np.float32), rate)
    y, _ = load_audio(tmp_path / "a.wav")
    assert len(y) == int(np.ceil(n_samples * SR / rate))
    assert np.abs(y).max() == 1


@pytest.mark.parametrize("level", [1e-30, 1e-42, 1e38])
def test_any_level_of_floats_is_normalised(tmp_path, level):
    write(tmp_path / "a.wav", np.float32(level) * tone(0.1, 44100)[:, None].repeat(2, axis=1), 44100, subtype="FLOAT")
    assert np.abs(load_audio(tmp_path / "a.wav")[0]).max() == 1


@pytest.mark.parametrize("rate", [SR, 44100, 8000])
@pytest.mark.parametrize("level", [0.01, 0.5, 3.0])
def test_level_of_a_file_can_be_kept(tmp_path, rate, level):
    stereo = np.stack([2 * level * tone(1, rate), np.zeros(rate, np.float32)], axis=1)
    write(tmp_path / "a.wav", stereo, rate, subtype="FLOAT")
    kept, normalised = (load_audio(tmp_path / "a.wav", keep_level=keep)[0] for keep in (True, False))
    assert kept.dtype == np.float32
    assert np.abs(kept[500:-500]).max() == pytest.approx(level, rel=2e-3)
    np.testing.assert_allclose(kept / np.abs(kept).max(), normalised, atol=1e-6)


def test_level_is_kept_in_a_quiet_window_beside_a_loud_one(tmp_path):
    write(tmp_path / "a.wav", np.r_[tone(1, 44100), 0.01 * tone(1, 44100)], 44100, subtype="FLOAT")
    kept, _ = load_audio(tmp_path / "a.wav", offset=1.2, duration=0.5, keep_level=True)
    assert np.abs(kept).max() == pytest.approx(0.01, rel=1e-3)


def test_samples_at_the_rate_of_the_file_are_kept_as_they_are(tmp_path):
    y = np.random.default_rng(0).uniform(-0.3, 0.3, 1000).astype(np.float32)
    write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
    np.testing.assert_array_equal(load_audio(tmp_path / "a.wav", keep_level=True)[0], y)


@pytest.mark.parametrize("rate", [SR, 44100])
def test_kept_level_stays_finite_at_the_end_of_the_floats(tmp_path, rate):
    square = np.sign(tone(0.1, rate)) * np.finfo(np.float32).max
    write(tmp_path / "a.wav", square, rate, subtype="FLOAT")
    kept, _ = load_audio(tmp_path / "a.wav", keep_level=True)
    assert np.isfinite(kept).all()
    assert np.abs(kept).max() == np.finfo(np.float32).max


# Windows

WINDOWS = [(0, 1), (0.05, 0.01), (1.234, 0.5), (2.5, 1), (3.9, 1), (3.99, None), (1 / 3, None)]


@pytest.mark.parametrize(("offset", "duration"), WINDOWS)
def test_window_is_that_of_the_whole_file(song, offset, duration):
    whole, _ = load_audio(song)
    window, _ = load_audio(song, offset=offset, duration=duration)
    start = round(offset * SR)
    expected = whole[start:] if duration is None else whole[start : start + round(duration * SR)]
    np.testing.assert_allclose(window, expected / np.abs(expected).max(), rtol=0, atol=5e-6)


@pytest.mark.parametrize("rate", [8000, 16000, 44101, 48000, 192000])
def test_window_is_right_at_any_rate(tmp_path, rate):
    write(tmp_path / "a.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 3 * rate), rate, subtype="FLOAT")
    whole, _ = load_audio(tmp_path / "a.wav")
    window, _ = load_audio(tmp_path / "a.wav", offset=1.7, duration=0.9)
    expected = whole[round(1.7 * SR) :][: len(window)]
    np.testing.assert_allclose(window, expected / np.abs(expected).max(), rtol=0, atol=2e-5)
    assert np.abs(window[1:] - (expected / np.abs(expected).max())[:-1]).max() > 0.1


def test_end_of_a_vorbis_file_is_found_by_decoding(tmp_path):
    path = tmp_path / "a.ogg"
    write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 30 * SR), SR)
    whole, window = load_audio(path)[0], load_audio(path, offset=29.8)[0]
    np.testing.assert_allclose(window, whole[-len(window) :] / np.abs(whole[-len(window) :]).max(), atol=1e-6)


def test_window_costs_what_the_window_costs(tmp_path, monkeypatch):
    write(tmp_path / "a.wav", np.zeros(600 * 8000, np.int16), 8000)
    read = []
    monkeypatch.setattr(sf.SoundFile, "read", spy(sf.SoundFile.read, read))
    load_audio(tmp_path / "a.wav", offset=500, duration=2)
    assert sum(map(len, read)) < 2.5 * 8000


def spy(method, results):
    def spied(*args, **kwargs):
        results.append(method(*args, **kwargs))
        return results[-1]

    return spied


@pytest.mark.parametrize(
    ("window", "says"),
    [
        ({"offset": 4}, "starts at 4 s, but the file lasts 4 s"),
        ({"offset": 1e9}, "but the file lasts 4 s"),
        ({"offset": -1}, "must start at 0 s"),
        ({"offset": np.nan}, "must start at 0 s"),
        ({"duration": 0}, "must last more than 0 s"),
        ({"duration": -1}, "must last more than 0 s"),
        ({"duration": np.inf}, "must last more than 0 s"),
        ({"sr": 0}, "whole number"),
        ({"sr": 22050.5}, "whole number"),
    ],
    ids=str,
)
def test_senseless_windows_are_refused(song, window, says):
    refuses(song, says, **window)


# What is refused


def refuses(path, says, **window):
    with pytest.raises(AudioError, match=says) as caught:
        load_audio(path, **window)
    message = str(caught.value)
    assert os.fspath(path) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n", "not audio"),
        (b"Dear diary, " * 100, "not audio"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not audio"),
        (bytes(5000), "not audio"),
        ("Dear diary, ".encode("utf-16") * 100, "not audio"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(500), "not audio"),
        (b"RIFF\x24\x00\x00\x00AVI LIST" + bytes(500), "not audio"),
        (b"FORM\x00\x00\x00\x24ILBM" + bytes(500), "not audio"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "damaged"),
        (b"fLaC" + bytes(500), "damaged"),
        (b"OggS" + bytes(500), "damaged"),
        (b"ID3\x03" + bytes(500), "damaged"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(500), "m4a.*convert"),
        (b"\xff\xf1\x50\x80" + bytes(500), "AAC.*convert"),
        (b"\x30\x26\xb2\x75" + bytes(500), "wma.*convert"),
        (b"\x1a\x45\xdf\xa3" + bytes(500), "webm.*convert"),
    ],
)
def test_other_content_is_refused(tmp_path, content, says):
    (tmp_path / "song.mp3").write_bytes(content)
    refuses(tmp_path / "song.mp3", says)
    with pytest.raises(AudioError, match=f"^the sound: .*{says}"):
        load_audio(io.BytesIO(content))


def test_errors_call_a_file_by_the_name_it_is_given(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"fLaC" + bytes(500))
    with pytest.raises(AudioError, match=r"^Hurt: is damaged") as caught:
        load_audio(tmp_path / "a.mp3", name="Hurt")
    assert str(tmp_path) not in str(caught.value)


def test_missing_file_is_refused_with_a_similar_name(tmp_path):
    save_audio(tmp_path / "Hurt_Cash.wav", tone())
    refuses(tmp_path / "hurt_cash.mp3", "no such file; did you mean Hurt_Cash.wav?")
    refuses(tmp_path / "quite different", "no such file$")
    refuses(tmp_path / "nowhere" / "song.wav", "no folder")


def test_folders_and_devices_are_refused(tmp_path):
    refuses(tmp_path, "is a folder")
    refuses("/dev/zero", "not a regular file")
    refuses("a\0.wav", "no such file|null")


def test_file_without_samples_is_refused(tmp_path):
    write(tmp_path / "a.wav", np.zeros(0), SR)
    refuses(tmp_path / "a.wav", "no samples")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rate", [SR, 44100])
def test_samples_that_are_no_numbers_are_refused(tmp_path, bad, rate):
    y = tone(1, rate)
    y[[100, 200]] = bad
    write(tmp_path / "a.wav", y, rate, subtype="FLOAT")
    refuses(tmp_path / "a.wav", "2 samples that are NaN or infinite")


@pytest.mark.parametrize("rate", [1, 999, 2_000_000])
def test_absurd_rates_are_refused(tmp_path, rate):
    write(tmp_path / "a.wav", tone(), rate)
    refuses(tmp_path / "a.wav", f"{rate} Hz")


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_truncated_file_gives_what_is_there(song, tmp_path, share):
    cut = tmp_path / song.name
    cut.write_bytes(song.read_bytes()[: int(share * song.stat().st_size)])
    (whole, _), (part, _) = load_audio(song), load_audio(cut)
    # A flac or mp3 may compress its first half better than the second.
    assert 0.6 * share * len(whole) < len(part) < len(whole)
    assert correlation(part[:-2000], whole) > 0.9999


def test_window_after_the_truncation_is_refused(tmp_path, music):
    write(tmp_path / "a.flac", music, 44100)
    (tmp_path / "a.flac").write_bytes((tmp_path / "a.flac").read_bytes()[:100_000])
    refuses(tmp_path / "a.flac", "damaged", offset=3.5)


# What is written


@pytest.mark.parametrize("container", FORMATS)
def test_what_is_written_can_be_read(tmp_path, container):
    y = 0.5 * tone()
    path = save_audio(tmp_path / f"a.{container}", y)
    np.testing.assert_allclose(sf.read(path)[0][2000:18000], y[2000:18000], atol=0.02)
    assert [p.name for p in tmp_path.iterdir()] == [f"a.{container}"]


def test_subtype_float_is_exact(tmp_path):
    y = np.random.default_rng(0).uniform(-1, 1, 1000).astype(np.float32)
    np.testing.assert_array_equal(sf.read(save_audio(tmp_path / "a.wav", y, subtype="FLOAT"))[0], y)


@pytest.mark.parametrize("container", FORMATS)
def test_same_samples_give_the_same_bytes(tmp_path, container):
    first, second = (save_audio(tmp_path / f"{n}.{container}", tone(3)).read_bytes() for n in "ab")
    assert first == second
    assert save_audio(tmp_path / f"c.{container}", 0.9 * tone(3)).read_bytes() != first


def test_ogg_stream_has_a_fixed_serial_number(tmp_path):
    data = save_audio(tmp_path / "a.ogg", tone(3)).read_bytes()
    pages = data.split(b"OggS")[1:]
    assert len(pages) > 2
    assert {page[10:14] for page in pages} == {b"\x01\x00\x00\x00"}


def test_long_vorbis_file_is_written(tmp_path):
    path = save_audio(tmp_path / "a.ogg", np.random.default_rng(0).uniform(-1, 1, 300 * 8000), 8000)
    assert sf.info(path).frames == 300 * 8000


@pytest.mark.parametrize(
    ("name", "y", "says"),
    [
        ("a.wav", np.array([0, np.nan]), "1 NaN"),
        ("a.wav", np.array([0, 1.5]), "its peak is 1.5"),
        ("a.wav", np.zeros(0), "n_samples"),
        ("a.wav", np.zeros((10, 2)), "n_samples"),
        ("a.wav", np.ones(10, int), "int64"),
        ("a.m4a", tone(), r"cannot write a \.m4a file"),
        ("a", tone(), "nameless"),
        ("x" * 300 + ".wav", tone(), "cannot be written"),
    ],
)
def test_nothing_is_left_of_a_sound_that_cannot_be_written(tmp_path, name, y, says):
    with pytest.raises(AudioError, match=says):
        save_audio(tmp_path / name, y)
    assert not list(tmp_path.iterdir())


def test_failed_write_keeps_the_old_file(tmp_path):
    path = save_audio(tmp_path / "a.wav", tone())
    before = path.read_bytes()
    with pytest.raises(AudioError):
        save_audio(path, tone(), subtype="VORBIS")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# Anything


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    return {name: save_audio(folder / f"a.{name}", tone(0.1)).read_bytes() for name in FORMATS}


EDITS = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(0, 20), st.binary(max_size=8)), min_size=1, max_size=6
)  # where, how many bytes are cut out, what takes their place


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FORMATS), edits=EDITS, offset=st.sampled_from([0.0, 0.05]), memory=st.booleans())
def test_mutated_files_are_read_or_refused(originals, tmp_path, name, edits, offset, memory):
    data = bytearray(originals[name])
    for where, n_cut, new in edits:
        where = where % max(1, len(data))
        data[where : where + n_cut] = new
    path = tmp_path / f"a.{name}"
    path.write_bytes(data)
    try:
        y, _ = load_audio(io.BytesIO(data) if memory else path, offset=offset)
    except AudioError as refusal:
        y, lines = np.zeros(1, np.float32), str(refusal).splitlines()
        assert len(lines) == 1
    assert (y.ndim, y.dtype) == (1, np.float32)
    assert np.abs(y).max() in (0, 1)  # so it is finite, too


def test_an_mp3_is_decoded_in_silence_and_as_in_one_go(tmp_path, rng, capfd):
    path = tmp_path / "a.mp3"
    sf.write(path, 0.5 * np.sin(np.arange(330_750) ** 1.4 / 50) + 0.01 * rng.standard_normal(330_750), 22050)
    y, _ = load_audio(path, keep_level=True)
    with sf.SoundFile(path) as file:
        np.testing.assert_allclose(y, file.read(dtype="float32"), atol=1e-6)
    assert capfd.readouterr().err == ""
    with sf.SoundFile(path) as file:  # what is avoided
        list(file.blocks(2**14))
    assert "part2_3_length" in capfd.readouterr().err
