"""What a run on a corpus of the reader's own does before its first notebook: spectrograms, and the nets it compares.

Each may take long; each is kept, so that a run that was stopped goes on where it was.

Public names: ``prepare_run``.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from .paths import NOTEBOOKS
from .profiles import load_profile_corpus, name_corpus

_COMPARING = NOTEBOOKS / "03_cost_of_explainability.ipynb"


def prepare_run(
    profile: str, corpus: str, *, notebooks: Sequence[Path], tell: Callable[[str], object] | None = None
) -> None:
    """Make what the notebooks ask for and no notebook should keep a reader waiting for; for generated music, nothing.

    Parameters
    ----------
    profile
        One of `profiles.PROFILES`.
    corpus
        ``"auto"`` or a name that `corpora.load_corpus` knows.
    notebooks
        Which are to be run; the one that compares many nets has them trained.
    tell
        Called with a line about what comes next and how long it will take.

    Raises
    ------
    CorpusError, AnnotationError
        If the corpus is not at hand.
    """
    name = name_corpus(profile, corpus)
    if name == "generated":
        return
    music = load_profile_corpus(profile, name)
    music.spectrograms(list(music.tracks.index))
    if any(path.stem == _COMPARING.stem for path in notebooks):
        _prepare_sweeps(profile, name, tell)


def _prepare_sweeps(profile: str, corpus: str, tell: Callable[[str], object] | None) -> None:
    from .estimates import describe_sweeps
    from .runsweeps import build_plans, load_run_sweeps
    from .sweepruns import count_trainings

    sweeps = [(plan.config, plan.schemes, plan.seeds) for plan in build_plans(profile, corpus).values()]
    if tell and (said := describe_sweeps(sweeps, n_workers=count_trainings())):
        tell(said)
    load_run_sweeps(profile, corpus)
