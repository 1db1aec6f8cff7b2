"""How well a trained network follows the ratings of clips that it never trained on.

Tables of ratings are on 1-10 here, indexed by track.

Public names: ``build_rating_table``, ``name_ratings``, ``compute_split_table``, ``compute_kind_table``,
``predict_ratings``, ``predict_tracks``, ``predict_split``, ``compute_score_table``, ``compute_partial_scores``,
``describe_acquaintance``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .profiles import CORPORA
from .ratings import EMOTIONS, MIDLEVEL, UNIT
from .scores import compute_correlations, compute_partial_correlations
from .spectrogram import compute_window_starts, select_window

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus
    from .networks import TrainedNetwork
    from .predictor import Predictor

_NAMES = {"midlevel": MIDLEVEL, "emotion": EMOTIONS}
_SPLITS = ("train", "valid", "test", "style")
# Clips held at once: enough to keep every core busy, and a few MB even where spectrograms are no memory maps.
_CLIPS = 64


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
    known = noise_free and name_ratings(corpus) == "true"
    tables = (corpus.true_midlevel, corpus.true_emotion) if known else (corpus.midlevel, corpus.emotion)
    return tables[0].join(tables[1])


def name_ratings(corpus: "Corpus") -> str:
    """Call the best ratings that a corpus has "true" if they are noise-free, and "rated" if a few people gave them."""
    return "rated" if corpus.true_midlevel is None or corpus.true_emotion is None else "true"


def compute_split_table(corpus: "Corpus") -> "pd.DataFrame":
    """Count what each split of a corpus holds.

    Parameters
    ----------
    corpus
        Any corpus; ``style`` need not be known.

    Returns
    -------
    pandas.DataFrame
        One row per split, in the order of training, validation, test, held-out styles, others; columns ``clips``,
        ``albums``, ``albums elsewhere`` (those that another split has too, which should be none), and ``styles``
        where they are known.
    """
    tracks = corpus.tracks
    groups, n_splits = tracks.groupby("split"), tracks.groupby("album")["split"].nunique()
    table = groups["album"].agg(["size", "nunique"]).set_axis(["clips", "albums"], axis=1)
    shared = tracks[tracks["album"].map(n_splits) > 1].groupby("split")["album"].nunique()
    table["albums elsewhere"] = shared.reindex(table.index, fill_value=0)
    if "style" in tracks:
        table["styles"] = groups["style"].nunique()
    known = [split for split in _SPLITS if split in table.index]
    return table.loc[[*known, *table.index.difference(known)]]


def compute_kind_table(corpus: "Corpus") -> "pd.DataFrame":
    """Average the emotions of each kind of clips: by what they were chosen to express, else by style.

    Parameters
    ----------
    corpus
        With a column ``target``, or else ``style``, in its table of tracks.

    Returns
    -------
    pandas.DataFrame
        One row per target or style, in alphabetical order: ``clips``, and the means of their eight ratings, 1-10.
    """
    kinds = corpus.tracks["target" if "target" in corpus.tracks else "style"]
    groups = corpus.emotion.groupby(kinds)
    return groups.size().to_frame("clips").join(groups.mean())


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
    from .predictor import Predictor

    return predict_tracks(Predictor.from_trained(trained), corpus, corpus.select(split))


def predict_tracks(
    predictor: "Predictor", corpus: "Corpus", track_ids: Sequence[str], *, progress: bool = False
) -> "dict[str, pd.DataFrame]":
    """Predict some tracks of a corpus with `predict_ratings`.

    Parameters
    ----------
    predictor
        Of any scheme.
    corpus
        Where the clips come from; spectrograms not in its cache are computed.
    track_ids
        Which of them.
    progress
        Show a progress bar.

    Returns
    -------
    dict of pandas.DataFrame
        As `predict_split` gives it.
    """
    import pandas as pd
    from tqdm import tqdm

    starts = tqdm(range(0, len(track_ids), _CLIPS), desc="hear clips", unit="batch", disable=not progress)
    chunks = (track_ids[first : first + _CLIPS] for first in starts)
    heard = [_predict_means(predictor, corpus.spectrograms(chunk)) for chunk in chunks]
    values = {head: np.concatenate([means[head] for means in heard]) for head in heard[0]}
    return {head: pd.DataFrame(UNIT * rows, list(track_ids), list(_NAMES[head])) for head, rows in values.items()}


def _predict_means(predictor: "Predictor", specs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Predict the windows of many clips in one call: ``Predictor.predict_track`` of each, (n_clips, n_outputs)."""
    starts = [compute_window_starts(len(spec)) for spec in specs]
    windows = [select_window(spec, start) for spec, mine in zip(specs, starts, strict=True) for start in mine]
    first = np.cumsum([0, *map(len, starts[:-1])])  # number of each clip's first window
    counts = np.array([len(mine) for mine in starts])[:, None]
    heard = predictor.predict(windows)._asdict().items()
    return {head: np.add.reduceat(rows.astype(np.float64), first) / counts for head, rows in heard if rows is not None}


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


def describe_acquaintance(trained: "TrainedNetwork", corpus: "Corpus", track_id: str) -> str:
    """Say whether a network knows a clip from its training.

    Parameters
    ----------
    trained
        The network; its file names the corpus of its training by a fingerprint of name, version, size and seed.
    corpus
        Where the clip comes from. Two corpora with different fingerprints have no clip in common if one of them is
        generated (with the same seed but another size, though, their ratings resemble each other). The data sets of
        the papers share clips, and each can be split in several ways.
    track_id
        One of its tracks.

    Returns
    -------
    str
        The end of a sentence that begins with the network.
    """
    theirs, ours = str(trained.corpus.get("fingerprint")), corpus.fingerprint
    if theirs != ours and {trained.corpus.get("name"), corpus.name} <= set(CORPORA[1:]):
        return f"was trained on corpus {theirs[:8]}, which may hold this clip, too"
    if theirs != ours:
        return f"was trained on corpus {theirs[:8]}; none of its training clips is in this one, {ours[:8]}"
    learnt = corpus.tracks["split"].isin(["train", "valid"])
    if learnt[track_id]:
        use = "trained on" if corpus.tracks.loc[track_id, "split"] == "train" else "picked among its epochs by"
        return f"was {use} clips that include this one, so it may do better here than elsewhere"
    if corpus.tracks.loc[track_id, "album"] in set(corpus.tracks["album"][learnt]):
        return "was trained on other clips of this album, so it may do better here than elsewhere"
    return "was trained on this corpus, but on no clip of this album"
