"""Truths about the front end, and an independent slow version of it to agree with."""

import numpy as np
import pytest

from mer_utils.spectrogram import (
    WINDOW_FRAMES,
    SpectrogramConfig,
    SpectrogramError,
    compute_band_frequencies,
    compute_filterbank,
    compute_frame_times,
    compute_spectrogram,
    compute_window_starts,
    select_window,
)

SR = 22050
CONFIGS = [SpectrogramConfig(), SpectrogramConfig(fps=31.3)]


def slow_edges():
    """Madmom's definition word by word, set as in the group's later code: nearest FFT bin of each frequency, once."""
    nearest = []
    for k in range(-200, 200):
        frequency = 440 * 2 ** (k / 24)
        if 20 <= frequency <= 16000:
            nearest.append(min(range(1024), key=lambda b, f=frequency: abs(b * SR / 2048 - f)))
    return len(nearest), sorted(set(nearest))


def slow_filterbank(edges):
    filterbank = np.zeros((1024, len(edges) - 2))
    for band in range(len(edges) - 2):
        start, center, stop = edges[band : band + 3]
        for k in range(start, stop):
            filterbank[k, band] = (k - start) / (center - start) if k < center else (stop - k) / (stop - center)
    return filterbank / filterbank.sum(axis=0)


def slow_spectrogram(y, config):
    filterbank = slow_filterbank(slow_edges()[1])
    rows = []
    for k in range(int(np.ceil(len(y) * config.fps / SR - 1e-9))):
        frame = np.zeros(2048)
        piece = y[int(k * SR / config.fps) :][:2048]
        frame[: len(piece)] = piece
        rows.append(np.abs(np.fft.fft(frame * np.hanning(2048)))[:1024] @ filterbank)
    return np.log10(1 + np.array(rows))


def sounds():
    rng = np.random.default_rng(0)
    t = np.arange(SR) / SR
    return {
        "noise": rng.uniform(-1, 1, 30_011),
        "sine": np.sin(2 * np.pi * 1000 * t),
        "sine on a bin": np.sin(2 * np.pi * 100 * np.arange(SR) / 2048),
        "square": np.sign(np.sin(2 * np.pi * 441.3 * t)),
        "above full scale": 100 * np.sin(2 * np.pi * 443 * t),
        "faint": 1e-4 * rng.uniform(-1, 1, 9_999),
        "offset": np.ones(5_001),
        "silence": np.zeros(5_000),
        "click": np.eye(1, 7_000, 705)[0],
        "one sample": np.ones(1),
        "one frame": rng.uniform(-1, 1, 705),
        "a frame and a sample": rng.uniform(-1, 1, 706),
    }


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.fps} fps")
@pytest.mark.parametrize("name", sounds())
def test_equals_the_slow_version(name, config):
    y = sounds()[name].astype(np.float32)
    np.testing.assert_allclose(compute_spectrogram(y, config=config), slow_spectrogram(y, config), rtol=0, atol=2e-6)


def test_tolerance_notices_a_slightly_louder_sound():
    y = sounds()["noise"].astype(np.float32)
    slow = slow_spectrogram(y, CONFIGS[0])
    assert np.abs(compute_spectrogram(1.0001 * y) - slow).max() > 1e-5
    assert np.abs(compute_spectrogram(np.roll(y, 1)) - slow).max() > 1e-5


def test_filterbank_is_that_of_the_papers():
    n_frequencies, edges = slow_edges()
    filterbank = compute_filterbank()
    assert (n_frequencies, len(edges), filterbank.shape) == (232, 151, (1024, 149))
    assert filterbank.dtype == np.float32
    np.testing.assert_allclose(filterbank, slow_filterbank(edges), atol=1e-7)


def test_filterbank_has_the_published_rank_and_condition():
    filterbank = compute_filterbank().astype(float)
    assert np.linalg.matrix_rank(filterbank) == 149
    assert np.linalg.cond(filterbank) == pytest.approx(8.7, abs=0.05)
    np.testing.assert_allclose(filterbank.sum(axis=0), 1, atol=1e-6)


def test_filters_have_the_published_widths():
    widths = (compute_filterbank() > 0).sum(axis=0)
    assert (widths == 1).sum() == 39
    assert widths.max() == 55


def test_band_frequencies_are_the_published_ones():
    centres = compute_band_frequencies()
    assert centres[[0, -1]] == pytest.approx([32.3, 10852.7], abs=0.05)
    assert slow_edges()[1][-1] * SR / 2048 == pytest.approx(11014, abs=0.5)
    assert (np.diff(centres) > 0).all()


def test_hop_of_the_papers():
    assert SpectrogramConfig().hop == pytest.approx(705.6)
    assert SpectrogramConfig(fps=31.3).hop == pytest.approx(704.47, abs=0.005)
    assert SpectrogramConfig().n_bands == 149


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.fps} fps")
def test_ten_seconds_fill_the_window(config):
    assert compute_spectrogram(np.zeros(10 * SR), config=config).shape == (WINDOW_FRAMES, 149)


def test_fifteen_seconds_have_469_frames():
    spec = compute_spectrogram(np.zeros(15 * SR, np.float32))
    assert spec.shape == (469, 149)
    assert spec.dtype == np.float32
    assert not spec.any()


@pytest.mark.parametrize("band", range(20, 149, 8))
def test_pure_tone_lands_in_its_band(band):
    frequency = compute_band_frequencies()[band]
    spec = compute_spectrogram(np.sin(2 * np.pi * frequency * np.arange(SR) / SR))
    assert (spec[:28].argmax(axis=1) == band).all()


def test_frames_look_ahead():
    y = np.zeros(SR)
    y[10_000] = 1
    heard = compute_spectrogram(y).any(axis=1)
    starts = np.floor(np.arange(len(heard)) * 705.6)
    np.testing.assert_array_equal(heard, (starts < 10_000) & (starts + 2047 > 10_000))


def test_frame_times_are_whole_samples():
    times = compute_frame_times(469)
    assert times[[0, 1, 5]] * SR == pytest.approx([0, 705, 3528])
    assert times[-1] == pytest.approx(468 / 31.25, abs=1 / SR)


def test_level_is_left_alone():
    y = sounds()["noise"]
    loud, soft = (10 ** compute_spectrogram(gain * y).astype(float) - 1 for gain in (1, 0.25))
    np.testing.assert_allclose(soft, loud / 4, atol=1e-4)


def test_sound_is_not_changed():
    y = sounds()["noise"].astype(np.float32)
    before = y.copy()
    compute_spectrogram(y)
    np.testing.assert_array_equal(y, before)


def test_filterbank_is_the_callers_own():
    compute_filterbank()[:] = 0
    assert compute_spectrogram(sounds()["noise"]).any()


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.zeros(0), "n_samples > 0"),
        (np.zeros((100, 2)), r"\(100, 2\)"),
        (np.array([0.0, np.nan]), "1 samples are NaN"),
        (np.array([np.inf, np.nan]), "2 samples"),
        (np.array([1e300]), "Inf"),
        (np.ones(100, np.int16), "int16"),
    ],
)
def test_bad_sounds_are_refused(y, says):
    with pytest.raises(SpectrogramError, match=says):
        compute_spectrogram(y)


@pytest.mark.parametrize(
    "wrong",
    [{"sr": 0}, {"fps": -1}, {"fps": np.nan}, {"frame_size": 2047}, {"fps": 1e6}, {"fmin": 2000, "fmax": 1000}],
    ids=str,
)
def test_bad_settings_are_refused(wrong):
    with pytest.raises(SpectrogramError):
        SpectrogramConfig(**wrong)


def test_window_is_cut_without_copying():
    spec = np.arange(2000.0).reshape(500, 4)
    window = select_window(spec, 187)
    np.testing.assert_array_equal(window, spec[187:500])
    assert np.shares_memory(window, spec)


def test_short_clip_is_looped():
    spec = np.arange(100.0)[:, None]
    np.testing.assert_array_equal(select_window(spec, 30)[:, 0], (30 + np.arange(313)) % 100)


@pytest.mark.parametrize(("n_spec_frames", "start"), [(500, 188), (500, -1), (100, 100), (0, 0)])
def test_window_outside_is_refused(n_spec_frames, start):
    with pytest.raises(SpectrogramError):
        select_window(np.zeros((n_spec_frames, 149)), start)


@pytest.mark.parametrize(
    ("n_frames", "starts"), [(10, [0]), (313, [0]), (314, [0, 1]), (469, [0, 156]), (700, [0, 156, 312, 387])]
)
def test_windows_reach_from_the_first_frame_to_the_last(n_frames, starts):
    assert compute_window_starts(n_frames) == starts
