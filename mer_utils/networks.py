"""The VGG-like networks of the two papers: from a spectrogram to mid-level features and emotions.

Conventions: the input is a *standardised* spectrogram (n, 1, n_frames, 149), the outputs are on the unit scale
(rating / 10). A2E hears emotions directly, A2Mid hears mid-level features only; Joint, A2Mid2E and A2B2E pass through
seven linear units, so that each emotion is a weighted sum of them (ISMIR 2019; A2B2E: SMC 2025). The layers are those
of the network figure on the authors' demo page and of the group's later code (Hoedt, Flexer & Widmer, SMC 2025), which
disagree on the last convolution and, it seems, on the kind of dropout.

Public names: ``SCHEMES``, ``HEADS``, ``BANDS``, ``MIN_FRAMES``, ``Outputs``, ``AudioNetwork``, ``build_network``,
``TrainedNetwork``, ``save_network``, ``load_network``, ``locate_network``, ``NetworkError``.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from .checkpoints import NetworkError, compute_digest, read_tensors, write_tensors
from .paths import CHECKPOINTS
from .ratings import EMOTIONS, MIDLEVEL

if TYPE_CHECKING:
    import pandas as pd

_M, _E = ("midlevel",), ("emotion",)
#: What each scheme gives. The seven units of a2b2e were never told what they mean: they are no mid-level features.
HEADS = {"a2e": _E, "a2mid": _M, "a2mid2e": _M + _E, "joint": _M + _E, "a2b2e": _E, "multitask": _M + _E}

#: The ways of getting from sound to emotion (joint: A2Mid2E-Joint in 2019, A2M2E in the later code).
SCHEMES = tuple(HEADS)

#: Schemes with seven linear units between sound and emotion.
BOTTLENECKS = ("a2mid2e", "joint", "a2b2e")

#: Frequency bands of the spectrogram.
BANDS = 149

#: Shortest input in frames: below it nothing is left after a total stride of 8 and an unpadded 3x3 kernel.
MIN_FRAMES = 32

_FILE_FORMAT = 1
_RELEASED = "released:"
_HEADER = ("normalisation", "config", "corpus", "seed", "scores", "spectrogram")
# (output channels at width 1, kernel, stride, padding), None: a pooling step; figure and later code agree.
_LAYERS = ((1, 5, 2, 2), (1, 3, 1, 1), None, (2, 3, 1, 1), (2, 3, 1, 1), None)
_LAYERS += ((4, 3, 1, 1), (4, 3, 1, 1), (6, 3, 1, 1), (8, 3, 1, 1))


class Outputs(NamedTuple):
    """What a network hears, on the unit scale; what its scheme does not give is None.

    Attributes
    ----------
    midlevel
        (n, 7) in the order of `ratings.MIDLEVEL`.
    emotion
        (n, 8) in the order of `ratings.EMOTIONS`.
    """

    midlevel: Tensor | None
    emotion: Tensor | None


class AudioNetwork(nn.Module):
    """Nine convolutions, a global average, and one or two linear layers; made by `build_network`.

    Attributes
    ----------
    scheme, width, last_kernel
        As given to `build_network`.
    backbone
        Standardised spectrogram (n, 1, n_frames, 149) -> maps (n, 4 * width, frames', bands').
    to_midlevel
        Linear layer to seven units, or None; in ``"a2b2e"`` they are unnamed.
    to_emotion
        Linear layer to the eight emotions, or None; from the seven units in the bottleneck schemes.
    """

    def __init__(self, scheme: str, width: int, last_kernel: int, dropout: nn.Module) -> None:
        super().__init__()
        self.scheme, self.width, self.last_kernel = scheme, width, last_kernel
        self.backbone = nn.Sequential(*_build_layers(width, last_kernel, dropout))
        below = len(MIDLEVEL) if scheme in BOTTLENECKS else 4 * width
        self.to_midlevel = None if scheme == "a2e" else nn.Linear(4 * width, len(MIDLEVEL))
        self.to_emotion = None if scheme == "a2mid" else nn.Linear(below, len(EMOTIONS))

    def forward(self, x: Tensor) -> Outputs:
        """Map standardised spectrograms (n, 1, n_frames, 149) to `Outputs` on the unit scale."""
        check_input(x)
        return self.read_out(self.backbone(x).mean((2, 3)))  # (n, 4 * width)

    def read_out(self, embedding: Tensor) -> Outputs:
        """Apply the linear layers to pooled maps (n, 4 * width)."""
        seven = None if self.to_midlevel is None else self.to_midlevel(embedding)
        below = seven if self.scheme in BOTTLENECKS else embedding
        emotion = None if self.to_emotion is None else self.to_emotion(below)
        return Outputs(seven if "midlevel" in HEADS[self.scheme] else None, emotion)

    def bottleneck(self, x: Tensor) -> Tensor:
        """Compute the seven units (n, 7) that the emotions are made of, named or not.

        Raises
        ------
        ValueError
            If the scheme has no bottleneck.
        """
        if self.scheme not in BOTTLENECKS:
            raise ValueError(f"{self.scheme} has no bottleneck; these have: {', '.join(BOTTLENECKS)}")
        check_input(x)
        return self.to_midlevel(self.backbone(x).mean((2, 3)))


def check_input(x: Tensor) -> None:
    """Raise ValueError unless ``x`` is (n, 1, n_frames, 149) with at least `MIN_FRAMES` frames."""
    if x.ndim != 4 or x.shape[1] != 1 or x.shape[3] != BANDS:
        raise ValueError(f"expected spectrograms of shape (n, 1, n_frames, {BANDS}), got {tuple(x.shape)}")
    if x.shape[2] < MIN_FRAMES:
        raise ValueError(f"a network needs at least {MIN_FRAMES} frames, got {x.shape[2]}: loop the clip first")


def _build_layers(width: int, last_kernel: int, dropout: nn.Module) -> list[nn.Module]:
    layers: list[nn.Module] = []
    before = 1
    for layer in (*_LAYERS, (4, last_kernel, 1, 0)):
        if layer is None:
            layers += [nn.MaxPool2d(2), dropout]
            continue
        factor, kernel, stride, padding = layer
        layers.append(nn.Conv2d(before, factor * width, kernel, stride, padding))
        before = factor * width
        layers += [nn.BatchNorm2d(before), nn.ReLU(inplace=True)]
    return layers


def build_network(
    scheme: str,
    *,
    width: int = 64,
    last_kernel: int = 1,
    dropout: float = 0.3,
    plain_dropout: bool = False,
    generator: torch.Generator | None = None,
) -> AudioNetwork:
    """Build an untrained network of one of the `SCHEMES`.

    Parameters
    ----------
    scheme
        One of `SCHEMES`.
    width
        Channels of the first layer; all others scale with it. 64 is the papers' size.
    last_kernel
        Kernel of the last convolution: 1 as in the group's later code, 3 as in the authors' figure.
    dropout
        Probability of dropping after each of the two poolings, 0 to 1 (not included).
    plain_dropout
        Drop single cells (the figure says just "Dropout") instead of whole channels (the later code).
    generator
        Source of the initial weights; None is a generator with seed 0.

    Returns
    -------
    AudioNetwork
        In training mode, on the CPU. Weights Kaiming-normal (fan-in), linear biases 0, as in the later code.

    Raises
    ------
    ValueError
        For an unknown scheme or an option out of range.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}; there are: {', '.join(SCHEMES)}")
    if width < 1 or last_kernel not in (1, 3) or not 0 <= dropout < 1:
        raise ValueError(
            f"width {width} < 1, last_kernel {last_kernel} not 1 or 3, or dropout {dropout} not in [0, 1)"
        )
    drop = nn.Dropout(dropout) if plain_dropout else nn.Dropout2d(dropout)
    with torch.device("meta"):  # no memory and no draw from the global generator before our own initialisation
        network = AudioNetwork(scheme, width, last_kernel, drop)
    network.to_empty(device="cpu")
    _initialise(network, generator or torch.Generator().manual_seed(0))
    return network


@torch.no_grad()
def _initialise(network: nn.Module, generator: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            # PyTorch's default for convolutions, which the group's code leaves alone: uniform within 1 / sqrt(fan-in).
            bound = module.weight[0].numel() ** -0.5 if isinstance(module, nn.Conv2d) else 0.0
            module.bias.uniform_(-bound, bound, generator=generator)


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network with all that is needed to use it and to know where it comes from.

    Attributes
    ----------
    network
        In evaluation mode, on the CPU.
    normalisation
        Mean and standard deviation of the training split's spectrograms, log10(1 + magnitude).
    config
        The training configuration as plain JSON values.
    corpus
        ``name``, ``version`` and ``fingerprint`` of the corpus, all strings.
    seed
        Seed of weights, order, crops and augmentation.
    scores
        Pearson correlations and the like, plain JSON values.
    spectrogram
        Settings of the spectrogram that the network expects, ``fps`` (Hz) among them.
    history
        One row per epoch; None when loaded from a file.
    """

    network: AudioNetwork
    normalisation: tuple[float, float]
    config: dict[str, Any]
    corpus: dict[str, str]
    seed: int
    scores: dict[str, Any]
    spectrogram: dict[str, Any]
    history: "pd.DataFrame | None" = None

    scheme = property(lambda self: self.network.scheme, doc="One of `SCHEMES`.")
    width = property(lambda self: self.network.width, doc="Channels of the first layer.")

    @property
    def fingerprint(self) -> str:
        """Digest, hexadecimal, of all that decides what the network hears: weights and normalisation."""
        return compute_digest(self.network.state_dict(), repr(self.normalisation))


def save_network(path: str | Path, trained: TrainedNetwork) -> Path:
    """Write a trained network to a safetensors file and return its path; the same network, the same bytes.

    Parameters
    ----------
    path
        As `locate_network` takes it.
    trained
        The network; its history is not saved.
    """
    header = {name: getattr(trained, name) for name in _HEADER}
    header |= {name: getattr(trained.network, name) for name in ("scheme", "width", "last_kernel")}
    target = locate_network(path)
    write_tensors(target, trained.network.state_dict(), header={"format": _FILE_FORMAT, **header})
    return target


def load_network(path: str | Path) -> TrainedNetwork:
    """Read a network written by `save_network`; no code of the file is executed.

    Parameters
    ----------
    path
        A file, or the name of a network in ``data/checkpoints``, such as ``"released:joint"`` or ``"joint"``.

    Raises
    ------
    NetworkError
        If there is no such network (the message lists those there are), or the file is damaged or something else.
    """
    source = locate_network(path)
    if not source.is_file():
        known = ", ".join(sorted(p.stem for p in CHECKPOINTS.glob("*.safetensors"))) or "none yet"
        raise NetworkError(f"no network {source}; give a file or the name of one in data/checkpoints ({known})")
    tensors, header = read_tensors(source)
    if header.get("format") != _FILE_FORMAT:
        raise NetworkError(f"{source} has format {header.get('format')!r}, this version reads {_FILE_FORMAT}")
    try:
        return _assemble(tensors, header)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NetworkError(f"{source} does not hold a network of this package: {reason}") from error


def locate_network(path: str | Path) -> Path:
    """Name the file that ``path`` stands for when a network is saved or loaded.

    Parameters
    ----------
    path
        A file, whose suffix ``.safetensors`` may be left out, or as text a name that stands for
        ``data/checkpoints/<name>.safetensors``: one after ``released:``, such as ``"released:joint"``, or a bare one,
        without folder and suffix.
    """
    if isinstance(path, str) and (path.startswith(_RELEASED) or _is_bare(path)):
        path = CHECKPOINTS / path.removeprefix(_RELEASED)
    path = Path(path)
    return path if path.suffix else path.with_name(f"{path.name}.safetensors")


def _is_bare(text: str) -> bool:
    return Path(text).name == text and not Path(text).suffix


def _assemble(tensors: dict[str, Tensor], header: dict[str, Any]) -> TrainedNetwork:
    if header["scheme"] not in SCHEMES or header["width"] not in range(1, 257):
        raise ValueError(f"scheme {header['scheme']!r}, width {header['width']!r}")
    network = build_network(header["scheme"], width=header["width"], last_kernel=header["last_kernel"])
    for name, value in network.state_dict().items():
        if name not in tensors or tensors[name].dtype != value.dtype or not tensors[name].isfinite().all():
            raise ValueError(f"tensor {name} is missing, not finite or not {value.dtype}")
    network.load_state_dict(tensors)
    mean, std = (float(value) for value in header["normalisation"])
    if not (math.isfinite(mean) and 0 < std < math.inf):
        raise ValueError(f"normalisation by mean {mean} and standard deviation {std}")
    rest = {name: header[name] for name in _HEADER if name != "normalisation"}
    return TrainedNetwork(network=network.eval(), normalisation=(mean, std), **rest)
