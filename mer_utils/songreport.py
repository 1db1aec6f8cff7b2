"""Two songs beside each other, as text for a terminal, as a record for a program, and as figures.

Public names: ``describe_comparison``, ``build_comparison_record``, ``save_comparison``.
"""

import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .effects import LITTLE, compute_effects
from .files import replacing
from .ratings import EMOTIONS, MIDLEVEL
from .songpairs import Comparison, build_sentences
from .songs import HeardSong, build_descriptor_table, build_song_table
from .spectrogram import WINDOW_FRAMES, SpectrogramConfig

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_WIDTH = 80  # characters of a line
_BAR = 20  # characters of the longest part, to either side of zero
_WINDOW = WINDOW_FRAMES / SpectrogramConfig().fps  # seconds; a shorter song is looped


def describe_comparison(comparison: Comparison, *, net: str) -> str:
    """Spell a comparison in lines of at most 80 characters.

    Parameters
    ----------
    comparison
        The two songs.
    net
        Name of the network.

    Returns
    -------
    str
        What was heard in either song; the parts of the difference in one emotion; the same in sentences; descriptors.
    """
    sentences = build_sentences(comparison, comparison.emotion)
    wrapped = [textwrap.fill(sentence, _WIDTH) for sentence in sentences.values() if sentence]
    blocks = [_describe_heard(comparison, net), _describe_parts(comparison), *wrapped, _describe_measured(comparison)]
    return "\n\n".join(blocks)


def _describe_heard(comparison: Comparison, net: str) -> str:
    heard, spread = (table.to_numpy() for table in build_song_table(comparison.songs))
    a, b = comparison.letters
    lines = [
        textwrap.fill(f"{letter}: “{song.title}”, {_describe_length(song)}", _WIDTH, subsequent_indent="   ")
        for letter, song in zip(comparison.letters, comparison.songs, strict=True)
    ]
    lines += ["", f"rating / 10, mean ± sd over windows; net {net}"]
    head = f"{a:>5}{b:>17}{f'{b} - {a}':>19}"
    for n, name in enumerate((*MIDLEVEL, *EMOTIONS)):
        if name in (MIDLEVEL[0], EMOTIONS[0]):
            lines += ["", f"  {'features' if name in MIDLEVEL else 'emotions':22}{head}"]
        cells = [f"{heard[k, n]:5.2f} {_spell_spread(spread[k, n]):11}" for k in (0, 1)]
        lines.append(f"  {name:22}{''.join(cells)}{heard[1, n] - heard[0, n]:+z7.3f}")
    return "\n".join(lines)


def _spell_spread(value: float) -> str:
    return "" if np.isnan(value) else f"±{value:.2f}"


def _describe_length(song: HeardSong) -> str:
    n_windows = len(song.prediction.starts)
    minutes, seconds = divmod(round(song.seconds), 60)
    length = f"{minutes}:{seconds:02} min" if minutes else f"{song.seconds:.1f} s"
    looped = f", repeated to fill {_WINDOW:.0f} s" if song.seconds < _WINDOW else ""
    silent = "" if song.descriptors.notna()["level (dB)"] else "; SILENT: what the net hears here means nothing"
    return f"{length}{looped}, {n_windows} window{'s' * (n_windows > 1)}{silent}"


def _describe_parts(comparison: Comparison) -> str:
    """Draw the parts of the difference in one emotion as bars around zero, the largest on top."""
    emotion, (a, b) = comparison.emotion, comparison.letters
    parts = comparison.parts.loc[emotion].sort_values(key=abs, ascending=False, kind="stable")
    one, two = (float(song.prediction.emotion[EMOTIONS.index(emotion)]) for song in comparison.songs)
    lines = [f"{emotion}: {a} {one:.3f}, {b} {two:.3f}; what the features make of the difference"]
    longest = max(parts.abs().max(), LITTLE)  # a difference that is called none has no long bars
    for name, part in parts.items():
        bar = "█" * round(abs(part) / longest * _BAR)
        low, high = (bar, "") if part < 0 else ("", bar)
        lines.append(f"  {name:22}{part:+z7.3f}  {low:>{_BAR}}|{high}".rstrip())
    return "\n".join([*lines, f"  {'together':22}{parts.sum():+z7.3f}"])


def _describe_measured(comparison: Comparison) -> str:
    table = build_descriptor_table(comparison.songs)
    head = f"  {'measured on the sound':26}{comparison.letters[0]:>12}{comparison.letters[1]:>16}"
    rows = [f"  {name:26}{one:>12}{two:>16}" for name, (one, two) in zip(table.index, table.to_numpy(), strict=True)]
    return "\n".join([head, *rows])


def build_comparison_record(comparisons: Sequence[Comparison], *, net: str) -> dict[str, Any]:
    """Collect comparisons with one first song as plain values that JSON can hold.

    Returns
    -------
    dict
        ``net``; ``scale``; ``reference``, whose tracks the sentences mean; ``songs`` as `report.build_record` gives
        them, with ``title``, ``seconds`` and ``descriptors``; and ``comparisons``, each with both titles, the chosen
        ``emotion``, ``difference`` {name: value}, ``parts`` {emotion: {feature: value}} and ``sentences`` {emotion:
        {kind: text}}. Values are on the unit scale but for descriptors; what is not known is None.
    """
    songs = [comparisons[0].first, *(comparison.second for comparison in comparisons)]
    return {
        "net": net,
        "scale": "rating / 10",
        "reference": comparisons[0].reference.label,
        "songs": [_build_song_record(song, net) for song in songs],
        "comparisons": [_build_pair_record(comparison) for comparison in comparisons],
    }


def _build_song_record(song: HeardSong, net: str) -> dict[str, Any]:
    from .report import build_record

    heard = build_record(song.path or song.title, song.prediction, net=net)
    del heard["net"], heard["scale"]
    return {"title": song.title, "seconds": round(song.seconds, 3)} | heard | {"descriptors": _plain(song.descriptors)}


def _build_pair_record(comparison: Comparison) -> dict[str, Any]:
    heard, _ = build_song_table(comparison.songs)
    return {
        "first": comparison.first.title,
        "second": comparison.second.title,
        "emotion": comparison.emotion,
        "difference": _plain(heard.iloc[1] - heard.iloc[0]),
        "parts": {emotion: _plain(row) for emotion, row in comparison.parts.iterrows()},
        "sentences": {emotion: build_sentences(comparison, emotion) for emotion in EMOTIONS},
    }


def _plain(values: "pd.Series") -> dict[str, float | str | None]:
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> float | str | None:
    return value if isinstance(value, str) else None if np.isnan(value) else round(float(value), 5)


def save_comparison(folder: Path, comparison: Comparison) -> list[Path]:
    """Draw what sets two songs apart, and their effects beside those of the reference; overwrites what is there.

    Parameters
    ----------
    folder
        Where to write ``comparison_AB.png`` and ``effects_AB.png``, with the letters of the songs; it is made.
    comparison
        The two songs.

    Returns
    -------
    list of pathlib.Path
        The two files.
    """
    from .effectplots import plot_comparison, plot_effects

    labels = [f"{letter} {title}" for letter, title in zip(comparison.letters, comparison.titles, strict=True)]
    heard, spread = (table.set_axis(labels) for table in build_song_table(comparison.songs))
    weights, emotion = comparison.layer.weights, comparison.emotion
    effects = [compute_effects(weights, song.prediction.midlevel) for song in comparison.songs]
    with warnings.catch_warnings(action="ignore"):  # a title in letters that the font lacks: A and B stand before it
        look = {"emotion": emotion, "spread": spread, "doubts": comparison.doubts}
        figures = {
            "comparison": plot_comparison(heard, comparison.parts, **look)[0],
            "effects": plot_effects(
                compute_effects(weights, comparison.reference.midlevel), songs=dict(zip(labels, effects, strict=True))
            )[0],
        }
        return [_save(fig, folder / f"{name}_{''.join(comparison.letters)}.png") for name, fig in figures.items()]


def _save(fig: "Figure", path: Path) -> Path:
    import matplotlib.pyplot as plt

    with replacing(path) as part:
        fig.savefig(part, format="png")
    plt.close(fig)
    return path
