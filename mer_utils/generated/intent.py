"""What the music of a clip is meant to express: ratings turned into the controls that a composer obeys.

The seven mid-level controls are ratings brought to 0-1. What the emotions have beyond any linear function of the
mid-level features goes into four further knobs, which lie across the mid-level features: tempo, strength, register,
number of players, swells.

Public names: ``KNOBS``, ``Intent``, ``Focus``, ``build_intents``, ``build_intent``, ``Dice``, ``draw_even``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np
from scipy.special import ndtr

from ..ratings import MIDLEVEL, RATING_RANGE
from .ratings import RatingTable, compute_quantiles
from .score import DURATION, ROLES

#: Which emotions, beyond mid-level, turn which knob (weights in the order of `EMOTIONS`; made uncorrelated in this
#: order). Cues from Juslin & Laukka (2004) and Eerola, Friberg & Bresin (2013) where these have them: data/README.md.
KNOBS = {
    #           val   ene   ten   ang   fear  hap   sad   tender
    "drive": (-0.3, 1.0, 0.8, 0.6, 0.5, 0.2, -0.8, -0.7),  # tempo, density, strength of playing
    "lift": (0.6, 0.1, -0.2, -0.2, -0.3, 1.0, -0.7, 0.1),  # register and brightness
    "edge": (-0.2, 0.1, 0.2, 1.0, 0.2, -0.5, -0.3, 0.6),  # few players
    "menace": (-0.5, -0.4, -0.1, -0.3, 1.0, 0.2, -0.2, 0.1),  # low-end weight, swells
}


@dataclass(frozen=True)
class Focus:
    """Confines a feature to some notes: elsewhere its control has the value ``elsewhere``.

    Harmony (tonal stability, minorness) acts on whole chords and rhythmic complexity on whole bars: those that begin
    in the span. A note before the span may end elsewhere, because it lasts until the next onset.

    Attributes
    ----------
    feature
        One of `MIDLEVEL`.
    start, end
        Seconds; notes that begin in this span carry the trait.
    parts
        Roles that carry it (those of `score.Part.role`), or None for all.
    elsewhere
        Control of all other notes, 0-1.
    """

    feature: str
    start: float = 0.0
    end: float = float("inf")
    parts: tuple[str, ...] | None = None
    elsewhere: float = 0.3

    def __post_init__(self) -> None:
        unknown = set(self.parts or ()) - set(ROLES)
        if isinstance(self.parts, str) or unknown or not 0 <= self.start < min(self.end, DURATION):
            raise ValueError(
                f"a focus needs 0 <= start < end within {DURATION:g} s and a tuple of roles among {', '.join(ROLES)}"
            )


@dataclass(frozen=True)
class Intent:
    """Controls of one clip.

    Attributes
    ----------
    planned
        Seven controls 0-1 by feature name: they choose instruments, textures and the plan of the clip.
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
        """Return the same plan with one cause moved by ``delta``, clipped to 0-1."""
        if feature not in self.caused:
            raise ValueError(f"unknown feature {feature!r}; there are: {', '.join(MIDLEVEL)}")
        if not np.isfinite(delta):
            raise ValueError(f"a cause moves by a number, not by {delta}")
        moved = float(np.clip(self.caused[feature] + delta, 0, 1))
        return replace(self, caused={**self.caused, feature: moved})


def build_intents(table: RatingTable) -> list[Intent]:
    """Turn the ratings of ``n`` tracks into ``n`` intents.

    A control is the noise-free rating on a straight scale from 0, the rating that 6.7 % of film music stays below, to
    1, the rating that 6.7 % exceed. The knobs are combinations of what remains of the latent emotions after linear
    regression on the latent mid-level features, orthogonalised in the order of `KNOBS` and scaled to unit variance.
    """
    controls = _compute_controls(table.true[:, :7])
    midlevel, emotion = table.latent[:, :7], table.latent[:, 7:]
    design = np.hstack([np.ones((len(midlevel), 1)), midlevel])
    rest = emotion - design @ np.linalg.lstsq(design, emotion, rcond=None)[0]
    raw = rest @ np.array(list(KNOBS.values())).T
    knobs = np.zeros_like(raw)
    for j in range(raw.shape[1]):
        column = raw[:, j] - knobs[:, :j] @ (knobs[:, :j].T @ raw[:, j]) / len(raw)
        spread = column.std()
        knobs[:, j] = (column - column.mean()) / spread if spread > 1e-9 else 0.0
    return [_build_intent(row, knob) for row, knob in zip(controls, knobs, strict=True)]


def _build_intent(controls: np.ndarray, knobs: np.ndarray) -> Intent:
    named = dict(zip(MIDLEVEL, map(float, controls), strict=True))
    return Intent(planned=named, caused=named, knobs=dict(zip(KNOBS, map(float, knobs), strict=True)))


def build_intent(midlevel: Sequence[float], *, knobs: Mapping[str, float] | None = None) -> Intent:
    """Turn seven noise-free ratings, 1-10 in the order of `MIDLEVEL`, into the intent of one clip.

    ``knobs`` sets some of `KNOBS` (standard normal); the others are 0.

    Raises
    ------
    ValueError
        If there are not seven ratings on 1-10, or for an unknown knob or one beyond 4.
    """
    ratings = np.asarray(midlevel, float)
    if ratings.shape != (len(MIDLEVEL),) or set(knobs or ()) - set(KNOBS):
        raise ValueError(f"an intent needs {len(MIDLEVEL)} ratings and knobs among {', '.join(KNOBS)}")
    if not np.all((ratings >= RATING_RANGE[0]) & (ratings <= RATING_RANGE[1])):
        raise ValueError(f"an intent needs 7 ratings on 1-10 (a net's answer is rating / 10), not {ratings.tolist()}")
    if not np.all(np.abs(list((knobs or {"": 0.0}).values())) <= 4):
        raise ValueError(f"knobs are standard normal, -4 to 4, not {dict(knobs or {})}")
    return _build_intent(_compute_controls(ratings), np.array([(knobs or {}).get(name, 0.0) for name in KNOBS]))


def _compute_controls(ratings: np.ndarray) -> np.ndarray:
    """Bring ratings (..., 7), 1-10, to controls 0-1; see `build_intents`."""
    lowest, highest = compute_quantiles(np.repeat(ndtr([[-1.5], [1.5]]), 15, axis=1))[:, :7]
    return ((ratings - lowest) / (highest - lowest)).clip(0, 1)


class Dice:
    """Independent random streams by name, so that changing one decision leaves all others as they were.

    Parameters
    ----------
    key
        Whole numbers from 0, such as a seed: the same key, the same music.
    """

    def __init__(self, *key: int) -> None:
        self.key = key

    def __call__(self, *names: object) -> np.random.Generator:
        """Return the generator of a decision: the same names give the same numbers."""
        return np.random.default_rng([*self.key, crc32("/".join(map(str, names)).encode())])


def draw_even(rng: np.random.Generator, n: int) -> np.ndarray:
    """Draw ``n`` numbers in 0-1 that are evenly spread but in random order.

    Decided by such numbers, a share of p really makes up p of the cases: what a control asks for is what one hears.
    """
    return (rng.permutation(n) + 0.5) / n
