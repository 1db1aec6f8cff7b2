"""Sampling: which fit is chosen, how many samples it takes at least, and that a block is summed up wholly or not."""

import os
import signal
import threading

import numpy as np
import pytest
from fakes import CELLS, PlaceToy

from mer_utils.explanation import ExplainError
from mer_utils.probing import Probe
from mer_utils.sampling import ExplainOptions, Sampler, holding_interrupts

ONES = np.ones((6, 2), np.float32)


def build_sampler(predict=None, **options):
    probe = Probe(predict or PlaceToy(), ONES, CELLS, np.zeros((6, 2), np.float32))
    return Sampler(probe, ExplainOptions(**options))


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("options", [{"fit": "least squares"}, {"kernel_width": 0.25}, {"ridge": 1.0}])
def test_the_fit_is_by_place_where_it_can_be(options):
    assert build_sampler().by_place
    assert not build_sampler(lambda specs: specs[:, 0]).by_place
    assert not build_sampler(**options).by_place


def test_an_unknown_fit():
    with pytest.raises(ExplainError, match="unknown fit 'lasso'; there are: auto, least squares, places"):
        build_sampler(fit="lasso")


@pytest.mark.parametrize(
    ("fit", "design", "fewest"),
    [("places", "foldover", 14), ("least squares", "bernoulli", 14), ("least squares", "foldover", 28)],
)
def test_the_fewest_samples_can_be_fitted(fit, design, fewest):
    sampler = build_sampler(fit=fit, design=design, keep_prob=0.5)
    sums = sampler.build_sums()
    sampler.take(sampler.draw(0, stream=0), sums)
    assert sampler.fewest == fewest
    assert np.isfinite(sums.fit().weights).all()


def test_only_complements_are_pairs():
    assert build_sampler(design="foldover", keep_prob=0.5).pairs
    assert not build_sampler().pairs
    assert not build_sampler(design="foldover", keep_prob=0.5, masks=np.ones((9, 12), bool)).pairs


def test_a_place_that_sees_all_takes_more():
    assert build_sampler(PlaceToy(seen=6)).fewest == 26  # two per segment, and two


def test_streams_are_independent():
    sampler = build_sampler(design="bernoulli")
    first, other = (sampler.draw(0, stream=stream) for stream in (0, 2))
    assert np.array_equal(first, sampler.draw(0, stream=0))
    assert np.abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.15  # of 768 cells


@pytest.mark.parametrize("fit", ["places", "least squares"])
def test_taking_a_block_adds_it_up_and_keeps_it(fit):
    sampler, kept = build_sampler(fit=fit), []
    sums, masks = sampler.build_sums(), sampler.draw(0, stream=0)
    sampler.take(masks, sums, kept)
    assert kept[0].outputs == pytest.approx(PlaceToy()(masks.reshape(-1, 6, 2)))
    assert np.array_equal(kept[0].masks, masks)
    sampler.take(masks, sums)
    assert (sums.n, len(kept)) == (128, 1)


def test_an_interrupt_waits_until_the_block_is_done():
    done = []
    with pytest.raises(KeyboardInterrupt), holding_interrupts():
        done.append((interrupt(), "all of it"))
    assert done == [(None, "all of it")]
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_a_block_that_was_interrupted_is_in_the_sum_and_kept(monkeypatch):
    sampler, kept = build_sampler(), []
    sums = sampler.build_sums()
    add = sums.add
    monkeypatch.setattr(sums, "add", lambda *block: (interrupt(), add(*block)))
    with pytest.raises(KeyboardInterrupt):
        sampler.take(sampler.draw(0, stream=0), sums, kept)
    assert (sums.n, len(kept[0])) == (64, 64)


def test_a_block_that_nobody_answered_is_in_neither():
    sampler, kept = build_sampler(fit="least squares"), []
    sums = sampler.build_sums()
    sampler.probe._predict = lambda specs: interrupt()
    with pytest.raises(KeyboardInterrupt):
        sampler.take(sampler.draw(0, stream=0), sums, kept)
    assert (sums.n, kept) == (0, [])


def test_without_interrupts_nothing_is_raised_and_handlers_come_back():
    before = signal.getsignal(signal.SIGINT)
    with holding_interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_threads_can_sample_too():
    sampler, taken = build_sampler(), []
    thread = threading.Thread(target=sampler.take, args=(sampler.draw(0, stream=0), sampler.build_sums(), taken))
    thread.start()
    thread.join()
    assert len(taken[0]) == 64
