"""What it is worth to a net to have heard other clips of the albums on which it is tested.

Split at random, clips of one album come to lie on both sides: in the split of Hoedt, Flexer & Widmer (SMC 2025) every
test clip has an album that is trained on, too.

Public names: ``compute_leak_table``, ``describe_leak``.
"""

from typing import TYPE_CHECKING

from .costs import SCHEME_NAMES, format_interval
from .folds import build_groups
from .scores import compute_cost_of_explainability
from .sweeps import SweepError

if TYPE_CHECKING:
    import pandas as pd

    from .sweeps import Sweep

_NAMES = {"coe": "worth", "coe_low": "worth_low", "coe_high": "worth_high"}


def compute_leak_table(known: "Sweep", strange: "Sweep") -> "pd.DataFrame":
    """Compare nets that knew the albums of the test clips with nets that did not, on the same clips.

    Parameters
    ----------
    known
        Nets that were trained on other clips of the same albums.
    strange
        Nets that were not. Schemes, seeds and clips that both sweeps have are compared.

    Returns
    -------
    pandas.DataFrame
        Rows (scheme, output), the eight emotions and "average"; columns ``known`` and ``strange``, Pearson's r with
        the ratings, and ``worth``, ``worth_low``, ``worth_high``: the difference of the two with its 95 % interval,
        tracks of an album resampled together. ``attrs["n_clips"]`` counts the clips.

    Raises
    ------
    SweepError
        If the two have no scheme, seed or clip in common.
    """
    import pandas as pd

    corpus = strange.config.load_corpus()
    tracks = [track for track in known.tracks if track in set(strange.tracks)]
    tables = [sweep.build_predictions() for sweep in (known, strange)]
    compared = {}
    for scheme in (name for name in SCHEME_NAMES if all(name in table for table in tables)):
        rows = [table[scheme][table[scheme].index.isin(tracks, level=1)] for table in tables]
        seeds = set.intersection(*(set(part.index.unique(0)) for part in rows))
        if not seeds or len(tracks) < 3:
            break
        both = dict(zip(("known", "strange"), (part.loc[sorted(seeds)] for part in rows), strict=True))
        rated, groups = corpus.emotion.loc[tracks], build_groups(corpus.tracks)
        compared[scheme] = _compare(compute_cost_of_explainability(both, rated, groups=groups, reference="known"))
    if not compared:
        raise SweepError("sweeps without a scheme, seed or three clips in common cannot be compared")
    table = pd.concat(compared, names=["scheme", "output"])
    table.attrs["n_clips"] = len(tracks)
    return table


def _compare(costs: "pd.DataFrame") -> "pd.DataFrame":
    table = costs.loc["strange", list(_NAMES)].rename(columns=_NAMES)
    return costs["r"].unstack("scheme")[["known", "strange"]].loc[table.index].join(table)


def describe_leak(table: "pd.DataFrame") -> str:
    """Say what knowing the albums is worth on average, scheme by scheme.

    Parameters
    ----------
    table
        Result of `compute_leak_table`.
    """
    said = []
    for scheme, row in table.xs("average", level="output").iterrows():
        worth = format_interval(row["worth"], row["worth_low"], row["worth_high"], 3)
        said.append(f"{SCHEME_NAMES[scheme]} {row['known']:.3f} against {row['strange']:.3f}, so {worth}")
    return f"Mean r on the same {table.attrs['n_clips']} clips: " + "; ".join(said) + "."
