"""The record of an explanation: which segment of a spectrogram moves which output, and all that led to it.

An explanation is computed once, by `explain.explain_spectrogram`, and everything drawn, said or tested afterwards is
computed from this record, which one file holds.

Public names: ``Explanation``, ``Samples``, ``ExplainError``, ``save_explanation``, ``load_explanation``,
``compute_sound_fingerprint``, ``VERSION``.
"""

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

#: Raised whenever the same sound, network and options give another explanation.
VERSION = 1
_FORMAT = 1
_FLOATS = ("weights", "std_errors", "robust_errors", "p_values", "intercept", "r2", "r2_holdout", "prediction")
_FLOATS += ("local_prediction", "holdout_fitted")


class ExplainError(ValueError):
    """An explanation that cannot be computed, read or asked for."""


@dataclass(frozen=True, eq=False)
class Samples:
    """What a predictor said of a spectrogram with some of its segments hidden.

    Attributes
    ----------
    bits
        (n, ceil(n_segments / 8)) uint8: `masks` with eight segments in a byte.
    n_segments
        Number of segments.
    outputs
        (n, n_outputs) float32, unit scale.
    """

    bits: np.ndarray
    n_segments: int
    outputs: np.ndarray

    @classmethod
    def pack(cls, masks: np.ndarray, outputs: np.ndarray) -> "Samples":
        """Keep masks (n, n_segments), where True leaves a segment on, and the outputs (n, n_outputs) under them."""
        return cls(np.packbits(masks, axis=1), masks.shape[1], np.asarray(outputs, np.float32))

    @property
    def masks(self) -> np.ndarray:
        """(n, n_segments) bool: which segments were left on."""
        return np.unpackbits(self.bits, axis=1, count=self.n_segments).astype(bool)

    def __len__(self) -> int:
        return len(self.outputs)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Weights of the segments of one spectrogram for some outputs, with what tells how far they can be trusted.

    Outputs are on the unit scale, rating / 10. A weight is what switching its segment from hidden to on adds to an
    output, on average over the masks that were drawn; "segment" means one label of ``segments``.

    Attributes
    ----------
    weights
        (n_segments, n_outputs).
    std_errors, p_values
        (n_segments, n_outputs): of weighted least squares where that is what was fitted, otherwise from
        ``robust_errors``; two-sided p of the weight being 0.
    robust_errors
        (n_segments, n_outputs) standard errors that allow for residuals of unequal size and for balanced designs.
    intercept
        (n_outputs,) what the surrogate says when all is hidden.
    r2, r2_holdout
        (n_outputs,) share of the outputs' variance over masks that the surrogate explains: weighted, on the masks it
        was fitted to, and plain, on masks that it never saw.
    prediction, local_prediction
        (n_outputs,) what the predictor and the surrogate say with everything on.
    segments
        (n_frames, 149) int32 labels 0 to n_segments - 1.
    spec
        (n_frames, 149) float32 the spectrogram explained, log10(1 + magnitude).
    samples
        Masks and outputs of the fit, in the order drawn: a part from the start is what fewer samples had given.
    holdout
        Fresh masks, outside of the fit.
    holdout_fitted
        (n_holdout, n_outputs) what the surrogate says about the held-out masks.
    looks
        Weights (n_segments, n_outputs) by the number of samples, at doublings on the way to ``n_samples``.
    config
        How it was fitted, plain JSON values: ``fit`` ("least squares" or "places"), ``kernel_width`` or None,
        ``ridge``, ``segmentation``, ``version``, ``dof`` (degrees of freedom of the robust errors), and ``looks``
        where the number of samples was found by looking.
    start
        Where the spectrogram begins in its track, seconds.
    fps
        Frames per second.
    hide
        What hidden cells hold, log10(1 + magnitude), or the name of a rule.
    keep_prob
        Probability that a segment is on.
    design
        How masks were drawn, one of `masks.DESIGNS`.
    output_names
        Name of each output.
    n_samples
        Perturbed spectrograms in the fit; fewer than asked for if somebody stopped it (then ``complete`` is False).
    seed
        Seed of the masks.
    sound, network
        Fingerprints of the spectrogram and of the predictor; ``network`` is "" for a predictor that has none.
    complete
        Whether all samples asked for were taken.
    """

    weights: np.ndarray
    std_errors: np.ndarray
    robust_errors: np.ndarray
    p_values: np.ndarray
    intercept: np.ndarray
    r2: np.ndarray
    r2_holdout: np.ndarray
    prediction: np.ndarray
    local_prediction: np.ndarray
    segments: np.ndarray
    spec: np.ndarray
    samples: Samples
    holdout: Samples
    holdout_fitted: np.ndarray
    looks: dict[int, np.ndarray]
    config: dict[str, Any]
    start: float
    fps: float
    hide: float | str
    keep_prob: float
    design: str
    output_names: tuple[str, ...]
    n_samples: int
    seed: int
    sound: str
    network: str
    complete: bool = True

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return len(self.weights)

    @cached_property
    def sizes(self) -> np.ndarray:
        """(n_segments,) cells of each segment."""
        return np.bincount(self.segments.ravel(), minlength=self.n_segments)

    def index(self, output: str) -> int:
        """Column of an output by its name.

        Raises
        ------
        ExplainError
            If it was not explained; the message lists those that were.
        """
        if output not in self.output_names:
            raise ExplainError(f"nothing is known of {output!r}; explained were: {', '.join(self.output_names)}")
        return self.output_names.index(output)

    def check(self, *, spec: np.ndarray | None = None, network: str | None = None) -> None:
        """Make sure that this explanation belongs to a spectrogram, to a predictor's fingerprint, or to both.

        Raises
        ------
        ExplainError
            If it belongs to another one.
        """
        if spec is not None and compute_sound_fingerprint(spec) != self.sound:
            raise ExplainError("this explanation belongs to another sound: explain this one anew")
        if network is not None and network != self.network:
            raise ExplainError("this explanation belongs to another network: explain with this one anew")


def compute_sound_fingerprint(spec: np.ndarray) -> str:
    """Compute a digest, hexadecimal, of a spectrogram (n_frames, 149) as float32."""
    spec = np.ascontiguousarray(spec, np.float32)
    return hashlib.sha256(repr(spec.shape).encode() + spec.tobytes()).hexdigest()[:16]


def save_explanation(path: Path, explanation: Explanation) -> Path:
    """Write an explanation to one file at one stroke; the same explanation, the same bytes.

    Parameters
    ----------
    path
        File to write, by convention ``*.safetensors``; its folder is made.
    explanation
        Any.

    Returns
    -------
    pathlib.Path
        The file.
    """
    import torch

    from .checkpoints import write_tensors

    tensors = {name: np.asarray(getattr(explanation, name), np.float64) for name in _FLOATS}
    tensors |= {"segments": explanation.segments.astype(np.int32), "spec": explanation.spec.astype(np.float32)}
    for name in ("samples", "holdout"):
        kept = getattr(explanation, name)
        tensors |= {f"{name}.bits": kept.bits, f"{name}.outputs": kept.outputs}
    tensors |= {f"looks.{n}": weights.astype(np.float32) for n, weights in explanation.looks.items()}
    rest = {f.name for f in fields(Explanation)} - set(_FLOATS) - {"segments", "spec", "samples", "holdout", "looks"}
    header = {"format": _FORMAT, "explanation": {name: getattr(explanation, name) for name in sorted(rest)}}
    path = Path(path)
    write_tensors(path, {name: torch.from_numpy(array.copy()) for name, array in tensors.items()}, header=header)
    return path


def load_explanation(path: Path) -> Explanation:
    """Read what `save_explanation` wrote.

    Raises
    ------
    ExplainError
        If there is no such file, or it is damaged, or something else.
    """
    from .checkpoints import NetworkError, read_tensors

    try:
        tensors, header = read_tensors(Path(path))
        if header.get("format") != _FORMAT:
            raise ValueError(f"its format is {header.get('format')!r}, this version reads {_FORMAT}")
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        rest = header["explanation"]
        rest["output_names"] = tuple(rest["output_names"])
        n_segments = len(arrays["weights"])
        kept = {
            name: Samples(arrays.pop(f"{name}.bits"), n_segments, arrays.pop(f"{name}.outputs"))
            for name in ("samples", "holdout")
        }
        looks = {name: arrays.pop(name) for name in list(arrays) if name.startswith("looks.")}
        looks = {n: looks[f"looks.{n}"] for n in sorted(int(name.partition(".")[2]) for name in looks)}
        return Explanation(**arrays, **kept, looks=looks, **rest)
    except (NetworkError, KeyError, TypeError, ValueError) as error:
        reason = "no explanation" if isinstance(error, KeyError | TypeError) else error
        raise ExplainError(f"{path} holds no explanation of this version: {reason}") from error
