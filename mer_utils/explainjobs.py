"""One of many explanations, as a worker computes it: with a network and a corpus that it loads once.

An explanation computes on one thread and alone in its process; so it has the same bytes in a plain loop, on any number
of workers of one kind of machine, and from `soundwhy.explain_sound`.

Public names: ``ExplainJob``, ``build_job``, ``explain_one``.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .excerpts import Excerpt, load_excerpt
from .explanation import ExplainError, Explanation
from .profiles import Profile, load_profile_corpus
from .soundwhy import Settings, explain_excerpt
from .spectrogram import WINDOW_FRAMES, SpectrogramConfig, select_window

if TYPE_CHECKING:
    from .corpora import Corpus
    from .predictor import OutputFunction

# The number of threads belongs to a process, which a Dask worker may share among several jobs.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class ExplainJob:
    """What the explanations of many sounds have in common; small, for it travels with each of them.

    Attributes
    ----------
    net
        As `networks.load_network` takes it; a file by its whole path.
    network
        Fingerprint of the features that it hears.
    settings
        How to explain.
    profile, corpus
        Where clips come from, as `profiles.load_profile_corpus` takes them; None and "" for sound files.
    fingerprint
        Of that corpus.
    """

    net: str
    network: str
    settings: Settings
    profile: Profile | None = None
    corpus: str = ""
    fingerprint: str = ""


def build_job(
    net: str | Path, *, settings: Settings, profile: Profile | None = None, corpus: "Corpus | None" = None
) -> ExplainJob:
    """Write down which network and corpus are meant, so that workers can tell whether theirs are the same.

    Parameters
    ----------
    net
        A network that hears the features, as `networks.load_network` takes it.
    settings
        How to explain.
    profile, corpus
        Whose clips, and what `profiles.load_profile_corpus` gives for it; None where sounds are files.

    Raises
    ------
    NetworkError, PredictorError
        If there is no such network, or it does not hear features.
    """
    from .networks import CHECKPOINTS, locate_network

    network, place = _build_outputs(net).fingerprint, locate_network(net)
    if not place.is_relative_to(CHECKPOINTS):
        net = place.absolute()  # a worker may have another current folder
    job = ExplainJob(str(net), network, settings)
    if corpus is None:
        return job
    return replace(job, profile=profile, corpus=corpus.name, fingerprint=corpus.fingerprint)


def explain_one(job: ExplainJob, sound: str | Path, kept: Path | None = None) -> Explanation | str | None:
    """Explain the ten seconds in the middle of a sound.

    Parameters
    ----------
    job
        With which network and how.
    sound
        A track of the job's corpus, or a sound file.
    kept
        A file that may hold this very explanation.

    Returns
    -------
    Explanation, str or None
        None if it lies there already; a line of text if this sound cannot be explained.

    Raises
    ------
    ExplainError, NetworkError, CorpusError
        If network or corpus are not those of the job, which then holds for all sounds.
    """
    with _ALONE, _using_one_thread():
        outputs = _load_outputs(job.net, job.network)
        corpus = _load_corpus(job.profile, job.corpus, job.fingerprint) if job.profile else None
        config = outputs.predictor.spectrogram
        try:
            excerpt = _cut_clip(corpus, sound, config) if corpus else load_excerpt(sound, config=config)
            explanation, reused = explain_excerpt(excerpt, outputs, settings=job.settings, kept=kept)
        except (ValueError, OSError) as error:
            return " ".join(str(error).split())
    if not explanation.complete:
        raise KeyboardInterrupt
    return None if reused else explanation


def _cut_clip(corpus: "Corpus", track: str, config: SpectrogramConfig) -> Excerpt:
    """Take the window in the middle out of a clip; its sound is not needed."""
    spec = corpus.spectrogram(track)
    frame = max(0, len(spec) - WINDOW_FRAMES) // 2
    return Excerpt(track, np.empty(0, np.float32), frame / config.fps, select_window(spec, frame), config)


@contextmanager
def _using_one_thread() -> Iterator[None]:
    """Keep all libraries to one thread: as many explanations as cores are computed at a time."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _build_outputs(net: str | Path) -> "OutputFunction":
    from .predictor import Predictor

    return Predictor.load(net).outputs("midlevel")


@lru_cache(maxsize=1)
def _load_outputs(net: str, network: str) -> "OutputFunction":
    outputs = _build_outputs(net)
    if outputs.fingerprint != network:
        raise ExplainError(f"a worker knows another net {net} than the one to explain: let all have the same files")
    return outputs


@lru_cache(maxsize=1)
def _load_corpus(profile: Profile, name: str, fingerprint: str) -> "Corpus":
    corpus = load_profile_corpus(profile, name)
    if corpus.fingerprint != fingerprint:
        raise ExplainError(f"a worker has another corpus {name} than the one to explain: let all have the same files")
    return corpus
