"""What can be asked of a net in an explorer, and how it is answered: without widgets, from what is known if possible.

A `Query` names music, an emotion, a feature and a way to explain; an `Exploration` holds what answers have in common
and finds, or computes, the explanation that a query needs. Values are on the unit scale, rating / 10.

Public names: ``Query``, ``Heard``, ``Exploration``, ``METHODS``, ``SIDES``.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .excerpts import Excerpt, build_excerpt
from .explaincache import explain_window, load_window, select_method
from .explanation import ExplainError
from .featurechoice import select_feature
from .layers import build_layer
from .passages import Passage
from .predictor import Predictor
from .ratings import EMOTIONS, MIDLEVEL
from .sampling import PAPER_OPTIONS, ExplainOptions
from .segmenters import METHODS as CUTS
from .selection import RULES

if TYPE_CHECKING:
    import pandas as pd

    from .library import Library
    from .networks import TrainedNetwork
    from .predictor import OutputFunction
    from .reference import Reference
    from .regression import LinearModel

#: Ways to explain: this companion's, where what is hidden is silent, and that of 2019 with its 50 000 samples.
METHODS: dict[str, dict[str, Any]] = {
    "ours": {**{name: getattr(ExplainOptions, name) for name in PAPER_OPTIONS}, "hide": "silence"},
    "as in 2019": {**PAPER_OPTIONS, "n_samples": 50_000, "hide": "training_mean"},
}
#: Which segments are shown and edited.
SIDES = ("both", "positive", "negative")
_REMEMBERED = 8  # sounds heard and explanations found that are kept in memory, where a long song has 80 MB
_TRIAL = 16  # spectrograms that are timed before the first explanation
_OVERHEAD = 1.25  # times as long as the net alone does an explanation take


@dataclass(frozen=True)
class Query:
    """What somebody wants to know.

    Attributes
    ----------
    title
        Of the music, as the library calls it.
    emotion
        One of `ratings.EMOTIONS`.
    feature
        One of `ratings.MIDLEVEL`; None is the one that moves the emotion most.
    at
        Where the ten seconds begin; None is the middle.
    method
        One of `METHODS`.
    segmentation
        One of `segments.METHODS` that needs nothing but the sound; None is the profile's own.
    rule, threshold
        Which segments count, as `selection.select_segments` takes them.
    side
        One of `SIDES`.

    Raises
    ------
    ExplainError
        If one of them is not known.
    """

    title: str
    emotion: str = "anger"
    feature: str | None = None
    at: float | None = None
    method: str = "ours"
    segmentation: str | None = None
    rule: str = "top"
    threshold: float | None = None
    side: str = "both"

    def __post_init__(self) -> None:
        chosen = ((self.emotion, EMOTIONS), (self.feature, (None, *MIDLEVEL)), (self.method, METHODS))
        chosen += ((self.segmentation, (None, *CUTS)), (self.rule, RULES), (self.side, SIDES))
        for name, known in chosen:
            if name not in known:
                raise ExplainError(f"there is no {name!r} here; choose one of: {', '.join(filter(None, known))}")

    @property
    def explained(self) -> tuple:
        """What decides the explanation: all else is a look at the same one."""
        return self.title, self.at, self.method, self.segmentation


@dataclass(frozen=True, eq=False)
class Heard:
    """What a net hears in ten seconds of music.

    Attributes
    ----------
    title
        What the music is called.
    excerpt
        The sound and its window.
    midlevel, emotion
        (7,) and (8,), unit scale.
    """

    title: str
    excerpt: Excerpt
    midlevel: np.ndarray
    emotion: np.ndarray

    @property
    def song(self) -> "pd.Series":
        """Features by name, named as the music is called."""
        import pandas as pd

        return pd.Series(self.midlevel.astype(float), list(MIDLEVEL), name=self.title)

    def get(self, emotion: str) -> float:
        """Give one of the emotions."""
        return float(self.emotion[EMOTIONS.index(emotion)])


@dataclass(frozen=True, eq=False)
class Exploration:
    """A net, music, and all that is known of both.

    Attributes
    ----------
    library
        The music.
    trained
        A net whose emotions are weighted sums of features.
    reference
        What the net hears in many tracks.
    profile, seed
        Of the explanations.
    folder
        Where explanations are kept; None is the cache.

    Raises
    ------
    LayerError
        If the net's emotions are not made of features.
    """

    library: "Library"
    trained: "TrainedNetwork"
    reference: "Reference"
    profile: str = "quick"
    seed: int = 0
    folder: Path | None = None
    _heard: dict[tuple, Heard] = field(default_factory=dict, repr=False)
    _found: dict[tuple, Passage] = field(default_factory=dict, repr=False)
    _rates: list[float] = field(default_factory=list, repr=False)
    _lock: "threading.RLock" = field(default_factory=threading.RLock, repr=False)  # an explanation has its own thread

    def __post_init__(self) -> None:
        self.layer  # noqa: B018  refuse a net without one at once

    @cached_property
    def layer(self) -> "LinearModel":
        """From features to emotions."""
        return build_layer(self.trained.network)

    @cached_property
    def predictor(self) -> Predictor:
        """The net, made fast."""
        return Predictor.from_trained(self.trained)

    @cached_property
    def outputs(self) -> "OutputFunction":
        """The seven features: what is explained."""
        return self.predictor.outputs("midlevel")

    @cached_property
    def doubts(self) -> "pd.DataFrame | None":
        """Say (8, 7) of which weights the sign is not reliable; None where that is not known."""
        from .reliability import compute_network_doubts

        return compute_network_doubts(self.trained)

    @cached_property
    def effects(self) -> np.ndarray:
        """Effects (n_tracks, 8, 7) of the tracks of the reference."""
        from .effects import compute_effects

        return compute_effects(self.layer.weights, self.reference.midlevel.to_numpy())

    def hear(self, query: Query) -> Heard:
        """Let the net hear the music of a query, unless it did.

        Raises
        ------
        LibraryError, AudioError, ExcerptError
            If there is no such music, it cannot be read, or nothing is to be heard there.
        """
        key = query.title, query.at
        with self._lock:
            if heard := _recall(self._heard, key):
                return heard
            y, config = self.library.load(query.title), self.predictor.spectrogram
            excerpt = build_excerpt(y, title=query.title, at=query.at, config=config)
            midlevel = self._ask(query, excerpt)
            emotion = self.layer.weights @ midlevel + self.layer.bias
            return _remember(self._heard, key, Heard(query.title, excerpt, midlevel, emotion))

    def _ask(self, query: Query, excerpt: Excerpt) -> np.ndarray:
        """Ask the net, unless an explanation of the usual kind, or of that asked for, knows its answer."""
        for way in (Query(query.title), query):
            if known := load_window(self.outputs, excerpt.spec, **self._choices(way, excerpt)):
                return known.prediction
        return self.outputs(excerpt.spec[None])[0].astype(float)

    def name_feature(self, query: Query) -> str:
        """Name the feature of a query, also where the net has to choose it."""
        about = {"reference": self.reference, "layer": self.layer, "emotion": query.emotion}
        return query.feature or select_feature(self.hear(query).midlevel, **about)

    def find(self, query: Query) -> Passage | None:
        """Find the explanation that a query needs, with its sound, without asking the net; None if it is not known."""
        with self._lock:
            if passage := _recall(self._found, query.explained):
                return passage
            excerpt = self.hear(query).excerpt
            known = load_window(self.outputs, excerpt.spec, **self._choices(query, excerpt))
            return known and _remember(self._found, query.explained, Passage(excerpt.y, known, excerpt.config))

    def explain(self, query: Query, *, progress: bool | Callable[[int, int], object] = True) -> None:
        """Compute the explanation that a query needs, and keep it for `find`; may run beside others in a thread.

        Parameters
        ----------
        query
            Of music that was heard before.
        progress
            As in `sampling.ExplainOptions`.

        Raises
        ------
        ExplainError
            As `explain.explain_spectrogram`.
        """
        if self.find(query):
            return
        excerpt, start = self.hear(query).excerpt, time.perf_counter()
        done = explain_window(self.outputs, excerpt.spec, **self._choices(query, excerpt), progress=progress)
        self._rates.append((done.n_samples + len(done.holdout)) / (time.perf_counter() - start))

    def _choices(self, query: Query, excerpt: Excerpt) -> dict[str, Any]:
        kept = {} if self.folder is None else {"folder": self.folder}
        about = {"start": excerpt.start, "fps": excerpt.fps, "seed": self.seed, **METHODS[query.method]}
        return {"profile": self.profile, "method": query.segmentation, **about, **kept}

    def estimate_seconds(self, query: Query) -> float:
        """Estimate how long `explain` takes, from the last time, or else from a short trial."""
        from .profiles import get_profile

        if not self._rates:
            specs = np.repeat(self.hear(query).excerpt.spec[None], _TRIAL, axis=0)
            self.outputs(specs)  # the first call also builds what all calls share
            start = time.perf_counter()
            self.outputs(specs)
            self._rates.append(_TRIAL / (time.perf_counter() - start) / _OVERHEAD)
        n_samples = METHODS[query.method].get("n_samples", get_profile(self.profile).n_samples)
        return (n_samples + ExplainOptions.n_holdout) / self._rates[-1]

    def name_difference(self, first: Query, second: Query) -> str:
        """Name the feature that makes most of the difference between two pieces of music in an emotion."""
        from .effects import decompose_difference

        heard = [self.hear(query).midlevel for query in (first, second)]
        parts = decompose_difference(*heard, weights=self.layer.weights).loc[first.emotion].abs()
        return parts.idxmax() if parts.any() else self.name_feature(first)

    @property
    def segmentation(self) -> str:
        """How the profile cuts a sound up."""
        return select_method(self.profile)

    def settle(self, query: Query) -> Query:
        """Name what a query leaves open."""
        return replace(query, feature=self.name_feature(query), segmentation=query.segmentation or self.segmentation)


def _recall(known: dict, key: tuple) -> Any:
    """Give what is kept, None if nothing is, and let it be the latest."""
    if key in known:
        known[key] = known.pop(key)
    return known.get(key)


def _remember(known: dict, key: tuple, value: Any) -> Any:
    """Keep a value and give it, and keep no more than the latest ones."""
    known[key] = value
    while len(known) > _REMEMBERED:
        del known[next(iter(known))]
    return value
