"""One training run under way: its epochs, how each is judged, and how it is written down and taken up again.

All randomness of an epoch comes from the seed and the epoch's number, so a run that goes on from a checkpoint needs
no random state from it. `training.fit_network` is what other code calls.

Public names: ``VERSION``, ``Run``, ``predict_middles``, ``compute_valid_scores``, ``describe_arithmetic``.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .augmentation import augment_masks, augment_sound
from .batches import Split, TrainingError, compute_normalisation, cut_middles, draw_starts, load_split
from .checkpoints import CheckpointError
from .networks import AudioNetwork, Outputs, TrainedNetwork
from .residence import HostClips, hold_clips
from .scores import compute_mean_correlation
from .starts import build_start

if TYPE_CHECKING:
    from .corpora import Corpus
    from .training import TrainingConfig

#: Raised whenever the same corpus, scheme, width and configuration give other weights, or a state holds other things:
#: part of every key under which a training is kept.
VERSION = 2
_VALID_BATCH = 32
_HEADS = ("midlevel", "emotion")


class Run:
    """The network, its optimiser and the splits of one training.

    Parameters
    ----------
    corpus, scheme, config, width, init
        As in `training.fit_network`.
    device
        Where to compute.

    Attributes
    ----------
    history
        One row of numbers per epoch done.
    best_epoch
        The epoch, counted from 1, with the best validation correlation so far.
    """

    def __init__(
        self,
        corpus: "Corpus",
        scheme: str,
        *,
        config: "TrainingConfig",
        width: int,
        device: torch.device,
        init: TrainedNetwork | None = None,
    ) -> None:
        self.config, self.device = config, device
        self.train, self.valid = (load_split(corpus, name, scheme=scheme) for name in ("train", "valid"))
        self.n_steps = len(self.train.specs) // config.batch_size
        if not self.n_steps:
            raise TrainingError(f"a batch of {config.batch_size} does not fit {len(self.train.specs)} training clips")
        self.normalisation = compute_normalisation(self.train.specs) if init is None else init.normalisation
        generator = _seed_epoch(config.seed, 0)
        network = build_start(scheme, self.train, config=config, width=width, init=init, generator=generator)
        self.network = network.to(device, memory_format=torch.channels_last)
        self.starts = draw_starts(self.train.specs, config.crop_frames, generator=generator)
        self.clips = hold_clips(self.train.specs, device)
        self._middles = None if isinstance(self.clips, HostClips) else list(self._cut_middles())
        self._targets = {head: told.to(device) for head, told in _list_told(self.train)}
        kind = torch.optim.AdamW if config.optimiser == "adamw" else torch.optim.Adam
        self.optimiser = kind(network.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True)
        self.mixed = config.precision == "mixed" and _computes_in_bfloat16(device)
        self.identity = {"version": VERSION, "scheme": scheme, "width": width, "corpus": corpus.fingerprint}
        self.identity |= asdict(config) | ({} if init is None else {"init": init.fingerprint})
        self.history: list[dict[str, float]] = []
        self.best_epoch, self.best_weights = 0, _copy(network)

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.history)

    @property
    def finished(self) -> bool:
        """Whether no epoch is to come."""
        return self.epoch >= self.config.max_epochs or self.epoch - self.best_epoch >= self.config.patience

    def advance(self, report: Callable[[], object]) -> dict[str, float]:
        """Train for one epoch, judge it, and return its row of the history; ``report`` is called after each step."""
        start = time.perf_counter()
        loss = self._train_epoch(report)
        if not math.isfinite(loss):
            raise TrainingError(f"the loss of epoch {self.epoch + 1} is {loss}: lower the learning rate")
        middles = self._cut_middles() if self._middles is None else self._middles
        heard = _predict(self.network, middles, self.normalisation, mixed=self.mixed)
        row = {"epoch": self.epoch + 1, "loss": loss, **compute_valid_scores(heard, self.valid)}
        before = [_judge(earlier) for earlier in self.history]
        if not before or _judge(row) > max(before):
            self.best_epoch, self.best_weights = self.epoch + 1, _copy(self.network)
        row["learning_rate"] = self.optimiser.param_groups[0]["lr"]
        row["seconds"] = time.perf_counter() - start
        self.history.append(row)
        return row

    def _train_epoch(self, report: Callable[[], object]) -> float:
        config = self.config
        generator = _seed_epoch(config.seed, self.epoch + 1)
        order = torch.randperm(len(self.train.specs), generator=generator)
        order = order[: self.n_steps * config.batch_size].view(self.n_steps, config.batch_size)
        starts = self.starts
        if config.redraw_crops:
            starts = draw_starts(self.train.specs, config.crop_frames, generator=generator)
        self.network.train()
        total = torch.zeros((), device=self.device)
        windows = self.clips.cut(order, starts, config.crop_frames)
        for step, (chosen, specs) in enumerate(zip(order.to(self.device), windows, strict=True)):
            done = (self.epoch + step / self.n_steps) / config.max_epochs
            self.optimiser.param_groups[0]["lr"] = _learning_rate(config, done)
            total += self._step(chosen, specs, generator)
            report()
        return total.item() / self.n_steps

    def _step(self, chosen: Tensor, specs: Tensor, generator: torch.Generator) -> Tensor:
        config = self.config
        if config.augmentation is not None:
            specs = augment_sound(specs, augmentation=config.augmentation, generator=generator)
        x = _standardise(specs, self.normalisation)
        if config.augmentation is not None:
            x = augment_masks(x, augmentation=config.augmentation, generator=generator)
        outputs = _forward(self.network, x, mixed=self.mixed)
        loss = torch.zeros((), device=self.device)
        for head, told in self._targets.items():
            weight = config.midlevel_weight if head == "midlevel" else 1.0
            loss = loss + weight * torch.nn.functional.mse_loss(getattr(outputs, head), told[chosen])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def state(self) -> dict[str, Any]:
        """Give all that `restore` needs: tensors and plain values."""
        return {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "best_weights": self.best_weights,
            "best_epoch": self.best_epoch,
            "history": self.history,
        }

    def restore(self, state: dict[str, Any], path: Path) -> None:
        """Go on from a state of the same run.

        Raises
        ------
        CheckpointError
            If it is the state of another run, or of none.
        """
        theirs = state.get("identity")
        theirs = theirs if isinstance(theirs, dict) else {}
        for name in self.identity | theirs:  # each may have what the other lacks
            their, our = theirs.get(name), self.identity.get(name)
            if their != our:
                raise CheckpointError(
                    f"{path} belongs to another run, whose {name} is {their!r} and not {our!r}:"
                    " delete it or name another"
                )
        try:
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.best_weights, self.best_epoch = state["best_weights"], state["best_epoch"]
            self.history = state["history"]
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(f"{path} is incomplete: delete it to train from the start") from error

    def _cut_middles(self) -> Iterator[Tensor]:
        return _cut_batches(self.valid.specs, self.config.valid_frames, self.device)

    def best_network(self) -> AudioNetwork:
        """Give the network of the best epoch, in evaluation mode on the CPU."""
        self.network.load_state_dict(self.best_weights)
        return self.network.eval().to("cpu", memory_format=torch.contiguous_format)

    def scores(self) -> dict[str, float]:
        """Give the best epoch and its validation correlations."""
        best = self.history[self.best_epoch - 1]
        return {"best_epoch": self.best_epoch} | {name: value for name, value in best.items() if "valid" in name}


def predict_middles(
    network: AudioNetwork,
    specs: Sequence[np.ndarray],
    normalisation: tuple[float, float],
    *,
    n_frames: int,
    mixed: bool = False,
) -> Outputs:
    """Predict from the window in the middle of each clip with the plain module, in evaluation mode.

    Parameters
    ----------
    network
        On any device; left in evaluation mode.
    specs
        One raw (n_frames, 149) spectrogram per clip.
    normalisation
        Mean and standard deviation of the network's training split.
    n_frames
        Length of the window, frames.
    mixed
        Compute the convolutions in bfloat16.

    Returns
    -------
    Outputs
        On the CPU, unit scale.
    """
    middles = _cut_batches(specs, n_frames, next(network.parameters()).device)
    return _predict(network, middles, normalisation, mixed=mixed)


def _cut_batches(specs: Sequence[np.ndarray], n_frames: int, device: torch.device) -> Iterator[Tensor]:
    for first in range(0, len(specs), _VALID_BATCH):
        yield cut_middles(specs[first : first + _VALID_BATCH], n_frames).to(device)


def _predict(
    network: AudioNetwork, batches: Iterable[Tensor], normalisation: tuple[float, float], *, mixed: bool
) -> Outputs:
    network.eval()
    with torch.inference_mode():
        parts = [_forward(network, _standardise(batch, normalisation), mixed=mixed) for batch in batches]
    return Outputs(*(None if head[0] is None else torch.cat(head).cpu() for head in zip(*parts, strict=True)))


def compute_valid_scores(heard: Outputs, split: Split) -> dict[str, float]:
    """Compute the mean Pearson r of what a scheme is told and hears: ``valid_midlevel`` and ``valid_emotion``."""
    return {f"valid_{head}": compute_mean_correlation(getattr(heard, head), told) for head, told in _list_told(split)}


def _list_told(split: Split) -> list[tuple[str, Tensor]]:
    return [(head, getattr(split, head)) for head in _HEADS if getattr(split, head) is not None]


def _judge(row: dict[str, float]) -> float:
    return sum(value for name, value in row.items() if name.startswith("valid_"))


def _forward(network: AudioNetwork, x: Tensor, *, mixed: bool) -> Outputs:
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed):
        maps = network.backbone(x[:, None])  # (n, 1, n_frames, 149) -> (n, 4 * width, frames', bands')
    # The last layers stay in float32: bfloat16 knows a rating of 7 only to within 0.02.
    return network.read_out(maps.float().mean((2, 3)))


def _standardise(specs: Tensor, normalisation: tuple[float, float]) -> Tensor:
    mean, std = normalisation
    return (specs - mean).div_(std)


def _learning_rate(config: "TrainingConfig", done: float) -> float:
    """Give the rate after a share ``done`` (0 to 1) of all steps."""
    if config.schedule == "constant":
        return config.learning_rate
    rise, start, end = 0.3, config.learning_rate / 25, config.learning_rate / 1e4
    if done < rise:
        return start + (config.learning_rate - start) * (1 - math.cos(math.pi * done / rise)) / 2
    return end + (config.learning_rate - end) * (1 + math.cos(math.pi * (done - rise) / (1 - rise))) / 2


def _seed_epoch(seed: int, epoch: int) -> torch.Generator:
    """Seed the global generator (for dropout) and give another one; epoch 0 is the initialisation."""
    ours, dropout = np.random.SeedSequence([seed, epoch]).generate_state(2).tolist()
    torch.manual_seed(dropout)
    return torch.Generator().manual_seed(ours)


def describe_arithmetic(precision: str) -> str:
    """Say in which numbers a training of this `TrainingConfig.precision` computes on this machine, and on what."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    mixed = precision == "mixed" and _computes_in_bfloat16(device)
    return f"{'bfloat16' if mixed else 'float32'} on {device.type}"


def _computes_in_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _copy(network: AudioNetwork) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
