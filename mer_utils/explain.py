"""LIME for spectrograms: which segments move which output, for all outputs from one set of predictions.

Segments are switched off at random, the predictor is asked, and a linear surrogate is fitted to its answers (Ribeiro,
Singh & Guestrin 2016; for this kind of net Haunschmid, Chowdhury & Widmer, ML4MD@ICML 2019).

Public names: ``explain_spectrogram``, ``select_segments``, ``ExplainOptions``, ``PAPER_OPTIONS``, ``ExplainError``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from typing import Any

import numpy as np
from tqdm import tqdm

from .explanation import VERSION, ExplainError, Explanation, Samples, compute_sound_fingerprint
from .masks import BLOCK, build_hidden, check_design, draw_masks
from .places import PlaceSquares
from .probing import Predict, Probe
from .samplesize import find_sample_size
from .sampling import PAPER_OPTIONS, ExplainOptions, Sampler
from .selection import compute_two_sided, select_segments
from .surrogate import LeastSquares, compute_errors, compute_kernel, compute_r2

__all__ = ["PAPER_OPTIONS", "ExplainError", "ExplainOptions", "explain_spectrogram", "select_segments"]

_LOOKS = 6  # doublings before the last sample at which the weights are written down


def explain_spectrogram(
    predict: Predict, spec: np.ndarray, segments: np.ndarray, *, n_samples: int | str = 50_000, **options: Any
) -> Explanation:
    """Explain all outputs of a predictor for one spectrogram by its segments.

    Stopping it (Ctrl-C) gives the explanation by the samples taken so far, labelled as not ``complete``; only while
    ``"auto"`` looks for the number of samples there is nothing to give yet.

    Parameters
    ----------
    predict
        Any callable from raw spectrograms (n, n_frames, 149) to (n, n_outputs). `Predictor.outputs` gives one that
        knows its names, its training mean and its places.
    spec
        (n_frames, 149) log10(1 + magnitude).
    segments
        (n_frames, 149) labels 0 to n - 1 without gaps, as `segments.compute_segments` gives them.
    n_samples
        Perturbed spectrograms, rounded up to whole pairs; 50 000 in the papers. ``"auto"`` looks for the number at
        which two independent halves agree (`samplesize.find_sample_size`), then explains with that many fresh ones.
    options
        The fields of `ExplainOptions`; ``**PAPER_OPTIONS`` is the method of 2019. By default nine of ten segments
        stay on, not five, and a network with places is fitted place by place.

    Returns
    -------
    Explanation
        The same for the same input and seed.

    Raises
    ------
    ExplainError
        For bad input or options, fewer samples than it takes to tell the segments apart, or a predictor that gives
        NaN, the wrong shape, another value than expected, or another one when asked again.
    KeyboardInterrupt
        If somebody stopped it before there were enough samples to fit anything.
    """
    chosen = build_options(options)
    spec, segments = _checked(spec, segments)
    mean = float(getattr(predict, "training_mean", np.nan))
    hide = chosen.hide if chosen.hide is not None else ("training_mean" if np.isfinite(mean) else "silence")
    hidden = build_hidden(spec, segments, hide, training_mean=mean)
    probe = Probe(predict, spec, segments, hidden, names=chosen.output_names)
    if chosen.expected is not None:
        probe.check_constancy(chosen.expected)
    sampler = Sampler(probe, chosen)
    config = {"fit": "places" if sampler.by_place else "least squares", "segmentation": chosen.segmentation}
    config |= {"kernel_width": chosen.kernel_width, "ridge": chosen.ridge, "version": VERSION}
    if n_samples == "auto":
        with _counting(chosen.progress) as looking:
            n_samples, config["looks"] = find_sample_size(sampler, report=looking)
    n_samples = _settle_size(sampler, n_samples)
    with _counting(chosen.progress, total=n_samples + chosen.n_holdout) as explaining:
        record = _explain(sampler, n_samples, explaining)
    probe.check_constancy()
    return Explanation(
        **record | {"config": config | record["config"]},
        prediction=probe.prediction.astype(np.float64),
        segments=segments,
        spec=spec,
        start=float(chosen.start),
        fps=float(chosen.fps),
        hide=hide if hide == "segment_mean" else float(hidden.flat[0]),
        keep_prob=chosen.keep_prob,
        design="given" if chosen.masks is not None else chosen.design,
        output_names=probe.names,
        seed=chosen.seed,
        sound=compute_sound_fingerprint(spec),
        network=getattr(predict, "fingerprint", ""),
    )


@contextmanager
def _counting(shown: bool | Callable[[int, int], object], *, total: int | None = None) -> Iterator[Callable]:
    """Give what is called with the number of predictions made since, and tells all of them to a bar or a function."""
    if not callable(shown):
        with tqdm(unit=" predictions", desc="explain", disable=not shown, total=total) as bar:
            yield bar.update
        return
    done = 0

    def report(n: int) -> None:
        nonlocal done
        done += n
        shown(done, total or 0)

    yield report


def build_options(options: dict[str, Any]) -> ExplainOptions:
    """Check the options of `explain_spectrogram`; the seed becomes plain, and masks decide the probability."""
    known = [f.name for f in fields(ExplainOptions)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ExplainError(f"unknown option {', '.join(unknown)}; there are: {', '.join(known)}")
    chosen = ExplainOptions(**options)
    check_design(chosen.design, chosen.keep_prob)
    if chosen.n_holdout < 2 or chosen.ridge < 0 or (chosen.kernel_width is not None and chosen.kernel_width <= 0):
        raise ExplainError("n_holdout is at least 2, ridge at least 0, and a kernel has a width above 0 or is None")
    if isinstance(chosen.output_names, str):
        raise ExplainError(f"names of outputs are a list of texts, not the text {chosen.output_names!r}")
    if not isinstance(chosen.seed, int | np.integer) or chosen.seed < 0:
        raise ExplainError(f"a seed is a whole number of 0 or more, not {chosen.seed!r}")
    if not isinstance(chosen.start, int | float | np.number) or not np.isfinite(chosen.start):
        raise ExplainError(f"a spectrogram starts at a number of seconds, not {chosen.start!r}")
    if chosen.masks is None:
        return replace(chosen, seed=int(chosen.seed))
    masks = np.asarray(chosen.masks)
    if masks.ndim != 2 or masks.dtype != bool:
        raise ExplainError(f"masks are (n, n_segments) bool, not {masks.shape} {masks.dtype}")
    if masks.all() or not masks.any():
        raise ExplainError("these masks hide nothing or all: a weight needs both")
    return replace(chosen, seed=int(chosen.seed), masks=masks, keep_prob=float(masks.mean()))


def _checked(spec: np.ndarray, segments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    spec, segments = np.array(spec, np.float32), np.array(segments)
    if spec.ndim != 2 or spec.shape != segments.shape:
        raise ExplainError(f"segments {segments.shape} and spectrogram {spec.shape} must have the same cells")
    if not np.isfinite(spec).all():
        raise ExplainError("a spectrogram to explain must not hold NaN or infinite values")
    if not spec.any():
        raise ExplainError("the spectrogram is silent: there is nothing to explain")
    labels = np.unique(segments)
    if not np.issubdtype(segments.dtype, np.integer) or labels[0] != 0 or labels[-1] != len(labels) - 1:
        raise ExplainError("segments are whole numbers from 0 to n - 1 without gaps")
    return spec, segments.astype(np.int32)


def _settle_size(sampler: Sampler, n_samples: int | str) -> int:
    masks = sampler.options.masks
    if masks is not None:
        if masks.shape[1] != sampler.probe.n_segments:
            raise ExplainError(f"masks are (n, {sampler.probe.n_segments}) bool, not {masks.shape}")
        n_samples = len(masks)
    if not isinstance(n_samples, int | np.integer):
        raise ExplainError(f"n_samples is a whole number or 'auto', not {n_samples!r}")
    if n_samples < sampler.fewest:
        raise ExplainError(
            f"{n_samples} samples are too few for {sampler.probe.n_segments} segments: take at least {sampler.fewest}"
        )
    return int(n_samples) + (int(n_samples) % 2 if sampler.pairs else 0)


def _explain(sampler: Sampler, n_samples: int, report: Callable[[int], object]) -> dict[str, Any]:
    """Draw, ask and fit: all fields of an explanation that come from samples."""
    holdout = _take_holdout(sampler, report)
    sums, looks, taken = sampler.build_sums(), {}, []
    wanted = [n_samples >> k for k in range(_LOOKS, 0, -1) if n_samples >> k >= sampler.fewest]
    try:
        for masks in _draw(sampler, n_samples):
            sampler.take(masks, sums, taken)
            report(len(masks))
            if wanted and sums.n >= wanted[0]:
                wanted = [n for n in wanted if n > sums.n]
                with suppress(ExplainError):  # too few yet
                    looks[sums.n] = sums.fit().weights.astype(np.float32)
    except KeyboardInterrupt:
        try:
            sums.fit()
        except ExplainError as error:
            raise KeyboardInterrupt(f"stopped: {error}") from None
    bits, outputs = (np.concatenate([getattr(part, name) for part in taken]) for name in ("bits", "outputs"))
    samples = Samples(bits, sampler.probe.n_segments, outputs)
    return _assess(sampler, sums, samples, holdout) | {
        "looks": looks,
        "n_samples": len(samples),
        "complete": len(samples) == n_samples,
    }


def _draw(sampler: Sampler, n_samples: int) -> Iterator[np.ndarray]:
    given = sampler.options.masks
    for first in range(0, n_samples, BLOCK):
        size = min(BLOCK, n_samples - first)
        yield sampler.draw(first // BLOCK, stream=0)[:size] if given is None else given[first : first + size]


def _take_holdout(sampler: Sampler, report: Callable[[int], object]) -> Samples:
    """Ask under masks, each independent of all others, on which nothing is fitted."""
    n, options = sampler.options.n_holdout, sampler.options
    seed, n_segments = (options.seed, 1), sampler.probe.n_segments
    masks = draw_masks(n + 1, n_segments, design="bernoulli", keep_prob=options.keep_prob, seed=seed)[1:]
    outputs = []
    for first in range(0, len(masks), BLOCK):
        outputs.append(sampler.probe.ask(masks[first : first + BLOCK]))
        report(len(outputs[-1]))
    return Samples.pack(masks, np.concatenate(outputs))


def _assess(sampler: Sampler, sums: LeastSquares | PlaceSquares, samples: Samples, holdout: Samples) -> dict[str, Any]:
    """Fit, and find out how far the fit can be trusted."""
    options, fit, masks = sampler.options, sums.fit(), samples.masks
    n_fitted = len(masks) - sampler.probe.n_segments - 1
    if sampler.by_place:
        robust, dof = sums.compute_errors(options.keep_prob)
        std, n_fitted = robust, dof
    else:
        choices = {"kernel_width": options.kernel_width, "pairs": sampler.pairs}
        std, robust = compute_errors(fit, masks, samples.outputs, **choices)
        dof = len(masks) // (1 + sampler.pairs) - sampler.probe.n_segments - 1
    fitted = fit(holdout.masks)
    return {
        "weights": fit.weights,
        "intercept": fit.intercept,
        "std_errors": std,
        "robust_errors": robust,
        "p_values": compute_two_sided(fit.weights, std, n_fitted),
        "r2": compute_r2(samples.outputs, fit(masks), compute_kernel(masks, options.kernel_width)),
        "r2_holdout": compute_r2(holdout.outputs, fitted),
        "local_prediction": fit.intercept + fit.weights.sum(axis=0),
        "samples": samples,
        "holdout": holdout,
        "holdout_fitted": fitted,
        "config": {"dof": float(dof)},
    }
