"""The papers' data sets in the very layout of OSF, with generated music and generated ratings in place of theirs.

The ratings follow the published statistics, as `annotations` asks for. A few sounds stand under all names, each beside
clips with ratings like its own, so that writing takes seconds.
"""

import os
import struct
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from mer_utils.audio import save_audio
from mer_utils.corpora import load_corpus
from mer_utils.files import save_bytes, save_text
from mer_utils.generated.ratings import build_ratings
from mer_utils.layouts import FILM_NUMBERS, OWN_SOUND_IDS, SONG_ID_OFFSET, SONG_IDS, TARGETS
from mer_utils.ratings import EMOTIONS

EMOTION_FILE = "soundtracks/mean_ratings_set1.csv"
ALBUM_FILE = "soundtracks/set1_tracklist.csv"
MIDLEVEL_FILE = "midlevel/metadata_annotations/annotations.csv"
METADATA_FILE = "midlevel/metadata_annotations/metadata.csv"
HEADER = "song_id, melody, articulation,rhythm_complexity,rhythm_stability,dissonance,atonality,mode"
METADATA_HEADER = "song id;Source;ID at file source;Song title;Artist;Album name"


def write_standins(folder, *, n_sounds=8, midlevel=True, seconds=15.0, archive=False, n_rows=5000, seed=0):
    """Write ``folder/soundtracks`` and ``folder/midlevel``.

    Parameters
    ----------
    folder
        Made if it is not there.
    n_sounds
        Different sounds, 0 for ratings only.
    midlevel
        How many of the 3575 sounds of Mid-level itself are there; True stands for 120. Its ratings always are.
    seconds
        Length of each sound, up to 15.
    archive
        Put the sounds into Set1.zip and audio.zip instead of folders.
    n_rows
        Rows of the Mid-level tables, the last ones of 5000.
    seed
        Of the ratings.
    """
    folder = Path(folder)
    film = np.round(build_ratings(len(FILM_NUMBERS), seed=seed).observed, 2)
    rng = np.random.default_rng(seed)
    all_ratings = film[rng.integers(len(film), size=len(SONG_IDS))]
    all_ratings[SONG_ID_OFFSET : SONG_ID_OFFSET + len(film)] = film
    write_tables(folder, film[:, 7:], all_ratings[:, :7], n_rows=n_rows, rng=rng)
    if not n_sounds:
        return
    own = np.linspace(1, max(OWN_SOUND_IDS), 120 if midlevel is True else int(midlevel)).astype(int)
    names = {f"soundtracks/Set1/{number:03d}.mp3": film[number - 1] for number in FILM_NUMBERS}
    names |= {f"midlevel/audio/{song_id}.mp3": all_ratings[song_id - 1] for song_id in own}
    with TemporaryDirectory(dir=folder) as store:
        chosen = _render(Path(store), names, n_sounds, seconds)
        for name in ("001", "002", "360"):  # set 2 has sounds of the same names
            chosen[f"soundtracks/Set2/{name}.mp3"] = Path(store, "other.mp3")
        (_pack if archive else _link)(folder, chosen)


def write_tables(folder, emotion, midlevel, *, n_rows, rng):
    """Write the four tables: (360, 8) emotions and (5000, 7) features, 1-10."""
    rows = [f"{n:03d},{_join(emotion[n - 1])},{TARGETS[(n - 1) // 30]}" for n in FILM_NUMBERS]
    header = f"\ufeffnumber,{','.join(EMOTIONS)},TARGET"
    save_text(folder / EMOTION_FILE, "\r\n".join([header, *rows, ""]))
    albums = [f"Film {i:02d}" for i in range(43)] + ["The Omen", "The Omen ", "The Portrait of a Lady"]
    albums = rng.permutation(np.resize([*albums, "The Portait of a Lady"], len(FILM_NUMBERS)))
    rows = [f"{n:03d},{TARGETS[(n - 1) // 30].title()},{album},1,00:10-00:25" for n, album in enumerate(albums, 1)]
    save_text(folder / ALBUM_FILE, "\n".join(["Nro,Emotion,Album name,Track,Min:Sec", *rows, ""]))
    ids = SONG_IDS[len(SONG_IDS) - n_rows :]
    save_text(folder / MIDLEVEL_FILE, "\n".join([HEADER, *(f"{i},{_join(midlevel[i - 1])}" for i in ids), ""]))
    rows = [";".join(_describe(i, albums)) for i in ids]
    save_text(folder / METADATA_FILE, "\n".join([METADATA_HEADER, *rows, ""]))


def edit_cell(path, row, column, value, *, separator=","):
    """Change a cell of a table; rows are numbered as in a spreadsheet, columns by their header."""
    rows = path.read_bytes().decode().splitlines(keepends=True)
    header = [name.strip("\ufeff\r\n ") for name in rows[0].split(separator)]
    cells = rows[row - 1].split(separator)
    end = cells[-1][len(cells[-1].rstrip("\r\n")) :]
    cells[-1] = cells[-1].rstrip("\r\n")
    cells[header.index(column)] = value
    rows[row - 1] = separator.join(cells) + end
    save_text(path, "".join(rows))


def write_excel(path, table):
    """Write a table as Excel 2 did, the oldest and simplest kind of .xls: numbers and text, no formats."""
    records = [(0x0009, struct.pack("<HH", 7, 0x10))]
    for row, values in enumerate([table.columns, *table.itertuples(index=False)]):
        for column, value in enumerate(values):
            place = struct.pack("<HH3x", row, column)
            if isinstance(value, str):
                records.append((0x0004, place + struct.pack("B", len(value)) + value.encode("latin-1")))
            else:
                records.append((0x0003, place + struct.pack("<d", value)))
    records.append((0x000A, b""))
    save_bytes(Path(path), b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in records))


def _join(values):
    return ",".join(f"{value:g}" for value in values)


def _describe(song_id, albums):
    """Give a row of the metadata: of film music without artists, of other music with gaps of all kinds."""
    number = song_id - SONG_ID_OFFSET
    if number in FILM_NUMBERS:
        return [str(song_id), "soundtracks", f"{number:03d}", "track 1", "", albums[number - 1]]
    artist = "" if song_id % 8 == 0 else f"Künstler {song_id // 3}"
    album = "" if song_id % 16 == 0 else f"Album {song_id // 5}"
    return [str(song_id), "magnatune", f"m{song_id}", '"one; two"', artist, album]


def _render(store, names, n_sounds, seconds):
    """Render some sounds, and choose for each name the one whose ratings are nearest."""
    corpus = load_corpus("generated", n_tracks=max(n_sounds, 40), renderings=1)
    tracks = corpus.tracks.index[:: len(corpus.tracks) // n_sounds][:n_sounds]
    for name, track_id in [*zip(tracks, tracks, strict=True), ("other", corpus.tracks.index[-1])]:
        y, sr = corpus.audio(track_id)
        y = y[: int(seconds * sr)]
        save_audio(store / f"{name}.mp3", y / np.abs(y).max(), sr)
    ratings = pd.concat([corpus.midlevel, corpus.emotion], axis=1).loc[tracks].to_numpy()
    gaps = np.linalg.norm(np.array(list(names.values()))[:, None] - ratings, axis=2)
    return {name: store / f"{tracks[i]}.mp3" for name, i in zip(names, gaps.argmin(axis=1), strict=True)}


def _link(folder, chosen):
    for name, sound in chosen.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(sound, folder / name)


def _pack(folder, chosen):
    for name, sound in chosen.items():
        path = folder / Path(name).parent.with_suffix(".zip")
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "a") as archive:
            archive.write(sound, f"{Path(name).parent.name}/{Path(name).name}")
