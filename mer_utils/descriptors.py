"""Descriptors: what can be measured on a recording itself, such as tempo, level, brightness and key.

The talk of 2019 sets both versions of "Hurt" side by side by Spotify's audio features, too. Spotify has refused them
to new applications since 27 November 2024 and never published how most of them are computed, so nothing here stands in
for them: these are other quantities, under names of their own. `spotify` reads Spotify's numbers for who has them.

Public names: ``DESCRIPTORS``, ``DescriptorError``, ``compute_descriptors``, ``compute_file_descriptors``,
``compute_level_range``.
"""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .audio import load_audio

if TYPE_CHECKING:
    import pandas as pd

#: Index of what `compute_descriptors` gives.
DESCRIPTORS = (
    "tempo (BPM)", "tempo confidence", "level (dB)", "level range (dB)", "brightness (Hz)", "onset rate (1/s)",
    "key", "key confidence",
)  # fmt: skip

# librosa lets numba keep what it compiles, and two processes that fill this cache at once may crash: one at a time.
_LOCK = Path(tempfile.gettempdir()) / f"mer_utils-librosa-{os.getuid()}.lock"
_SR = 22050  # everything but the level is measured at this rate, so that the rate of a file changes nothing
_FRAME, _HOP = 2048, 256
_SHORTEST = 2.0  # seconds; less than this has no tempo and no key
_BLOCK = 3.0  # seconds, as in EBU Tech 3342
_QUIET = 0.01  # what is 40 dB below the loudest frame or block does not count as sounding

# An onset stands out by so many dB (mean rise over 128 mel bands) from what is around it; steady noise seldom does.
_RISE = 0.3
_TEMPI = np.geomspace(40, 240, 400)  # BPM, half a percent apart
_PREFERRED_TEMPO, _OCTAVES = 110, 0.9  # centre and width of the bell over log2(tempo) that chooses between multiples
_PULSELESS, _KEYLESS = 0.05, 0.03  # confidences below which no tempo and no key is named

_PITCHES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# How well the twelve tones fit C major and C minor: probe-tone ratings of Krumhansl & Kessler (1982).
_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}


class DescriptorError(ValueError):
    """A sound or a table of features of which nothing can be told; the message is one line."""


def compute_descriptors(y: np.ndarray, *, sr: int = 22050) -> "pd.Series":
    """Measure tempo, level, brightness, onsets and key of a recording.

    Nothing but the level depends on the gain, and nothing on the rate, as long as what sounds fits below half of it.

    Parameters
    ----------
    y
        (n_samples,) mono sound at its own level, full scale 1 (`audio.load_audio` with ``keep_level``).
    sr
        Sample rate, Hz.

    Returns
    -------
    pandas.Series
        Indexed by `DESCRIPTORS`:

        * tempo: 40-240 BPM, NaN if its confidence is below .05. A metronome is read rightly from 55 to 150, beyond
          that as twice or half as fast; music is open to both readings everywhere.
        * tempo confidence: 0-1, how well onsets repeat after one to four beats. .6 or more for a metronome above 55
          BPM, below .1 the tempo is a guess; 0 where there are fewer than four onsets, or than one in two seconds.
        * level: root mean square re full scale, so a full sine is at -3 dB.
        * level range: between the 10th and 95th percentile of the level in blocks of 3 s, silent ones left out. The
          idea is that of EBU Tech 3342, without its weighting by frequency.
        * brightness: mean spectral centroid of the frames that sound.
        * onset rate: attacks per second; soft and simultaneous ones are missed or merged.
        * key: that of 24 whose tone profile (Krumhansl & Kessler 1982) correlates best with the mean chroma, such as
          "A minor"; "none" if its confidence is below .03.
        * key confidence: 0-1. By how much that correlation exceeds the next key's, times how far the chroma is from
          flat (1 - weakest / strongest pitch class). A profile itself reaches .2; chords and scales of a key lie
          between .15 and .35; a chromatic scale, a single tone and noise stay below .03.

        Silence has NaN and "none" everywhere, a sound of less than 2 s everywhere but in its level.

    Raises
    ------
    DescriptorError
        If the sound is empty, not one-dimensional or not finite, or the rate makes no sense.
    """
    import pandas as pd

    y = _checked_sound(y, sr)
    described = pd.Series(np.nan, list(DESCRIPTORS), dtype=object)
    described["key"] = "none"
    peak = np.abs(y).max()
    if peak == 0:
        return described
    y = y / peak
    described["level (dB)"] = _decibels(np.mean(y**2)) + 2 * _decibels(peak)
    if len(y) < _SHORTEST * sr:
        return described
    described["level range (dB)"] = compute_level_range(y, round(_BLOCK * sr))
    from filelock import FileLock

    with FileLock(_LOCK):
        return _describe_spectrum(y, sr, described)


def compute_file_descriptors(path: str | os.PathLike) -> "pd.Series":
    """Measure a sound file with `compute_descriptors`, channels averaged.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    y, sr = load_audio(path, sr=_SR, keep_level=True)
    return compute_descriptors(y, sr=sr)


def _checked_sound(y: np.ndarray, sr: int) -> np.ndarray:
    y = np.asarray(y)
    if y.ndim != 1 or y.size == 0 or not np.issubdtype(y.dtype, np.floating):
        raise DescriptorError(f"a sound has floats of the shape (n_samples,), not {y.dtype} {y.shape}")
    if not np.isfinite(y).all():
        raise DescriptorError(f"the sound has {np.count_nonzero(~np.isfinite(y))} samples that are NaN or infinite")
    if not (isinstance(sr, int | np.integer) and sr >= 1000):
        raise DescriptorError(f"the rate must be a whole number of at least 1000 Hz, not {sr!r}")
    return y.astype(np.float64)  # squares of quiet samples would vanish in single precision


def _decibels(power: float) -> float:
    return float(10 * np.log10(power))


def compute_level_range(y: np.ndarray, n_block: int) -> float:
    """Compute the spread of a sound's level, dB; NaN for one that is shorter than two blocks.

    It goes from the 10 % to the 95 % quantile of blocks (EBU Tech 3342), those more than 40 dB below the loudest left
    out.

    Parameters
    ----------
    y
        (n_samples,) sound.
    n_block
        Samples of a block.
    """
    n_blocks = len(y) // n_block
    power = (y[: n_blocks * n_block].reshape(n_blocks, n_block) ** 2).mean(axis=1)
    power = power[power > power.max(initial=0) * _QUIET**2]
    return float(np.ptp(10 * np.log10(np.percentile(power, [10, 95])))) if len(power) > 1 else np.nan


def _describe_spectrum(y: np.ndarray, sr: int, described: "pd.Series") -> "pd.Series":
    """Fill in what is told from the spectrum of a sound with peak 1."""
    import librosa

    y = y.astype(np.float32)
    if sr != _SR:
        y = librosa.resample(y, orig_sr=sr, target_sr=_SR)
    spectrum = np.abs(librosa.stft(y, n_fft=_FRAME, hop_length=_HOP))  # (1025, n_frames)
    described["brightness (Hz)"] = _compute_brightness(spectrum)
    rises = _compute_onsets(spectrum)
    described["onset rate (1/s)"] = float(np.count_nonzero(rises) * _SR / len(y))
    tempo, confidence = _compute_tempo(rises)
    described["tempo confidence"] = confidence
    described["tempo (BPM)"] = tempo if confidence >= _PULSELESS else np.nan
    key, confidence = _compute_key(y, _compute_tuning(spectrum))
    described["key confidence"] = confidence
    described["key"] = key if confidence >= _KEYLESS else "none"
    return described


def _select_sounding(spectrum: np.ndarray) -> np.ndarray:
    """Select the frames of (n_bins, n_frames) that are less than 40 dB below the loudest."""
    power = (spectrum**2).sum(axis=0)
    return spectrum[:, power > power.max() * _QUIET**2]


def _compute_brightness(spectrum: np.ndarray) -> float:
    sounding = _select_sounding(spectrum)
    frequencies = np.arange(len(spectrum), dtype=np.float32) * (_SR / _FRAME)
    return float((frequencies @ sounding / sounding.sum(axis=0)).mean())


def _compute_onsets(spectrum: np.ndarray) -> np.ndarray:
    """Compute (n_frames,): by how many dB the spectrum rises where a sound begins, elsewhere 0."""
    import librosa

    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=spectrum**2, sr=_SR))
    rise = librosa.onset.onset_strength(S=mel, sr=_SR, hop_length=_HOP)
    frames = librosa.onset.onset_detect(onset_envelope=rise, sr=_SR, hop_length=_HOP, normalize=False, delta=_RISE)
    rises = np.zeros(len(rise))
    rises[frames] = rise[frames]
    return rises


def _compute_tempo(rises: np.ndarray) -> tuple[float, float]:
    """Compute the tempo (BPM) after which onsets repeat best, and how well (0-1)."""
    if np.count_nonzero(rises) < max(4, len(rises) * _HOP / _SR / 2):
        return np.nan, 0.0  # a few onsets by chance are easily at equal distances
    pulses = np.convolve(rises, np.hanning(11), "same")  # players are early and late by some 20 ms
    pulses -= pulses.mean()
    n_longest = int(4 * 60 / _TEMPI[0] * _SR / _HOP) + 2  # frames of four beats of the slowest tempo
    spectrum = np.abs(np.fft.rfft(pulses, len(pulses) + n_longest)) ** 2
    repeats = np.fft.irfft(spectrum, len(pulses) + n_longest)[: min(n_longest, len(pulses))]
    beat = 60 / _TEMPI * _SR / _HOP  # frames
    lags = np.arange(len(repeats))
    strength = np.mean([np.interp(n * beat, lags, repeats / repeats[0], right=0) for n in (1, 2, 3, 4)], axis=0)
    bell = np.exp(-0.5 * (np.log2(_TEMPI / _PREFERRED_TEMPO) / _OCTAVES) ** 2)
    best = int(np.argmax(strength * bell))
    return float(_TEMPI[best]), float(np.clip(strength[best], 0, 1))


def _compute_tuning(spectrum: np.ndarray) -> float:
    """Compute how far a sound is tuned from A = 440 Hz, in semitones from -.5 to .5."""
    import librosa

    # Every eighth frame is enough. librosa.estimate_tuning does the same, but warns where nothing has a pitch.
    pitches, strengths = librosa.piptrack(S=spectrum[:, ::8], sr=_SR, n_fft=_FRAME)
    found = pitches > 0
    if not found.any():
        return 0.0
    return librosa.pitch_tuning(pitches[found & (strengths >= np.median(strengths[found]))])


def _compute_key(y: np.ndarray, tuning: float) -> tuple[str, float]:
    """Compute the name of the key and the confidence in it, 0-1."""
    import librosa

    cqt = np.abs(librosa.cqt(y, sr=_SR, hop_length=4096, n_bins=7 * 24, bins_per_octave=24, tuning=tuning))
    chroma = librosa.feature.chroma_cqt(C=_select_sounding(cqt), bins_per_octave=24).mean(axis=1)
    keys = [(f"{pitch} {mode}", np.roll(_PROFILES[mode], n)) for mode in _PROFILES for n, pitch in enumerate(_PITCHES)]
    if np.ptp(chroma) == 0:
        return "none", 0.0
    fit = np.corrcoef(np.array([chroma, *(profile for _, profile in keys)]))[0, 1:]
    second, best = np.argsort(fit)[-2:]
    return keys[best][0], float((fit[best] - fit[second]).clip(0, 1) * np.ptp(chroma) / chroma.max())
