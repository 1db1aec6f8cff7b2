"""What came of an edit of a sound file, as a record for a program and as a folder of files.

Public names: ``save_edit``, ``build_edit_record``, ``name_sounds``.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .answerfolders import EDITED, build_path, compute_gain, compute_suffix, save_passages
from .displays import compute_level
from .editreport import describe_control, describe_edit_outcome
from .explanation import save_explanation
from .files import save_bytes, save_text
from .soundedit import SoundEdit
from .style import FULL
from .whyfiles import build_png
from .whyrecord import build_method, build_plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def name_sounds(edited: SoundEdit, folder: Path, *, whole: bool = False) -> SoundEdit:
    """Add the sounds to write, by the names of their files in a folder.

    Parameters
    ----------
    edited
        Sound, edit and outcome.
    folder
        Where the sounds will lie: a file is called otherwise beside an explanation that it must not replace.
    whole
        Whether the whole song with the edit in it is one of them.
    """
    sounds = {"before": edited.passages[0], "edited": edited.passages[1], "whole": edited.y if whole else None}
    suffix = compute_suffix(folder, edited.explanation, name=EDITED)
    return replace(edited, sounds={build_path(Path(), f"{name}.wav", suffix).name: y for name, y in sounds.items()})


def build_edit_record(edited: SoundEdit, *, net: str) -> dict[str, Any]:
    """Collect an edit and what came of it as plain values that JSON can hold.

    Parameters
    ----------
    edited, net
        As in `editreport.describe_sound_edit`.

    Returns
    -------
    dict
        ``file``, ``net``, ``scale``; ``window`` (seconds); ``feature``, ``db``, ``sign``; ``level``, ``gain`` and
        ``peak`` at which it was heard; ``kept``, labels that were edited; ``outputs`` {name: columns of
        `rescoring.compute_edit`}; ``controls``, one record for each draw, and what became of the feature with ``all
        segments`` edited alike; ``sentences``; ``method`` as in
        `whyrecord.build_why_record`; ``sounds`` {file: ``level`` beside the original, and ``gain`` with which it was
        written, both dB}. What is no number is None.
    """
    edit, excerpt, table = edited.edit, edited.excerpt, edited.table
    return build_plain({
        "file": str(excerpt.path),
        "net": net,
        "scale": "rating / 10",
        "window": {"start": excerpt.start, "end": excerpt.end, "length of file": excerpt.seconds},
        "feature": edit.feature,
        "db": edit.db,
        "sign": edit.sign,
        "level": edit.level,
        **table.attrs,
        "kept": {verb: kept.tolist() for verb, kept in zip(("raises", "lowers"), edited.kept, strict=True)},
        "outputs": {name: dict(row) for name, row in table.iterrows()},
        "controls": [dict(row) for _, row in edited.controls.iterrows()],
        "all segments": edited.controls.attrs["whole"],
        "sentences": {
            "notes": " ".join(filter(None, [*excerpt.notes, excerpt.conversion])),
            "outcome": describe_edit_outcome(edited.table, edited.edit.feature),
            "control": describe_control(edited),
        },
        "method": build_method(edited.explanation, edited.settings.rule),
        "sounds": _build_sounds(edited),
    })  # fmt: skip


def _build_sounds(edited: SoundEdit) -> dict[str, dict[str, float]]:
    sounds = {name: y for name, y in edited.sounds.items() if y is not None}
    gain, before = 20 * np.log10(compute_gain(sounds.values())), compute_level(edited.passages[0])
    passages = zip(sounds, edited.passages, strict=False)  # of the whole song a level beside the passage says nothing
    levels = {name: compute_level(y) - before for name, y in passages}
    return {name: {"level": levels.get(name), "gain": float(gain)} for name in sounds}


def save_edit(folder: Path, edited: SoundEdit, *, net: str) -> list[Path]:
    """Write an edit: its sounds, its picture, its record, and the explanation; overwrites what is there.

    Parameters
    ----------
    folder
        Where to write the explanation, ``edit.safetensors``, the sounds that `name_sounds` named, ``edit.png`` and
        ``edit.json``; it is made. Where the explanation was stopped and would replace a complete one, all of them have
        ``-part`` in their names.
    edited, net
        As in `editreport.describe_sound_edit`.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    suffix = compute_suffix(folder, edited.explanation, name=EDITED)
    names = (EDITED, "edit.png", "edit.json")
    explanation, picture, record = (build_path(folder, name, suffix) for name in names)
    if not edited.reused:  # before anything else: it took longest
        save_explanation(explanation, edited.explanation)
    save_passages(folder, edited.sounds, edited.excerpt.config.sr)
    save_bytes(picture, build_png(_draw_edit(edited)))
    text = json.dumps(build_edit_record(edited, net=net), indent=1, ensure_ascii=False, allow_nan=False)
    save_text(record, text)
    return [explanation, *(folder / name for name, y in edited.sounds.items() if y is not None), picture, record]


def _draw_edit(edited: SoundEdit) -> "Figure":
    """Draw the edited segments on the spectrogram, and below what was promised and obtained."""
    from .editplots import plot_edit
    from .explainplots import LOWERS, RAISES, plot_outlines, plot_segments
    from .style import build_axes, use_style

    use_style()
    e, edit = edited.explanation, edited.edit
    fig, ax = build_axes(None, size=(FULL[0], 8.0), shape=(2, 1))
    place = {"fps": e.fps, "start": e.start, "ax": ax[0]}
    plot_segments(e.spec, np.zeros_like(e.segments), **place)
    for kept, colour in zip(edited.kept, (RAISES, LOWERS), strict=True):
        labels = np.isin(e.segments, kept)  # one line around neighbours, or lines are all one sees
        plot_outlines(labels, **place, colors="white", linewidths=1.8)
        plot_outlines(labels, **place, colors=colour, linewidths=0.9)
    counts = [
        f"{len(kept)} that {verb}" for kept, verb in zip(edited.kept, ("raise", "lower"), strict=True) if len(kept)
    ]
    title = edited.excerpt.title if len(edited.excerpt.title) <= 30 else f"{edited.excerpt.title[:29]}…"
    ax[0].set_title(f"{title}: {edit.db:+g} dB on outlined segments, {' and '.join(counts)} {edit.feature}")
    table = edited.table.assign(control=np.nan)
    table.loc[edit.feature, "control"] = edited.controls["obtained"].mean()
    plot_edit(table, edit.feature, ax=ax[1])
    return fig
