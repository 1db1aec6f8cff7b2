"""Which features can be made more, or less, of by editing sound: many clips, every feature, lifted and lowered.

The talk of 2019 (Haunschmid & Chowdhury, ARI) says that "some features are easier to enhance than others", and gives
no numbers. Here the segments that raise a feature are lifted or lowered, the sound is rendered, and the network hears
it again. Two controls tell whether it matters which segments these are: random selections of as many, as large and as
loud, and all.

Public names: ``DBS``, ``VERSION``, ``build_passages``, ``compute_edits``, ``compute_edit_table``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .listening import build_side_gains
from .matching import compute_match, select_random
from .passages import Passage
from .rescoring import compute_changes, compute_edit
from .selection import select_segments

if TYPE_CHECKING:
    import pandas as pd

    from .predictor import OutputFunction
    from .trusttables import Bench

#: Raised whenever the same passages give another table, as by another resynthesis, choice of segments or control.
VERSION = 2
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
    n_controls: int = 5,
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
    predict: "OutputFunction", passage: Passage, *, dbs: Sequence[float] = DBS, n_controls: int = 5
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
        Random selections in place of the segments.

    Returns
    -------
    pandas.DataFrame
        One row per explained output (``feature``) and ``db``: ``n_kept`` segments edited; ``before``, and the change
        ``promised``, ``on_paper`` and ``obtained``, as in `rescoring.compute_edit`; ``control``, the mean change by
        random selections of as many segments (`matching.select_random`), whose cells are ``match_size`` times as many
        and whose energy lies ``match_energy`` dB above (NaN if nothing was kept); ``whole``, the change by all
        segments; and what was obtained of every output, by its name. Unit scale.
    """
    import pandas as pd

    explanation, rows = passage.explanation, []
    ones = np.ones(explanation.spec.shape)
    whole = compute_changes(predict, passage, [10 ** (db / 20) * ones for db in dbs])
    for feature in explanation.output_names:
        kept, lowering = select_segments(explanation, feature, rule=_RULE)
        drawn = [select_random(explanation, [kept], seed=seed)[0] for seed in range(n_controls)]
        matches = [compute_match(explanation, kept, labels) for labels in drawn] if len(kept) else [(np.nan, np.nan)]
        same = dict(zip(("match_size", "match_energy"), np.mean(matches, axis=0), strict=True))
        column = predict.names.index(feature)
        for number, db in enumerate(dbs):
            goal = {"mode": "positive edited", "db": db}
            gains = [build_side_gains(explanation.segments, labels, lowering[:0], **goal) for labels in (kept, *drawn)]
            edit = compute_edit(predict, passage, gains[0])
            control = compute_changes(predict, passage, gains[1:])[:, column].mean()
            moved = {**edit.loc[feature], "control": control, "whole": whole[number, column], **edit["obtained"]}
            rows.append({"feature": feature, "db": db, "n_kept": len(kept), **same, **moved})
    return pd.DataFrame(rows).rename(columns={"on paper": "on_paper"})
