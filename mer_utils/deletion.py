"""Deletion and insertion curves: outputs while the segments of a spectrogram are hidden one after the other.

Curves are over the share of *cells* hidden, so that big segments have no advantage. Insertion, from nothing to the
whole sound, needs no predictions of its own: to add segments in some order is to remove them in the reversed order,
seen from the other end.

Public names: ``DeletionError``, ``compute_curves``.
"""

import numpy as np

from .masks import build_hidden
from .probing import Predict, Probe

# Spectrograms asked about at once: 12 MB of windows.
_BATCH = 64


class DeletionError(ValueError):
    """An order in which segments cannot be hidden."""


def compute_curves(
    predict: Predict,
    spec: np.ndarray,
    segments: np.ndarray,
    orders: np.ndarray,
    *,
    hide: float | str = "silence",
    steps: int = 20,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Compute the outputs while segments are hidden one after the other, in several orders that share their batches.

    Each order is asked about where whole segments come nearest to the wanted shares, and interpolated between; nothing
    hidden and everything hidden are asked about once for all.

    Parameters
    ----------
    predict
        Maps raw spectrograms (n, n_frames, 149) to outputs (n, n_outputs).
    spec
        (n_frames, 149) log10(1 + magnitude).
    segments
        (n_frames, 149) labels 0 to n_segments - 1.
    orders
        (n_orders, n_segments) all labels, the first to hide first.
    hide
        What hidden cells hold, as `masks.build_hidden` takes it.
    steps
        Equal steps of the share of cells; at least 2.

    Returns
    -------
    outputs : numpy.ndarray
        (n_orders, steps + 1, n_outputs) at equal steps of the share of cells hidden, 0 to 1.
    names : tuple of str
        One per output.

    Raises
    ------
    DeletionError, ExplainError
        If an order does not hold each label once or there are too few steps; if the predictor or the hidden value
        will not do.
    """
    known = getattr(predict, "training_mean", np.nan)
    probe = Probe(predict, spec, segments, build_hidden(spec, segments, hide, training_mean=known))
    n, grid = probe.n_segments, np.linspace(0, 1, steps + 1)
    if steps < 2 or orders.shape[1] != n or not (np.sort(orders, axis=1) == np.arange(n)).all():
        raise DeletionError(f"an order must hold each of the {n} segments once, and {steps} steps be two at least")
    shares = np.bincount(segments.ravel())[orders].cumsum(axis=1) / segments.size
    shares = np.c_[np.zeros(len(orders)), shares]  # with 0 to n segments hidden
    counts = abs(shares[:, None] - grid[:, None]).argmin(axis=2)  # (n_orders, steps + 1)
    masks = np.argsort(orders, axis=1)[:, None] >= counts[:, 1:-1, None]  # (n_orders, steps - 1, n_segments)
    asked = np.concatenate([np.zeros((1, n), bool), masks.reshape(-1, n)])
    found = np.concatenate([probe.ask(asked[start : start + _BATCH]) for start in range(0, len(asked), _BATCH)])
    outputs = np.empty((len(orders), steps + 1, found.shape[1]))
    outputs[:, 0], outputs[:, -1] = probe.prediction, found[0]
    outputs[:, 1:-1] = found[1:].reshape(len(orders), steps - 1, -1)
    at = np.take_along_axis(shares, counts, axis=1)
    for curves, places in zip(outputs, at, strict=True):
        curves[:] = np.stack([np.interp(grid, places, curve) for curve in curves.T], axis=1)
    return outputs, probe.names
