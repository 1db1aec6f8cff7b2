"""Where a training starts: what is taken over from a trained net, what is not, and that nothing else changes."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils.batches import TrainingError, compute_normalisation, draw_starts, load_split
from mer_utils.checkpoints import CheckpointError
from mer_utils.networks import SCHEMES, build_network
from mer_utils.runs import Run, _seed_epoch
from mer_utils.training import fit_network, quick_config

TINY = quick_config(
    crop_frames=40, valid_frames=48, batch_size=8, max_epochs=1, learning_rate=0.01, n_threads=1, precision="float32"
)
STILL = replace(TINY, learning_rate=1e-12)  # so that a trained net shows where it started
LAYERS = ("backbone", "to_midlevel", "to_emotion")


@pytest.fixture(scope="module")
def corpus():
    return build_fake_corpus(32)


@pytest.fixture(scope="module")
def trained(corpus):
    return {scheme: _fit(corpus, scheme) for scheme in SCHEMES}


def _fit(corpus, scheme="joint", *, config=TINY, **options):
    return fit_network(corpus, scheme, config=config, **{"width": 2, "progress": False, **options})


def _build_run(corpus, scheme, *, config=TINY, init=None):
    return Run(corpus, scheme, config=config, width=2, device=torch.device("cpu"), init=init)


def _shared(one, other):
    """Name the layers whose weights are the same in two networks."""
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in LAYERS}
    return [name for name, pair in pairs.items() if None not in pair and _equal(*(p.state_dict() for p in pair))]


def _equal(one, other):
    return all(value.shape == other[name].shape and torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize(
    ("scheme", "init", "taken"),
    [
        ("joint", "joint", ["backbone", "to_midlevel", "to_emotion"]),
        ("joint", "a2mid2e", ["backbone", "to_midlevel", "to_emotion"]),
        ("joint", "a2mid", ["backbone", "to_midlevel"]),
        ("joint", "multitask", ["backbone", "to_midlevel"]),  # its emotions are read from all that is heard
        ("joint", "a2e", ["backbone"]),
        ("joint", "a2b2e", ["backbone"]),  # its seven units mean nothing that is told
        ("a2b2e", "a2b2e", ["backbone", "to_midlevel", "to_emotion"]),
        ("a2b2e", "joint", ["backbone"]),
        ("multitask", "a2e", ["backbone", "to_emotion"]),
        ("a2mid", "joint", ["backbone", "to_midlevel"]),
        ("a2e", "joint", ["backbone"]),
        ("a2e", "a2e", ["backbone", "to_emotion"]),
    ],
)
def test_layers_that_mean_the_same_are_taken_over(corpus, trained, scheme, init, taken):
    assert _shared(_build_run(corpus, scheme, init=trained[init]).network, trained[init].network) == taken
    assert _shared(_build_run(corpus, scheme).network, trained[init].network) == []


def test_training_goes_on_from_there_by_its_normalisation(trained):
    other, init = build_fake_corpus(32, seed=5), trained["joint"]
    weights = [_fit(other, config=STILL, init=start).network.to_midlevel.weight for start in (init, None)]
    assert (weights[0] - init.network.to_midlevel.weight).abs().max() < 1e-6 < (weights[0] - weights[1]).abs().max()
    assert _fit(other, init=init).normalisation == init.normalisation != _fit(other).normalisation


def test_the_net_started_from_stays_as_it_is(corpus, trained):
    before = trained["joint"].fingerprint
    _fit(corpus, init=trained["joint"])
    assert trained["joint"].fingerprint == before


def test_new_emotions_start_at_the_mean_of_what_is_told(corpus, trained):
    config = replace(STILL, start_at_ratings=False)
    for init in ("a2e", "a2mid", "multitask"):
        network = _build_run(corpus, "joint", config=config, init=trained[init]).network
        train = load_split(corpus, "train", scheme="joint")
        said = network.to_emotion(train.midlevel.mean(0))
        assert said.detach().numpy() == pytest.approx(train.emotion.mean(0).numpy(), abs=1e-5)


def test_two_stages_start_their_first_one_from_it(corpus, trained):
    network = _fit(corpus, "a2mid2e", config=STILL, init=trained["joint"]).network
    difference = (network.to_midlevel.weight - trained["joint"].network.to_midlevel.weight).abs()
    assert difference.max() < 1e-6


def test_a_net_says_where_it_started(corpus, trained):
    init = trained["a2mid"]
    told = {"scheme": "a2mid", "corpus": "fake", "fingerprint": init.fingerprint}
    assert _fit(corpus, init=init).config == _fit(corpus).config | {"init": told}


@pytest.mark.parametrize(("first", "then"), [(None, "joint"), ("joint", None), ("joint", "a2mid")])
def test_the_checkpoint_of_another_start_is_refused(corpus, trained, tmp_path, first, then):
    _fit(corpus, init=trained.get(first), checkpoint=tmp_path / "run.pt")
    assert _fit(corpus, init=trained.get(first), checkpoint=tmp_path / "run.pt").scheme == "joint"
    with pytest.raises(CheckpointError, match=r"run\.pt belongs to another run, whose init is"):
        _fit(corpus, init=trained.get(then), checkpoint=tmp_path / "run.pt")


@pytest.mark.parametrize(
    ("change", "named"),
    [({"width": 4}, "width 4 .* of width 2"), ({"config": replace(TINY, last_kernel=3)}, "last_kernel 3 cannot")],
)
def test_a_net_of_another_size_is_no_start(corpus, trained, change, named):
    with pytest.raises(TrainingError, match=named):
        _fit(corpus, init=trained["joint"], **change)


def test_a_net_of_other_spectrograms_is_no_start(corpus, trained):
    other = replace(trained["joint"], spectrogram=trained["joint"].spectrogram | {"fps": 31.3})
    with pytest.raises(TrainingError, match="other settings"):
        _fit(corpus, init=other)


def _train_plainly(corpus, config):
    """Train joint for one epoch in a plain loop: what a training without a start has always been."""
    train, generator = load_split(corpus, "train", scheme="joint"), _seed_epoch(config.seed, 0)
    network = build_network("joint", width=2, dropout=config.dropout, generator=generator)
    network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=0.01, fused=True)
    mean, std = compute_normalisation(train.specs)
    generator = _seed_epoch(config.seed, 1)
    order = torch.randperm(len(train.specs), generator=generator).view(-1, config.batch_size).tolist()
    starts = draw_starts(train.specs, config.crop_frames, generator=generator).tolist()
    for chosen in order:
        crops = [train.specs[clip][starts[clip] : starts[clip] + config.crop_frames] for clip in chosen]
        heard = network(((torch.from_numpy(np.stack(crops)) - mean) / std)[:, None])
        told = train.midlevel[chosen], train.emotion[chosen]
        optimiser.zero_grad()
        sum(map(torch.nn.functional.mse_loss, heard, told)).backward()
        optimiser.step()
    return network.state_dict()


def test_a_training_from_scratch_is_still_a_plain_loop(corpus):
    plain = replace(TINY, schedule="constant", start_at_mean=False, start_at_ratings=False)
    wanted = _train_plainly(corpus, plain)
    assert _equal(_fit(corpus, config=plain).network.state_dict(), wanted)
    assert not _equal(_fit(corpus, config=replace(plain, learning_rate=0.0101)).network.state_dict(), wanted)


def test_the_identity_of_a_training_from_scratch_is_the_old_one(corpus):
    run = _build_run(corpus, "joint")
    assert run.identity == {"version": 2, "scheme": "joint", "width": 2, "corpus": corpus.fingerprint} | asdict(TINY)
