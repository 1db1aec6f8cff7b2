"""What data sets must hold: the right files pass, and each kind of wrong one is told without where it lies."""

import pytest
from osfserver import midlevel, soundtracks, zipped
from standins import edit_cell

from mer_utils import fetchchecks
from mer_utils.fetchchecks import ContentError

SOUNDTRACKS, MIDLEVEL = soundtracks(), midlevel(n_sounds=3000)
RATINGS, ALBUMS = "mean_ratings_set1.csv", "set1_tracklist.csv"


@pytest.fixture
def folder(tmp_path):
    for name in (RATINGS, ALBUMS):
        (tmp_path / name).write_bytes(SOUNDTRACKS[name])
    return tmp_path


def test_the_right_tables_pass(folder):
    assert fetchchecks.check_emotions(folder) == 360
    assert fetchchecks.check_albums(folder) == 360


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (1, "valence", "arousal", "mean_ratings_set1.csv has no column 'valence' but 'number, arousal"),
        (361, "number", "359", "mean_ratings_set1.csv has number '359' in row 361, a second time"),
        (361, "number", "", "mean_ratings_set1.csv has number '' in row 361, which is no number of a clip"),
        (
            361,
            "sad",
            "0.5",
            "mean_ratings_set1.csv says '0.5' in row 361, column sad (number 360), which is no rating",
        ),
    ],
)
def test_a_wrong_table_is_told(folder, row, column, value, said):
    edit_cell(folder / RATINGS, row, column, value)
    with pytest.raises(ContentError) as caught:
        fetchchecks.check_emotions(folder)
    assert str(caught.value).startswith(said)
    assert "mer fetch" not in str(caught.value)


def test_other_ratings_are_told(folder):
    text = (folder / RATINGS).read_text()
    (folder / RATINGS).write_text(text.replace("valence,energy", "energy,valence"))
    with pytest.raises(
        ContentError, match=r"is not Soundtracks set 1 as published: valence has a .* of \d\.\d+, not \d"
    ):
        fetchchecks.check_emotions(folder)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'"'])
def test_what_is_no_table_is_told(folder, content):
    (folder / RATINGS).write_bytes(content)
    with pytest.raises(ContentError, match=r"^mean_ratings_set1\.csv (cannot be read|has no column 'number')"):
        fetchchecks.check_emotions(folder)


@pytest.mark.parametrize(("n_rows", "counted"), [(360, 360), (344, 344), (343, None)])
def test_of_the_track_list_a_known_shorter_copy_passes(folder, n_rows, counted):
    (folder / ALBUMS).write_bytes(b"".join(SOUNDTRACKS[ALBUMS].splitlines(keepends=True)[: n_rows + 1]))
    if counted:
        assert fetchchecks.check_albums(folder) == counted
        return
    with pytest.raises(ContentError, match="lists 343 clips of 360"):
        fetchchecks.check_albums(folder)


def test_annotations_are_found_in_their_archive(tmp_path):
    with pytest.raises(ContentError, match=r"^it has no annotations\.csv$"):
        fetchchecks.check_features(tmp_path)
    (tmp_path / "metadata_annotations.zip").write_bytes(MIDLEVEL["metadata_annotations.zip"])
    assert fetchchecks.check_features(tmp_path) == 5000


@pytest.mark.parametrize("n_sounds", [359, 360])
def test_sounds_are_counted_in_archives_too(tmp_path, n_sounds):
    (tmp_path / "Set1.zip").write_bytes(soundtracks(n_sounds=n_sounds)["Set1.zip"])
    if n_sounds == 360:
        assert fetchchecks.check_film_clips(tmp_path) == 360
        return
    with pytest.raises(ContentError, match=r"holds 359 sounds of at least 360: 360\.mp3 is the first to lack"):
        fetchchecks.check_film_clips(tmp_path)


def test_some_of_the_midlevel_sounds_may_lack(tmp_path):
    (tmp_path / "audio.zip").write_bytes(MIDLEVEL["mid_audio.zip"])
    assert fetchchecks.check_midlevel_clips(tmp_path) == 3000
    (tmp_path / "audio.zip").write_bytes(zipped({"1.mp3": b""}))
    with pytest.raises(ContentError, match=r"holds 1 sounds of at least 3000: 2\.mp3"):
        fetchchecks.check_midlevel_clips(tmp_path)


def test_a_text_needs_only_be_there(tmp_path):
    with pytest.raises(ContentError, match="is missing or empty"):
        fetchchecks.check_readme(tmp_path)
    (tmp_path / "readme.md").write_text("x")
    assert fetchchecks.check_readme(tmp_path) == 1
