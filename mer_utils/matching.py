"""Segments drawn at random that are as large and as loud as given ones: the control of "these segments matter".

A few loud segments of a sound tell much about it, whichever they are. What is said of the kept ones therefore has to
be compared with others of the same size and energy, as in tests of faithfulness by random choice.

Two controls answer two questions. `select_random` permutes: would any selection of segments like these do? It draws
from all, so that the kept ones are as likely as others. `select_matched` draws from the others alone: would a sound
without any of the kept ones do?

Public names: ``select_random``, ``compute_random_roles``, ``select_matched``, ``compute_match``,
``compute_energies``.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .explanation import ExplainError, Explanation
from .spectrogram import compute_magnitudes

# A partner is one of so many that are most alike in size and energy; of so many draws the best one is taken.
_NEAREST, _DRAWS = 5, 50
# Deviations that count the same when draws are compared: 10 % in size, 1 dB in energy.
_SIZE_STEP, _ENERGY_STEP = 0.1, 1.0
# Segments among which roles are exchanged: so many of like energy, and of these so many of like size.
_ALIKE = (24, 6)


def select_random(explanation: Explanation, sides: Sequence[ArrayLike], *, seed: int = 0) -> list[np.ndarray]:
    """Select segments at random, as many as were kept and about as large and as loud, from all of them.

    Parameters
    ----------
    explanation, sides, seed
        As in `compute_random_roles`.

    Returns
    -------
    list of numpy.ndarray
        For each side as many labels, ascending.

    Raises
    ------
    ExplainError
        For a label that is none of the explanation's.
    """
    (roles,) = compute_random_roles(explanation, sides, n=1, seed=seed)
    return [np.flatnonzero(roles == number) for number in range(1, len(sides) + 1)]


def compute_random_roles(explanation: Explanation, sides: Sequence[ArrayLike], *, n: int, seed: int = 0) -> np.ndarray:
    """Draw anew, many times, which segments were kept.

    Segments are sorted by energy into groups of 24, and these by size into strata of 6; within a stratum, who was kept
    is drawn. If it makes no difference which of like segments were kept, the kept selection is one of these draws: a
    permutation test, given the strata.

    Parameters
    ----------
    explanation
        Its segments and its spectrogram are used, its weights are not.
    sides
        Labels that were kept, side by side, such as those that raise an output and those that lower it; none twice.
    n
        Number of draws.
    seed
        Of the draws.

    Returns
    -------
    numpy.ndarray
        (n, n_segments) int: 1 for the first side, 2 for the second, and so on, 0 for what was not kept.

    Raises
    ------
    ExplainError
        For a label that is none of the explanation's.
    """
    roles = np.zeros(explanation.n_segments, int)
    for number, labels in enumerate(sides, start=1):
        roles[_check_labels(explanation, labels)] = number
    by_energy = np.argsort(compute_energies(explanation), kind="stable")
    by_size = (group[np.argsort(explanation.sizes[group], kind="stable")] for group in _split(by_energy, _ALIKE[0]))
    strata = [stratum for group in by_size for stratum in _split(group, _ALIKE[1])]
    rng, drawn = np.random.default_rng(seed), np.empty((n, len(roles)), int)
    for draw in drawn:
        for stratum in strata:
            draw[stratum] = rng.permutation(roles[stratum])
    return drawn


def _split(labels: np.ndarray, size: int) -> list[np.ndarray]:
    return np.array_split(labels, max(1, round(len(labels) / size)))


def select_matched(
    explanation: Explanation, kept: ArrayLike, *, seed: int = 0, among: ArrayLike | None = None
) -> np.ndarray:
    """Select random segments beside the kept ones that match them in number, size and energy.

    Every kept segment, in random order, gets a partner that is drawn from its five nearest neighbours still free, by
    log of the cells and log of the energy, each over its spread. Sums hang on the largest segments, so that is done
    50 times and the draw is taken whose sums come closest, 10 % in cells counting as much as 1 dB.

    Where fewer others are left than were kept, all of them are taken, and `compute_match` tells how far off they are.
    The more was kept, the less is left to chance.

    Parameters
    ----------
    explanation
        Its segments and its spectrogram are used, its weights are not.
    kept
        Labels of the segments to match.
    seed
        Of the draws.
    among
        Labels to choose from, kept ones left out; None is all.

    Returns
    -------
    numpy.ndarray
        Labels in ascending order, none of them twice.

    Raises
    ------
    ExplainError
        If nothing was kept, if there is no other segment, or for a label that is none of the explanation's.
    """
    kept = _check_labels(explanation, kept)
    others = np.setdiff1d(_check_labels(explanation, range(explanation.n_segments) if among is None else among), kept)
    if not len(kept) or not len(others):
        what = "no segments were kept" if not len(kept) else "there is no segment beside those that were kept"
        raise ExplainError(f"{what}: nothing can be matched; keep {'more' if not len(kept) else 'fewer'}")
    rng, measures = np.random.default_rng(seed), _compute_measures(explanation)
    points = np.log(np.maximum(measures, np.finfo(float).tiny))
    points /= np.maximum(points.std(axis=0), 1e-9)
    distances = ((points[kept, None] - points[others]) ** 2).sum(axis=2)  # (n_kept, n_others)
    nearest = np.argsort(distances, axis=1, kind="stable")
    draws = (others[_draw_partners(nearest, rng)] for _ in range(_DRAWS))
    return np.sort(min(draws, key=lambda labels: _compute_deviation(kept, labels, measures)))


def compute_match(explanation: Explanation, kept: ArrayLike, matched: ArrayLike) -> tuple[float, float]:
    """Compute how large and how loud matched segments are beside the kept ones.

    Parameters
    ----------
    explanation
        The explanation.
    kept, matched
        Labels.

    Returns
    -------
    size, energy : float
        Cells of the matched ones over cells of the kept ones; energy, the sum of squared magnitudes, likewise but in
        dB, infinite where one of the two is silent. (1, 0) is a perfect match.

    Raises
    ------
    ExplainError
        If nothing was kept, or for a label that is none of the explanation's.
    """
    kept, matched = _check_labels(explanation, kept), _check_labels(explanation, matched)
    if not len(kept):
        raise ExplainError("no segments were kept: nothing can be compared; keep more")
    return _compute_ratios(kept, matched, _compute_measures(explanation))


def _check_labels(explanation: Explanation, labels: ArrayLike) -> np.ndarray:
    labels = np.unique(np.asarray(labels, int))
    if len(labels) and not 0 <= labels[0] <= labels[-1] < explanation.n_segments:
        last = explanation.n_segments - 1
        raise ExplainError(f"labels {labels[0]} to {labels[-1]} are not all segments: these are 0 to {last}")
    return labels


def compute_energies(explanation: Explanation) -> np.ndarray:
    """Compute the energy of every segment, (n_segments,): its squared magnitudes, summed over its cells."""
    power = np.square(compute_magnitudes(explanation.spec)).ravel()
    return np.bincount(explanation.segments.ravel(), power, minlength=explanation.n_segments)


def _compute_measures(explanation: Explanation) -> np.ndarray:
    """Cells and energy of every segment, (n_segments, 2)."""
    return np.column_stack([explanation.sizes, compute_energies(explanation)])


def _draw_partners(nearest: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw columns without replacement, one for each row of ``nearest`` (n_kept, n_others) while there are any."""
    free = np.ones(nearest.shape[1], bool)
    for row in rng.permutation(nearest)[: nearest.shape[1]]:
        free[rng.choice(row[free[row]][:_NEAREST])] = False
    return np.flatnonzero(~free)


def _compute_ratios(kept: np.ndarray, matched: np.ndarray, measures: np.ndarray) -> tuple[float, float]:
    (cells, energy), (wanted_cells, wanted_energy) = measures[matched].sum(axis=0), measures[kept].sum(axis=0)
    if energy > 0 and wanted_energy > 0:
        return float(cells / wanted_cells), float(10 * np.log10(energy / wanted_energy))
    return float(cells / wanted_cells), 0.0 if energy == wanted_energy else float(
        np.inf * np.sign(energy - wanted_energy)
    )


def _compute_deviation(kept: np.ndarray, matched: np.ndarray, measures: np.ndarray) -> float:
    size, energy = _compute_ratios(kept, matched, measures)
    return float((np.log(size) / _SIZE_STEP) ** 2 + (energy / _ENERGY_STEP) ** 2)
