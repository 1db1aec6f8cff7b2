"""Why a network hears what it hears in a sound file: what is asked, how it is explained, and the answer.

Public names: ``SoundWhy``, ``Question``, ``Settings``, ``explain_sound``, ``explain_excerpt``.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .excerpts import Excerpt, load_excerpt
from .explain import PAPER_OPTIONS, ExplainOptions, explain_spectrogram
from .explanation import VERSION, ExplainError, Explanation, load_explanation
from .featurechoice import describe_choice, select_feature
from .ratings import MIDLEVEL, UNIT
from .segments import compute_segments

if TYPE_CHECKING:
    from .listening import Rendering
    from .networks import TrainedNetwork
    from .predictor import OutputFunction, Predictor
    from .reference import Reference
    from .regression import LinearModel

# What tells one way of explaining from another.
_WAYS = ("design", "keep_prob", "kernel_width", "ridge", "fit", "seed", "segmentation")


@dataclass(frozen=True)
class Question:
    """What somebody wants to know.

    Attributes
    ----------
    feature
        The one to explain; None leaves the choice to `featurechoice.select_feature`.
    emotion
        The one that is traced back to a feature, or None.
    at
        Where the ten seconds begin; None is the middle.
    """

    feature: str | None = None
    emotion: str | None = None
    at: float | None = None


@dataclass(frozen=True)
class Settings:
    """How to explain.

    Attributes
    ----------
    n_samples
        Perturbed spectrograms, or ``"auto"``; None is 3000, and 50 000 in the way of the papers.
    segmentation
        One of `segments.METHODS` that needs nothing but the sound.
    seed
        Of the masks.
    paper
        Explain and select as the papers did in 2019.
    progress
        Show a progress bar.
    hide
        What is heard where a segment is hidden: ``"training_mean"``, ``"silence"`` or ``"segment_mean"``.
    """

    n_samples: int | str | None = None
    segmentation: str = "felzenszwalb"
    seed: int = 0
    paper: bool = False
    progress: bool = False
    hide: str = "training_mean"

    def __post_init__(self) -> None:
        if self.paper and self.segmentation != "felzenszwalb":
            raise ExplainError(f"--paper means felzenszwalb segments: leave out --paper or {self.segmentation}")

    rule = property(lambda self: "paper" if self.paper else "bh", doc="How segments are selected.")

    @property
    def size(self) -> int | str:
        """Number of samples asked for, or ``"auto"``."""
        return self.n_samples or (50_000 if self.paper else 3000)

    @property
    def options(self) -> dict[str, Any]:
        """Options for `explain.explain_spectrogram`, where they are not its defaults."""
        chosen = {"seed": self.seed, "segmentation": self.segmentation, "hide": self.hide}
        return (PAPER_OPTIONS if self.paper else {}) | chosen


@dataclass(frozen=True, eq=False)
class SoundWhy:
    """An excerpt, what is asked about it, and the answer.

    Attributes
    ----------
    excerpt
        Of a sound file.
    midlevel
        (7,) what the network hears in it, unit scale.
    feature
        The one that is explained.
    choice
        Why this one, in sentences; empty where somebody just asked for it.
    emotion
        The one that it is traced back from, or None.
    layer, reference
        From features to emotions, None unless there is an emotion; tracks that the excerpt is compared with.
    settings
        How it was explained.
    explanation
        Of all seven features; not ``complete`` if somebody stopped it.
    reused
        Whether the explanation lay there already.
    sounds
        What one can hear of it, by the name of its file (`whysounds.render_why_sounds`); None where there is nothing.
    """

    excerpt: Excerpt
    midlevel: np.ndarray
    feature: str
    choice: str
    emotion: str | None
    layer: "LinearModel | None"
    reference: "Reference"
    settings: Settings
    explanation: Explanation
    reused: bool = False
    sounds: "dict[str, Rendering | None]" = field(default_factory=dict)


def explain_sound(
    path: Path, trained: "TrainedNetwork", *, question: Question, settings: Settings, kept: Path | None = None
) -> SoundWhy:
    """Explain what a network hears in ten seconds of a sound file.

    Parameters
    ----------
    path
        A wav, flac, ogg or mp3 file.
    trained
        A network that hears the features; for an emotion, one whose emotions are made of them.
    question
        What somebody wants to know.
    settings
        How to explain.
    kept
        A file that may hold this very explanation, which is then not computed anew; whatever else it holds does not
        matter.

    Raises
    ------
    PredictorError, LayerError
        If the network does not hear features, or its emotions are not made of them and one is asked for.
    AudioError, ExcerptError
        As `excerpts.load_excerpt`.
    ExplainError
        For fewer samples than it takes to tell the segments apart.
    KeyboardInterrupt
        If somebody stopped it before anything could be told.
    """
    import pandas as pd

    from .layers import build_layer
    from .predictor import Predictor
    from .reliability import compute_network_doubts

    emotion, predictor = question.emotion, Predictor.from_trained(trained)
    outputs, layer = predictor.outputs("midlevel"), build_layer(trained.network) if emotion else None
    excerpt = load_excerpt(path, at=question.at, config=predictor.spectrogram)
    reference = _load_yardstick(trained, predictor, progress=settings.progress)
    midlevel = outputs(excerpt.spec[None])[0].astype(float)
    about = {"emotion": emotion, "layer": layer, "reference": reference}
    feature = question.feature or select_feature(midlevel, **about)
    song = pd.Series(midlevel, list(MIDLEVEL), name=excerpt.title)
    doubts = compute_network_doubts(trained) if emotion else None
    choice = "" if question.feature and not emotion else describe_choice(song, feature, doubts=doubts, **about)
    explanation, reused = explain_excerpt(excerpt, outputs, settings=settings, kept=kept, expected=midlevel)
    return SoundWhy(excerpt, midlevel, feature, choice, emotion, layer, reference, settings, explanation, reused)


def _load_yardstick(trained: "TrainedNetwork", predictor: "Predictor", *, progress: bool) -> "Reference":
    """Load the reference; that of a network without emotions is made of features alone, anew each time."""
    from . import reference
    from .evaluation import predict_tracks
    from .networks import HEADS
    from .profiles import load_profile_corpus

    if "emotion" in HEADS[trained.scheme]:
        return reference.load_reference(trained)
    corpus = load_profile_corpus("quick")
    heard = predict_tracks(predictor, corpus, list(corpus.tracks.index), progress=progress)["midlevel"]
    label = f"the {len(corpus.tracks)} clips of the {corpus.name} corpus"
    return reference.Reference(heard / UNIT, heard[[]], label)


def explain_excerpt(
    excerpt: Excerpt,
    outputs: "OutputFunction",
    *,
    settings: Settings,
    kept: Path | None = None,
    expected: np.ndarray | None = None,
) -> tuple[Explanation, bool]:
    """Compute an explanation, or find it.

    Parameters
    ----------
    excerpt
        Of a sound file.
    outputs
        To be explained.
    settings, kept
        As in `explain_sound`.
    expected
        (n_outputs,) what the outputs said of this window before, where somebody was told.

    Returns
    -------
    explanation : Explanation
        Not ``complete`` if somebody stopped it.
    reused : bool
        Whether it was there.

    Raises
    ------
    ExplainError, KeyboardInterrupt
        As `explain_sound`.
    """
    segments = compute_segments(excerpt.spec, method=settings.segmentation)
    known = _load_known(kept) if kept and kept.is_file() else None
    if known and _fits(known, excerpt, outputs, segments, settings):
        return known, True
    about = {"start": excerpt.start, "fps": excerpt.fps, "expected": expected, "progress": settings.progress}
    options = {"n_samples": settings.size, **settings.options, **about}
    return explain_spectrogram(outputs, excerpt.spec, segments, **options), False


def _load_known(path: Path) -> Explanation | None:
    try:
        return load_explanation(path)
    except ExplainError:
        return None


def _fits(
    known: Explanation, excerpt: Excerpt, outputs: "OutputFunction", segments: np.ndarray, settings: Settings
) -> bool:
    """Find out whether a stored explanation is what would be computed."""
    try:
        known.check(spec=excerpt.spec, network=outputs.fingerprint)
    except ExplainError:
        return False
    wanted = vars(ExplainOptions(**{"fit": "places"} | settings.options))
    used = vars(known) | known.config
    levels = {"training_mean": float(np.float32(outputs.training_mean)), "silence": 0.0}
    size = "auto" if "looks" in known.config else known.n_samples
    return (
        known.complete
        and size == settings.size
        and known.config.get("version") == VERSION
        and known.start == excerpt.start
        and known.hide == levels.get(settings.hide, settings.hide)
        and np.array_equal(known.segments, segments)
        and all(used.get(name) == wanted[name] for name in _WAYS)
    )
