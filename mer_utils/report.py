"""What a network hears in a sound file, and how well it hears, as text for a terminal and as records for a program.

Public names: ``describe_track_prediction``, ``build_record``, ``predict_file``, ``compute_split_scores``,
``describe_split_scores``, ``describe_nets``, ``describe_sweep``.
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .ratings import EMOTIONS, MIDLEVEL, RATING_RANGE, UNIT

if TYPE_CHECKING:
    from .corpora import Corpus
    from .networks import TrainedNetwork
    from .predictor import Predictor, TrackPrediction
    from .sweeps import Sweep

#: Characters of a bar: three per point of rating.
_BAR = 27
_HEADS = (("midlevel", "mid-level features", MIDLEVEL), ("emotion", "emotions", EMOTIONS))
_SPLITS = {"test": "held-out albums", "style": "held-out styles"}
_KINDS = ("rated", "noise_free", "ceiling")


def predict_file(path: str | Path, predictor: "Predictor") -> "TrackPrediction":
    """Hear a sound file, window by window.

    Parameters
    ----------
    path
        A wav, flac, ogg or mp3 file of any length and rate.
    predictor
        The network to hear with.

    Returns
    -------
    TrackPrediction
        Mean and windows, on the unit scale.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    from .audio import load_audio
    from .spectrogram import compute_spectrogram

    y, _ = load_audio(path, sr=predictor.spectrogram.sr)
    return predictor.predict_track(compute_spectrogram(y, config=predictor.spectrogram))


def describe_track_prediction(path: str | Path, prediction: "TrackPrediction", *, net: str) -> str:
    """Spell a prediction as two small tables, on the raters' scale of 1 to 10.

    Parameters
    ----------
    path
        The sound file.
    prediction
        What `predict_file` gives for it.
    net
        Name of the network.

    Returns
    -------
    str
        Several lines: per output its mean rating, the standard deviation over the windows and a bar.
    """
    n_windows = len(prediction.starts)
    windows = "1 window" if n_windows == 1 else f"{n_windows} windows, mean ± sd"
    lines = [f"{path}  (net {net}, {windows})"]
    for head, title, names in _HEADS:
        means = getattr(prediction, head)
        if means is None:
            continue
        spread = getattr(prediction.windows, head).std(axis=0) if n_windows > 1 else [None] * len(names)
        lines += ["", f"  {title:32}1{'10':>{_BAR - 1}}"]
        lines += [_draw_row(*row) for row in zip(names, means, spread, strict=True)]
    return "\n".join(lines)


def _draw_row(name: str, value: float, spread: float | None) -> str:
    """Draw one output; ``value`` and ``spread`` on the unit scale."""
    low, high = RATING_RANGE
    rating = float(value) * UNIT
    length = round((min(max(rating, low), high) - low) / (high - low) * _BAR)
    around = "" if spread is None else f"±{float(spread) * UNIT:.1f}"
    return f"  {name:19} {rating:4.1f} {around:5} |{'█' * length:{_BAR}}|"


def build_record(path: str | Path, prediction: "TrackPrediction", *, net: str) -> dict[str, Any]:
    """Collect a prediction as plain values that JSON can hold.

    Parameters
    ----------
    path, prediction, net
        As in `describe_track_prediction`.

    Returns
    -------
    dict
        ``file``, ``net``, ``scale``, ``mean`` {head: {name: value}} and ``windows`` [{start (s), head: {name:
        value}}]; values on the unit scale, rating / 10.
    """
    windows = [
        {"start": round(float(start), 3)} | _name_values(prediction.windows, i)
        for i, start in enumerate(prediction.starts)
    ]
    mean = _name_values(prediction, ...)
    return {"file": str(path), "net": net, "scale": "rating / 10", "mean": mean, "windows": windows}


def _name_values(prediction: Any, where: Any) -> dict[str, dict[str, float]]:
    heads = {head: (names, getattr(prediction, head)) for head, _, names in _HEADS}
    return {
        head: dict(zip(names, np.round(np.asarray(values, np.float64)[where], 5).tolist(), strict=True))
        for head, (names, values) in heads.items()
        if values is not None
    }


def compute_split_scores(trained: "TrainedNetwork", corpus: "Corpus") -> dict[str, float]:
    """Compute how well a network hears the clips that no training looks at.

    Parameters
    ----------
    trained
        The network.
    corpus
        Where the splits ``"test"`` and ``"style"`` come from; one that it does not have is left out.

    Returns
    -------
    dict
        Means of Pearson's r over the seven features, or over the eight emotions, by ``<split>_<head>_<kind>``; kind
        is ``rated``, and where the corpus knows them ``noise_free`` and ``ceiling``, as in
        `evaluation.compute_score_table`. An output whose r is not defined counts as 0.
    """
    from .evaluation import compute_score_table, predict_split

    scores = {}
    for split in sorted(set(corpus.tracks["split"]) & set(_SPLITS), reverse=True):
        for head, predicted in predict_split(trained, corpus, split).items():
            means = compute_score_table(predicted, corpus).fillna(0).mean().rename(lambda kind: kind.replace("-", "_"))
            scores |= {f"{split}_{head}_{kind}": float(means[kind]) for kind in _KINDS if kind in means}
    return scores


def describe_split_scores(scores: dict[str, float]) -> str:
    """Spell what `compute_split_scores` gives as a small table; empty if there is nothing to spell."""
    rows = [
        (f"{title}, {name}", [scores.get(f"{split}_{head}_{kind}") for kind in _KINDS])
        for split, name in _SPLITS.items()
        for head, title, _ in _HEADS
    ]
    rows = [(name, values) for name, values in rows if any(value is not None for value in values)]
    if not rows:
        return ""
    titles = "".join(f"{kind.replace('_', '-'):>12}" for kind in _KINDS)
    lines = [f"  {'mean Pearson r':36}{titles}"]
    for name, values in rows:
        lines.append(f"  {name:36}" + "".join(f"{'' if v is None else f'{v:.3f}':>12}" for v in values))
    return "\n".join(lines)


def describe_nets(sweep: "Sweep") -> str:
    """Say in a sentence which nets a sweep has, and on what they were tested."""
    from .costs import SCHEME_NAMES
    from .folds import build_groups

    tracks, profile = sweep.config.load_corpus().tracks, sweep.config.profile
    counts = ", ".join(f"{len(sweep.seeds(scheme))} × {SCHEME_NAMES.get(scheme, scheme)}" for scheme in sweep.schemes)
    groups = build_groups(tracks).loc[sweep.tracks].nunique()
    return (
        f"{counts} (width {profile.width}, at most {sweep.identity['max_epochs']} epochs), each tested on the same "
        f"{len(sweep.tracks)} clips from albums it never met. They fall into {groups} groups without a common album "
        "or rating, which is what the intervals resample."
    )


def describe_sweep(sweep: "Sweep", *, nets: "Collection[tuple[str, int]] | None" = None) -> str:
    """Spell what the nets of a sweep reach as a small table: the averages of the papers' table, with 95 % intervals.

    Parameters
    ----------
    sweep
        Ratings are those of its corpus; the cost is told where A2E is among its schemes. Seeds that not all schemes
        have are left out, and named.
    nets
        Scheme and seed of those to speak of; by default all. How many others there are is said.
    """
    from .costs import SCHEME_NAMES, compute_sweep_costs, format_interval

    n_others = 0 if nets is None else len(sweep.nets.keys() - set(nets))
    if n_others:
        sweep = replace(sweep, nets={net: heads for net, heads in sweep.nets.items() if net in set(nets)})
        rest = f"\n  (other nets in the file: {n_others})"
        return describe_sweep(sweep) + rest
    hearing = [scheme for scheme in sweep.schemes if scheme != "a2mid"]
    common = set.intersection(*(set(sweep.seeds(scheme)) for scheme in hearing)) if hearing else set()
    if not common:
        return "  (no two of these nets can be compared: they hear no emotions, or their seeds differ)"
    nets = {net: heads for net, heads in sweep.nets.items() if net[0] in hearing and net[1] in common}
    reference = "a2e" if "a2e" in hearing else hearing[0]
    costs = compute_sweep_costs(replace(sweep, nets=nets), reference=reference)
    title = f"mean of 8 emotions, {len(common)} seed{'s' * (len(common) > 1)}"
    lines = [f"  {title:30}{'Pearson r':22}" + "cost (CoE)" * (reference == "a2e")]
    for scheme, row in costs.xs("average", level=1).iterrows():
        r, cost = ([row[name], row[f"{name}_low"], row[f"{name}_high"], 3] for name in ("r", "coe"))
        line = f"  {SCHEME_NAMES[scheme]:30}{format_interval(*r):22}"
        if reference == "a2e" != scheme:
            line += (
                f"{format_interval(*cost, sign='+'):26}> 0 for {row['seeds_above']:.0f} of {row['n_seeds']:.0f} seeds"
            )
        lines.append(line.rstrip())
    if costs[["r_low", "r_high"]].isna().any(axis=None):
        lines.append("  (not defined: with so few different clips, some draws of them hold one rating only)")
    odd = sorted({seed for scheme in hearing for seed in sweep.seeds(scheme)} - common)
    return "\n".join(
        [*lines, *[f"  (left out, as not every scheme has them: seeds {', '.join(map(str, odd))})"] * bool(odd)]
    )
