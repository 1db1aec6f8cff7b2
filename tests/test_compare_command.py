"""``mer compare`` as it is typed: what it prints and writes, and what it says of songs that it cannot hear."""

import json

import numpy as np
import pandas as pd
import pytest

from mer_utils import __main__ as command
from mer_utils import songs
from mer_utils.audio import save_audio
from mer_utils.networks import TrainedNetwork, build_network, save_network
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference


def save_net(path, scheme):
    save_network(path, TrainedNetwork(build_network(scheme, width=4).eval(), (0.4, 0.3), {}, {}, 0, {}, {}))
    return str(path)


@pytest.fixture
def net(tmp_path, monkeypatch, rng):
    """Store a small untrained net, and give it a yardstick that costs nothing."""
    seven = pd.DataFrame(rng.normal(0, 2, (50, 7)), columns=list(MIDLEVEL))
    reference = Reference(seven, pd.DataFrame(rng.normal(0, 2, (50, 8)), columns=list(EMOTIONS)), "fifty clips")
    monkeypatch.setattr("mer_utils.reference.load_reference", lambda trained: reference)
    return save_net(tmp_path / "net.safetensors", "joint")


@pytest.fixture
def paths(tmp_path, rng):
    """Store three sounds of different brightness, and a text."""
    time = np.arange(2 * 22050) / 22050
    for name, pitch in (("cash", 220), ("nin", 900), ("other", 3000)):
        y = np.sin(2 * np.pi * pitch * time) + 0.1 * rng.normal(size=len(time))
        save_audio(tmp_path / name / "hurt.wav", (0.3 * y / np.abs(y).max()).astype(np.float32))
    (tmp_path / "notes.wav").write_text("no sound at all")
    return {path.parent.name: str(path) for path in tmp_path.glob("*/hurt.wav")} | {"bad": str(tmp_path / "notes.wav")}


def compare(*words):
    return command.main(["compare", *words])


def test_each_song_is_held_against_the_first(net, paths, capsys):
    assert compare(paths["cash"], paths["nin"], paths["other"], "--net", net) == 0
    out, err = capsys.readouterr()
    blocks = out.split("-" * 80)
    assert [["A: “cash/hurt”" in block, "B: “nin/hurt”" in block, "C: “other/hurt”" in block] for block in blocks] == [
        [True, True, False],
        [True, False, True],
    ]
    assert all(name in blocks[0] for name in (*MIDLEVEL, *EMOTIONS, "together", "fifty clips", "key confidence"))
    assert err == ""


def test_the_emotion_is_chosen_or_asked_for(net, paths, capsys):
    assert compare(paths["cash"], paths["nin"], "--emotion", "Tender", "--net", net) == 0
    assert "\ntender: A" in capsys.readouterr().out


@pytest.fixture
def drawn(monkeypatch):
    """Note which figures are asked for: drawing them takes time and is tested elsewhere."""
    calls = []
    monkeypatch.setattr(
        "mer_utils.songreport.save_comparison", lambda folder, pair: calls.append((folder, pair.letters))
    )
    return calls


def test_a_record_is_all_that_is_printed(net, paths, drawn, capsys, tmp_path):
    assert compare("--json", paths["cash"], paths["nin"], "--net", net, "--out", str(tmp_path / "out")) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert [song["file"] for song in record["songs"]] == [paths["cash"], paths["nin"]]
    assert json.loads((tmp_path / "out" / "compare.json").read_text()) == record
    assert err == f"figures and compare.json are in {tmp_path / 'out'}\n"


def test_figures_are_drawn_of_every_pair_where_it_is_told(net, paths, drawn, capsys, tmp_path):
    words = [paths["cash"], paths["nin"], paths["other"], "--net", net]
    assert compare(*words) == 0
    assert drawn == []
    assert compare(*words, "--out", str(tmp_path / "out")) == 0
    assert capsys.readouterr().out.endswith(f"are in {tmp_path / 'out'}\n")
    assert drawn == [(tmp_path / "out", ("A", "B")), (tmp_path / "out", ("A", "C"))]


@pytest.mark.parametrize("doubtful", [True, False])
def test_doubtful_weights_are_told(net, paths, capsys, monkeypatch, doubtful):
    doubts = pd.DataFrame(doubtful, list(EMOTIONS), list(MIDLEVEL))
    monkeypatch.setattr("mer_utils.reliability.compute_network_doubts", lambda _: doubts)
    assert compare(paths["cash"], paths["nin"], "--net", net, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    said = [sentences["difference"] for pair in record["comparisons"] for sentences in pair["sentences"].values()]
    assert any("sign in doubt" in text for text in said) is doubtful
    assert record["net"] == net


def test_a_bad_file_is_named_and_the_others_are_compared(net, paths, capsys):
    assert compare(paths["cash"], paths["bad"], paths["nin"], "--net", net) == 2
    out, err = capsys.readouterr()
    assert err == f"mer: {paths['bad']}: is not audio; use a wav, flac, ogg or mp3 file\n"
    assert "B: “nin/hurt”" in out


def test_one_good_song_is_not_enough(net, paths, capsys):
    assert compare(paths["cash"], paths["bad"], "--net", net) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "notes.wav" in err.splitlines()[0]
    assert err.splitlines()[1:] == ["mer: nothing to compare: 1 of 2 files could be heard"]


@pytest.mark.parametrize("words", [["x.wav"], ["x.wav", "--json"]])
def test_one_song_is_sent_to_predict(words, capsys):
    assert compare(*words) == 2
    assert capsys.readouterr().err == "mer: name two songs or more to compare; mer predict hears a single one\n"


def test_an_unknown_emotion_gets_the_eight_and_a_guess(capsys):
    with pytest.raises(SystemExit) as stop:
        compare("a.wav", "b.wav", "--emotion", "angry")
    error = capsys.readouterr().err
    assert stop.value.code == 2
    assert all(name in error for name in EMOTIONS)
    assert error.endswith("did you mean anger?\n")


@pytest.fixture
def deaf(monkeypatch):
    """Let it be a mistake to hear anything."""
    monkeypatch.setattr(songs, "predict_song_file", lambda *args, **kwargs: pytest.fail("heard a song"))


def test_a_net_without_features_is_refused_at_once(deaf, paths, tmp_path, capsys):
    net = save_net(tmp_path / "a2e.safetensors", "a2e")
    assert compare(paths["cash"], paths["nin"], "--net", net) == 2
    assert capsys.readouterr().err.startswith("mer: the emotions of 'a2e' are no sums of named features")


def test_a_place_that_cannot_be_written_is_refused_at_once(deaf, paths, capsys):
    assert compare(paths["cash"], paths["nin"], "--out", paths["bad"]) == 2
    error = capsys.readouterr().err
    assert "is a file, not a folder" in error
    assert error.count("\n") == 1


def test_help_explains_with_examples(capsys):
    with pytest.raises(SystemExit):
        compare("--help")
    text = capsys.readouterr().out
    assert "examples:" in text
    assert all(name in text for name in EMOTIONS)
