"""Whether ratings are those that were published: generated ones pass for them, and what people mix up does not."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mer_utils.generated.ratings import build_ratings
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.ratingtables import describe_departure

# Of the 110 clips of set 2 (https://osf.io/d23z6), in the order of EMOTIONS.
SET2_MEANS = (5.27, 5.49, 5.47, 1.98, 2.78, 2.62, 2.98, 2.59)


@pytest.fixture(scope="module")
def ratings():
    return pd.DataFrame(np.round(build_ratings(360, seed=0).observed, 2), columns=[*MIDLEVEL, *EMOTIONS])


@pytest.mark.parametrize("seed", range(4))
def test_honest_stand_ins_pass(seed):
    drawn = pd.DataFrame(build_ratings(360, seed=seed).observed, columns=[*MIDLEVEL, *EMOTIONS])
    for names in (MIDLEVEL, EMOTIONS, (*MIDLEVEL, *EMOTIONS)):
        assert describe_departure(drawn[list(names)]) == ""


@pytest.mark.parametrize("names", [MIDLEVEL, EMOTIONS])
def test_any_two_columns_that_are_swapped_are_found(ratings, names):
    table = ratings[list(names)]
    swapped = {pair: table.rename(columns={pair[0]: pair[1], pair[1]: pair[0]}) for pair in combinations(names, 2)}
    assert [pair for pair, other in swapped.items() if not describe_departure(other[list(names)])] == []


@pytest.mark.parametrize("scale", [lambda x: x / 10, lambda x: (x - 1) / 4.5 - 1, lambda x: x.rank(pct=True) * 9 + 1])
def test_another_scale_is_found(ratings, scale):
    assert " has a mean of " in describe_departure(scale(ratings))


def test_set_2_is_found(ratings):
    emotion = ratings[list(EMOTIONS)]
    other = (emotion - emotion.mean() + pd.Series(SET2_MEANS, EMOTIONS)).clip(1, 10)
    assert describe_departure(other) == "energy has a mean of 5.49, not 4.04"


def test_clips_in_another_order_are_found(ratings):
    mixed = ratings.assign(minorness=ratings["minorness"].sample(frac=1, random_state=0).to_numpy())
    assert " have a correlation of " in describe_departure(mixed)


def test_a_column_that_says_nothing_is_found(ratings):
    assert describe_departure(ratings.assign(sad=ratings["sad"].mean()))


def test_a_rating_that_somebody_corrected_is_not_found(ratings):
    corrected = ratings.copy()
    corrected.loc[5, "sad"] = 10
    assert describe_departure(corrected) == ""
