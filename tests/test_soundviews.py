"""Views: sounds that belong together, a caption that speaks of them, and a picture that draws them."""

import numpy as np
import pytest
from fakesounds import build_noise, compute_level, explain_sound
from matplotlib import pyplot as plt

from mer_utils.chains import Chain
from mer_utils.listening import METHODS, render_explanation, render_gained
from mer_utils.passages import Passage
from mer_utils.ratings import MIDLEVEL
from mer_utils.soundviews import (
    SHOWN,
    build_chain_view,
    build_level_table,
    build_view,
    build_ways_view,
    compute_noise,
)

pytestmark = pytest.mark.usefixtures("styled")
Y = build_noise()
WEIGHTS = np.random.default_rng(2).normal(size=(60, 2))
PASSAGE = Passage(Y, explain_sound(Y, WEIGHTS))


def read_legend(figure):
    legends = [ax.get_legend() for ax in figure.axes if ax.get_legend()]
    plt.close(figure)
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def test_a_view_plays_what_raises_the_rest_and_what_lowers():
    view = build_view(PASSAGE, "o0")
    assert tuple(view.sounds) == ("original", *SHOWN)
    assert np.array_equal(view.sounds["negative only"], render_explanation(PASSAGE, "o0", mode="negative only").y)
    added = view.sounds["positive only"] + view.sounds["positive removed"] - view.sounds["original"]
    assert compute_level(added) < compute_level(Y) - 100
    assert all(f"{mode}: " in view.caption.replace("Pos", "pos") for mode in SHOWN)
    assert "raise *o0* most" in view.caption
    assert [word.partition(" (")[0] for word in read_legend(view.plot())] == ["original", "positive only"]


def test_the_sound_comes_back_by_our_way_only():
    view = build_ways_view(PASSAGE)
    assert compute_noise(PASSAGE, view.sounds["ours"]) > 100
    assert compute_noise(PASSAGE, 1.001 * PASSAGE.cut(Y)) == pytest.approx(60, abs=0.1)
    paper = render_gained(PASSAGE, np.ones((48, 149)), mode="all", method=METHODS[1])
    assert np.array_equal(view.sounds["the way of 2019"], paper.y)
    assert "Ours is the original to the last bit" in view.caption
    assert len(read_legend(view.plot())) == 2


@pytest.mark.parametrize(("verb", "mode"), [(1, "positive only"), (-1, "negative only")])
def test_a_chain_ends_in_the_sound_of_its_side(verb, mode):
    passage = Passage(Y, explain_sound(Y, np.tile(WEIGHTS[:, :1], 7)))
    passage.explanation.__dict__["output_names"] = MIDLEVEL
    parts = np.eye(7)[4] * 0.1 * verb
    chain = Chain(
        title="noise", emotion="anger", feature="dissonance", label="all clips", value=0.5, mean=0.4,
        midlevel=0.5 + parts, midlevel_mean=np.full(7, 0.5), contributions=parts, segments=np.array([1, 2]),
        weights=np.array([0.1, 0.1]) * verb, n_segments=60, n_certain=2, seconds=(0.4, 0.9), hertz=(100.0, 400.0),
    )  # fmt: skip
    view = build_chain_view(passage, chain)
    label = f"only what {chain.verb} dissonance"
    assert np.array_equal(view.sounds[label], render_explanation(passage, "dissonance", mode=mode).y)
    assert [word.partition(" (")[0] for word in read_legend(view.plot())] == ["original", label]


def test_levels_are_told_for_every_output_and_way():
    table = build_level_table(PASSAGE)
    assert table.index.tolist() == ["o0", "o1"]
    assert "both edited" not in table.columns
    part = render_explanation(PASSAGE, "o1", mode="negative removed")
    assert table.loc["o1", "negative removed"] == part.level
    assert (table["positive only"] < -1).all()
