"""What each place of a network's last maps can see of the spectrogram.

The network's output is the mean over these places, and what lies outside of a place's field does not reach it at all.

Public names: ``compute_fields``, ``compute_visible``.
"""

import numpy as np

from .networks import BANDS, AudioNetwork


def compute_fields(network: AudioNetwork, n_frames: int) -> np.ndarray:
    """Compute the receptive field of every place of the last maps: 95 x 95 cells with a last kernel of 1.

    Parameters
    ----------
    network
        Of any scheme and width.
    n_frames
        Frames of the spectrogram.

    Returns
    -------
    numpy.ndarray
        (n_places, 4) ints: first frame, frame after the last, first band, band after the last, within the
        spectrogram. Places are ordered by time, then by band.
    """
    step, before, after, sizes = 1, 0, 0, [n_frames, BANDS]
    for layer in network.backbone:
        if not hasattr(layer, "kernel_size"):
            continue
        kernel, stride, padding = (_first(getattr(layer, name)) for name in ("kernel_size", "stride", "padding"))
        before, after = before + padding * step, after + (kernel - 1 - padding) * step
        sizes = [(size + 2 * padding - kernel) // stride + 1 for size in sizes]
        step *= stride
    times, bands = (
        np.stack([np.maximum(centres - before, 0), np.minimum(centres + after + 1, whole)], axis=1)
        for centres, whole in ((np.arange(sizes[0]) * step, n_frames), (np.arange(sizes[1]) * step, BANDS))
    )
    return np.concatenate([np.repeat(times, len(bands), axis=0), np.tile(bands, (len(times), 1))], axis=1)


def _first(size: int | tuple[int, int]) -> int:
    return size if isinstance(size, int) else size[0]


def compute_visible(fields: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Compute which segments each place sees any cell of.

    Parameters
    ----------
    fields
        (n_places, 4) as `compute_fields` gives them.
    segments
        (n_frames, 149) labels.

    Returns
    -------
    numpy.ndarray
        (n_places, n_segments) bool.
    """
    visible = np.zeros((len(fields), int(segments.max()) + 1), bool)
    for place, (start, end, low, high) in enumerate(fields):
        visible[place, segments[start:end, low:high]] = True
    return visible
