"""How well a trained network follows the ratings of clips that it never trained on.

Tables of ratings are on 1-10 here, indexed by track.

Public names: ``build_rating_table``, ``predict_ratings``, ``predict_split``, ``compute_score_table``,
``compute_partial_scores``.
"""

from typing import TYPE_CHECKING

import numpy as np

from .ratings import EMOTIONS, MIDLEVEL, UNIT
from .scores import compute_correlations, compute_partial_correlations

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus
    from .networks import TrainedNetwork
    from .predictor import Predictor

_NAMES = {"midlevel": MIDLEVEL, "emotion": EMOTIONS}


def build_rating_table(corpus: "Corpus", *, noise_free: bool = False) -> "pd.DataFrame":
    """Put the seven features and the eight emotions of all tracks side by side.

    Parameters
    ----------
    corpus
        Any corpus.
    noise_free
        Take what infinitely many listeners would agree on, where the corpus knows it; else what a few of them said.

    Returns
    -------
    pandas.DataFrame
        (n_tracks, 15) ratings 1-10.
    """
    known = noise_free and corpus.true_midlevel is not None and corpus.true_emotion is not None
    tables = (corpus.true_midlevel, corpus.true_emotion) if known else (corpus.midlevel, corpus.emotion)
    return tables[0].join(tables[1])


def predict_ratings(predictor: "Predictor", spec: np.ndarray) -> "dict[str, pd.Series]":
    """Predict one clip as a listener would rate it: windows of 10 s, averaged.

    Parameters
    ----------
    predictor
        Of any scheme.
    spec
        (n_frames, 149) log10(1 + magnitude).

    Returns
    -------
    dict of pandas.Series
        ``"midlevel"`` (7) and ``"emotion"`` (8), 1-10; only what the scheme hears.
    """
    import pandas as pd

    heard = predictor.predict_track(spec)
    heads = {head: getattr(heard, head) for head in _NAMES}
    return {
        head: pd.Series(np.asarray(values, np.float64) * UNIT, _NAMES[head])
        for head, values in heads.items()
        if values is not None
    }


def predict_split(trained: "TrainedNetwork", corpus: "Corpus", split: str) -> "dict[str, pd.DataFrame]":
    """Predict every clip of a split with `predict_ratings`.

    Parameters
    ----------
    trained
        The network.
    corpus
        Where the clips come from; spectrograms not in its cache are computed.
    split
        One of its splits, such as ``"test"``.

    Returns
    -------
    dict of pandas.DataFrame
        ``"midlevel"`` (n_tracks, 7) and ``"emotion"`` (n_tracks, 8), 1-10; only what the scheme hears.

    Raises
    ------
    CorpusError
        If the corpus has no such split.
    """
    import pandas as pd

    from .predictor import Predictor

    predictor, tracks = Predictor.from_trained(trained), corpus.select(split)
    heard = [predict_ratings(predictor, spec) for spec in corpus.spectrograms(tracks)]
    return {head: pd.DataFrame([one[head] for one in heard], tracks) for head in heard[0]}


def compute_score_table(predicted: "pd.DataFrame", corpus: "Corpus") -> "pd.DataFrame":
    """Compute Pearson's r of each output with what listeners said, and with what they would agree on.

    Parameters
    ----------
    predicted
        (n_tracks, n_outputs), columns all of `ratings.MIDLEVEL` or all of `ratings.EMOTIONS`.
    corpus
        Where the ratings of these tracks are.

    Returns
    -------
    pandas.DataFrame
        One row per output; ``rated``, and where the corpus knows noise-free ratings also ``noise-free`` and
        ``ceiling``, the r that a perfect ear would have with the noisy ratings.
    """
    import pandas as pd

    rated, true = _find_ratings(predicted, corpus)
    columns = {"rated": compute_correlations(predicted, rated)}
    if true is not None:
        columns = {"noise-free": compute_correlations(predicted, true)} | columns
        columns["ceiling"] = compute_correlations(true, rated)
    return pd.DataFrame(columns, index=list(predicted.columns))


def _find_ratings(predicted: "pd.DataFrame", corpus: "Corpus") -> "tuple[pd.DataFrame, pd.DataFrame | None]":
    """Give observed and noise-free ratings of the tracks and outputs of a table."""
    head = "midlevel" if predicted.columns[0] in MIDLEVEL else "emotion"
    tables = getattr(corpus, head), getattr(corpus, f"true_{head}")
    rated, true = (None if table is None else table.loc[predicted.index, predicted.columns] for table in tables)
    return rated, true


def compute_partial_scores(predicted: "pd.DataFrame", corpus: "Corpus") -> "pd.Series":
    """Compute what a network hears of the emotions beyond the seven features.

    Parameters
    ----------
    predicted
        (n_tracks, 8) predicted emotions.
    corpus
        Where the ratings are; noise-free ones are taken where they are known.

    Returns
    -------
    pandas.Series
        Partial correlation per emotion, given the seven mid-level ratings of the same kind.
    """
    import pandas as pd

    rated, true = _find_ratings(predicted, corpus)
    known = rated if true is None else true
    seven = (corpus.midlevel if true is None else corpus.true_midlevel).loc[predicted.index]
    return pd.Series(compute_partial_correlations(predicted, known, seven), list(predicted.columns))
