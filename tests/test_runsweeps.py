"""Which nets a run compares: stored ones of generated music, its own on other music."""

import pytest

from mer_utils import runsweeps
from mer_utils.profiles import PROFILES, build_training_config, get_profile
from mer_utils.runsweeps import RunSweeps, build_plans, load_run_sweeps


def test_generated_music_has_stored_nets(monkeypatch):
    monkeypatch.setattr(runsweeps, "run_sweeps", lambda *args, **kwargs: pytest.fail("trained"))
    sweeps = load_run_sweeps("smoke")
    assert all(getattr(sweeps, field) is not None for field in RunSweeps.__dataclass_fields__)
    assert sweeps.replication is sweeps.schemes


def test_nets_that_knew_the_albums_differ_in_nothing_else():
    sweeps = load_run_sweeps("smoke", "generated")
    known, strange = sweeps.known_albums.config, sweeps.strange_albums.config
    assert (known.apart, strange.apart) == (False, True)
    assert (known.profile, known.options, known.training) == (strange.profile, strange.options, strange.training)
    assert sweeps.last_kernel.identity["last_kernel"] == 3 != sweeps.schemes.identity["last_kernel"]


@pytest.mark.parametrize("profile", PROFILES)
def test_on_other_music_every_clip_is_tested_once_but_for_one_split(profile):
    plans = build_plans(profile, "soundtracks")
    assert [field for field, plan in plans.items() if not plan.config.n_folds] == ["replication"]
    assert plans["replication"].config.options == {"split": "smc2025"}
    assert set(plans["replication"].schemes) < set(plans["schemes"].schemes)
    assert len({plan.seeds for plan in plans.values()}) == 1


def test_a_random_start_is_a_change_only_where_it_is_not_the_recipe():
    for profile in PROFILES:
        starts = build_training_config(profile).start_at_ratings
        assert ("random_start" in build_plans(profile, "soundtracks")) == starts


def test_plans_are_carried_out_and_what_is_missing_is_none(monkeypatch):
    asked = []
    monkeypatch.setattr(
        runsweeps, "run_sweeps", lambda sweeps, **_: asked.extend(sweeps) or [one[0] for one in sweeps]
    )
    sweeps = load_run_sweeps(get_profile("quick", width=4), "soundtracks", progress=False)
    assert sweeps.known_albums.options == {"split": "smc2025"}
    assert sweeps.strange_albums is sweeps.schemes
    assert sweeps.last_kernel is None
    assert all(config.profile.width == 4 for config, *_ in asked)
