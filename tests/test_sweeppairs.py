"""Two sweeps side by side: the same nets and clips, the right sign, sentences with the numbers of the table."""

from dataclasses import replace

import numpy as np
import pytest

from mer_utils.profiles import get_profile
from mer_utils.sweeppairs import compute_pair_table, describe_album_leak, describe_last_kernel
from mer_utils.sweeps import Sweep, SweepConfig, SweepError

CONFIG = SweepConfig(get_profile("smoke", n_clips=240))


@pytest.fixture(scope="module")
def build():
    """Build a sweep whose nets hear the ratings with some noise."""
    corpus = CONFIG.load_corpus()

    def sweep(noise, tracks, seeds=(0, 1)):
        rng = np.random.default_rng(0)
        rated = corpus.emotion.loc[tracks].to_numpy() / 10
        heard = {seed: (rated + rng.normal(0, noise, rated.shape)).astype(np.float16) for seed in seeds}
        nets = {(scheme, seed): {"emotion": heard[seed]} for scheme in ("a2e", "joint") for seed in seeds}
        return Sweep(CONFIG, {}, "", list(tracks), nets)

    return sweep, corpus.select("test")


def test_the_better_sweep_is_ahead_by_the_difference_of_the_means(build):
    sweep, tracks = build
    table = compute_pair_table(sweep(0.05, tracks), sweep(0.2, tracks))
    np.testing.assert_allclose(table["difference"], table["one"] - table["other"], atol=1e-12)
    average = table.xs("average", level="output")
    assert (average["low"] > 0).all()
    assert (
        compute_pair_table(sweep(0.2, tracks), sweep(0.05, tracks)).xs("average", level="output")["high"] < 0
    ).all()


def test_a_sweep_does_not_differ_from_itself(build):
    sweep, tracks = build
    assert (compute_pair_table(sweep(0.1, tracks), sweep(0.1, tracks))["difference"] == 0).all()


def test_only_common_clips_and_seeds_count(build):
    sweep, tracks = build
    larger = compute_pair_table(sweep(0.1, tracks, seeds=(0, 1, 2)), sweep(0.1, tracks[::-1][:20]))
    assert larger.attrs["n_clips"] == 20
    with pytest.raises(SweepError, match="0 nets"):
        compute_pair_table(sweep(0.1, tracks, seeds=(5,)), sweep(0.1, tracks))
    with pytest.raises(SweepError, match="2 clips"):
        compute_pair_table(sweep(0.1, tracks), sweep(0.1, tracks[:2]))


def test_sentences_give_the_numbers_of_the_table(build):
    sweep, tracks = build
    table = compute_pair_table(sweep(0.1, tracks), sweep(0.3, tracks))
    row = table.loc[("joint", "average")]
    said = describe_album_leak(table)
    assert f"the same {len(tracks)} clips" in said
    assert f"Joint {row['one']:.3f} known, {row['other']:.3f} strange albums" in said
    assert describe_last_kernel(table) != describe_last_kernel(None)


def test_nets_of_a_scheme_that_one_sweep_lacks_are_left_out(build):
    sweep, tracks = build
    one = sweep(0.1, tracks)
    less = replace(one, nets={net: heads for net, heads in one.nets.items() if net[0] == "a2e"})
    assert compute_pair_table(one, less).index.unique("scheme").tolist() == ["a2e"]
