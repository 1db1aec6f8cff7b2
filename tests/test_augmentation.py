"""Augmentation: gains are gains, noise is noise, masks are stretches of the mean."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mer_utils.augmentation import Augmentation, AugmentationError, augment_masks, augment_sound
from mer_utils.spectrogram import compute_spectrogram

NOTHING = Augmentation((0, 0), 0, noise_db=None, time_masks=0, band_masks=0)


def _augment(specs, seed=0, **changes):
    generator = torch.Generator().manual_seed(seed)
    return augment_sound(specs, augmentation=replace(NOTHING, **changes), generator=generator)


@pytest.fixture
def sound(rng):
    return (0.5 * np.sin(np.arange(22050) / 20) + 0.01 * rng.normal(size=22050)).astype(np.float32)


def _spec(sound):
    return torch.from_numpy(compute_spectrogram(sound)[None])


def test_nothing_changes_nothing(sound):
    torch.testing.assert_close(_augment(_spec(sound)), _spec(sound), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("gain_db", "same"), [(-6.0, True), (-6.2, False)])
def test_a_gain_is_the_gain_of_the_sound(sound, gain_db, same):
    quieter = _spec(sound * np.float32(10 ** (-6 / 20)))
    assert torch.allclose(_augment(_spec(sound), gain_db=(gain_db, gain_db)), quieter, atol=1e-4) == same


@pytest.mark.parametrize(("noise_db", "same"), [(-40, True), (-30, False)])
def test_the_noise_floor_has_its_level(rng, noise_db, same):
    real = _spec((0.01 * rng.normal(size=22050)).astype(np.float32))[:, :-3, 60:].mean()  # -40 dB
    silence = torch.zeros(1, 29, 149)
    assert torch.isclose(_augment(silence, noise_db=(noise_db, noise_db)).mean(), real, rtol=0.15).item() == same


def test_the_equaliser_is_smooth_and_differs_between_clips():
    out = _augment(torch.ones(4, 2, 149), band_gain_db=5)
    assert (out[:, 0] == out[:, 1]).all()
    assert out.diff(dim=2).abs().max() < 0.06 < out.std(dim=0).max()


def test_masks_are_stretches_of_the_mean():
    masked = Augmentation(time_masks=1, time_mask_frames=10, band_masks=1, band_mask_bands=5)
    specs = augment_masks(torch.ones(200, 60, 149), augmentation=masked, generator=torch.Generator())
    frames, bands = (specs == 0).all(2).sum(1), (specs == 0).all(1).sum(1)
    assert (frames.min(), frames.max(), bands.min(), bands.max()) == (0, 10, 0, 5)
    assert ((specs == 0).all(2).float().diff(dim=1).abs().sum(1) <= 2).all()  # one stretch each


def test_masks_reach_both_ends():
    masked = Augmentation(time_masks=0, band_masks=1, band_mask_bands=20)
    specs = augment_masks(torch.ones(2000, 32, 149), augmentation=masked, generator=torch.Generator())
    assert (specs[:, 0].min(dim=0).values == 0).all()


def test_the_generator_decides():
    first, again, other = (_augment(torch.ones(2, 40, 149), seed, band_gain_db=5) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("wrong", [{"gain_db": (3, -3)}, {"noise_db": (0, -1)}, {"band_masks": -1}, {"band_knots": 1}])
def test_settings_without_sense_are_refused(wrong):
    with pytest.raises(AugmentationError):
        replace(NOTHING, **wrong)
