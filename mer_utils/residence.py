"""Where the spectrograms of a training lie, and how a batch is cut out of them: on the host, or on the device.

A GPU that fetches every batch from the host waits for it. Where there is room, all spectrograms are put on the device
before the first epoch, and crops are cut there by their indices: the same crops, bit for bit.

Public names: ``Clips``, ``HostClips``, ``ResidentClips``, ``hold_clips``.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from .batches import cut_windows

# Of the free memory of a GPU; the rest is for the network's own arrays.
_SHARE = 0.5


class Clips(Protocol):
    """Spectrograms of which batches of windows are cut."""

    def cut(self, order: Tensor, starts: Tensor, n_frames: int) -> Iterator[Tensor]:
        """Cut the windows of an epoch, batch after batch.

        Parameters
        ----------
        order
            (n_steps, batch_size) numbers of clips, on the CPU.
        starts
            (n_clips,) first frame of the window of each clip, on the CPU; see `batches.draw_starts`.
        n_frames
            Length of the windows, frames; a shorter clip is looped.

        Yields
        ------
        Tensor
            (batch_size, n_frames, 149) float32 on the device, log10(1 + magnitude).
        """
        ...


class HostClips:
    """Spectrograms left where they are, in memory or memory-mapped: each batch is cut there and sent to the device."""

    def __init__(self, specs: Sequence[np.ndarray], device: torch.device) -> None:
        self._specs, self._device = specs, device

    def cut(self, order: Tensor, starts: Tensor, n_frames: int) -> Iterator[Tensor]:
        """See `Clips.cut`."""
        for chosen in order.tolist():
            specs = [self._specs[clip] for clip in chosen]
            yield cut_windows(specs, starts[chosen].tolist(), n_frames).to(self._device)


class ResidentClips:
    """Spectrograms in one array on the device, one after the other; no batch waits for the host."""

    def __init__(self, specs: Sequence[np.ndarray], device: torch.device) -> None:
        lengths = torch.tensor([len(spec) for spec in specs])
        offsets = lengths.cumsum(0) - lengths
        kind = torch.float16 if all(spec.dtype == np.float16 for spec in specs) else torch.float32
        self._frames = torch.empty(int(lengths.sum()), specs[0].shape[1], dtype=kind, device=device)
        for spec, offset in zip(specs, offsets.tolist(), strict=True):  # one by one: they may be memory-mapped
            self._frames[offset : offset + len(spec)] = torch.from_numpy(np.array(spec))
        self._lengths, self._offsets = lengths.to(device), offsets.to(device)

    def cut(self, order: Tensor, starts: Tensor, n_frames: int) -> Iterator[Tensor]:
        """See `Clips.cut`."""
        device = self._frames.device
        starts, steps = starts.to(device), torch.arange(n_frames, device=device)
        for chosen in order.to(device):
            within = (starts[chosen, None] + steps) % self._lengths[chosen, None]  # (batch_size, n_frames)
            yield self._frames[within + self._offsets[chosen, None]].float()


def hold_clips(specs: Sequence[np.ndarray], device: torch.device) -> Clips:
    """Put spectrograms on a GPU that has room for them, and leave them where they are otherwise.

    Parameters
    ----------
    specs
        One (n_frames, 149) array per clip, of any lengths.
    device
        Where the network computes.
    """
    if device.type == "cuda":
        size = sum(spec.nbytes for spec in specs)
        if size < _SHARE * torch.cuda.mem_get_info(device)[0]:
            return ResidentClips(specs, device)
    return HostClips(specs, device)
