"""Segments: the pieces of a spectrogram that an explanation switches on and off.

Whatever finds them, they are labels 0 to n - 1 without gaps, one for every cell, and the same sound and options give
the same labels. The papers took Felzenszwalb & Huttenlocher (2004) with scale 25 and at least 40 cells on the
spectrogram divided by its largest value, some 300 segments in 10 s (the authors' demo page). The talk of Haunschmid &
Chowdhury (Vienna, 16 October 2019) also asks for time slices and for sources in place of segments.

Public names: ``METHODS``, ``SegmentError``, ``compute_segments``, ``build_segment_table``.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .segmenters import METHODS, Method
from .spectrogram import SpectrogramConfig, compute_band_frequencies

if TYPE_CHECKING:
    import pandas as pd


class SegmentError(ValueError):
    """A spectrogram, method or option that gives no segments; the message is one line."""


def compute_segments(spec: np.ndarray, *, method: str = "felzenszwalb", **options: Any) -> np.ndarray:
    """Divide a spectrogram into segments.

    "felzenszwalb" and "slic" see the spectrogram divided by its largest value, so a constant factor on it changes
    nothing. The gain of a sound is no such factor, because log10(1 + magnitude) bends: at twice the gain six clips had
    5 to 30 % more segments of "felzenszwalb". A file's own gain is lost in `load_audio`, which sets its peak to 1.
    "hpss", "nmf" and "stems" compare magnitudes, so the gain changes them in nothing but ties.

    Parameters
    ----------
    spec
        (n_frames, 149) log10(1 + magnitude).
    method
        One of `METHODS`. What goes by the loudest part loses what `softparts` tells.
    **options
        Of the method, see its ``options``. "stems" needs ``stems`` (n_parts, n_samples): the sounds at 22 050 Hz.
        ``n_times`` and ``n_bands`` are equal slices in time and over the bands; ``split`` makes each connected piece
        of at least ``min_size`` cells a segment of its own.

    Returns
    -------
    numpy.ndarray
        (n_frames, 149) int32, labels 0 to n - 1 without gaps; all 0 for a silent spectrogram, whatever the method.

    Raises
    ------
    SegmentError
        If the method or an option is unknown or unusable, or the spectrogram has another shape or is not finite.
    """
    chosen = _checked_method(method)
    spec = _checked_spectrogram(spec)
    settings = _checked_options(method, options)
    if not spec.any():
        return np.zeros(spec.shape, np.int32)
    try:
        labels = chosen.label(spec, **settings)
    except ValueError as error:
        raise SegmentError(f"{method} finds no segments with these options: {' '.join(str(error).split())}") from error
    return np.unique(labels, return_inverse=True)[1].reshape(spec.shape).astype(np.int32)


def build_segment_table(
    labels: np.ndarray, spec: np.ndarray, *, fps: float = 31.25, start: float = 0.0
) -> "pd.DataFrame":
    """List where the segments of a spectrogram lie and how much they hold.

    Parameters
    ----------
    labels
        (n_frames, 149) labels 0 to n - 1 without gaps.
    spec
        (n_frames, 149) log10(1 + magnitude).
    fps
        Frames per second.
    start
        Where the spectrogram begins in its track, seconds.

    Returns
    -------
    pandas.DataFrame
        One row per segment, indexed by label: ``cells``; ``start`` and ``end`` in seconds; ``low`` and ``high`` in
        Hz, halfway (on a logarithmic scale) to the next band, so that neighbours share an edge as in the pictures;
        ``energy share``, 0-1 of the summed log magnitude (0 in silence); ``mean`` log magnitude. A segment need not
        fill its box.

    Raises
    ------
    SegmentError
        If labels and spectrogram differ in shape, or a label is missing.
    """
    import pandas as pd
    from scipy.ndimage import find_objects

    spec, labels = _checked_spectrogram(spec), np.asarray(labels)
    boxes = find_objects(labels + 1) if labels.shape == spec.shape else [None]
    if None in boxes:
        raise SegmentError(f"labels must have the shape {spec.shape} and be 0 to n - 1 without gaps")
    cells = np.bincount(labels.ravel())
    sums = np.bincount(labels.ravel(), weights=spec.ravel())
    edges = _compute_band_edges()
    times = np.array([(frames.start, frames.stop) for frames, _ in boxes]) / fps + start
    places = np.array([(edges[bands.start], edges[bands.stop]) for _, bands in boxes])
    columns = {"cells": cells, "start": times[:, 0], "end": times[:, 1], "low": places[:, 0], "high": places[:, 1]}
    columns |= {"energy share": sums / (sums.sum() or 1.0), "mean": sums / cells}
    return pd.DataFrame(columns).rename_axis("segment")


def _compute_band_edges() -> np.ndarray:
    octaves = np.log2(compute_band_frequencies())
    inner = (octaves[1:] + octaves[:-1]) / 2
    return 2 ** np.r_[2 * octaves[0] - inner[0], inner, 2 * octaves[-1] - inner[-1]]  # (n_bands + 1,) Hz


def _checked_method(method: str) -> Method:
    if method not in METHODS:
        raise SegmentError(f"there is no segmentation {method!r}; choose one of: {', '.join(METHODS)}")
    return METHODS[method]


def _checked_spectrogram(spec: np.ndarray) -> np.ndarray:
    n_bands = SpectrogramConfig().n_bands
    spec = np.asarray(spec)
    if spec.ndim != 2 or spec.shape[1] != n_bands or not len(spec):
        raise SegmentError(f"a spectrogram must have the shape (n_frames, {n_bands}), not {spec.shape}")
    if not np.issubdtype(spec.dtype, np.number) or not np.isfinite(spec).all():
        raise SegmentError("a spectrogram must hold finite numbers: compute it anew from a sound that does")
    return spec.astype(np.float32)


def _checked_options(method: str, options: dict[str, Any]) -> dict[str, Any]:
    """Fill in the defaults; an option is of the kind of its default, a count at least 1, a measure at least 0."""
    defaults = METHODS[method].options
    for name, value in options.items():
        if name not in defaults:
            raise SegmentError(f"{method} has no option {name!r}; there are: {', '.join(defaults)}")
        kind, least = type(defaults[name]), 0 if name == "start" else 1
        if kind is bool and not isinstance(value, bool | np.bool_):
            raise SegmentError(f"{name} of {method} must be True or False, not {value!r}")
        if kind is int and not (isinstance(value, int | np.integer) and value >= least):
            raise SegmentError(f"{name} of {method} must be a whole number, at least {least}, not {value!r}")
        if kind is float and not (isinstance(value, int | float | np.number) and 0 <= value < math.inf):
            raise SegmentError(f"{name} of {method} must be a finite number, at least 0, not {value!r}")
    settings = defaults | options
    for name, value in settings.items():
        if value is None:
            raise SegmentError(f"{method} needs the option {name}")
    return settings
