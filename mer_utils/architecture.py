"""The networks as a table: layers, what comes out of each, and how many numbers each has to learn.

Public names: ``compute_layer_table``, ``compute_totals``, ``LAYER_TOTALS``.
"""

from typing import TYPE_CHECKING

from torch import nn

from .networks import BANDS, SCHEMES, AudioNetwork, build_network
from .spectrogram import WINDOW_FRAMES

if TYPE_CHECKING:
    import pandas as pd

#: Parameters at width 64, added up by hand from the layers in the group's later code (Hoedt, Flexer & Widmer, SMC
#: 2025), whose last convolution is of 1x1; a2mid is the first part of joint.
LAYER_TOTALS = {"a2e": 3_937_864, "a2mid": 3_937_607, "joint": 3_937_671, "a2b2e": 3_937_671}


def compute_totals(width: int) -> dict[str, int]:
    """Count the parameters of the network of every scheme.

    Parameters
    ----------
    width
        Channels of the first layer; 64 in the papers.

    Returns
    -------
    dict
        Number of parameters by scheme.
    """
    return {scheme: _count(build_network(scheme, width=width)) for scheme in SCHEMES}


def compute_layer_table(network: AudioNetwork, *, n_frames: int = WINDOW_FRAMES) -> "pd.DataFrame":
    """Tabulate the layers of a network for an input of 1 x ``n_frames`` x 149.

    Parameters
    ----------
    network
        Of any scheme and width.
    n_frames
        Frames of the input, 313 (10 s) in the papers.

    Returns
    -------
    pandas.DataFrame
        One row per layer: ``layer``, ``channels``, ``kernel``, ``stride``, ``output`` (channels x frames x bands, or
        units) and ``parameters`` (a convolution's batch normalisation counted with it).
    """
    import pandas as pd

    rows: list[dict] = []
    size = (n_frames, BANDS)
    for module in network.backbone:
        if isinstance(module, nn.Conv2d):
            size = tuple(_output_length(length, module) for length in size)
            rows.append(_describe_convolution(module, size))
        elif isinstance(module, nn.BatchNorm2d):
            rows[-1]["parameters"] += _count(module)
        elif isinstance(module, nn.MaxPool2d):
            size = tuple(length // 2 for length in size)
            output = f"{rows[-1]['channels']} x {size[0]} x {size[1]}"
            rows.append(_row("max pooling, dropout", rows[-1]["channels"], 2, 2, output))
    rows.append(_row("average over time and bands", rows[-1]["channels"], "all", "", str(rows[-1]["channels"])))
    rows += [_describe_head(words, layer) for words, layer in _heads(network) if layer is not None]
    return pd.DataFrame(rows)


def _heads(network: AudioNetwork) -> tuple[tuple[str, nn.Linear | None], ...]:
    return ("linear to seven", network.to_midlevel), ("linear to eight emotions", network.to_emotion)


def _describe_convolution(conv: nn.Conv2d, size: tuple[int, ...]) -> dict:
    output = f"{conv.out_channels} x {size[0]} x {size[1]}"
    row = _row("convolution", conv.out_channels, conv.kernel_size[0], conv.stride[0], output)
    return row | {"parameters": _count(conv)}


def _describe_head(words: str, layer: nn.Linear) -> dict:
    return _row(words, layer.out_features, "", "", str(layer.out_features)) | {"parameters": _count(layer)}


def _row(layer: str, channels: int, kernel: object, stride: object, output: str) -> dict:
    return {
        "layer": layer,
        "channels": channels,
        "kernel": kernel,
        "stride": stride,
        "output": output,
        "parameters": 0,
    }


def _output_length(length: int, conv: nn.Conv2d) -> int:
    return (length + 2 * conv.padding[0] - conv.kernel_size[0]) // conv.stride[0] + 1


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
