"""Film music as a corpus: its splits, the corpus of its first stage, and what is said if something lacks."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from standins import ALBUM_FILE, METADATA_FILE, MIDLEVEL_FILE, write_standins

from mer_utils import filecorpus, soundtracks
from mer_utils.annotations import AnnotationError
from mer_utils.corpora import CorpusError, find_corpus, load_corpus
from mer_utils.folds import select_fold
from mer_utils.layouts import SONG_ID_OFFSET
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.splits import build_smc2025_split

SETS = ("soundtracks", "midlevel")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    write_standins(folder, n_sounds=2, midlevel=60, seconds=1)
    return folder


@pytest.fixture
def folder(written, tmp_path, monkeypatch):
    monkeypatch.setattr(filecorpus, "CACHE", tmp_path / "cache")
    return shutil.copytree(written, tmp_path / "data")


def load(folder, **options):
    return load_corpus("soundtracks", root=folder / "soundtracks", **options)


def find_heard(corpus):
    """Clips of film music that the first stage of a corpus is trained or chosen on, by their film number."""
    stage = corpus.build_first_stage()
    song_ids = map(int, stage.select("train") + stage.select("valid"))
    return {f"{song_id - SONG_ID_OFFSET:03d}" for song_id in song_ids if song_id > SONG_ID_OFFSET}


def test_clips_have_both_kinds_of_ratings(folder):
    corpus = load(folder)
    assert corpus.tracks.index.tolist() == [f"{number:03d}" for number in range(1, 361)]
    assert corpus.tracks.columns.tolist() == ["album", "split", "target"]
    assert (tuple(corpus.midlevel), tuple(corpus.emotion)) == (MIDLEVEL, EMOTIONS)
    assert corpus.tracks.index.equals(corpus.midlevel.index)


def test_sounds_of_set_2_are_not_taken_for_them(folder):
    sets = load(folder)._sounds
    assert {sound.path.parent.name for sound in sets.values()} == {"Set1"}
    assert (folder / "soundtracks" / "Set2" / "001.mp3").read_bytes() != sets["001"].path.read_bytes()


def test_albums_are_whole_in_the_first_fold(folder):
    corpus = load(folder)
    assert (corpus.tracks.groupby("album")["split"].nunique() == 1).all()
    assert 32 <= len(corpus.select("test")) <= 40
    assert corpus.select("test") == select_fold(corpus, 0).select("test")


def test_the_split_of_2025_is_the_published_one_and_leaks_albums(folder):
    corpus = load(folder, split="smc2025")
    assert corpus.select("test") == sorted(build_smc2025_split()["test"])
    of_album = corpus.tracks.groupby("album")["split"].agg(set)
    assert sum(len(parts) > 1 for parts in of_album) > 20
    assert corpus.fingerprint != load(folder).fingerprint


def test_clips_without_features_drop_out(folder):
    lines = (folder / MIDLEVEL_FILE).read_text().splitlines()
    lines = [line for line in lines if line.split(",")[0] not in ("3576", "3577", "3578", "3579")]
    (folder / MIDLEVEL_FILE).write_text("\n".join(lines))
    sizes = load(folder, split="smc2025").tracks["split"].value_counts()
    assert (sizes.sum(), sizes["test"]) == (356, 36)


def test_the_split_of_2025_needs_no_albums(folder):
    (folder / ALBUM_FILE).unlink()
    (folder / METADATA_FILE).unlink()
    shutil.rmtree(folder / "midlevel" / "audio")
    corpus = load(folder, split="smc2025")
    assert corpus.tracks["album"].isna().all()
    with pytest.raises(AnnotationError, match="no album is known for clip 001 and 359 more"):
        load(folder)


def test_an_archive_gives_the_same_corpus(folder, tmp_path):
    shutil.make_archive(str(tmp_path / "Set1"), "zip", folder / "soundtracks", "Set1")
    before = load(folder)
    sounds = [before.audio(track_id)[0] for track_id in ("001", "360")]
    shutil.rmtree(folder / "soundtracks" / "Set1")
    shutil.move(tmp_path / "Set1.zip", folder / "soundtracks")
    after = load(folder)
    assert after.fingerprint == before.fingerprint
    assert all(map(np.array_equal, sounds, (after.audio(track_id)[0] for track_id in ("001", "360"))))


def test_without_the_clips_of_midlevel_the_first_stage_is_on_film_music(folder):
    shutil.rmtree(folder / "midlevel" / "audio")
    assert load(folder).build_first_stage() is None


def test_the_first_stage_hears_no_album_of_test_or_validation(folder):
    corpus = load(folder)
    held_out = corpus.select("test") + corpus.select("valid")
    heard = find_heard(corpus)
    assert not heard & set(held_out)
    assert heard | set(held_out) == set(corpus.tracks.index)
    assert not corpus.tracks.loc[sorted(heard), "album"].isin(corpus.tracks.loc[held_out, "album"]).any()


def test_as_in_the_papers_it_may_hear_them(folder):
    corpus = load(folder, keep_apart=False)
    assert set(corpus.select("test")) <= find_heard(corpus)


def test_the_first_stage_follows_the_folds(folder):
    corpus = load(folder)
    views = [select_fold(corpus, fold) for fold in range(3)]
    for view in views:
        assert find_heard(view) == set(view.select("train"))
    stages = [view.build_first_stage() for view in [corpus, *views]]
    assert len({stage.fingerprint for stage in stages}) == 3  # the first fold is the split of the corpus
    assert len({id(stage._spectrograms) for stage in stages}) == 1


def test_where_albums_leak_the_first_stage_hears_only_the_rest(folder):
    corpus = load(folder, split="smc2025")
    held_out = corpus.tracks[corpus.tracks["split"] != "train"]
    heard = corpus.tracks.loc[sorted(find_heard(corpus))]
    assert not set(heard["album"]) & set(held_out["album"])


def test_other_music_from_an_album_of_the_test_is_left_out(folder):
    album = load(folder).tracks.loc[load(folder).select("test")[0], "album"]
    song_id = load(folder).build_first_stage().select("train")[0]
    lines = (folder / METADATA_FILE).read_text().splitlines()
    lines = [
        f"{line.rpartition(';')[0]};{album.upper()}" if line.startswith(f"{song_id};") else line for line in lines
    ]
    (folder / METADATA_FILE).write_text("\n".join(lines))
    assert load(folder).build_first_stage().tracks.loc[song_id, "split"] == "apart"


def test_its_neighbour_is_found_beside_a_link(folder, tmp_path):
    shutil.move(folder / "soundtracks", tmp_path / "elsewhere")
    (folder / "soundtracks").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert load(folder).build_first_stage() is not None


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(AnnotationError, match=r"soundtracks has no mean_ratings_set1\.csv: `mer fetch soundtracks`"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("gone", "error", "said"),
    [
        (
            "soundtracks/Set1",
            CorpusError,
            r"soundtracks has ratings but no sound: `mer fetch soundtracks` brings them",
        ),
        ("midlevel", AnnotationError, r"midlevel has no annotations\.csv: `mer fetch midlevel` brings it"),
    ],
)
def test_what_lacks_is_told_with_what_to_do(folder, gone, error, said):
    shutil.rmtree(folder / gone)
    with pytest.raises(error, match=said):
        load(folder)


def test_sounds_that_lack_are_counted(folder):
    for number in range(301, 361):
        (folder / "soundtracks" / "Set1" / f"{number}.mp3").unlink()
    with pytest.raises(CorpusError, match=r"lacks 60 of 360 sounds, the first is 301\.mp3: `mer fetch soundtracks`"):
        load(folder)


def test_unknown_splits_and_options_list_those_there_are(folder):
    with pytest.raises(CorpusError, match="no split 'folds'; there are: albums, smc2025"):
        load(folder, split="folds")
    with pytest.raises(CorpusError, match="unknown option 'seed' of corpus 'soundtracks'; there are: keep_apart, spl"):
        load(folder, seed=1)


def test_a_corpus_is_found_by_its_sounds(folder):
    assert [find_corpus(name, root=folder) for name in SETS] == [True, True]
    shutil.rmtree(folder / "soundtracks")
    assert [find_corpus(name, root=folder) for name in SETS] == [False, True]


def test_the_reader_s_folder_may_be_elsewhere(folder, monkeypatch):
    monkeypatch.setattr(soundtracks, "OWN", folder)
    assert load_corpus("soundtracks").fingerprint == load(folder).fingerprint
    code = "from mer_utils.corpora import load_corpus as load; print(load('soundtracks').fingerprint)"
    places = {"MER_DATA": str(folder), "MER_CACHE": str(folder / "cache")}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | places, capture_output=True, text=True)
    assert done.stdout.strip() == load(folder).fingerprint
