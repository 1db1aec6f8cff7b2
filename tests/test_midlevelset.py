"""The Mid-level corpus: whose sound is at hand, which clips belong together, and what is said if something lacks."""

import shutil

import pytest
from standins import METADATA_FILE, MIDLEVEL_FILE, edit_cell, write_standins

from mer_utils import filecorpus
from mer_utils.annotations import AnnotationError
from mer_utils.corpora import CorpusError, load_corpus
from mer_utils.layouts import FILM_NUMBERS, OWN_SOUND_IDS, SONG_ID_OFFSET
from mer_utils.midlevelset import find_midlevel
from mer_utils.ratings import MIDLEVEL

N_OWN = 240


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    write_standins(folder, n_sounds=2, midlevel=N_OWN, seconds=1)
    return folder


@pytest.fixture
def folder(written, tmp_path, monkeypatch):
    monkeypatch.setattr(filecorpus, "CACHE", tmp_path / "cache")
    return shutil.copytree(written, tmp_path / "data")


def load(folder, **options):
    return load_corpus("midlevel", root=folder / "midlevel", **options)


def test_clips_are_its_own_and_those_of_film_music(folder):
    corpus = load(folder)
    film = [str(number + SONG_ID_OFFSET) for number in FILM_NUMBERS]
    assert corpus.tracks.index[-360:].tolist() == film
    assert len(corpus.tracks) == N_OWN + 360
    assert {int(track_id) for track_id in corpus.tracks.index[:N_OWN]} < set(OWN_SOUND_IDS)


def test_it_has_features_and_no_emotions(folder):
    corpus = load(folder)
    assert (tuple(corpus.midlevel), corpus.emotion) == (MIDLEVEL, None)
    line = next(line for line in (folder / MIDLEVEL_FILE).read_text().splitlines() if line.startswith("3580,"))
    assert corpus.midlevel.loc["3580"].tolist() == [float(cell) for cell in line.split(",")[1:]]


def test_film_music_sounds_as_in_its_own_corpus(folder):
    film, corpus = load_corpus("soundtracks", root=folder / "soundtracks"), load(folder)
    assert corpus.audio("3580")[0].tobytes() == film.audio("005")[0].tobytes()
    assert corpus._sounds["3580"].path != film._sounds["004"].path


def test_without_film_music_it_has_its_own(folder):
    shutil.rmtree(folder / "soundtracks")
    assert len(load(folder).tracks) == N_OWN


def test_sounds_of_other_collections_are_taken_where_they_are(folder):
    shutil.copy(folder / "midlevel" / "audio" / "1.mp3", folder / "midlevel" / "4321.mp3")
    assert load(folder).tracks.index[-1] == "4321"


def test_an_unknown_artist_is_an_album_and_an_unknown_album_a_clip(folder):
    tracks = load(folder).tracks
    artist, album = tracks["artist"] != "", tracks["album_name"] != ""
    assert (tracks["album"][artist] == "artist " + tracks["artist"][artist].str.casefold()).all()
    assert tracks["album"][~artist & album].str.startswith("album ").all()
    alone = tracks["album"][~artist & ~album]
    assert alone.tolist() == [f"clip {track_id}" for track_id in alone.index]
    assert min(artist.sum(), (~artist & album).sum(), len(alone)) > 5


def test_no_artist_is_in_two_splits(folder):
    tracks = load(folder).tracks
    assert (tracks.groupby("album")["split"].nunique() == 1).all()
    known = tracks[tracks["artist"] != ""]
    assert (known.groupby("artist")["split"].nunique() == 1).all()
    assert tracks["split"].value_counts().to_dict() == {"train": 504, "test": 48, "valid": 48}


def test_the_seed_draws_other_clips_and_another_fingerprint(folder):
    corpora = [load(folder, seed=seed) for seed in (0, 0, 1)]
    assert corpora[0].select("test") == corpora[1].select("test") != corpora[2].select("test")
    assert corpora[0].fingerprint == corpora[1].fingerprint != corpora[2].fingerprint


def test_its_own_sounds_are_told_from_those_of_film_music(folder):
    assert find_midlevel(folder / "midlevel")
    shutil.rmtree(folder / "midlevel" / "audio")
    assert not find_midlevel(folder / "midlevel")
    with pytest.raises(CorpusError, match="midlevel has ratings but no sound: `mer fetch midlevel` brings it"):
        load(folder)


@pytest.mark.parametrize(("file", "name"), [(MIDLEVEL_FILE, "annotations"), (METADATA_FILE, "metadata")])
def test_a_missing_table_is_told(folder, file, name):
    (folder / file).unlink()
    with pytest.raises(AnnotationError, match=rf"midlevel has no {name}\.csv: `mer fetch midlevel` brings it"):
        load(folder)


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(AnnotationError, match=r"midlevel has no annotations\.csv: `mer fetch midlevel` brings it"):
        load(tmp_path)


def test_metadata_that_lack_a_clip_are_told(folder):
    edit_cell(folder / METADATA_FILE, 2, "song id", "6001", separator=";")
    with pytest.raises(AnnotationError, match=r"metadata\.csv lacks song id 1; `mer fetch midlevel` brings it"):
        load(folder)


def test_an_unknown_option_lists_those_there_are(folder):
    with pytest.raises(CorpusError, match="unknown option 'split' of corpus 'midlevel'; there are: seed"):
        load(folder, split="albums")
