"""Rhythm: which sixteenths of a bar have an onset, and how far onsets stray from the grid.

Public names: ``build_pattern``, ``compute_metrical_levels``, ``compute_jitter``, ``compute_sounding_ratio``,
``compute_longest_sound``.
"""

import numpy as np

# Probability of an onset by metrical level (bar, half bar, beat, eighth, sixteenth) at the lowest and the highest
# rhythmic complexity. Syncopation makes a rhythm complex (Longuet-Higgins & Lee 1984) and hard to tap (Fitch &
# Rosenfeld 2007): strong positions empty as weak ones fill.
_PATTERNS = {
    "melody": ((1.0, 0.75, 0.55, 0.06, 0.0), (0.75, 0.5, 0.55, 0.8, 0.42)),
    "block": ((1.0, 0.6, 0.30, 0.0, 0.0), (0.7, 0.45, 0.5, 0.75, 0.40)),
    "arpeggio": ((1.0, 1.0, 0.95, 0.25, 0.0), (0.9, 0.85, 0.85, 0.95, 0.65)),
    "bass": ((1.0, 0.6, 0.15, 0.0, 0.0), (0.85, 0.5, 0.45, 0.6, 0.3)),
    "beat": ((1.0, 1.0, 0.95, 0.0, 0.0), (1.0, 0.85, 0.8, 0.75, 0.45)),
    "cross": ((0.6, 0.4, 0.4, 0.3, 0.1), (0.5, 0.5, 0.6, 0.8, 0.7)),
}


def compute_metrical_levels(beats_per_bar: int) -> np.ndarray:
    """Metrical level (4 * beats_per_bar,) of each sixteenth of a bar: 0 downbeat, 1 half bar, 2 beat, 3 eighth, 4."""
    levels = np.full(4 * beats_per_bar, 4)
    levels[::2] = 3
    levels[::4] = 2
    if beats_per_bar == 4:
        levels[8] = 1
    levels[0] = 0
    return levels


def build_pattern(kind: str, uniform: np.ndarray, complexity: np.ndarray | float, beats_per_bar: int) -> np.ndarray:
    """Choose the onsets of one bar.

    Parameters
    ----------
    kind
        "melody", "block", "arpeggio", "bass", "beat" or "cross".
    uniform
        (4 * beats_per_bar,) uniform numbers, one per sixteenth; the same numbers at another complexity move as few
        onsets as possible.
    complexity
        Rhythmic complexity 0-1.

    Returns
    -------
    numpy.ndarray
        Booleans of the same shape; at least one is True.
    """
    simple, complex_ = (np.array(p)[compute_metrical_levels(beats_per_bar)] for p in _PATTERNS[kind])
    onsets = uniform < simple + (complex_ - simple) * complexity
    if not onsets.any():
        onsets[0] = True
    return onsets


def compute_jitter(stability: float, normal: float, *, beat: float) -> float:
    """Seconds by which an onset strays from the grid.

    From nothing at a stability above .9 to a standard deviation of half a beat at 0, a size of our own: the pulse
    loses its clarity (Lartillot et al. 2008). ``normal`` is the standard normal number of this onset, ``beat`` the
    length of a beat in seconds.
    """
    return float(max(min(normal, 2), -2) * beat * 0.5 * max(0.9 - stability, 0.0) / 0.9)


def compute_sounding_ratio(articulation: float) -> float:
    """Share of the time to the next onset in which a note sounds: 1.08 (legato) to .1 (staccatissimo).

    The usual measure of articulation (Bresin & Battel 2000; Juslin 2000), over a range of our own; equal steps of the
    control are equal ratios.
    """
    return float(1.08 * (0.1 / 1.08) ** articulation)


def compute_longest_sound(articulation: float) -> float:
    """Longest time in seconds that a note may sound: 6 s (legato) to .1 s, in equal ratios.

    Without it a short note of a slow rhythm would sound as long as a long note of a fast one.
    """
    return float(6.0 * (0.1 / 6.0) ** articulation)
