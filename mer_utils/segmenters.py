"""Ways to find segments, by name, with their options: what `segments.compute_segments` chooses from.

Public names: ``METHODS``, ``Method``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .softparts import compute_hpss_parts, compute_nmf_parts, compute_stem_parts, select_loudest, select_pieces

_CUT = {"n_times": 1, "n_bands": 1, "split": False, "min_size": 40}  # options of all that goes by the loudest part


@dataclass(frozen=True)
class Method:
    """A way to find segments.

    Attributes
    ----------
    label
        Function of a spectrogram (n_frames, 149) and of all options that returns whole numbers of the same shape.
    options
        Options with their defaults; None stands for one that must be given.
    """

    label: Callable[..., np.ndarray]
    options: dict[str, Any]


def _label_felzenszwalb(spec: np.ndarray, *, scale: float, min_size: int, sigma: float) -> np.ndarray:
    from skimage.segmentation import felzenszwalb

    picture = spec / np.abs(spec).max()
    return felzenszwalb(picture, scale=scale, min_size=min_size, sigma=sigma, channel_axis=None)


def _label_slic(spec: np.ndarray, *, n_segments: int, compactness: float) -> np.ndarray:
    from skimage.segmentation import slic

    picture = spec / np.abs(spec).max()
    return slic(picture, n_segments=n_segments, compactness=compactness, channel_axis=None)


def _label_grid(spec: np.ndarray, *, n_times: int = 1, n_bands: int = 1) -> np.ndarray:
    rows, columns = (np.arange(n) * parts // n for n, parts in zip(spec.shape, (n_times, n_bands), strict=True))
    return rows[:, None] * n_bands + columns


def _label_by(find_parts: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def label(
        spec: np.ndarray, *, n_times: int, n_bands: int, split: bool, min_size: int, **options: Any
    ) -> np.ndarray:
        grid = _label_grid(spec, n_times=n_times, n_bands=n_bands)
        loudest = select_loudest(find_parts(spec, **options))
        labels = loudest * (grid.max() + 1) + grid
        return select_pieces(labels, min_size=min_size) if split else labels

    return label


#: Ways to find segments, by name.
METHODS = {
    # neighbouring cells join unless they differ by more than what lies inside of each: the papers' choice
    "felzenszwalb": Method(_label_felzenszwalb, {"scale": 25.0, "min_size": 40, "sigma": 0.8}),
    # compact pieces of like size; of compactness .01 to 1 the one whose segments are most even inside
    "slic": Method(_label_slic, {"n_segments": 300, "compactness": 0.3}),
    # equal rectangles, blind to the sound; slices of time: which moments? bands of frequency: which register?
    "grid": Method(_label_grid, {"n_times": 10, "n_bands": 6}),
    "time": Method(_label_grid, {"n_times": 20}),
    "bands": Method(_label_grid, {"n_bands": 12}),
    # what lasts against what strikes, whichever is louder in a cell, cut by a coarse grid
    "hpss": Method(_label_by(compute_hpss_parts), _CUT | {"n_times": 10, "n_bands": 3}),
    # spectra that rise and fall as one, the loudest in each cell: roughly notes, chords or drums
    "nmf": Method(_label_by(compute_nmf_parts), {"n_parts": 8} | _CUT),
    # the true parts of the music, the loudest in each cell, where somebody has them apart
    "stems": Method(_label_by(compute_stem_parts), {"stems": None, "start": 0, "floor": 0.01} | _CUT),
}
