"""Correlations and their costs: known answers, what a constant output gives, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from mer_utils.scores import (
    NO_SEED,
    ScoreError,
    compute_correlations,
    compute_cost_of_explainability,
    compute_mean_correlation,
    compute_partial_correlations,
)


@pytest.mark.parametrize(
    ("predicted", "rated", "r"),
    [
        ([1, 2, 3], [2, 4, 6], 1),
        ([1, 2, 3], [5, 3, 1], -1),
        ([1, 2, 3, 4], [1, 3, 2, 4], 0.8),
        ([0, 1, 0], [1, 1, 1], np.nan),
    ],
)
def test_known_answers(predicted, rated, r):
    np.testing.assert_allclose(compute_correlations(np.c_[predicted], np.c_[rated]), [r], atol=1e-12)


def test_rounding_is_not_correlated_and_small_spreads_are():
    constant = np.full((30, 1), 0.1)
    tracks, last = np.arange(30)[:, None], np.arange(30)[:, None] == 29
    assert constant.mean() != 0.1
    assert np.isnan(compute_correlations(tracks, constant))
    expected = np.corrcoef(tracks[:, 0], last[:, 0])[0, 1]
    assert compute_correlations(tracks, constant + 1e-9 * last) == pytest.approx(expected, rel=1e-6)


def test_columns_are_taken_one_by_one(rng):
    predicted, rated = rng.normal(size=(2, 20, 8))
    by_numpy = [np.corrcoef(predicted[:, column], rated[:, column])[0, 1] for column in range(8)]
    np.testing.assert_allclose(compute_correlations(predicted, rated), by_numpy, atol=1e-12)


def test_another_order_of_tracks_is_noticed(rng):
    predicted = rng.normal(size=(20, 8))
    assert compute_mean_correlation(predicted, predicted) == pytest.approx(1)
    assert compute_mean_correlation(predicted, np.roll(predicted, 1, axis=0)) < 0.5


def test_a_constant_output_counts_as_nothing():
    rated = np.array([[1.0, 1], [2, 2], [3, 3]])
    assert compute_mean_correlation(rated * [1, 0] + 0.1, rated) == pytest.approx(0.5)


def test_partial_correlation_equals_the_textbook_formula(rng):
    x, y, z = rng.normal(size=(3, 50, 1)) + rng.normal(size=(50, 1))
    rxy, rxz, ryz = (compute_correlations(a, b) for a, b in ((x, y), (x, z), (y, z)))
    formula = (rxy - rxz * ryz) / np.sqrt((1 - rxz**2) * (1 - ryz**2))
    np.testing.assert_allclose(compute_partial_correlations(x, y, z), formula, atol=1e-12)


def test_what_is_given_is_taken_out(rng):
    given, own = rng.normal(size=(400, 7)), rng.normal(size=(400, 2))
    common = given @ rng.normal(size=(7, 2))
    assert abs(compute_partial_correlations(common + own, common + rng.normal(size=(400, 2)), given)).max() < 0.15
    assert compute_partial_correlations(common + own, common + own, given) == pytest.approx([1, 1])


def test_nothing_left_is_nan(rng):
    given = rng.normal(size=(40, 3))
    assert np.isnan(compute_partial_correlations(given @ np.ones((3, 1)), rng.normal(size=(40, 1)), given)).all()


@pytest.mark.parametrize(
    ("predicted", "rated"),
    [(np.eye(2), np.eye(2)), (np.eye(3), np.eye(4)), (np.ones(5), np.ones(5)), (np.eye(3), np.eye(3) * np.nan)],
)
def test_what_cannot_be_compared_is_refused(predicted, rated):
    with pytest.raises(ScoreError):
        compute_correlations(predicted, rated)


@pytest.mark.parametrize("given", [np.ones((9, 7)), np.ones(9), np.full((9, 2), np.nan), np.ones((8, 2))])
def test_what_cannot_be_given_is_refused(given):
    with pytest.raises(ScoreError):
        compute_partial_correlations(np.ones((9, 2)), np.ones((9, 2)), given)


OUTPUTS = ["valence", "anger"]
TRACKS = [f"track {number:02d}" for number in range(20)]


@pytest.fixture
def rated(rng):
    return pd.DataFrame(rng.uniform(1, 10, (20, 2)), TRACKS, OUTPUTS)


@pytest.fixture
def predictions(rng, rated):
    """Give schemes of five seeds with growing errors, and one without randomness."""

    def predict(spread, seeds=range(5)):
        rows = pd.MultiIndex.from_product([seeds, TRACKS], names=["seed", "track"])
        errors = rng.normal(scale=spread, size=(len(rows), 2))
        return pd.DataFrame(np.tile(rated, (len(seeds), 1)) + errors, rows, OUTPUTS)

    return {"mid2e": predict(1, [NO_SEED]), "a2e": predict(2), "joint": predict(3)}


def test_table_equals_what_a_loop_gives(predictions, rated):
    table = compute_cost_of_explainability(predictions, rated)
    r = {
        name: np.array([compute_correlations(of_seed, rated) for _, of_seed in rows.groupby(level=0)])
        for name, rows in predictions.items()
    }
    for name, of_scheme in r.items():
        costs = r["a2e"] - of_scheme
        scores, mae = table.loc[name], (predictions[name] - np.tile(rated, (len(of_scheme), 1))).abs().mean()
        np.testing.assert_allclose(scores.r, [*of_scheme.mean(axis=0), of_scheme.mean()])
        np.testing.assert_allclose(scores.mae, [*mae, mae.mean()])
        if name != "a2e":
            np.testing.assert_allclose(scores.coe, [*costs.mean(axis=0), costs.mean()])
            assert scores.seeds_above.tolist() == [*(costs > 0).sum(axis=0), (costs.mean(axis=1) > 0).sum()]


def test_table_has_the_shape_that_others_rely_on(predictions, rated):
    table = compute_cost_of_explainability(predictions, rated)
    assert table.index.names == ["scheme", "output"]
    assert list(table.index) == [(name, output) for name in predictions for output in [*OUTPUTS, "average"]]
    assert list(table) == ["r", "r_low", "r_high", "coe", "coe_low", "coe_high", "seeds_above", "n_seeds", "mae"]
    assert (table.n_seeds == 5).all()
    of_reference = table.loc["a2e"].isna().all()
    assert list(of_reference[of_reference].index) == ["coe", "coe_low", "coe_high", "seeds_above"]
    assert table.drop("a2e").notna().all(axis=None)


def test_intervals_hold_their_estimates_and_pairing_narrows_them(predictions, rated):
    table = compute_cost_of_explainability(predictions, rated).drop("a2e")
    assert table.r.between(table.r_low, table.r_high).all()
    assert table.coe.between(table.coe_low, table.coe_high).all()
    twin = compute_cost_of_explainability({"a2e": predictions["a2e"], "twin": predictions["a2e"] * 2}, rated).loc[
        "twin"
    ]
    assert abs(twin[["coe_low", "coe_high"]]).max(axis=None) < 1e-9
    assert (twin.r_high - twin.r_low > 0.05).all()


def test_a_scheme_compared_with_itself_is_above_for_no_seed(predictions, rated):
    twin = compute_cost_of_explainability(predictions | {"twin": predictions["a2e"]}, rated).loc["twin"]
    assert (twin[["coe", "coe_low", "coe_high", "seeds_above"]] == 0).all(axis=None)


@pytest.mark.parametrize("sign", [-1, 1])
def test_intervals_of_r_stay_within_those_of_correlations(rng, rated, sign):
    few = rated[:6]
    rows = pd.MultiIndex.from_product([[0, 1], few.index])
    close = pd.DataFrame(sign * (np.tile(few, (2, 1)) + rng.normal(size=(12, 2))), rows, OUTPUTS)
    found = compute_cost_of_explainability({"a2e": close}, few).loc["a2e"]
    assert abs(found[["r_low", "r_high"]]).max(axis=None) == 1


def test_a_reference_without_randomness_is_paired_with_every_seed(predictions, rated):
    other = {"regression": predictions["mid2e"] ** 2}
    table = compute_cost_of_explainability(predictions | other, rated, reference="mid2e")
    assert table.n_seeds.groupby(level="scheme", sort=False).unique().map(list).to_dict() == {
        "mid2e": [5], "a2e": [5], "joint": [5], "regression": [1]
    }  # fmt: skip
    assert (table.loc["a2e", "seeds_above"] == 5).all()


def test_neither_order_nor_other_schemes_change_a_digit(predictions, rated):
    table = compute_cost_of_explainability(predictions, rated)
    shuffled = {name: rows.sample(frac=1, random_state=1)[OUTPUTS[::-1]] for name, rows in predictions.items()}
    pd.testing.assert_frame_equal(
        compute_cost_of_explainability(shuffled, rated.sample(frac=1, random_state=2)), table, check_exact=True
    )
    few = compute_cost_of_explainability({name: predictions[name] for name in ("joint", "a2e")}, rated)
    pd.testing.assert_frame_equal(few, table.loc[["joint", "a2e"]], check_exact=True)
    assert (compute_cost_of_explainability(predictions, rated, seed=1).r_low != table.r_low).all()


def test_a_track_each_is_the_same_as_no_groups_and_albums_are_not(predictions, rated):
    table = compute_cost_of_explainability(predictions, rated)
    single, albums = (pd.Series([name[:length] for name in TRACKS], TRACKS) for length in (8, 7))
    albums = albums.str.cat(["a", "b"] * 10)
    by_track, by_album = (compute_cost_of_explainability(predictions, rated, groups=kind) for kind in (single, albums))
    pd.testing.assert_frame_equal(by_track, table, check_exact=True)
    assert (by_album.r == table.r).all()
    assert (by_album.r_low != table.r_low).all()


def test_another_reference_and_level(predictions, rated):
    table = compute_cost_of_explainability(predictions, rated)
    turned = compute_cost_of_explainability(predictions, rated, reference="joint", level=0.5)
    assert (turned.loc["a2e", "coe"] == -table.loc["joint", "coe"]).all()
    assert (turned.r_high - turned.r_low < 0.6 * (table.r_high - table.r_low)).all()


@pytest.mark.parametrize("what", ["predictions", "ratings"])
def test_a_constant_column_is_nan_and_so_is_the_average(predictions, rated, what):
    table = rated if what == "ratings" else predictions["a2e"].loc[[3]]
    table["anger"] = 1.0
    predictions["a2e"].update(table)
    found = compute_cost_of_explainability(predictions, rated)
    wrong = found.drop(columns=["seeds_above", "n_seeds", "mae"]).loc["a2e" if what == "predictions" else "mid2e"]
    assert wrong.loc[["anger", "average"], ["r", "r_low", "r_high"]].isna().all(axis=None)
    assert found.loc[("joint", "anger"), ["coe", "coe_low", "coe_high", "seeds_above"]].isna().all()
    assert found.loc[("joint", "valence")].notna().all()


def change(predictions, name, function):
    return predictions | {name: function(predictions[name].copy())}


def spoil(table, value=np.nan):
    table = table.astype(object) if isinstance(value, str) else table.copy()
    table.iloc[3, 1] = value
    return table


def repeat_output(table):
    return pd.concat([table, table[["anger"]]], axis=1)


@pytest.mark.parametrize(
    ("name", "function", "words"),
    [
        ("joint", lambda table: table.drop((1, TRACKS[3])), "'joint'.*tracks"),
        ("joint", lambda table: table.rename(index={TRACKS[3]: "another"}, level=1), "'joint'.*tracks.*track"),
        ("joint", lambda table: pd.concat([table, table.loc[[2]]]), "'joint'.*twice"),
        ("joint", lambda table: table.rename(index={4: 7}, level=0), "'joint'.*'a2e'.*same seeds"),
        ("joint", lambda table: table.loc[:3], "'joint'.*'a2e'.*such as 4"),
        ("joint", lambda table: table.rename(columns={"anger": "fear"}), "'joint'.*columns"),
        ("joint", lambda table: table.droplevel(0), "'joint'.*rows"),
        ("joint", lambda table: table.iloc[:0], "'joint'.*rows"),
        ("joint", lambda table: table.loc[[3]], "'joint'.*'a2e'.*same seeds"),
        ("mid2e", spoil, "'mid2e'.*finite"),
        ("joint", lambda table: spoil(table, "loud"), "'joint'.*numbers.*loud"),
        ("joint", repeat_output, "'joint'.*columns"),
        ("joint", lambda table: table.rename(index={3: NO_SEED}, level=0), "'joint'.*kinds"),
        ("joint", lambda table: table.rename(index={3: "3"}, level=0), "'joint'.*kinds"),
        ("mid2e", lambda table: pd.concat([table, table.rename(index={NO_SEED: "3"}, level=0)]), "'mid2e'.*kinds"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(predictions, rated, name, function, words):
    with pytest.raises(ScoreError, match=words):
        compute_cost_of_explainability(change(predictions, name, function), rated)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda rated: rated[:2], "3 tracks"),
        (spoil, "without a rating"),
        (lambda rated: spoil(rated, "loud"), "the ratings.*numbers.*loud"),
        (lambda rated: spoil(rated, 0.99), "on 1-10, not 0.99"),
        (lambda rated: spoil(rated, 10.01), "on 1-10.* to 10.01"),
        (lambda rated: rated.rename(columns={"anger": "average"}), "called"),
        (repeat_output, "twice"),
        (lambda rated: pd.concat([rated, rated[:1]]), "twice"),
        (lambda rated: rated[:10], "different tracks"),
    ],
)
def test_ratings_that_do_not_fit_are_refused(predictions, rated, function, words):
    with pytest.raises(ScoreError, match=words):
        compute_cost_of_explainability(predictions, function(rated))


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (pd.Series("album", TRACKS), "3 groups, got 1"),
        (pd.Series(["album", "other"] * 10, TRACKS), "3 groups, got 2"),
        (pd.Series("album", TRACKS[1:]), "track 00 is in no group"),
        (pd.Series("album", [*TRACKS, TRACKS[0]]), "in two groups"),
    ],
)
def test_groups_that_do_not_fit_are_refused(predictions, rated, groups, words):
    with pytest.raises(ScoreError, match=words):
        compute_cost_of_explainability(predictions, rated, groups=groups)


@pytest.mark.parametrize("known", [[], ["mid2e", "joint"]])
def test_a_reference_without_predictions_is_refused(predictions, rated, known):
    with pytest.raises(ScoreError, match=r"'a2e', only of: (nothing|mid2e, joint)"):
        compute_cost_of_explainability({name: predictions[name] for name in known}, rated)
