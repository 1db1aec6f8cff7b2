"""Explanations of predictors that are known: fitted by the surrogate itself, without any sampler around it."""

from dataclasses import replace

import numpy as np

from mer_utils.explanation import Explanation, Samples, compute_sound_fingerprint
from mer_utils.masks import draw_masks
from mer_utils.surrogate import LeastSquares, compute_errors, compute_kernel, compute_r2

SEGMENTS = np.kron(np.arange(60).reshape(12, 5), np.ones((4, 30), int))[:, :149].astype(np.int32)  # (48, 149)


def build_tiles(weights, *, bend=0.0):
    """Give a predictor that adds up the tiles that are on, (60, n_outputs) weights, and bends their sum."""
    weights = np.asarray(weights, float)

    def predict(specs):
        level = np.stack([specs[:, k == SEGMENTS].mean(axis=1) for k in range(60)], axis=1)
        total = level @ weights
        return total + bend * total**2

    return predict


def fit_explanation(outputs, *, n=400, seed=0, noise=0.0, n_holdout=200, **choices):
    """Explain a function from masks (n, 60) to outputs, which are blurred by noise, by ``n`` independent masks.

    Choices replace fields of the record; kernel_width and ridge are those of the fit.
    """
    options = {"kernel_width": choices.pop("kernel_width", None), "ridge": choices.pop("ridge", 0.0)}
    rng = np.random.default_rng([seed, 9])
    masks, fresh = (draw_masks(m, 60, design="bernoulli", seed=(seed, k)) for k, m in enumerate((n, n_holdout)))
    said, tested = (outputs(m) + noise * rng.normal(size=outputs(m).shape) for m in (masks, fresh))
    sums = LeastSquares(60, said.shape[1], **options)
    sums.add(masks, said)
    fit, on = sums.fit(), np.ones((1, 60))
    errors = compute_errors(fit, masks, said, kernel_width=options["kernel_width"], pairs=False)
    spec = np.ones(SEGMENTS.shape, np.float32)
    explanation = Explanation(
        weights=fit.weights, std_errors=errors[0], robust_errors=errors[1], p_values=np.ones_like(fit.weights),
        intercept=fit.intercept, r2=compute_r2(said, fit(masks), compute_kernel(masks, options["kernel_width"])),
        r2_holdout=compute_r2(tested, fit(fresh)), prediction=outputs(on)[0], local_prediction=fit(on)[0],
        segments=SEGMENTS, spec=spec, samples=Samples.pack(masks, said), holdout=Samples.pack(fresh, tested),
        holdout_fitted=fit(fresh), looks={}, config={"fit": "least squares", "dof": n - 61, **options}, start=0.0,
        fps=31.25, hide="silence", keep_prob=0.5, design="bernoulli", n_samples=n, seed=seed, network="",
        output_names=tuple(f"o{k}" for k in range(said.shape[1])), sound=compute_sound_fingerprint(spec),
    )  # fmt: skip
    return replace(explanation, **choices)
