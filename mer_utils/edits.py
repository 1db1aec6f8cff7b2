"""Which features can be made more, or less, of by editing sound: many clips, every feature, lifted and lowered.

The talk of 2019 (Haunschmid & Chowdhury, ARI) says that "some features are easier to enhance than others", and gives
no numbers. Here the segments that raise a feature are lifted or lowered, the sound is rendered, and the network hears
it again. Two controls tell whether it matters which segments these are: others of their size and energy, and all.

Public names: ``DBS``, ``VERSION``, ``build_passages``, ``compute_edits``, ``compute_edit_table``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .listening import build_gains
from .matching import compute_match, select_matched
from .passages import Passage
from .rescoring import compute_edit
from .selection import select_segments

if TYPE_CHECKING:
    import pandas as pd

    from .explanation import Explanation
    from .predictor import OutputFunction
    from .trusttables import Bench

#: Raised whenever the same passages give another table, as by another resynthesis, choice of segments or control.
VERSION = 1
#: By how much segments are lifted or lowered, dB.
DBS = (-12, -6, 6, 12)
# Certain segments are edited, not only the strongest, as in `listening.render_edit`.
_RULE = "bh"
_DIGITS = 5


def build_passages(bench: "Bench", *, n: int = 30) -> Iterator[tuple[str, Passage]]:
    """Explain the middle of ``n`` clips by segments that are silenced: name and passage of one after the other."""
    from .causes import START
    from .spectrogram import SpectrogramConfig

    start = START / SpectrogramConfig().fps
    for track in bench.select(n):
        explanation = bench.explain(bench.spec(track), hide="silence", start=start)
        yield track, Passage(bench.corpus.audio(track)[0], explanation)


def compute_edit_table(
    predict: "OutputFunction",
    passages: Iterable[tuple[str, Passage]],
    *,
    dbs: Sequence[float] = DBS,
    n_controls: int = 3,
) -> "pd.DataFrame":
    """Edit passages, feature after feature, and hear each again.

    Parameters
    ----------
    predict
        All outputs, among them every output that was explained.
    passages
        Name and passage of each clip.
    dbs, n_controls
        As in `compute_edits`.

    Returns
    -------
    pandas.DataFrame
        Rows of `compute_edits`, clip after clip, with the column ``track``; rounded to 5 decimals.
    """
    import pandas as pd

    tables = {name: compute_edits(predict, passage, dbs=dbs, n_controls=n_controls) for name, passage in passages}
    return pd.concat(tables, names=["track"]).reset_index("track").round(_DIGITS)


def compute_edits(
    predict: "OutputFunction", passage: Passage, *, dbs: Sequence[float] = DBS, n_controls: int = 3
) -> "pd.DataFrame":
    """Lift and lower the segments that raise each explained output, and hear the sound again at its own level.

    Parameters
    ----------
    predict
        All outputs, among them every output that was explained.
    passage
        Sound and explanation; hidden cells hold one value.
    dbs
        By how much segments are lifted or, below 0, lowered.
    n_controls
        How often other segments are drawn, at least once.

    Returns
    -------
    pandas.DataFrame
        One row per explained output (``feature``) and ``db``: ``n_kept`` segments edited; ``before``, and the change
        ``promised``, ``on_paper`` and ``obtained``, as in `rescoring.compute_edit`; ``control``, the mean change by
        others instead (`matching.select_matched`), whose cells are ``match_size`` times as many as the edited ones and
        whose energy lies ``match_energy`` dB above theirs (NaN if nothing was kept, or all); ``whole``, the change by
        all segments; and what was obtained of every output, by its name. Unit scale. Among the others are those that
        lower the output, so that the control may go the other way. If nothing was kept nothing moves, and where there
        are no others the control stays at 0.
    """
    import pandas as pd

    explanation, rows = passage.explanation, []
    whole = {db: _compute_changes(predict, passage, [np.arange(explanation.n_segments)], db)[0] for db in dbs}
    for feature in explanation.output_names:
        kept, _ = select_segments(explanation, feature, rule=_RULE)
        others = _select_others(explanation, kept, n_controls)
        match = np.mean([compute_match(explanation, kept, labels) for labels in others] or [(np.nan,) * 2], axis=0)
        same = {"n_kept": len(kept), "match_size": match[0], "match_energy": match[1]}
        column = predict.names.index(feature)
        for db in dbs:
            gains = build_gains(explanation, feature, mode="positive edited", db=db, rule=_RULE)
            edit = compute_edit(predict, passage, gains)
            control = _compute_changes(predict, passage, others, db)[:, column].mean() if others else 0.0
            moved = {**edit.loc[feature], "control": control, "whole": whole[db][column], **edit["obtained"]}
            rows.append({"feature": feature, "db": db, **same, **moved})
    return pd.DataFrame(rows).rename(columns={"on paper": "on_paper"})


def _select_others(explanation: "Explanation", kept: np.ndarray, n: int) -> list[np.ndarray]:
    """Draw ``n`` sets of labels that match the kept ones; none where nothing can be matched."""
    if not 0 < len(kept) < explanation.n_segments:
        return []
    return [select_matched(explanation, kept, seed=seed) for seed in range(n)]


def _compute_changes(predict: "OutputFunction", passage: Passage, sets: Sequence[np.ndarray], db: float) -> np.ndarray:
    """Lift sets of labels one after the other, and compute by how much the outputs move, (n_sets, n_outputs)."""
    spec, segments = passage.explanation.spec, passage.explanation.segments
    gains = (np.where(np.isin(segments, labels), 10 ** (db / 20), 1.0) for labels in sets)
    heard = predict(np.stack([spec, *(passage.hear(passage.render(factors)) for factors in gains)]))
    return heard[1:].astype(float) - heard[0]
