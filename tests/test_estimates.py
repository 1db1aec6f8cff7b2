import pytest

from mer_utils import estimates
from mer_utils.estimates import compute_training_seconds, describe_seconds, describe_sweeps
from mer_utils.profiles import get_profile
from mer_utils.sweeps import SweepConfig
from mer_utils.training import quick_config

TINY = quick_config(crop_frames=32, valid_frames=32, batch_size=2, max_epochs=10, n_threads=1)


def test_an_estimate_grows_with_clips_and_epochs(monkeypatch):
    monkeypatch.setattr("mer_utils.runs.time.perf_counter", iter(range(100)).__next__)  # each epoch takes a second
    n_timed = 4 * TINY.batch_size
    assert compute_training_seconds(TINY, n_train=n_timed, width=2) == pytest.approx(10)
    assert compute_training_seconds(TINY, n_train=3 * n_timed, width=2) == pytest.approx(30)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 seconds"), (119, "119 seconds"), (120, "2 minutes"), (7199, "120 minutes"), (7200, "2 hours")],
)
def test_durations_have_one_unit(seconds, words):
    assert describe_seconds(seconds) == words
    assert describe_seconds(30 * 86400) == "30 days"


@pytest.fixture
def plan(monkeypatch):
    monkeypatch.setattr(estimates, "compute_training_seconds", lambda *args, **kwargs: 90.0)
    return SweepConfig(get_profile("smoke"), n_folds=3), ("a2e", "joint"), (0,)


def test_missing_nets_are_counted_and_shared_among_workers(plan):
    said = describe_sweeps([plan, plan], n_workers=2)
    assert "12 nets" in said
    assert "2 at a time: about 9 minutes" in said  # 12 * 90 s / 2


def test_finished_nets_take_no_time(plan, monkeypatch, tmp_path):
    monkeypatch.setattr("mer_utils.sweeps.CACHE", tmp_path)
    config, schemes, seeds = plan
    jobs = config.list_jobs(schemes, seeds)
    for job in jobs:
        config.locate_part(*job).parent.mkdir(parents=True, exist_ok=True)
        config.locate_part(*job).touch()
    assert describe_sweeps([plan], n_workers=2) == ""
    config.locate_part(*jobs[0]).unlink()
    assert "1 nets" in describe_sweeps([plan], n_workers=2)
