"""What the music of a clip is meant to express: ratings turned into the controls that a composer obeys.

The seven mid-level controls are percentiles, 0-1. What the emotions have beyond any linear function of the
mid-level features goes into four further knobs, which change nothing that the mid-level features name.

Public names: ``KNOBS``, ``Intent``, ``Focus``, ``build_intents``, ``Dice``.
"""

from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np
from scipy import stats

from ..ratings import MIDLEVEL

#: Which emotions, beyond mid-level, turn which knob (weights in the order of `EMOTIONS`; made uncorrelated in this
#: order). Cues and directions: Juslin & Laukka (2004); Eerola, Friberg & Bresin (2013).
KNOBS = {
    #           val   ene   ten   ang   fear  hap   sad   tender
    "drive": (-0.3, 1.0, 0.8, 0.6, 0.5, 0.2, -0.8, -0.7),  # tempo, density, strength of playing
    "lift": (0.6, 0.1, -0.2, -0.2, -0.3, 1.0, -0.7, 0.1),  # register and brightness
    "edge": (-0.2, 0.1, 0.2, 1.0, 0.2, -0.5, -0.3, 0.6),  # few players close by, or many far off
    "menace": (-0.5, -0.4, -0.1, -0.3, 1.0, 0.2, -0.2, 0.1),  # low-end weight, swells
}


@dataclass(frozen=True)
class Focus:
    """Confines a feature to some notes: elsewhere its control has the value ``elsewhere``.

    Attributes
    ----------
    feature
        One of `MIDLEVEL`.
    start, end
        Seconds; notes that begin in this span carry the trait.
    parts
        Roles that carry it, or None for all.
    elsewhere
        Control of all other notes, 0-1.
    """

    feature: str
    start: float = 0.0
    end: float = float("inf")
    parts: tuple[str, ...] | None = None
    elsewhere: float = 0.3


@dataclass(frozen=True)
class Intent:
    """Controls of one clip.

    Attributes
    ----------
    planned
        Seven percentiles 0-1 by feature name: they choose instruments, textures and the plan of the clip.
    caused
        The same seven as they act on notes. They differ from ``planned`` only in a counterfactual twin.
    knobs
        Standard normal values by name, as in `KNOBS`.
    focus
        Where a trait is confined, if it is.
    """

    planned: dict[str, float]
    caused: dict[str, float]
    knobs: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KNOBS, 0.0))
    focus: Focus | None = None

    def at(self, feature: str, time: float, role: str) -> float:
        """Control 0-1 of a feature for a note that begins at ``time`` seconds in the part ``role``."""
        f = self.focus
        if f is None or f.feature != feature:
            return self.caused[feature]
        inside = f.start <= time < f.end and (f.parts is None or role in f.parts)
        return self.caused[feature] if inside else f.elsewhere

    def with_cause(self, feature: str, delta: float) -> "Intent":
        """Return the same plan with one cause moved by ``delta`` percentile points (0-1), clipped to 0-1."""
        if feature not in self.caused:
            raise ValueError(f"unknown feature {feature!r}; there are: {', '.join(MIDLEVEL)}")
        moved = float(np.clip(self.caused[feature] + delta, 0, 1))
        return replace(self, caused={**self.caused, feature: moved})


def build_intents(latent: np.ndarray) -> list[Intent]:
    """Turn latent ratings (n, 15), standard normal, into ``n`` intents.

    The knobs are combinations of what remains of the emotions after linear regression on the mid-level features,
    orthogonalised in the order of `KNOBS` and scaled to unit variance.
    """
    controls = stats.norm.cdf(latent[:, :7])
    design = np.hstack([np.ones((len(latent), 1)), latent[:, :7]])
    emotion = latent[:, 7:]
    rest = emotion - design @ np.linalg.lstsq(design, emotion, rcond=None)[0]
    raw = rest @ np.array(list(KNOBS.values())).T
    knobs = np.zeros_like(raw)
    for j in range(raw.shape[1]):
        column = raw[:, j] - knobs[:, :j] @ (knobs[:, :j].T @ raw[:, j]) / len(raw)
        spread = column.std()
        knobs[:, j] = (column - column.mean()) / spread if spread > 1e-9 else 0.0
    return [
        Intent(planned=(c := dict(zip(MIDLEVEL, map(float, row)))), caused=c, knobs=dict(zip(KNOBS, map(float, k))))
        for row, k in zip(controls, knobs)
    ]


class Dice:
    """Independent random streams by name, so that changing one decision leaves all others as they were."""

    def __init__(self, *key: int) -> None:
        self.key = key

    def __call__(self, *names: object) -> np.random.Generator:
        """Return the generator of a decision: the same names give the same numbers."""
        return np.random.default_rng([*self.key, crc32("/".join(map(str, names)).encode())])
