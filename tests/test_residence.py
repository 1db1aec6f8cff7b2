"""Clips on the device: the same crops and the same weights as from the host."""

import numpy as np
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils import runs
from mer_utils.networks import MIN_FRAMES
from mer_utils.residence import HostClips, ResidentClips, hold_clips
from mer_utils.training import fit_network, quick_config

CPU = torch.device("cpu")
LENGTHS = (50, 33, 20, 41)  # two are shorter than a window and are looped
ORDER, STARTS = torch.tensor([[2, 0], [3, 1], [0, 0]]), torch.tensor([10, 1, 19, 1])


def build_specs(rng, dtype):
    return [rng.random((length, 149)).astype(dtype) for length in LENGTHS]


def cut(clips, starts=STARTS):
    return torch.stack(list(clips.cut(ORDER, starts, 40)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_crops_are_the_same_on_the_device(rng, dtype):
    specs = build_specs(rng, dtype)
    host, resident = (cut(kind(specs, CPU)) for kind in (HostClips, ResidentClips))
    assert resident.shape == (3, 2, 40, 149)
    assert resident.dtype == torch.float32
    assert torch.equal(host, resident)
    assert not torch.equal(cut(ResidentClips(specs, CPU), STARTS - 1), host)


def test_float16_stays_float16_on_the_device(rng):
    kinds = [ResidentClips(build_specs(rng, dtype), CPU)._frames.dtype for dtype in (np.float16, np.float32)]
    assert kinds == [torch.float16, torch.float32]


def test_a_training_on_resident_clips_ends_with_the_same_weights(monkeypatch):
    corpus = build_fake_corpus(32, n_frames=50)
    config = quick_config(crop_frames=MIN_FRAMES, valid_frames=40, batch_size=8, max_epochs=2, n_threads=1)
    options = {"config": config, "width": 2, "progress": False}
    host = fit_network(corpus, "joint", **options)
    monkeypatch.setattr(runs, "hold_clips", ResidentClips)
    monkeypatch.setattr(runs.HostClips, "cut", None)  # would fail if a batch came from the host
    resident = fit_network(corpus, "joint", **options)
    assert resident.fingerprint == host.fingerprint
    assert resident.scores == host.scores


def test_only_a_gpu_with_room_holds_clips(rng, monkeypatch):
    specs, placed = build_specs(rng, np.float16), []
    monkeypatch.setattr("mer_utils.residence.ResidentClips", lambda *_: placed.append(1))
    size = sum(spec.nbytes for spec in specs)
    for free in (3 * size, size):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 10 * free))
        kept = hold_clips(specs, torch.device("cuda"))
    assert (len(placed), type(kept)) == (1, HostClips)
    assert isinstance(hold_clips(specs, CPU), HostClips)
