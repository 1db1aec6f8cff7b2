"""Model cards: every number is the file's, tables are tables, and those beside the released nets are up to date."""

import re
from dataclasses import replace

import numpy as np
import pytest
from test_releases import AlbumCorpus, build_trained

from mer_utils.audio import save_audio
from mer_utils.modelcards import describe_card
from mer_utils.networks import HEADS, SCHEMES, load_network
from mer_utils.paths import CHECKPOINTS
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.releases import build_release


@pytest.fixture(scope="module")
def released():
    return build_release(build_trained(), AlbumCorpus())


def read_tables(card):
    """Give the cells of every row of a table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in card.splitlines() if line[:1] == "|"]


@pytest.mark.parametrize("name", SCHEMES)
def test_the_card_beside_a_released_net_is_that_of_its_file(name):
    trained = load_network(f"released:{name}")
    assert trained.scheme == name
    assert (CHECKPOINTS / f"{name}.md").read_text(encoding="utf-8") == describe_card(trained, name)


def test_one_other_number_gives_another_card():
    trained = load_network("released:joint")
    scores = {**trained.scores, "test_midlevel_noise_free": trained.scores["test_midlevel_noise_free"] - 0.02}
    assert describe_card(replace(trained, scores=scores), "joint") != describe_card(trained, "joint")


@pytest.mark.parametrize("name", SCHEMES)
def test_the_scores_on_a_card_are_those_that_training_measured(name):
    scores = load_network(f"released:{name}").scores
    for split in ("test", "style"):
        for head in HEADS[name]:
            r, low, high = scores["card"]["r"][split][head]["average"]
            assert r == pytest.approx(scores[f"{split}_{head}_rated"], abs=1e-3)
            assert r != pytest.approx(scores[f"{split}_{head}_noise_free"], abs=1e-3)
            assert 0.01 < high - low < 0.1


def test_splits_stand_in_one_order_whatever_a_file_does(released):
    card = released.scores["card"]
    for order in (("style", "test"), ("test", "style")):
        r, told = (dict.fromkeys(order, card[kind]["test"]) for kind in ("r", "resampled"))
        clips, albums = ({**card[kind], "style": 9} for kind in ("clips", "albums"))
        scores = {"card": {"r": r, "resampled": told, "clips": clips, "albums": albums}}
        rows = read_tables(describe_card(replace(released, scores=scores), "mine"))
        assert ["eight emotions", "held-out albums", "held-out styles"] in rows
        assert [row[0] for row in rows if row[0] in ("train", "test", "style")] == ["train", "test", "style"]


def test_every_card_has_a_net():
    assert {path.stem for path in CHECKPOINTS.glob("*.md")} == set(SCHEMES)


def test_every_output_has_its_number(released):
    rows = {row[0]: row[1:] for row in read_tables(describe_card(released, "mine"))}
    r, low, high = released.scores["card"]["r"]["test"]["emotion"]["anger"]
    assert rows["anger"] == [f"{r:.2f} ({low:.2f} to {high:.2f})"]
    assert set(MIDLEVEL + EMOTIONS) <= set(rows)
    assert rows["test"] == ["15", "5", "scores"]
    assert rows["fingerprint"] == [f"`{released.fingerprint}`"]


def test_tables_are_tables_of_markdown(released):
    blocks = [block for block in describe_card(released, "mine").split("\n\n") if block.startswith("|")]
    assert len(blocks) == 4
    for block in blocks:
        rows = block.splitlines()
        assert re.fullmatch(r"\|(---\|)+", rows[1])
        assert {row.count("|") for row in rows} == {rows[1].count("|")}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_card_speaks_of_what_its_scheme_hears(scheme):
    card = describe_card(build_release(build_trained(scheme), AlbumCorpus()), "mine")
    assert ("| anger |" in card) == ("emotion" in HEADS[scheme])
    assert ("| minorness |" in card) == ("midlevel" in HEADS[scheme])


def test_only_nets_of_generated_music_say_that_they_heard_nothing_else(released):
    assert "no recording" not in describe_card(released, "mine")
    assert "the data set has terms" in describe_card(released, "mine")
    corpus = {**released.corpus, "name": "generated", "first_stage": "midlevel 1, 0f"}
    card = describe_card(replace(released, corpus=corpus), "mine")
    assert "no recording" in card
    assert "on another corpus: midlevel 1, 0f." in card


def test_a_net_that_started_from_another_says_so(released):
    init = {"init": {"scheme": "a2mid", "corpus": "midlevel", "fingerprint": "f"}}
    card = describe_card(replace(released, config=released.config | init), "mine")
    assert "started from a net of scheme a2mid trained on midlevel" in card


@pytest.mark.parametrize(("name", "word"), [("joint", "anger"), ("a2mid", "minorness"), ("a2e", "anger")])
def test_the_lines_to_load_it_work(tmp_path, monkeypatch, capsys, name, word):
    monkeypatch.chdir(tmp_path)
    lines = re.search(r"```python\n(.*?)```", describe_card(load_network(name), name), re.DOTALL)[1]
    assert len(lines.splitlines()) == 3
    (tmp_path / f"{name}.safetensors").write_bytes((CHECKPOINTS / f"{name}.safetensors").read_bytes())
    save_audio(tmp_path / "song.wav", np.sin(np.arange(22050 * 12) / 9).astype(np.float32) * 0.5, 22050)
    exec(lines.replace("song.mp3", "song.wav"), {})
    assert word in capsys.readouterr().out
