"""``mer edit`` as it is typed: what it does to a sound, what it tells and keeps, and what it refuses."""

import json

import numpy as np
import pytest
import soundfile

from mer_utils import __main__ as command
from mer_utils import arguments, rescoring, soundwhy
from mer_utils.audio import save_audio
from mer_utils.explain import explain_spectrogram
from mer_utils.explanation import load_explanation
from mer_utils.layers import build_layer
from mer_utils.listening import MODES
from mer_utils.networks import TrainedNetwork, build_network, load_network, save_network
from mer_utils.predictor import Predictor
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.spectrogram import compute_spectrogram, select_window


@pytest.fixture
def store(tmp_path):
    """Store a small untrained net of a scheme."""

    def build(scheme):
        path = tmp_path / f"{scheme}.safetensors"
        save_network(path, TrainedNetwork(build_network(scheme, width=2).eval(), (0.4, 0.3), {}, {}, 0, {}, {}))
        return str(path)

    return build


@pytest.fixture
def paths(tmp_path, rng):
    """Store 11 s of noise that comes and goes, 2 s of it, 2 s in stereo at 44.1 kHz, and silence."""
    y = (rng.normal(0, 0.1, 11 * 22050) * (1.2 + np.sin(np.arange(11 * 22050) / 4000))).astype(np.float32).clip(-1, 1)
    sounds = {"long": y, "short": y[: 2 * 22050], "silent": 0 * y}
    for name, sound in sounds.items():
        save_audio(tmp_path / f"{name}.wav", sound)
    soundfile.write(tmp_path / "stereo.wav", np.stack([y[:88200], 0.5 * y[:88200]], axis=1), 44100)
    return {name: str(tmp_path / f"{name}.wav") for name in (*sounds, "stereo")}


@pytest.fixture
def calls(monkeypatch):
    """Explain by few samples and fresh masks, and count how often."""
    counted = []

    def explain(*args, **options):
        counted.append(options)
        return explain_spectrogram(*args, **options, n_holdout=20)

    monkeypatch.setattr(soundwhy, "explain_spectrogram", explain)
    monkeypatch.setattr("mer_utils.soundedit.N_CONTROLS", 2)
    return counted


@pytest.fixture
def drawn(monkeypatch):
    """Draw nothing: a picture takes time, and one test has it."""
    monkeypatch.setattr("mer_utils.editfiles._draw_edit", lambda edited: None)
    monkeypatch.setattr("mer_utils.editfiles.build_png", lambda fig: b"")


@pytest.fixture
def edit(store, calls, drawn):
    """Edit articulation with a net of the scheme joint, segments of half a second, and few samples."""
    common = ["--net", store("joint"), "--segments", "time", "--samples", "160", "--feature", "articulation"]
    return lambda *words: command.main(["edit", *common, *words])


def read(capsys):
    return json.loads(capsys.readouterr().out)


def hear(net, y):
    """Give what a net hears in a sound that is no longer than a window."""
    spec = select_window(compute_spectrogram(y.astype(np.float32)))
    return Predictor.load(net).predict(spec[None]).midlevel[0]


def test_what_is_told_is_what_the_net_hears_in_the_file(edit, store, paths, capsys, tmp_path):
    assert edit(paths["short"], "--db", "+12", "--out", str(tmp_path / "x"), "--json") == 0
    record, (y, sr) = read(capsys), soundfile.read(tmp_path / "x" / "edited.wav")
    gain = 10 ** (record["sounds"]["edited.wav"]["gain"] / 20)
    told = np.array([[record["outputs"][name][key] for key in ("before", "obtained")] for name in MIDLEVEL])
    assert (sr, len(y)) == (22050, 44100)
    np.testing.assert_allclose(hear(store("joint"), y / gain), told.sum(axis=1), atol=2e-4)
    assert np.abs(hear(store("joint"), y / gain * 1.05) - told.sum(axis=1)).max() > 2e-4  # 0.4 dB too loud
    assert np.abs(told[:, 1]).max() > 1e-3


def test_text_has_every_output_the_verdict_and_the_control(edit, paths, capsys):
    assert edit(paths["short"], "--db", "-6") == 0
    out, err = capsys.readouterr()
    said = " ".join(out.split())
    assert [name for name in (*MIDLEVEL, *EMOTIONS) if f"\n  {name} " not in out] == ["articulation"]
    assert "when all are lowered alike" in said
    wanted = ("\n> articulation", "is a repetition")
    assert [words for words in wanted if words not in out] == []
    wanted = ("segments of the whole file", "that raise articulation were lowered by 6 dB", "asking the net 160 times")
    wanted += ("at the gain of the original", "articulation: ", "On paper", "2 random selections", "With --out")
    assert [words for words in wanted if words not in said] == []
    assert max(map(len, out.splitlines())) <= 80
    assert (err, [line for line in out.splitlines() if line != line.rstrip()]) == ("", [])


def test_lowering_undoes_what_lifting_does(edit, paths, capsys):
    changes = {}
    for db in ("+3", "−3dB"):
        edit(paths["short"], "--db", db, "--json")
        changes[db] = read(capsys)["outputs"]["articulation"]["promised"]
    assert changes["+3"] > 0 > changes["−3dB"]


@pytest.mark.parametrize("sign", ["negative", "both"])
def test_other_segments_can_be_edited(edit, paths, capsys, sign):
    edit(paths["short"], "--sign", sign, "--json")
    record = read(capsys)
    assert (record["kept"]["raises"] != []) == (sign == "both")
    assert record["kept"]["lowers"] != []
    assert (record["outputs"]["articulation"]["promised"] > 0) == (sign == "both")


def test_emotions_are_promised_what_the_features_are(edit, store, paths, capsys):
    edit(paths["short"], "--json")
    outputs = read(capsys)["outputs"]
    seven, eight = ([outputs[name]["promised"] for name in names] for names in (MIDLEVEL, EMOTIONS))
    np.testing.assert_allclose(eight, build_layer(load_network(store("joint")).network).weights @ seven, atol=1e-6)
    assert np.abs(eight).max() > 1e-4


@pytest.mark.parametrize(("scheme", "told"), [("multitask", EMOTIONS), ("a2mid", ())])
def test_a_net_without_sums_promises_nothing_of_emotions(edit, store, paths, capsys, scheme, told):
    assert edit(paths["short"], "--net", store(scheme), "--json") == 0
    outputs = read(capsys)["outputs"]
    assert list(outputs) == [*MIDLEVEL, *told]
    assert {outputs[name]["promised"] for name in told} <= {None}
    assert edit(paths["short"], "--net", store(scheme)) == 0


def test_a_folder_gets_sounds_record_picture_and_explanation(edit, paths, capsys, tmp_path):
    assert edit(paths["long"], "--db", "+12", "--whole", "--out", str(tmp_path / "x"), "--json") == 0
    record = read(capsys)
    files = {"edit.safetensors", "edit.json", "edit.png", *record["sounds"]}
    assert {path.name for path in (tmp_path / "x").iterdir()} == files
    assert json.loads((tmp_path / "x" / "edit.json").read_text()) == record
    sounds = {name: soundfile.read(tmp_path / "x" / name)[0] for name in record["sounds"]}
    assert {name: round(len(y) / 22050) for name, y in sounds.items()} == {
        "before.wav": 10, "edited.wav": 10, "whole.wav": 11
    }  # fmt: skip
    assert 0.99 < max(np.abs(y).max() for y in sounds.values()) <= 1
    level = 10 * np.log10(np.mean(sounds["edited.wav"] ** 2) / np.mean(sounds["before.wav"] ** 2))
    assert level == pytest.approx(record["sounds"]["edited.wav"]["level"], abs=0.01)
    assert level > 1


def test_one_gain_keeps_levels_comparable(edit, paths, capsys, tmp_path):
    edit(paths["short"], "--db", "+12", "--out", str(tmp_path / "x"), "--json")
    gain = 10 ** (read(capsys)["sounds"]["before.wav"]["gain"] / 20)
    assert gain < 0.9  # the edited sound would clip
    source, written = (soundfile.read(path)[0] for path in (paths["short"], tmp_path / "x" / "before.wav"))
    np.testing.assert_allclose(written, gain * source / np.abs(source).max(), atol=1e-4)


def test_level_may_be_that_of_the_peak(edit, paths, capsys, tmp_path):
    edit(paths["short"], "--db", "+12", "--level", "peak", "--out", str(tmp_path / "x"))
    record = json.loads((tmp_path / "x" / "edit.json").read_text())
    assert record["gain"] == pytest.approx(1 / record["peak"], rel=1e-5)
    assert record["gain"] < 0.9
    assert "heard at a peak of 1, -" in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("calls")
def test_the_picture_is_drawn(store, paths, tmp_path):
    words = ["--net", store("joint"), "--segments", "time", "--samples", "160", "--feature", "articulation"]
    assert command.main(["edit", paths["short"], *words, "--sign", "both", "--out", str(tmp_path / "x")]) == 0
    assert (tmp_path / "x" / "edit.png").read_bytes().startswith(b"\x89PNG")


def test_an_explanation_serves_further_edits(edit, paths, calls, capsys, tmp_path):
    for words in (["--db", "-6"], ["--feature", "minorness", "--sign", "negative"]):
        edit(paths["short"], *words, "--out", str(tmp_path / "x"))
    assert len(calls) == 1
    assert calls[0]["hide"] == "silence"
    assert "holds this explanation: it is not computed anew" in capsys.readouterr().err
    edit(paths["short"], "--seed", "1", "--out", str(tmp_path / "x"))
    assert len(calls) == 2
    assert "replaces an explanation of short from 0.0 s (N = 160)" in capsys.readouterr().err


def test_an_edit_leaves_alone_what_mer_explain_wrote(edit, paths, store, capsys, tmp_path):
    mine = {
        name: f"of mer explain: {name}" for name in ("original.wav", "explanation.safetensors", "explanation.json")
    }
    for name, text in mine.items():
        (tmp_path / "x").mkdir(exist_ok=True)
        (tmp_path / "x" / name).write_text(text)
    for seed in "01":
        edit(paths["short"], "--seed", seed, "--out", str(tmp_path / "x"))
    assert {name: (tmp_path / "x" / name).read_text() for name in mine} == mine
    assert capsys.readouterr().err.count("replaces an explanation of short") == 1  # that of the first edit


@pytest.mark.parametrize("sign", ["positive", "both"])
def test_controls_are_as_many_random_selections_as_asked_for(edit, paths, capsys, monkeypatch, sign):
    monkeypatch.setattr("mer_utils.soundedit.N_CONTROLS", 3)
    edit(paths["short"], "--sign", sign, "--json")
    record = read(capsys)
    changes = {row["obtained"] for row in record["controls"]}
    assert len(record["controls"]) == len(changes) == 3
    assert record["outputs"]["articulation"]["obtained"] not in changes
    assert (record["all segments"] is None) == (sign == "both")
    assert all(0.5 < row["size"] < 2 for row in record["controls"])


def test_where_all_is_edited_there_is_no_control(edit, paths, capsys, monkeypatch):
    everything = lambda explanation, *args: (np.arange(explanation.n_segments), np.empty(0, int))  # noqa: E731
    monkeypatch.setattr("mer_utils.soundedit.select_segments", everything)
    edit(paths["short"], "--json")
    record = read(capsys)
    assert record["controls"] == []
    assert record["all segments"] == pytest.approx(record["outputs"]["articulation"]["obtained"], abs=1e-6)
    assert "it cannot be told whether it matters which" in record["sentences"]["control"]


def test_only_sounds_of_earlier_edits_are_taken_away(edit, paths, tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "whole.wav").write_text("mine")
    edit(paths["short"], "--out", str(folder))
    assert (folder / "whole.wav").read_text() == "mine"
    edit(paths["short"], "--whole", "--out", str(folder))
    edit(paths["short"], "--out", str(folder))
    assert not (folder / "whole.wav").exists()


def test_stereo_at_another_rate_is_said_to_be_heard_otherwise(edit, paths, capsys, tmp_path):
    edit(paths["stereo"], "--out", str(tmp_path / "x"))
    said = " ".join(capsys.readouterr().out.split())
    assert "stereo.wav is stereo at 44.1 kHz; what you hear is what the net hears: mono at 22.05 kHz." in said
    edit(paths["short"], "--out", str(tmp_path / "x"))
    assert "kHz" not in capsys.readouterr().out


def stop_after(monkeypatch, n):
    """Let somebody press Ctrl-C once the net was asked ``n`` times."""
    from mer_utils.sampling import Sampler

    take, asked = Sampler.take, []

    def stop(self, *args):
        if len(asked) == n:
            raise KeyboardInterrupt
        asked.append(args)
        return take(self, *args)

    monkeypatch.setattr(Sampler, "take", stop)


def test_who_stops_it_gets_what_there_is_and_keeps_what_there_was(edit, paths, monkeypatch, capsys, tmp_path):
    edit(paths["short"], "--out", str(tmp_path / "x"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "x").iterdir()}
    stop_after(monkeypatch, 2)
    assert edit(paths["short"], "--samples", "300", "--out", str(tmp_path / "x")) == 130
    out, err = capsys.readouterr()
    assert "asking the net 128 times, stopped early" in " ".join(out.split())
    assert "stopped after 128 samples" in err
    assert {name: (tmp_path / "x" / name).read_bytes() for name in before} == before
    parts = {path.name for path in (tmp_path / "x").iterdir()} - set(before)
    assert {"edit-part.safetensors", "edit-part.json", "edited-part.wav"} <= parts
    assert not load_explanation(tmp_path / "x" / "edit-part.safetensors").complete


def test_who_stops_it_too_soon_gets_nothing(edit, paths, monkeypatch, capsys, tmp_path):
    stop_after(monkeypatch, 0)
    assert edit(paths["short"], "--out", str(tmp_path / "x")) == 130
    assert capsys.readouterr().err.startswith("mer: stopped: ")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("sign", "said"), [("positive", "raises articulation"), ("negative", "lowers articulation"),
                       ("both", "raises or lowers articulation")],
)  # fmt: skip
def test_nothing_kept_is_said_with_what_to_try(edit, paths, monkeypatch, capsys, tmp_path, sign, said):
    monkeypatch.setattr("mer_utils.soundedit.select_segments", lambda *args: (np.empty(0, int), np.empty(0, int)))
    assert edit(paths["short"], "--sign", sign, "--out", str(tmp_path / "x")) == 2
    out, err = capsys.readouterr()
    assert f"no segment {said} for certain (N = 160)" in err
    assert "more --samples" in err
    assert (out, err.count("\n"), (tmp_path / "x").exists()) == ("", 1, False)


@pytest.mark.parametrize(
    ("sound", "words", "said"),
    [("silent", [], "is silent"), ("long", ["--at", "12"], "lasts 11.0 s"),
     ("short", ["--whole"], "--whole writes a file: say --out DIR too"), ("shirt", [], "did you mean short.wav?")],
)  # fmt: skip
def test_bad_input_is_one_line(edit, paths, calls, capsys, tmp_path, sound, words, said):
    assert edit(paths.get(sound, str(tmp_path / f"{sound}.wav")), *words) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert (out, err.count("\n"), calls) == ("", 1, [])


def test_a_folder_that_cannot_be_written_is_refused_at_once(edit, paths, calls, capsys, tmp_path):
    assert edit(paths["short"], "--out", paths["long"]) == 2
    assert "is a file, not a folder" in capsys.readouterr().err
    assert calls == []


def test_no_sound_is_written_over_the_one_that_was_given(edit, paths, calls, capsys, tmp_path):
    own = tmp_path / "edited.wav"
    own.write_bytes((tmp_path / "short.wav").read_bytes())
    assert edit(str(own), "--out", str(tmp_path)) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert (calls, own.read_bytes()) == ([], (tmp_path / "short.wav").read_bytes())


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--db", "0"], "0 dB change nothing"), (["--db", "nan"], "no edit one could hear"),
     (["--db", "-inf"], "no edit one could hear"), (["--db", "40.5"], "from -40 to +40 dB"),
     (["--db", "loud"], "no number of decibels"), (["--sign", "positiv"], "did you mean positive?"),
     (["--feature", "articulatio"], "did you mean articulation?"),
     (["--feature", "Anger"], "anger is an emotion: mer explain SOUND --emotion anger")],
)  # fmt: skip
def test_bad_values_are_told_what_is_good(words, said, capsys):
    with pytest.raises(SystemExit) as stop:
        arguments.build_parser().parse_args(["edit", "x.wav", "--feature", "minorness", *words])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_a_feature_has_to_be_named(capsys):
    with pytest.raises(SystemExit):
        arguments.build_parser().parse_args(["edit", "x.wav", "--db", "6"])
    assert "required: --feature" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "db"), [("+6", 6), ("-6", -6), ("6dB", 6), ("-6dB", -6), ("−6", -6), ("-.5", -0.5), ("40", 40)]
)
def test_decibels_are_read(text, db):
    options = arguments.build_parser().parse_args(["edit", "x.wav", "--feature", "minorness", "--db", text])
    assert options.db == db


def test_levels_and_signs_are_those_of_the_package():
    assert arguments._LEVELS == rescoring.LEVELS
    assert {f"{sign} edited" for sign in arguments._SIGNS} == {mode for mode in MODES if mode.endswith("edited")}
