"""From a corpus to what a training step eats: windows of spectrograms, and ratings on the unit scale.

Public names: ``TrainingError``, ``Split``, ``load_split``, ``compute_normalisation``, ``draw_starts``,
``cut_windows``, ``cut_middles``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .networks import HEADS
from .ratings import UNIT
from .spectrogram import select_window

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus


class TrainingError(ValueError):
    """A training that cannot start or that went astray."""


@dataclass(frozen=True)
class Split:
    """The clips of one split with the ratings that a scheme is told.

    Attributes
    ----------
    specs
        One (n_frames, 149) array per clip, log10(1 + magnitude), usually memory-mapped.
    midlevel, emotion
        (n, 7) and (n, 8) float32 on the unit scale, or None where the scheme is not told.
    """

    specs: Sequence[np.ndarray]
    midlevel: Tensor | None = None
    emotion: Tensor | None = None


def load_split(corpus: "Corpus", name: str, *, scheme: str) -> Split:
    """Collect spectrograms and targets of a split of a corpus.

    Parameters
    ----------
    corpus
        Where from; ratings on 1-10.
    name
        ``"train"`` or ``"valid"``.
    scheme
        One of `networks.SCHEMES`: decides which ratings are taken along.

    Raises
    ------
    TrainingError
        If the split has fewer than three clips or lacks a rating that the scheme needs.
    """
    tracks = corpus.select(name)
    if len(tracks) < 3:
        raise TrainingError(
            f"corpus {corpus.name!r} has {len(tracks)} clips in its split {name!r}, at least 3 are needed"
        )
    purpose = f"{scheme} on {corpus.name!r}"
    targets = {head: _targets(getattr(corpus, head), tracks, purpose) for head in HEADS[scheme]}
    return Split(corpus.spectrograms(tracks), **targets)


def _targets(ratings: "pd.DataFrame | None", tracks: list[str], purpose: str) -> Tensor:
    if ratings is None:
        raise TrainingError(f"training {purpose} needs ratings that this corpus does not have")
    wanted = ratings.reindex(tracks)
    lacking = int(wanted.isna().any(axis=1).sum())
    if lacking:
        raise TrainingError(f"training {purpose} needs all ratings, {lacking} of {len(tracks)} clips lack some")
    return torch.from_numpy(np.array(wanted, dtype=np.float32) / np.float32(UNIT))


def compute_normalisation(specs: Sequence[np.ndarray]) -> tuple[float, float]:
    """Compute the scalar mean and standard deviation by which a network's input is standardised.

    The mean is the average of the clips' means; the standard deviation is the root of the average over clips of
    their mean squared deviation from it, so that a long clip counts no more than a short one. The code of Hoedt,
    Flexer & Widmer (SMC 2025) does the same, but over all clips, the test clips included.

    Parameters
    ----------
    specs
        One (n_frames, 149) array per clip of the training split.

    Raises
    ------
    TrainingError
        If the spectrograms are all the same (silence), or not finite.
    """
    mean = float(np.mean([np.mean(spec, dtype=np.float64) for spec in specs]))
    # About the mean of the clip plus the clip's distance from the overall one: no second array of deviations.
    squares = [np.var(spec, dtype=np.float64) + (np.mean(spec, dtype=np.float64) - mean) ** 2 for spec in specs]
    std = float(np.sqrt(np.mean(squares)))
    if not (np.isfinite(mean) and np.isfinite(std) and std > 0):
        raise TrainingError(f"training spectrograms with mean {mean} and standard deviation {std} teach nothing")
    return mean, std


def draw_starts(specs: Sequence[np.ndarray], n_frames: int, *, generator: torch.Generator) -> Tensor:
    """Draw where in each clip a window of ``n_frames`` starts; a clip shorter than that is looped.

    Returns
    -------
    Tensor
        (n_clips,) integers, one frame number per clip.
    """
    places = torch.tensor([len(spec) - n_frames + 1 if len(spec) >= n_frames else len(spec) for spec in specs])
    return (torch.rand(len(places), generator=generator, dtype=torch.float64) * places).long()


def cut_windows(specs: Sequence[np.ndarray], starts: Sequence[int], n_frames: int) -> Tensor:
    """Cut a window out of each clip and stack them: (n, n_frames, 149) float32."""
    batch = torch.empty(len(specs), n_frames, specs[0].shape[1])
    for row, spec, start in zip(batch.numpy(), specs, starts, strict=True):
        row[:] = select_window(spec, start, n_frames=n_frames)
    return batch


def cut_middles(specs: Sequence[np.ndarray], n_frames: int) -> Tensor:
    """Cut the window in the middle of each clip: (n, n_frames, 149) float32."""
    return cut_windows(specs, [max(0, len(spec) - n_frames) // 2 for spec in specs], n_frames)
