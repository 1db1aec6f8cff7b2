"""The record: written and read back whole, and refused where it is damaged, of something else, or of another sound."""

from dataclasses import fields, replace

import numpy as np
import pytest
from fakeexplanations import build_tiles, fit_explanation

from mer_utils.explain import explain_spectrogram
from mer_utils.explanation import (
    ExplainError,
    Explanation,
    Samples,
    compute_sound_fingerprint,
    load_explanation,
    save_explanation,
)
from mer_utils.networks import locate_network


@pytest.fixture(scope="module")
def explained():
    weights = np.random.default_rng(0).normal(size=(60, 2))
    record = fit_explanation(lambda masks: masks @ weights)
    return explain_spectrogram(build_tiles(weights), record.spec, record.segments, n_samples="auto", n_holdout=20)


def flatten(explanation):
    """All fields by name, with those of samples among them."""
    plain = {field.name: getattr(explanation, field.name) for field in fields(Explanation)}
    for name in ("samples", "holdout"):
        plain |= {f"{name} {k}": value for k, value in vars(plain.pop(name)).items()}
    return plain | {f"look {n}": weights for n, weights in plain.pop("looks").items()}


def test_what_is_read_is_what_was_written(tmp_path, explained):
    assert save_explanation(tmp_path / "a" / "one.safetensors", explained) == tmp_path / "a" / "one.safetensors"
    before, after = flatten(explained), flatten(load_explanation(tmp_path / "a" / "one.safetensors"))
    assert list(before) == list(after)
    assert sum(name.startswith("look ") for name in before) > 0
    for name, value in before.items():
        assert type(value) is type(after[name]), name
        assert np.array_equal(value, after[name]) if isinstance(value, np.ndarray) else value == after[name], name


def test_the_same_explanation_is_the_same_bytes(tmp_path, explained):
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    save_explanation(one, explained)
    save_explanation(two, load_explanation(one))
    save_explanation(other, replace(explained, weights=np.nextafter(explained.weights, 1)))
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()


def test_a_seed_from_numpy_comes_back_as_a_number(tmp_path, explained):
    options = {"n_samples": 200, "n_holdout": 5, "seed": np.int64(3)}
    e = explain_spectrogram(build_tiles(np.eye(60)), explained.spec, explained.segments, **options)
    read = load_explanation(save_explanation(tmp_path / "one", e))
    assert (type(read.seed), read.seed) == (int, 3)


def test_values_that_are_no_numbers_come_back(tmp_path, explained):
    path = save_explanation(tmp_path / "one", replace(explained, r2=np.array([np.nan, 1]), config={"a": np.nan}))
    assert np.array_equal(load_explanation(path).r2, [np.nan, 1], equal_nan=True)
    assert np.isnan(load_explanation(path).config["a"])


@pytest.mark.parametrize("place", [0, 20, -1, -5000])
def test_one_wrong_bit_is_noticed(tmp_path, explained, place):
    path = save_explanation(tmp_path / "one", explained)
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
    with pytest.raises(ExplainError, match="holds no explanation of this version"):
        load_explanation(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"x" * 10_000])
def test_files_of_something_else(tmp_path, content):
    (tmp_path / "one").write_bytes(content)
    with pytest.raises(ExplainError, match="one holds no explanation of this version: ") as caught:
        load_explanation(tmp_path / "one")
    assert "\n" not in str(caught.value)


def test_half_a_file_is_noticed(tmp_path, explained):
    path = save_explanation(tmp_path / "one", explained)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ExplainError, match="holds no explanation of this version"):
        load_explanation(path)


def test_a_missing_file_and_a_network(tmp_path):
    with pytest.raises(ExplainError, match=r"cannot read .*nothing"):
        load_explanation(tmp_path / "nothing")
    with pytest.raises(ExplainError, match="holds no explanation of this version: no explanation"):
        load_explanation(locate_network("joint"))


def test_an_explanation_knows_its_sound_and_its_network(explained):
    explanation = replace(explained, network="abc-midlevel")
    explanation.check(spec=explained.spec, network="abc-midlevel")
    explanation.check(spec=explained.spec.astype(float))
    with pytest.raises(ExplainError, match="belongs to another sound: explain this one anew"):
        explanation.check(spec=np.nextafter(explained.spec, 2))
    with pytest.raises(ExplainError, match="belongs to another network: explain with this one anew"):
        explanation.check(spec=explained.spec, network="abc-emotion")


def test_fingerprints_tell_shapes_and_values_apart():
    spec = np.arange(12.0).reshape(3, 4)
    others = [spec.reshape(4, 3), spec.T, spec + 1e-5, spec[:2]]
    assert compute_sound_fingerprint(spec) == compute_sound_fingerprint(np.asfortranarray(spec, np.float32))
    assert compute_sound_fingerprint(spec) not in map(compute_sound_fingerprint, others)


@pytest.mark.parametrize("n_segments", [1, 8, 13])
def test_masks_come_out_of_their_bits(rng, n_segments):
    masks = rng.random((9, n_segments)) < 0.5
    packed = Samples.pack(masks, np.ones((9, 2)))
    assert np.array_equal(packed.masks, masks)
    assert packed.bits.shape == (9, -(-n_segments // 8))
    assert len(packed) == 9


def test_sizes_and_names(explained):
    assert explained.sizes.sum() == explained.spec.size
    assert explained.sizes[7] == (explained.segments == 7).sum()
    assert explained.index("output 1") == 1
    with pytest.raises(ExplainError, match="nothing is known of 'joy'; explained were: output 0, output 1"):
        explained.index("joy")
