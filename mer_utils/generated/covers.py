"""A pair of covers: one song as a sparse acoustic performance and as a dense distorted one, and what sets them apart.

Nobody's recording is needed, and what was asked of each performance and what was played are both known.

Public names: ``Cover``, ``render_covers``, ``build_cover_table``, ``build_wanted_table``, ``describe_hearing``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..ratings import EMOTIONS, MIDLEVEL, UNIT
from .clip import Clip, build_clip
from .intent import Dice, build_intent
from .score import DURATION, Score
from .styles import Album, build_album
from .truth import build_truth
from .tunes import GREENSLEEVES

if TYPE_CHECKING:
    import pandas as pd

    from ..regression import LinearModel

_NYLON, _STEEL, _OVERDRIVEN, _DISTORTED, _DOUBLE_BASS, _POWER_KIT = 24, 25, 29, 30, 32, 16  # General MIDI, from 0

# What either performance is asked to have, ratings 1-10: one tune in one key, so minorness is the same.
_WANTED = {
    #    melodiousness, articulation, rhythmic complexity, rhythmic stability, dissonance, tonal stability, minorness
    "acoustic": (8.5, 3.0, 2.5, 7.5, 2.0, 8.5, 6.5),
    "distorted": (6.5, 4.0, 6.0, 5.0, 6.0, 5.5, 6.5),
}
_KNOBS = {
    "acoustic": {"drive": -0.6, "lift": 0.5, "edge": 1.0, "menace": -1.0},  # slow, soft, few players
    "distorted": {"drive": 1.6, "lift": 0.5, "edge": 0.3, "menace": 1.0},  # fast, loud, many players
}
_PROGRAMS = {
    "acoustic": {
        "melody": _STEEL,
        "held": (_NYLON, _NYLON),
        "short": (_NYLON, _STEEL),
        "bass": (_DOUBLE_BASS, _DOUBLE_BASS),
    },
    "distorted": {
        "melody": _DISTORTED,
        "held": (_OVERDRIVEN, _OVERDRIVEN),
        "short": (_OVERDRIVEN, _OVERDRIVEN, _DISTORTED),
        "kit": _POWER_KIT,
    },
}


@dataclass(frozen=True)
class Cover:
    """One performance of a song.

    Attributes
    ----------
    title
        ``"acoustic"`` or ``"distorted"``.
    wanted
        The seven ratings, 1-10, that it was asked to have, by names of `ratings.MIDLEVEL`.
    album
        Who plays, and where it was recorded.
    clip
        15 s of score and sound at 22 050 Hz.
    """

    title: str
    wanted: dict[str, float]
    album: Album
    clip: Clip


def render_covers() -> tuple[Cover, Cover]:
    """Render both performances of `tunes.GREENSLEEVES`: the same samples in every call.

    They stand in for the two recordings of one song that the authors' demo page compares, "Hurt" by Johnny Cash and by
    Nine Inch Nails, of which the second sounds the angrier. Dice decide which bars leave the key and where the line
    leaps. Those of the distorted performance were picked among 500 throws: the first line of the song, eight bars, is
    played as written, and after it the tune comes apart.

    Examples
    --------
    >>> acoustic, distorted = render_covers()
    >>> acoustic.clip.score.tempo < distorted.clip.score.tempo
    True
    """
    return _render_cover("acoustic", "songwriter", Dice(11)), _render_cover("distorted", "rock", Dice(438))


def build_cover_table(covers: Sequence[Cover]) -> "pd.DataFrame":
    """Count what was played: one row per musical cause, one column per cover.

    Returns
    -------
    pandas.DataFrame
        Units stand in the names of the rows. Shares are of all notes for rhythm, of pitched notes for clashes and key,
        of the line's own notes for leaps, and of the notes that make a chord minor or major for thirds; NaN where
        there are none. The sounding ratio is the median share of the time to the next onset that a note sounds.
    """
    import pandas as pd

    return pd.DataFrame({cover.title: _measure(cover.clip.score) for cover in covers})


def build_wanted_table(covers: Sequence[Cover]) -> "pd.DataFrame":
    """Tabulate what the covers were asked to have: one row each, the seven features on the unit scale."""
    import pandas as pd

    return pd.DataFrame({cover.title: cover.wanted for cover in covers}).T / UNIT


def describe_hearing(
    covers: Sequence[Cover], heard: "pd.DataFrame", *, layer: "LinearModel", emotion: str = "anger"
) -> str:
    """Say where a net's ear strays most from what was asked of two covers, and what that does to an emotion.

    Parameters
    ----------
    covers
        Two performances.
    heard
        One row each: predicted features by name, unit scale.
    layer
        From the features to the emotions.
    emotion
        One of `ratings.EMOTIONS`.
    """
    asked, got = (table[list(MIDLEVEL)].diff().iloc[1] for table in (build_wanted_table(covers), heard))
    worst, weights = (got - asked).abs().idxmax(), layer.weights[EMOTIONS.index(emotion)]
    return (
        f"From “{covers[0].title}” to “{covers[1].title}”, {worst} was asked to change by {asked[worst]:+.2f}; the "
        f"net hears {got[worst]:+.2f}. By its weights, what was asked for would change {emotion} by "
        f"{weights @ asked:+.2f}, what it hears by {weights @ got:+.2f}."
    )


def _render_cover(title: str, style: str, dice: Dice) -> Cover:
    album = replace(build_album(style, np.random.default_rng(0)), **_PROGRAMS[title])
    intent = build_intent(_WANTED[title], knobs=_KNOBS[title])
    clip = build_clip(intent, album, dice, song=GREENSLEEVES)
    return Cover(title, dict(zip(MIDLEVEL, _WANTED[title], strict=True)), album, clip)


def _measure(score: Score) -> dict[str, float]:
    notes = build_truth(score)
    pitched, thirds = notes[~notes["drums"]], notes[notes["third"] != ""]
    line = notes[(notes["role"] == "melody") & notes["clash_with"].isna()]
    return {
        "tempo (BPM)": score.tempo,
        "players": len(score.parts),
        "notes per second": len(notes) / DURATION,
        "clashing notes (%)": 100 * pitched["clash_with"].notna().mean(),
        "notes outside the key (%)": 100 * pitched["out_of_key"].mean(),
        "mean distance from the beat grid (ms)": 1000 * notes["off_grid"].abs().mean(),
        "syncopated notes (%)": 100 * notes["syncopated"].mean(),
        "median sounding ratio": pitched["staccato"].median(),
        "leaps in the melody (%)": 100 * line["leap"].ne(0).mean(),
        "minor thirds among thirds (%)": 100 * thirds["third"].eq("minor").mean(),
    }
