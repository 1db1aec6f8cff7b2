"""The reader's own rating files: stand-ins in the very format, traps included, and what is said of damaged ones."""

import shutil

import numpy as np
import pandas as pd
import pytest
from standins import (
    ALBUM_FILE,
    EMOTION_FILE,
    HEADER,
    METADATA_FILE,
    MIDLEVEL_FILE,
    edit_cell,
    write_excel,
    write_standins,
)

from mer_utils.annotations import (
    AnnotationError,
    find_annotations,
    load_albums,
    load_annotations,
    load_emotions,
    load_features,
    load_metadata,
)
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.soundfiles import SoundFileError

N_ROWS = 1425  # of Mid-level, so that song id 3576, clip 001, is the first


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_standins(folder, n_sounds=0, n_rows=N_ROWS)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "data")


def read_cells(folder, row):
    """Numbers of a row of each rating file; rows as in a spreadsheet."""
    emotion, midlevel = ((folder / file).read_text().splitlines()[row - 1] for file in (EMOTION_FILE, MIDLEVEL_FILE))
    return [float(cell) for cell in emotion.split(",")[1:9]], [float(cell) for cell in midlevel.split(",")[1:]]


def cut(path, n_lines):
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:n_lines]))


def test_the_clips_with_both_are_read_under_the_project_s_names(folder):
    midlevel, emotion = load_annotations(folder)
    assert (tuple(midlevel), tuple(emotion)) == (MIDLEVEL, EMOTIONS)
    assert midlevel.index.equals(emotion.index)
    assert midlevel.index.tolist() == [f"{number:03d}" for number in range(1, 361)]


def test_clips_that_only_some_copies_have_may_lack(folder):
    lines = (folder / MIDLEVEL_FILE).read_text().splitlines()
    (folder / MIDLEVEL_FILE).write_text("\n".join([lines[0], *lines[5:]]))
    assert load_annotations(folder)[0].index[0] == "005"


def test_files_are_found_only_together(folder):
    assert find_annotations(folder)
    assert find_annotations(folder, albums=True)
    (folder / ALBUM_FILE).unlink()
    assert (find_annotations(folder), find_annotations(folder, albums=True)) == (True, False)
    (folder / EMOTION_FILE).unlink()
    assert not find_annotations(folder)


def test_ratings_belong_to_their_clip_and_column(folder):
    midlevel, emotion = load_annotations(folder)
    ours = (emotion.loc["036"].tolist(), midlevel.loc["036"].tolist())
    assert ours == read_cells(folder, 37)
    assert ours != read_cells(folder, 38)


def test_the_files_begin_in_the_ways_that_readers_stumble_over(folder):
    assert (folder / EMOTION_FILE).read_bytes().startswith(b"\xef\xbb\xbfnumber,")
    assert "\n001," in (folder / EMOTION_FILE).read_bytes().decode()
    assert (folder / MIDLEVEL_FILE).read_text().splitlines()[0] == HEADER
    assert HEADER.startswith("song_id, melody, articulation,rhythm")


def test_stability_and_minorness_stand_under_misleading_names(folder):
    for column, value in (("dissonance", "3"), ("atonality", "9"), ("mode", "8")):
        edit_cell(folder / MIDLEVEL_FILE, 6, column, value)
    first = load_annotations(folder)[0].loc["005"]
    assert (first["dissonance"], first["tonal stability"], first["minorness"]) == (3, 9, 8)


def test_the_order_of_rows_and_lost_zeros_do_not_matter(folder):
    before = load_annotations(folder)[1]
    header, *rows = (folder / EMOTION_FILE).read_text(encoding="utf-8").splitlines()
    (folder / EMOTION_FILE).write_text("\n".join([header, *(row.lstrip("0") for row in reversed(rows))]))
    pd.testing.assert_frame_equal(load_annotations(folder)[1], before)


def test_files_may_lie_deeper_and_in_archives(folder):
    before = load_annotations(folder)
    shutil.make_archive(str(folder / "midlevel" / "metadata_annotations"), "zip", folder / "midlevel")
    shutil.rmtree(folder / "midlevel" / "metadata_annotations")
    (folder / "soundtracks" / "old" / "place").mkdir(parents=True)
    (folder / EMOTION_FILE).rename(folder / "soundtracks" / "old" / "place" / "Mean_Ratings_Set1.CSV".lower())
    for one, other in zip(load_annotations(folder), before, strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("as_text", [True, False])
def test_ratings_in_an_old_excel_file_are_the_same(folder, as_text):
    before = load_emotions(folder / "soundtracks")
    table = pd.read_csv(folder / EMOTION_FILE, dtype={"number": str if as_text else float}, encoding="utf-8-sig")
    write_excel((folder / EMOTION_FILE).with_suffix(".xls"), table)
    (folder / EMOTION_FILE).unlink()
    pd.testing.assert_frame_equal(load_emotions(folder / "soundtracks"), before)


@pytest.mark.parametrize("content", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html>", b"PK\x03\x04"])
def test_an_excel_file_that_is_none_is_named(folder, content):
    (folder / EMOTION_FILE).with_suffix(".xls").write_bytes(content)
    (folder / EMOTION_FILE).unlink()
    with pytest.raises(AnnotationError, match=r"mean_ratings_set1\.xls cannot be read \(.*mer fetch soundtracks"):
        load_emotions(folder / "soundtracks")


def test_albums_are_those_of_the_same_clips(folder):
    albums = load_albums(folder)
    assert albums.index.equals(load_annotations(folder)[0].index)
    assert albums["045"] == (folder / ALBUM_FILE).read_text().splitlines()[45].split(",")[2].strip()


def test_two_spellings_of_an_album_are_one(folder):
    spelt = {line.split(",")[2] for line in (folder / ALBUM_FILE).read_text().splitlines()[1:]}
    assert {"The Omen", "The Omen ", "The Portait of a Lady", "The Portrait of a Lady"} < spelt
    assert set(load_albums(folder)) == spelt - {"The Omen ", "The Portait of a Lady"}


def test_a_list_of_tracks_that_ends_early_is_completed_by_metadata(folder):
    before = load_albums(folder)
    cut(folder / ALBUM_FILE, 345)
    assert load_albums(folder).equals(before)
    (folder / ALBUM_FILE).unlink()
    assert load_albums(folder).equals(before)


def test_an_album_that_metadata_spell_otherwise_stays_one(folder):
    before = load_albums(folder)
    cut(folder / ALBUM_FILE, 345)
    text = (folder / METADATA_FILE).read_text()
    (folder / METADATA_FILE).write_text(text.replace(";Film ", ";FILM, music of No. "))
    assert load_albums(folder).equals(before)
    (folder / ALBUM_FILE).unlink()
    assert not load_albums(folder).equals(before)


@pytest.mark.parametrize("gone", ["cut", "missing"])
def test_an_album_that_is_nowhere_is_told(folder, gone):
    cut(folder / ALBUM_FILE, 345) if gone == "cut" else (folder / ALBUM_FILE).unlink()
    (folder / METADATA_FILE).unlink()
    clips = "345 and 15 more" if gone == "cut" else "001 and 359 more"
    with pytest.raises(AnnotationError, match=rf"no album is known for clip {clips}: .*set1_tracklist.csv is missing"):
        load_albums(folder)
    assert load_albums(folder, complete=False).isna().sum() == int(clips.split()[2]) + 1


def test_metadata_have_names_that_are_certain_and_albums_that_are_not(folder):
    metadata = load_metadata(folder / "midlevel")
    assert metadata.columns.tolist() == ["source", "source_id", "artist", "album"]
    assert metadata.loc["3580"].tolist() == ["soundtracks", "005", "", load_albums(folder)["005"]]
    assert metadata.loc["5000", "artist"] == ""
    assert metadata.loc["4999", "artist"] == "Künstler 1666"


@pytest.mark.parametrize("album", ["album", "Record"])
def test_the_column_of_albums_is_found_by_its_word_or_place(folder, album):
    before = load_metadata(folder / "midlevel")
    text = (folder / METADATA_FILE).read_text()
    (folder / METADATA_FILE).write_text(text.replace("Album name", album, 1))
    pd.testing.assert_frame_equal(load_metadata(folder / "midlevel"), before)


def test_without_a_column_of_albums_none_is_known(folder):
    rows = [line.split(";") for line in (folder / METADATA_FILE).read_text().replace('"one; two"', "one").splitlines()]
    (folder / METADATA_FILE).write_text("\n".join(";".join(row[:3] + row[4:5]) for row in rows))
    assert (load_metadata(folder / "midlevel")["album"] == "").all()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (EMOTION_FILE, r"soundtracks has no mean_ratings_set1\.csv: `mer fetch soundtracks` brings it.*osf\.io/g2h8w"),
        (MIDLEVEL_FILE, r"midlevel has no annotations\.csv: `mer fetch midlevel` brings it.*osf\.io/4v3xh"),
    ],
)
def test_a_missing_file_is_named_with_its_source(folder, file, said):
    (folder / file).unlink()
    with pytest.raises(AnnotationError, match=said):
        load_annotations(folder)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00n", b"<html>\n<p>Sign in, please, or, go\n", b'number,"a\n'])
def test_a_file_that_is_no_table_is_named(folder, content):
    (folder / EMOTION_FILE).write_bytes(content)
    with pytest.raises(AnnotationError, match=r"mean_ratings_set1\.csv (cannot be read|has no column)") as caught:
        load_annotations(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "said"),
    [
        (EMOTION_FILE, 1, "valence", "arousal", r"set1\.csv has no column 'valence' but 'number, arousal, energy"),
        (
            EMOTION_FILE,
            1,
            "TARGET",
            "Energy",
            r"set1\.csv has 2 columns 'energy' in 'number, valence, energy, tension",
        ),
        (EMOTION_FILE, 8, "valence", "0.5", r"set1\.csv says '0\.5' in row 8, column valence \(number 7\)"),
        (
            EMOTION_FILE,
            8,
            "tender",
            "11",
            r"says '11' in row 8, column tender \(number 7\), which is no rating of 1 to",
        ),
        (EMOTION_FILE, 8, "number", "006", r"has number '006' in row 8, a second time"),
        (EMOTION_FILE, 8, "number", "", r"has number '' in row 8, which is no number of a clip"),
        (EMOTION_FILE, 8, "number", "7.5", r"has number '7\.5' in row 8, which is no number of a clip"),
        (EMOTION_FILE, 8, "number", "361", r"lacks 1 clips, the first is 7"),
        (MIDLEVEL_FILE, 1, "atonality", "tonal_stability", r"annotations\.csv has no column 'atonality' but 'song_id"),
        (MIDLEVEL_FILE, 8, "melody", "", r"annotations\.csv says '' in row 8, column melody \(song_id 3582\)"),
        (MIDLEVEL_FILE, 1000, "mode", "ten", r"says 'ten' in row 1000, column mode \(song_id 4574\)"),
        (MIDLEVEL_FILE, 8, "song_id", "5001", r"lacks 1 clips, the first is 3582"),
        (MIDLEVEL_FILE, 2, "song_id", "5001", r"has a clip 5001 that there should not be"),
    ],
)
def test_damage_is_named_with_row_and_column(folder, file, row, column, value, said):
    edit_cell(folder / file, row, column, value)
    with pytest.raises(AnnotationError, match=said + ".*`mer fetch") as caught:
        load_annotations(folder)
    assert "\n" not in str(caught.value)


def test_rows_are_counted_as_they_lie_in_the_file(folder):
    header, *rows = (folder / EMOTION_FILE).read_text().splitlines()
    (folder / EMOTION_FILE).write_text("\n".join([header, *reversed(rows), "", ",,,,,,,,,", ""]))
    edit_cell(folder / EMOTION_FILE, 3, "sad", "x")
    with pytest.raises(AnnotationError, match=r"in row 3, column sad \(number 359\)"):
        load_emotions(folder / "soundtracks")


def test_commas_instead_of_semicolons_are_told(folder):
    text = (folder / METADATA_FILE).read_text()
    (folder / METADATA_FILE).write_text(text.replace(";", ","))
    with pytest.raises(AnnotationError, match=r"metadata\.csv (has no column 'song id'|cannot be read)"):
        load_metadata(folder / "midlevel")


def test_two_files_of_one_name_are_told(folder):
    (folder / "soundtracks" / "copy").mkdir()
    shutil.copy(folder / EMOTION_FILE, folder / "soundtracks" / "copy")
    assert len(load_emotions(folder / "soundtracks")) == 360
    edit_cell(folder / "soundtracks" / "copy" / "mean_ratings_set1.csv", 2, "sad", "5")
    assert find_annotations(folder)
    with pytest.raises(SoundFileError, match=r"mean_ratings_set1 is ambiguous: .* differ; move away"):
        load_emotions(folder / "soundtracks")


def test_targets_that_are_not_thirty_each_are_told(folder):
    edit_cell(folder / EMOTION_FILE, 2, "TARGET", "SAD")
    with pytest.raises(
        AnnotationError, match="not Soundtracks set 1 as published: 29 clips have the target HAPPY, not 30"
    ):
        load_emotions(folder / "soundtracks")


def test_ratings_of_other_clips_are_found_by_what_they_have_in_common(folder):
    """Each file is in order by itself, but their clips do not belong together."""
    header, *rows = (folder / MIDLEVEL_FILE).read_text().splitlines()
    film = np.roll([row.partition(",")[2] for row in rows[4:360]], 1)
    rows[4:360] = [f"{3580 + i},{values}" for i, values in enumerate(film)]
    (folder / MIDLEVEL_FILE).write_text("\n".join([header, *rows]))
    assert len(load_features(folder / "midlevel")) == N_ROWS
    with pytest.raises(AnnotationError, match=r"do not belong together: .* have a correlation of .*fetch both"):
        load_annotations(folder)
