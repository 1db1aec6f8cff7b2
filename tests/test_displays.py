"""Figures and sounds that notebooks show: saved where players look for them, at levels that do not lie."""

import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mer_utils.audio import load_audio
from mer_utils.displays import compute_level, describe_findings, describe_versions, save_figure, save_sounds

TONE = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050).astype(np.float32)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MER_BUILD", str(tmp_path))
    return tmp_path / "figures"


def test_a_figure_is_saved_and_closed(folder):
    fig = plt.subplots()[0]
    assert plt.fignum_exists(fig.number)
    shown = save_figure(fig, "01_ratings", profile="smoke", caption="r = .5")
    assert (folder / "01_ratings.png").read_bytes() == shown.png
    assert not plt.fignum_exists(fig.number)


def test_jupyter_shows_picture_then_caption(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda *things, **options: seen.append(things[0]))
    save_figure(plt.subplots()[0], "01_ratings", profile="smoke", caption="r = .5")._ipython_display_()
    assert seen[0]["text/plain"] == "figure 01_ratings"
    assert seen[1].data == "r = .5"


@pytest.mark.parametrize("name", ["ratings", "1_ratings", "01_Ratings", "01_../x", "01_"])
def test_names_begin_with_the_notebook_number(name):
    with pytest.raises(ValueError, match="number and small words"):
        save_sounds(name, {"a": TONE}, profile="smoke")


def players(html):
    """Sources of the audio elements."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append(dict(attributes)["src"]) if tag == "audio" else None
    parser.feed(html)
    return found


def test_players_point_to_saved_files(folder):
    table = save_sounds("01_pair", {"low": TONE, "high": TONE / 2}, profile="smoke")
    assert players(table._repr_html_()) == ["../figures/01_pair_low.ogg", "../figures/01_pair_high.ogg"]
    assert {path.name for path in folder.iterdir()} == {"01_pair_low.ogg", "01_pair_high.ogg"}


def test_plain_text_names_duration_level_and_what_to_hear():
    table = save_sounds("01_pair", {"low": TONE}, profile="smoke", notes={"": "hear the tone"})
    assert repr(table) == "hear the tone\n  ▶ low (1.0 s, -4 dB), ../figures/01_pair_low.ogg"


def saved_ratio(folder, name):
    """Root mean square of the second file over that of the first."""
    import soundfile

    levels = [np.sqrt(np.mean(soundfile.read(path)[0] ** 2)) for path in sorted(folder.glob(f"{name}*.ogg"))]
    return levels[1] / levels[0]


@pytest.mark.parametrize("factor", [0.5, 0.1, 1.0])
def test_one_gain_within_a_row(folder, factor):
    save_sounds("01_row", {"a": TONE, "b": factor * TONE}, profile="smoke")
    assert saved_ratio(folder, "01_row") == pytest.approx(factor, rel=0.01)


def test_players_that_normalise_would_be_noticed(folder):
    save_sounds("01_row", {"a": {"x": TONE}, "b": {"x": 0.5 * TONE}}, profile="smoke")
    assert saved_ratio(folder, "01_row") == pytest.approx(0.5 / 0.9, rel=0.01)


def test_a_loud_group_does_not_clip(folder):
    save_sounds("01_loud", {"a": 3 * TONE, "b": TONE}, profile="smoke")
    assert saved_ratio(folder, "01_loud") == pytest.approx(1 / 3, rel=0.01)


def test_silence_is_a_sound(folder):
    table = save_sounds("01_silence", {"a": 0 * TONE}, profile="smoke")
    assert "silence" in repr(table)
    assert not load_audio(folder / "01_silence_a.ogg")[0].any()


def test_sounds_that_share_a_file_are_refused():
    with pytest.raises(ValueError, match="share a file"):
        save_sounds("01_pair", {"a b": TONE, "a-b": TONE}, profile="smoke")


def test_markup_in_labels_stays_text():
    assert "<b>" not in save_sounds("01_x", {"<b>": TONE}, profile="smoke")._repr_html_()


@pytest.mark.parametrize(("gain", "level"), [(1.0, -3.01), (0.1, -23.01), (0.0, -np.inf)])
def test_level_of_a_tone(gain, level):
    assert compute_level(gain * TONE) == pytest.approx(level, abs=0.01)


def test_findings_become_bullets():
    assert describe_findings(["a", "b"]).data == "- a\n- b"


def test_versions_name_no_machine():
    assert re.fullmatch(
        r"mer_utils [\d.]+, Python [\d.]+, torch [\d.]+, numpy [\d.]+, pandas [\d.]+", describe_versions()
    )


def test_a_row_that_was_lowered_says_so(folder):
    rows = {"loud": {"a": 4.5 * TONE}, "usual": {"a": 0.95 * TONE}}
    table = save_sounds("00_rows", rows, profile="smoke", notes={"loud": "hark"})
    assert table.notes == {"loud": "hark (All lowered by 14 dB, or one would clip.)"}
