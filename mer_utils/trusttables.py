"""How far explanations of the released network can be trusted, over many clips: tables computed once and stored.

Each takes minutes, so that notebooks read them from ``data/trust``. A table carries the identity of all that decides
it: the network, the corpus, and the version of this code; `load_table` refuses one that is out of date.

Public names: ``TABLES``, ``Bench``, ``TrustTableError``, ``build_bench``, ``check_table``, ``save_table``,
``load_table``.
"""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .edits import VERSION as EDITS_VERSION
from .edits import build_passages, compute_edit_table
from .explain import explain_spectrogram
from .explanation import VERSION as ENGINE_VERSION
from .explanation import Explanation
from .files import save_text
from .paths import TRUST
from .profiles import PROFILES, load_profile_corpus
from .ratings import UNIT
from .sampling import PAPER_OPTIONS
from .segments import compute_segments
from .stability import compute_prefix_weights, compute_stability, compute_top_jaccard
from .trust import compute_fidelity

if TYPE_CHECKING:
    import pandas as pd

    from .generated.corpus import GeneratedCorpus
    from .networks import TrainedNetwork
    from .predictor import OutputFunction

#: Raised whenever the same network and corpus give other tables.
VERSION = 1
#: Perturbed spectrograms of an explanation here: those of the profile ``quick``, and of the papers.
QUICK, PAPER = PROFILES["quick"].n_samples, PROFILES["paper"].n_samples
_SEEDS, _PAPER_SEEDS = range(5), range(3)
_PLACES_MOST = 6_400
_MIDLEVEL_SCHEMES = ("joint", "a2mid", "multitask")
# Versions of code on which one table alone depends.
_OWN_VERSIONS = {"edits": EDITS_VERSION}


class TrustTableError(ValueError):
    """A stored table that is missing, damaged or out of date."""


@dataclass(frozen=True, eq=False)
class Bench:
    """The network and the clips of all tables.

    Attributes
    ----------
    trained
        The network.
    corpus
        Its test split gives the clips.
    progress
        Whether explanations show a progress bar.
    """

    trained: "TrainedNetwork"
    corpus: "GeneratedCorpus"
    progress: bool = True

    @cached_property
    def predict(self) -> "OutputFunction":
        """The seven mid-level outputs."""
        from .predictor import Predictor

        return Predictor.from_trained(self.trained).outputs("midlevel")

    @property
    def identity(self) -> str:
        """Digest of all that decides every table."""
        decisive = [VERSION, ENGINE_VERSION, self.trained.fingerprint, self.corpus.fingerprint, QUICK, PAPER]
        return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]

    def select(self, n: int) -> list[str]:
        """Give ``n`` clips that the network was not trained on, spread evenly over the test split."""
        tracks = self.corpus.select("test")
        return [tracks[i] for i in np.linspace(0, len(tracks) - 1, n).round().astype(int)]

    def spec(self, track: str) -> np.ndarray:
        """Give the middle 10 s of a clip as the network sees them, (313, 149)."""
        from .causes import select_middle

        return select_middle(np.array(self.corpus.spectrogram(track)))

    def explain(self, spec: np.ndarray, *, seed: int = 0, n_samples: int = QUICK, **options: Any) -> Explanation:
        """Explain the seven features by Felzenszwalb segments, unless other ``segments`` are given."""
        segments = options.pop("segments", None)
        segments = compute_segments(spec) if segments is None else segments
        choices = {"n_samples": n_samples, "seed": seed, "progress": self.progress, **options}
        return explain_spectrogram(self.predict, spec, segments, **choices)


def build_bench(*, progress: bool = True) -> Bench:
    """Take the released network and the generated corpus of the profile ``quick``."""
    from .networks import load_network

    return Bench(load_network("joint"), load_profile_corpus("quick"), progress)


def _build_convergence(bench: Bench) -> "pd.DataFrame":
    """Agreement of seeds by number of samples: three for the papers' way, five place by place, on one clip."""
    import pandas as pd

    spec = bench.spec(bench.select(1)[0])
    papers = [bench.explain(spec, seed=s, n_samples=PAPER, **PAPER_OPTIONS) for s in _PAPER_SEEDS]
    counts = [PAPER >> k for k in range(6, 0, -1)] + [PAPER]
    runs = {"papers": [compute_prefix_weights(e, [n for n in counts if n > e.n_segments + 2]) for e in papers]}
    for fit, keep_prob in (("places", 0.5), ("places, nine of ten on", 0.9)):
        choices = {"keep_prob": keep_prob, "design": "foldover" if keep_prob == 0.5 else "bernoulli"}
        some = [bench.explain(spec, seed=s, n_samples=_PLACES_MOST, **choices) for s in _SEEDS]
        runs[fit] = [e.looks | {e.n_samples: e.weights} for e in some]
    aim = np.mean([e.weights for e in papers], axis=0)
    rows = []
    for fit, seeds in runs.items():
        for n in seeds[0]:
            weights = [run[n] for run in seeds]
            scores = (_agree(weights, aim, column) for column in range(aim.shape[1]))
            rows += [[fit, n, name, *score] for name, score in zip(bench.predict.names, scores, strict=True)]
    columns = ["fit", "n", "output", "top_jaccard", "correlation", "with_papers"]
    return pd.DataFrame(rows, columns=columns)


def _agree(weights: Sequence[np.ndarray], aim: np.ndarray, column: int) -> list[float]:
    """Mean top-30 Jaccard and correlation over pairs of runs, and correlation of their mean with ``aim``."""
    pairs = list(combinations([run[:, column] for run in weights], 2))
    mean = np.mean(weights, axis=0)[:, column]
    return [
        np.mean([compute_top_jaccard(*pair) for pair in pairs]),
        np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]),
        np.corrcoef(mean, aim[:, column])[0, 1],
    ]


def _build_stability(bench: Bench) -> "pd.DataFrame":
    """Agreement of five seeds at the default number of samples, on three clips."""
    import pandas as pd

    specs = {track: bench.spec(track) for track in bench.select(3)}
    tables = {t: compute_stability([bench.explain(s, seed=n) for n in _SEEDS]) for t, s in specs.items()}
    return pd.concat(tables, names=["track", "output"]).reset_index()


def _build_faithfulness(bench: Bench) -> "pd.DataFrame":
    """Areas between deletion and random orders, and the fidelity card, on thirty clips."""
    import pandas as pd

    from .faithfulness import compute_faithfulness

    tables = {}
    for track in bench.select(30):
        explanation = bench.explain(bench.spec(track))
        gains = compute_faithfulness(bench.predict, explanation).gains
        tables[track] = gains.join(compute_fidelity(explanation).drop(columns="reason"))
    return pd.concat(tables, names=["track", "output"]).reset_index()


def _build_choices(bench: Bench) -> "pd.DataFrame":
    """Fidelity by what is hidden, how much of it, and how the sound is cut up, on two clips."""
    import pandas as pd

    choices: dict[str, dict[str, Any]] = {
        "as here": {},
        "hide silence": {"hide": "silence"},
        "hide the segment's mean": {"hide": "segment_mean"},
        "half of it on": {"keep_prob": 0.5, "design": "foldover"},
    }
    choices |= {method: {"method": method} for method in ("slic", "grid", "time", "bands", "hpss", "nmf")}
    tables = {}
    for words, options in choices.items():
        for track in bench.select(2):
            spec, rest = bench.spec(track), dict(options)
            segments = compute_segments(spec, method=rest.pop("method", "felzenszwalb"))
            explanation = bench.explain(spec, segments=segments, **rest)
            card = compute_fidelity(explanation).drop(columns="reason")
            tables[words, track] = card.assign(n_segments=explanation.n_segments)
    return pd.concat(tables, names=["choice", "track", "output"]).reset_index()


def _build_planted(bench: Bench) -> "pd.DataFrame":
    """Areas under the ROC curve on planted predictors, on three clips, from 10 000 samples."""
    from .planted import compute_planted_scores

    specs = [bench.spec(track) for track in bench.select(3)]
    return compute_planted_scores(_build_lime(10_000), specs).reset_index()


def _build_causes(bench: Bench) -> "pd.DataFrame":
    """Whether segments fall where the cause is, three clips per feature, for LIME and two that it should beat."""
    import pandas as pd

    from .benchmark import explain_by_energy, explain_by_occlusion
    from .causes import build_cases
    from .causescores import compute_cause_scores

    cases = build_cases(bench.corpus, bench.corpus.select("test"), n=3)
    explainers: dict[str, Callable] = {
        "LIME": _build_lime(QUICK),
        "occlusion": explain_by_occlusion,
        "energy": explain_by_energy,
    }
    tables = {name: compute_cause_scores(explainer, bench.predict, cases) for name, explainer in explainers.items()}
    return pd.concat(tables, names=["explainer"]).reset_index()


def _build_leakage(bench: Bench) -> "pd.DataFrame":
    """How each output moves when one cause is raised, in SD over the test clips, for nets of several schemes."""
    import pandas as pd

    from .causes import build_twins
    from .causescores import compute_leakage
    from .evaluation import predict_tracks
    from .predictor import Predictor
    from .profiles import fit_profile_network

    cases, test = build_twins(bench.corpus, bench.select(20)), bench.corpus.select("test")
    nets = {scheme: fit_profile_network(bench.corpus, scheme, profile="quick") for scheme in _MIDLEVEL_SCHEMES}
    tables = {}
    for name, trained in {"released": bench.trained, **nets}.items():
        predictor = Predictor.from_trained(trained)
        spread = predict_tracks(predictor, bench.corpus, test)["midlevel"].std().to_numpy() / UNIT
        tables[name] = compute_leakage(predictor.outputs("midlevel"), cases, spread=spread)
    return pd.concat(tables, names=["net"]).reset_index()


def _build_randomised(bench: Bench) -> "pd.DataFrame":
    """Rank correlation of explanations of the network with those of ten random ones, on one clip."""
    from .randomised import compute_randomisation_check

    spec = bench.spec(bench.select(1)[0])
    check = compute_randomisation_check(_build_lime(QUICK), bench.trained, spec, compute_segments(spec))
    return check.reset_index()


def _build_edits(bench: Bench) -> "pd.DataFrame":
    """Promised and obtained changes by lifting and lowering what raises each feature, on thirty clips."""
    from .predictor import Predictor

    return compute_edit_table(Predictor.from_trained(bench.trained).outputs("all"), build_passages(bench))


def _build_lime(n_samples: int) -> Callable[..., np.ndarray]:
    return lambda predict, spec, segments: explain_spectrogram(predict, spec, segments, n_samples=n_samples).weights


#: What there is to store, by name.
TABLES: dict[str, Callable[[Bench], "pd.DataFrame"]] = {
    "planted": _build_planted,
    "leakage": _build_leakage,
    "randomised": _build_randomised,
    "stability": _build_stability,
    "causes": _build_causes,
    "choices": _build_choices,
    "faithfulness": _build_faithfulness,
    "convergence": _build_convergence,
    "edits": _build_edits,
}


def _identify(name: str, bench: Bench) -> str:
    return bench.identity + (f"-{_OWN_VERSIONS[name]}" if name in _OWN_VERSIONS else "")


def save_table(name: str, bench: Bench, *, folder: Path = TRUST) -> "pd.DataFrame":
    """Compute a table and write it to ``<folder>/<name>.csv``, its identity in the first line.

    Raises
    ------
    TrustTableError
        If there is no such table; the message lists those there are.
    """
    check_table(name)
    table = TABLES[name](bench)
    save_text(folder / f"{name}.csv", f"# {_identify(name, bench)}\n" + table.to_csv(index=False, float_format="%.5g"))
    return table


def load_table(name: str, bench: Bench, *, folder: Path = TRUST) -> "pd.DataFrame":
    """Read what `save_table` wrote.

    Raises
    ------
    TrustTableError
        If there is no such table, or it was computed for something else.
    """
    import pandas as pd

    check_table(name)
    path = folder / f"{name}.csv"
    anew = f"compute it with: mer benchmark --store {name}"
    if not path.is_file():
        raise TrustTableError(f"{path} is not there; {anew}")
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    if first != f"# {_identify(name, bench)}":
        raise TrustTableError(f"{path} belongs to another network, corpus or version; {anew}")
    return pd.read_csv(io.StringIO(rest))


def check_table(name: str) -> None:
    """Raise TrustTableError unless there is such a table."""
    if name not in TABLES:
        raise TrustTableError(f"unknown table {name!r}; there are: {', '.join(TABLES)}")
