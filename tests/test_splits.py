"""Splits of other people's code: the published test clips, and test artists that training never met."""

import pandas as pd
import pytest

from mer_utils.splits import SplitError, build_artist_split, build_smc2025_split

# Test clips in the order of the loader in the code of Hoedt, Flexer & Widmer (SMC 2025).
PUBLISHED = (
    "146 310 335 329 57 257 167 174 308 34 65 219 357 187 69 49 76 122 19 8 93 126 21 301 298 190 323 324 263 313 175 "
    "325 229 132 340 111"
)


@pytest.fixture
def artists():
    """1000 clips: 300 of artists with one, 700 of artists with two to eight."""
    names = [f"one {i}" for i in range(300)] + [f"many {i % 140}" for i in range(700)]
    return pd.Series(names, [str(i) for i in range(1000)]).sample(frac=1, random_state=0)


def test_test_clips_are_those_that_were_published():
    split = build_smc2025_split()
    assert split["test"] == [f"{int(number):03d}" for number in PUBLISHED.split()]
    assert {name: len(ids) for name, ids in split.items()} == {"train": 288, "valid": 36, "test": 36}
    assert len(set().union(*split.values())) == 360


def test_the_splits_of_2025_leave_the_dice_of_others_alone():
    import torch

    before = torch.random.get_rng_state()
    build_smc2025_split()
    assert torch.equal(before, torch.random.get_rng_state())


def test_no_artist_is_in_two_parts(artists):
    split = build_artist_split(artists)
    assert (split.groupby(artists).nunique() == 1).all()
    assert (artists[split != "train"].value_counts() == 1).all()
    assert split.value_counts().to_dict() == {"train": 840, "test": 80, "valid": 80}


def test_clips_drawn_at_random_would_share_artists(artists):
    drawn = artists.sample(80, random_state=0)
    assert drawn.isin(artists.drop(drawn.index)).any()


def test_only_the_seed_draws_other_clips(artists):
    split = build_artist_split(artists, seed=3)
    assert build_artist_split(artists.sort_index(), seed=3).reindex(split.index).equals(split)
    assert not build_artist_split(artists, seed=4).equals(split)


def test_where_few_artists_have_one_clip_both_parts_get_half(artists):
    split = build_artist_split(artists, share=0.3)
    assert split.value_counts()[["test", "valid"]].tolist() == [150, 150]


@pytest.mark.parametrize(("share", "n_singles"), [(0, 300), (0.5, 300), (0.08, 1)])
def test_what_cannot_be_split_is_refused(artists, share, n_singles):
    few = artists[artists.str.startswith("many") | artists.isin([f"one {i}" for i in range(n_singles)])]
    with pytest.raises(SplitError, match=f"not {share} and {n_singles}"):
        build_artist_split(few, share=share)
