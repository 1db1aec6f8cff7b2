"""The fast form of a network is the same network."""

import pytest
import torch

from mer_utils.inference import WinogradConv2d, fold_network
from mer_utils.networks import build_network


def _lived_in(scheme="joint", *, width=4, **options):
    """Build a network whose batch-norms have seen something, as after training."""
    network = build_network(scheme, width=width, **options)
    generator = torch.Generator().manual_seed(1)
    for norm in (layer for layer in network.backbone if isinstance(layer, torch.nn.BatchNorm2d)):
        for value, low, high in ((norm.weight, 0.5, 1.5), (norm.bias, -0.5, 0.5), (norm.running_mean, -0.5, 0.5)):
            value.data.uniform_(low, high, generator=generator)
        norm.running_var.uniform_(0.5, 2, generator=generator)
    return network.eval()


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (2, 3, 39, 18), (1, 3, 1, 1), (1, 3, 7, 13)])
def test_minimal_filtering_is_convolution(shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    conv = torch.nn.Conv2d(3, 5, 3, padding=1).requires_grad_(False)
    torch.testing.assert_close(WinogradConv2d(conv)(x), conv(x), atol=2e-5, rtol=0)


def test_minimal_filtering_notices_a_kernel_turned_round():
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    conv = torch.nn.Conv2d(3, 5, 3, padding=1).requires_grad_(False)
    fast = WinogradConv2d(conv)
    conv.weight.copy_(conv.weight.flip(2))
    assert (fast(x) - conv(x)).abs().max() > 1e-2


@pytest.mark.parametrize("options", [{}, {"last_kernel": 3}, {"plain_dropout": True}, {"width": 33}])
@pytest.mark.parametrize("winograd", [True, False])
def test_folding_changes_no_output(options, winograd):
    network = _lived_in(**options)
    x = torch.randn(2, 1, 45, 149, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        for fast, plain in zip(fold_network(network, winograd=winograd)(x), network(x), strict=True):
            torch.testing.assert_close(fast, plain, atol=1e-5, rtol=0)


def test_minimal_filtering_is_used_where_channels_are_many():
    kinds = [[type(layer) for layer in fold_network(build_network("a2e", width=width)).backbone] for width in (16, 33)]
    assert [found.count(WinogradConv2d) for found in kinds] == [0, 3]
    assert all(torch.nn.BatchNorm2d not in found and torch.nn.Dropout2d not in found for found in kinds)


def test_folding_leaves_the_network_alone():
    network = _lived_in()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fold_network(network)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
