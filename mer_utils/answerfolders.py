"""The folder that ``mer explain`` and ``mer edit`` write to: which explanation lies there, and what may replace it.

Both may write to one folder: no file of one has the name of a file of the other, not even the explanation, for theirs
differ in what is heard where a segment is hidden.

Public names: ``EXPLANATION``, ``EDITED``, ``check_folder``, ``compute_suffix``, ``build_path``, ``describe_replaced``,
``compute_gain``, ``save_passages``.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .audio import save_audio
from .explanation import ExplainError, Explanation, load_explanation
from .files import TargetError, check_target

#: Names of the files that hold the explanation: of ``mer explain``, and of ``mer edit``.
EXPLANATION, EDITED = "explanation.safetensors", "edit.safetensors"
_PART = "-part"
_SOUNDS = tuple(
    f"{name}{part}.wav"
    for name in ("original", "raises", "lowers", "before", "edited", "whole")
    for part in ("", _PART)
)
# Peak to which sounds are lowered where one of them would clip: rounding must not lead beyond 1.
_PEAK = 0.999


def check_folder(folder: Path, *, sound: Path | None = None) -> None:
    """Find out whether files can be written to a folder, by making it; what was made is taken away again.

    Parameters
    ----------
    folder
        Where files shall be written after long work.
    sound
        A file that must not be overwritten by what is written.

    Raises
    ------
    TargetError
        If not.
    """
    made: list[Path] = []
    try:
        place = folder.resolve()
        check_target(place / EXPLANATION)
        if sound is not None and sound.resolve() in {(place / name).resolve() for name in _SOUNDS}:
            raise TargetError(
                f"{sound} would be overwritten by a sound of that name: choose another folder with --out"
            )
        for missing in [part for part in (*reversed(place.parents), place) if not part.exists()]:
            missing.mkdir()
            made.append(missing)
    except TargetError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TargetError(f"{folder} cannot be made ({reason}): choose another folder with --out") from error
    finally:
        for part in reversed(made):
            part.rmdir()


def compute_suffix(folder: Path, explanation: Explanation, *, name: str = EXPLANATION) -> str:
    """Tell what follows the names of all files: ``-part`` where a stopped explanation must not replace a whole one."""
    known = None if explanation.complete else _load_known(folder / name)
    return _PART if known is not None and known.complete else ""


def build_path(folder: Path, name: str, suffix: str) -> Path:
    """Give the place of a file in a folder, with `compute_suffix` in its name."""
    path = Path(name)
    return folder / f"{path.stem}{suffix}{path.suffix}"


def describe_replaced(folder: Path, explanation: Explanation, *, reused: bool, name: str = EXPLANATION) -> str:
    """Say in a line which explanation will be replaced, or that none will; empty where there is none.

    Parameters
    ----------
    folder
        Where the new one will be written.
    explanation
        The new one.
    reused
        Whether it is one that is there.
    name
        Of its file.
    """
    known = None if reused else _load_known(folder / name)
    if known is None:
        return ""
    if suffix := compute_suffix(folder, explanation, name=name):
        return f"{folder}: kept the complete explanation; the part is in {build_path(Path(), name, suffix)}"
    stopped = "" if known.complete else ", stopped early"
    title = _find_title(folder, known.sound)
    return f"{folder}: replaces an explanation of {title} from {known.start:.1f} s (N = {known.n_samples}{stopped})"


def _load_known(path: Path) -> Explanation | None:
    try:
        return load_explanation(path)
    except (ExplainError, OSError):
        return None


def _find_title(folder: Path, sound: str) -> str:
    """Find out from the records in a folder what a sound with this fingerprint is called."""
    titles = [Path(r["file"]).stem for r in _load_records(folder) if r["method"]["sound"] == sound]
    return titles[0] if titles else "a sound"


def _load_records(folder: Path) -> list[dict[str, Any]]:
    """Read what ``mer explain`` and ``mer edit`` wrote; whatever else is called like that is left out."""
    records = []
    for path in [*folder.glob("explanation*.json"), *folder.glob("edit*.json")]:
        try:
            record = json.loads(path.read_text("utf-8"))
            is_ours = isinstance(record["file"], str) and isinstance(record["method"]["sound"], str)
            records += [record | {"sounds": record.get("sounds") or {}}] if is_ours and "net" in record else []
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return records


def compute_gain(sounds: Iterable[np.ndarray]) -> float:
    """Compute the largest common gain, 1 or less, at which none of some sounds (n_samples,) clips in a file."""
    peak = max((float(np.abs(y).max(initial=0)) for y in sounds), default=0.0)
    return min(1.0, _PEAK / peak) if peak > 1 else 1.0


def save_passages(folder: Path, sounds: Mapping[str, np.ndarray | None], sr: int) -> None:
    """Write sounds (n_samples,) at ``sr`` Hz as files of a folder, which is made, with the gain of `compute_gain`.

    A sound that is None leaves no file, nor that of an earlier answer.
    """
    gain = np.float32(compute_gain([y for y in sounds.values() if y is not None]))
    for name, y in sounds.items():
        if y is None and any(name in record.get("sounds", {}) for record in _load_records(folder)):
            (folder / name).unlink(missing_ok=True)
        elif y is not None:
            save_audio(folder / name, y.astype(np.float32) * gain, sr)
