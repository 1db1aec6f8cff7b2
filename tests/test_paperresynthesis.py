"""The demo's resynthesis of 2019: its length, its pitch, and what keeping the logarithm does."""

import numpy as np
import pytest
from fakesounds import SR, build_noise, build_tones

from mer_utils.paperresynthesis import render_paper
from mer_utils.resynthesis import compute_spectra

N = 60


def render(y, gain=1.0):
    return render_paper(compute_spectra(y, n_frames=N), np.full((N, 149), gain))


def test_it_is_as_long_as_the_demos():
    y = build_noise(10.2)
    rendered = render_paper(compute_spectra(y, n_frames=313), np.ones((313, 149)))
    assert len(rendered) == 220_272  # of "original (reconstructed)" on the demo page, 9.99 s
    assert np.abs(rendered).max() == 1


def test_a_tone_keeps_its_pitch_but_for_one_bin_in_two_thousand():
    rendered = render(build_tones(1000))
    peak = np.argmax(np.abs(np.fft.rfft(rendered * np.hanning(len(rendered))))) * SR / len(rendered)
    assert peak == pytest.approx(1000, abs=2)


def measure_peaks(y):
    """Give the peaks of two tones, 500 and 4000 Hz, dB."""
    spectrum = np.abs(np.fft.rfft(y[15_000 : 15_000 + 2048] * np.hanning(2048)))
    return 20 * np.log10([spectrum[40:53].max(), spectrum[360:385].max()])


def test_loud_and_soft_come_close_because_the_logarithm_stays():
    y = build_tones(500) + 0.01 * build_tones(4000)
    (loud, soft), (still_loud, less_soft) = measure_peaks(y), measure_peaks(render(y))
    assert loud - soft == pytest.approx(40, abs=0.5)
    assert still_loud - less_soft < 25


def test_the_peak_hides_a_common_factor():
    y = build_noise()
    assert np.allclose(render(y, 2.0), render(y, 0.5), atol=1e-5)
    assert not np.allclose(render(0.01 * y), render(y), atol=1e-2)


def test_silence_stays_silence():
    assert not render(np.zeros(2 * SR, np.float32)).any()
