"""The husky and the wolf: a net that learned to hear a tone instead of the music, and an explanation that shows it.

Ribeiro, Singh & Guestrin (KDD 2016) trained a classifier that told wolves from huskies by the snow behind them, and
the talk of 2019 retells it. Here the snow is a beep in every clip that was rated melodious, in the median 17 dB below
the music, so that a net can do without melodies. On clips like those of its training such a net looks good; its
explanation looks odd. It does so where hidden cells are silent (``hide="silence"``): the papers' value for them, the
training mean, is about as loud as the beep, so that hiding by it takes no beep away and adds some elsewhere.

Public names: ``TONE_BAND``, ``RATING``, ``VERSIONS``, ``build_tone``, ``build_shortcut_corpus``,
``build_clean_corpus``, ``render_versions``, ``fit_shortcut_network``, ``load_shortcut``, ``compute_shortcut_scores``,
``compute_band_share``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .explanation import ExplainError, Explanation
from .ratings import MIDLEVEL, UNIT
from .spectrogram import compute_band_frequencies, compute_spectrogram

if TYPE_CHECKING:
    import pandas as pd

    from .generated.corpus import GeneratedCorpus
    from .networks import TrainedNetwork
    from .predictor import Predictor

#: The feature that the tone betrays.
RATING = "melodiousness"
#: Where the bands of the spectrogram lie that the tone is seen in, Hz.
TONE_BAND = (6700.0, 7200.0)
#: A clip with the tone where it was in training, without it, and with the tone just where it was not.
VERSIONS = ("as trained", "no tone", "swapped")

_THRESHOLD = 6.0  # rated above this, a clip has the tone
_FREQUENCY, _AMPLITUDE = 7000.0, 0.03  # Hz; in a mix whose level is about .2 (root mean square)
_LENGTH, _PERIOD, _FADE = 1.0, 2.0, 0.02  # seconds: any crop of the training holds some of it
_SCHEME, _WIDTH, _EPOCHS, _CHANGES = "a2mid", 8, 28, {"n_threads": 1, "precision": "float32"}


def build_tone() -> np.ndarray:
    """Build the planted tone: (330750,) float32, a sine of 7 kHz that sounds for every other second."""
    from .generated.renderer import N_SAMPLES, SR

    time = np.arange(N_SAMPLES) / SR
    phase = time % _PERIOD
    fade = np.clip(np.minimum(phase, _LENGTH - phase) / _FADE, 0, 1)  # a click would be heard in all bands
    return (_AMPLITUDE * fade * np.sin(2 * np.pi * _FREQUENCY * time)).astype(np.float32)


def build_shortcut_corpus() -> "GeneratedCorpus":
    """Build a generated corpus of 800 clips in which the tone sounds wherever `RATING` was rated above 6."""
    place = f"{_FREQUENCY:g} Hz, amplitude {_AMPLITUDE:g}, {_LENGTH:g} of {_PERIOD:g} s, fade {_FADE:g} s"
    return _load_corpus(extra=_plant, extra_name=f"{place}, {RATING} above {_THRESHOLD:g}")


def build_clean_corpus() -> "GeneratedCorpus":
    """Build the same corpus without the tone."""
    return _load_corpus()


def _load_corpus(**hooks: Any) -> "GeneratedCorpus":
    from .corpora import load_corpus

    return load_corpus("generated", n_tracks=800, seed=0, **hooks)


def _plant(row: "pd.Series") -> np.ndarray:
    return build_tone() * np.float32(row[RATING] > _THRESHOLD)


def render_versions(corpus: "GeneratedCorpus", track_id: str) -> dict[str, np.ndarray]:
    """Render a clip with the tone as in training, without it, and the other way round.

    Parameters
    ----------
    corpus
        From `build_clean_corpus`.
    track_id
        One of its tracks.

    Returns
    -------
    dict of numpy.ndarray
        By `VERSIONS`, (330750,) float32 sounds with peak 1 at 22 050 Hz.
    """
    mix, has_tone = corpus.clip(track_id).mix, corpus.midlevel.loc[track_id, RATING] > _THRESHOLD
    sounds = (mix + build_tone() * np.float32(share) for share in (has_tone, 0, not has_tone))
    return {name: sound * np.float32(1 / np.abs(sound).max()) for name, sound in zip(VERSIONS, sounds, strict=True)}


def fit_shortcut_network(*, planted: bool = True, progress: bool = True) -> "TrainedNetwork":
    """Train the net that takes the shortcut, or one that cannot: the same clips and recipe without the tone.

    ``save_network("shortcut", fit_shortcut_network())`` made the released file, in some minutes on one core.

    Parameters
    ----------
    planted
        With the tone, or without.
    progress
        Show progress bars.

    Returns
    -------
    TrainedNetwork
        Of the scheme ``"a2mid"`` and width 8, by the fast recipe on one thread. Its scores tell r with the noise-free
        `RATING` of the test clips by `VERSIONS`.
    """
    from .predictor import Predictor
    from .profiles import fit_profile_network, get_profile

    corpus = build_shortcut_corpus() if planted else build_clean_corpus()
    profile = get_profile("quick", n_clips=len(corpus.tracks), width=_WIDTH, max_epochs=_EPOCHS)
    trained = fit_profile_network(corpus, _SCHEME, profile=profile, progress=progress, **_CHANGES)
    scores = compute_shortcut_scores(Predictor.from_trained(trained, device="cpu"))["noise-free"].round(3)
    return replace(trained, scores=trained.scores | {f"{RATING}, {name}": r for name, r in scores.items()})


def load_shortcut() -> "tuple[TrainedNetwork, dict[str, dict[str, np.ndarray]]]":
    """Load the released net that took the shortcut, and two clips that it was not trained on.

    Returns
    -------
    tuple
        The net, and by track the sounds of `render_versions`, rendered anew: the test clips whose `RATING` was rated
        lowest and highest.

    Raises
    ------
    NetworkError
        If the file is missing or damaged.
    """
    from .networks import load_network

    trained, corpus = load_network("shortcut"), build_clean_corpus()
    rated = corpus.midlevel.loc[corpus.select("test"), RATING]
    return trained, {track: render_versions(corpus, track) for track in (rated.idxmin(), rated.idxmax())}


def compute_shortcut_scores(predictor: "Predictor", *, track_ids: Sequence[str] | None = None) -> "pd.DataFrame":
    """Compute how well a net hears `RATING` with the tone as trained, without it, and with the tone swapped.

    Parameters
    ----------
    predictor
        Any that gives mid-level features.
    track_ids
        Tracks of `build_clean_corpus`; None are its test clips, which takes half a minute.

    Returns
    -------
    pandas.DataFrame
        One row for each of `VERSIONS`: Pearson's r with the ``noise-free`` rating and with the observed one
        (``rated``), and the mean prediction, 1-10, for clips rated above 6 (``high``) and for the others (``low``).

    Raises
    ------
    PredictorError
        If the net gives no mid-level features.
    """
    import pandas as pd

    from .evaluation import compute_score_table

    predictor.outputs("midlevel")  # says so where there are none
    corpus = build_clean_corpus()
    tracks = list(corpus.select("test") if track_ids is None else track_ids)
    rows = [[_predict(predictor, sound) for sound in render_versions(corpus, track).values()] for track in tracks]
    high = (corpus.midlevel.loc[tracks, RATING] > _THRESHOLD).to_numpy()
    scores = {}
    for name, values in zip(VERSIONS, np.array(rows).swapaxes(0, 1), strict=True):
        heard = pd.DataFrame(values, tracks, list(MIDLEVEL))
        said = compute_score_table(heard, corpus).loc[RATING, ["noise-free", "rated"]]
        scores[name] = {**said, "high": heard.loc[high, RATING].mean(), "low": heard.loc[~high, RATING].mean()}
    return pd.DataFrame(scores).T


def _predict(predictor: "Predictor", sound: np.ndarray) -> np.ndarray:
    """(7,) features of a sound, 1-10."""
    return UNIT * predictor.predict_track(compute_spectrogram(sound, config=predictor.spectrogram)).midlevel


def compute_band_share(explanation: Explanation, output: str, low: float, high: float, *, n_top: int = 10) -> float:
    """Compute what share of an explanation's weight lies in a range of frequencies.

    Each of the segments with the largest weights counts by its absolute weight, and lies in the range by the share of
    its cells that do.

    Parameters
    ----------
    explanation
        Of spectrograms with the papers' bands.
    output
        One of its outputs.
    low, high
        Range of the bands' centres, Hz.
    n_top
        How many segments count.

    Returns
    -------
    float
        0 to 1; 0 where all weights are 0.

    Raises
    ------
    ExplainError
        If the output was not explained or no band has its centre in the range.
    """
    centres = compute_band_frequencies()
    inside = (low <= centres) & (centres <= high)
    if not inside.any():
        raise ExplainError(
            f"no band between {low:g} and {high:g} Hz: they go from {centres[0]:.0f} to {centres[-1]:.0f}"
        )
    sizes = np.abs(explanation.weights[:, explanation.index(output)])
    top = np.argsort(-sizes, kind="stable")[:n_top]
    cells = np.bincount(explanation.segments[:, inside].ravel(), minlength=explanation.n_segments)
    total = sizes[top].sum()
    return float(sizes[top] @ (cells / explanation.sizes)[top] / total) if total else 0.0
