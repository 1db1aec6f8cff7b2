"""Pieces of HTML: any text stays text, pictures and players hold what they were given, and numbers are those given."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from bs4 import BeautifulSoup
from fakesounds import SR, build_noise, build_tones, compute_level

from mer_utils import explorerhtml
from mer_utils.explorerhtml import (
    STYLE,
    render_alert,
    render_card,
    render_comparison,
    render_note,
    render_picture,
    render_players,
    render_ratings,
    render_sentences,
    render_small,
    render_trust,
)
from mer_utils.ratings import EMOTIONS, MIDLEVEL

NAMES = (*MIDLEVEL, *EMOTIONS)
HARSH = "<img src=x onerror=alert(1)> \"'/onload='alert(2)' &lt;b&gt; & $\\x$ </p></style><script>1</script>"
TONES = build_tones(440, seconds=0.5)
TABLE = pd.DataFrame({"value": np.linspace(-0.1, 1.1, 15), "mean": 0.5, "rank": np.linspace(0, 1, 15)}, NAMES)
TABLE["level"] = "high"


def parse(text):
    return BeautifulSoup(text, "html.parser")


def list_elements(text):
    """Names and attributes of all elements; of attributes only the names."""
    return [(element.name, sorted(element.attrs)) for element in parse(text).find_all()]


def trust(word):
    return dict.fromkeys(("answer", "meaning", "stability", "fidelity", "selection"), word)


PIECES = {
    "picture": lambda word: render_picture(b"png", word),
    "players": lambda word: render_players({word: TONES}),
    "sentences": lambda word: render_sentences(word, word),
    "note": render_note,
    "alert": render_alert,
    "small": render_small,
    "label": lambda word: render_ratings(TABLE, chosen=("anger",), label=word),
    "names": lambda word: render_ratings(TABLE.rename({"sad": word}), chosen=(word,), label="x"),
    "trust": lambda word: render_trust(trust(word)),
    "card": lambda word: render_card(word, ""),
    "comparison": lambda word: render_comparison(word, "", []),
}


@pytest.mark.parametrize("name", PIECES)
def test_any_text_stays_text(name):
    render = PIECES[name]
    assert list_elements(render(HARSH)) == list_elements(render("word"))
    attributes = [value for element in parse(render(HARSH)).find_all() for value in element.attrs.values()]
    assert HARSH in parse(render(HARSH)).text or any(HARSH in value for value in attributes)


def test_text_that_is_not_escaped_would_be_noticed(monkeypatch):
    monkeypatch.setattr(explorerhtml.html, "escape", str)
    assert [
        name for name, render in PIECES.items() if list_elements(render(HARSH)) == list_elements(render("a"))
    ] == []


def test_pictures_hold_their_bytes_and_their_words():
    [picture] = parse(render_picture(bytes(range(256)), HARSH)).find_all()
    assert (picture.name, picture["alt"]) == ("img", HARSH)
    assert base64.b64decode(picture["src"].removeprefix("data:image/png;base64,")) == bytes(range(256))


def test_styles_close_their_element_and_ask_no_machine():
    [style] = parse(STYLE).find_all()
    assert style.name == "style"
    assert not re.search(r"url\(|@import|//", STYLE)


# Players


def read_players(text):
    """Give what is written beside each player and the sound in it, in order."""
    figures = parse(text).find_all("figure")
    data = [base64.b64decode(f.audio["src"].removeprefix("data:audio/ogg;base64,")) for f in figures]
    return [(f.figcaption.text, sf.read(io.BytesIO(d))) for f, d in zip(figures, data, strict=True)]


def read_said(caption):
    """Give the label, seconds and decibels in a caption."""
    label, seconds, level = re.fullmatch(r"(.*) \(([\d.]+) s, (-?\d+) dB\)", caption).groups()
    return label, float(seconds), float(level)


GROUPS = {
    "as they are": {"a": 0.5 * TONES, "b": 0.05 * TONES},
    "lowered": {"a": 4 * TONES, "b": 0.3 * TONES},
}


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_written_beside_players_is_true_of_their_sounds(group):
    for (caption, (y, rate)), (name, given) in zip(
        read_players(render_players(GROUPS[group])), GROUPS[group].items(), strict=True
    ):
        label, seconds, level = read_said(caption)
        assert (label, rate, len(y)) == (name, SR, len(given))
        assert seconds == pytest.approx(len(y) / rate, abs=0.0501)
        assert abs(level - compute_level(y)) < 0.6  # half a decibel by rounding, a tenth by the codec
        assert abs(level - compute_level(1.2 * y)) > 0.6


def compute_ratios(sounds):
    """Levels beside that of the first sound, as factors."""
    return [np.sqrt(np.mean(np.square(y)) / np.mean(np.square(sounds[0]))) for y in sounds]


@pytest.mark.parametrize("group", GROUPS)
def test_players_share_one_gain(group):
    given = list(GROUPS[group].values())
    heard = [y for _, (y, _) in read_players(render_players(GROUPS[group]))]
    assert compute_ratios(heard) == pytest.approx(compute_ratios(given), rel=0.01)
    alone = [read_players(render_players({"x": y * gain}))[0][1][0] for y, gain in zip(given, (1, 1.02), strict=True)]
    assert compute_ratios(alone) != pytest.approx(compute_ratios(given), rel=0.01)


def test_what_would_clip_is_lowered_and_by_how_much_is_said():
    text = render_players(GROUPS["lowered"])
    said = float(re.search(r"lowered by ([\d.]+) dB", parse(text).text)[1])
    (_, (y, _)), *_ = read_players(text)
    assert compute_level(4 * TONES) - compute_level(y) == pytest.approx(said, abs=0.6)
    assert compute_level(3 * TONES) - compute_level(y) != pytest.approx(said, abs=0.6)
    assert "lowered" not in render_players(GROUPS["as they are"])


@pytest.mark.parametrize("y", [TONES / abs(TONES).max(), build_noise(1), 4 * TONES], ids=["tone", "noise", "loud"])
def test_no_player_clips(y):
    [(_, (heard, _))] = read_players(render_players({"x": y}))
    assert abs(heard).max() <= 1


def test_silence_is_said_and_nothing_is_no_player():
    text = render_players({"quiet": np.zeros(SR, np.float32)})
    assert parse(text).figcaption.text == "quiet (1.0 s, silence)"
    assert read_players(render_players({})) == []


def test_players_are_named_for_screen_readers_and_do_not_start_by_themselves():
    players = parse(render_players({"a": TONES, HARSH: TONES})).find_all("audio")
    assert [player["aria-label"] for player in players] == ["a", HARSH]
    assert all("controls" in player.attrs and "autoplay" not in player.attrs for player in players)


def test_another_sound_is_another_player_and_the_same_one_the_same():
    assert render_players({"a": TONES}) == render_players({"a": TONES})
    assert render_players({"a": TONES}) != render_players({"a": TONES * 0.5})


# Numbers


def read_rows(text):
    return [[cell.text for cell in row.find_all(("th", "td"))] for row in parse(text).tbody.find_all("tr")]


def test_ratings_are_those_of_the_table():
    rows = read_rows(render_ratings(TABLE, chosen=(), label="x"))
    assert [row[0] for row in rows] == list(NAMES)
    numbers = np.array([[float(cell.strip("%")) for cell in row[1:4]] for row in rows]) / (1, 1, 100)
    np.testing.assert_allclose(numbers, TABLE.to_numpy()[:, :3].astype(float), atol=0.00501)
    assert abs(numbers - TABLE.to_numpy()[:, :3].astype(float) - 0.01).max() > 0.00501


def test_bars_are_ranks_and_chosen_rows_are_stressed():
    rows = parse(render_ratings(TABLE, chosen=("anger", "articulation"), label="x")).tbody.find_all("tr")
    assert [float(row.meter["value"]) for row in rows] == pytest.approx(TABLE["rank"].to_list(), abs=0.0006)
    stressed = [row.th.text for row in rows if "mer-chosen" in row.get("class", "")]
    assert stressed == ["articulation", "anger"]


@pytest.mark.parametrize("column", ["value", "mean"])
def test_no_rating_is_minus_nothing(column):
    assert "-0.00" not in render_ratings(TABLE.assign(**{column: -0.001}), chosen=(), label="x")


def test_whose_tracks_are_meant_is_said_and_read_out():
    text = parse(render_ratings(TABLE, chosen=(), label="40 tracks"))
    assert "among 40 tracks" in text.table["aria-label"]
    assert "among 40 tracks" in text.p.text


def test_nothing_is_higher_than_all_tracks_unless_it_is():
    rows = read_rows(render_ratings(TABLE.assign(rank=0.9995), chosen=(), label="x"))
    assert rows[0][3] != "100%"


def test_the_verdict_is_seen_before_its_reasons_are_unfolded():
    said = {name: name.upper() for name in trust("")}
    shown = parse(render_trust(said))
    assert "open" not in shown.details.attrs
    assert shown.p.text == "Can one trust it? ANSWER MEANING STABILITY"
    assert [p.text for p in shown.details.find_all("p")] == ["FIDELITY", "SELECTION"]


def test_notes_are_read_out_and_empty_sentences_are_left_out():
    assert parse(render_note("x")).p["role"] == "status"
    assert [p.text for p in parse(render_sentences("a", "", "b")).find_all("p")] == ["a", "b"]


def test_comparisons_hold_their_cards_and_their_picture():
    cards = [render_card(title, render_sentences(title.upper())) for title in ("a", "b")]
    shown = parse(render_comparison("said", render_picture(b"x", "y"), cards))
    assert [(s.h3.text, s.p.text) for s in shown.find_all("section")] == [("a", "A"), ("b", "B")]
    assert (len(shown.find_all("img")), shown.p.text) == (1, "said")
