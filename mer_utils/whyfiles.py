"""Why a network hears what it hears in a sound file, as a folder of files.

Public names: ``save_why``, ``build_png``.
"""

import io
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from .answerfolders import EXPLANATION, build_path, compute_suffix, save_passages
from .explanation import save_explanation
from .files import save_bytes, save_text
from .selection import select_segments
from .soundwhy import SoundWhy
from .trust import compute_fidelity
from .whyrecord import build_why_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_why(folder: Path, why: SoundWhy, *, net: str) -> list[Path]:
    """Write an explanation, its record and its pictures; overwrites what is there.

    Parameters
    ----------
    folder
        Where to write ``explanation.safetensors``, ``explanation.json``, ``explanation.png``, ``weights.png``,
        ``selection.png``, ``fidelity.png`` and the sounds; it is made. An explanation that was stopped replaces no
        complete one: its files are called ``explanation-part.safetensors`` and so on.
    why, net
        As in `whyreport.describe_why`.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    suffix = compute_suffix(folder, why.explanation)
    explanation = build_path(folder, EXPLANATION, suffix)
    if not why.reused:  # before anything else: it took longest
        save_explanation(explanation, why.explanation)
    context, pictures = _describe_context(why, net), {}
    for name, fig in _plot_all(why).items():
        fig.suptitle(context, fontsize="small")
        pictures[build_path(folder, f"{name}.png", suffix)] = build_png(fig)
    for path, content in pictures.items():
        save_bytes(path, content)
    sounds = {name: sound and sound.y for name, sound in why.sounds.items()}
    save_passages(folder, sounds, why.excerpt.config.sr)
    record = build_path(folder, "explanation.json", suffix)
    text = json.dumps(build_why_record(why, net=net), indent=1, ensure_ascii=False, allow_nan=False)
    save_text(record, text)
    return [explanation, *pictures, *(folder / name for name, y in sounds.items() if y is not None), record]


def _describe_context(why: SoundWhy, net: str) -> str:
    """Say in a line, for above a picture, what was explained and whether it can be trusted."""
    excerpt, e = why.excerpt, why.explanation
    title = excerpt.title if len(excerpt.title) <= 30 else f"{excerpt.title[:29]}…"
    stopped = "" if e.complete else " (stopped early)"
    verdict = compute_fidelity(e).loc[why.feature, "verdict"]
    span = f"{excerpt.start:.1f}–{excerpt.end:.1f} s"
    return f"{title}, {span}, net {Path(net).stem}, N = {e.n_samples}{stopped}; {why.feature}: {verdict}"


def _plot_all(why: SoundWhy) -> "dict[str, Figure]":
    from .explainplots import plot_explanation, plot_weight_map
    from .selectionplots import plot_selection
    from .style import use_style
    from .trustplots import plot_fidelity

    use_style()
    e, rule = why.explanation, why.settings.rule
    positive, negative = select_segments(e, why.feature, rule=rule)
    return {
        "explanation": plot_explanation(e, why.feature, positive=positive, negative=negative, outlines=True)[0],
        "weights": plot_weight_map(e, why.feature)[0],
        "selection": plot_selection(e, why.feature, rule=rule)[0],
        "fidelity": plot_fidelity(e, card=compute_fidelity(e))[0],
    }


def build_png(fig: "Figure") -> bytes:
    """Turn a figure into the bytes of a picture, and close it."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        fig.savefig(buffer, format="png")
    plt.close(fig)
    return buffer.getvalue()
