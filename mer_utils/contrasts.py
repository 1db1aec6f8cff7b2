"""Clips worth listening to: the same music with one feature low and high, clips that stand out, clips that do not.

Public names: ``render_contrast``, ``render_twin``, ``describe_twin``, ``compute_change_share``, ``select_opening``,
``select_extremes``, ``select_striking``, ``select_typical``, ``OPENING``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .spectrogram import SpectrogramConfig

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus
    from .generated.corpus import GeneratedCorpus
    from .generated.truth import Twin

#: Controls between which `render_contrast` moves a feature: ratings brought to 0-1 by a straight scale.
LOW, HIGH = 0.03, 0.97
#: Shortest and longest beginning of a clip that can be shown, s: a twin's change up to 6 s with its echo, and all.
OPENING = (7.0, 15.0)


def select_opening(y: np.ndarray, seconds: float, *, sr: int = SpectrogramConfig.sr) -> np.ndarray:
    """Cut the beginning out of a clip.

    Parameters
    ----------
    y
        (n_samples,) sound of 15 s.
    seconds
        How much of it, s; within `OPENING`.
    sr
        Sample rate, Hz.

    Returns
    -------
    numpy.ndarray
        (round(seconds * sr),), a view.

    Raises
    ------
    ValueError
        If ``seconds`` is too short to show a change and its echo, or longer than a clip.
    """
    if not OPENING[0] <= seconds <= OPENING[1]:  # NaN fails too
        raise ValueError(f"cannot show {seconds:g} s of a clip: choose from {OPENING[0]:g} to {OPENING[1]:g} s")
    return y[: round(seconds * sr)]


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
        Length to keep from the start, s; within `OPENING`.

    Returns
    -------
    dict of numpy.ndarray
        ``"low"`` and ``"high"``: (n_samples,) sounds at 22 050 Hz with peak 1 (silence stays silence).

    Raises
    ------
    ValueError
        For an unknown feature, or a length outside `OPENING`.
    """
    intent, sounds = corpus.intent(track_id), {}
    if feature not in intent.planned:
        raise ValueError(f"unknown feature {feature!r}; there are: {', '.join(intent.planned)}")
    for word, value in (("low", LOW), ("high", HIGH)):
        moved = {name: {**getattr(intent, name), feature: value} for name in ("planned", "caused")}
        y = select_opening(corpus.clip(track_id, intent=replace(intent, **moved)).mix, seconds)
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


def render_twin(corpus: "GeneratedCorpus", track_id: str, feature: str, *, start: float, end: float) -> "Twin":
    """Render a track and its twin with much more of one cause in a span of time; less, if more changes no note.

    Parameters
    ----------
    corpus
        A generated corpus.
    track_id
        One of its tracks.
    feature
        One of `ratings.MIDLEVEL`.
    start, end
        The span, s.

    Raises
    ------
    ValueError
        For an unknown feature, or if no note in the span can carry it.
    """
    from .generated.intent import Focus

    for delta in (0.7, -0.7):
        twin = corpus.twin(track_id, feature, delta, focus=Focus(feature, start=start, end=end))
        if not twin.notes.empty:
            return twin
    raise ValueError(f"no note of {track_id} from {start:g} to {end:g} s can carry {feature}: choose another feature")


def describe_twin(twin: "Twin") -> str:
    """Say what differs between a clip and its twin, and when, from the notes that differ.

    Harmony acts on whole chords and rhythm on whole bars, so these notes may begin a little outside the span that was
    asked for.

    Parameters
    ----------
    twin
        As `render_twin` gives it: at least one note differs.

    Returns
    -------
    str
        Two sentences.
    """
    counts = twin.notes["twin"].value_counts()
    gone, new = (counts.get(version, 0) for version in ("original", "changed"))
    first, last, end = twin.notes["onset"].min(), twin.notes["onset"].max(), twin.notes["end"].max()
    moved = f"The control of {twin.feature} goes from {twin.before:.2f} to {twin.after:.2f}"
    return (
        f"{moved} (notes gone: {gone}, new: {new})."
        f" They begin between {first:.1f} and {last:.1f} s, and the last ends at {end:.1f} s, its echo later."
    )


def compute_change_share(
    original: np.ndarray, changed: np.ndarray, *, start: float, end: float, fps: float = SpectrogramConfig.fps
) -> float:
    """Compute which share of the difference of two spectrograms lies within a span of time.

    Parameters
    ----------
    original, changed
        (n_frames, 149) log10(1 + magnitude), at one gain.
    start, end
        The span, s.
    fps
        Frames per second.

    Returns
    -------
    float
        Sum of absolute differences inside, over that of all, 0-1.

    Raises
    ------
    ValueError
        If the two are the same.
    """
    change = np.abs(changed - original).sum(axis=1, dtype=np.float64)
    if not change.any():
        raise ValueError("the two spectrograms are the same: choose another feature, or move it further")
    return float(change[int(start * fps) : int(end * fps)].sum() / change.sum())
