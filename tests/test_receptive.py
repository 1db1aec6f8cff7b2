"""What places see: a cell that changes moves exactly the places whose field holds it."""

import numpy as np
import pytest
import torch

from mer_utils.inference import fold_network
from mer_utils.networks import BANDS, build_network
from mer_utils.predictor import Predictor
from mer_utils.receptive import compute_fields, compute_visible


def build_positive(last_kernel):
    """A network in which nothing cancels: whatever reaches a place moves it."""
    network = build_network("a2mid", width=2, last_kernel=last_kernel).eval().double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_().add_(0.01)
    return network


def find_moved(network, frame, band, n_frames):
    """Which places of the last maps a loud cell moves."""
    specs = torch.zeros(2, 1, n_frames, BANDS, dtype=torch.float64)
    specs[1, 0, frame, band] = 1e6
    with torch.no_grad():
        silent, loud = network.backbone(specs)
    return (loud != silent).any(dim=0).flatten().numpy()


@pytest.mark.parametrize("last_kernel", [1, 3])
@pytest.mark.parametrize("n_frames", [64, 101, 313])
def test_a_cell_moves_exactly_the_places_that_see_it(last_kernel, n_frames, rng):
    network = build_positive(last_kernel)
    fields = compute_fields(network, n_frames)
    cells = [(0, 0), (n_frames - 1, BANDS - 1), *rng.integers((n_frames, 149), size=(6, 2))]
    for frame, band in cells:
        start, end, low, high = fields.T
        sees = (start <= frame) & (frame < end) & (low <= band) & (band < high)
        assert np.array_equal(find_moved(network, frame, band, n_frames), sees)


def test_fields_are_those_of_the_papers_network():
    fields = compute_fields(build_network("joint", width=2), 313)
    assert fields.shape == (39 * 18, 4)
    assert (fields[:, 1] - fields[:, 0]).max() == (fields[:, 3] - fields[:, 2]).max() == 95
    assert compute_fields(build_network("joint", width=2, last_kernel=3), 313).shape == (37 * 16, 4)


@pytest.mark.parametrize("width", [16, 24, 64])
def test_folding_leaves_the_fields(width):
    """From width 24 on, a folded network holds layers that are no plain convolutions."""
    network = build_network("joint", width=width).eval()
    assert np.array_equal(compute_fields(fold_network(network), 313), compute_fields(network, 313))


@pytest.mark.parametrize("last_kernel", [1, 3])
@pytest.mark.parametrize("n_frames", [80, 313])
def test_the_prediction_is_the_mean_over_places(last_kernel, n_frames, rng):
    network = build_network("joint", width=4, last_kernel=last_kernel, generator=torch.Generator().manual_seed(1))
    outputs = Predictor(network, (0.5, 0.4)).outputs()
    specs = rng.random((3, n_frames, BANDS), np.float32)
    places = outputs.places(specs)
    assert places.shape == (3, len(outputs.fields(n_frames)), 15)
    assert places.mean(axis=1) == pytest.approx(outputs(specs), abs=1e-5)
    assert places[:, 1:].mean(axis=1) != pytest.approx(outputs(specs), abs=1e-5)


def test_a_place_of_the_released_network_is_moved_from_its_field_alone(rng):
    outputs = Predictor.load("joint").outputs("midlevel")
    spec = rng.random((120, BANDS), np.float32)
    start, end, low, high = outputs.fields(120)[130]
    outside = np.ones(spec.shape, bool)
    outside[start:end, low:high] = False
    changed = np.stack([spec, np.where(outside, 2, spec), np.where(outside, spec, 2)])
    whole, around, within = outputs.places(changed)[:, 130]
    assert around == pytest.approx(whole, abs=1e-5)
    assert within != pytest.approx(whole, abs=1e-3)


def test_what_a_place_sees_any_cell_of():
    segments = np.repeat([[0, 1], [2, 3]], 2, axis=0)  # (4, 2)
    fields = np.array([[0, 2, 0, 2], [1, 3, 1, 2], [3, 4, 0, 1]])
    assert compute_visible(fields, segments).astype(int).tolist() == [[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
