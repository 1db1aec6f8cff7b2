"""The three sizes in which the companion runs: ``smoke`` for tests, ``quick`` for readers, ``paper`` to replicate.

What a size means for the corpus and for a training is said here once, for the notebooks and the command line alike.

A `Profile` may be given wherever the name of one is asked for: `get_profile` changes single sizes.

Public names: ``CORPORA``, ``COMPLETE``, ``SMALL``, ``Profile``, ``PROFILES``, ``ProfileError``, ``get_profile``,
``name_corpus``, ``load_profile_corpus``, ``build_training_config``, ``fit_profile_network``, ``load_run_network``,
``find_run_network``, ``describe_run_network``, ``name_source``, ``locate_checkpoint``, ``locate_first_stage``.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .paths import CACHE

if TYPE_CHECKING:
    from .corpora import Corpus
    from .networks import TrainedNetwork
    from .training import TrainingConfig


#: Corpora that `corpora.load_corpus` knows; ``"auto"`` in a notebook's parameters stands for one of them. It stands
#: here because the command line and the runner do without the imports of the corpora.
CORPORA = ("generated", "soundtracks", "midlevel")
#: Those of them whose clips carry both kinds of ratings, so that every notebook can run on them.
COMPLETE = CORPORA[:2]


#: What `name_source` adds where a network answers that was trained elsewhere.
RELEASED = "released net"

#: Training clips below which `Profile.small_epochs` counts.
SMALL = 1000


class ProfileError(ValueError):
    """A profile that does not exist was asked for."""


@dataclass(frozen=True)
class Profile:
    """The sizes of one run.

    Attributes
    ----------
    name
        One of the keys of `PROFILES`.
    n_clips
        Clips of the generated corpus, all splits together.
    width
        Channels of the networks' first layer; 64 is the papers' network.
    n_samples
        Perturbed spectrograms per explanation.
    max_epochs
        Most passes over the training split; 199 in the group's later code (Hoedt, Flexer & Widmer, SMC 2025).
    cell_timeout
        Longest time one notebook cell may take, seconds.
    small_epochs
        Instead of ``max_epochs`` where fewer than `SMALL` clips are for training, so that an epoch is short.
    augment
        Change training clips as `augmentation.Augmentation` does by default: for nets that meet real recordings.
    """

    name: str
    n_clips: int
    width: int
    n_samples: int
    max_epochs: int
    cell_timeout: int
    small_epochs: int | None = None
    augment: bool = False


#: Every profile by name.
PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", n_clips=48, width=8, n_samples=300, max_epochs=2, cell_timeout=120),
        Profile("quick", n_clips=2000, width=16, n_samples=3_000, max_epochs=28, cell_timeout=900, small_epochs=60),
        Profile("paper", n_clips=4000, width=64, n_samples=50_000, max_epochs=199, cell_timeout=7 * 24 * 3600),
    )
}


def get_profile(name: str | Profile, **changes: Any) -> Profile:
    """Look a profile up by its name.

    Parameters
    ----------
    name
        One of the keys of `PROFILES`, or a profile.
    changes
        Other values for some of its attributes; None leaves one as it is. ``max_epochs`` then counts for small corpora
        too.

    Returns
    -------
    Profile
        The sizes of the run.

    Raises
    ------
    ProfileError
        If there is no such profile; the message lists those there are.
    """
    if not isinstance(name, Profile) and name not in PROFILES:
        raise ProfileError(f"unknown profile {name!r}; there are: {', '.join(PROFILES)}")
    profile = name if isinstance(name, Profile) else PROFILES[name]
    changes = {name: value for name, value in changes.items() if value is not None}
    return replace(profile, **({"small_epochs": None} if "max_epochs" in changes else {}), **changes)


def load_profile_corpus(profile: str | Profile, corpus: str = "auto", **options: float) -> "Corpus":
    """Load the corpus of a run, at the profile's size.

    The seed of a run does not reach it: runs with other seeds train on the same clips.

    Parameters
    ----------
    profile
        One of `PROFILES`, by name or changed by `get_profile`.
    corpus
        A name that `corpora.load_corpus` knows, or ``"auto"`` (`name_corpus`).
    options
        Further options of the corpus, such as ``rater_noise``.

    Returns
    -------
    Corpus
        With `Profile.n_clips` clips where it is generated, and all its own otherwise.

    Raises
    ------
    ProfileError, CorpusError
        If there is no such profile or corpus.
    """
    from .corpora import load_corpus

    name = name_corpus(profile, corpus)
    size = {"n_tracks": get_profile(profile).n_clips} if name == "generated" else {}
    return load_corpus(name, **size, **options)


def name_corpus(profile: str | Profile, corpus: str = "auto") -> str:
    """Name the corpus that ``"auto"`` stands for: film music in ``"paper"`` where it is at hand, else generated music.

    Any other name is given back as it is.
    """
    if corpus != "auto" or get_profile(profile).name != "paper":
        return corpus.replace("auto", "generated")
    from .corpora import find_corpus

    return "soundtracks" if find_corpus("soundtracks") else "generated"


def fit_profile_network(
    corpus: "Corpus", scheme: str, *, profile: str | Profile, seed: int = 0, progress: bool = True, **changes: Any
) -> "TrainedNetwork":
    """Train a network of the profile's width by the profile's recipe, or give the one that was trained before.

    A training that was stopped goes on where it stopped, and a finished one is not repeated: its state stays in the
    cache, under a key made of everything that decides it.

    Parameters
    ----------
    corpus
        Where the training and validation splits come from.
    scheme
        One of `networks.SCHEMES`.
    profile
        One of `PROFILES`, by name or changed by `get_profile`; ``"paper"`` takes the papers' recipe, the others the
        fast one.
    seed
        Seed of everything random in the training.
    progress
        Show a progress bar.
    changes
        Other values for fields of `training.TrainingConfig`, such as ``midlevel_weight``.

    Returns
    -------
    TrainedNetwork
        As `training.fit_network` gives it.

    Raises
    ------
    ProfileError, TrainingError
        If there is no such profile, or the corpus lacks clips or ratings.
    TrainingInterrupted
        If somebody stopped it; calling it again goes on from there.
    """
    from .training import fit_network

    profile = get_profile(profile)
    checkpoint = locate_checkpoint(corpus, scheme, profile=profile, seed=seed, **changes)
    config = build_training_config(profile, locate_first_stage(corpus, scheme), seed=seed, **changes)
    choices = {"config": config, "width": profile.width}
    return fit_network(corpus, scheme, **choices, checkpoint=checkpoint, progress=progress)


def load_run_network(corpus: "Corpus", scheme: str, *, profile: str | Profile, seed: int = 0) -> "TrainedNetwork":
    """Load the network that a run has trained, or where it has not, the released one of the scheme.

    So whoever only asks a network need not wait for a training.

    Parameters
    ----------
    corpus, scheme, profile, seed
        As in `fit_profile_network`, whose finished training is looked for in the cache.

    Raises
    ------
    ProfileError, NetworkError, CheckpointError
        If there is no such profile or released network, or what the cache has is damaged.
    """
    from .networks import load_network

    if not find_run_network(corpus, scheme, profile=profile, seed=seed):
        return load_network(f"released:{scheme}")
    return fit_profile_network(corpus, scheme, profile=profile, seed=seed, progress=False)


def find_run_network(corpus: "Corpus", scheme: str, *, profile: str | Profile, seed: int = 0) -> bool:
    """Tell whether `fit_profile_network` has finished a training; parameters as there."""
    from .checkpoints import read_state

    path = locate_checkpoint(corpus, scheme, profile=profile, seed=seed)
    if not path.is_file():
        return False
    config, state = build_training_config(profile, locate_first_stage(corpus, scheme), seed=seed), read_state(path)
    n_epochs = len(state.get("history", ()))
    return n_epochs >= config.max_epochs or n_epochs - state.get("best_epoch", n_epochs) >= config.patience


def describe_run_network(trained: "TrainedNetwork", corpus: "Corpus") -> str:
    """Say in a sentence whether a network is this run's own or the released one."""
    what = f"{trained.scheme} net of width {trained.width}"
    if trained.corpus["fingerprint"] == corpus.fingerprint:
        return f"The {what} that this run trained on the {corpus.name} corpus answers here."
    return (
        f"This run has trained no net yet (chapter 02 does), so the released {what} answers here, which was trained "
        f"on the {trained.corpus['name']} corpus."
    )


def name_source(trained: "TrainedNetwork", corpus: "Corpus") -> str:
    """Name by what the numbers of a notebook are expected: its corpus, and that another's net answered if one did."""
    own = trained.corpus["fingerprint"] == corpus.fingerprint
    return corpus.name if own else f"{corpus.name}, {RELEASED}"


def locate_checkpoint(corpus: "Corpus", scheme: str, *, profile: str | Profile, seed: int = 0, **changes: Any) -> Path:
    """Name the file that keeps the state of a training by `fit_profile_network`.

    Parameters
    ----------
    corpus, scheme, profile, seed, changes
        As there.

    Returns
    -------
    pathlib.Path
        Below the cache; there only once an epoch is done. Without it the training starts anew. The first stage of
        ``"a2mid2e"`` is ``"a2mid"``, and they share a file.
    """
    from .runs import VERSION

    profile, trained = get_profile(profile), "a2mid" if scheme == "a2mid2e" else scheme
    corpus = locate_first_stage(corpus, scheme)
    config = asdict(build_training_config(profile, corpus, seed=seed, **changes))
    decisive = [VERSION, corpus.fingerprint, trained, profile.width, config]
    key = hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()[:12]
    return CACHE / "training" / f"{profile.name}-{trained}-{seed}-{key}.pt"


def locate_first_stage(corpus: "Corpus", scheme: str) -> "Corpus":
    """Give the corpus on whose clips the layers of a scheme are trained: for ``"a2mid2e"`` perhaps a larger one."""
    return (corpus.build_first_stage() if scheme == "a2mid2e" else None) or corpus


def build_training_config(
    profile: str | Profile, corpus: "Corpus | None" = None, *, seed: int = 0, **changes: Any
) -> "TrainingConfig":
    """Build the configuration of a training: the papers' recipe for ``"paper"``, the fast one for the others.

    Parameters
    ----------
    profile, seed, changes
        As in `fit_profile_network`.
    corpus
        What is trained on; None for one that is not small.

    Raises
    ------
    ProfileError, TrainingError
        If there is no such profile, or a value is out of range.
    """
    from .augmentation import Augmentation
    from .training import paper_config, quick_config

    profile = get_profile(profile)
    build = paper_config if profile.name == "paper" else quick_config
    augmentation = Augmentation() if profile.augment else None
    small = corpus is not None and profile.small_epochs and len(corpus.select("train")) < SMALL
    epochs = profile.small_epochs if small else profile.max_epochs
    return build(**{"max_epochs": epochs, "augmentation": augmentation, "seed": seed} | changes)
