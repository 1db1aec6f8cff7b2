"""How the demo of 2019 turned spectrograms back into sound, for comparison.

Recovered from the demo page of the ICML 2019 workshop and its "original (reconstructed)": bands are taken back
to FFT bins by the Moore-Penrose pseudo-inverse of the filterbank, still as log10(1 + magnitude), so that loud and soft
come close to each other; 1024 bins get the phase of the sound and are inverted as if they were all bins of frames of
2046 samples, 706 apart (not 705.6, so the sound is .06 % longer); the peak is brought to 1.

Public names: ``render_paper``.
"""

from functools import lru_cache

import numpy as np

from .resynthesis import Spectra
from .spectrogram import SpectrogramConfig, compute_filterbank


def render_paper(spectra: Spectra, gains: np.ndarray) -> np.ndarray:
    """Render a spectrogram as the authors did.

    Parameters
    ----------
    spectra
        Of the frames; those of the margin are not used.
    gains
        (n_frames, n_bands) factors on log10(1 + magnitude), which is not what they are elsewhere.

    Returns
    -------
    numpy.ndarray
        (n_samples,) float32, about a hop shorter than the frames; peak 1, or silence.
    """
    import librosa

    phases = np.exp(1j * np.angle(spectra.values[spectra.margin : len(spectra.values) - spectra.margin, :-1]))
    bins = (spectra.spec * gains) @ _build_inverse(spectra.config)
    size = spectra.config.frame_size - 2
    hop = int(np.ceil(spectra.config.hop))
    y = librosa.istft((bins * phases).T, hop_length=hop, n_fft=size).astype(np.float32)
    peak = np.abs(y).max(initial=0)
    return y / peak if peak else y


@lru_cache(maxsize=2)
def _build_inverse(config: SpectrogramConfig) -> np.ndarray:
    return np.linalg.pinv(compute_filterbank(config).astype(float))  # (n_bands, n_bins)
