"""Networks: sizes of the paper, what each scheme gives, and files that are either right or refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mer_utils import checkpoints, networks
from mer_utils.networks import NetworkError, TrainedNetwork, build_network, load_network, save_network
from mer_utils.paths import CHECKPOINTS


def _trained(scheme="joint", width=2):
    return TrainedNetwork(
        network=build_network(scheme, width=width).eval(),
        normalisation=(0.5, 0.25),
        config={"batch_size": 8},
        corpus={"name": "fake", "version": "1", "fingerprint": "f"},
        seed=3,
        scores={"valid_emotion": 0.5},
        spectrogram={"fps": 31.25},
    )


@pytest.fixture
def saved(tmp_path):
    return save_network(tmp_path / "net.safetensors", _trained())


def _count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("scheme", "total"), [("a2e", 3_937_864), ("a2mid", 3_937_607), ("joint", 3_937_671), ("a2b2e", 3_937_671)]
)
def test_parameters_of_the_paper(scheme, total):
    assert _count(build_network(scheme)) == total


@pytest.mark.parametrize(("last_kernel", "total"), [(1, 3_935_808), (3, 4_984_384)])
def test_parameters_of_both_backbones(last_kernel, total):
    assert _count(build_network("a2e", last_kernel=last_kernel).backbone) == total


@pytest.mark.parametrize(("last_kernel", "maps"), [(1, (39, 18)), (3, (37, 16))])
def test_maps_of_the_paper(last_kernel, maps):
    network = build_network("a2e", width=2, last_kernel=last_kernel).eval()
    assert network.backbone(torch.zeros(1, 1, 313, 149)).shape == (1, 8, *maps)


@pytest.mark.parametrize("scheme", networks.SCHEMES)
def test_outputs_of_each_scheme(scheme):
    outputs = build_network(scheme, width=2).eval()(torch.zeros(3, 1, 32, 149))
    shapes = tuple(None if output is None else tuple(output.shape) for output in outputs)
    assert shapes == (None if scheme in ("a2e", "a2b2e") else (3, 7), None if scheme == "a2mid" else (3, 8))


@pytest.mark.parametrize("scheme", networks.BOTTLENECKS)
def test_emotion_is_a_weighted_sum_of_seven(scheme):
    network, x = build_network(scheme, width=2).eval(), torch.ones(1, 1, 32, 149)
    by_hand = network.bottleneck(x) @ network.to_emotion.weight.T + network.to_emotion.bias
    torch.testing.assert_close(network(x).emotion, by_hand)


def test_multitask_emotion_is_not():
    with pytest.raises(ValueError, match="no bottleneck"):
        build_network("multitask", width=2).bottleneck(torch.zeros(1, 1, 32, 149))


def test_weights_depend_on_the_generator_alone():
    before = torch.get_rng_state()
    first, again, other = (build_network("a2e", width=2, generator=_seeded(seed)) for seed in (1, 1, 2))
    weights = [network.backbone[0].weight for network in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert torch.equal(before, torch.get_rng_state())


def _seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_initial_spread_is_kaiming():
    weight = build_network("a2e", width=16).backbone[3].weight  # 16 -> 16 channels, 3 x 3
    assert weight.std().item() == pytest.approx((2 / (16 * 9)) ** 0.5, rel=0.05)
    assert weight.std().item() != pytest.approx((1 / (16 * 9)) ** 0.5, rel=0.05)


@pytest.mark.parametrize("shape", [(1, 32, 149), (1, 2, 32, 149), (1, 1, 32, 148), (1, 1, 31, 149)])
def test_wrong_inputs_are_named(shape):
    with pytest.raises(ValueError, match=r"expected spectrograms|at least 32 frames"):
        build_network("a2e", width=2)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("scheme", "options"), [("a2x", {}), ("a2e", {"width": 0}), ("a2e", {"last_kernel": 2}), ("a2e", {"dropout": 1})]
)
def test_wrong_options_are_refused(scheme, options):
    with pytest.raises(ValueError, match=r"unknown scheme|width"):
        build_network(scheme, **options)


def test_dropout_is_by_channel_or_by_cell():
    kinds = [type(build_network("a2e", width=2, plain_dropout=plain).backbone[7]) for plain in (False, True)]
    assert kinds == [torch.nn.Dropout2d, torch.nn.Dropout]


@pytest.mark.parametrize("scheme", networks.SCHEMES)
def test_a_saved_network_comes_back(tmp_path, scheme):
    trained = _trained(scheme)
    loaded = load_network(save_network(tmp_path / "net.safetensors", trained))
    for name, value in trained.network.state_dict().items():
        assert torch.equal(value, loaded.network.state_dict()[name])
    for name in ("normalisation", "config", "corpus", "seed", "scores", "spectrogram", "scheme", "width"):
        assert getattr(loaded, name) == getattr(trained, name)


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    again = save_network(tmp_path / "again.safetensors", load_network(saved))
    assert again.read_bytes() == saved.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.safetensors", "net.safetensors"]


def test_channels_last_does_not_change_the_file(tmp_path, saved):
    trained = _trained()
    trained.network.to(memory_format=torch.channels_last)
    assert save_network(tmp_path / "last.safetensors", trained).read_bytes() == saved.read_bytes()


def test_a_name_stands_for_a_released_network(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "CHECKPOINTS", tmp_path)
    assert save_network("mine", _trained()) == tmp_path / "mine.safetensors"
    assert load_network("mine").scheme == "joint"
    with pytest.raises(NetworkError, match=r"no network .*yours.* \(mine\)"):
        load_network("yours")
    with pytest.raises(NetworkError, match=r"no network .*yours.* \(mine\)"):
        load_network("released:yours")


@pytest.mark.parametrize("scheme", networks.SCHEMES)
def test_a_net_of_each_scheme_is_released(scheme):
    trained = load_network(f"released:{scheme}")
    assert (trained.scheme, trained.width) == (scheme, 16)


@settings(max_examples=150, deadline=None)
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_or_harmless(tmp_path_factory, position, bit):
    path = save_network(tmp_path_factory.getbasetemp() / "flipped.safetensors", _trained(width=1))
    data = bytearray(path.read_bytes())
    # Half of the examples hit the header, where the interesting damage is.
    data[int(position * 2 * len(data)) if position < 0.5 else int((position - 0.5) * 12_000)] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(NetworkError, match=r"flipped\.safetensors"):
        load_network(path)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400), keep=st.integers(0, 3000))
def test_any_other_bytes_are_refused(tmp_path_factory, data, keep):
    path = save_network(tmp_path_factory.getbasetemp() / "other.safetensors", _trained(width=1))
    path.write_bytes(path.read_bytes()[:keep] + data)
    with pytest.raises(NetworkError, match=r"other\.safetensors"):
        load_network(path)


@pytest.mark.parametrize(
    "change",
    [{"scheme": "a2e"}, {"scheme": 1}, {"width": 4}, {"width": 10**9}, {"format": 9}, {"normalisation": [0, 0]}],
)
def test_a_header_that_does_not_fit_is_refused(saved, change):
    tensors, header = checkpoints.read_tensors(saved)
    checkpoints.write_tensors(saved, tensors, header=header | change)
    with pytest.raises(NetworkError, match=r"net\.safetensors"):
        load_network(saved)


def test_weights_that_are_not_finite_are_refused(saved):
    tensors, header = checkpoints.read_tensors(saved)
    checkpoints.write_tensors(saved, tensors | {"to_emotion.bias": torch.full((8,), np.nan)}, header=header)
    with pytest.raises(NetworkError, match="not finite"):
        load_network(saved)


def test_safetensors_of_somebody_else_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(3)}, tmp_path / "theirs.safetensors")
    with pytest.raises(NetworkError, match=r"theirs\.safetensors"):
        load_network(tmp_path / "theirs.safetensors")


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("joint", CHECKPOINTS / "joint.safetensors"),
        ("released:joint", CHECKPOINTS / "joint.safetensors"),
        (Path("released:joint"), Path("released:joint.safetensors")),
        ("./joint", Path("joint.safetensors")),
        ("folder/joint", Path("folder/joint.safetensors")),
        (Path("joint"), Path("joint.safetensors")),
        ("joint.safetensors", Path("joint.safetensors")),
        ("net-0.5", Path("net-0.5")),
    ],
)
def test_the_suffix_may_be_left_out(named, meant):
    assert networks.locate_network(named) == meant


def test_a_folder_is_no_network(tmp_path):
    with pytest.raises(NetworkError, match="no network"):
        load_network(tmp_path)


def test_a_failed_write_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr("os.replace", _fail)
    with pytest.raises(OSError, match="disk full"):
        save_network(saved, _trained("a2e"))
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def _fail(*_):
    raise OSError("disk full")
