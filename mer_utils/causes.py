"""Causes in generated music: pairs of clips of which it is known where, and in what, they differ.

A generated clip can be rendered twice with one musical cause changed and all else equal, at one gain
(`generated.truth`). Where the two spectrograms differ, there the cause is, its reverberation included.

Public names: ``THRESHOLD``, ``START``, ``Case``, ``build_cases``, ``build_twins``, ``select_middle``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .ratings import MIDLEVEL
from .spectrogram import WINDOW_FRAMES, SpectrogramConfig, compute_spectrogram, select_window

if TYPE_CHECKING:
    from .generated.corpus import GeneratedCorpus
    from .generated.truth import Twin

#: Cells that differ by more than this, log10(1 + magnitude), hold the cause: about what can be heard where the sound
#: is loud, 1 dB for magnitudes far above 1; soft cells have to change by more (rises: 1.9 dB at 1, 7 dB at 0.1).
THRESHOLD = 0.05
# The trait has to be nearly absent at first, for a rise to be heard: controls up to this.
_LOW = 0.4
# A trait that one or two notes carry decides no segment: the truth has to hold this share of all cells.
_LEAST = 0.01
#: Frame at which windows start, 2.5 s: of a clip of 15 s the middle 10 s.
START = 78


@dataclass(frozen=True, eq=False)
class Case:
    """A clip and its counterfactual as a network sees them.

    Attributes
    ----------
    feature, track
        Which cause was changed in which track.
    delta
        By how much its control, 0-1, was moved.
    original, changed
        (313, 149) spectrograms at one gain, log10(1 + magnitude).
    """

    feature: str
    track: str
    delta: float
    original: np.ndarray
    changed: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        """(313, 149) bool: where the cause is, cells that differ by more than `THRESHOLD`."""
        return abs(self.changed - self.original) > THRESHOLD


def build_cases(
    corpus: "GeneratedCorpus",
    track_ids: Sequence[str],
    *,
    n: int = 2,
    features: Sequence[str] = MIDLEVEL,
    seed: int = 0,
) -> list[Case]:
    """Render clips in which only the notes of 5 s carry a trait, with their originals, which hardly have it.

    Parameters
    ----------
    corpus
        Generated music.
    track_ids
        Tracks to choose from: those whose control of the feature is at most 0.4. It is raised to 1 in the first or
        the second half of the window, and a track is passed over if less than 1 % of all cells change by that.
    n
        Cases per feature; fewer if there are not enough tracks.
    features
        Some of `ratings.MIDLEVEL`.
    seed
        Draws the order of tracks, and the half.

    Returns
    -------
    list of Case
        Feature by feature; ``changed`` is the one to explain.

    Raises
    ------
    ValueError
        For an unknown feature.
    """
    from .generated.intent import Focus

    cases, rng = [], np.random.default_rng(seed)
    for feature in features:
        found: list[Case] = []
        for track in rng.permutation([t for t in track_ids if _read_control(corpus, t, feature) <= _LOW]):
            start = START / SpectrogramConfig().fps + rng.choice([0.0, 5.0])
            twin = corpus.twin(str(track), feature, 1.0, focus=Focus(feature, start=start, end=start + 5))
            case = _build_case(str(track), twin)
            found += [case] if case.truth.mean() >= _LEAST else []
            if len(found) == n:
                break
        cases += found
    return cases


def build_twins(
    corpus: "GeneratedCorpus", track_ids: Sequence[str], *, delta: float = 0.5, features: Sequence[str] = MIDLEVEL
) -> list[Case]:
    """Render tracks with the control of one feature after the other moved by ``delta``, to where there is more room.

    A track in which no note can carry the change gives no case. ``delta`` is above 0 and at most 0.5.

    Raises
    ------
    ValueError
        If ``delta`` is out of range, or for an unknown feature.
    """
    if not 0 < delta <= 0.5:
        raise ValueError(f"controls can move by more than 0 and at most 0.5 in every track, not by {delta}")
    cases = []
    for feature in features:
        for track in track_ids:
            step = delta if _read_control(corpus, track, feature) < 0.5 else -delta
            case = _build_case(track, corpus.twin(track, feature, step))
            cases += [case] if case.truth.any() else []
    return cases


def select_middle(spec: np.ndarray) -> np.ndarray:
    """Select the window of 313 frames from 2.5 s on, the middle of a clip of 15 s, (n_frames, 149)."""
    return select_window(spec, START, n_frames=WINDOW_FRAMES)


def _read_control(corpus: "GeneratedCorpus", track: str, feature: str) -> float:
    return corpus.intent(track).with_cause(feature, 0.0).caused[feature]  # refuses an unknown feature, naming all


def _build_case(track: str, twin: "Twin") -> Case:
    specs = [select_middle(compute_spectrogram(y)) for y in (twin.original, twin.changed)]
    return Case(twin.feature, track, twin.after - twin.before, *specs)
