"""What the answers to a blind test show: how often a coin does as well, and what share is right in the long run.

Public names: ``LEVEL``, ``BlindTestError``, ``Outcome``, ``compute_outcome``, ``compute_needed``,
``describe_outcome``.
"""

from dataclasses import dataclass

import numpy as np

#: A coin does as well as a listener who heard a difference in less than this share of tests.
LEVEL = 0.05


class BlindTestError(ValueError):
    """A blind test that cannot be built or answered."""


@dataclass(frozen=True)
class Outcome:
    """How many answers were right, and what that shows.

    Attributes
    ----------
    n_right, n
        Right answers, and all.
    p
        Probability that a coin gets as many right, or more.
    low, high
        95 % interval of the share that this listener would get right in the long run (Wilson 1927), 0-1.
    """

    n_right: int
    n: int
    p: float
    low: float
    high: float


def compute_outcome(n_right: int, n: int) -> Outcome:
    """Compute what ``n_right`` right answers of ``n`` show; `BlindTestError` if there cannot be so many."""
    from scipy.stats import binomtest

    if not 0 <= n_right <= n or n < 1:
        raise BlindTestError(f"{n_right} right answers of {n} are no outcome: answer at least one trial")
    interval = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    p = binomtest(n_right, n, alternative="greater").pvalue
    return Outcome(n_right, n, float(p), float(interval.low), float(interval.high))


def compute_needed(n: int, *, level: float = LEVEL) -> int:
    """Compute the fewest right answers of ``n`` that a coin gets less often than ``level``; n + 1 if none are."""
    from scipy.stats import binom

    return int(np.flatnonzero(np.append(binom.sf(np.arange(-1, n), n, 0.5), 0) < level)[0])


def describe_outcome(outcome: Outcome, *, who: str = "You") -> str:
    """Say how somebody did in a blind test, and whether guessing does as well."""
    n, needed = outcome.n, compute_needed(outcome.n)
    p = "< .001" if outcome.p < 0.001 else f"= {outcome.p:.{3 if outcome.p < 0.1 else 2}f}".replace("= 0.", "= .")
    said = f"{who} got {outcome.n_right} of {n} right (p {p}, Wilson interval {100 * outcome.low:.0f} to"
    said += f" {100 * outcome.high:.0f} %): "
    if needed > n:
        return f"{said}so few trials show nothing, even if all are right."
    if outcome.n_right >= needed:
        return f"{said}guessing seldom gets as many; {needed} were needed."
    if n - outcome.n_right >= compute_needed(n, level=LEVEL / 2):  # either end is looked at: half for each
        return f"{said}guessing seldom gets so few; a difference may have been heard, but the other way round."
    return f"{said}guessing gets as many often enough; {needed} would be needed."
