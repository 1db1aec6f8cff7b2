"""Asking a predictor about one spectrogram with some of its segments hidden, and not taking any answer.

Public names: ``Probe``, ``Predict``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .explanation import ExplainError
from .masks import hide_segments
from .receptive import compute_visible

#: Any function from raw spectrograms (n, n_frames, 149) to outputs (n, n_outputs).
Predict = Callable[[np.ndarray], np.ndarray]
_TOLERANCE = 1e-5  # unit scale: how well a predictor keeps to its word, whatever else is in the batch


class Probe:
    """A predictor before one spectrogram.

    Parameters
    ----------
    predict
        Any callable; one that also has ``places`` and ``fields``, as `predictor.OutputFunction` has, can be asked by
        place.
    spec, segments, hidden
        (n_frames, 149) each: the spectrogram, labels 0 to n - 1, and what stands where a segment is hidden.

    Attributes
    ----------
    prediction
        (n_outputs,) what the predictor says with everything on.
    names
        One name per output.

    Raises
    ------
    ExplainError
        If the answer has another shape than one row per spectrogram, or is no number.
    """

    def __init__(
        self,
        predict: Predict,
        spec: np.ndarray,
        segments: np.ndarray,
        hidden: np.ndarray,
        *,
        names: Sequence[str] | None = None,
    ) -> None:
        self._predict, self._spec, self._segments, self._hidden = predict, spec, segments, hidden
        self.n_segments = int(segments.max()) + 1
        self.prediction = self._ask_whole()
        self.names = tuple(names or getattr(predict, "names", None) or _number(len(self.prediction)))
        if len(self.names) != len(self.prediction):
            raise ExplainError(f"{len(self.names)} names for {len(self.prediction)} outputs: {', '.join(self.names)}")

    @property
    def has_places(self) -> bool:
        """Whether the predictor can be asked by place."""
        return hasattr(self._predict, "places") and hasattr(self._predict, "fields")

    def compute_visible(self) -> np.ndarray:
        """Compute which segments each place of the predictor sees: (n_places, n_segments) bool."""
        return compute_visible(self._predict.fields(len(self._spec)), self._segments)

    def ask(self, masks: np.ndarray) -> np.ndarray:
        """Ask for the outputs (n, n_outputs) under masks (n, n_segments)."""
        return self._ask(hide_segments(self._spec, self._hidden, self._segments, masks))

    def ask_places(self, masks: np.ndarray) -> np.ndarray:
        """Ask what each place says, (n, n_places, n_outputs), under masks (n, n_segments)."""
        places = np.asarray(self._predict.places(hide_segments(self._spec, self._hidden, self._segments, masks)))
        if places.ndim != 3 or (len(places), places.shape[2]) != (len(masks), len(self.names)):
            wanted = f"({len(masks)}, n_places, {len(self.names)})"
            raise ExplainError(f"the places of this predictor are {places.shape}, not {wanted}: fit 'least squares'")
        _check_finite(places)
        return places

    def check_places(self, n_places: int) -> None:
        """Make sure that the mean over places is the prediction.

        Raises
        ------
        ExplainError
            If there are not ``n_places`` of them, or their mean is another.
        """
        places = self.ask_places(np.ones((1, self.n_segments), bool))[0]
        if len(places) != n_places:
            raise ExplainError(f"{len(places)} places of this predictor have {n_places} fields: fit 'least squares'")
        if not _agree(places.mean(axis=0), self.prediction).all():
            raise ExplainError("the prediction is not the mean over its places: fit 'least squares'")

    def check_constancy(self, expected: Any = None) -> None:
        """Make sure that the predictor still says what it said at first, and that this is what was expected.

        Parameters
        ----------
        expected
            (n_outputs,) the prediction that the reader was shown; None to compare with the first answer.

        Raises
        ------
        ExplainError
            If the two differ by more than 1e-5 of the unit scale.
        """
        shown = self.prediction if expected is None else np.ravel(expected)
        if shown.shape != self.prediction.shape:
            raise ExplainError(f"{len(shown)} values are expected of {len(self.prediction)} outputs")
        now = self._ask_whole() if expected is None else self.prediction
        worst = int(np.argmax(np.abs(now - shown)))
        if not _agree(now, shown).all():
            words = "the predictor changed its mind" if expected is None else "another prediction was shown"
            raise ExplainError(f"{words}: {self.names[worst]} is {now[worst]:.6f} and not {shown[worst]:.6f}")

    def _ask_whole(self) -> np.ndarray:
        return self._ask(self._spec[None].copy())[0]  # a predictor may work in place

    def _ask(self, specs: np.ndarray) -> np.ndarray:
        outputs = np.asarray(self._predict(specs))
        n_outputs = len(self.prediction) if hasattr(self, "prediction") else outputs.shape[-1:]
        if outputs.ndim != 2 or not outputs.shape[1] or outputs.shape != (len(specs), *np.atleast_1d(n_outputs)):
            wanted = f"({len(specs)}, n_outputs)"
            raise ExplainError(f"a predictor of {len(specs)} spectrograms gives {wanted}, not {outputs.shape}")
        _check_finite(outputs)
        return outputs


def _agree(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    return np.abs(now - before) <= _TOLERANCE * max(1.0, np.abs(before).max())


def _check_finite(outputs: np.ndarray) -> None:
    if not np.isfinite(outputs).all():
        raise ExplainError("the predictor gave NaN or infinity")


def _number(n_outputs: int) -> list[str]:
    return [f"output {number}" for number in range(n_outputs)]
