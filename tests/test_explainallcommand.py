"""``mer explain`` of many sounds as it is typed: what it takes, what it writes and prints, what it refuses at once."""

import numpy as np
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils import __main__ as command
from mer_utils.audio import FORMATS, save_audio
from mer_utils.corpora import Corpus
from mer_utils.explainallcommand import _FORMATS
from mer_utils.explainmany import TABLE, ManyExplained
from mer_utils.networks import TrainedNetwork, build_network, save_network
from mer_utils.profiles import PROFILES


@pytest.fixture
def net(tmp_path):
    path, generator = tmp_path / "net.safetensors", torch.Generator().manual_seed(0)
    network = build_network("joint", width=2, generator=generator).eval()
    return str(save_network(path, TrainedNetwork(network, (0.4, 0.3), {}, {}, 0, {}, {})))


@pytest.fixture
def music(tmp_path, rng):
    """A folder with two sounds, what is none, and another folder."""
    folder = tmp_path / "music"
    (folder / "more.mp3").mkdir(parents=True)
    for name in ("a.wav", "b.flac"):
        save_audio(folder / name, rng.normal(0, 0.1, 22050).astype(np.float32))
    for name in ("cover.jpg", ".hidden.mp3"):
        (folder / name).touch()
    return folder


@pytest.fixture
def asked(monkeypatch):
    """Explain nothing, and write down what is asked."""
    import pandas as pd

    asked = []

    def explain_many(job, sounds, folder, **choices):
        asked.append((job, sounds, choices))
        return ManyExplained(pd.DataFrame(), {}, [])

    monkeypatch.setattr("mer_utils.explainmany.explain_many", explain_many)
    return asked


@pytest.fixture
def corpus(monkeypatch):
    """A corpus whose spectrograms cost nothing."""
    corpus = build_fake_corpus(8)
    corpus.select = lambda split: Corpus.select(corpus, split)
    for module in ("profiles", "explainjobs"):
        monkeypatch.setattr(f"mer_utils.{module}.load_profile_corpus", lambda *_: corpus)
    return corpus


@pytest.fixture
def explain(net, tmp_path):
    return lambda *words: command.main(["explain", "--net", net, "--out", str(tmp_path / "out"), *map(str, words)])


def test_a_folder_is_explained_and_one_bad_file_in_it_is_named(explain, music, monkeypatch, capsys, tmp_path):
    (music / "c.ogg").write_text("no sound")
    monkeypatch.setattr("mer_utils.workers.run_tasks", lambda f, tasks, **_: ((task, f(*task)) for task in tasks))
    words = ("--all", music, "--segments", "bands", "--samples", "64")
    assert explain(*words) == 2
    out, err = capsys.readouterr()
    assert "2 tracks explained: files and explained.csv are in" in out
    assert err.startswith("mer: not explained: ")
    assert ("c.ogg" in err, err.count("\n")) == (True, 1)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.safetensors", "b.safetensors", TABLE]
    assert max(map(len, out.splitlines()[:-1])) <= 80
    (music / "c.ogg").unlink()
    assert explain(*words) == 0
    assert "2 tracks explained, 2 of them already there" in capsys.readouterr().out


def test_formats_are_those_that_can_be_read():
    assert set(_FORMATS) == set(FORMATS)


def test_several_files_need_no_all_and_one_may_have_it(explain, music, asked):
    assert explain(music / "a.wav", music / "b.flac") == 0
    assert explain("--all", music / "b.flac") == 0
    assert [list(sounds) for _, sounds, _ in asked] == [["a", "b"], ["b"]]


def test_a_split_of_a_corpus_is_explained_as_its_profile_does(explain, corpus, asked):
    assert explain("--all", "--split", "valid", "--profile", "smoke", "--jobs", "3", "--hide", "silence") == 0
    job, sounds, choices = asked[0]
    assert list(sounds) == corpus.select("valid")
    assert (job.profile, job.corpus, job.fingerprint) == (PROFILES["smoke"], "fake", corpus.fingerprint)
    assert (job.settings.size, job.settings.segmentation, job.settings.hide) == (300, "grid", "silence")
    assert choices["workers"] == 3


@pytest.mark.parametrize(
    ("words", "size", "paper", "cut"),
    [
        ("", 3000, False, "felzenszwalb"),
        ("--profile paper", 50_000, True, "felzenszwalb"),
        ("--paper", 50_000, True, "felzenszwalb"),
        ("--profile smoke --samples auto --segments nmf", "auto", False, "nmf"),
    ],
)
def test_samples_and_segments_follow_profile_and_options(explain, corpus, asked, words, size, paper, cut):
    assert explain("--all", "--split", "all", *words.split()) == 0
    settings = asked[0][0].settings
    assert (settings.size, settings.paper, settings.segmentation) == (size, paper, cut)
    assert len(asked[0][1]) == 8


def test_a_scheduler_takes_the_place_of_the_cores(explain, corpus, asked, monkeypatch):
    monkeypatch.setattr(corpus, "spectrograms", lambda tracks: pytest.fail("its workers see to that"))
    assert explain("--all", "--split", "train", "--scheduler", "tcp://here:1") == 0
    assert asked[0][2]["workers"] == "tcp://here:1"


@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "name a sound file to explain, or say --all"),
        ("x.wav --jobs 2", "--jobs is for many sounds: say --all too"),
        ("x.wav --split test", "--split is for many sounds: say --all too"),
        ("{music}", "is a folder: say --all to explain every sound in it"),
        ("{music} x.wav", "is a folder: say --all to explain every sound in it"),
        ("--all {music}/more.mp3", "holds no .wav, .flac, .ogg, .mp3 file"),
        ("--all {music} --split test", "--split is about clips of a corpus: leave out"),
        ("--all {music} --profile smoke", "--profile is about clips of a corpus: leave out"),
        ("--all --split tset", "has no split 'tset'; there are: train, valid"),
        ("--all --feature dissonance", "--feature asks about one sound"),
        ("--all --emotion anger", "--emotion asks about one sound"),
        ("--all --at 0", "--at asks about one sound"),
        ("--all --json", "--json asks about one sound"),
        ("--all --split train --paper --segments nmf", "--paper means felzenszwalb segments"),
        ("--all --split train --net nowhere.safetensors", "no network nowhere.safetensors"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(explain, music, asked, capsys, words, said):
    assert explain(*words.format(music=music).split()) == 2
    err = capsys.readouterr().err
    assert said in err
    assert (err.count("\n"), asked) == (1, [])


def test_a_folder_to_write_to_is_needed_and_looked_at_first(net, music, asked, capsys):
    assert command.main(["explain", "--all", str(music)]) == 2
    assert "say --out DIR too" in capsys.readouterr().err
    assert command.main(["explain", "--all", str(music), "--out", str(music / "cover.jpg")]) == 2
    assert "cover.jpg" in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize(
    ("words", "said"),
    [("--corpus soundtrack", "did you mean soundtracks?"), ("--jobs 0", "1 or more"), ("--scheduler here", "tcp://")],
)
def test_mistyped_options_are_explained(words, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["explain", "--all", *words.split()])
    assert said in capsys.readouterr().err


def test_without_dask_a_scheduler_names_the_extra(explain, music, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    assert explain("--all", music, "--scheduler", "tcp://127.0.0.1:8786") == 2
    assert "mer-utils[cluster]" in capsys.readouterr().err
