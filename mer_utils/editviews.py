"""What the stored table of edits says: how far each feature follows, where editing fails, and what comes along.

An edit works if the feature moved the way it was to go, and further than it did when random segments as large and as
loud, or all segments, were lifted or lowered as much: all three for certain, by 95 % intervals over clips.
Changes are on the unit scale, rating / 10.

Public names: ``compute_edit_summary``, ``build_edit_table``, ``describe_edits``, ``describe_side_effects``,
``describe_failures``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .faithfulness import compute_faithfulness_intervals
from .ratings import EMOTIONS, MIDLEVEL

if TYPE_CHECKING:
    import pandas as pd

_CELL = ["db", "feature"]
# What a lower end below 0 means, by the column that tells.
_FAILURES = {
    "surely": "not surely the right way",
    "beyond_control": "not surely further than random segments do",
    "beyond_whole": "not surely further than all segments do",
}


def compute_edit_summary(stored: "pd.DataFrame", *, n_draws: int = 10_000) -> "pd.DataFrame":
    """Summarise edits over clips.

    Parameters
    ----------
    stored
        The table ``"edits"`` of `trusttables`: three clips at least, every feature of each lifted or lowered by the
        same decibels.
    n_draws
        Of the bootstrap over clips (`faithfulness.compute_faithfulness_intervals`).

    Returns
    -------
    pandas.DataFrame
        Indexed by ``db`` and ``feature``. Means of ``promised``, ``on_paper``, ``obtained``, ``control`` and
        ``whole``, the last three with ends of 95 % intervals (``obtained_low``, ...). ``surely``, ``beyond_control``
        and ``beyond_whole`` are lower ends of how far the feature moved the way it was to go: in all, and further than
        by either control; ``beyond_half`` of how much further than by half as many decibels, where these were tried.
        ``right``, share of clips in which it went that way, and ``ahead``, that in which it went further than both
        controls; ``spread``, SD of the feature over the clips as they were; medians of ``match_size`` and
        ``match_energy``; ``side`` and ``emotion``, the other feature and the emotion that moved most in the mean, and
        their ``side_change`` and ``emotion_change``; ``failure``, why the edit does not work, or "".
    """
    import pandas as pd

    sign = np.sign(stored["db"])
    others = {"surely": 0.0, "beyond_control": stored["control"], "beyond_whole": stored["whole"]}
    others["beyond_half"] = _find_half(stored)
    stored = stored.assign(**{name: sign * (stored["obtained"] - other) for name, other in others.items()})
    stored["right"], stored["ahead"] = stored["surely"] > 0, (stored[list(_FAILURES)] > 0).all(axis=1)
    stored["loose"] = (np.abs(np.log(stored["match_size"])) > np.log(1.25)) | (stored["match_energy"].abs() > 3)
    cells, changes = stored.groupby(_CELL, sort=False), ["obtained", "control", "whole"]
    wide = stored.pivot(index="track", columns=_CELL, values=[*changes, *others])
    intervals = compute_faithfulness_intervals(wide, n_draws=n_draws)
    ends = {name: part.droplevel(0) for name, part in intervals.groupby(level=0)}
    parts = [cells[["promised", "on_paper", *changes, "right", "ahead", "loose"]].mean()]
    parts += [ends[name][["low", "high"]].add_prefix(f"{name}_") for name in changes]
    parts += [ends[name]["low"].rename(name) for name in others]
    parts += [cells["before"].std().rename("spread"), cells[["match_size", "match_energy"]].median()]
    for name, outputs in (("side", MIDLEVEL), ("emotion", EMOTIONS)):
        parts.append(_find_most_moved(cells[list(outputs)].mean(), name))
    summary = pd.concat(parts, axis=1)
    return summary.assign(failure=summary[list(_FAILURES)].apply(_name_failure, axis=1), n_tracks=cells.size())


def _find_half(stored: "pd.DataFrame") -> np.ndarray:
    """Find what half as many decibels obtained of the same feature and clip; 0 where they were not tried."""
    obtained = stored.set_index(["track", "feature", "db"])["obtained"]
    halves = stored.assign(db=stored["db"] / 2).set_index(["track", "feature", "db"]).index
    return obtained.reindex(halves).fillna(0.0).to_numpy()


def _find_most_moved(means: "pd.DataFrame", name: str) -> "pd.DataFrame":
    """Find the output that moved most beside the feature itself, by the mean changes (n_cells, n_outputs)."""
    import pandas as pd

    own = np.array([[feature == output for output in means] for _, feature in means.index])
    others = means.mask(own)
    most = others.abs().idxmax(axis=1)
    changes = [others.loc[cell, output] for cell, output in most.items()]
    return pd.DataFrame({name: most, f"{name}_change": changes})


def _name_failure(ends: "pd.Series") -> str:
    return next((words for column, words in _FAILURES.items() if not ends[column] > 0), "")


def build_edit_table(summary: "pd.DataFrame", *, db: float = 6) -> "pd.DataFrame":
    """Tabulate for a reader what edits by ``db`` did to each feature; ``summary`` as in `compute_edit_summary`."""
    import pandas as pd

    table = summary.loc[db]
    columns = {
        "promised": table["promised"].map("{:+.3f}".format),
        "on paper": table["on_paper"].map("{:+.3f}".format),
        "obtained [95 %]": _write_intervals(table, "obtained"),
        "share": (table["obtained"] / table["promised"]).map("{:.0%}".format),
        "random": table["control"].map("{:+.3f}".format),
        "all": table["whole"].map("{:+.3f}".format),
        "with it": _write_changes(table, "side"),
        "emotion": _write_changes(table, "emotion"),
    }
    return pd.DataFrame(columns).rename_axis(None)


def _write_intervals(table: "pd.DataFrame", name: str) -> list[str]:
    return [_write_interval(row, name).replace(" ", "\xa0") for _, row in table.iterrows()]  # which breaks no line


def _write_interval(row: "pd.Series", name: str = "obtained") -> str:
    return f"{row[name]:+.3f} [{row[f'{name}_low']:+.3f}, {row[f'{name}_high']:+.3f}]"


def _write_changes(table: "pd.DataFrame", name: str) -> list[str]:
    return [f"{who} {change:+.3f}" for who, change in zip(table[name], table[f"{name}_change"], strict=True)]


def describe_edits(summary: "pd.DataFrame", *, db: float = 6) -> str:
    """Say which features are easy and which are hard to move, and how much of the promise comes.

    Parameters
    ----------
    summary
        As in `compute_edit_summary`, with ``db``, ``-db`` and ``2 * db``.
    db
        By how much segments were lifted.
    """
    up, down, twice = (summary.loc[level] for level in (db, -db, 2 * db))
    best, worst = up["obtained"].idxmax(), up["obtained"].idxmin()
    apart = up.loc[best, "obtained_low"] > up.loc[worst, "obtained_high"]
    relative = up["obtained"] / up["spread"]
    parts = (up["obtained"] / up["promised"]).sort_values()
    stuck = twice.index[~(twice["beyond_half"] > 0)]
    no_further = f" Twice as many decibels do not surely move {_join(stuck)} further." if len(stuck) else ""
    return (
        f"Over {up['n_tracks'].max()} clips, lifting by {db:g} dB what raises it moves {best} most, by "
        f"{_write_interval(up.loc[best])}, and {worst} least, by {_write_interval(up.loc[worst])}: these intervals "
        f"{'lie apart' if apart else 'overlap'}. In standard deviations of a feature over the clips it is "
        f"{relative.idxmax()} most ({relative.max():+.2f}) and {relative.idxmin()} least ({relative.min():+.2f}). "
        f"Lowering by as much moves {down['obtained'].idxmin()} most ({down['obtained'].min():+.3f}) and "
        f"{down['obtained'].idxmax()} least ({down['obtained'].max():+.3f}). Of what was promised for lifting, "
        f"{parts.iloc[0]:.0%} ({parts.index[0]}) to {parts.iloc[-1]:.0%} ({parts.index[-1]}) is obtained; of what the "
        f"net says of the edited spectrogram, {up['obtained'].sum() / up['on_paper'].sum():.0%} in all.{no_further}"
    )


def describe_side_effects(summary: "pd.DataFrame", *, db: float = 6) -> str:
    """Say what else moves when a feature is lifted by ``db``; ``summary`` as in `compute_edit_summary`."""
    table = summary.loc[db]
    shares = (table["side_change"] / table["obtained"]).abs()
    overtaken, cleanest, way = table[shares > 1], shares.idxmin(), "Lifted" if db > 0 else "Lowered"
    said = zip(overtaken.index, _write_changes(overtaken, "side"), strict=True)
    cases = f" ({'; '.join(f'{name}: {change}' for name, change in said)})" if len(overtaken) else ""
    most, least = (getattr(table["emotion_change"].abs(), which)() for which in ("idxmax", "idxmin"))
    moved, hardly = _write_changes(table.loc[[most, least]], "emotion")
    return (
        f"{way} by {abs(db):g} dB, in {len(overtaken)} of {len(table)} cases another feature moves further than the "
        f"one asked for{cases}. The purest edit is that of {cleanest}: {table.loc[cleanest, 'side']} moves "
        f"{shares.min():.0%} as far. Emotions come along: the one that moves most goes from {hardly} (with {least}) "
        f"to {moved} (with {most})."
    )


def describe_failures(summary: "pd.DataFrame") -> str:
    """Say which edits do not work, over all decibels, where promises are not kept, and how single clips fare.

    Parameters
    ----------
    summary
        As in `compute_edit_summary`.
    """
    failing = summary[summary["failure"] != ""]
    reasons = {
        reason: ", ".join(f"{name} {db:+g} dB" for db, name in cells.index)
        for reason, cells in failing.groupby("failure", sort=False)
    }
    said = "; ".join(f"{reason}: {cases}" for reason, cases in reasons.items())
    verdict = f"{len(failing)} of {len(summary)} edits do not ({said})" if said else f"all {len(summary)} edits do"
    loose = summary["loose"].mean()
    kept = summary["promised"].between(summary["obtained_low"], summary["obtained_high"]).sum()
    worst, least = ("{1} {0:+g} dB".format(*summary[share].idxmin()) for share in ("right", "ahead"))
    size, energy = summary["match_size"].median(), summary["match_energy"].median()
    return (
        f"An edit works if the feature surely moves the right way, and surely further than by random segments as "
        f"large and as loud, drawn from all (median: {size:.2f} times the cells, {energy:+.1f} dB; {loose:.0%} are "
        f"off by more than a quarter or 3 dB), and than by all: {verdict}. The promise lies in the interval of what "
        f"was obtained for {kept} of {len(summary)}. Single clips go the right way in {summary['right'].mean():.0%} "
        f"of edits, least often {worst} ({summary['right'].min():.0%}), and further than both controls in "
        f"{summary['ahead'].mean():.0%}, least often {least} ({summary['ahead'].min():.0%})."
    )


def _join(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
