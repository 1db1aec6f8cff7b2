"""The vocabulary of the two papers: seven mid-level features, eight emotions, and published rating statistics.

Ratings are means over listeners on a scale of 1 to 10 in every table. At the network and everywhere after it
they are on the *unit scale*, rating / 10 and not centred, as in the authors' demos and in the code of Hoedt, Flexer &
Widmer (SMC 2025); later code by Chowdhury scales them to -1 to 1 instead.

Public names: ``MIDLEVEL``, ``EMOTIONS``, ``RATING_RANGE``, ``UNIT``, ``load_published``.
"""

from typing import TYPE_CHECKING

from .paths import PUBLISHED

if TYPE_CHECKING:
    import pandas as pd

#: The mid-level perceptual features of Aljanaki & Soleymani (2018), in the order of the network's outputs.
MIDLEVEL = (
    "melodiousness",
    "articulation",
    "rhythmic complexity",
    "rhythmic stability",
    "dissonance",
    "tonal stability",
    "minorness",
)

#: The emotions of Eerola & Vuoskoski (2011), in the order of the network's outputs.
EMOTIONS = ("valence", "energy", "tension", "anger", "fear", "happy", "sad", "tender")

#: Lowest and highest rating a listener can give.
RATING_RANGE = (1.0, 10.0)

#: A rating divided by this is on the unit scale of the networks.
UNIT = 10.0


def load_published(table: str) -> "pd.DataFrame":
    """Read one of the small tables of published numbers in ``data/published``.

    Parameters
    ----------
    table
        Name of the file without ``.csv``, such as ``"rating_correlations"`` (15, 15) or
        ``"rating_marginals"`` (15 ratings; mean, sd and quantiles on the 1-10 scale).

    Returns
    -------
    pandas.DataFrame
        Indexed by the first column; feature and emotion names as in `MIDLEVEL` and `EMOTIONS`.

    Raises
    ------
    ValueError
        If there is no such table; the message lists those there are.
    """
    import pandas as pd

    path = PUBLISHED / f"{table}.csv"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in PUBLISHED.glob("*.csv")))
        raise ValueError(f"no published table {table!r}; there are: {known}")
    return pd.read_csv(path, index_col=0).rename(index=_spaced, columns=_spaced)


def _spaced(name: object) -> object:
    return name.replace("_", " ") if isinstance(name, str) else name
