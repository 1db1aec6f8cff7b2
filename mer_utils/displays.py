"""What notebooks show: figures with a caption, and sounds with a player, each also saved for the reader to keep.

Files go to the figures folder of the run (`results.figures_folder`); players point to them, so that no notebook
carries sound inside. Sounds that are to be compared share one gain: a player never makes a faint sound loud.

Public names: ``save_figure``, ``ShownFigure``, ``save_sounds``, ``SoundTable``, ``Sound``, ``describe_findings``,
``describe_versions``, ``compute_level``, ``compute_shown_gain``, ``describe_gain``.
"""

import base64
import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .audio import save_audio
from .files import save_bytes
from .results import figures_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Peak of the loudest sound of a group: the codec overshoots a little and must not clip.
_PEAK = 0.9


@dataclass(frozen=True)
class ShownFigure:
    """A picture and the sentence below it; Jupyter shows both.

    Attributes
    ----------
    name
        Name of the file in the figures folder, without ``.png``.
    png
        The picture.
    caption
        Markdown.
    """

    name: str
    png: bytes
    caption: str

    def _ipython_display_(self) -> None:
        from IPython.display import Markdown, display

        picture = base64.b64encode(self.png).decode()
        display({"image/png": picture, "text/plain": f"figure {self.name}"}, raw=True)
        if self.caption:
            display(Markdown(self.caption))


def save_figure(fig: "Figure", name: str, *, profile: str, caption: str = "") -> ShownFigure:
    """Save a figure for the reader, close it, and give what a notebook shows in its place.

    Parameters
    ----------
    fig
        The figure; it is closed, or the notebook would show it a second time.
    name
        ``NN_noun``, beginning with the notebook's number.
    profile
        One of `profiles.PROFILES`: decides the folder.
    caption
        What to see in it, with computed numbers; Markdown.

    Returns
    -------
    ShownFigure
        The last expression of a cell shows it.

    Raises
    ------
    ValueError
        If the name does not begin with a notebook's number.
    """
    import matplotlib.pyplot as plt

    _check_name(name)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png")
    plt.close(fig)
    save_bytes(figures_folder(profile) / f"{name}.png", buffer.getvalue())
    return ShownFigure(name, buffer.getvalue(), caption)


def _check_name(name: str) -> None:
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", name):
        raise ValueError(f"{name!r} must be a notebook's number and small words, as in '01_ratings'")


@dataclass(frozen=True)
class Sound:
    """One saved sound.

    Attributes
    ----------
    label
        What it is called beside its player.
    file
        Name in the figures folder.
    seconds
        Duration, s.
    level
        Root mean square as saved, dB relative to full scale; minus infinity for silence.
    """

    label: str
    file: str
    seconds: float
    level: float


@dataclass(frozen=True)
class SoundTable:
    """Rows of players; in plain text a list of the files.

    Attributes
    ----------
    rows
        Sounds by the row's title, which may be empty.
    notes
        What to listen for, by the row's title.
    """

    rows: dict[str, list[Sound]]
    notes: dict[str, str]

    def _repr_html_(self) -> str:
        return f"<table>{''.join(map(self._html_row, self.rows))}</table>"

    def _html_row(self, title: str) -> str:
        note = html.escape(self.notes.get(title, ""))
        head = f"<b>{html.escape(title)}</b><br>" if title else ""
        first = f'<td style="text-align:left">{head}{note}</td>' if title or note else ""
        return f"<tr>{first}{''.join(map(_html_player, self.rows[title]))}</tr>"

    def __repr__(self) -> str:
        lines = []
        for title, sounds in self.rows.items():
            note = self.notes.get(title, "")
            lines += [": ".join(filter(None, (title, note)))] if title or note else []
            lines += [f"  ▶ {_describe_sound(sound)}, ../figures/{sound.file}" for sound in sounds]
        return "\n".join(lines)


def _html_player(sound: Sound) -> str:
    source = f"../figures/{sound.file}"
    link = f'<a href="{source}">{sound.file}</a>'
    player = f'<audio controls style="width:240px" preload="metadata" src="{source}">{link}</audio>'
    return f'<td style="text-align:left">{html.escape(_describe_sound(sound))}<br>{player}</td>'


def _describe_sound(sound: Sound) -> str:
    level = "silence" if np.isinf(sound.level) else f"{sound.level:.0f} dB"
    return f"{sound.label} ({sound.seconds:.1f} s, {level})"


def save_sounds(
    name: str,
    sounds: Mapping[str, Any],
    *,
    profile: str,
    sr: int = 22050,
    notes: Mapping[str, str] | None = None,
) -> SoundTable:
    """Save sounds as ogg files and give a table of players.

    All sounds of a row share one gain, which keeps the loudest of them from clipping, so that a difference in level
    is one that can be heard. Where a sound goes beyond full scale, the row says by how much all were lowered.

    Parameters
    ----------
    name
        ``NN_noun``: first part of the files' names.
    sounds
        (n_samples,) sounds by label in one row, or such rows by title.
    profile
        One of `profiles.PROFILES`: decides the folder.
    sr
        Sample rate, Hz.
    notes
        What to listen for, by the row's title (``""`` for the one row).

    Returns
    -------
    SoundTable
        The last expression of a cell shows it.

    Raises
    ------
    ValueError
        If the name does not begin with a notebook's number, or two sounds would share a file.
    AudioError
        If a sound is empty or not finite.
    """
    _check_name(name)
    nested = isinstance(next(iter(sounds.values()), None), Mapping)
    given = sounds if nested else {"": sounds}
    rows, told = {title: _scale(row) for title, row in given.items()}, dict(notes or {})
    files = {(title, label): _file_name(name, title, label) for title, row in rows.items() for label in row}
    if len(set(files.values())) < len(files):
        raise ValueError(f"two of these sounds would share a file: {', '.join(sorted(files.values()))}")
    folder = figures_folder(profile)
    saved = {
        title: [_save_sound(folder / files[title, label], y, label=label, sr=sr) for label, y in row.items()]
        for title, row in rows.items()
    }
    for title, row in given.items():
        if lowered := describe_gain(row.values()):
            told[title] = " ".join(filter(None, (told.get(title), f"({lowered})")))
    return SoundTable(saved, told)


def compute_shown_gain(sounds: Iterable[np.ndarray]) -> float:
    """Compute the one gain, 1 or less, at which none of some sounds (n_samples,) clips in a player."""
    return min(1.0, _PEAK / (_find_peak(sounds) or _PEAK))


def describe_gain(sounds: Iterable[np.ndarray]) -> str:
    """Say by how much sounds (n_samples,) that go beyond full scale are lowered; "" if none does."""
    peak = _find_peak(sounds)
    return f"All lowered by {20 * np.log10(peak / _PEAK):.0f} dB, or one would clip." if peak > 1 else ""


def _find_peak(sounds: Iterable[np.ndarray]) -> float:
    return max((float(np.abs(y).max(initial=0)) for y in sounds), default=0.0)


def _scale(row: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Bring a row to one gain."""
    gain = np.float32(compute_shown_gain(row.values()))
    return {label: np.asarray(y, np.float32) * gain for label, y in row.items()}


def _file_name(name: str, title: str, label: str) -> str:
    words = re.sub(r"[\W_]+", "_", f"{name} {title} {label}".lower()).strip("_")
    return f"{words}.ogg"


def _save_sound(path: Path, y: np.ndarray, *, label: str, sr: int) -> Sound:
    save_audio(path, y, sr)
    return Sound(label, path.name, len(y) / sr, compute_level(y))


def compute_level(y: np.ndarray) -> float:
    """Compute the level of a sound (n_samples,): its root mean square in dB relative to full scale."""
    power = float(np.mean(np.square(y, dtype=np.float64)))
    return 10 * np.log10(power) if power > 0 else -np.inf


def describe_findings(findings: Sequence[str]) -> Any:
    """Give a notebook's last words: bullets of Markdown, written from computed numbers."""
    from IPython.display import Markdown

    return Markdown("\n".join(f"- {finding}" for finding in findings))


def describe_versions(packages: Sequence[str] = ("torch", "numpy", "pandas")) -> str:
    """Say with which versions a notebook ran: Python, this package, and those named."""
    import platform
    from importlib.metadata import version

    from . import __version__

    named = ", ".join(f"{package} {version(package).split('+')[0]}" for package in packages)
    return f"mer_utils {__version__}, Python {platform.python_version()}, {named}"
