"""Why a network hears what it hears in a sound file, as a folder of files.

Public names: ``save_why``, ``check_folder``, ``describe_replaced``.
"""

import io
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from .explanation import ExplainError, load_explanation, save_explanation
from .files import TargetError, check_target, save_bytes, save_text
from .selection import select_segments
from .soundwhy import SoundWhy
from .trust import compute_fidelity
from .whyrecord import build_why_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .explanation import Explanation

_NAME, _PART = "explanation.safetensors", "-part"


def check_folder(folder: Path) -> None:
    """Find out whether files can be written to a folder, by making it; what was made is taken away again.

    Parameters
    ----------
    folder
        As for `save_why`.

    Raises
    ------
    TargetError
        If not.
    """
    check_target(folder / _NAME)
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise TargetError(f"{folder} cannot be made ({reason}): choose another folder with --out") from error
    for place in missing:
        place.rmdir()


def describe_replaced(folder: Path, why: SoundWhy) -> str:
    """Say in a line which explanation `save_why` will replace, or that it will not; empty where there is none.

    Parameters
    ----------
    folder, why
        As for `save_why`, before it is called.
    """
    known = None if why.reused else _load_known(folder)
    if known is None:
        return ""
    if _is_part(folder, why):
        return f"{folder}: kept the complete explanation; the part is in {_name(_NAME, _PART)}"
    try:
        title = Path(json.loads((folder / "explanation.json").read_text("utf-8"))["file"]).stem
    except (OSError, ValueError, KeyError, TypeError):
        title = "a sound"
    stopped = "" if known.complete else ", stopped early"
    return f"{folder}: replaces an explanation of {title} from {known.start:.1f} s (N = {known.n_samples}{stopped})"


def _load_known(folder: Path) -> "Explanation | None":
    try:
        return load_explanation(folder / _NAME)
    except (ExplainError, OSError):
        return None


def _is_part(folder: Path, why: SoundWhy) -> bool:
    """Find out whether an explanation was stopped, and there is a whole one that it must not replace."""
    known = None if why.explanation.complete else _load_known(folder)
    return known is not None and known.complete


def _name(name: str, suffix: str) -> str:
    path = Path(name)
    return f"{path.stem}{suffix}{path.suffix}"


def save_why(folder: Path, why: SoundWhy, *, net: str) -> list[Path]:
    """Write an explanation, its record and its pictures; overwrites what is there.

    Parameters
    ----------
    folder
        Where to write ``explanation.safetensors``, ``explanation.json``, ``explanation.png``, ``weights.png``,
        ``selection.png`` and ``fidelity.png``; it is made. An explanation that was stopped replaces no complete one:
        its files are called ``explanation-part.safetensors`` and so on.
    why, net
        As in `whyreport.describe_why`.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    suffix = _PART if _is_part(folder, why) else ""
    explanation = folder / _name(_NAME, suffix)
    if not why.reused:  # before anything else: it took longest
        save_explanation(explanation, why.explanation)
    context, pictures = _describe_context(why, net), {}
    for name, fig in _plot_all(why).items():
        fig.suptitle(context, fontsize="small")
        pictures[folder / _name(f"{name}.png", suffix)] = _render(fig)
    for path, content in pictures.items():
        save_bytes(path, content)
    record = folder / _name("explanation.json", suffix)
    text = json.dumps(build_why_record(why, net=net), indent=1, ensure_ascii=False, allow_nan=False)
    save_text(record, text)
    return [explanation, *pictures, record]


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


def _render(fig: "Figure") -> bytes:
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        fig.savefig(buffer, format="png")
    plt.close(fig)
    return buffer.getvalue()
