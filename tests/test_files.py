"""Files written at one stroke, and places where none can be written."""

import pytest

from mer_utils.files import TargetError, check_target, replacing, save_bytes, save_text


def test_a_file_and_its_folder_appear_with_all_of_the_content(tmp_path):
    path = tmp_path / "new" / "a.txt"
    save_text(path, "für Elise\n")
    assert path.read_bytes() == "für Elise\n".encode()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_broken_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a"
    save_bytes(path, b"old")
    with pytest.raises(error):
        _break_off(path, error)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])


def _break_off(path, error):
    with replacing(path) as part:
        part.write_bytes(b"half")
        raise error


def test_two_writers_do_not_meet(tmp_path):
    path = tmp_path / "a"
    with replacing(path) as one, replacing(path) as other:
        one.write_bytes(b"1")
        other.write_bytes(b"2")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"1", [path])


@pytest.mark.parametrize("name", ["a", "new/folder/a", "old"])
def test_a_place_to_write_to_is_left_as_it_is(tmp_path, name):
    save_bytes(tmp_path / "old", b"old")
    check_target(tmp_path / name)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize(("name", "said"), [("", "is a folder"), ("file/a", "is a file"), ("file/b/a", "is a file")])
def test_no_file_can_be_written_there(tmp_path, name, said):
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match=said):
        check_target(tmp_path / name)


def test_a_folder_that_may_not_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # a superuser may write anywhere
    with pytest.raises(TargetError, match="may not be written to"):
        check_target(tmp_path / "a")
