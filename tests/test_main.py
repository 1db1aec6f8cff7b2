"""The ``mer`` command, with stand-ins for networks and corpora where these would cost time."""

import json
import subprocess
import sys
import types
from dataclasses import dataclass, replace

import numpy as np
import pytest
import soundfile
from fakes import build_fake_corpus

import mer_utils
from mer_utils import __main__ as command
from mer_utils import companion, profiles, refresh, report, typedvalues
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.spectrogram import SpectrogramConfig


def mer(*words):
    return subprocess.run([sys.executable, "-m", "mer_utils", *words], capture_output=True, text=True)


def prediction(n_windows=3, emotion_only=False):
    windows = types.SimpleNamespace(
        midlevel=None if emotion_only else np.linspace(0.2, 0.8, n_windows)[:, None] * np.ones(7),
        emotion=np.full((n_windows, 8), 0.4),
    )
    return types.SimpleNamespace(
        midlevel=None if emotion_only else windows.midlevel.mean(axis=0),
        emotion=windows.emotion.mean(axis=0),
        windows=windows,
        starts=np.arange(n_windows) * 5.0,
    )


@pytest.fixture
def predictor(monkeypatch):
    """Replace `mer_utils.predictor`, and with it torch, by a net that hears the same in everything."""
    heard = types.SimpleNamespace(predict_track=lambda spec: prediction(), spectrogram=SpectrogramConfig())
    loader = types.SimpleNamespace(load=lambda net: heard)
    monkeypatch.setitem(sys.modules, "mer_utils.predictor", types.SimpleNamespace(Predictor=loader))


@pytest.fixture
def sound(tmp_path, rng):
    path = tmp_path / "song.wav"
    soundfile.write(path, rng.uniform(-0.1, 0.1, 22050), 22050)
    return path


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in ("run", "refresh", "predict", "train"))])
def test_help_explains_with_examples(words, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(words)
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert "examples:" in text or "COMMAND --help" in text


def test_help_loads_nothing_heavy():
    code = "import sys\nfrom mer_utils import arguments as m\nm.build_parser()\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "numpy", "pandas", "papermill", "nbformat"} & set(loaded)


def test_version(capsys):
    with pytest.raises(SystemExit):
        command.main(["--version"])
    assert capsys.readouterr().out == f"mer {mer_utils.__version__}\n"


def test_without_a_command_the_help_is_shown(capsys):
    assert command.main([]) == 2
    assert "predict" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rum"], "did you mean run?"),
        (["run", "--profile", "smok"], "did you mean smoke?"),
        (["run", "--profil", "smoke"], "did you mean --profile?"),
        (["train", "--scheme", "jiont"], "did you mean joint?"),
        (["run", "--corpus", "soundtrack"], "did you mean soundtracks?"),
        (["run", "--seed", "-1"], "not a whole number"),
        (["train", "--clips", "0"], "not a whole number of 1 or more"),
        (["predict"], "see mer predict --help"),
    ],
)
def test_a_typo_ends_in_one_helpful_line(words, said, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(words)
    error = capsys.readouterr().err
    assert stop.value.code == 2
    assert said in error
    assert error.count("\n") == 1


def test_an_error_ends_in_one_line_without_a_traceback():
    done = mer("run", "--profile", "smoke", "--only", "99")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mer: no notebook")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_in_one_line(monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(companion, "run_notebooks", stop)
    assert command.main(["run"]) == 130
    assert capsys.readouterr().err == "mer: stopped\n"


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(companion, "run_notebooks", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command.main(["run"])


@pytest.mark.parametrize(("errors", "code"), [((), 0), (("cell [3]: KeyError: 'x'",), 1)])
def test_run_says_where_to_look_and_whether_all_is_well(monkeypatch, tmp_path, capsys, errors, code):
    done = companion.NotebookRun("01_a", tmp_path / "notebooks" / "01_a.ipynb", 1.5, errors)
    monkeypatch.setattr(companion, "run_notebooks", lambda *args, **kwargs: [done])
    assert command.main(["run"]) == code
    text = "".join(capsys.readouterr())
    assert str(tmp_path / "notebooks") in text
    assert all(error in text for error in errors)


@pytest.mark.parametrize(("errors", "code"), [((), 0), (("cell [3]: KeyError: 'x'",), 1)])
def test_the_last_line_of_a_run_names_the_page_to_open(monkeypatch, tmp_path, capsys, errors, code):
    done = companion.NotebookRun("01_a", tmp_path / "notebooks" / "01_a.ipynb", 1.5, errors)
    monkeypatch.setattr(companion, "run_notebooks", lambda *args, **kwargs: [done])
    assert command.main(["run"]) == code
    assert capsys.readouterr().out.splitlines()[-1].endswith(str(tmp_path / "site" / "index.html"))


def test_run_hands_its_options_on(monkeypatch, tmp_path):
    calls = []
    done = companion.NotebookRun("02_b", tmp_path / "02_b.ipynb", 1.0, ())
    monkeypatch.setattr(companion, "run_notebooks", lambda *args, **kwargs: calls.append((args, kwargs)) or [done])
    words = ["--profile", "paper", "--only", "02", "--corpus", "generated", "--seed", "3", "--out", "x"]
    assert command.main(["run", *words]) == 0
    choices = {"only": ["02"], "out": command.Path("x"), "corpus": "generated", "seed": 3}
    assert calls == [(("paper",), choices)]


def test_refresh_names_what_changed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(refresh, "refresh_notebooks", lambda only: [tmp_path / f"{name}.ipynb" for name in only])
    assert command.main(["refresh", "01", "02"]) == 0
    assert capsys.readouterr().out == f"changed {tmp_path}/01.ipynb\nchanged {tmp_path}/02.ipynb\n"


def test_predict_draws_both_tables(predictor, sound, capsys):
    assert command.main(["predict", str(sound)]) == 0
    text = capsys.readouterr().out
    assert "3 windows" in text
    assert all(name in text for name in (*MIDLEVEL, *EMOTIONS))


def test_predict_gives_records(predictor, sound, capsys):
    assert command.main(["predict", "--json", str(sound), str(sound)]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["file"] for record in records] == [str(sound)] * 2
    assert records[0]["mean"]["midlevel"]["dissonance"] == 0.5
    assert [window["start"] for window in records[0]["windows"]] == [0.0, 5.0, 10.0]
    assert records[0]["windows"][0]["midlevel"]["dissonance"] == 0.2


def test_a_bad_file_is_named_and_the_others_are_heard(predictor, sound, tmp_path, capsys):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound at all")
    assert command.main(["predict", str(bad), str(sound)]) == 2
    out, err = capsys.readouterr()
    assert "bad.wav" in err
    assert err.count("\n") == 1
    assert "song.wav" in out


def test_bars_and_numbers_are_on_the_raters_scale():
    rows = report.describe_track_prediction("x.wav", prediction(), net="joint").splitlines()
    row = next(row for row in rows if "dissonance" in row)
    assert row.split()[1:3] == ["5.0", "±2.4"]
    assert row.count("█") == 12  # four points above 1, three characters each


@pytest.mark.parametrize(("value", "length"), [(0.1, 0), (1.0, 27), (0.0, 0), (1.2, 27)])
def test_bars_span_the_scale_and_no_more(value, length):
    row = report._draw_row("x", value, None)
    assert row.count("█") == length
    assert len(row) == len(report._draw_row("x", 0.5, 0.1))


def test_one_window_has_no_spread():
    text = report.describe_track_prediction("x.wav", prediction(n_windows=1), net="joint")
    assert "1 window)" in text
    assert "±" not in text


def test_a_net_of_emotions_alone_shows_them_alone():
    text = report.describe_track_prediction("x.wav", prediction(emotion_only=True), net="a2e")
    assert "tender" in text
    assert "minorness" not in text
    assert list(report.build_record("x.wav", prediction(emotion_only=True), net="a2e")["mean"]) == ["emotion"]


def stub_corpus(fingerprint="f", *, n_train=2000, first_stage=None):
    there = {"tracks": {"split": []}, "select": lambda split: range(n_train)}
    return types.SimpleNamespace(fingerprint=fingerprint, build_first_stage=lambda: first_stage, **there)


@dataclass
class Scored:
    scores: dict


@pytest.fixture
def training(monkeypatch, tmp_path):
    """Replace corpus and training by stand-ins that note what they are asked for."""
    calls = []
    corpus = stub_corpus()
    monkeypatch.setattr(profiles, "CACHE", tmp_path)
    monkeypatch.setattr(profiles, "load_profile_corpus", lambda *args: calls.append(args) or corpus)
    trained = Scored({"valid_emotion_r": 0.5})
    monkeypatch.setattr(
        profiles, "fit_profile_network", lambda *args, **kwargs: calls.append((args[1:], kwargs)) or trained
    )
    monkeypatch.setattr("mer_utils.networks.save_network", lambda path, trained: path)
    return calls


def test_train_writes_where_it_is_told_and_reports_scores(training, tmp_path, capsys):
    out = tmp_path / "net.safetensors"
    assert command.main(["train", "--scheme", "a2e", "--profile", "smoke", "--seed", "3", "--out", str(out)]) == 0
    smoke = profiles.PROFILES["smoke"]
    assert training == [(smoke, "auto"), (("a2e",), {"profile": smoke, "seed": 3})]
    assert capsys.readouterr().out == f"{out}: valid emotion r 0.5\n"


@pytest.mark.parametrize(("out", "said"), [(".", "is a folder"), ("file/net", "is a file, not a folder")])
def test_train_finds_out_before_training_that_it_cannot_write(training, tmp_path, capsys, out, said):
    (tmp_path / "file").touch()
    assert command.main(["train", "--out", str(tmp_path / out)]) == 2
    assert said in capsys.readouterr().err
    assert training == []


def test_train_completes_the_name_of_the_file(training, tmp_path, capsys):
    assert command.main(["train", "--out", str(tmp_path / "net")]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path}/net.safetensors: ")


def test_train_takes_other_sizes_than_the_profile_has(training):
    sizes = ["--clips", "4000", "--epochs", "30", "--width", "32", "--augment"]
    assert command.main(["train", *sizes]) == 0
    sizes = {"n_clips": 4000, "max_epochs": 30, "small_epochs": None, "width": 32}
    wanted = replace(profiles.PROFILES["quick"], **sizes, augment=True)
    assert training[0] == (wanted, "auto")


def test_train_keeps_the_scores_on_clips_it_never_saw(training, monkeypatch, capsys):
    heard = {"test_midlevel_rated": 0.61, "test_midlevel_noise_free": 0.75, "style_midlevel_rated": 0.52}
    saved = []
    monkeypatch.setattr(report, "compute_split_scores", lambda trained, corpus: heard)
    monkeypatch.setattr("mer_utils.networks.save_network", lambda path, trained: saved.append(trained) or path)
    assert command.main(["train"]) == 0
    assert saved[0].scores == {"valid_emotion_r": 0.5} | heard
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row.split()[-1] for row in rows] == ["ceiling", "0.750", "0.520"]


@pytest.fixture
def scored(monkeypatch):
    """Score predictions that are a blend of the noise-free ratings and of another clip's."""
    corpus = build_fake_corpus(60)
    corpus.tracks["split"] = np.resize(["train", "valid", "test"], 60)
    corpus.true_midlevel, corpus.true_emotion = corpus.midlevel, corpus.emotion
    corpus.midlevel = corpus.midlevel + np.random.default_rng(1).normal(0, 2, corpus.midlevel.shape)

    def score(blend):
        seven = corpus.true_midlevel.loc[corpus.select("test")]
        heard = {"midlevel": (1 - blend) * seven + blend * np.roll(seven, 1, axis=0)}
        monkeypatch.setattr("mer_utils.evaluation.predict_split", lambda trained, corpus, split: heard)
        return report.compute_split_scores(None, corpus)

    return score


def test_a_perfect_ear_reaches_the_ceiling_and_no_other_does(scored):
    perfect, poorer = scored(0), scored(0.1)
    assert set(perfect) == {"test_midlevel_rated", "test_midlevel_noise_free", "test_midlevel_ceiling"}
    assert perfect["test_midlevel_noise_free"] == pytest.approx(1, abs=1e-9)
    assert perfect["test_midlevel_rated"] == pytest.approx(perfect["test_midlevel_ceiling"], abs=1e-9)
    assert poorer["test_midlevel_noise_free"] < 1 - 1e-4
    assert poorer["test_midlevel_ceiling"] == perfect["test_midlevel_ceiling"]


def test_command_line_and_networks_know_the_same_schemes():
    from mer_utils.networks import SCHEMES

    assert SCHEMES == typedvalues.SCHEMES


def test_a_fresh_training_forgets_the_old_state(training, tmp_path):
    corpus = stub_corpus()
    state = profiles.locate_checkpoint(corpus, "joint", profile="smoke")
    state.parent.mkdir()
    for fresh, there in (([], True), (["--fresh"], False)):
        state.touch()
        assert command.main(["train", "--profile", "smoke", *fresh]) == 0
        assert state.exists() is there


def test_states_of_different_trainings_lie_apart():
    corpora = [stub_corpus(name) for name in "ab"]
    schemes = ("a2e", "joint")
    paths = {
        profiles.locate_checkpoint(corpus, scheme, profile=profile, seed=seed)
        for corpus in corpora
        for scheme in schemes
        for profile in profiles.PROFILES
        for seed in (0, 1)
    }
    assert len(paths) == 2 * 2 * 3 * 2


def test_states_of_another_version_are_not_found(monkeypatch):
    corpus = stub_corpus()
    before = profiles.locate_checkpoint(corpus, "joint", profile="smoke")
    monkeypatch.setattr("mer_utils.runs.VERSION", 0)
    assert profiles.locate_checkpoint(corpus, "joint", profile="smoke") != before


def test_two_stages_share_the_state_of_the_first():
    corpus = stub_corpus()
    places = [profiles.locate_checkpoint(corpus, scheme, profile="smoke") for scheme in ("a2mid", "a2mid2e", "a2e")]
    assert places[0] == places[1] != places[2]


def test_a_first_stage_on_another_corpus_has_a_state_of_its_own():
    alone, other = stub_corpus(), stub_corpus(first_stage=stub_corpus("large"))
    places = [profiles.locate_checkpoint(corpus, "a2mid2e", profile="smoke") for corpus in (alone, other)]
    assert places[0] != places[1] == profiles.locate_checkpoint(stub_corpus("large"), "a2mid", profile="smoke")
    assert profiles.locate_checkpoint(other, "joint", profile="smoke").name.startswith("smoke-joint")


def test_small_corpora_are_gone_through_more_often_unless_said_otherwise():
    small, large = stub_corpus(n_train=profiles.SMALL - 1), stub_corpus(n_train=profiles.SMALL)
    asked = profiles.get_profile("quick", max_epochs=7)
    epochs = [profiles.build_training_config(*pair).max_epochs for pair in (("quick", small), ("quick", large))]
    assert epochs == [profiles.PROFILES["quick"].small_epochs, profiles.PROFILES["quick"].max_epochs]
    assert profiles.build_training_config(asked, small).max_epochs == 7


def test_a_sound_is_heard_through_the_spectrogram_of_the_net(sound):
    seen = []
    net = types.SimpleNamespace(predict_track=seen.append, spectrogram=SpectrogramConfig(sr=16000, fps=50, fmax=7000))
    report.predict_file(sound, net)
    assert seen[0].shape == (50, net.spectrogram.n_bands)


@pytest.mark.parametrize("name", profiles.PROFILES)
def test_augmentation_is_a_choice_that_the_key_knows(name):
    chosen = [profiles.get_profile(name, augment=augment) for augment in (None, False, True)]
    assert [profiles.build_training_config(one).augmentation is None for one in chosen] == [True, True, False]
    corpus = stub_corpus()
    assert len({profiles.locate_checkpoint(corpus, "joint", profile=one) for one in chosen}) == 2


def test_an_unknown_profile_lists_those_there_are():
    with pytest.raises(profiles.ProfileError, match="'quik'; there are: smoke, quick, paper"):
        profiles.get_profile("quik")


@pytest.fixture
def sweeping(monkeypatch, tmp_path):
    """Replace the training of a sweep by a stand-in that notes what it is asked for."""
    calls = []
    monkeypatch.setenv("MER_BUILD", str(tmp_path))
    monkeypatch.setattr(
        "mer_utils.sweepruns.run_sweep", lambda *args, **kwargs: calls.append((args, kwargs)) or "swept"
    )
    monkeypatch.setattr("mer_utils.sweeps.save_sweep", lambda path, sweep: path)
    monkeypatch.setattr(report, "describe_sweep", lambda sweep, nets: f"a table of {len(nets)} nets {sweep}")
    return calls


def test_a_sweep_is_told_schemes_seeds_and_all_that_its_nets_have_in_common(sweeping, tmp_path, capsys):
    words = "--profile smoke --schemes a2e,joint --seeds 3 --seed 2 --epochs 5 --crop 64 --midlevel-weight 2 --folds 4"
    assert command.main(["train", *words.split(), "--rater-noise", "0", "--jobs", "1"]) == 0
    [(config, schemes, seeds), choices] = sweeping[0]
    assert (schemes, list(seeds), choices) == (["a2e", "joint"], [2, 3, 4], {"known": None, "workers": 1})
    assert config.profile == profiles.get_profile("smoke", max_epochs=5)
    assert config.training == {"crop_frames": 64, "midlevel_weight": 2.0}
    assert (config.options, config.n_folds) == ({"rater_noise": 0.0}, 4)
    assert capsys.readouterr().out.splitlines()[1] == "a table of 6 nets swept"


def test_a_scheduler_takes_the_place_of_the_cores(sweeping):
    assert command.main(["train", "--schemes", "a2e", "--scheduler", "tcp://here:1"]) == 0
    assert sweeping[0][1]["workers"] == "tcp://here:1"
    assert list(sweeping[0][0][2]) == list(range(10))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--seeds 3", "--seeds is for a sweep: say --schemes joint too"),
        ("--scheme a2e --scheduler tcp://here:1", "--scheduler is for a sweep: say --schemes a2e too"),
        ("--schemes a2e --fresh", "--fresh is for one net"),
        ("--schemes a2e --folds 2", "3 folds or more"),
        ("--schemes a2e --out .", "is a folder"),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_work(sweeping, words, said, capsys):
    assert command.main(["train", "--profile", "smoke", *words.split()]) == 2
    assert said in capsys.readouterr().err
    assert sweeping == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--schemes a2e,jiont", "unknown scheme 'jiont'; did you mean joint?"),
        ("--schemes a2e,xyz", "there are a2e, a2mid,"),
        ("--schemes ,", "name at least one scheme"),
        ("--schemes a2e --scheme joint", "not allowed with"),
        ("--schemes a2e --jobs 2 --scheduler tcp://here:1", "not allowed with"),
        ("--rater-noise -1", "'-1' is not a number of 0 or more"),
        ("--midlevel-weight nan", "'nan' is not a number of 0 or more"),
    ],
)
def test_mistyped_options_of_a_sweep_are_explained(words, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["train", *words.split()])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("address", ["", "nonsense", "http://here:1", "tcp://here"])
def test_what_is_no_address_of_a_scheduler_is_refused_at_once(address, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["train", "--schemes", "a2e", "--scheduler", address])
    assert "no address of a Dask scheduler, such as tcp://" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--store", "planted", "plantde"], "unknown table 'plantde'; there are: planted,"),
        (["occlusion", "lmie"], "unknown explainer 'lmie'; there are: lime,"),
    ],
)
def test_a_benchmark_of_the_unknown_is_refused_before_anything_is_loaded(monkeypatch, capsys, words, said):
    built = []
    monkeypatch.setattr("mer_utils.trusttables.build_bench", lambda: built.append("bench"))
    assert command.main(["benchmark", *words]) == 2
    assert said in capsys.readouterr().err
    assert built == []


def test_tables_are_stored_and_nothing_else_is_scored(monkeypatch, capsys):
    monkeypatch.setattr("mer_utils.trusttables.build_bench", lambda: "bench")
    monkeypatch.setattr("mer_utils.trusttables.save_table", lambda name, bench: name + bench)
    assert command.main(["benchmark", "--store", "planted", "causes"]) == 0
    assert capsys.readouterr().out.splitlines() == ["planted: 12 rows", "causes: 11 rows"]
