"""``mer explain`` as it is typed: what it prints and keeps, what it reads again, and what it refuses at once."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
import soundfile

from mer_utils import __main__ as command
from mer_utils import answerfolders, arguments, soundwhy, whyfiles, whyrecord
from mer_utils.audio import save_audio
from mer_utils.displays import compute_level
from mer_utils.explain import explain_spectrogram
from mer_utils.explanation import load_explanation
from mer_utils.networks import TrainedNetwork, build_network, save_network
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference
from mer_utils.segments import METHODS
from mer_utils.selection import compute_p_values
from mer_utils.trust import compute_fidelity_by_share


@pytest.fixture
def yardstick(rng):
    """Build a reference of fifty tracks that have a mean of .3 and a standard deviation of .1."""
    seven = pd.DataFrame(rng.normal(0.3, 0.1, (50, 7)), columns=list(MIDLEVEL))
    return Reference(seven, pd.DataFrame(rng.normal(0.3, 0.1, (50, 8)), columns=list(EMOTIONS)), "fifty clips")


@pytest.fixture
def net(tmp_path, monkeypatch, yardstick):
    """Store a small untrained net, and give it a yardstick that costs nothing."""
    monkeypatch.setattr("mer_utils.reference.load_reference", lambda trained: yardstick)
    path = tmp_path / "net.safetensors"
    save_network(path, TrainedNetwork(build_network("joint", width=2).eval(), (0.4, 0.3), {}, {}, 0, {}, {}))
    return str(path)


@pytest.fixture
def paths(tmp_path, rng):
    """Store 12 s with a burst, 2 s, silence, a sound whose second half is silent, and a text."""
    y = np.zeros(12 * 22050, np.float32)
    y[4 * 22050 : 6 * 22050] = 0.5 * np.sin(2 * np.pi * 440 / 22050 * np.arange(2 * 22050))
    noisy = y + rng.normal(0, 0.02, len(y)).astype(np.float32)
    late = np.concatenate([y, np.zeros_like(y)])
    sounds = {"burst": noisy, "short": noisy[5 * 22050 : 7 * 22050], "silent": 0 * y, "late": late, "tiny": noisy[:11]}
    for name, sound in sounds.items():
        save_audio(tmp_path / f"{name}.wav", sound)
    (tmp_path / "notes.wav").write_text("no sound at all")
    return {name: str(tmp_path / f"{name}.wav") for name in (*sounds, "notes")}


@pytest.fixture
def explain(net, monkeypatch):
    """Explain by few samples and few segments, unless told otherwise, and test that on few fresh ones."""
    monkeypatch.setattr(soundwhy, "explain_spectrogram", partial(explain_spectrogram, n_holdout=20))
    return lambda *words: command.main(["explain", "--net", net, "--segments", "time", "--samples", "160", *words])


@pytest.fixture
def drawn(monkeypatch):
    """Draw nothing: pictures take time and are tested elsewhere."""
    monkeypatch.setattr("mer_utils.whyfiles._plot_all", lambda why: {})


def read(capsys):
    return json.loads(capsys.readouterr().out)


def test_what_is_told_has_heard_values_selection_verdict_and_segments(explain, paths, capsys):
    assert explain(paths["burst"], "--feature", "Tonal_Stability") == 0
    out, err = capsys.readouterr()
    assert all(f"{name:22}" in out for name in MIDLEVEL)
    assert "\n> tonal stability" in out
    idea = "cut into 20 segments. 160 times, an average level took the place of about one in ten"
    assert idea in " ".join(out.split())
    assert out.index("\nVerdict on what follows about tonal stability: ") < out.index("rating / 10, beside")
    wanted = ("“burst”, 12.0 s: from 1.0 to 11.0 s", "N = 160", "R² is", "tonal stability most", "fifty clips", "Hz")
    assert [words for words in wanted if words not in out] == []
    assert max(map(len, out.splitlines())) <= 80
    assert not [line for line in out.splitlines() if line != line.rstrip()]
    assert err == ""


def test_what_is_quieter_than_what_hides_it_is_marked(explain, paths, capsys):
    explain(paths["late"], "--at", "0", "--feature", "minorness", "--segments", "grid", "--samples", "200", "--json")
    record = read(capsys)
    quiet = [s["quiet"] for s in record["segments"]]
    assert quiet == [s["mean"] < record["method"]["hide"] for s in record["segments"]]
    assert (min(quiet), max(quiet)) == (False, True)
    assert {s["filled"] for s in record["segments"]} == {1}


@pytest.fixture
def agreeing(monkeypatch):
    """Let halves agree at once, whatever they say."""
    monkeypatch.setattr("mer_utils.samplesize.LEAST_JACCARD", 0)
    monkeypatch.setattr("mer_utils.samplesize.LEAST_CORRELATION", -1)


@pytest.mark.usefixtures("agreeing", "drawn")
def test_a_search_with_few_segments_leaves_a_record_without_nan(explain, paths, capsys, tmp_path):
    words = ["--feature", "minorness", "--samples", "auto", "--json", "--out", str(tmp_path)]
    assert explain(paths["burst"], *words) == 0
    looks = read(capsys)["method"]["looks"]
    assert {look["jaccard"] for look in looks} == {None}  # 20 segments are all among the 30 largest
    assert all(-1 <= look["correlation"] <= 1 for look in looks)


def test_nothing_in_a_record_is_beyond_json_at_any_depth():
    deep = {"a": [{"b": np.float32(np.nan), 3: (np.int64(2), np.inf)}], "c": [True, None, "d", 1.23456789e-9]}
    wanted = {"a": [{"b": None, "3": [2, None]}], "c": [True, None, "d", 1.234568e-9]}
    assert whyrecord.build_plain(deep) == wanted


def test_the_record_tells_p_and_what_the_surrogate_says(explain, paths, drawn, capsys, tmp_path):
    explain(paths["burst"], "--feature", "minorness", "--json", "--out", str(tmp_path))
    record, e = read(capsys), load_explanation(tmp_path / "explanation.safetensors")
    column = MIDLEVEL.index("minorness")
    told = record["features"]["minorness"]
    assert told["intercept"] + sum(s["weight"] for s in record["segments"]) == pytest.approx(
        told["local_prediction"], abs=1e-5
    )
    assert told["mean_over_masks"] == pytest.approx(e.samples.outputs[:, column].mean(), rel=1e-5)
    np.testing.assert_allclose([s["p"] for s in record["segments"]], compute_p_values(e)[:, column], rtol=1e-6)


def test_the_record_tells_r2_by_how_much_fresh_masks_hide(explain, paths, drawn, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(soundwhy, "explain_spectrogram", partial(explain_spectrogram, n_holdout=100))
    explain(paths["burst"], "--feature", "minorness", "--json", "--out", str(tmp_path / "why"))
    shares = read(capsys)["r2_by_share"]
    explanation = load_explanation(tmp_path / "why" / "explanation.safetensors")
    table = compute_fidelity_by_share(explanation)
    assert [share["n"] for share in shares] == [20] * 5
    np.testing.assert_allclose([share["minorness"] for share in shares], table["minorness"], atol=1e-6)
    np.testing.assert_allclose([share["hidden"] for share in shares], table.index, atol=1e-6)
    assert abs(table["minorness"] - explanation.r2_holdout[MIDLEVEL.index("minorness")]).max() > 1e-6


@pytest.mark.parametrize(("hide", "level"), [("silence", 0.0), ("segment-mean", "segment_mean")])
def test_what_hides_a_segment_can_be_chosen_and_is_told(explain, paths, drawn, count, capsys, tmp_path, hide, level):
    words = [paths["burst"], "--feature", "minorness", "--out", str(tmp_path)]
    explain(*words)
    explain(*words, "--hide", hide)
    explain(*words, "--hide", hide, "--json")
    out = capsys.readouterr().out
    record = json.loads(out[out.index("\n{\n") :].rpartition("}")[0] + "}")
    assert record["method"]["hide"] == level
    assert not any(s["quiet"] for s in record["segments"])  # nothing is quieter than that
    assert ("silence took the place" in out) == (hide == "silence")
    assert len(count) == 2


@pytest.mark.parametrize(("mean", "said"), [(0.9, True), (0.1, False)])
def test_answers_made_of_quiet_places_are_said_to_be(explain, paths, monkeypatch, capsys, mean, said):
    monkeypatch.setattr("mer_utils.predictor.OutputFunction.training_mean", mean)
    explain(paths["burst"], "--feature", "minorness")
    out = capsys.readouterr().out
    assert ("Most segments below are quieter than what hides them" in out) == said
    assert said == ("* quieter than what hides it: hiding it adds sound" in out)


@pytest.mark.parametrize(("text", "seconds"), [("83.5", 83.5), ("1:23.5", 83.5), ("0:05", 5.0), ("90:00", 5400.0)])
def test_a_place_is_given_in_seconds_or_in_minutes_too(text, seconds):
    assert arguments.build_parser().parse_args(["explain", "x.wav", "--at", text]).at == seconds


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--at", "1:75"], "'1:75' is neither seconds, such as 83.5, nor a time such as 1:23.5"),
     (["--at", "-1:10"], "'-1:10' is neither"), (["--at", "soon"], "'soon' is neither"),
     (["--samples", "many"], "'many' is neither a whole number of 1 or more nor auto"),
     (["--samples", "0"], "nor auto"), (["--hide", "noise"], "invalid choice: 'noise'")],
)  # fmt: skip
def test_bad_values_are_told_what_is_good(words, said, capsys):
    with pytest.raises(SystemExit):
        arguments.build_parser().parse_args(["explain", "x.wav", "=".join(words)])
    assert said in capsys.readouterr().err


def test_the_window_begins_where_it_is_asked_to(explain, paths, capsys):
    explain(paths["burst"], "--feature", "minorness", "--at", "0.512", "--json")
    record = read(capsys)
    assert record["window"]["start"] == pytest.approx(0.512, abs=1e-6)
    assert record["segments"][0]["start"] == pytest.approx(0.512, abs=1e-6)
    assert record["sentences"]["notes"] == ""


def test_a_window_that_does_not_fit_is_the_last_one_and_said(explain, paths, capsys):
    explain(paths["burst"], "--feature", "minorness", "--at", "9", "--json")
    record = read(capsys)
    assert record["window"]["end"] == pytest.approx(12, abs=0.05)
    assert record["sentences"]["notes"] == "No whole window begins at 9 s: this is the last one."


def test_a_short_file_is_repeated_and_that_is_said(explain, paths, capsys):
    assert explain(paths["short"], "--feature", "minorness") == 0
    assert "is a repetition" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize("emotion", ["anger", "tender"])
def test_an_emotion_is_traced_to_its_largest_contribution(explain, net, paths, yardstick, emotion, capsys):
    from mer_utils.layers import build_layer
    from mer_utils.networks import load_network

    explain(paths["burst"], "--emotion", emotion, "--json")
    record = read(capsys)
    heard = np.array([record["features"][name]["heard"] for name in MIDLEVEL])
    weights = build_layer(load_network(net).network).weights[EMOTIONS.index(emotion)]
    wanted = int(np.abs(weights * (heard - yardstick.mean)).argmax())
    assert record["feature"] == MIDLEVEL[wanted]
    assert f"The largest part is that of {record['feature']}" in record["sentences"]["choice"]
    own = {s["segment"]: (s[emotion], s["weight"]) for s in record["segments"]}
    assert all(x == pytest.approx(y * weights[wanted], abs=2e-6) for x, y in own.values())
    assert max(abs(x) for x, _ in own.values()) > 1e-3


def test_a_feature_may_be_asked_for_beside_an_emotion(explain, paths, capsys):
    explain(paths["burst"], "--emotion", "fear", "--feature", "articulation", "--json")
    record = read(capsys)
    assert (record["feature"], record["emotion"]) == ("articulation", "fear")
    assert "of articulation, " in record["sentences"]["choice"]


def test_the_most_unusual_feature_is_taken_by_rank_then_by_distance(yardstick):
    ordinary = yardstick.midlevel.median().to_numpy()
    about = {"reference": yardstick, "layer": None}
    assert soundwhy.select_feature(ordinary + np.eye(7)[2] / 10 - np.eye(7)[4] / 20, **about) == MIDLEVEL[2]
    beyond_all = ordinary + np.eye(7)[2] - 2 * np.eye(7)[4]
    assert soundwhy.select_feature(beyond_all, **about) == MIDLEVEL[4]


def test_what_is_unusual_is_told(explain, paths, capsys):
    explain(paths["burst"], "--json")
    record = read(capsys)
    ranks = {name: abs(values["rank"] - 0.5) for name, values in record["features"].items()}
    assert ranks[record["feature"]] == max(ranks.values())
    assert record["sentences"]["choice"].startswith(f"Of the seven, {record['feature']} is the most unusual")


def test_a_folder_gets_all_files_and_the_record_that_is_printed(explain, paths, capsys, tmp_path):
    assert explain(paths["short"], "--feature", "minorness", "--out", str(tmp_path / "why"), "--json") == 0
    record = read(capsys)
    assert json.loads((tmp_path / "why" / "explanation.json").read_text()) == record
    pictures = {f"{name}.png" for name in ("explanation", "weights", "selection", "fidelity")}
    others = {"explanation.json", "explanation.safetensors", *record["sounds"]}
    assert {path.name for path in (tmp_path / "why").iterdir()} == pictures | others
    method = {name: record["method"][name] for name in ("n_samples", "seed", "complete", "segmentation")}
    assert method == {"n_samples": 160, "seed": 0, "complete": True, "segmentation": "time"}
    assert record["features"]["minorness"]["verdict"] in ("holds", "weak", "do not trust")


def test_pictures_carry_what_was_explained_and_the_verdict(explain, paths, monkeypatch, capsys, tmp_path):
    from matplotlib.figure import Figure

    said = []
    monkeypatch.setattr(whyfiles, "_plot_all", lambda why: {"one": Figure()})
    monkeypatch.setattr(whyfiles, "build_png", lambda fig: said.append(fig.get_suptitle()) or b"")
    explain(paths["burst"], "--feature", "minorness", "--json", "--out", str(tmp_path))
    verdict = read(capsys)["features"]["minorness"]["verdict"]
    assert said == [f"burst, 1.0–11.0 s, net net, N = 160; minorness: {verdict}"]


@pytest.fixture
def count(explain, monkeypatch):
    """Count how often something is explained."""
    calls = []

    def counted(*args, **options):
        calls.append(options)
        return few(*args, **options)

    few = soundwhy.explain_spectrogram
    monkeypatch.setattr(soundwhy, "explain_spectrogram", counted)
    return calls


def test_the_same_question_is_answered_from_the_folder(explain, paths, drawn, count, capsys, tmp_path):
    words = ["--out", str(tmp_path / "why"), "--json", "--samples", "161"]  # an odd number
    explain(paths["short"], "--feature", "minorness", *words)
    first = read(capsys)
    explain(paths["short"], "--feature", "minorness", *words)
    out, err = capsys.readouterr()
    assert json.loads(out) == first
    assert "holds this explanation: it is not computed anew" in err
    explain(paths["short"], "--emotion", "anger", *words)  # of another feature too
    assert len(count) == 1


@pytest.mark.parametrize(
    "other",
    [["--seed", "1"], ["--samples", "240"], ["--samples", "auto"], ["--segments", "bands"], ["--at", "1"],
     ["--segments", "felzenszwalb", "--paper", "--samples", "400"]],
)  # fmt: skip
@pytest.mark.usefixtures("agreeing")
def test_another_question_is_not(explain, paths, drawn, count, tmp_path, other):
    words = [paths["short"], "--feature", "minorness", "--out", str(tmp_path / "why")]
    explain(*words)
    explain(*words, *other)
    explain(*words, *other)
    assert len(count) == 2


def test_another_sound_is_not_and_neither_is_a_damaged_file(explain, paths, drawn, count, tmp_path):
    words = ["--feature", "minorness", "--out", str(tmp_path / "why")]
    explain(paths["short"], *words)
    explain(paths["burst"], *words)
    (tmp_path / "why" / "explanation.safetensors").write_bytes(b"damaged")
    explain(paths["burst"], *words)
    assert len(count) == 3


def test_the_way_of_the_papers_is_told_apart(explain, paths, count, capsys):
    explain(paths["short"], "--feature", "minorness", "--paper", "--segments", "felzenszwalb", "--samples", "400")
    assert "p / |weight| < 1e-05" in capsys.readouterr().out
    assert (count[0]["kernel_width"], count[0]["ridge"], count[0]["design"]) == (0.25, 1.0, "bernoulli")


@pytest.mark.parametrize(("paper", "size"), [(True, 50_000), (False, 3000)])
def test_default_sizes(paper, size):
    assert soundwhy.Settings(paper=paper).size == size


def interrupt_after(monkeypatch, n):
    """Let somebody press Ctrl-C once the net was asked ``n`` times."""
    from mer_utils.sampling import Sampler

    take, asked = Sampler.take, []

    def stop(self, *args):
        if len(asked) == n:
            raise KeyboardInterrupt
        asked.append(args)
        return take(self, *args)

    monkeypatch.setattr(Sampler, "take", stop)


def test_who_stops_it_gets_what_there_is(explain, paths, drawn, monkeypatch, capsys, tmp_path):
    interrupt_after(monkeypatch, 2)
    words = [paths["short"], "--feature", "minorness", "--samples", "300", "--out", str(tmp_path / "why")]
    assert explain(*words) == 130
    out, err = capsys.readouterr()
    assert "N = 128, stopped early" in out.replace("\n", " ")
    assert "stopped after 128 samples" in err
    assert not load_explanation(tmp_path / "why" / "explanation.safetensors").complete
    assert json.loads((tmp_path / "why" / "explanation.json").read_text())["method"]["complete"] is False


def test_a_part_never_replaces_a_complete_explanation(explain, paths, drawn, monkeypatch, capsys, tmp_path):
    folder = tmp_path / "why"
    words = [paths["short"], "--feature", "minorness", "--out", str(folder)]
    explain(*words)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    capsys.readouterr()
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        assert explain(*words, "--samples", "300") == 130
    assert {name: (folder / name).read_bytes() for name in before} == before
    parts = {path.name for path in folder.iterdir()} - set(before)
    assert {"explanation-part.safetensors", "explanation-part.json", "original-part.wav"} <= parts
    assert all("-part." in name for name in parts)
    assert not load_explanation(folder / "explanation-part.safetensors").complete
    said = f"mer: {folder}: kept the complete explanation; the part is in explanation-part.safetensors\n"
    assert capsys.readouterr().err.startswith(said)


def test_what_is_replaced_is_said(explain, paths, drawn, capsys, tmp_path):
    folder = tmp_path / "why"
    words = ["--feature", "minorness", "--out", str(folder)]
    explain(paths["short"], *words)
    assert capsys.readouterr().err == ""
    explain(paths["burst"], *words)
    said = f"mer: {folder}: replaces an explanation of short from 0.0 s (N = 160)\n"
    assert capsys.readouterr().err == said
    (folder / "explanation.json").unlink()
    explain(paths["burst"], *words, "--seed", "1")
    assert "replaces an explanation of a sound from 1.0 s (N = 160)" in capsys.readouterr().err


def test_what_was_stopped_is_computed_anew(explain, paths, drawn, count, monkeypatch, tmp_path):
    words = [paths["short"], "--feature", "minorness", "--samples", "200", "--out", str(tmp_path / "why")]
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        assert explain(*words) == 130
    assert explain(*words) == 0
    assert len(count) == 2


def test_who_stops_it_too_soon_gets_nothing(explain, paths, monkeypatch, capsys, tmp_path):
    interrupt_after(monkeypatch, 0)
    assert explain(paths["short"], "--feature", "minorness", "--out", str(tmp_path / "why")) == 130
    err = capsys.readouterr().err
    assert err.startswith("mer: stopped: ")
    assert ("samples" in err, err.count("\n")) == (True, 1)
    assert not (tmp_path / "why").exists()


@pytest.mark.parametrize(
    ("sound", "words", "said"),
    [
        ("notes", [], "is not audio"),
        ("silent", [], "is silent: there is nothing to explain"),
        ("tiny", [], "lasts 0.5 ms, less than a single frame (93 ms)"),
        ("late", ["--at", "12"], "is silent from 12.0 to 22.0 s: choose another moment"),
        ("burst", ["--at", "12"], "lasts 12.0 s, so that nothing begins at 12 s"),
        ("burst", ["--samples", "20"], "20 samples are too few for 20 segments"),
        ("burst", ["--paper"], "--paper means felzenszwalb segments"),
    ],
)
def test_bad_input_is_one_line(explain, paths, capsys, sound, words, said):
    assert explain(paths[sound], *words) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert (out, err.count("\n")) == ("", 1)


def test_a_missing_file_gets_a_guess(explain, paths, capsys):
    assert explain(paths["burst"].replace("burst", "brust")) == 2
    assert "did you mean burst.wav?" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_refused_at_once(explain, paths, count, capsys):
    assert explain(paths["burst"], "--out", paths["notes"]) == 2
    assert "is a file, not a folder" in capsys.readouterr().err
    assert count == []


def test_a_place_where_no_folder_can_be_made_is_refused_too(explain, paths, count, monkeypatch, capsys, tmp_path):
    def refuse(self, *args, **options):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    assert explain(paths["burst"], "--out", str(tmp_path / "x")) == 2
    assert "x cannot be made (No such file or directory): choose another folder" in capsys.readouterr().err
    assert count == []


def test_a_look_whether_a_folder_can_be_made_leaves_nothing(tmp_path):
    answerfolders.check_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def store(tmp_path):
    """Store an untrained net of a scheme."""

    def build(scheme):
        path = tmp_path / f"{scheme}.safetensors"
        save_network(path, TrainedNetwork(build_network(scheme, width=2).eval(), (0.4, 0.3), {}, {}, 0, {}, {}))
        return str(path)

    return build


@pytest.mark.parametrize(
    ("scheme", "words", "said"),
    [("a2e", [], "has no 'midlevel', only emotion"), ("a2b2e", [], "has no 'midlevel'"),
     ("a2mid", ["--emotion", "anger"], "no sums of named features"),
     ("multitask", ["--emotion", "anger"], "no sums of named features")],
)  # fmt: skip
def test_a_net_that_cannot_answer_is_refused(explain, paths, store, capsys, scheme, words, said):
    assert explain(paths["burst"], "--net", store(scheme), *words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("scheme", ["a2mid", "multitask"])
def test_emotions_are_not_needed_unless_one_is_asked_for(
    explain, paths, store, yardstick, monkeypatch, capsys, scheme
):
    heard = {"midlevel": yardstick.midlevel * 10}
    monkeypatch.setattr("mer_utils.evaluation.predict_tracks", lambda *args, **options: heard)
    assert explain(paths["burst"], "--net", store(scheme), "--json") == 0
    record = read(capsys)
    values = record["features"]["minorness"]
    assert values["rank"] == pytest.approx((yardstick.midlevel["minorness"] < values["heard"]).mean())
    assert record["reference"] == (
        "fifty clips" if scheme == "multitask" else "the 2000 clips of the generated corpus"
    )


@pytest.mark.parametrize(
    ("option", "word", "guess"),
    [("--feature", "rythmic-stability", "rhythmic stability"), ("--emotion", "angry", "anger"),
     ("--segments", "felsenszwalb", "felzenszwalb")],
)  # fmt: skip
def test_typing_errors_get_a_guess(explain, option, word, guess, capsys):
    with pytest.raises(SystemExit) as stop:
        explain("x.wav", option, word)
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith(f"did you mean {guess}?\n")


def test_all_segmentations_that_need_only_a_sound_are_offered():
    alone = [name for name, method in METHODS.items() if None not in method.options.values()]
    assert list(arguments._SEGMENTATIONS) == alone


def test_what_raises_and_what_lowers_can_be_heard(explain, paths, capsys, tmp_path):
    words = ["--feature", "minorness", "--segments", "bands", "--out", str(tmp_path / "why")]
    explain(paths["short"], *words, "--json")
    told = read(capsys)["sounds"]
    assert list(told) == ["original.wav", "raises.wav", "lowers.wav"]
    sounds = {name: soundfile.read(tmp_path / "why" / name)[0] for name in told}
    source = soundfile.read(paths["short"])[0]
    np.testing.assert_allclose(sounds["original.wav"], source / np.abs(source).max(), atol=1e-4)
    whole, level = sounds["original.wav"], compute_level
    levels = {name: level(y) - level(whole) for name, y in sounds.items()}
    assert {name: about["level"] for name, about in told.items()} == pytest.approx(levels, abs=0.05)
    assert max(levels["raises.wav"], levels["lowers.wav"]) < 0 > told["raises.wav"]["leak"]
    # 20 bands, of which those below 5 % of the largest weight are left out
    assert level(sounds["raises.wav"] + sounds["lowers.wav"] - whole) < level(whole) - 30
    assert level(max(sounds["raises.wav"], sounds["lowers.wav"], key=level) - whole) > level(whole) - 30


def test_what_cannot_be_heard_has_no_file_and_that_is_said(explain, paths, drawn, monkeypatch, capsys, tmp_path):
    from mer_utils import whysounds
    from mer_utils.listening import Rendering

    render = whysounds.render_explanation
    silent = Rendering(np.zeros(9, np.float32), "negative only", -np.inf, np.nan)
    words = [paths["short"], "--feature", "minorness", "--out", str(tmp_path)]
    explain(*words)
    assert "lowers.wav, what lowers minorness (" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "lowers.wav").exists()
    monkeypatch.setattr(
        whysounds, "render_explanation",
        lambda *args, mode, **options: silent if mode == "negative only" else render(*args, mode=mode, **options),
    )  # fmt: skip
    explain(*words)
    said = " ".join(capsys.readouterr().out.split())
    assert "no lowers.wav, for none of them that one hears lowers minorness" in said
    assert not (tmp_path / "lowers.wav").exists()


@pytest.mark.parametrize(("hide", "told"), [("training-mean", True), ("segment-mean", True), ("silence", False)])
def test_who_hears_silence_where_weights_were_found_with_another_filling_is_told(
    explain, paths, drawn, capsys, tmp_path, hide, told
):
    explain(paths["short"], "--feature", "minorness", "--hide", hide, "--out", str(tmp_path / "why"))
    said = " ".join(capsys.readouterr().out.split())
    assert ("filled, not silent as it is here: --hide silence asks about what one hears" in said) == told


def test_without_a_folder_there_is_nothing_to_hear(explain, paths, capsys):
    explain(paths["short"], "--feature", "minorness")
    assert "To hear" not in capsys.readouterr().out
