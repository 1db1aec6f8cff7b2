"""``mer release``: what it writes and says, and one line for what a reader can mend."""

import pytest
from test_releases import AlbumCorpus, build_trained

from mer_utils import profiles
from mer_utils.__main__ import main
from mer_utils.networks import save_network


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A run's folder with one trained net, and a small corpus that it was trained on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MER_BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(profiles, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(profiles, "load_profile_corpus", lambda profile, name, **options: AlbumCorpus())
    save_network(tmp_path / "build" / "nets" / "joint-0.safetensors", build_trained())
    return tmp_path


def release(capsys, *words):
    status = main(["release", *words])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_nets_of_the_run_go_to_its_folder(place, capsys):
    status, out, err = release(capsys)
    assert (status, err) == (0, "")
    assert out == "build/release/joint.safetensors, 0.0 MB; its card: build/release/joint.md\n"
    assert (place / "build/release/joint.md").read_text().startswith("# joint: seven mid-level features and eight")


def test_named_nets_keep_their_names(place, capsys):
    save_network(place / "mine.safetensors", build_trained("a2e"))
    status, out, _ = release(capsys, "mine.safetensors", "build/nets/joint-0.safetensors", "--out", "x")
    assert status == 0
    assert {path.name for path in (place / "x").glob("*.md")} == {"mine.md", "joint-0.md"}
    assert len(out.splitlines()) == 2


def test_two_nets_of_one_name_are_refused(place, capsys):
    save_network(place / "joint-0.safetensors", build_trained())
    status, _, err = release(capsys, "joint-0.safetensors", "build/nets/joint-0.safetensors")
    assert status == 2
    assert err == "mer: two nets are called joint-0: rename a file, or release them into two folders\n"


def test_a_damaged_net_is_named_and_nothing_is_written(place, capsys):
    path = place / "build/nets/joint-0.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    for words in ((), (str(path),)):
        status, out, err = release(capsys, *words)
        assert (status, out) == (2, "")
        assert "joint-0.safetensors is damaged" in err
        assert err.count("\n") == 1
    assert not (place / "build/release").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seed", "4"], "no net of seed 4 in"),
        (["joynt"], "give a file or the name of one in data/checkpoints (a2b2e"),
        (["joint"], "joint was trained on corpus generated cd084de0053d8346, not on fake fake: say which with"),
        (["--out", "build/nets/joint-0.safetensors"], "is a file, not a folder"),
        (["build"], "no network"),
    ],
)  # fmt: skip
def test_what_can_be_mended_is_told_in_one_line(place, capsys, words, told):
    status, _, err = release(capsys, *words)
    assert status == 2
    assert told in err
    assert err.count("\n") == 1
    assert not list(place.rglob("*.md"))


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        main(["release", "--help"])
    assert (
        "mer release a2e a2mid a2mid2e joint a2b2e multitask --clips 4000 --out data/checkpoints"
        in capsys.readouterr().out
    )
