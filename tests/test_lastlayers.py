"""Last layers: embeddings are what the net's own layers read, planted ratings are found, convolutions stay."""

import numpy as np
import pandas as pd
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils.batches import TrainingError
from mer_utils.lastlayers import compute_embeddings, fit_last_layers
from mer_utils.networks import TrainedNetwork, build_network
from mer_utils.ratings import EMOTIONS, MIDLEVEL

N_CLIPS = 60


def build_trained(scheme="joint"):
    network = build_network(scheme, width=2).eval()
    fields = {"config": {}, "corpus": {"name": "fake"}, "seed": 0, "scores": {"valid": 1.0}}
    return TrainedNetwork(network=network, normalisation=(3.0, 1.0), spectrogram={"fps": 31.25}, **fields)


@pytest.fixture
def corpus():
    fake = build_fake_corpus(N_CLIPS)
    fake.tracks["album"] = [f"album {number // 6}" for number in range(N_CLIPS)]
    return fake


@pytest.fixture
def planted(corpus):
    """Ratings that another pair of linear layers would read off a net's embeddings."""
    x = compute_embeddings(build_trained(), corpus.spectrograms(corpus.tracks.index))
    rng = np.random.default_rng(1)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    seven = 5 + z @ rng.normal(size=(8, 7)) * 0.3
    corpus.midlevel = pd.DataFrame(seven, corpus.tracks.index, list(MIDLEVEL))
    eight = 5 + (seven - 5) @ rng.normal(size=(7, 8)) * 0.3
    corpus.emotion = pd.DataFrame(eight, corpus.tracks.index, list(EMOTIONS))
    return corpus


def read_out(trained, corpus):
    with torch.inference_mode():
        x = compute_embeddings(trained, corpus.spectrograms(corpus.tracks.index))
        return [10 * part.numpy() for part in trained.network.read_out(torch.tensor(x, dtype=torch.float32))]


def test_the_nets_own_layers_read_embeddings_as_the_net_hears(corpus):
    trained, spec = build_trained(), corpus.spectrogram("t0003")
    with torch.inference_mode():
        whole = trained.network((torch.from_numpy(spec) - 3.0)[None, None]).midlevel[0].numpy()
    np.testing.assert_allclose(read_out(trained, corpus)[0][3], 10 * whole, rtol=1e-4, atol=1e-5)


def test_clips_may_differ_in_length(corpus):
    specs = [corpus.spectrogram("t0000"), corpus.spectrogram("t0001")[:40]]
    both = compute_embeddings(build_trained(), specs)
    assert both.shape == (2, 8)
    np.testing.assert_array_equal(both[1:], compute_embeddings(build_trained(), specs[1:]))


@pytest.mark.parametrize("part", [0, 1])
def test_planted_ratings_are_found(planted, part):
    rated = (planted.midlevel, planted.emotion)[part].to_numpy()
    before, after = (
        read_out(net, planted)[part] for net in (build_trained(), fit_last_layers(build_trained(), planted))
    )
    assert np.abs(after - rated).max() < 0.02
    assert np.abs(before - rated).max() > 1


def test_only_the_last_layers_change_and_the_net_that_was_given_does_not(planted):
    given = build_trained()
    mark, fitted = given.fingerprint, fit_last_layers(given, planted)
    assert given.fingerprint == mark != fitted.fingerprint
    changed = {
        n for n, value in fitted.network.state_dict().items() if not torch.equal(value, given.network.state_dict()[n])
    }
    assert changed == {"to_midlevel.weight", "to_midlevel.bias", "to_emotion.weight", "to_emotion.bias"}
    assert fitted.scores == {}


@pytest.mark.parametrize(
    ("scheme", "layers"), [("a2e", {"to_emotion"}), ("a2b2e", {"to_emotion"}), ("a2mid", {"to_midlevel"})]
)
def test_units_without_a_name_stay_as_they_are(planted, scheme, layers):
    given = build_trained(scheme)
    state = fit_last_layers(given, planted).network.state_dict()
    assert {
        n.split(".")[0] for n, value in given.network.state_dict().items() if not torch.equal(value, state[n])
    } == layers


def test_clips_for_testing_do_not_count(planted):
    planted.tracks.loc[planted.tracks["album"] == "album 2", "split"] = "test"
    rows = planted.select("test")
    plain = fit_last_layers(build_trained(), planted).fingerprint
    planted.midlevel.loc[rows] = 1.0
    assert fit_last_layers(build_trained(), planted).fingerprint == plain
    planted.midlevel.loc[planted.select("train")[:6]] = 1.0
    assert fit_last_layers(build_trained(), planted).fingerprint != plain


def test_too_few_albums_are_refused(planted):
    planted.tracks["album"] = [f"album {number % 4}" for number in range(N_CLIPS)]
    with pytest.raises(TrainingError, match="last layers need clips of 5 albums, not 4"):
        fit_last_layers(build_trained(), planted)
