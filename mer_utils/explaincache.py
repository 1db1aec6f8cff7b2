"""The explanations of a run: at the size and in the way of its profile, each computed once and kept in the cache.

Public names: ``explain_window``, ``load_window``, ``select_method``.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .explain import build_options, explain_spectrogram
from .explanation import (
    VERSION,
    ExplainError,
    Explanation,
    compute_sound_fingerprint,
    load_explanation,
    save_explanation,
)
from .paths import CACHE
from .profiles import Profile, get_profile
from .sampling import PAPER_OPTIONS
from .segments import compute_segments

_FOLDER = CACHE / "explanations"


def explain_window(
    predict: Callable[[np.ndarray], np.ndarray],
    spec: np.ndarray,
    *,
    profile: str | Profile,
    method: str | None = None,
    cut: Mapping[str, Any] | None = None,
    folder: Path = _FOLDER,
    **options: Any,
) -> Explanation:
    """Explain a spectrogram as a profile does, or give the explanation that was computed before.

    ``"paper"`` takes 50 000 samples and the choices of 2019, the others fewer samples and this companion's own
    defaults; ``"smoke"`` cuts the sound into a grid of 60 segments.

    Parameters
    ----------
    predict
        Outputs of a predictor (`Predictor.outputs`).
    spec
        (n_frames, 149) log10(1 + magnitude).
    profile
        One of `profiles.PROFILES`.
    method
        How to cut the sound up (`segments.METHODS`); None is the profile's way.
    cut
        Options of that method.
    folder
        Where explanations are kept. One that somebody stopped is not.
    options
        Of `explain.explain_spectrogram`, beside those of the profile.

    Raises
    ------
    ExplainError, SegmentError
        As `explain.explain_spectrogram` and `segments.compute_segments`.
    """
    request = _build_request(predict, spec, profile=profile, method=method, cut=cut, **options)
    path = folder / request.name
    try:
        return load_explanation(path)
    except ExplainError:  # not there, or of another version
        segments = compute_segments(spec, method=request.method, **(cut or {}))
        explanation = explain_spectrogram(predict, spec, segments, **request.options)
    if explanation.complete:
        save_explanation(path, explanation)
    return explanation


def load_window(
    predict: Callable[[np.ndarray], np.ndarray], spec: np.ndarray, *, folder: Path = _FOLDER, **choices: Any
) -> Explanation | None:
    """Load what `explain_window` gives for the same arguments if it lies there, without asking the predictor."""
    try:
        return load_explanation(folder / _build_request(predict, spec, **choices).name)
    except ExplainError:
        return None


class _Request(NamedTuple):
    """What is to be explained in which way: the file that holds it, how to cut, and options of the explanation."""

    name: str
    method: str
    options: dict[str, Any]


def _build_request(
    predict: Callable,
    spec: np.ndarray,
    *,
    profile: str | Profile,
    method: str | None = None,
    cut: Mapping[str, Any] | None = None,
    **options: Any,
) -> _Request:
    profile = get_profile(profile)
    method = method or select_method(profile)
    chosen = {"n_samples": profile.n_samples, **(PAPER_OPTIONS if profile.name == "paper" else {})}
    named = f"{method}, {json.dumps(dict(cut), sort_keys=True)}" if cut else method
    chosen |= {"segmentation": named, "progress": True} | options
    return _Request(f"{_build_key(predict, spec, chosen)}.safetensors", method, chosen)


def select_method(profile: str | Profile) -> str:
    """Select how a profile cuts a sound up, one of `segments.METHODS`."""
    return "grid" if get_profile(profile).name == "smoke" else "felzenszwalb"


def _build_key(predict: Callable, spec: np.ndarray, options: dict[str, Any]) -> str:
    rest = {name: value for name, value in options.items() if name != "n_samples"}
    decisive = {"n_samples": options["n_samples"]} | vars(build_options(rest))
    decisive = {name: value for name, value in decisive.items() if name not in ("progress", "expected")}
    decisive |= {"version": VERSION, "sound": compute_sound_fingerprint(spec), "network": predict.fingerprint}
    text = json.dumps(decisive, sort_keys=True, default=lambda array: np.asarray(array).tolist())
    return hashlib.sha256(text.encode()).hexdigest()[:24]
