"""The nets that a run compares: stored ones for generated music, nets of its own for any other corpus.

Public names: ``SweepPlan``, ``RunSweeps``, ``build_plans``, ``load_run_sweeps``.
"""

from dataclasses import dataclass

from .profiles import PROFILES, Profile, get_profile, name_corpus
from .sweepruns import run_sweeps
from .sweeps import Sweep, SweepConfig, load_sweep

_ALL = ("a2e", "a2mid2e", "joint", "a2b2e", "multitask")
_PAIR = ("a2e", "joint")
#: Names of the stored sweeps of generated music, by what they are for (`RunSweeps`).
STORED = {
    "schemes": "schemes",
    "random_start": "random_start",
    "replication": "schemes",
    "known_albums": "clips_dealt",
    "strange_albums": "albums_dealt",
    "last_kernel": "last_kernel_3",
}
# Seeds and folds of a run's own nets. The papers' group took these ten seeds in 2025, but over one split.
_SEEDS = {"smoke": (0,), "quick": (0,), "paper": (6, 21, 42, 796, 950, 2025, 2324, 2451, 3100, 7192)}
_FOLDS = {"smoke": 3, "quick": 10, "paper": 10}


@dataclass(frozen=True)
class SweepPlan:
    """Nets to be trained.

    Attributes
    ----------
    config
        What they have in common.
    schemes, seeds
        One net for each pair, and for each fold.
    """

    config: SweepConfig
    schemes: tuple[str, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class RunSweeps:
    """What a run's nets predict.

    Attributes
    ----------
    schemes
        All schemes.
    random_start
        Joint with a readable layer that started at random; None where it did so in ``schemes``.
    replication
        Schemes trained and tested on the split of Hoedt, Flexer & Widmer (SMC 2025) where the corpus has it.
    known_albums, strange_albums
        Nets that heard other clips of the albums on which they are tested, and nets that did not; they have some
        clips in common.
    last_kernel
        Nets whose last convolution has the other kernel, 3 for 1; None where none were trained.
    """

    schemes: Sweep
    random_start: Sweep | None
    replication: Sweep
    known_albums: Sweep
    strange_albums: Sweep
    last_kernel: Sweep | None


def build_plans(profile: str | Profile, corpus: str) -> dict[str, SweepPlan]:
    """List the nets of a run on a corpus that has no stored ones.

    Parameters
    ----------
    profile
        One of `profiles.PROFILES`, by name or changed by `profiles.get_profile`.
    corpus
        A name that `corpora.load_corpus` knows, other than ``"generated"``.

    Returns
    -------
    dict of SweepPlan
        By fields of `RunSweeps`. Every clip is tested by nets that were trained on other albums, in
        ``"replication"`` those of one test split.
    """
    profile = get_profile(profile)
    name = profile.name if profile.name in PROFILES else "quick"
    seeds, n_folds = _SEEDS[name], _FOLDS[name]
    folds = {"profile": profile, "corpus": corpus, "n_folds": n_folds}
    split = SweepConfig(profile, corpus, options={"split": "smc2025"})
    plans = {"schemes": SweepPlan(SweepConfig(**folds), _ALL, seeds)}
    plans["replication"] = SweepPlan(split, ("a2e", "a2b2e", "joint"), seeds)
    if name == "paper":  # its Joint starts at random, and it has the time to read the figure both ways
        plans["last_kernel"] = SweepPlan(SweepConfig(**folds, training={"last_kernel": 3}), _PAIR, seeds)
    else:
        start = {"start_at_ratings": False}
        plans["random_start"] = SweepPlan(SweepConfig(**folds, training=start), ("joint",), seeds)
    return plans


def load_run_sweeps(profile: str | Profile, corpus: str = "auto", *, progress: bool = True) -> RunSweeps:
    """Load the nets of a run: stored ones for generated music, else those in the cache, trained where they are not.

    Parameters
    ----------
    profile
        As in `build_plans`; generated music has one set of nets for all.
    corpus
        A name that `corpora.load_corpus` knows, or ``"auto"``.
    progress
        Show a bar over the nets that are to be trained.

    Raises
    ------
    SweepError
        If a stored sweep is missing.
    CorpusError, TrainingError
        If the corpus is not at hand, or nets cannot be trained on it.
    """
    name = name_corpus(profile, corpus)
    if name == "generated":
        stored = {sweep: load_sweep(sweep) for sweep in set(STORED.values())}
        return RunSweeps(**{field: stored[sweep] for field, sweep in STORED.items()})
    plans = build_plans(profile, name)
    nets = run_sweeps([(plan.config, plan.schemes, plan.seeds) for plan in plans.values()], progress=progress)
    done = dict(zip(plans, nets, strict=True))
    albums = {"known_albums": done["replication"], "strange_albums": done["schemes"]}
    return RunSweeps(**albums, **{"random_start": None, "last_kernel": None, **done})
