"""A blind listening test of an explanation: whether the segments kept for a feature sound like it.

In each trial one sound is made of the kept segments and one of random segments as large and as loud
(`matching.select_matched`); the listener is asked what the raters of the feature were asked. Which of the two is
called A is drawn for each trial alone, so that without hearing a difference the number right is binomial, whatever
the listener prefers.

Public names: ``Trial``, ``BlindTest``, ``BlindTestError``, ``render_takes``, ``build_blind_test``, ``describe_test``,
``CHOICES``, ``RATE``. What the answers show is told by `blindoutcome`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .blindoutcome import LEVEL, BlindTestError, compute_needed
from .glossary import QUESTIONS
from .listening import render_gained
from .matching import select_matched
from .passages import Passage
from .selection import select_segments

#: What the two sounds of a trial are called.
CHOICES = ("A", "B")
#: Sample rate of the sounds, Hz.
RATE = 22050
_PIECE, _FADE = 2.5, 0.01  # seconds
# A piece this far below its whole sound says nothing, dB.
_FAINT = 20
# Root mean square of all sounds, before the peak of the loudest asks for less; the codec overshoots a little.
_RMS, _PEAK = 0.1, 0.9


@dataclass(frozen=True, eq=False)
class Trial:
    """Two sounds to choose from.

    Attributes
    ----------
    label
        Where they come from; it is not for the listener before the end.
    sounds
        A and B, (n_samples,) float32 each at 22 050 Hz.
    answer
        Which of `CHOICES` is made of the kept segments.
    """

    label: str
    sounds: tuple[np.ndarray, np.ndarray]
    answer: str


@dataclass(frozen=True, eq=False)
class BlindTest:
    """Trials and what was answered so far; answering gives another one.

    Attributes
    ----------
    question
        What is asked in each trial.
    trials
        In the order in which they are heard.
    n_wanted
        Trials that were asked for; there are fewer where the sounds did not give as many.
    choices
        Answers so far, such as ``"ABB"``: all there is to keep of a listener.
    """

    question: str
    trials: tuple[Trial, ...]
    n_wanted: int
    choices: str = ""

    @property
    def done(self) -> bool:
        """Whether all is answered."""
        return len(self.choices) == len(self.trials)

    @property
    def wrong(self) -> tuple[int, ...]:
        """Numbers, from 1, of the trials that were answered wrongly."""
        answered = zip(self.choices, self.trials, strict=False)
        return tuple(k for k, (choice, trial) in enumerate(answered, start=1) if choice != trial.answer)

    @property
    def n_right(self) -> int:
        """Number of right answers so far."""
        return len(self.choices) - len(self.wrong)

    def answer(self, choice: str) -> "BlindTest":
        """Answer the next trial with one of `CHOICES`; `BlindTestError` for another one, or if all is answered."""
        if choice not in CHOICES:
            raise BlindTestError(f"{choice!r} is no answer: say {' or '.join(CHOICES)}")
        if self.done:
            raise BlindTestError(f"all {len(self.trials)} trials are answered: build a test with another seed")
        return replace(self, choices=self.choices + choice)

    def take_back(self) -> "BlindTest":
        """Forget the last answer, if there is any."""
        return replace(self, choices=self.choices[:-1])

    def answer_by_brightness(self) -> "BlindTest":
        """Let a rule answer all that is left, which takes the brighter sound: that of the higher spectral centroid."""
        brighter = [int(np.diff([_compute_centroid(y) for y in trial.sounds])[0] > 0) for trial in self.trials]
        chosen = "".join(CHOICES[side] for side in brighter)
        return replace(self, choices=self.choices + chosen[len(self.choices) :])

    def answer_by_coin(self, seed: int) -> "BlindTest":
        """Let a coin answer all that is left; it does not know the coin of `build_blind_test`, of whatever seed."""
        rng = np.random.default_rng([seed, 1])
        thrown = rng.integers(len(CHOICES), size=len(self.trials))[len(self.choices) :]
        return replace(self, choices=self.choices + "".join(CHOICES[side] for side in thrown))


def render_takes(
    passages: Mapping[str, Passage], feature: str, *, rule: str = "top", seed: int = 0
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Render what raises a feature in some passages, and their random control (`matching.select_matched`).

    Parameters
    ----------
    passages
        By name.
    feature
        One that was explained.
    rule
        Which segments are kept, one of `selection.RULES`.
    seed
        Of the controls.

    Yields
    ------
    tuple
        A take for `build_blind_test`; a passage in which nothing was kept, or all, gives none.
    """
    for label, passage in passages.items():
        kept, _ = select_segments(passage.explanation, feature, rule=rule)
        if 0 < len(kept) < passage.explanation.n_segments:
            both = (kept, select_matched(passage.explanation, kept, seed=seed))
            gains = (np.isin(passage.explanation.segments, labels).astype(float) for labels in both)
            yield label, *(render_gained(passage, gain, mode="positive only").y for gain in gains)


def build_blind_test(
    takes: Iterable[tuple[str, np.ndarray, np.ndarray]],
    *,
    seed: int,
    feature: str = "articulation",
    n_trials: int = 16,
) -> BlindTest:
    """Build a blind test from whole sounds.

    Takes are cut into equal pieces of about 2.5 s, and trials are drawn from those pieces in which neither sound is
    more than 20 dB below its own whole. Pieces get fades of 10 ms at both ends, for cuts would click, and then all of
    them the same root mean square, for a difference in level would be heard first; loudness as perceived may still
    differ. If a peak then came too near to full scale, all sounds of the test are lowered alike.

    Parameters
    ----------
    takes
        Label, sound of the kept segments, sound of the control: both (n_samples,) at 22 050 Hz, from the same clip.
    seed
        Of the draws of pieces and of sides.
    feature
        One of `ratings.MIDLEVEL`: what the segments were kept for, as raising it.
    n_trials
        Trials wanted; the test has fewer, and says so, if there are not as many pieces.

    Raises
    ------
    BlindTestError
        For an unknown feature, sounds of a take that do not go together, or if no piece can be heard.
    """
    if feature not in QUESTIONS:
        raise BlindTestError(f"no rater was asked about {feature!r}; features are: {', '.join(QUESTIONS)}")
    pieces = [piece for label, kept, control in takes for piece in _cut(label, kept, control)]
    if not pieces or n_trials < 1:
        raise BlindTestError("no piece can be heard in both of its sounds: give other takes, or ask for a trial")
    rng = np.random.default_rng(seed)
    pieces = [pieces[k] for k in rng.permutation(len(pieces))[:n_trials]]
    gain = min(1.0, _PEAK / max(float(np.abs(y).max()) for _, *pair in pieces for y in pair))
    trials = []
    for label, kept, control in pieces:
        side = int(rng.integers(len(CHOICES)))
        first, second = (gain * y for y in ((control, kept) if side else (kept, control)))
        trials.append(Trial(label, (first, second), CHOICES[side]))
    return BlindTest(QUESTIONS[feature], tuple(trials), n_trials)


def _cut(label: str, kept: np.ndarray, control: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Cut a take into pieces that can be heard, faded and of one level."""
    pair = [np.asarray(y, np.float32) for y in (kept, control)]
    if pair[0].shape != pair[1].shape or pair[0].ndim != 1:
        raise BlindTestError(f"{label}: sounds of shapes {pair[0].shape} and {pair[1].shape} are not of one clip")
    if not all(np.isfinite(y).all() for y in pair):
        raise BlindTestError(f"{label}: has samples that are NaN or infinite; render it anew")
    floors = [_compute_rms(y) * 10 ** (-_FAINT / 20) for y in pair]
    edges = np.linspace(0, len(pair[0]), max(1, round(len(pair[0]) / RATE / _PIECE)) + 1).astype(int)
    for start, stop in pairwise(edges):
        faded = [_fade(y[start:stop]) for y in pair]
        levels = [_compute_rms(y) for y in faded]
        if all(level > 0 and level >= floor for level, floor in zip(levels, floors, strict=True)):
            where = f"{label}, {start / RATE:.1f} to {stop / RATE:.1f} s"
            yield where, *(np.float32(_RMS / level) * y for y, level in zip(faded, levels, strict=True))


def _fade(y: np.ndarray) -> np.ndarray:
    n = min(round(_FADE * RATE), len(y) // 2)
    ramp = np.sin(np.pi / 2 * (np.arange(n) + 0.5) / max(n, 1)).astype(np.float32) ** 2
    return y * np.concatenate([ramp, np.ones(len(y) - 2 * n, np.float32), ramp[::-1]])


def _compute_centroid(y: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(y))
    return float(np.arange(len(spectrum)) @ spectrum / (spectrum.sum() or 1.0))


def _compute_rms(y: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64)))) if len(y) else 0.0


def describe_test(test: BlindTest) -> str:
    """Say in words, for those who cannot take it, what a test asks and what would count."""
    n = len(test.trials)
    needed, seconds = compute_needed(n), np.mean([len(trial.sounds[0]) for trial in test.trials]) / RATE
    short = f" ({test.n_wanted} were wanted, but no more pieces can be heard)" if n < test.n_wanted else ""
    count = f"{needed} right answers are needed" if needed <= n else "they are too few to show anything"
    return (
        f"{test.question} {n} trials{short}, each of two sounds of {seconds:.1f} s at one level, called A and B in"
        " random order: one of the segments kept, one of as many random others (some of which raise it, too, but"
        " less), as near to these in size and energy as there are any."
        f" For p < {f'{LEVEL:g}'[1:]}, {count}."
    )
