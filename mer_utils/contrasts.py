"""Clips worth listening to: the same music with one feature low and high, clips that stand out, clips that do not.

Public names: ``render_contrast``, ``select_extremes``, ``select_striking``, ``select_typical``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus
    from .generated.corpus import GeneratedCorpus

#: Controls (percentiles 0-1) between which `render_contrast` moves a feature.
LOW, HIGH = 0.03, 0.97


def render_contrast(
    corpus: "GeneratedCorpus", track_id: str, feature: str, *, seconds: float = 15.0
) -> dict[str, np.ndarray]:
    """Render the music of a track twice, with the control of one feature near its bottom and near its top.

    Album, other features and random numbers are the track's. Unlike in `GeneratedCorpus.twin` the plan follows too:
    instruments and textures may change with the feature.

    Parameters
    ----------
    corpus
        A generated corpus.
    track_id
        One of its tracks.
    feature
        One of `ratings.MIDLEVEL`.
    seconds
        Length to keep from the start, s; a clip has 15.

    Returns
    -------
    dict of numpy.ndarray
        ``"low"`` and ``"high"``: (n_samples,) sounds at 22 050 Hz with peak 1 (silence stays silence).

    Raises
    ------
    ValueError
        For an unknown feature.
    """
    from .generated.renderer import SR

    intent, sounds = corpus.intent(track_id), {}
    if feature not in intent.planned:
        raise ValueError(f"unknown feature {feature!r}; there are: {', '.join(intent.planned)}")
    for word, value in (("low", LOW), ("high", HIGH)):
        moved = {name: {**getattr(intent, name), feature: value} for name in ("planned", "caused")}
        y = corpus.clip(track_id, intent=replace(intent, **moved)).mix[: round(seconds * SR)]
        peak = float(np.abs(y).max())
        sounds[word] = y / np.float32(peak) if peak > 0 else y
    return sounds


def select_extremes(ratings: "pd.DataFrame", names: Sequence[str]) -> dict[str, str]:
    """Find for each rating a track that has much of it and is otherwise as usual as can be.

    Parameters
    ----------
    ratings
        (n_tracks, n_ratings), any scale.
    names
        Columns for which a track is wanted; no track is given twice.

    Returns
    -------
    dict of str
        Track id by column.
    """
    scores = (ratings - ratings.mean()) / ratings.std()
    chosen: dict[str, str] = {}
    for name in names:
        others = scores.drop(columns=name).abs().mean(axis=1)
        chosen[name] = str((scores[name] - others).drop(list(chosen.values())).idxmax())
    return chosen


def select_striking(corpus: "Corpus", *, split: str = "test", n: int = 5) -> list[str]:
    """List the tracks of a split whose seven features lie furthest from the average, the furthest first.

    Parameters
    ----------
    corpus
        Noise-free ratings are taken where it has them.
    split
        One of its splits.
    n
        How many tracks.
    """
    return _compute_distances(corpus, split).nlargest(n).index.tolist()


def select_typical(corpus: "Corpus", *, split: str = "test", n: int = 1) -> list[str]:
    """List the tracks of a split whose seven features lie closest to the average; as `select_striking`."""
    return _compute_distances(corpus, split).nsmallest(n).index.tolist()


def _compute_distances(corpus: "Corpus", split: str) -> "pd.Series":
    """Root mean square distance from the average, in standard deviations, per track of a split."""
    ratings = corpus.midlevel if corpus.true_midlevel is None else corpus.true_midlevel
    scores = (ratings - ratings.mean()) / ratings.std()
    return np.sqrt((scores.loc[corpus.select(split)] ** 2).mean(axis=1))
