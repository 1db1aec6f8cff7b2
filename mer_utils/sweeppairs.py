"""Two sweeps held against each other: the same schemes and seeds on the same clips, trained in two ways.

Public names: ``compute_pair_table``, ``describe_album_leak``, ``describe_last_kernel``.
"""

from typing import TYPE_CHECKING

from .costs import SCHEME_NAMES, format_interval
from .folds import build_groups
from .scores import compute_cost_of_explainability
from .sweeps import SweepError

if TYPE_CHECKING:
    import pandas as pd

    from .sweeps import Sweep

_NAMES = {"coe": "difference", "coe_low": "low", "coe_high": "high"}


def compute_pair_table(one: "Sweep", other: "Sweep") -> "pd.DataFrame":
    """Compute how well two sweeps follow the ratings, and by how much more the first one does.

    Parameters
    ----------
    one, other
        Sweeps of one corpus. Schemes, seeds and clips that both have are compared, pair by pair.

    Returns
    -------
    pandas.DataFrame
        Rows (scheme, output), the eight emotions and "average"; columns ``one`` and ``other``, Pearson's r, and
        ``difference``, ``low``, ``high``: r(one) - r(other) with its 95 % interval, tracks of an album resampled
        together. ``attrs["n_clips"]`` counts the clips.

    Raises
    ------
    SweepError
        If the two have no scheme, no seed or fewer than three clips in common.
    """
    import pandas as pd

    corpus, both = other.config.load_corpus(), {"one": one.build_predictions(), "other": other.build_predictions()}
    tracks, pairs = sorted(set(one.tracks) & set(other.tracks)), sorted(set(one.nets) & set(other.nets))
    if len(tracks) < 3 or not pairs:
        raise SweepError(f"two sweeps with {len(pairs)} nets and {len(tracks)} clips in common cannot be compared")
    rated, groups, compared = corpus.emotion.loc[tracks], build_groups(corpus.tracks), {}
    for scheme in dict.fromkeys(scheme for scheme, _ in pairs):
        seeds = [seed for name, seed in pairs if name == scheme]
        heard = {name: tables[scheme].loc[pd.IndexSlice[seeds, tracks], :] for name, tables in both.items()}
        costs = compute_cost_of_explainability(heard, rated, groups=groups, reference="one")
        means = costs["r"].unstack("scheme")[["one", "other"]]
        compared[scheme] = means.join(costs.loc["other", list(_NAMES)].rename(columns=_NAMES))
    table = pd.concat(compared, names=["scheme", "output"])
    table.attrs["n_clips"] = len(tracks)
    return table


def describe_album_leak(table: "pd.DataFrame") -> str:
    """Say what it is worth to have heard other clips of an album.

    Parameters
    ----------
    table
        `compute_pair_table` of nets that knew the albums of the test clips and nets that did not.
    """
    return (
        f"On the same {table.attrs['n_clips']} clips the emotions come out, on average, at "
        f"{_describe_pairs(table, 'known', 'strange albums')}."
    )


def describe_last_kernel(table: "pd.DataFrame | None") -> str:
    """Say what the kernel of the last convolution changes.

    Parameters
    ----------
    table
        `compute_pair_table` of nets with kernel 1 and nets with kernel 3; None where there are none of the latter.
    """
    if table is None:
        return "No net of this run has kernel 3."
    return f"Mean r of the emotions: {_describe_pairs(table, 'with kernel 1', 'kernel 3')}."


def _describe_pairs(table: "pd.DataFrame", one: str, other: str) -> str:
    """Spell the averages of each scheme: both correlations and their difference."""
    said = []
    for scheme, row in table.xs("average", level="output").iterrows():
        difference = format_interval(row["difference"], row["low"], row["high"], 3, sign="+")
        said.append(f"{SCHEME_NAMES[scheme]} {row['one']:.3f} {one}, {row['other']:.3f} {other}, {difference}")
    return "; ".join(said)
