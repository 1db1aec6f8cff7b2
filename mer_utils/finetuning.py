"""What starting from a released net is worth where few rated clips are at hand, measured on music it never heard.

The small sets are clips of two styles that no released net was trained on (`smallsets`). Four ways to use them are
judged on the same other albums of these styles:

- ``"from scratch"``: a net of the same size, trained on the small set alone by the recipe of the profile ``quick``;
- ``"fine-tuned"``: the released net, trained on with the same recipe, for half as many epochs at a lower rate;
- ``"last layers"``: the released net, whose linear layers alone are fitted again (`lastlayers`);
- ``"as released"``: the released net as it is, which needs none of the clips.

Both trainings may choose among three learning rates, by a draw of their own and clips that are not for testing. A
seventh of each set is for validation: it is part of the clips that somebody had to rate. Draws come from one pool of
520 clips, so that large ones share some.

The styles, instruments and ratings are new to the released nets, the generator of the music is not: what is found here
is a best case, of music that resembles what a net was trained on. Recordings differ from it by far more.

Public names: ``SCHEMES``, ``N_CLIPS``, ``STARTS``, ``N_DRAWS``, ``FinetuningError``, ``compute_finetuning``,
``save_finetuning``, ``load_finetuning``.
"""

import hashlib
import io
import json
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .files import save_text
from .paths import CACHE, SWEEPS

if TYPE_CHECKING:
    import pandas as pd

    from .corpora import Corpus
    from .networks import TrainedNetwork
    from .training import TrainingConfig

#: Raised whenever the same nets and corpus give another table.
VERSION = 1
#: Schemes that are measured.
SCHEMES = ("joint", "a2e")
#: Rated clips at hand, those for validation among them.
N_CLIPS = (100, 200, 284)
#: Ways of starting; the first is what the others are compared with.
STARTS = ("from scratch", "last layers", "fine-tuned", "as released")
#: Draws of the small sets, each with nets of another seed.
N_DRAWS = 4
_SCRATCH, _LAYERS, _TUNED, _AS_IT_IS = STARTS
_EPOCHS = {_SCRATCH: 40, _TUNED: 20}
_RATES = {_SCRATCH: (1.3e-3, 4e-3, 1.2e-2), _TUNED: (3e-4, 1e-3, 3e-3)}
# A draw that no table is made of: learning rates are chosen with its middle set and the rest of the pool.
_CHOICE = 1000
_ANEW = "make it anew with: python benchmarks/finetuning.py --store"


class FinetuningError(ValueError):
    """A stored table that is missing or out of date."""


class Case(NamedTuple):
    """One net: how it starts, from how many clips of which draw."""

    draw: int
    n_clips: int
    scheme: str
    start: str


def compute_finetuning(*, folder: Path | None = None, progress: bool = True) -> "pd.DataFrame":
    """Train and fit all nets and compare them; half an hour of one core.

    Parameters
    ----------
    folder
        Keeps the predictions of each net, so that a stopped call goes on; by default in the cache.
    progress
        Show a progress bar.

    Returns
    -------
    pandas.DataFrame
        Columns ``scheme``, ``head`` ("midlevel" or "emotion"), ``n_clips``, ``start``; ``r``, ``r_low``, ``r_high``:
        mean Pearson r of the outputs with what test clips were rated, over the draws, with its 95 % interval over
        albums and draws (`bootstrap.compute_interval`); ``gain``, ``gain_low``, ``gain_high``: the same of its
        difference to "from scratch", pair by pair; ``added``, ``added_low``, ``added_high``: to "as released";
        ``learning_rate``, NaN where nothing is trained.
    """
    from tqdm import tqdm

    from .smallsets import load_unheard

    corpus = load_unheard()
    folder = folder or CACHE / "finetuning" / identify_finetuning()
    rates = {start: _choose_rate(corpus, start, folder) for start in _RATES}
    cases = [Case(*case) for case in product(range(N_DRAWS), N_CLIPS, SCHEMES, STARTS[:-1])]
    cases += [Case(0, 0, scheme, _AS_IT_IS) for scheme in SCHEMES]
    bar = tqdm(cases, desc="fine-tuning", unit="net", disable=not progress)
    return _build_table(corpus, {case: _hear(corpus, case, rates.get(case.start), folder) for case in bar}, rates)


def build_training(start: str, *, learning_rate: float, seed: int = 0) -> "TrainingConfig":
    """Build the configuration of a training, from scratch or from a released net.

    Parameters
    ----------
    start
        ``"from scratch"`` or ``"fine-tuned"``.
    learning_rate
        Peak of the one-cycle schedule.
    seed
        Of everything random.
    """
    from .training import quick_config

    return quick_config(max_epochs=_EPOCHS[start], learning_rate=learning_rate, n_threads=1, seed=seed)


def _fit(view: "Corpus", case: Case, rate: float | None) -> "TrainedNetwork":
    from .lastlayers import fit_last_layers
    from .networks import load_network
    from .training import fit_network

    released = load_network(f"released:{case.scheme}")
    if rate is None:
        return released if case.start == _AS_IT_IS else fit_last_layers(released, view)
    choices = {"config": build_training(case.start, learning_rate=rate, seed=case.draw), "width": released.width}
    return fit_network(view, case.scheme, **choices, init=released if case.start == _TUNED else None, progress=False)


def _hear(corpus: "Corpus", case: Case, rate: float | None, folder: Path, *, split: str = "test") -> "pd.DataFrame":
    """Predict a split by the net of a case, (n_tracks, 7, 8 or 15) ratings 1-10; what was done before is read."""
    import pandas as pd

    from .evaluation import predict_split
    from .smallsets import select_small_set

    path = folder / f"{'-'.join(map(str, case))}-{rate}-{split}.csv".replace(" ", "_")
    if not path.is_file():
        view = select_small_set(corpus, case.n_clips, draw=case.draw) if case.n_clips else corpus
        heard = pd.concat(predict_split(_fit(view, case, rate), view, split).values(), axis=1)
        save_text(path, heard.to_csv(float_format="%.6g"))
    return pd.read_csv(path, index_col=0)


def _choose_rate(corpus: "Corpus", start: str, folder: Path) -> float:
    """Choose the learning rate that serves a joint net best, on clips of the pool that it was not given."""
    from .evaluation import build_rating_table
    from .scores import compute_mean_correlation

    rated, scores = build_rating_table(corpus), {}
    for rate in _RATES[start]:
        heard = _hear(corpus, Case(_CHOICE, N_CLIPS[1], SCHEMES[0], start), rate, folder, split="pool")
        scores[rate] = compute_mean_correlation(heard, rated.loc[heard.index, heard.columns])
    return max(scores, key=scores.get)


def _build_table(corpus: "Corpus", heard: "dict[Case, pd.DataFrame]", rates: dict[str, float]) -> "pd.DataFrame":
    import pandas as pd

    from .networks import HEADS

    groups = product(SCHEMES, ("midlevel", "emotion"), N_CLIPS)
    known = [group for group in groups if group[1] in HEADS[group[0]]]
    table = pd.concat({group: _compare(corpus, heard, *group) for group in known}, names=["scheme", "head", "n_clips"])
    return table.reset_index().assign(learning_rate=lambda t: t["start"].map(rates))


def _compare(
    corpus: "Corpus", heard: "dict[Case, pd.DataFrame]", scheme: str, head: str, n_clips: int
) -> "pd.DataFrame":
    """Compare the ways of starting for the outputs of one head."""
    import pandas as pd

    from .scores import NO_SEED, compute_cost_of_explainability

    ratings = getattr(corpus, head).loc[corpus.select("test")]
    predictions = {}
    for start in STARTS[:-1]:
        draws = {case.draw: heard[case][list(ratings)] for case in heard if case[1:] == (n_clips, scheme, start)}
        predictions[start] = pd.concat(draws)
    predictions[_AS_IT_IS] = pd.concat({NO_SEED: heard[Case(0, 0, scheme, _AS_IT_IS)][list(ratings)]})
    parts = {}
    for name, reference in (("gain", _SCRATCH), ("added", _AS_IT_IS)):
        choices = {"groups": corpus.tracks["album"], "reference": reference}
        scores = compute_cost_of_explainability(predictions, ratings, **choices)
        means = scores.xs("average", level="output").rename_axis("start")
        parts |= {"r": means["r"], "r_low": means["r_low"], "r_high": means["r_high"]}
        parts |= {name: -means["coe"], f"{name}_low": -means["coe_high"], f"{name}_high": -means["coe_low"]}
    return pd.DataFrame(parts)


def identify_finetuning() -> str:
    """Compute a digest, hexadecimal, of all that decides the table: nets, clips, recipes and versions of code."""
    from .networks import load_network
    from .runs import VERSION as RUNS_VERSION
    from .smallsets import load_unheard

    nets = [load_network(f"released:{scheme}").fingerprint for scheme in SCHEMES]
    recipes = [asdict(build_training(start, learning_rate=rate)) for start, rates in _RATES.items() for rate in rates]
    decisive = [VERSION, RUNS_VERSION, load_unheard().fingerprint, nets, recipes, N_CLIPS, STARTS, N_DRAWS]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def save_finetuning(table: "pd.DataFrame", *, folder: Path = SWEEPS) -> Path:
    """Write the table of `compute_finetuning` to ``<folder>/finetuning.csv``, its identity in the first line."""
    path = folder / "finetuning.csv"
    save_text(path, f"# {identify_finetuning()}\n" + table.to_csv(index=False, float_format="%.4g"))
    return path


def load_finetuning(*, folder: Path = SWEEPS) -> "pd.DataFrame":
    """Read what `save_finetuning` wrote.

    Raises
    ------
    FinetuningError
        If there is no such table, or it was made for other nets, clips or code.
    """
    import pandas as pd

    path = folder / "finetuning.csv"
    if not path.is_file():
        raise FinetuningError(f"{path} is not there; {_ANEW}")
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    if first != f"# {identify_finetuning()}":
        raise FinetuningError(f"{path} belongs to other nets, clips or code; {_ANEW}")
    return pd.read_csv(io.StringIO(rest))
