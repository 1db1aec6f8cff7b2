"""From gains on the spectrogram back to sound, on the grid on which the spectrogram was taken.

The complex short-time Fourier transform of the sound is multiplied by real gains and inverted, so that the sound's own
phase is kept and nothing has to be guessed; where all gains are 1 the sound comes back as it was. What a network was
shown, a band of a frame, and what is heard are the same thing.

Public names: ``Spectra``, ``GainError``, ``compute_spectra``, ``render_gains``, ``render_spectra``,
``check_gains``, ``compute_smoothed``, ``compute_bin_gains``, ``SMOOTHING``.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .spectrogram import SpectrogramConfig, compute_filterbank

#: Standard deviation by which gains are smoothed, cells (frames and bands).
SMOOTHING = 0.7
_DEFAULT = SpectrogramConfig()
_MOST = 1e6  # factor, 120 dB: more is nothing that a sound could hold
_OVERLAP = 1e-3  # least sum of squared windows, beside the largest: less would blow up what little is there


class GainError(ValueError):
    """Gains, or a place in a sound, from which no sound can be rendered."""


@dataclass(frozen=True, eq=False)
class Spectra:
    """The complex spectra of some frames of a sound, and of those around them that reach into the same samples.

    Attributes
    ----------
    values
        (n_frames + 2 * margin, n_bins + 1) complex128, windowed.
    first
        Number of the first frame asked for; ``margin`` frames come before it.
    config
        Grid of the frames.
    """

    values: np.ndarray
    first: int
    config: SpectrogramConfig

    @property
    def margin(self) -> int:
        """Frames added on each side: all that share samples with those asked for, 2 by default."""
        return _count_margin(self.config)

    @property
    def spec(self) -> np.ndarray:
        """(n_frames, n_bands) float32 what `spectrogram.compute_spectrogram` gives for these frames, to 1e-6."""
        inner = np.abs(self.values[self.margin : len(self.values) - self.margin, :-1])
        return np.log10(1 + inner @ compute_filterbank(self.config)).astype(np.float32)


def _count_margin(config: SpectrogramConfig) -> int:
    return int(np.ceil(config.frame_size / config.hop)) - 1


def _locate_frames(first: int, n_frames: int, config: SpectrogramConfig) -> np.ndarray:
    return np.floor((first + np.arange(n_frames)) * config.hop).astype(np.int64)  # samples, below 0 before the sound


def compute_spectra(y: np.ndarray, *, first: int = 0, n_frames: int, config: SpectrogramConfig = _DEFAULT) -> Spectra:
    """Transform frames of a sound; before its first and after its last sample there is silence.

    Parameters
    ----------
    y
        (n_samples,) sound.
    first
        First frame.
    n_frames
        Number of frames.
    config
        Grid of the frames.

    Raises
    ------
    GainError
        If the sound is not one of finite numbers, or the frames do not lie in it.
    """
    import scipy.fft

    y, margin = np.asarray(y), _count_margin(config)
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.floating) or not np.isfinite(y).all():
        raise GainError(f"a sound is (n_samples,) finite floats, not {y.dtype} {y.shape}")
    there = int(np.ceil(len(y) / config.hop))
    if int(first) != first or first < 0 or n_frames < 1 or first + n_frames > there:
        raise GainError(f"frames {first} to {first + n_frames} do not lie in a sound of {there} frames")
    starts = _locate_frames(first - margin, n_frames + 2 * margin, config)
    part = _cut(y, starts[0], starts[-1] + config.frame_size)
    frames = np.lib.stride_tricks.sliding_window_view(part, config.frame_size)[starts - starts[0]]
    return Spectra(scipy.fft.rfft(frames * np.hanning(config.frame_size), workers=1), first, config)


def _cut(y: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Cut samples out of a sound, in float64, with silence where there are none."""
    inner = y[max(start, 0) : max(stop, 0)]
    return np.pad(inner.astype(np.float64), (max(-start, 0), max(stop - len(y), 0)))[: stop - start]


def render_spectra(spectra: Spectra, gains: np.ndarray) -> tuple[np.ndarray, int]:
    """Multiply spectra by gains and invert them.

    Parameters
    ----------
    spectra
        Of the frames to change.
    gains
        (n_frames, n_bands) linear factors; the frames of the margin take those of the nearest frame.

    Returns
    -------
    y : numpy.ndarray
        (n_samples,) float64: overlap-add of the windowed frames over the sum of squared windows. Samples that only
        some of the frames cover, at both ends, hold the share of these.
    start : int
        Number of its first sample in the sound; below 0 where the margin reaches out of it.

    Raises
    ------
    GainError
        If the frames of the grid overlap too little.
    """
    import scipy.fft

    config, margin = spectra.config, spectra.margin
    n_frames = len(spectra.values)
    wide = np.pad(compute_bin_gains(gains, config), ((margin, margin), (0, 0)), mode="edge")
    frames = scipy.fft.irfft(spectra.values * wide, config.frame_size, workers=1)
    starts = _locate_frames(spectra.first - margin, n_frames, config)
    return _overlap(frames * np.hanning(config.frame_size), starts, spectra.first - margin, config), int(starts[0])


def _overlap(frames: np.ndarray, starts: np.ndarray, first: int, config: SpectrogramConfig) -> np.ndarray:
    """Add windowed frames up and divide by the squared windows of all frames, these and those around them."""
    size, more = config.frame_size, _count_margin(config)
    total, origin = np.zeros(starts[-1] - starts[0] + size), starts[0]
    for frame, start in zip(frames, starts - origin, strict=True):
        total[start : start + size] += frame
    around = _locate_frames(first - more, len(frames) + 2 * more, config) - origin
    weights, window = np.zeros(len(total) + 2 * more * size), np.hanning(size) ** 2
    for start in around + more * size:
        weights[start : start + size] += window
    weights = weights[more * size : more * size + len(total)]
    if weights.min() < _OVERLAP * weights.max():
        raise GainError(f"frames of {size} samples every {config.hop:g} overlap too little to give a sound")
    return total / weights


def render_gains(
    y: np.ndarray,
    gains: np.ndarray,
    *,
    first: int = 0,
    smoothing: float = SMOOTHING,
    config: SpectrogramConfig = _DEFAULT,
) -> np.ndarray:
    """Lift and lower bands of some frames of a sound.

    Parameters
    ----------
    y
        (n_samples,) sound.
    gains
        (n_frames, n_bands) linear factors: 0 silences a cell, 1 leaves it, 2 lifts it by 6 dB, and 1e6 is the most.
    first
        Frame of the sound to which the first row belongs.
    smoothing
        Standard deviation of `compute_smoothed`, cells; 0 leaves edges as they are.
    config
        Grid of the frames.

    Returns
    -------
    numpy.ndarray
        (n_samples,) float32, the whole sound at its own level. Beyond the frames it fades into what it was within
        two frames. Its peak may exceed 1.

    Raises
    ------
    GainError
        If gains are negative, NaN, enormous or of another shape, or do not lie in the sound.
    """
    gains = check_gains(gains, config.n_bands)
    spectra = compute_spectra(y, first=first, n_frames=len(gains), config=config)
    changed, start = render_spectra(spectra, compute_smoothed(gains, smoothing) - 1)
    rendered, stop = y.astype(np.float64), min(start + len(changed), len(y))
    rendered[max(start, 0) : stop] += changed[max(-start, 0) : stop - start]
    return rendered.astype(np.float32)


def check_gains(gains: np.ndarray, n_bands: int) -> np.ndarray:
    """Refuse what is no (n_frames, n_bands) factors from 0 to a million, 120 dB."""
    gains = np.asarray(gains, float)
    if gains.ndim != 2 or gains.shape[1] != n_bands or not len(gains):
        raise GainError(f"gains are (n_frames, {n_bands}), not {gains.shape}")
    if not (gains.min() >= 0 and gains.max() <= _MOST):
        raise GainError(f"gains are factors from 0 to {_MOST:g}: no cell can have a negative one, NaN or more")
    return gains


def compute_smoothed(gains: np.ndarray, smoothing: float = SMOOTHING) -> np.ndarray:
    """Smooth gains (n_frames, n_bands), as linear amplitudes, so that no edge clicks or rings.

    The complement of smoothed gains is the smoothed complement, since beyond the edges the last value goes on.

    Raises
    ------
    GainError
        If ``smoothing`` is no number of cells.
    """
    from scipy.ndimage import gaussian_filter

    if not (isinstance(smoothing, int | float | np.number) and np.isfinite(smoothing) and smoothing >= 0):
        raise GainError(f"gains are smoothed over 0 or more cells, not {smoothing}")
    gains = np.asarray(gains, float)
    return gaussian_filter(gains, smoothing, mode="nearest") if smoothing else gains


def compute_bin_gains(gains: np.ndarray, config: SpectrogramConfig = _DEFAULT) -> np.ndarray:
    """Spread gains of bands over the bins of the FFT.

    Parameters
    ----------
    gains
        (n_frames, n_bands).
    config
        Grid of the spectrogram.

    Returns
    -------
    numpy.ndarray
        (n_frames, n_bins + 1): each bin has the mean of the bands that it is part of, weighted by its part in them;
        a bin in none has the gain of the nearest band.
    """
    return gains @ _build_spread(config).T


@lru_cache(maxsize=8)
def _build_spread(config: SpectrogramConfig) -> np.ndarray:
    """Build (n_bins + 1, n_bands) shares of bands in bins; each row sums to 1."""
    bank = np.pad(compute_filterbank(config).astype(float), ((0, 1), (0, 0)))
    inside = np.flatnonzero(bank.any(axis=1))
    nearest = inside[np.abs(np.arange(len(bank))[:, None] - inside).argmin(axis=1)]
    spread = bank[nearest]
    return spread / spread.sum(axis=1, keepdims=True)
