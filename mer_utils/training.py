"""Training the networks: the recipe of the papers and a fast one.

Targets are ratings / 10; the loss is the mean squared error, summed over what the scheme is told. Each epoch draws its
order, crops, augmentation and dropout from the seed and its own number alone, and leaves a checkpoint behind: a killed
run goes on where it stopped and ends with the weights of an unbroken one. The test split is never looked at.

"The group's later code" is that of Hoedt, Flexer & Widmer (SMC 2025).

Public names: ``TrainingConfig``, ``TrainingError``, ``TrainingInterrupted``, ``Keeping``, ``paper_config``,
``quick_config``, ``fit_network``, ``fit_second_stage``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import pandas as pd
import torch

from .augmentation import Augmentation
from .batches import TrainingError, load_split
from .checkpoints import read_state, write_state
from .networks import MIN_FRAMES, TrainedNetwork, build_network
from .regression import fit_linear
from .runs import Run, compute_valid_scores, predict_middles
from .spectrogram import SpectrogramConfig

if TYPE_CHECKING:
    from .corpora import Corpus


class TrainingInterrupted(KeyboardInterrupt):
    """Somebody stopped a training; the message says how to go on."""


@dataclass(frozen=True)
class TrainingConfig:
    """Everything but the corpus, the scheme and the width that decides what a training ends with.

    Parameters
    ----------
    crop_frames
        Length of the training crops, frames (313 are 10 s).
    redraw_crops
        Draw the place of each crop anew in each epoch (as Chowdhury's later code does), or once (as the group's later
        code does); which of them the 2019 papers did is not known.
    valid_frames
        Length of the window from the middle of each clip on which epochs are judged, frames.
    batch_size
        Clips per step; an epoch's last, smaller batch is dropped, as in the group's later code.
    max_epochs, patience
        Most epochs, and how many may pass without a better one before training stops.
    learning_rate
        Constant, or the peak of the one-cycle schedule.
    schedule
        ``"constant"`` or ``"onecycle"``: up for 30 % of the steps, down to nothing over the rest.
    optimiser
        ``"adam"`` or ``"adamw"``.
    weight_decay
        As the optimiser understands it.
    midlevel_weight
        Weight of the mid-level loss beside the emotion loss: 1 is the papers' plain sum.
    start_at_mean
        Start the last layers near the mean rating instead of at random (our addition).
    start_at_ratings
        Start the readable layer of ``"joint"`` where least squares puts it between the ratings of the training clips,
        instead of at random (our addition). Where the heard features resemble each other, a training hardly moves
        weights that make no difference: chance would decide which feature an emotion is laid to.
    last_kernel, dropout, plain_dropout
        See `networks.build_network`.
    augmentation
        How training clips are changed, or None.
    n_threads
        Threads of the CPU; another number rounds differently.
    precision
        ``"float32"``, or ``"mixed"``: bfloat16 on a GPU, or a CPU, that computes in it natively, otherwise float32.
    seed
        Seed of everything random.

    Raises
    ------
    TrainingError
        If a number is out of range or a word is unknown.
    """

    crop_frames: int = 313
    redraw_crops: bool = True
    valid_frames: int = 313
    batch_size: int = 8
    max_epochs: int = 199
    patience: int = 50
    learning_rate: float = 5e-4
    schedule: str = "constant"
    optimiser: str = "adam"
    weight_decay: float = 0.0
    midlevel_weight: float = 1.0
    start_at_mean: bool = False
    start_at_ratings: bool = False
    last_kernel: int = 1
    dropout: float = 0.3
    plain_dropout: bool = False
    augmentation: Augmentation | None = None
    n_threads: int = 2
    precision: str = "mixed"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("crop_frames", "valid_frames", "batch_size", "max_epochs", "patience", "n_threads"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} must be at least 1, not {getattr(self, name)}")
        if min(self.crop_frames, self.valid_frames) < MIN_FRAMES:
            raise TrainingError(f"a network needs at least {MIN_FRAMES} frames, crop_frames or valid_frames has fewer")
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise TrainingError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        if not self.learning_rate > 0 or self.seed < 0:
            raise TrainingError(f"need learning_rate > 0 and seed >= 0, got {self.learning_rate} and {self.seed}")


_WORDS = {"schedule": ("constant", "onecycle"), "optimiser": ("adam", "adamw"), "precision": ("float32", "mixed")}


def paper_config(**changes: Any) -> TrainingConfig:
    """Give the recipe of the 2019 papers as far as it is known, with changes by name.

    Second-hand readings of the ISMIR paper give 10 s crops, Adam, the learning rate, the batch size and the patience;
    the authors' talk gives the sum of the two losses, the group's later code the most epochs.
    """
    return replace(TrainingConfig(), **changes)


def quick_config(**changes: Any) -> TrainingConfig:
    """Give the fast recipe of the default profile, with changes by name.

    It trains without augmentation, which loses a little within two minutes, even on held-out styles
    (benchmarks/README.md). It pays in nets that meet real recordings and train longer.
    """
    quick = TrainingConfig(
        crop_frames=128,
        batch_size=16,
        max_epochs=28,
        patience=199,  # a one-cycle schedule is run to its end: the last epochs are the best
        learning_rate=4e-3,
        schedule="onecycle",
        optimiser="adamw",
        weight_decay=0.01,
        start_at_mean=True,
        start_at_ratings=True,
        dropout=0.05,
    )
    return replace(quick, **changes)


class Keeping(TypedDict, total=False):
    """What `fit_network` writes down and shows on its way; see there."""

    checkpoint: str | Path | None
    progress: bool


def fit_network(
    corpus: "Corpus",
    scheme: str,
    *,
    config: TrainingConfig,
    width: int = 64,
    init: TrainedNetwork | None = None,
    **keeping: Unpack[Keeping],
) -> TrainedNetwork:
    """Train a network of one of the schemes and keep the epoch with the best validation correlation.

    "Best" is the highest mean Pearson r over the validation clips, of the emotions plus of the mid-level features
    where the scheme is told both; ``"a2b2e"`` is judged by the emotions alone (the group's later code adds the
    mid-level r of its seven unsupervised units). It is kept under the one-cycle schedule too, where it is nearly
    always one of the last epochs.

    Parameters
    ----------
    corpus
        Where the splits ``"train"`` and ``"valid"`` come from; no other split is touched.
    scheme
        One of `networks.SCHEMES`. ``"a2mid2e"`` trains ``"a2mid"``, on another corpus if this one names one
        (`Corpus.build_first_stage`), and adds `fit_second_stage` on this one.
    config
        How to train.
    width
        Channels of the first layer.
    init
        A trained network of the same width and last convolution to start from; it stays as it is. Layers that mean
        the same in both schemes are taken over: the convolutions, the one to named features, and the one to emotions
        where both read them from the features or both from all that is heard. Others start as ``config`` says, which
        touches nothing that was taken over. Spectrograms are standardised by the mean and the standard deviation of
        ``init``, to which its first layer was fitted, and not by those of this corpus.
    checkpoint
        File for the state after each epoch. One that is there already is gone on with; a finished one returns its
        network at once.
    progress
        Show a progress bar; on by default.

    Returns
    -------
    TrainedNetwork
        Its ``config`` says under ``"init"`` where it started, if from another network: that one's ``"scheme"``,
        ``"corpus"`` (name) and ``"fingerprint"``.

    Raises
    ------
    TrainingError
        If the corpus lacks clips or ratings, ``init`` does not fit, or the loss is no longer finite.
    CheckpointError
        If the checkpoint is damaged or belongs to another corpus, scheme, width, configuration or ``init``.
    TrainingInterrupted
        If somebody stopped it; all epochs but the current one are in the checkpoint.
    """
    if scheme == "a2mid2e":
        other = corpus.build_first_stage()
        stage = corpus if other is None else other
        first = fit_network(stage, "a2mid", config=config, width=width, init=init, **keeping)
        return fit_second_stage(corpus, first, window_frames=config.valid_frames)
    with _machine(config.n_threads) as device:
        run = Run(corpus, scheme, config=config, width=width, device=device, init=init)
        _train(run, **keeping)
        return TrainedNetwork(
            network=run.best_network(),
            normalisation=run.normalisation,
            config=json.loads(json.dumps(asdict(config))) | _describe_init(init),
            corpus=_describe_corpus(corpus),
            seed=config.seed,
            scores=run.scores(),
            spectrogram=asdict(SpectrogramConfig()),
            history=pd.DataFrame(run.history),
        )


def _describe_corpus(corpus: "Corpus") -> dict[str, str]:
    return {name: str(getattr(corpus, name)) for name in ("name", "version", "fingerprint")}


def _describe_init(init: TrainedNetwork | None) -> dict[str, dict[str, str]]:
    if init is None:
        return {}
    return {"init": {"scheme": init.scheme, "corpus": init.corpus["name"], "fingerprint": init.fingerprint}}


def fit_second_stage(corpus: "Corpus", first: TrainedNetwork, *, window_frames: int = 313) -> TrainedNetwork:
    """Add the emotions to a trained A2Mid network by linear regression on what it hears (the 2019 poster).

    Parameters
    ----------
    corpus
        The corpus with the emotions; the regression sees its training split alone. ``first`` may have been trained on
        another one, and its own normalisation is used.
    first
        A trained ``"a2mid"`` network, which stays as it is; its configuration says on how many threads to compute.
    window_frames
        Length of the window from the middle of each clip, frames.

    Returns
    -------
    TrainedNetwork
        Of the scheme ``"a2mid2e"``. Where ``first`` was trained on another corpus, ``corpus`` names that one too,
        under ``"first_stage"``.

    Raises
    ------
    RegressionError
        If fewer than nine clips are for training, or a feature is heard the same in all of them.
    """
    train, valid = (load_split(corpus, name, scheme="a2mid2e") for name in ("train", "valid"))
    network = build_network("a2mid2e", width=first.width, last_kernel=first.network.last_kernel)
    network.load_state_dict(network.state_dict() | first.network.state_dict())
    with _machine(first.config["n_threads"]) as device:
        options = {"normalisation": first.normalisation, "n_frames": window_frames}
        seven = predict_middles(network.to(device), train.specs, **options).midlevel
        model = fit_linear(seven.double().numpy(), train.emotion.double().numpy())
        layer = {"to_emotion.weight": torch.tensor(model.weights), "to_emotion.bias": torch.tensor(model.bias)}
        network.load_state_dict(first.network.state_dict() | layer)
        heard = predict_middles(network, valid.specs, **options)
    ours = _describe_corpus(corpus)
    if first.corpus != ours:
        ours["first_stage"] = "{name} {version}, {fingerprint}".format(**first.corpus)
    scores = first.scores | compute_valid_scores(heard, valid)
    return replace(first, network=network.cpu(), corpus=ours, scores=scores)


@contextmanager
def _machine(n_threads: int) -> Iterator[torch.device]:
    """Set threads, random state and algorithms for a training, and put them back afterwards."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        # Dropout knows no generator but the global one: it is seeded in here and nobody outside notices.
        with (
            torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
        ):
            yield device
    finally:
        torch.set_num_threads(before)


def _train(run: Run, *, checkpoint: str | Path | None = None, progress: bool = True) -> None:
    from tqdm import tqdm

    config = run.config
    checkpoint = None if checkpoint is None else Path(checkpoint)
    if checkpoint is not None and checkpoint.exists():
        run.restore(read_state(checkpoint), checkpoint)
    steps = {"total": config.max_epochs * run.n_steps, "initial": run.epoch * run.n_steps}
    with tqdm(**steps, desc=run.network.scheme, unit="step", disable=not progress or run.finished) as bar:
        while not run.finished:
            try:
                row = run.advance(bar.update)
                if checkpoint is not None:
                    write_state(checkpoint, run.state())
            except KeyboardInterrupt:
                kept = (
                    f"run it again to go on from {checkpoint}"
                    if checkpoint
                    else "nothing is kept without a checkpoint"
                )
                raise TrainingInterrupted(f"stopped in epoch {run.epoch + 1} of {config.max_epochs}: {kept}") from None
            bar.set_postfix({name: f"{row[name]:.3f}" for name in ("loss", *run.scores()) if name in row})
