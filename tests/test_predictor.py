"""Predictor: the numbers of the plain network, however clips are batched, and tracks of any length."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fakes import build_fake_corpus

from mer_utils.networks import SCHEMES, build_network, load_network, save_network
from mer_utils.predictor import Predictor, PredictorError
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.training import fit_network, quick_config

MEAN, STD = 0.4, 0.3


@pytest.fixture(scope="module")
def specs():
    return np.random.default_rng(0).uniform(0, 1.5, (5, 64, 149)).astype(np.float32)


@pytest.fixture(scope="module")
def predictor():
    return _predictor()


def _predictor(scheme="joint", **options):
    return Predictor(build_network(scheme, width=4), (MEAN, STD), device="cpu", **options)


def _plain(specs, *, mean=MEAN, scheme="joint"):
    network = build_network(scheme, width=4).eval()
    with torch.inference_mode():
        return network((torch.from_numpy(specs)[:, None] - mean) / STD)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_plain_network_s_numbers(specs, scheme):
    for fast, plain in zip(_predictor(scheme).predict(specs), _plain(specs, scheme=scheme), strict=True):
        assert (fast is None) == (plain is None)
        assert fast is None or abs(fast - plain.numpy()).max() < 1e-5


def test_another_normalisation_is_noticed(predictor, specs):
    assert abs(predictor.predict(specs).emotion - _plain(specs, mean=MEAN + 1e-3).emotion.numpy()).max() > 1e-5


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_batches_do_not_matter(predictor, specs, batch_size):
    other = _predictor(batch_size=batch_size).predict(specs)
    np.testing.assert_allclose(other.emotion, predictor.predict(specs).emotion, atol=1e-5)


def test_the_same_call_gives_the_same_bytes(predictor, specs):
    assert predictor.predict(specs).midlevel.tobytes() == predictor.predict(specs).midlevel.tobytes()


def test_the_number_of_cores_does_not_matter(predictor, specs):
    n_threads = torch.get_num_threads()
    found = []
    for cores in (1, 3):
        torch.set_num_threads(cores)
        found.append(predictor.predict(np.tile(specs, (4, 1, 1))).emotion.tobytes())
        assert torch.get_num_threads() == cores
    torch.set_num_threads(n_threads)
    assert found[0] == found[1]


def test_one_spectrogram_many_a_list_or_none(predictor, specs):
    every = predictor.predict(specs).midlevel
    np.testing.assert_allclose(predictor.predict(specs[1]).midlevel, every[1:2], atol=1e-5)
    np.testing.assert_allclose(predictor.predict(list(specs.astype(float))).midlevel, every, atol=1e-5)
    assert predictor.predict(specs[:0]).midlevel.shape == (0, 7)


def test_the_caller_s_array_stays(predictor, specs):
    locked = specs.copy()
    locked.setflags(write=False)
    predictor.predict(locked)
    assert (locked == specs).all()


@pytest.mark.parametrize(
    ("which", "names"), [("midlevel", MIDLEVEL), ("emotion", EMOTIONS), ("all", MIDLEVEL + EMOTIONS)]
)
def test_outputs_as_a_function(predictor, specs, which, names):
    function, prediction = predictor.outputs(which), predictor.predict(specs)
    columns = np.concatenate([prediction.midlevel, prediction.emotion], axis=1)
    assert function.names == names
    np.testing.assert_array_equal(function(specs), columns[:, [(MIDLEVEL + EMOTIONS).index(name) for name in names]])


@pytest.mark.parametrize(("scheme", "which"), [("a2e", "midlevel"), ("a2mid", "emotion"), ("joint", "mood")])
def test_outputs_that_a_scheme_does_not_have(scheme, which):
    with pytest.raises(PredictorError, match=f"has no '{which}'"):
        _predictor(scheme).outputs(which)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 64, 148)),
        np.zeros((2, 31, 149)),
        np.zeros((64,)),
        np.full((1, 64, 149), np.nan),
        [np.zeros((40, 149))] * 9 + [np.zeros((41, 149))],
    ],
)
def test_wrong_spectrograms_are_refused(predictor, wrong):
    with pytest.raises(PredictorError):
        predictor.predict(wrong)


@pytest.mark.parametrize(
    ("n_frames", "starts"),
    [(40, [0]), (64, [0]), (65, [0, 1]), (128, [0, 32, 64]), (140, [0, 32, 64, 76])],
)
def test_windows_cover_a_track_to_its_end(predictor, rng, n_frames, starts):
    track = predictor.predict_track(rng.uniform(0, 1, (n_frames, 149)).astype(np.float32), window_frames=64)
    np.testing.assert_allclose(track.starts * 31.25, starts)
    assert track.windows.midlevel.shape == (len(starts), 7)


def test_a_track_is_the_mean_of_its_windows(predictor, rng):
    spec = rng.uniform(0, 1, (100, 149)).astype(np.float32)
    track = predictor.predict_track(spec, window_frames=64, hop_frames=36)
    by_hand = predictor.predict([spec[:64], spec[36:]])
    np.testing.assert_allclose(track.emotion, by_hand.emotion.mean(axis=0), atol=1e-6)


def test_a_short_track_is_looped(predictor, rng):
    spec = rng.uniform(0, 1, (40, 149)).astype(np.float32)
    looped = np.concatenate([spec, spec])[:64]
    np.testing.assert_allclose(
        predictor.predict_track(spec, window_frames=64).midlevel, predictor.predict(looped).midlevel[0], atol=1e-6
    )


@pytest.mark.parametrize(
    ("shape", "options"),
    [((0, 149), {}), ((9,), {}), ((99, 149), {"hop_frames": 0}), ((99, 149), {"window_frames": 0})],
)
def test_tracks_that_cannot_be_cut(predictor, shape, options):
    with pytest.raises(PredictorError, match="cannot cut"):
        predictor.predict_track(np.zeros(shape), **options)


def test_a_predictor_from_a_file_hears_what_was_trained(tmp_path):
    corpus = build_fake_corpus(16)
    config = quick_config(crop_frames=40, batch_size=8, max_epochs=1, n_threads=1)
    trained = fit_network(corpus, "joint", config=config, width=2, progress=False)
    predictor = Predictor.load(save_network(tmp_path / "net.safetensors", trained), device="cpu")
    assert (
        predictor.training_mean
        == trained.normalisation[0]
        == load_network(tmp_path / "net.safetensors").normalisation[0]
    )
    x = (corpus.spectrogram("t0000") - trained.normalisation[0]) / trained.normalisation[1]
    with torch.inference_mode():
        plain = trained.network(torch.from_numpy(x)[None, None].float())
    np.testing.assert_allclose(predictor.predict(corpus.spectrogram("t0000")).emotion, plain.emotion, atol=1e-5)


def test_a_predictor_hears_the_spectrogram_of_its_net(saved_like):
    predictor = Predictor.from_trained(saved_like({"fps": 31.3, "fmax": 8000.0}))
    assert (predictor.spectrogram.fps, predictor.spectrogram.fmax) == (31.3, 8000.0)
    spec = np.ones((400, 149), np.float32)
    assert predictor.predict_track(spec).starts[-1] == pytest.approx(87 / 31.3)


@pytest.mark.parametrize("settings", [{"mel": True}, {"fps": -1.0}])
def test_an_unknown_kind_of_spectrogram_is_refused(saved_like, settings):
    with pytest.raises(PredictorError, match="another kind of spectrogram"):
        Predictor.from_trained(saved_like(settings))


@pytest.fixture
def saved_like():
    network = build_network("a2e", width=4).eval()
    return lambda settings: SimpleNamespace(network=network, normalisation=(MEAN, STD), spectrogram=settings)
