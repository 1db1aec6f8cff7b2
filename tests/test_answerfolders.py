"""What one may write to a folder of answers, and at which level sounds lie there."""

import json

import numpy as np
import pytest
import soundfile

from mer_utils import answerfolders
from mer_utils.files import TargetError


@pytest.mark.parametrize(("peaks", "gain"), [((0.5, 0.1), 1), ((1.0, 0.5), 1), ((2.0, 0.5), 0.4995)])
def test_one_gain_only_ever_lowers(peaks, gain):
    assert answerfolders.compute_gain([np.array([0, -peak]) for peak in peaks]) == pytest.approx(gain)


def test_sounds_keep_their_distance_and_do_not_clip(tmp_path, rng):
    loud = rng.normal(size=1000).astype(np.float32)
    answerfolders.save_passages(tmp_path, {"a.wav": loud, "b.wav": loud / 4}, 22050)
    a, b = (soundfile.read(tmp_path / name)[0] for name in ("a.wav", "b.wav"))
    np.testing.assert_allclose(a, 4 * b, atol=2e-4)
    assert 0.99 < np.abs(a).max() < 1


def test_only_what_a_record_names_is_taken_away(tmp_path):
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_text("")
    record = {"file": "x", "net": "joint", "method": {"sound": "f"}, "sounds": {"a.wav": {}}}
    (tmp_path / "edit.json").write_text(json.dumps(record))
    (tmp_path / "explanation.json").write_text("[1]")  # of somebody else
    answerfolders.save_passages(tmp_path, {"a.wav": None, "b.wav": None}, 22050)
    assert {path.name for path in tmp_path.glob("*.wav")} == {"b.wav"}


def test_a_sound_in_the_folder_must_not_be_overwritten(tmp_path):
    for name in ("raises.wav", "song.wav"):
        (tmp_path / name).write_text("")
    answerfolders.check_folder(tmp_path, sound=tmp_path / "song.wav")
    with pytest.raises(TargetError, match="would be overwritten"):
        answerfolders.check_folder(tmp_path, sound=tmp_path / "." / "raises.wav")


def test_what_was_made_on_the_way_is_taken_away_again(tmp_path):
    answerfolders.check_folder(tmp_path / "new" / ".." / "other" / "deep")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_folder_can_have_is_refused(tmp_path, name):
    with pytest.raises(TargetError, match="choose another folder"):
        answerfolders.check_folder(tmp_path / "new" / name)
    assert list(tmp_path.iterdir()) == []


def test_a_sound_that_a_part_would_overwrite_is_kept(tmp_path):
    with pytest.raises(TargetError, match="would be overwritten"):
        answerfolders.check_folder(tmp_path, sound=tmp_path / "edited-part.wav")


@pytest.mark.parametrize("odd", [{"file": 5}, {"sounds": None}, {"method": ["sound"]}, {"method": 1}, []])
def test_what_others_wrote_is_left_alone(tmp_path, odd):
    record = {"file": "a.wav", "net": "joint", "method": {"sound": "abc"}} | odd if odd else odd
    (tmp_path / "edit.json").write_text(json.dumps(record))
    answerfolders.save_passages(tmp_path, {"a.wav": np.zeros(9), "b.wav": None}, 22050)
    assert (tmp_path / "a.wav").exists()
