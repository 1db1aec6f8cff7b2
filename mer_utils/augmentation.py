"""Changes of a training batch that leave its ratings true: what rooms, microphones and codecs do to music.

A network trained on generated sound alone must not take the spectrum of its synthesizer for music. So each clip of a
batch gets its own level, its own smooth equalisation and its own noise floor, computed on the magnitudes, and loses a
few stretches of time and of frequency, which become the training mean (0 once standardised).

Public names: ``Augmentation``, ``AugmentationError``, ``augment_sound``, ``augment_masks``.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

# A frame of white noise of rms 1 has this rms magnitude: the root of the sum of the squared 2048-sample Hann window.
_NOISE_MAGNITUDE = math.sqrt(0.375 * 2048)
_LN10 = math.log(10)


class AugmentationError(ValueError):
    """A setting of the augmentation that makes no sense."""


@dataclass(frozen=True)
class Augmentation:
    """How far a training clip may be changed; each range is drawn from uniformly, for each clip anew.

    Parameters
    ----------
    gain_db
        Lowest and highest overall gain, dB.
    band_gain_db
        Standard deviation of the equaliser at each of its ``band_knots`` points, dB; 0 leaves it out.
    band_knots
        Points of the equaliser, spread evenly over the bands and joined by lines.
    noise_db
        Lowest and highest level of the noise floor, dB below full scale (rms of white noise); None leaves it out.
    time_masks, band_masks
        How many stretches of time and of frequency are masked.
    time_mask_frames, band_mask_bands
        Longest such stretch; the shortest is 0.

    Raises
    ------
    AugmentationError
        If a range is upside down or a size is negative.
    """

    gain_db: tuple[float, float] = (-12.0, 3.0)
    band_gain_db: float = 5.0
    band_knots: int = 7
    noise_db: tuple[float, float] | None = (-90.0, -40.0)
    time_masks: int = 1
    time_mask_frames: int = 16
    band_masks: int = 1
    band_mask_bands: int = 16

    def __post_init__(self) -> None:
        for low, high in filter(None, (self.gain_db, self.noise_db)):
            if not low <= high:
                raise AugmentationError(f"a range must go from low to high, not from {low} to {high} dB")
        sizes = (self.time_masks, self.time_mask_frames, self.band_masks, self.band_mask_bands, self.band_gain_db)
        if min(sizes) < 0 or self.band_knots < 2:
            raise AugmentationError(f"numbers and sizes of masks must not be negative, knots at least 2: {self}")


def augment_sound(specs: Tensor, *, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Change level, equalisation and noise floor of each clip of a batch.

    Parameters
    ----------
    specs
        (n, n_frames, 149) log10(1 + magnitude).
    augmentation
        How far to go.
    generator
        Source of the random numbers, on the CPU; the batch may lie elsewhere.

    Returns
    -------
    Tensor
        As ``specs``: what the spectrogram of the changed sound would be, up to the phases of the noise.
    """
    n, n_frames, n_bands = specs.shape
    gain_db = _uniform(n, augmentation.gain_db, generator)[:, None]
    gain_db = gain_db + _smooth(n, n_bands, augmentation, generator)
    magnitude = (specs * _LN10).exp_().sub_(1).mul_(_from_db(gain_db)[:, None].to(specs.device))
    if augmentation.noise_db is not None:
        level_db = _uniform(n, augmentation.noise_db, generator)[:, None] + _smooth(
            n, n_bands, augmentation, generator
        )
        # Averaged over the bins of a band, noise wavers less than a single bin's: half its level up or down.
        noise = torch.rand(n, n_frames, n_bands, generator=generator).add_(0.5).to(specs.device)
        noise *= (_NOISE_MAGNITUDE * _from_db(level_db))[:, None].to(specs.device)
        magnitude = torch.hypot(magnitude, noise)  # two sounds without a common phase add in power
    return magnitude.add_(1).log_().div_(_LN10)


def augment_masks(specs: Tensor, *, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Mask stretches of time and of frequency in place (SpecAugment: Park et al. 2019).

    Parameters
    ----------
    specs
        (n, n_frames, 149) *standardised* spectrograms, where 0 is the training mean; changed in place.
    augmentation, generator
        As in `augment_sound`.

    Returns
    -------
    Tensor
        ``specs``.
    """
    n, n_frames, n_bands = specs.shape
    for _ in range(augmentation.time_masks):
        specs *= _keep(n, n_frames, augmentation.time_mask_frames, generator)[:, :, None].to(specs.device)
    for _ in range(augmentation.band_masks):
        specs *= _keep(n, n_bands, augmentation.band_mask_bands, generator)[:, None].to(specs.device)
    return specs


def _from_db(level: Tensor) -> Tensor:
    return 10 ** (level / 20)


def _uniform(n: int, limits: tuple[float, float], generator: torch.Generator) -> Tensor:
    return limits[0] + (limits[1] - limits[0]) * torch.rand(n, generator=generator)


def _smooth(n: int, n_bands: int, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Draw one smooth curve over the bands for each clip: (n, n_bands) dB."""
    knots = augmentation.band_gain_db * torch.randn(n, 1, augmentation.band_knots, generator=generator)
    return torch.nn.functional.interpolate(knots, n_bands, mode="linear", align_corners=True)[:, 0]


def _keep(n: int, size: int, longest: int, generator: torch.Generator) -> Tensor:
    """Draw one masked stretch for each clip: (n, size), 0 inside it and 1 elsewhere."""
    length = torch.rand(n, 1, generator=generator) * (min(longest, size) + 1)
    start = torch.rand(n, 1, generator=generator) * (size + 1 - length.floor())
    place = torch.arange(size)
    return ((place < start.floor()) | (place >= start.floor() + length.floor())).float()
