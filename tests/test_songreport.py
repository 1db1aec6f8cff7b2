"""Two songs beside each other: the text adds up, fits a terminal and says what it cannot tell; record and figures."""

import json
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mer_utils import songpairs
from mer_utils import songreport as module
from mer_utils.predictor import Prediction, TrackPrediction
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference
from mer_utils.regression import LinearModel
from mer_utils.songpairs import build_comparison
from mer_utils.songs import HeardSong, SongError

RNG = np.random.default_rng(0)
LAYER = LinearModel(RNG.normal(0, 0.4, (8, 7)), RNG.normal(0, 0.1, 8), MIDLEVEL, EMOTIONS)
HEARD = pd.DataFrame(RNG.uniform(0.2, 0.9, (60, 7)), columns=list(MIDLEVEL))
REFERENCE = Reference(HEARD, pd.DataFrame(LAYER.predict(HEARD), columns=list(EMOTIONS)), "sixty clips")
FIRST, SECOND = np.linspace(0.3, 0.7, 7), np.array([0.6, 0.5, 0.45, 0.5, 0.3, 0.66, 0.1])


def feel(midlevel):
    return midlevel @ LAYER.weights.T + LAYER.bias


def build_song(title, midlevel, *, jitter=0.0, seconds=183.0, level=-12.0):
    """Build a song of two windows that differ by ``jitter`` from their mean, or of one if that is 0."""
    windows = midlevel + jitter * np.array([[1.0], [-1.0]][: 1 + (jitter > 0)])
    prediction = TrackPrediction(midlevel, feel(midlevel), Prediction(windows, feel(windows)), None)
    prediction = prediction._replace(starts=5.0 * np.arange(len(windows)))
    return HeardSong(
        title, prediction, pd.Series({"level (dB)": level, "key": "none"}, dtype=object), seconds, np.zeros(1)
    )


def compare(one=None, other=None, **options):
    songs = [one or build_song("cash", FIRST, jitter=0.05), other or build_song("nin", SECOND, jitter=0.01)]
    return build_comparison(songs, layer=LAYER, reference=REFERENCE, **options)


def describe(*songs, **options):
    return module.describe_comparison(compare(*songs, **options), net="joint")


def find(text, name):
    """Find the numbers, spreads left out, of the line that begins with a name."""
    line = next(line for line in text.splitlines() if line.startswith(f"  {name} "))
    return [float(word) for word in line.partition("|")[0].removeprefix(f"  {name}").split() if word[0] not in "±█"]


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_parts_in_the_text_add_up_to_the_difference(emotion):
    table, parts = describe(emotion=emotion).split(f"\n\n{emotion}: ")
    first, second, difference = find(table, emotion)
    added = [find(parts, name)[0] for name in MIDLEVEL]
    assert sum(added) == pytest.approx(difference, abs=0.004)
    assert sum(added[1:]) != pytest.approx(difference, abs=0.004)
    assert find(parts, "together") == [difference]
    assert second - first == pytest.approx(difference, abs=0.011)


def test_spreads_stand_beside_their_songs_and_scores_above_their_parts():
    text = describe(emotion="fear")
    row = next(line for line in text.splitlines() if line.startswith("  articulation"))
    assert [word for word in row.split() if word[0] == "±"] == ["±0.05", "±0.01"]
    one, two = (feel(x)[EMOTIONS.index("fear")] for x in (FIRST, SECOND))
    assert f"\nfear: A {one:.3f}, B {two:.3f}; " in text
    assert "\n\n\n" not in text


def test_bars_are_sorted_and_grow_with_the_parts_from_zero():
    comparison = compare(emotion="tension")
    rows = [line for line in module.describe_comparison(comparison, net="joint").splitlines() if "|" in line]
    parts = comparison.parts.loc["tension"]
    assert [row[2:24].strip() for row in rows] == list(parts.abs().sort_values(ascending=False).index)
    for row in rows:
        part = parts[row[2:24].strip()]
        assert row.count("█") == round(20 * abs(part) / parts.abs().max())
        assert row.rstrip("█")[-1] == "|" if part > 0 else row[-1] == "|"


@pytest.mark.parametrize("title", ["cash", "word " * 30, "x" * 100])
def test_a_comparison_fits_a_terminal(title):
    lines = describe(build_song(title, FIRST)).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) < 80


def test_the_emotion_that_differs_most_is_explained_unless_another_is_asked_for():
    difference = np.abs(feel(SECOND) - feel(FIRST)) / REFERENCE.emotion.std()
    assert compare().emotion == EMOTIONS[int(difference.argmax())]
    assert compare(emotion="sad").emotion == "sad"


@pytest.mark.parametrize(("factor", "said"), [(1.05, True), (0.95, False), (0, False)])
def test_less_than_what_a_song_varies_by_is_said_to_be(factor, said):
    row = EMOTIONS.index("energy")
    difference = abs(feel(SECOND) - feel(FIRST))[row]
    jitter = factor * difference / abs(LAYER.weights[row].sum())
    text = describe(
        *(build_song(name, x, jitter=jitter) for name, x in (("a", FIRST), ("b", SECOND))), emotion="energy"
    )
    assert ("From window to window the energy score varies by more than these" in text) is said
    assert (f"{factor * difference:.3f} in “a”" in text.replace("\n", " ")) is said


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("factor", "said"), [(1.05, True), (0.95, False)])
def test_unequal_spreads_count_by_their_root_mean_square(factor, said, order):
    row = EMOTIONS.index("energy")
    jitter = factor * abs(feel(SECOND) - feel(FIRST))[row] / abs(LAYER.weights[row].sum())
    songs = [build_song("a", FIRST, jitter=0.6 * jitter), build_song("b", SECOND, jitter=np.sqrt(2 - 0.6**2) * jitter)]
    assert ("From window to window the energy score" in describe(*songs[::order], emotion="energy")) is said


def test_the_spread_of_one_song_is_enough_to_doubt_a_difference():
    text = describe(build_song("a", FIRST), build_song("b", SECOND, jitter=0.2), emotion="energy")
    assert "in “b”." in text
    assert "in “a”" not in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seconds": 183.4}, "“x”, 3:03 min, 1 window"),
        ({"seconds": 59.7}, "“x”, 1:00 min, 1 window"),
        ({"seconds": 12.0, "jitter": 0.1}, "“x”, 12.0 s, 2 windows"),
        ({"seconds": 0.2}, "“x”, 0.2 s, repeated to fill 10 s, 1 window"),
        ({"level": np.nan}, "SILENT"),
    ],
)
def test_what_is_special_about_a_song_is_said(options, said):
    assert said in describe(build_song("x", FIRST, **options))


def test_sentences_are_those_of_the_effects_with_their_doubts():
    doubts = pd.DataFrame(False, list(EMOTIONS), list(MIDLEVEL))
    doubts.loc["anger"] = True
    text = describe(emotion="anger", doubts=doubts).replace("\n", " ")
    assert "“nin” sounds" in text
    assert text.count("of sixty clips") == 2
    assert "sign in doubt" in text
    assert "in doubt" not in describe(emotion="fear", doubts=doubts).replace("\n", " ")


def test_letters_are_never_the_same():
    assert [songpairs._build_letter(n) for n in (0, 1, 25, 26)] == ["A", "B", "Z", "A1"]
    assert len({songpairs._build_letter(n) for n in range(200)}) == 200


def test_a_record_holds_everything_and_adds_up():
    songs = [
        build_song(name, x, level=np.nan)
        for name, x in zip("abc", (FIRST, SECOND, HEARD.loc[0].to_numpy()), strict=True)
    ]
    pairs = [build_comparison(songs, n, layer=LAYER, reference=REFERENCE, emotion="sad") for n in (1, 2)]
    record = json.loads(json.dumps(module.build_comparison_record(pairs, net="joint"), allow_nan=False))
    assert [song["title"] for song in record["songs"]] == ["a", "b", "c"]
    assert record["songs"][0]["descriptors"] == {"level (dB)": None, "key": "none"}
    assert (record["net"], record["scale"], record["reference"]) == ("joint", "rating / 10", "sixty clips")
    for pair, second in zip(record["comparisons"], "bc", strict=True):
        assert (pair["first"], pair["second"], pair["emotion"]) == ("a", second, "sad")
        assert list(pair["parts"]) == list(pair["sentences"]) == list(EMOTIONS)
        for emotion, parts in pair["parts"].items():
            assert sum(parts.values()) == pytest.approx(pair["difference"][emotion], abs=5e-5)
            assert sum(parts.values()) + 1e-4 != pytest.approx(pair["difference"][emotion], abs=5e-5)


def test_a_record_says_of_every_emotion_what_is_said_of_it_alone():
    comparison = compare(build_song("a", FIRST, seconds=12.3456))
    record = module.build_comparison_record([comparison], net="joint")
    assert record["songs"][0]["seconds"] == 12.346
    for emotion, said in record["comparisons"][0]["sentences"].items():
        assert said == songpairs.build_sentences(comparison, emotion)
        assert all(emotion in text or not text for text in said.values())
        assert "“a”" in said["first"]
        assert "“nin”" in said["second"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("title", ["$_{b$ \\x", "_下" + "x" * 100])
def test_figures_are_drawn_whatever_a_song_is_called(tmp_path, title):
    paths = module.save_comparison(tmp_path / "new", compare(other=build_song(title, SECOND)))
    assert [path.name for path in paths] == ["comparison_AB.png", "effects_AB.png"]
    assert sorted((tmp_path / "new").iterdir()) == paths
    assert all(np.ptp(np.asarray(Image.open(path).convert("L"))) > 200 for path in paths)


def test_figures_show_the_songs_under_their_letters(tmp_path, monkeypatch):
    shown = {}

    def draw(kind):
        return lambda *args, **options: shown.update({kind: (args, options)}) or (Figure(), None)

    for kind in ("plot_comparison", "plot_effects"):
        monkeypatch.setattr(f"mer_utils.effectplots.{kind}", draw(kind))
    doubts = pd.DataFrame(True, list(EMOTIONS), list(MIDLEVEL))
    module.save_comparison(tmp_path, compare(emotion="fear", doubts=doubts))
    (heard, parts), options = shown["plot_comparison"]
    assert (options["emotion"], options["doubts"] is doubts) == ("fear", True)
    assert list(heard.index) == list(options["spread"].index) == ["A cash", "B nin"]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(feel(SECOND) - feel(FIRST))
    (effects,), options = shown["plot_effects"]
    assert effects.sum(axis=2) + LAYER.bias == pytest.approx(REFERENCE.emotion.to_numpy())
    assert options["songs"]["B nin"].sum(axis=1) + LAYER.bias == pytest.approx(feel(SECOND))


@pytest.mark.filterwarnings("error")
def test_a_song_can_be_compared_with_itself(tmp_path):
    twin = replace(build_song("cash", FIRST, jitter=0.05), title="cash (2)")
    text = describe(None, twin)
    assert "hardly differ" in text
    assert "-0.000" not in text
    assert "█" not in text
    before = plt.get_fignums()
    assert len(module.save_comparison(tmp_path, compare(None, twin))) == 2
    assert plt.get_fignums() == before


@pytest.mark.parametrize("number", [0, -1, 2])
def test_a_song_is_compared_with_another_one(number):
    songs = [build_song("cash", FIRST), build_song("nin", SECOND)]
    with pytest.raises(SongError, match="the first of 2 songs"):
        build_comparison(songs, number, layer=LAYER, reference=REFERENCE)
