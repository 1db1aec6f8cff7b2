"""The reader's own songs: what a network hears in them, and what can be measured on them, ready to be compared.

Neither the level nor the rate of a recording reaches the network: it hears every song peak-normalised and at one rate.
Descriptors are measured at the level that a song has. What is heard is on the unit scale, rating / 10.

Public names: ``HeardSong``, ``SongError``, ``predict_song``, ``predict_song_file``, ``predict_song_files``,
``predict_covers``, ``build_titles``, ``build_song_table``, ``build_descriptor_table``, ``select_emotion``.
"""

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .audio import AudioError, load_audio
from .descriptors import compute_descriptors, load_spotify_features
from .paths import DATA
from .ratings import EMOTIONS, MIDLEVEL
from .spectrogram import compute_spectrogram

if TYPE_CHECKING:
    import pandas as pd

    from .predictor import Predictor, TrackPrediction
    from .reference import Reference

#: Where folders of covers lie: the reader's own, so the repository has none.
COVERS = DATA / "covers"
_SPOTIFY = "spotify.csv"
_FEWEST, _MOST = 2, 5


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
    path
        Its file; None if it comes from elsewhere.
    """

    title: str
    prediction: "TrackPrediction"
    descriptors: "pd.Series"
    seconds: float
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
        import librosa

        heard = librosa.resample(heard, orig_sr=sr, target_sr=config.sr)
        heard = heard / (np.abs(heard).max() or 1)
    prediction = predictor.predict_track(compute_spectrogram(heard.astype(np.float32), config=config))
    if prediction.midlevel is None or prediction.emotion is None:
        raise SongError(f"a network of the scheme {predictor.scheme!r} hears features or emotions alone: take joint")
    return HeardSong(title, prediction, descriptors, len(y) / sr)


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
        Show a progress bar on a terminal, from the second second on.

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
    with tqdm(total=len(paths), desc="hear songs", unit="song", delay=1, disable=None if progress else True) as bar:
        for path, title in zip(paths, titles, strict=True):
            try:
                songs.append(predict_song_file(path, predictor=predictor, title=title))
            except AudioError as error:
                complaints.append(str(error))
            bar.update()
    return songs, complaints


def predict_covers(folder: str | Path, *, predictor: "Predictor", progress: bool = True) -> list[HeardSong]:
    """Hear the versions of one song, two to five, that lie in a folder.

    A file that is no sound is skipped with a warning. A table ``spotify.csv`` beside the sounds (see
    `descriptors.load_spotify_features`) adds to the descriptors of the songs that it names, capitals or not.

    Parameters
    ----------
    folder
        A folder, or the name of one in ``data/covers``.
    predictor, progress
        As in `predict_song_files`.

    Returns
    -------
    list of HeardSong
        Sorted by the names of the files.

    Raises
    ------
    SongError
        If there is no such folder, or it holds fewer than two sounds or more than five.
    DescriptorError
        If ``spotify.csv`` is no such table.
    """
    folder = _find_folder(folder)
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    table = load_spotify_features(folder / _SPOTIFY) if folder / _SPOTIFY in files else None
    sounds = [path for path in files if path.name != _SPOTIFY and _is_sound(path)]
    _check_number(folder, sounds)  # before the long part
    songs, complaints = predict_song_files(sounds, predictor=predictor, progress=progress)
    for complaint in complaints:
        warnings.warn(f"skipped: {complaint}", stacklevel=2)
    _check_number(folder, [song.path for song in songs])
    return songs if table is None else _add_spotify(songs, table)


def _find_folder(folder: str | Path) -> Path:
    found = next((path for path in (Path(folder), COVERS / folder) if path.is_dir()), None)
    if found is None:
        names = sorted(path.name for path in COVERS.iterdir() if path.is_dir()) if COVERS.is_dir() else []
        there = ", ".join(names) or "none yet: make one with two to five versions of a song"
        raise SongError(f"there is no folder {folder}, nor one of this name in {COVERS} (there: {there})")
    return found


def _is_sound(path: Path) -> bool:
    """Look at a moment of a file; warn if it cannot be heard."""
    try:
        load_audio(path, duration=0.1)
    except AudioError as error:
        warnings.warn(f"skipped: {error}", stacklevel=3)
        return False
    return True


def _check_number(folder: Path, sounds: Sequence[Path]) -> None:
    if not _FEWEST <= len(sounds) <= _MOST:
        there = ", ".join(path.name for path in sounds) or "none"
        asked = f"{_FEWEST} to {_MOST} sound files"
        raise SongError(f"{folder} must hold {asked} and holds {len(sounds)} ({there}): add or remove some")


def _add_spotify(songs: Iterable[HeardSong], table: "pd.DataFrame") -> list[HeardSong]:
    import pandas as pd

    stems = [song.path.stem.casefold() for song in songs]
    for name in table.index:
        if name.casefold() not in stems:
            warnings.warn(f"{_SPOTIFY} names {name!r}, but no sound file is called so: rename one", stacklevel=3)
    rows = {name.casefold(): row.astype(object) for name, row in table.iterrows()}
    both = [(song, rows.get(stem)) for song, stem in zip(songs, stems, strict=True)]
    return [replace(song, descriptors=pd.concat([song.descriptors, row])) for song, row in both]


def build_titles(paths: Sequence[str | Path]) -> list[str]:
    """Name songs after their files, each differently: by as much of their paths as it takes."""
    paths = [Path(path) for path in paths]
    titles = [path.stem for path in paths]
    for spell in ("{0.parent.name}/{0.stem}", "{0.parent.name}/{0.name}", "{0}"):
        counts = Counter(titles)
        both = zip(paths, titles, strict=True)
        titles = [spell.format(path.absolute()) if counts[title] > 1 else title for path, title in both]
    # What is still there twice is one file, named twice.
    seen = [titles[:n].count(title) for n, title in enumerate(titles)]
    return [f"{title} ({n + 1})" if n else title for title, n in zip(titles, seen, strict=True)]


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

    rows = {song.title: pd.concat([pd.Series({"length (s)": song.seconds}), song.descriptors]) for song in songs}
    return pd.concat(rows, axis=1, sort=False).map(_spell)


def _spell(value: object) -> str:
    if isinstance(value, str):
        return value
    return "–" if np.isnan(value) else f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def select_emotion(first: HeardSong, second: HeardSong, reference: "Reference") -> str:
    """Select the emotion in which two songs differ most, in standard deviations over the tracks of a reference."""
    difference = np.abs(second.prediction.emotion - first.prediction.emotion)
    return EMOTIONS[int(np.argmax(difference / reference.emotion[list(EMOTIONS)].std().clip(1e-9).to_numpy()))]
