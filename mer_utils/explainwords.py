"""Explanations, and what is known of how far they can be trusted, in sentences made from the numbers.

Public names: ``describe_strongest``, ``describe_quiet``, ``describe_convergence``, ``compute_saving``,
``describe_gains``, ``describe_randomised``, ``describe_causes``, ``compute_own_share``, ``describe_leakage``,
``describe_shortcut``.
"""

from typing import TYPE_CHECKING

import numpy as np

from .explanation import Explanation
from .segments import build_segment_table
from .selection import select_segments
from .spectrogram import compute_band_frequencies

if TYPE_CHECKING:
    import pandas as pd


def describe_strongest(explanation: Explanation, output: str) -> str:
    """Say where the segments lie that raise and lower an output most, and by how much.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs.
    """
    column = explanation.index(output)
    places = build_segment_table(explanation.segments, explanation.spec, fps=explanation.fps, start=explanation.start)
    words = []
    for verb, labels in zip(("raised", "lowered"), select_segments(explanation, output, rule="top"), strict=True):
        if len(labels):
            row, error = places.loc[labels[0]], 1.96 * explanation.robust_errors[labels[0], column]
            where = f"{row['start']:.1f}–{row['end']:.1f} s, {row['low']:.0f}–{row['high']:.0f} Hz"
            words.append(f"{verb} most by {where} ({explanation.weights[labels[0], column]:+.4f} ± {error:.4f})")
    heard = explanation.prediction[column]
    return f"*{output.capitalize()}* is {heard:.3f} (rating / 10): {', '.join(words) or 'no segment moves it'}."


def describe_quiet(explanation: Explanation, output: str) -> str:
    """Say how much of what was selected is quieter than what hides it: there, hiding adds sound.

    Parameters
    ----------
    explanation
        Whose hidden cells hold a value.
    output
        One of its outputs.
    """
    kept = np.concatenate(select_segments(explanation, output, rule="top"))
    chosen = np.isin(explanation.segments, kept)
    quiet = (explanation.spec[chosen] < explanation.hide).mean()
    return (
        f"{quiet:.0%} of the cells in colour (left) are quieter than the {explanation.hide:.2f} that hides them: "
        "there LIME asks what would happen if something sounded in a silence."
    )


def compute_saving(runs: "pd.DataFrame", *, measure: str = "top_jaccard") -> "pd.Series":
    """Compute how many samples place by place agree as well as each number of samples of 2019.

    Parameters
    ----------
    runs
        Mean of the table ``"convergence"`` of `trusttables` by ``fit`` and ``n``.
    measure
        Column of agreement.

    Returns
    -------
    pandas.Series
        Number of samples place by place, interpolated over log n, by that of 2019; NaN beyond what was tried.
    """
    places = runs.loc["places", measure]
    needed = np.interp(
        runs.loc["papers", measure], np.maximum.accumulate(places), np.log(places.index), left=np.nan, right=np.nan
    )
    return np.exp(runs.loc["papers", measure] * 0 + needed).rename("places")


def describe_convergence(runs: "pd.DataFrame") -> str:
    """Say what the samples of 2019 buy, and what it costs place by place; ``runs`` as in `compute_saving`."""
    papers, saving = runs.loc["papers", "top_jaccard"], compute_saving(runs)
    most = papers.index.max()
    said = [f"{most} samples in the way of 2019 let seeds agree on the thirty largest weights at {papers[most]:.2f}"]
    known = saving.dropna()
    if len(known):
        n = known.index.max()
        said.append(f"place by place {known[n]:.0f} agree as well as {n} there (Jaccard index {papers[n]:.2f})")
    last = runs.loc["places"].iloc[-1]
    return f"{'; '.join(said)}. Both ways find the same weights: their means correlate at {last['with_papers']:.3f}."


def describe_gains(gains: "pd.DataFrame") -> str:
    """Say for which features deletion beats random orders; ``gains`` of `compute_faithfulness_intervals`."""
    sure = gains.index[gains["low"] > 0]
    rest = gains.index.difference(sure, sort=False)
    failing = f"; not so for {', '.join(rest)}" if len(rest) else ""
    worst = gains["mean"].idxmin()
    return (
        f"Over thirty other clips and the released net, deletion beats random orders for {len(sure)} of {len(gains)} "
        f"features{failing}. The smallest mean gain is {gains.loc[worst, 'mean']:.3f} "
        f"[{gains.loc[worst, 'low']:.3f}, {gains.loc[worst, 'high']:.3f}], of {worst}."
    )


def describe_causes(areas: "pd.DataFrame") -> str:
    """Say how well segments fall where the cause is; ``areas`` under the ROC curve by feature and explainer."""
    lime = areas["LIME"].sort_values(ascending=False)
    others = ", ".join(f"{name} {areas[name].mean():.2f}" for name in areas.columns.drop("LIME"))
    said = ", ".join(f"{feature} {area:.2f}" for feature, area in lime.items())
    return (
        f"How often a segment with the cause outweighs one without, four clips per feature (a coin: 0.5): {said}. "
        f"Mean: LIME {lime.mean():.2f}, {others}."
    )


def describe_randomised(check: "pd.DataFrame") -> str:
    """Say how far explanations of random nets resemble that of the trained one; from `compute_randomisation_check`."""
    return (
        f"Explanations of ten nets with random weights resemble it by rank correlations of {check['size'].mean():.2f} "
        f"and of {check['size_partial'].mean():.2f} once sizes and energies of segments are taken out."
    )


def compute_own_share(leakage: "pd.DataFrame") -> float:
    """Compute which share, 0-1, of all movement of outputs lies on the diagonal: of their own causes."""
    sizes = leakage.abs().to_numpy()
    return float(np.trace(sizes) / np.nansum(sizes))


def describe_leakage(leakage: "pd.DataFrame") -> str:
    """Say which outputs are moved most by their own cause; ``leakage`` as `causescores.compute_leakage` gives it."""
    strongest = leakage.abs().idxmax()
    own = [output for output, cause in strongest.items() if output == cause]
    stolen = [f"{output} ({strongest[output]})" for output in strongest.index.difference(own, sort=False)]
    others = f" Others answer more to another cause: {', '.join(stolen)}." if stolen else ""
    share = f"{compute_own_share(leakage):.0%} of all movement is by an output's own cause"
    return f"Moved most by their own cause: {', '.join(own) or 'none'}.{others} {share}."


def describe_shortcut(scores: dict[str, float], rating: str, share: float, *, band: tuple[float, float]) -> str:
    """Say what a net's scores hide and its explanation shows.

    Parameters
    ----------
    scores
        Of the net of `shortcut.load_shortcut`: r by ``"<rating>, <version>"``.
    rating
        The feature that the shortcut betrays.
    share
        Share, 0-1, of the largest weights that lies in the band of the tone.
    band
        Where that is, Hz.
    """
    right, without, swapped = (scores[f"{rating}, {version}"] for version in ("as trained", "no tone", "swapped"))
    centres = compute_band_frequencies()
    area = ((band[0] <= centres) & (centres <= band[1])).mean()
    return (
        f"On clips like those of its training this net hears {rating} at r = {right:.2f}; without beeps at "
        f"{without:.2f}, and with beeps in the wrong clips at {swapped:.2f}. Of its ten largest weights {share:.0%} "
        f"lie between {band[0]:.0f} and {band[1]:.0f} Hz, where the beep is: {area:.0%} of the cells."
    )
