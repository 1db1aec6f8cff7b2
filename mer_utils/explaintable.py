"""The table of many explanations: how far each can be trusted, feature by feature.

Public names: ``build_track_rows``, ``build_verdict_table``, ``describe_verdicts``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .explanation import Explanation
from .selection import select_segments
from .trust import compute_fidelity

if TYPE_CHECKING:
    import pandas as pd

_VERDICTS = ("holds", "weak", "do not trust")


def build_track_rows(track: str, explanation: Explanation, *, rule: str = "bh") -> list[dict[str, Any]]:
    """Build the rows of one explanation, one for each output.

    Parameters
    ----------
    track
        What was explained.
    explanation
        Any.
    rule
        One of `selection.RULES`, by which segments count as significant.
    """
    card, rows = compute_fidelity(explanation), []
    about = {"start": explanation.start, "n_samples": explanation.n_samples, "n_segments": explanation.n_segments}
    for output, prediction in zip(explanation.output_names, explanation.prediction, strict=True):
        raises, lowers = select_segments(explanation, output, rule=rule)
        told = {"track": track, "feature": output, "prediction": prediction}
        told |= {name: card.loc[output, name] for name in ("r2_holdout", "verdict", "reason")}
        rows.append(
            told | {"significant": len(raises) + len(lowers), "raise": len(raises), "lower": len(lowers)} | about
        )
    return rows


def build_verdict_table(rows: Mapping[str, Sequence[dict[str, Any]]]) -> "pd.DataFrame":
    """Put the rows of tracks one below the other.

    Parameters
    ----------
    rows
        As `build_track_rows` gives them, by track.

    Returns
    -------
    pandas.DataFrame
        ``track``, ``feature``; ``prediction`` (unit scale); ``r2_holdout``, ``verdict`` and ``reason`` as in
        `trust.compute_fidelity`; ``significant``, how many segments are, of which ``raise`` and ``lower``; ``start``
        of the window, seconds; ``n_samples``, ``n_segments``.
    """
    import pandas as pd

    return pd.DataFrame([row for one in rows.values() for row in one])


def describe_verdicts(table: "pd.DataFrame") -> str:
    """Say for each feature how many explanations hold.

    Parameters
    ----------
    table
        As `build_verdict_table` gives it, with at least one row.

    Returns
    -------
    str
        A line for each feature: verdicts, and medians of R² on fresh masks and of the number of significant segments.
    """
    lines = [f"{'':22}" + "".join(f"{verdict:>14}" for verdict in _VERDICTS) + f"{'R²':>7}{'segments':>9}"]
    for feature, rows in table.groupby("feature", sort=False):
        counts = "".join(f"{(rows['verdict'] == verdict).sum():14}" for verdict in _VERDICTS)
        r2, segments = rows["r2_holdout"].median(), rows["significant"].median()
        lines.append(f"{feature:22}{counts}{r2:7.2f}{segments:9.0f}")
    return "\n".join(lines)
