"""What sets a second song apart from a first, feature by feature and in sentences.

Public names: ``Comparison``, ``build_comparison``, ``build_sentences``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .effects import decompose_difference, describe_difference, describe_track
from .songs import HeardSong, SongError, build_song_table, select_emotion

if TYPE_CHECKING:
    import pandas as pd

    from .reference import Reference
    from .regression import LinearModel


@dataclass(frozen=True, eq=False)
class Comparison:
    """What sets a second song apart from a first.

    Attributes
    ----------
    first, second
        The songs.
    letters
        What the two are called in tables and figures.
    emotion
        The one to explain.
    parts
        (8, 7) from `effects.decompose_difference`, unit scale.
    layer
        From features to emotions.
    reference
        Tracks that the songs are compared with.
    doubts
        (8, 7) whether the sign of a weight is not reliable, emotions by features; None where that is not known.
    """

    first: HeardSong
    second: HeardSong
    letters: tuple[str, str]
    emotion: str
    parts: "pd.DataFrame"
    layer: "LinearModel"
    reference: "Reference"
    doubts: "pd.DataFrame | None" = None

    songs = property(lambda self: (self.first, self.second), doc="Both.")
    titles = property(lambda self: (self.first.title, self.second.title), doc="Of both.")


def build_comparison(
    songs: Sequence[HeardSong],
    number: int = 1,
    *,
    layer: "LinearModel",
    reference: "Reference",
    emotion: str | None = None,
    doubts: "pd.DataFrame | None" = None,
) -> Comparison:
    """Compare one of several songs with the first of them.

    Parameters
    ----------
    songs
        At least two, heard by the network of ``layer`` and ``reference``.
    number
        Which one, from 1 on.
    layer, reference, doubts
        As in `Comparison`.
    emotion
        The one to explain; by default that in which the two differ most, see `songs.select_emotion`.

    Raises
    ------
    SongError
        If there is no such song beside the first.
    """
    if not 1 <= number < len(songs):
        raise SongError(f"the first of {len(songs)} songs is compared with another one, not with number {number}")
    first, second = songs[0], songs[number]
    parts = decompose_difference(first.prediction.midlevel, second.prediction.midlevel, weights=layer.weights)
    emotion = emotion or select_emotion(first, second, reference)
    return Comparison(first, second, ("A", _build_letter(number)), emotion, parts, layer, reference, doubts)


def _build_letter(number: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 26] + str(number // 26 or "")


def build_sentences(comparison: Comparison, emotion: str) -> dict[str, str]:
    """Say in words what two songs have of an emotion, and why.

    Returns
    -------
    dict
        ``difference`` from `effects.describe_difference`; ``caution``, empty unless a song is silent or the difference
        is smaller than the standard deviation over the windows within the songs (the root mean square of both);
        ``first`` and ``second`` from `effects.describe_track`.
    """
    about = {"emotion": emotion, "layer": comparison.layer, "doubts": comparison.doubts}
    heard, _ = build_song_table(comparison.songs)
    first, second = (describe_track(song, reference=comparison.reference, **about) for _, song in heard.iterrows())
    difference = describe_difference(heard, **about)
    return {"difference": difference, "caution": _warn(comparison, emotion), "first": first, "second": second}


def _warn(comparison: Comparison, emotion: str) -> str:
    """Say so if a song is silent, or if two songs differ by less than they vary over their windows."""
    silent = [f"“{song.title}”" for song in comparison.songs if np.isnan(song.descriptors["level (dB)"])]
    if silent:
        return f"But nothing is to be heard in {' and '.join(silent)}: what the net makes of it means nothing."
    heard, spread = build_song_table(comparison.songs)
    known, difference = spread[emotion].dropna(), abs(heard[emotion].diff().iloc[1])
    if known.empty or difference >= np.sqrt((known**2).mean()):
        return ""
    varies = " and ".join(f"{value:.3f} in “{title}”" for title, value in known.items())
    said = f"From window to window the {emotion} score varies by more than these {difference:.3f}"
    return f"{said}: its standard deviation is {varies}."
