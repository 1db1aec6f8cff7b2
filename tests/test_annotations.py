"""The reader's rating files: made-up ones in the very format, traps included, and what is said of damaged ones."""

import numpy as np
import pytest

from mer_utils.annotations import AnnotationError, find_annotations, load_albums, load_annotations
from mer_utils.ratings import EMOTIONS, MIDLEVEL

EMOTION, ALBUMS = "soundtracks/mean_ratings_set1.csv", "soundtracks/set1_tracklist.csv"
ANNOTATIONS = "midlevel/metadata_annotations/annotations.csv"
HEADER = "song_id, melody, articulation,rhythm_complexity,rhythm_stability,dissonance,atonality,mode"


@pytest.fixture
def folder(tmp_path):
    """Files whose ratings tell their place: 1 + column + number / 360."""
    rows = {number: [f"{1 + column + number / 360:.4f}" for column in range(8)] for number in range(1, 361)}
    emotion = [f"{number:03d},{','.join(values)},HAPPY" for number, values in rows.items()]
    seven = [f"{number + 3575},{','.join(values[:7])}" for number, values in rows.items() if number > 4]
    others = [f"{number},{','.join('9' * 7)}" for number in (*range(1, 361), 4999)]
    albums = [f"{number:03d},Happy,Album {number % 40},1,00:10-00:20" for number in rows]
    _write(tmp_path / EMOTION, [f"\ufeffnumber,{','.join(EMOTIONS)},TARGET", *emotion], end="\r\n")
    _write(tmp_path / ANNOTATIONS, [HEADER, *others, *seven])
    _write(tmp_path / ALBUMS, ["Nro,Emotion,Album name,Track,Min:Sec", *albums, ""])
    return tmp_path


def _write(path, rows, *, end="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(end.join(rows), encoding="utf-8", newline="")


def _edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_clips_with_both_are_read_under_the_project_s_names(folder):
    midlevel, emotion = load_annotations(folder)
    assert (tuple(midlevel), tuple(emotion)) == (MIDLEVEL, EMOTIONS)
    assert midlevel.index.equals(emotion.index)
    assert [emotion.index[0], emotion.index[-1], len(emotion)] == ["005", "360", 356]


def test_files_are_found_only_together(folder):
    assert find_annotations(folder)
    assert find_annotations(folder, albums=True)
    (folder / ALBUMS).unlink()
    assert (find_annotations(folder), find_annotations(folder, albums=True)) == (True, False)
    (folder / EMOTION).unlink()
    assert not find_annotations(folder)


def test_ratings_belong_to_their_clip_and_column(folder):
    midlevel, emotion = load_annotations(folder)
    np.testing.assert_allclose(midlevel.loc["036"], np.arange(7) + 1.1, atol=1e-4)
    np.testing.assert_allclose(emotion.loc["036"], np.arange(8) + 1.1, atol=1e-4)
    assert abs(emotion.loc["037"] - np.arange(8) - 1.1).min() > 1e-3


def test_stability_and_minorness_stand_under_misleading_names(folder):
    _edit(folder / ANNOTATIONS, "3580,", "3580,2,2,2,2,3,9,8\n99,")
    first = load_annotations(folder)[0].loc["005"]
    assert (first["dissonance"], first["tonal stability"], first["minorness"]) == (3, 9, 8)


def test_the_order_of_rows_and_lost_zeros_do_not_matter(folder):
    before = load_annotations(folder)[1]
    header, *rows = (folder / EMOTION).read_text(encoding="utf-8").split("\n")
    _write(folder / EMOTION, [header, *(row.lstrip("0") for row in reversed(rows) if row)])
    assert load_annotations(folder)[1].equals(before)


def test_albums_are_those_of_the_same_clips(folder):
    albums = load_albums(folder)
    assert albums.index.equals(load_annotations(folder)[0].index)
    assert albums["045"] == "Album 5"


def test_two_spellings_of_an_album_are_one(folder):
    _edit(folder / ALBUMS, "005,Happy,Album 5,", "005,Happy,The Portait of a Lady,")
    _edit(folder / ALBUMS, "Album 6,", "The Portrait of a Lady ,")
    assert load_albums(folder)[["005", "006"]].nunique() == 1


def test_a_list_of_tracks_that_ends_early_is_named(folder):
    text = (folder / ALBUMS).read_text()
    (folder / ALBUMS).write_text(text[: text.index("345,")])
    with pytest.raises(AnnotationError, match=r"set1_tracklist\.csv lacks 16 .* the first is 345: fetch .*p6vkg"):
        load_albums(folder)


@pytest.mark.parametrize(("file", "where"), [(EMOTION, "g2h8w"), (ANNOTATIONS, "4v3xh")])
def test_a_missing_file_is_named_with_its_source(folder, file, where):
    (folder / file).unlink()
    with pytest.raises(AnnotationError, match=rf"{file} is missing: fetch .*{where}"):
        load_annotations(folder)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00n", b"<html>\n<p>Sign in, please, or, go\n", b'number,"a\n'])
def test_a_file_that_is_no_table_is_named(folder, content):
    (folder / EMOTION).write_bytes(content)
    with pytest.raises(AnnotationError, match=r"mean_ratings_set1\.csv (cannot be read|has no column)") as caught:
        load_annotations(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (EMOTION, "tension", "Beauty", "no column 'tension'"),
        (ANNOTATIONS, "atonality", "tonal_stability", "no column 'atonality'"),
        (ANNOTATIONS, ",", ";", "no column 'song_id'"),
        (EMOTION, "\n007,", "\n006,", "has clip 006 twice"),
        (ANNOTATIONS, "\n3582,", "\nx,", "lacks 1 of the clips 005-360, the first is 007"),
        (EMOTION, "\n007,1.0194,", "\n007,0.5,", "says '0.5' for valence of clip 007"),
        (EMOTION, "\n007,1.0194,", "\n007,11,", "says '11' for valence of clip 007"),
        (ANNOTATIONS, "\n3582,1.0194,", "\n3582,,", "for melody of clip 007, which is no rating"),
        (ANNOTATIONS, "\n3582,1.0194,", "\n3582,ten,", "says 'ten' for melody of clip 007"),
    ],
)
def test_damage_is_named(folder, file, old, new, message):
    _edit(folder / file, old, new)
    with pytest.raises(AnnotationError, match=message):
        load_annotations(folder)


def test_a_clip_without_an_album_is_named(folder):
    _edit(folder / ALBUMS, "\n045,Happy,Album 5,", "\n045,Happy, ,")
    with pytest.raises(AnnotationError, match="no album for clip 045"):
        load_albums(folder)
