"""Sweeps as files: what is kept, what may be mixed, and that the stored ones belong to the code beside them."""

import dataclasses

import numpy as np
import pytest

from mer_utils.folds import build_folds
from mer_utils.paths import SWEEPS
from mer_utils.profiles import get_profile
from mer_utils.ratings import EMOTIONS
from mer_utils.sweeps import (
    Sweep,
    SweepConfig,
    SweepError,
    check_identity,
    load_matching,
    load_sweep,
    locate_sweep,
    save_sweep,
)

CONFIG = SweepConfig(get_profile("smoke"))


@pytest.fixture
def sweep(rng):
    def net(*heads):
        return {head: rng.random((4, 7 if head == "midlevel" else 8)).astype(np.float16) for head in heads}

    nets = {("a2e", seed): net("emotion", "truncated") for seed in (1, 0)}
    nets |= {("a2mid", 0): net("midlevel"), ("joint", 3): net("midlevel", "emotion")}
    return Sweep(CONFIG, CONFIG.identity, "float32 on cpu", ["t0", "t1", "t2", "t3"], nets)


def test_a_file_gives_back_the_sweep(sweep, tmp_path):
    found = load_sweep(save_sweep(tmp_path / "kept", sweep))
    for name in ("config", "identity", "arithmetic", "tracks", "schemes"):
        assert getattr(found, name) == getattr(sweep, name)
    for net, heads in sweep.nets.items():
        np.testing.assert_equal(found.nets[net], heads)


def test_the_same_sweep_is_the_same_bytes(sweep, tmp_path):
    first = save_sweep(tmp_path / "a", sweep)
    assert save_sweep(tmp_path / "b", load_sweep(first)).read_bytes() == first.read_bytes()


def test_tables_are_on_the_raters_scale_by_seed_and_track(sweep):
    tables = sweep.build_predictions()
    assert list(tables) == ["a2e", "joint", "a2e, rank 7"]
    assert list(tables["a2e"].columns) == list(EMOTIONS)
    assert tables["a2e"].index.tolist() == [(seed, track) for seed in (0, 1) for track in sweep.tracks]
    np.testing.assert_allclose(tables["a2e"].loc[1], 10 * sweep.nets["a2e", 1]["emotion"].astype(float))
    np.testing.assert_allclose(tables["a2e, rank 7"].loc[0], 10 * sweep.nets["a2e", 0]["truncated"].astype(float))


def test_mid_level_features_come_from_those_that_hear_them(sweep):
    assert list(sweep.build_predictions("midlevel")) == ["a2mid", "joint"]


def test_half_precision_is_within_three_thousandths_of_a_point(rng, tmp_path):
    unit = rng.uniform(0, 1, (1250, 8))
    nets = {("a2mid2e", 0): {"emotion": unit.astype(np.float16)}}
    kept = Sweep(CONFIG, CONFIG.identity, "", list(map(str, range(1250))), nets)
    error = load_sweep(save_sweep(tmp_path / "kept", kept)).build_predictions()["a2mid2e"] - 10 * unit
    assert 0.001 < abs(error).to_numpy().max() < 0.003


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("corpus", SweepConfig(get_profile("smoke", n_clips=56))),
        ("corpus", SweepConfig(get_profile("smoke"), options={"rater_noise": 0.5})),
        ("width", SweepConfig(get_profile("smoke", width=4))),
        ("max_epochs", SweepConfig(get_profile("smoke", max_epochs=3))),
        ("midlevel_weight", SweepConfig(get_profile("smoke"), training={"midlevel_weight": 2.0})),
        ("n_folds", SweepConfig(get_profile("smoke"), n_folds=3)),
    ],
)
def test_other_configurations_are_not_mixed(sweep, name, other):
    with pytest.raises(SweepError, match=f"nets whose {name} is"):
        check_identity(sweep.identity, other)


@pytest.mark.parametrize(
    "wrong", [{"n_folds": 2}, {"n_folds": -1}, {"training": {"seed": 3}}, {"training": {"profile": 1}}]
)
def test_configurations_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SweepError, match=r"3 folds or more|(seed|profile) cannot be the same"):
        SweepConfig(get_profile("smoke"), **wrong)


def test_an_unknown_field_of_the_training_is_refused():
    with pytest.raises(SweepError, match="no such field of a training among crops"):
        _ = SweepConfig(get_profile("smoke"), training={"crops": 3}).identity


def test_what_decides_nothing_may_differ(sweep):
    renamed = dataclasses.replace(CONFIG.profile, name="quick", n_samples=1, cell_timeout=1)
    check_identity(sweep.identity, SweepConfig(renamed, corpus="generated"))


def test_only_a_sweep_of_the_same_configuration_is_added_to(sweep, tmp_path):
    path = tmp_path / "kept.safetensors"
    assert load_matching(path, CONFIG) is None
    save_sweep(path, sweep)
    assert load_matching(path, CONFIG).tracks == sweep.tracks
    with pytest.raises(SweepError, match=r"kept.safetensors holds nets whose width is 8, not 4, .*: write to another"):
        load_matching(path, SweepConfig(get_profile("smoke", width=4)))
    with pytest.raises(SweepError, match=r"corpus with \{'clips': 48\}, not \{'clips': 48, 'rater_noise': 0.5\}"):
        load_matching(path, SweepConfig(get_profile("smoke"), options={"rater_noise": 0.5}))


def test_a_new_version_of_the_training_makes_a_sweep_stale(sweep, monkeypatch):
    monkeypatch.setattr("mer_utils.runs.VERSION", -1)
    with pytest.raises(SweepError, match="version of training is"):
        check_identity(sweep.identity, SweepConfig(get_profile("smoke")))


def test_a_new_way_of_predicting_makes_a_sweep_stale(sweep, monkeypatch):
    monkeypatch.setattr("mer_utils.sweeps.PREDICTION_VERSION", -1)
    with pytest.raises(SweepError, match="version of predictions is"):
        check_identity(sweep.identity, SweepConfig(get_profile("smoke")))


def test_other_folds_are_another_sweep(monkeypatch):
    """As when another version of numpy deals albums differently."""
    one = SweepConfig(get_profile("smoke"), n_folds=3).identity
    monkeypatch.setattr("mer_utils.folds.build_folds", lambda groups, **how: 2 - build_folds(groups, **how))
    with pytest.raises(SweepError, match="corpus is"):
        check_identity(one, SweepConfig(get_profile("smoke"), n_folds=3))


def test_a_new_version_of_the_corpus_makes_a_sweep_stale(sweep, monkeypatch):
    monkeypatch.setattr("mer_utils.generated.corpus.GeneratedCorpus.version", "-1")
    with pytest.raises(SweepError, match="corpus is"):
        check_identity(sweep.identity, SweepConfig(get_profile("smoke")))


def test_a_missing_sweep_lists_those_there_are(sweep, tmp_path, monkeypatch):
    monkeypatch.setattr("mer_utils.sweeps.SWEEPS", tmp_path)
    save_sweep("schemes", sweep)
    with pytest.raises(SweepError, match=r"no sweep .*scheems.safetensors.*\(schemes\)"):
        load_sweep("scheems")


def test_a_damaged_or_foreign_file_is_refused(sweep, tmp_path):
    path = save_sweep(tmp_path / "kept", sweep)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for damaged in (path, SWEEPS.parent / "checkpoints" / "joint.safetensors"):
        with pytest.raises(SweepError, match="holds no sweep"):
            load_sweep(damaged)


def test_a_bare_name_lies_with_the_stored_sweeps(tmp_path):
    assert locate_sweep("schemes") == SWEEPS / "schemes.safetensors"
    assert locate_sweep(tmp_path / "mine") == tmp_path / "mine.safetensors"


@pytest.mark.parametrize("path", sorted(SWEEPS.glob("*.safetensors")), ids=lambda path: path.stem)
def test_stored_sweeps_belong_to_the_code_beside_them(path):
    sweep = load_sweep(path)
    check_identity(sweep.identity, sweep.config)
    folds = range(sweep.config.n_folds) if sweep.config.n_folds else (None,)
    assert sweep.tracks == [track for fold in folds for track in sweep.config.load_corpus(fold).select("test")]
    assert path.stat().st_size < 500_000
