"""The weights with which a training starts: at random, near the ratings, or those of a trained network.

Public names: ``build_start``.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

import torch

from .batches import Split, TrainingError
from .networks import BOTTLENECKS, AudioNetwork, TrainedNetwork, build_network
from .regression import RegressionError, fit_linear
from .spectrogram import SpectrogramConfig

if TYPE_CHECKING:
    from .training import TrainingConfig

_UNNAMED = "a2b2e"  # its seven units were never told what they mean


def build_start(
    scheme: str,
    split: Split,
    *,
    config: "TrainingConfig",
    width: int,
    init: TrainedNetwork | None,
    generator: torch.Generator,
) -> AudioNetwork:
    """Build the network of a training before its first step.

    Parameters
    ----------
    scheme, config, width, init
        As in `training.fit_network`.
    split
        The training clips, whose ratings may be started at.
    generator
        Source of the weights that start at random.

    Returns
    -------
    AudioNetwork
        In training mode, on the CPU.

    Raises
    ------
    TrainingError
        If ``init`` has other layers or hears other spectrograms, or the ratings of too few clips are to be started at.
    """
    options = {name: getattr(config, name) for name in ("last_kernel", "dropout", "plain_dropout")}
    network = build_network(scheme, width=width, **options, generator=generator)
    taken = [] if init is None else _take_over(network, init)
    if config.start_at_mean:
        _start_at_mean(network, split, taken)
    if config.start_at_ratings and scheme == "joint" and "to_emotion" not in taken:
        _start_at_ratings(network, split)
    return network


def _take_over(network: AudioNetwork, init: TrainedNetwork) -> list[str]:
    """Copy the layers that mean the same in both networks, and name them."""
    theirs = init.network
    if (network.width, network.last_kernel) != (theirs.width, theirs.last_kernel):
        raise TrainingError(
            f"a net of width {network.width} and last_kernel {network.last_kernel} cannot start from one of width "
            f"{theirs.width} and last_kernel {theirs.last_kernel}: train with those, or name another init"
        )
    if init.spectrogram != asdict(SpectrogramConfig()):
        raise TrainingError("init was trained on spectrograms with other settings than ours: name another init")
    taken = [name for name in ("backbone", "to_midlevel", "to_emotion") if _means_the_same(name, network, theirs)]
    for name in taken:
        getattr(network, name).load_state_dict(getattr(theirs, name).state_dict())
    return taken


def _means_the_same(layer: str, ours: AudioNetwork, theirs: AudioNetwork) -> bool:
    if layer == "backbone" or ours.scheme == theirs.scheme:
        return getattr(ours, layer) is not None
    if getattr(ours, layer) is None or getattr(theirs, layer) is None or _UNNAMED in (ours.scheme, theirs.scheme):
        return False
    # Emotions are read from named features or from all that is heard.
    return layer == "to_midlevel" or (ours.scheme in BOTTLENECKS) == (theirs.scheme in BOTTLENECKS)


@torch.no_grad()
def _start_at_mean(network: AudioNetwork, split: Split, taken: list[str]) -> None:
    """Let an untrained network say about the mean rating: otherwise the first epochs go into finding the scale."""
    seven, eight = (None if name in taken else getattr(network, name) for name in ("to_midlevel", "to_emotion"))
    for layer in (seven, eight):
        if layer is not None and layer.in_features == 4 * network.width:  # fed by the maps: quiet at first
            layer.weight.mul_(0.1)
    if seven is not None and split.midlevel is not None:
        seven.bias.copy_(split.midlevel.mean(0))
    if eight is not None and split.emotion is not None:
        below = 0
        if network.scheme in BOTTLENECKS:
            below = eight.weight @ (network.to_midlevel.bias if split.midlevel is None else split.midlevel.mean(0))
        eight.bias.copy_(split.emotion.mean(0) - below)


@torch.no_grad()
def _start_at_ratings(network: AudioNetwork, split: Split) -> None:
    """Set the layer from features to emotions to Mid2E of the training clips."""
    try:
        layer = fit_linear(split.midlevel.double().numpy(), split.emotion.double().numpy())
    except RegressionError as error:
        raise TrainingError(f"joint cannot start at the ratings ({error}): start it at random") from error
    network.to_emotion.weight.copy_(torch.tensor(layer.weights))
    network.to_emotion.bias.copy_(torch.tensor(layer.bias))
