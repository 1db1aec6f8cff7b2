"""The table of layers, against the layers that were published."""

import pytest
import torch

from mer_utils.architecture import LAYER_TOTALS, compute_layer_table, compute_totals
from mer_utils.networks import build_network


def test_totals_at_width_64_are_those_of_the_published_layers():
    totals = compute_totals(64)
    assert {scheme: totals[scheme] for scheme in LAYER_TOTALS} == LAYER_TOTALS


def test_another_width_has_other_totals():
    assert compute_totals(32)["joint"] != LAYER_TOTALS["joint"]


@pytest.mark.parametrize("scheme", ["a2e", "a2mid", "joint", "multitask"])
def test_rows_add_up_to_the_network(scheme):
    network = build_network(scheme, width=8)
    assert compute_layer_table(network)["parameters"].sum() == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(("n_frames", "last_kernel"), [(313, 1), (313, 3), (128, 1)])
def test_sizes_are_those_of_the_module(n_frames, last_kernel):
    network = build_network("joint", width=2, last_kernel=last_kernel).eval()
    table = compute_layer_table(network, n_frames=n_frames)
    maps = network.backbone(torch.zeros(1, 1, n_frames, 149))
    assert table[table["layer"] == "convolution"]["output"].iloc[-1] == " x ".join(map(str, maps.shape[1:]))


def test_first_layers_are_those_of_the_figure():
    table = compute_layer_table(build_network("joint"))
    assert table["output"].head(3).tolist() == ["64 x 157 x 75", "64 x 157 x 75", "64 x 78 x 37"]
    assert table["parameters"].head(2).tolist() == [1792, 37056]
