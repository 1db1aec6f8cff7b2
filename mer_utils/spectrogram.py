"""The spectrogram that the networks see: 149 logarithmically spaced bands, 31.25 frames per second.

It is the front end of the 2019 papers: settings from the group's later code (Hoedt, Flexer & Widmer, SMC 2025), frame
rate from second-hand readings of the ISMIR paper, both confirmed by the sounds of the authors' demo page. It equals
madmom's ``LogarithmicFilteredSpectrogramProcessor`` with 24 bands per octave, 20 Hz to 16 kHz, to 1e-5:
Hann-windowed frames of 2048 samples, magnitude of the FFT, overlapping triangles of area 1, log10(1 + magnitude).
Frame k starts at sample int(k * hop) and looks ahead: nothing is centred, and zeros follow the last sample.

Public names: ``SpectrogramConfig``, ``SpectrogramError``, ``WINDOW_FRAMES``, ``compute_filterbank``,
``compute_spectrogram``, ``compute_magnitudes``, ``compute_band_frequencies``, ``compute_frame_times``,
``select_window``, ``compute_window_starts``.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Frames in the networks' 10 s input, at 31.25 and at 31.3 frames per second alike.
WINDOW_FRAMES = 313

# Frames transformed at once: the temporaries stay in the processor's cache, which halves the time.
_BLOCK = 32


class SpectrogramError(ValueError):
    """A sound, a spectrogram or a setting from which no spectrogram can be computed."""


@dataclass(frozen=True)
class SpectrogramConfig:
    """Settings of the spectrogram; the defaults are those of the 2019 papers (see the top of the module).

    Parameters
    ----------
    sr
        Sample rate, Hz.
    frame_size
        Length of a frame and of its FFT, samples (even).
    fps
        Frames per second: 31.25 in the 2019 papers, 31.3 in the group's later code.
    bands_per_octave
        Bands in an octave, before those that share an FFT bin are merged.
    fmin, fmax
        Range of the band edges, Hz. ``fmax`` above half the sample rate is legal and never reached.
    fref
        Frequency on which the logarithmic grid is anchored (the tuning of a'), Hz.

    Raises
    ------
    SpectrogramError
        If a setting is not a positive number, or too narrow a range for a single band.
    """

    sr: int = 22050
    frame_size: int = 2048
    fps: float = 31.25
    bands_per_octave: int = 24
    fmin: float = 20.0
    fmax: float = 16000.0
    fref: float = 440.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value > 0):
                raise SpectrogramError(f"{name} of a spectrogram must be a positive number, not {value!r}")
        if self.frame_size % 2:
            raise SpectrogramError(f"frame_size must be even, not {self.frame_size}")
        if self.hop < 1:
            raise SpectrogramError(f"fps must be at most the sample rate {self.sr}, not {self.fps}")
        if self.n_bands < 1:
            raise SpectrogramError(f"{self.fmin} to {self.fmax} Hz is too narrow for a single band")

    @property
    def hop(self) -> float:
        """Samples from one frame to the next (705.6 by default); a fraction, so frames start at int(k * hop)."""
        return self.sr / self.fps

    @property
    def n_bins(self) -> int:
        """Bins of the FFT that are used: all but the one at half the sample rate."""
        return self.frame_size // 2

    @property
    def n_bands(self) -> int:
        """Number of bands, 149 by default."""
        return len(_band_edges(self)) - 2


def _bin_frequencies(config: SpectrogramConfig) -> np.ndarray:
    return np.fft.rfftfreq(config.frame_size, 1 / config.sr)[:-1]  # (n_bins,) Hz, without the last


@lru_cache(maxsize=8)
def _band_edges(config: SpectrogramConfig) -> np.ndarray:
    """Find the FFT bins at which bands start, peak and end: (n_bands + 2,) integers, increasing."""
    octaves = np.log2(np.array([config.fmin, config.fmax]) / config.fref) * config.bands_per_octave
    steps = np.arange(np.floor(octaves[0]), np.ceil(octaves[1]))
    wanted = config.fref * 2.0 ** (steps / config.bands_per_octave)
    wanted = wanted[(wanted >= config.fmin) & (wanted <= config.fmax)]
    bins = _bin_frequencies(config)
    right = np.searchsorted(bins, wanted).clip(1, len(bins) - 1)
    # Of the two neighbours the nearer one; the right one on a tie, as in madmom.
    edges = np.unique(right - (wanted - bins[right - 1] < bins[right] - wanted))
    edges.setflags(write=False)
    return edges


_DEFAULT = SpectrogramConfig()


def compute_filterbank(config: SpectrogramConfig = _DEFAULT) -> np.ndarray:
    """Build the triangular filters that sum FFT bins into bands.

    Band b rises from edge b, peaks at edge b + 1 and falls to edge b + 2 (excluded); each sums to 1. The lowest
    bands are narrower than an FFT bin and see a single one (madmom's definition).

    Parameters
    ----------
    config
        Settings of the spectrogram.

    Returns
    -------
    numpy.ndarray
        (n_bins, n_bands) float32, (1024, 149) by default, weights 0-1.
    """
    edges = _band_edges(config)
    filterbank = np.zeros((config.n_bins, len(edges) - 2))
    for band, (start, center, stop) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        filterbank[start:center, band] = np.arange(center - start) / (center - start)
        filterbank[center:stop, band] = 1 - np.arange(stop - center) / (stop - center)
    return (filterbank / filterbank.sum(axis=0)).astype(np.float32)


def compute_spectrogram(y: np.ndarray, *, config: SpectrogramConfig = _DEFAULT) -> np.ndarray:
    """Compute what the networks see of a sound. The level of the sound is left as it is.

    Parameters
    ----------
    y
        (n_samples,) sound at ``config.sr`` Hz, floats, peak-normalised by whoever loaded it.
    config
        Settings of the spectrogram.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_bands) float32, log10(1 + magnitude), at least 0, time first;
        n_frames = ceil(n_samples / hop), so 469 for 15 s.

    Raises
    ------
    SpectrogramError
        If the sound is not one-dimensional, is empty, or holds NaN or infinite samples.
    """
    import scipy.fft

    y = _checked_sound(y)
    starts = _frame_starts(math.ceil(len(y) / config.hop), config)
    padded = np.concatenate([y, np.zeros(config.frame_size, np.float32)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.frame_size)  # (n_samples + 1, frame_size)
    window = np.hanning(config.frame_size)
    bank = _sparse_filterbank(config)
    spec = np.empty((len(starts), config.n_bands), np.float32)
    for first in range(0, len(starts), _BLOCK):
        # In double precision: beside a loud partial, a single-precision FFT is off by 6e-6, and more above full scale.
        spectra = scipy.fft.rfft(frames[starts[first : first + _BLOCK]] * window, workers=1)
        magnitudes = np.abs(spectra[:, : config.n_bins].astype(np.complex64))  # (n_frames in block, n_bins)
        spec[first : first + _BLOCK] = (bank @ magnitudes.T).T
    spec += 1
    return np.log10(spec, out=spec)


def compute_magnitudes(spec: np.ndarray) -> np.ndarray:
    """Undo the logarithm of a spectrogram: (..., n_bands) float64 magnitudes, 0 or more."""
    return 10.0 ** np.asarray(spec, np.float64) - 1


def compute_band_frequencies(config: SpectrogramConfig = _DEFAULT) -> np.ndarray:
    """Compute the centre of each band.

    Returns
    -------
    numpy.ndarray
        (n_bands,) Hz, increasing, 32.3 to 10852.7 by default.
    """
    return _bin_frequencies(config)[_band_edges(config)[1:-1]]


def compute_frame_times(n_frames: int, config: SpectrogramConfig = _DEFAULT) -> np.ndarray:
    """Compute when each frame starts; a frame covers the ``frame_size / sr`` seconds (93 ms) that follow.

    Returns
    -------
    numpy.ndarray
        (n_frames,) seconds, rounded down to a sample as the frames are.
    """
    return _frame_starts(n_frames, config) / config.sr


def compute_window_starts(
    n_frames: int, *, window_frames: int = WINDOW_FRAMES, hop_frames: int = WINDOW_FRAMES // 2
) -> list[int]:
    """First frames of the windows that cover ``n_frames``: every hop, and the last window ends with the clip.

    Lengths are in frames. A clip no longer than a window has one, at 0.
    """
    last = max(0, n_frames - window_frames)
    return [*range(0, last, hop_frames), last]


def select_window(spec: np.ndarray, start: int = 0, *, n_frames: int = WINDOW_FRAMES) -> np.ndarray:
    """Cut a window of frames out of a spectrogram; one that is shorter than the window is looped.

    Parameters
    ----------
    spec
        (n_spec_frames, n_bands) spectrogram.
    start
        First frame of the window. In a spectrogram that is looped, any of its frames; else at most
        n_spec_frames - n_frames.
    n_frames
        Length of the window, frames.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_bands): a view of ``spec`` where it is long enough, otherwise a copy.

    Raises
    ------
    SpectrogramError
        If the window does not lie in the spectrogram, or the spectrogram is empty.
    """
    n_spec_frames = len(spec)
    if n_spec_frames < 1 or n_frames < 1:
        raise SpectrogramError(f"a window of {n_frames} frames cannot be cut from {n_spec_frames} frames")
    last = n_spec_frames - n_frames if n_spec_frames >= n_frames else n_spec_frames - 1
    if not 0 <= start <= last:
        raise SpectrogramError(f"a window of {n_frames} frames must start at frame 0 to {last}, not {start}")
    if n_spec_frames >= n_frames:
        return spec[start : start + n_frames]
    return spec[(start + np.arange(n_frames)) % n_spec_frames]


def _checked_sound(y: np.ndarray) -> np.ndarray:
    y = np.asarray(y)
    if y.ndim != 1 or y.size == 0:
        raise SpectrogramError(f"a sound must have the shape (n_samples,) with n_samples > 0, not {y.shape}")
    if not np.issubdtype(y.dtype, np.floating):
        raise SpectrogramError(f"a sound must hold floats from -1 to 1, not {y.dtype}")
    # Checked after the conversion: a float64 sample may be too large for float32.
    with np.errstate(over="ignore"):
        y = y.astype(np.float32, copy=False)
    if not np.isfinite(y).all():
        raise SpectrogramError(f"a sound must be finite; {np.count_nonzero(~np.isfinite(y))} samples are NaN or Inf")
    return y


def _frame_starts(n_frames: int, config: SpectrogramConfig) -> np.ndarray:
    return (np.arange(n_frames) * config.hop).astype(np.int64)  # (n_frames,) samples, rounded down


@lru_cache(maxsize=8)
def _sparse_filterbank(config: SpectrogramConfig) -> "csr_array":
    # Only 1 877 of 152 576 weights are not zero, and a sparse product adds in one order on any number of threads.
    from scipy.sparse import csr_array

    return csr_array(compute_filterbank(config).T)
