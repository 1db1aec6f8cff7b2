"""Resynthesis: what comes back is what went in, a gain is heard where it belongs, and nowhere else."""

import numpy as np
import pytest
from fakesounds import SR, build_noise, build_tones, compute_level

from mer_utils.resynthesis import (
    GainError,
    compute_bin_gains,
    compute_smoothed,
    compute_spectra,
    render_gains,
    render_spectra,
)
from mer_utils.spectrogram import SpectrogramConfig, compute_band_frequencies, compute_filterbank, compute_spectrogram

Y = build_noise()
N = 48
FIRSTS = (0, 10, int(np.ceil(len(Y) / 705.6)) - N)  # at the beginning, inside, at the end of the sound


def measure_snr(rendered, y=Y, *, first, n_frames=N):
    start, stop = (min(int(frame * 705.6), len(y)) for frame in (first, first + n_frames))
    return compute_level(y[start:stop]) - compute_level((rendered - y.astype(float))[start:stop])


def render_window(gains, *, first):
    """Render a window by its spectra alone, and lay it over silence."""
    rendered, start = render_spectra(compute_spectra(Y, first=first, n_frames=len(gains)), gains)
    whole = np.zeros(len(Y) + 8192)
    stop = min(start + len(rendered), len(whole))
    whole[max(start, 0) : stop] = rendered[max(-start, 0) : stop - start]
    return whole[: len(Y)]


@pytest.mark.parametrize("first", FIRSTS)
def test_gains_of_one_give_the_sound_back(first):
    assert measure_snr(render_window(np.ones((N, 149)), first=first), first=first) > 100
    assert measure_snr(render_window(np.full((N, 149), 1.0001), first=first), first=first) < 100
    assert np.array_equal(render_gains(Y, np.ones((N, 149)), first=first), Y)


@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize("smoothing", [0, 0.7, 3])
def test_a_selection_and_its_complement_add_up_to_the_sound(first, smoothing):
    gains = np.random.default_rng(1).integers(0, 2, (N, 149)).astype(float)
    one, other = (render_gains(Y, g, first=first, smoothing=smoothing) for g in (gains, 1 - gains))
    assert measure_snr(one + other, first=first) > 100
    unlike = render_gains(Y, 1 - gains, first=first, smoothing=smoothing + 1)
    assert measure_snr(one + unlike, first=first) < 40


@pytest.mark.parametrize("first", FIRSTS)
def test_gains_of_zero_are_silence(first):
    rendered = render_gains(Y, np.zeros((N, 149)), first=first)
    start, stop = int(first * 705.6), int((first + N) * 705.6)
    assert compute_level(rendered[start:stop]) < -200
    assert not render_window(np.zeros((N, 149)), first=first).any()
    assert first == 0 or np.array_equal(rendered[: start - 2048], Y[: start - 2048])
    assert np.array_equal(rendered[stop + 4096 :], Y[stop + 4096 :])


def test_silencing_the_bands_of_a_tone_leaves_the_other_tone():
    y, centres = build_tones(500, 4000), compute_band_frequencies()
    gains = np.broadcast_to((centres > 1500).astype(float), (N, 149))
    rendered = render_gains(y, gains, first=10)[15_000:30_000]
    wanted = (build_tones(4000) / 2)[15_000:30_000]
    assert compute_level(rendered - wanted) < compute_level(wanted) - 60
    other = (build_tones(500) / 2)[15_000:30_000]
    assert compute_level(rendered - other) > compute_level(wanted) - 3


@pytest.mark.parametrize("db", [-12, 6])
def test_a_lift_is_as_loud_as_it_says(db):
    rendered = render_gains(Y, np.full((N, 149), 10 ** (db / 20)), first=10)[10_000:35_000]
    assert compute_level(rendered) - compute_level(Y[10_000:35_000]) == pytest.approx(db, abs=1e-3)


@pytest.mark.parametrize("first", FIRSTS)
def test_spectra_give_the_spectrogram(first):
    spec = compute_spectrogram(Y)[first : first + N]
    assert np.abs(compute_spectra(Y, first=first, n_frames=N).spec - spec).max() < 1e-6
    assert np.abs(compute_spectra(np.roll(Y, 1), first=first, n_frames=N).spec - spec).max() > 1e-4


def test_other_grids_work_too():
    config = SpectrogramConfig(fps=50.0, frame_size=1024, bands_per_octave=12)
    n_frames = int(np.ceil(len(Y) / config.hop))
    spectra = compute_spectra(Y, n_frames=n_frames, config=config)
    rendered, start = render_spectra(spectra, np.ones((n_frames, config.n_bands)))
    assert np.abs(rendered[-start : len(Y) - start] - Y).max() < 1e-9
    assert spectra.spec == pytest.approx(compute_spectrogram(Y, config=config), abs=1e-6)


def test_bins_have_the_mean_gain_of_their_bands_or_of_the_nearest():
    gains = np.random.default_rng(2).random((3, 149))
    bins, bank = compute_bin_gains(gains), compute_filterbank()
    inside = np.flatnonzero(bank.any(axis=1))
    assert bins.shape == (3, 1025)
    assert np.allclose(bins[:, inside] * bank[inside].sum(axis=1), gains @ bank[inside].T, atol=1e-6)
    assert np.array_equal(bins[:, 0], gains[:, 0])
    assert np.array_equal(bins[:, -1], bins[:, inside[-1]])
    assert np.allclose(compute_bin_gains(np.ones((3, 149))), 1, atol=1e-12)


def test_smoothing_takes_ringing_out_of_edges_between_bands():
    y, gains = np.zeros(SR, np.float32), np.ones((31, 149)) * (np.arange(149) % 10 < 5)
    y[SR // 2] = 1
    echoes = [render_gains(y, gains, smoothing=s)[SR // 2 + 400 : SR // 2 + 2048] for s in (0, 0.7, 2)]
    hard, usual, soft = map(compute_level, echoes)
    assert soft < usual - 3 < hard - 6


def test_smoothing_spreads_and_keeps_what_is_constant():
    gains = np.zeros((9, 149))
    gains[4, 70] = 1
    smooth = compute_smoothed(gains, 1)
    assert 0.1 < smooth[4, 70] < 0.2 < smooth.sum() * 0.25
    assert smooth[3, 70] == pytest.approx(smooth[4, 69])
    assert np.allclose(compute_smoothed(np.full((9, 149), 0.4), 2), 0.4)
    assert np.array_equal(compute_smoothed(gains, 0), gains)


def test_enormous_gains_are_rendered_as_they_are():
    assert np.abs(render_gains(Y, np.full((N, 149), 1e6))).max() > 1e5


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        (np.full((N, 149), -1e-9), "factors from 0 to 1e"),
        (np.full((N, 149), np.nan), "factors from 0 to 1e"),
        (np.full((N, 149), np.inf), "factors from 0 to 1e"),
        (np.full((N, 149), 1e7), "factors from 0 to 1e"),
        (np.ones((N, 148)), r"gains are \(n_frames, 149\)"),
        (np.ones((0, 149)), r"gains are \(n_frames, 149\)"),
        (np.ones((500, 149)), "do not lie in a sound of 79 frames"),
    ],
)
def test_unusable_gains_are_refused(gains, words):
    with pytest.raises(GainError, match=words):
        render_gains(Y, gains)


@pytest.mark.parametrize("y", [np.zeros((2, SR), np.float32), np.array([np.nan] * SR), np.arange(SR)])
def test_what_is_no_mono_sound_is_refused(y):
    with pytest.raises(GainError, match="finite floats"):
        render_gains(y, np.ones((3, 149)))


@pytest.mark.parametrize("smoothing", [-1, np.nan, np.inf])
def test_smoothing_is_a_number_of_cells(smoothing):
    with pytest.raises(GainError, match="0 or more cells"):
        render_gains(Y, np.ones((N, 149)), smoothing=smoothing)


@pytest.mark.parametrize("first", [-1, 2.5, 100])
def test_frames_lie_in_the_sound(first):
    with pytest.raises(GainError, match="do not lie in a sound of 79 frames"):
        render_gains(Y, np.ones((N, 149)), first=first)


@pytest.mark.parametrize("size", [706, 720])
def test_frames_that_hardly_overlap_are_refused(size):
    config = SpectrogramConfig(frame_size=size, bands_per_octave=12)
    with pytest.raises(GainError, match="overlap too little"):
        render_gains(Y, np.ones((N, config.n_bands)), config=config)
    config = SpectrogramConfig(frame_size=1024, bands_per_octave=12)
    assert np.abs(render_gains(Y, np.zeros((N, config.n_bands)), config=config)).max() <= np.abs(Y).max()


def test_whole_numbers_are_smoothed_as_what_they_are():
    assert np.array_equal(compute_smoothed(np.eye(5, dtype=int), 1), compute_smoothed(np.eye(5), 1))
