"""What files of the data sets must hold: the right ones pass, and each kind of wrong one is told."""

import pytest
from osfserver import midlevel, soundtracks, zipped

from mer_utils import fetchchecks
from mer_utils.fetchchecks import ContentError

SOUNDTRACKS = soundtracks()
RATINGS = SOUNDTRACKS["mean_ratings_set1.csv"].decode()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.csv"


def test_the_right_tables_pass(path):
    path.write_text(RATINGS)
    assert fetchchecks.check_emotions(path) == 360
    path.write_bytes(SOUNDTRACKS["set1_tracklist.csv"] + b",,\n")
    assert fetchchecks.check_albums(path) == 360


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("valence", "arousal", "has no column 'valence' in mean_ratings_set1.csv but 'number, arousal"),
        ("360,4.5", "359,4.5", "has 360 clips in mean_ratings_set1.csv, which should be 1 to 360, each once"),
        ("\n360,4.5", "\n,4.5", "has 359 clips"),
        ("360,4.5", "360,0.5", "something in mean_ratings_set1.csv that is no rating of 1 to 10"),
        ("360,4.5", "360,", "no rating of 1 to 10"),
        ("360,4.5", "360,high", "no rating of 1 to 10"),
    ],
)
def test_a_wrong_table_is_told(path, old, new, said):
    path.write_text(RATINGS.replace(old, new))
    with pytest.raises(ContentError, match=said):
        fetchchecks.check_emotions(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'"'])
def test_what_is_no_table_is_told(path, content):
    path.write_bytes(content)
    with pytest.raises(ContentError, match=r"has (no readable mean_ratings_set1\.csv|no column 'number')"):
        fetchchecks.check_emotions(path)


def test_a_track_list_cut_at_344_is_told(path):
    path.write_text("\n".join(SOUNDTRACKS["set1_tracklist.csv"].decode().splitlines()[:345]))
    with pytest.raises(ContentError, match="has 344 clips"):
        fetchchecks.check_albums(path)


def test_annotations_are_found_in_their_folder(tmp_path):
    with pytest.raises(ContentError, match=r"has no readable annotations\.csv"):
        fetchchecks.check_midlevel(tmp_path)
    (tmp_path / "inner").mkdir()
    rows = "".join(f"{number},5,5,5,5,5,5,5\n" for number in range(1, 5001))
    header = "song_id, melody, articulation,rhythm_complexity,rhythm_stability,dissonance,atonality,mode\n"
    (tmp_path / "inner" / "annotations.csv").write_text(header + rows)
    assert fetchchecks.check_midlevel(tmp_path) == 5000


@pytest.mark.parametrize("n_sounds", [359, 360])
def test_sounds_are_counted_in_archives_too(tmp_path, n_sounds):
    (tmp_path / "Set1.zip").write_bytes(soundtracks(n_sounds=n_sounds)["Set1.zip"])
    if n_sounds == 360:
        assert fetchchecks.check_film_clips(tmp_path) == 360
        return
    with pytest.raises(ContentError, match=r"holds 359 sounds of at least 360: 360\.mp3 is the first to lack"):
        fetchchecks.check_film_clips(tmp_path)


def test_some_of_the_midlevel_sounds_may_lack(tmp_path):
    (tmp_path / "audio.zip").write_bytes(midlevel(n_sounds=3000)["mid_audio.zip"])
    assert fetchchecks.check_midlevel_clips(tmp_path) == 3000
    (tmp_path / "audio.zip").write_bytes(zipped({"1.mp3": b""}))
    with pytest.raises(ContentError, match=r"holds 1 sounds of at least 3000: 2\.mp3"):
        fetchchecks.check_midlevel_clips(tmp_path)


def test_a_text_needs_only_be_there(path):
    with pytest.raises(ContentError, match="is missing or empty"):
        fetchchecks.check_text(path)
    path.write_text("x")
    assert fetchchecks.check_text(path) == 1
