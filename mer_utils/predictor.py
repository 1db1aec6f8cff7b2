"""Fast predictions from raw spectrograms: arrays in, arrays out.

Conventions: ``specs`` are (n, n_frames, 149) log10(1 + magnitude), not standardised; predictions are on the unit scale
(rating / 10). A `Predictor` gives the numbers of the plain network in evaluation mode to 1e-5: the same ones for the
same call on any number of cores, and the same to 1e-5 however clips are batched.

Public names: ``Predictor``, ``Prediction``, ``TrackPrediction``, ``OutputFunction``, ``PredictorError``.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from threading import Barrier
from typing import NamedTuple

import numpy as np
import torch

from .checkpoints import compute_digest
from .inference import fold_network
from .networks import BANDS, HEADS, MIN_FRAMES, AudioNetwork, Outputs, TrainedNetwork, load_network
from .ratings import EMOTIONS, MIDLEVEL
from .receptive import compute_fields
from .spectrogram import WINDOW_FRAMES, SpectrogramConfig, SpectrogramError, compute_window_starts, select_window

_NAMES = {"midlevel": MIDLEVEL, "emotion": EMOTIONS}
_DEFAULTS = SpectrogramConfig()
_Network = Callable[[torch.Tensor], Outputs]


class PredictorError(ValueError):
    """Spectrograms or outputs that a predictor cannot deal with."""


class Prediction(NamedTuple):
    """What a network hears, on the unit scale; what its scheme does not give is None.

    Attributes
    ----------
    midlevel
        (n, 7) float32 in the order of `ratings.MIDLEVEL`.
    emotion
        (n, 8) float32 in the order of `ratings.EMOTIONS`.
    """

    midlevel: np.ndarray | None
    emotion: np.ndarray | None


class TrackPrediction(NamedTuple):
    """What a network hears in a whole track: the mean over windows, and each of them.

    Attributes
    ----------
    midlevel, emotion
        (7,) and (8,) float32 means over the windows, or None.
    windows
        One row per window.
    starts
        (n_windows,) where each window starts, seconds.
    """

    midlevel: np.ndarray | None
    emotion: np.ndarray | None
    windows: Prediction
    starts: np.ndarray


@dataclass(frozen=True)
class OutputFunction:
    """Some outputs of a predictor as one function of spectrograms, as explanation methods want it.

    Attributes
    ----------
    predictor
        Whose outputs.
    heads
        Which of ``"midlevel"`` and ``"emotion"``, side by side in this order.
    """

    predictor: "Predictor"
    heads: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the outputs, one per column."""
        return tuple(name for head in self.heads for name in _NAMES[head])

    @property
    def training_mean(self) -> float:
        """Mean of the training spectrograms, log10(1 + magnitude)."""
        return self.predictor.training_mean

    @property
    def fingerprint(self) -> str:
        """Digest of the network and of the outputs chosen."""
        return "-".join((self.predictor.fingerprint[:16], *self.heads))

    def __call__(self, specs: np.ndarray) -> np.ndarray:
        """Map raw spectrograms (n, n_frames, 149) to outputs (n, n_outputs), float32, unit scale."""
        return self._join(self.predictor.predict(specs))

    def places(self, specs: np.ndarray) -> np.ndarray:
        """Map raw spectrograms to what each place of the last maps says, (n, n_places, n_outputs); see `places`."""
        return self._join(self.predictor.predict_places(specs))

    def fields(self, n_frames: int) -> np.ndarray:
        """Give the field of each place, (n_places, 4), as `receptive.compute_fields` does."""
        return compute_fields(self.predictor.network, n_frames)

    def _join(self, prediction: Prediction) -> np.ndarray:
        return np.concatenate([getattr(prediction, head) for head in self.heads], axis=-1)


class Predictor:
    """A trained network made fast.

    Parameters
    ----------
    network
        Any `networks.AudioNetwork`; stays as it is.
    normalisation
        Mean and standard deviation of its training spectrograms, log10(1 + magnitude).
    batch_size
        Clips computed at once; None is 4 on a CPU, where more no longer fit its cache, and 64 on a GPU.
    spectrogram
        Settings of the spectrograms that it hears.
    device
        Where to compute; None takes a GPU when there is one.

    Attributes
    ----------
    scheme
        One of `networks.SCHEMES`.
    training_mean
        Mean of the training spectrograms, the papers' value for hidden segments, log10(1 + magnitude).
    network
        Folded, on the device.
    fingerprint
        Digest, hexadecimal, of weights and normalisation.
    """

    def __init__(
        self,
        network: AudioNetwork,
        normalisation: tuple[float, float],
        *,
        batch_size: int | None = None,
        spectrogram: SpectrogramConfig = _DEFAULTS,
        device: str | torch.device | None = None,
    ) -> None:
        self.training_mean, self._std = normalisation
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.scheme, self.spectrogram = network.scheme, spectrogram
        self.batch_size = batch_size or (4 if self._device.type == "cpu" else 64)
        self.fingerprint = compute_digest(network.state_dict(), repr((self.training_mean, self._std)))
        self.network = fold_network(network, winograd=self._device.type == "cpu").to(self._device)
        self._heads = HEADS[network.scheme]

    @classmethod
    def from_trained(cls, trained: TrainedNetwork, **options: object) -> "Predictor":
        """Make a predictor of a trained network; options as for the class.

        Raises
        ------
        PredictorError
            If the network expects a spectrogram that this version does not know.
        """
        try:
            spectrogram = SpectrogramConfig(**trained.spectrogram)
        except (TypeError, SpectrogramError) as error:
            raise PredictorError(f"the network expects another kind of spectrogram: {error}") from error
        return cls(trained.network, trained.normalisation, **{"spectrogram": spectrogram, **options})

    @classmethod
    def load(cls, path: str | Path, **options: object) -> "Predictor":
        """Make a predictor of a network in a file, or of a released one by name (see `networks.load_network`)."""
        return cls.from_trained(load_network(path), **options)

    def predict(self, specs: np.ndarray | Sequence[np.ndarray]) -> Prediction:
        """Predict mid-level features and emotions of spectrograms of one length.

        Parameters
        ----------
        specs
            (n, n_frames, 149) raw spectrograms, a list of such arrays of one length, or a single (n_frames, 149).

        Returns
        -------
        Prediction
            One row per spectrogram.

        Raises
        ------
        PredictorError
            If the shape is wrong, or a value is NaN or infinite.
        """
        return self._predict(specs, self.network)

    def predict_places(self, specs: np.ndarray | Sequence[np.ndarray]) -> Prediction:
        """Predict what each place of the last maps says; the prediction is the mean over places.

        Parameters
        ----------
        specs
            As for `predict`.

        Returns
        -------
        Prediction
            (n, n_places, 7) and (n, n_places, 8), places in the order of `receptive.compute_fields`.

        Raises
        ------
        PredictorError
            As `predict`.
        """
        return self._predict(specs, self._read_places)

    def _read_places(self, x: torch.Tensor) -> Outputs:
        return self.network.read_out(self.network.backbone(x).flatten(2).transpose(1, 2))

    def _predict(self, specs: np.ndarray | Sequence[np.ndarray], network: _Network) -> Prediction:
        if isinstance(specs, np.ndarray) and specs.ndim == 2:
            specs = specs[None]
        if len({np.shape(spec) for spec in specs}) > 1:
            raise PredictorError("spectrograms predicted together must have one shape: cut windows first")
        batches = [specs[first : first + self.batch_size] for first in range(0, len(specs), self.batch_size)]
        if self._device.type == "cpu":
            # A batch on each core is faster than all cores on one batch, where each layer waits for the slowest core.
            workers = _build_workers(torch.get_num_threads())
            parts = list(workers.map(self._predict_batch, batches, repeat(network)))
        else:
            # TF32 would keep ten bits of each product, too few for 1e-5.
            with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
                parts = [self._predict_batch(batch, network) for batch in batches]
        return Prediction(*(self._join(parts, head) if head in self._heads else None for head in _NAMES))

    def _join(self, parts: list[Prediction], head: str) -> np.ndarray:
        nothing = np.empty((0, len(_NAMES[head])), np.float32)
        return np.concatenate([getattr(part, head) for part in parts]) if parts else nothing

    @torch.inference_mode()
    def _predict_batch(self, specs: np.ndarray | Sequence[np.ndarray], network: _Network) -> Prediction:
        x = torch.from_numpy(_checked(specs)).to(self._device).sub_(self.training_mean).div_(self._std)[:, None]
        outputs = network(x.contiguous(memory_format=torch.channels_last))
        return Prediction(*(None if head is None else head.cpu().numpy() for head in outputs))

    def predict_track(
        self, spec: np.ndarray, *, window_frames: int = WINDOW_FRAMES, hop_frames: int | None = None
    ) -> TrackPrediction:
        """Predict a track of any length window by window.

        Parameters
        ----------
        spec
            (n_frames, 149) raw spectrogram. One shorter than a window is looped.
        window_frames
            Length of a window, frames.
        hop_frames
            From one window to the next, frames; None is half a window. The last window ends with the track, so
            nothing is lost.

        Raises
        ------
        PredictorError
            If the spectrogram is empty or cannot be predicted, or a length is not positive.
        """
        hop = max(1, window_frames // 2) if hop_frames is None else hop_frames
        if np.ndim(spec) != 2 or len(spec) < 1 or window_frames < 1 or hop < 1:
            raise PredictorError(f"cannot cut {np.shape(spec)} into windows of {window_frames} frames every {hop}")
        starts = compute_window_starts(len(spec), window_frames=window_frames, hop_frames=hop)
        windows = self.predict([select_window(spec, start, n_frames=window_frames) for start in starts])
        means = (None if head is None else head.mean(axis=0) for head in windows)
        return TrackPrediction(*means, windows=windows, starts=np.array(starts) / self.spectrogram.fps)

    def outputs(self, which: str = "all") -> OutputFunction:
        """Give some outputs as one function of spectrograms.

        Parameters
        ----------
        which
            ``"midlevel"``, ``"emotion"`` or ``"all"`` that the scheme has.

        Raises
        ------
        PredictorError
            If the scheme does not have them.
        """
        heads = self._heads if which == "all" else (which,)
        if not set(heads) <= set(self._heads):
            raise PredictorError(
                f"a network of the scheme {self.scheme} has no {which!r}, only {', '.join(self._heads)}"
            )
        return OutputFunction(self, heads)


@lru_cache
def _build_workers(n: int) -> ThreadPoolExecutor:
    """Start ``n`` threads that each compute on one core, whatever the number of the caller's threads is."""
    before = torch.get_num_threads()
    workers = ThreadPoolExecutor(n, thread_name_prefix="predictor", initializer=_use_one_core)
    barrier = Barrier(n)
    list(workers.map(lambda _: barrier.wait(), range(n)))  # all of them have started
    torch.set_num_threads(before)  # their own number is what threads to come would have inherited
    return workers


def _use_one_core() -> None:
    torch.get_num_threads()  # the first call in a thread sets its number to the default
    torch.set_num_threads(1)


def _checked(specs: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """Copy a batch to float32; the caller's array may be read-only and must stay as it is."""
    batch = np.array(specs, dtype=np.float32)
    if batch.ndim != 3 or batch.shape[2] != BANDS:
        raise PredictorError(f"expected spectrograms of shape (n, n_frames, {BANDS}), got {batch.shape}")
    if batch.shape[1] < MIN_FRAMES:
        raise PredictorError(f"a prediction needs at least {MIN_FRAMES} frames, got {batch.shape[1]}: loop the clip")
    if not np.isfinite(batch).all():
        raise PredictorError("spectrograms to predict must not hold NaN or infinite values")
    return batch
