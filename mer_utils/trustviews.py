"""What the stored tables of trust say, as small tables and in sentences made from the numbers.

Public names: ``build_stability_table``, ``build_choice_table``, ``build_convergence_table``, ``compute_saving``,
``describe_convergence``, ``describe_gains``, ``describe_randomised``, ``describe_causes``, ``compute_own_share``,
``describe_leakage``, ``build_findings``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .explanation import Explanation
from .stability import compute_stability

if TYPE_CHECKING:
    import pandas as pd

_FITS = {
    "papers": "as in 2019",
    "places": "place by place",
    "places, nine of ten on": "place by place, nine of ten on",
}


def build_stability_table(runs: Sequence[Explanation], stored: "pd.DataFrame") -> "pd.DataFrame":
    """Put the agreement of some runs on one clip beside the stored one over clips.

    Parameters
    ----------
    runs
        Two or more explanations of one clip with other seeds.
    stored
        The table ``"stability"`` of `trusttables`.

    Returns
    -------
    pandas.DataFrame
        One row per output: mean Jaccard index of the thirty largest weights in these runs, what their standard errors
        predict for it, what chance gives, and the index of the stored runs.
    """
    import pandas as pd

    own = compute_stability(runs)
    columns = {
        f"this clip, {len(runs)} runs": own["top_jaccard"],
        "as its errors predict": own["expected_jaccard"],
        "by chance": own["chance_jaccard"],
        f"{stored['track'].nunique()} other clips": stored.groupby("output", sort=False)["top_jaccard"].mean(),
    }
    return pd.concat(columns, axis=1)


def build_choice_table(stored: "pd.DataFrame") -> "pd.DataFrame":
    """Tabulate by choice: mean number of segments, mean R² on fresh masks, share of explanations not distrusted.

    Parameters
    ----------
    stored
        The table ``"choices"`` of `trusttables`.
    """
    named = stored.assign(trusted=stored["verdict"] != "do not trust")
    table = named.groupby("choice", sort=False)[["n_segments", "r2_holdout", "trusted"]].mean()
    return table.set_axis(["segments", "R² on fresh masks", "share not distrusted"], axis=1)


def build_convergence_table(runs: "pd.DataFrame") -> "pd.DataFrame":
    """Tabulate the top-30 Jaccard index by number of samples and by fit; ``runs`` as in `compute_saving`."""
    return runs["top_jaccard"].unstack("fit").rename(columns=_FITS)[list(_FITS.values())]


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
    import pandas as pd

    places = runs.loc["places", measure]
    needed = np.interp(
        runs.loc["papers", measure], np.maximum.accumulate(places), np.log(places.index), left=np.nan, right=np.nan
    )
    return pd.Series(np.exp(needed), runs.loc["papers"].index, name="places")


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
    near = runs.loc["places, nine of ten on", "with_papers"].iloc[-1]
    return (
        f"{'; '.join(said)}. The means of both over seeds correlate at {last['with_papers']:.3f}; with nine of ten "
        f"segments on, another question, they correlate with these at {near:.2f}."
    )


def describe_gains(gains: "Mapping[str, pd.DataFrame]", *, n_tracks: int) -> str:
    """Say for which features deletion beats random orders, over many clips of the released net.

    Parameters
    ----------
    gains
        ``"gain"`` and ``"symmetric_gain"``, each as `faithfulness.compute_faithfulness_intervals` gives it.
    n_tracks
        Clips that they were computed from.
    """
    one, both = gains["gain"], gains["symmetric_gain"]
    sure = one.index[one["low"] > 0]
    rest = one.index.difference(sure, sort=False)
    failing = f"; not so for {', '.join(rest)}" if len(rest) else ""
    worst = one["mean"].idxmin()
    return (
        f"Over {n_tracks} other clips, with the released net, deletion beats random orders for {len(sure)} of "
        f"{len(one)} features{failing}. The smallest mean gain is {one.loc[worst, 'mean']:.3f} "
        f"[{one.loc[worst, 'low']:.3f}, {one.loc[worst, 'high']:.3f}], of {worst}; the symmetric gain (least first "
        f"minus most first) is {both['mean'].min():.3f} or more."
    )


def describe_randomised(check: "pd.DataFrame") -> str:
    """Say how far explanations of random nets resemble that of the trained one; from `compute_randomisation_check`."""
    return (
        f"Explanations of nets with random weights resemble that of the released one by rank correlations of "
        f"{check['size'].mean():.2f} "
        f"and of {check['size_partial'].mean():.2f} once sizes and energies of segments are taken out."
    )


def describe_causes(caused: "pd.DataFrame") -> str:
    """Say how well segments fall where the cause is.

    Parameters
    ----------
    caused
        The table ``"causes"`` of `trusttables`.
    """
    areas = caused.groupby(["feature", "explainer"])["auroc"].mean().unstack()
    lime = areas["LIME"].sort_values(ascending=False)
    said = ", ".join(f"{feature} {area:.2f}" for feature, area in lime.items())
    others = ", ".join(f"{name} {areas[name].mean():.2f}" for name in areas.columns.drop("LIME"))
    rows = caused[caused["explainer"] == "LIME"]
    return (
        f"How often a segment with the cause outweighs one without (a coin: 0.50), in {len(rows)} clips: {said}. "
        f"Mean: LIME {lime.mean():.2f}, {others}. Of as many largest weights as segments have the cause, "
        f"{rows['precision'].mean():.0%} do have it; by chance {rows['chance'].mean():.0%}."
    )


def compute_own_share(leakage: "pd.DataFrame") -> float:
    """Compute which share, 0-1, of all movement of outputs lies on the diagonal: of their own causes."""
    sizes = leakage.abs().to_numpy()
    return float(np.trace(sizes) / np.nansum(sizes))


def describe_leakage(nets: "pd.DataFrame") -> str:
    """Say which outputs are moved most by their own cause.

    Parameters
    ----------
    nets
        The table ``"leakage"`` of `trusttables`, indexed by ``net`` and ``cause``.
    """
    leakage = nets.loc["released"]
    strongest = leakage.abs().idxmax()
    own = [output for output, cause in strongest.items() if output == cause]
    stolen = [f"{output} ({strongest[output]})" for output in strongest.index.difference(own, sort=False)]
    others = f" Others answer more to another cause: {', '.join(stolen)}." if stolen else ""
    shares = {name: compute_own_share(nets.loc[name]) for name in nets.index.unique("net")}
    rest = ", ".join(f"{name} {share:.0%}" for name, share in shares.items() if name != "released")
    return (
        f"Moved most by their own cause: {', '.join(own) or 'none'}.{others} Of all movement {shares['released']:.0%} "
        f"is by an output's own cause; in nets of the recipe of `quick`: {rest}."
    )


def build_findings(
    headline: Mapping[str, float], *, choices: "pd.DataFrame", gains: "pd.DataFrame"
) -> tuple[str, ...]:
    """Say what notebook 05 found.

    Parameters
    ----------
    headline
        Its numbers: ``R2``, ``Jaccard``, ``beep``, ``planted``, ``caused``.
    choices
        As `build_choice_table` gives it.
    gains
        Of deletion, as `faithfulness.compute_faithfulness_intervals` gives them.
    """
    half, here = (choices.loc[name, "R² on fresh masks"] for name in ("half of it on", "as here"))
    return (
        f"Weights tell {headline['R2']:.0%} of what the net says of one clip under fresh masks (median of features), "
        f"and two runs share their largest with a Jaccard index of {headline['Jaccard']:.2f}. On stored clips it is "
        f"{here:.0%}, and {half:.0%} if half of the segments are hidden, as in 2019.",
        f"They are true of the net: planted predictors are found (area {headline['planted']:.2f} or more), deletion "
        f"beats random orders for {(gains['low'] > 0).sum()} of {len(gains)} features, and the beep takes "
        f"{headline['beep']:.0%} of the largest weights.",
        f"Of the music they are as true as the net is: segments with a known cause outweigh others with an area of "
        f"{headline['caused']:.2f}, where a coin has 0.50.",
    )
