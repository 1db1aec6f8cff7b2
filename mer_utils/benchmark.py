"""A benchmark for explainers of any kind: planted predictors, and known causes in generated music.

Two explainers to compare with are at hand: one hides a segment at a time (Zeiler & Fergus, 2014), the other looks at
the sound alone, which no explainer should fail to beat.

Public names: ``TARGETS``, ``explain_by_occlusion``, ``explain_by_energy``, ``compute_benchmark``.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .planted import KINDS, Explainer, compute_planted_scores

if TYPE_CHECKING:
    import pandas as pd

    from .causes import Case

#: Area under the ROC curve that an explainer should reach on planted predictors.
TARGETS = {kind: 0.95 if kind == "box" else 0.9 for kind in KINDS}
_BATCH = 32


def explain_by_occlusion(
    predict: Callable[[np.ndarray], np.ndarray], spec: np.ndarray, segments: np.ndarray, *, hide: float | None = None
) -> np.ndarray:
    """Explain by what each output loses when one segment alone is hidden.

    Parameters
    ----------
    predict
        (n, n_frames, 149) -> (n, n_outputs).
    spec, segments
        (n_frames, 149) log10(1 + magnitude), and labels.
    hide
        What hidden cells hold, log10(1 + magnitude); None is the predictor's training mean where it knows one, as for
        LIME, and silence otherwise.

    Returns
    -------
    numpy.ndarray
        (n_segments, n_outputs).
    """
    hide = getattr(predict, "training_mean", 0.0) if hide is None else hide
    labels = np.arange(segments.max() + 1)
    batches = np.split(labels, range(_BATCH, len(labels), _BATCH))
    hidden = [predict(np.where(segments == batch[:, None, None], np.float32(hide), spec)) for batch in batches]
    return predict(spec[None]) - np.concatenate(hidden)


def explain_by_energy(
    predict: Callable[[np.ndarray], np.ndarray], spec: np.ndarray, segments: np.ndarray
) -> np.ndarray:
    """Weight every segment by the sum of its cells for any output: an explainer that knows nothing of the predictor.

    Parameters and return value as in `explain_by_occlusion`.
    """
    energy = np.bincount(segments.ravel(), spec.ravel())
    return np.repeat(energy[:, None], predict(spec[None]).shape[1], axis=1)


def compute_benchmark(
    explainer: Explainer,
    predict: Callable[[np.ndarray], np.ndarray],
    specs: Sequence[np.ndarray],
    cases: "Sequence[Case]",
    *,
    segment: Callable[[np.ndarray], np.ndarray] | None = None,
    seed: int = 0,
) -> "pd.DataFrame":
    """Score an explainer where the truth is known.

    Parameters
    ----------
    explainer
        ``(predict, spec, segments) -> weights`` (n_segments, n_outputs).
    predict
        Seven mid-level outputs, such as ``predictor.outputs("midlevel")``.
    specs
        Spectrograms (n_frames, 149) to plant predictors in.
    cases
        Known causes, `causes.build_cases` of tracks that the network was not trained on.
    segment
        Spectrogram -> labels; None is `segments.compute_segments`.
    seed
        Of the boxes.

    Returns
    -------
    pandas.DataFrame
        One row per test, ``("planted", kind)`` or ``("cause", feature)``: ``n``, the clips that could be
        scored; means of ``auroc`` and ``precision``
        beside ``chance``, the precision of a lottery; ``target`` of the area; and for causes, where weights count with
        their sign, ``auroc_size``, ``heard`` and ``movement`` as in `causescores.compute_cause_scores`.
    """
    import pandas as pd

    from .causescores import compute_cause_scores

    planted = compute_planted_scores(explainer, specs, segment=segment, seed=seed)
    caused = compute_cause_scores(explainer, predict, cases, segment=segment)
    tables = {}
    for test, rows in {"planted": planted, "cause": caused}.items():
        groups = rows.groupby(level=0, sort=False)
        tables[test] = groups.mean().assign(n=groups["auroc"].count())
    table = pd.concat(tables, names=["test", "of"])
    table["target"] = table.index.get_level_values("of").map(TARGETS)
    return table[["n", "auroc", "target", "precision", "chance", "auroc_size", "heard", "movement"]]
