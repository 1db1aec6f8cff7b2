"""The reader's own songs: what a network hears in them, and what can be measured on them, ready to be compared.

Neither the level nor the rate of a recording reaches the network: it hears every song peak-normalised and at one rate.
Descriptors are measured at the level that a song has. What is heard is on the unit scale, rating / 10.

Public names: ``HeardSong``, ``SongError``, ``predict_song``, ``predict_song_file``, ``predict_song_files``,
``build_titles``, ``build_song_table``, ``build_descriptor_table``, ``select_emotion``.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .audio import AudioError, load_audio
from .descriptors import compute_descriptors
from .ratings import EMOTIONS, MIDLEVEL
from .spectrogram import compute_spectrogram

if TYPE_CHECKING:
    import pandas as pd

    from .predictor import Predictor, TrackPrediction
    from .reference import Reference


class SongError(ValueError):
    """Songs that cannot be compared; the message is one line."""


@dataclass(frozen=True, eq=False)
class HeardSong:
    """One song as a network hears it.

    Attributes
    ----------
    title
        What it is called; no two songs of a comparison have the same.
    prediction
        Features and emotions of the whole song and of its windows, unit scale.
    descriptors
        What `descriptors.compute_descriptors` measures, and Spotify's features where the reader has them.
    seconds
        Length.
    y
        (n_samples,) what the network hears: mono at its rate, peak-normalised.
    path
        Its file; None if it comes from elsewhere.
    """

    title: str
    prediction: "TrackPrediction"
    descriptors: "pd.Series"
    seconds: float
    y: np.ndarray
    path: Path | None = None


def predict_song(title: str, y: np.ndarray, *, predictor: "Predictor", sr: int = 22050) -> HeardSong:
    """Hear a song window by window, and measure it.

    Parameters
    ----------
    title
        What it is called.
    y
        (n_samples,) mono sound at its own level, full scale 1 (`audio.load_audio` with ``keep_level``).
    predictor
        A network that hears features and emotions.
    sr
        Sample rate, Hz.

    Raises
    ------
    DescriptorError
        If the sound is empty, not one-dimensional or not finite.
    SongError
        If the network lacks features or emotions.
    """
    descriptors = compute_descriptors(y, sr=sr)
    heard, config = y / (np.abs(y).max() or 1), predictor.spectrogram
    if sr != config.sr:
        import soxr

        heard = soxr.resample(heard, sr, config.sr)
        heard = heard / (np.abs(heard).max() or 1)
    heard = heard.astype(np.float32)
    prediction = predictor.predict_track(compute_spectrogram(heard, config=config))
    if prediction.midlevel is None or prediction.emotion is None:
        raise SongError(f"a network of the scheme {predictor.scheme!r} hears features or emotions alone: take joint")
    return HeardSong(title, prediction, descriptors, len(y) / sr, heard)


def predict_song_file(path: str | Path, *, predictor: "Predictor", title: str | None = None) -> HeardSong:
    """Hear and measure a sound file; it is decoded once.

    Parameters
    ----------
    path
        A wav, flac, ogg or mp3 file of any length and rate.
    predictor
        As in `predict_song`.
    title
        What the song is called; by default the file without folder and suffix.

    Raises
    ------
    AudioError
        If the file cannot be read.
    SongError
        As in `predict_song`.
    """
    y, sr = load_audio(path, sr=predictor.spectrogram.sr, keep_level=True)
    song = predict_song(title or build_titles([path])[0], y, predictor=predictor, sr=sr)
    return replace(song, path=Path(path))


def predict_song_files(
    paths: Sequence[str | Path], *, predictor: "Predictor", progress: bool = True
) -> tuple[list[HeardSong], list[str]]:
    """Hear and measure many sound files, whichever of them can be read.

    Parameters
    ----------
    paths
        The files; titles are those of `build_titles`.
    predictor
        As in `predict_song`.
    progress
        Show a progress bar while it lasts, on a terminal only.

    Returns
    -------
    songs : list of HeardSong
        In the order of the files.
    complaints : list of str
        One line for each file that cannot be read.
    """
    from tqdm import tqdm

    songs, complaints = [], []
    titles = build_titles(paths)
    bar = tqdm(total=len(paths), desc="hear songs", unit="song", leave=False, disable=None if progress else True)
    with bar:
        for path, title in zip(paths, titles, strict=True):
            try:
                songs.append(predict_song_file(path, predictor=predictor, title=title))
            except AudioError as error:
                complaints.append(str(error))
            bar.update()
    return songs, complaints


def build_titles(paths: Sequence[str | Path]) -> list[str]:
    """Name songs after their files, each differently: by as much of their paths as it takes."""
    paths = [Path(path).absolute() for path in paths]
    titles = {path: path.stem for path in paths}
    for spell in ("{0.parent.name}/{0.stem}", "{0.parent.name}/{0.name}", "{0}"):
        counts = Counter(titles.values())
        titles = {path: spell.format(path) if counts[title] > 1 else title for path, title in titles.items()}
    chosen: list[str] = []
    for path in paths:  # one file may be named twice, and another be called like its second title
        numbered = (f"{titles[path]} ({number})" for number in count(2))
        chosen.append(next(title for title in chain([titles[path]], numbered) if title not in chosen))
    return chosen


def build_song_table(songs: Sequence[HeardSong]) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Put what was heard into two tables, as `effectplots.plot_profiles` draws it.

    Returns
    -------
    heard : pandas.DataFrame
        (n_songs, 15) features and emotions by title, unit scale: means over the windows.
    spread : pandas.DataFrame
        Their standard deviations over the windows; NaN for a song of one window, of which nothing is known.
    """
    import pandas as pd

    def build(rows: list[np.ndarray]) -> pd.DataFrame:
        return pd.DataFrame(rows, [song.title for song in songs], [*MIDLEVEL, *EMOTIONS], float)

    heard = [np.concatenate([song.prediction.midlevel, song.prediction.emotion]) for song in songs]
    windows = [np.concatenate(song.prediction.windows, axis=1, dtype=float) for song in songs]
    spread = [each.std(axis=0) if len(each) > 1 else np.full(each.shape[1], np.nan) for each in windows]
    return build(heard), build(spread)


def build_descriptor_table(songs: Sequence[HeardSong]) -> "pd.DataFrame":
    """Spell lengths and descriptors: one row each, one column per song; what is not known is a dash."""
    import pandas as pd

    columns = [pd.concat([pd.Series({"length (s)": song.seconds}), song.descriptors]) for song in songs]
    return pd.concat(columns, axis=1, sort=False, keys=[song.title for song in songs]).map(_spell)


def _spell(value: object) -> str:
    if isinstance(value, str):
        return value
    return "–" if np.isnan(value) else f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def select_emotion(first: HeardSong, second: HeardSong, reference: "Reference") -> str:
    """Select the emotion in which two songs differ most, in standard deviations over the tracks of a reference."""
    difference = np.abs(second.prediction.emotion - first.prediction.emotion)
    return EMOTIONS[int(np.argmax(difference / reference.emotion[list(EMOTIONS)].std().clip(1e-9).to_numpy()))]
