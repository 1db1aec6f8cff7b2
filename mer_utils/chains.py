"""The chain from an emotion to the feature that makes it, and on to the segments in which the network hears that.

Both levels of the talk of Haunschmid & Chowdhury (Vienna, 16 October 2019) for one sound: contributions of features
(`effects`), then segments of one feature (`explanation`). `twolevels` has the sums that join them.

Public names: ``Chain``, ``build_chain``, ``describe_chain``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .effects import LITTLE, compute_contributions
from .explanation import ExplainError, Explanation
from .glossary import COMPARATIVES
from .ratings import EMOTIONS, MIDLEVEL
from .selection import FLOOR, RULES, select_segments
from .twolevels import compute_extent

if TYPE_CHECKING:
    from .reference import Reference
    from .regression import LinearModel

# Parts of which the smaller is larger than this share of the larger count about the same.
_TIE = 0.8
# Reference and layer are of one network if they agree to this, unit scale; references are stored to half precision.
_AGREE = 1e-3


@dataclass(frozen=True, eq=False)
class Chain:
    """Why a sound has much or little of an emotion: a feature, and the segments in which the network hears it.

    The emotion differs from its mean because the feature does. Where there is more of the feature than usual, the
    segments that raise it are shown, and where there is less, those that lower it, be the feature's weight in the
    emotion positive or negative. That nothing raises a feature, which also makes it low, no segment can show.

    Attributes
    ----------
    title
        What the sound is called.
    emotion, feature
        One of `ratings.EMOTIONS` and of `ratings.MIDLEVEL`.
    label
        Whose mean the sound is compared with, as `reference.Reference` calls it.
    value, mean
        The emotion in this sound and its mean, unit scale.
    midlevel, midlevel_mean
        (7,) the features in this sound and their means, unit scale.
    contributions
        (7,) what each feature adds to the emotion beyond the mean; they add up to ``value - mean``.
    segments, weights
        (n_kept,) labels and weights for the feature, all of the sign of `verb`, the largest first; may be empty.
    n_segments
        Number of all segments.
    n_certain
        How many of those kept are certain: at most 5 % false discoveries (rule ``"bh"``).
    seconds, hertz
        The shortest time of the track that holds half of these weights, and between which frequencies half of that
        lies, as `compute_extent` gives them; None without segments.
    share
        What these weights are of all weights of their sign, those that may be chance included, 0 to 1.
    """

    title: str
    emotion: str
    feature: str
    label: str
    value: float
    mean: float
    midlevel: np.ndarray
    midlevel_mean: np.ndarray
    contributions: np.ndarray
    segments: np.ndarray
    weights: np.ndarray
    n_segments: int
    n_certain: int
    seconds: tuple[float, float] | None
    hertz: tuple[float, float] | None
    share: float = 1.0

    @property
    def verb(self) -> str:
        """What the segments do to the feature: "raises" where there is more of it than usual, else "lowers"."""
        return "lowers" if self.heard < self.usual else "raises"

    @property
    def plural(self) -> str:
        """`verb` where several do it."""
        return self.verb.removesuffix("s")

    @property
    def place(self) -> str:
        """Where half of the weight is, in words; for chains that have segments."""
        (begin, end), (low, high) = self.seconds, self.hertz
        whose = "their" if len(self.segments) > 1 else "its"
        return f"half of {whose} weight at {begin:.1f}–{end:.1f} s, there mostly at {low:.0f}–{high:.0f} Hz"

    @property
    def heard(self) -> float:
        """The feature in this sound, unit scale."""
        return float(self.midlevel[MIDLEVEL.index(self.feature)])

    @property
    def usual(self) -> float:
        """Mean of the feature, unit scale."""
        return float(self.midlevel_mean[MIDLEVEL.index(self.feature)])

    @property
    def contribution(self) -> float:
        """What the feature adds to the emotion beyond the mean, unit scale."""
        return float(self.contributions[MIDLEVEL.index(self.feature)])


def build_chain(
    explanation: Explanation,
    *,
    layer: "LinearModel",
    reference: "Reference",
    emotion: str,
    title: str,
    feature: str | None = None,
) -> Chain:
    """Follow an emotion to a feature and to the segments that make the feature what it is.

    Parameters
    ----------
    explanation
        Of all seven features.
    layer
        From the features to the emotions, of the network that was explained.
    reference
        What the same network hears in the tracks to compare with.
    emotion
        One of `ratings.EMOTIONS`.
    title
        What the sound is called.
    feature
        The one to follow; None takes the largest contribution in the direction in which the emotion differs from its
        mean, and the largest of all where it hardly does. Of its segments those on the right side are shown, if they
        are among the 30 with the largest weights (rule ``"top"`` of `selection.select_segments`).

    Raises
    ------
    ExplainError
        If a feature was not explained, there is no such emotion or feature, or the layer is not the reference's.
    """
    for name, names in ((emotion, EMOTIONS), (feature or MIDLEVEL[0], MIDLEVEL)):
        if name not in names:
            raise ExplainError(f"there is no {name!r} here; choose one of: {', '.join(names)}")
    row = EMOTIONS.index(emotion)
    midlevel = np.array([explanation.prediction[explanation.index(name)] for name in MIDLEVEL])
    value, mean = (float(layer.weights[row] @ x + layer.bias[row]) for x in (midlevel, reference.mean))
    if abs(mean - reference.emotion[emotion].mean()) > _AGREE:
        raise ExplainError(f"this layer does not make the {emotion} of the reference: take both from one network")
    parts = compute_contributions(layer.weights, midlevel, reference.mean)[row]
    if feature is None:
        pushes = parts * np.sign(value - mean) if abs(value - mean) >= LITTLE else np.abs(parts)
        feature = MIDLEVEL[int(pushes.argmax())]
    lower = int(midlevel[MIDLEVEL.index(feature)] < reference.mean[MIDLEVEL.index(feature)])
    kept, certain = (select_segments(explanation, feature, rule=rule)[lower] for rule in ("top", "bh"))
    seconds, hertz = compute_extent(explanation, feature, kept) if len(kept) else (None, None)
    weights = explanation.weights[:, explanation.index(feature)]
    same = np.abs(weights[weights < 0 if lower else weights > 0]).sum()
    return Chain(
        title=title, emotion=emotion, feature=feature, label=reference.label, value=value, mean=mean,
        midlevel=midlevel, midlevel_mean=reference.mean, contributions=parts, segments=kept,
        weights=weights[kept], n_segments=explanation.n_segments, n_certain=int(np.isin(kept, certain).sum()),
        seconds=seconds, hertz=hertz, share=float(np.abs(weights[kept]).sum() / same) if len(kept) else 0.0,
    )  # fmt: skip


def describe_chain(chain: Chain) -> str:
    """Say which feature makes the emotion of a sound, and where the network hears it.

    "Mostly" is said where the feature makes at least half of all that moves the emotion that way, "above all" where no
    other makes more, and "among others" for the rest.

    Parameters
    ----------
    chain
        Of `build_chain`.

    Returns
    -------
    str
        Two or three sentences; values on the unit scale.
    """
    total = chain.value - chain.mean
    numbers = f"{chain.emotion} {chain.value:.2f} against {chain.mean:.2f}"
    if abs(total) < LITTLE:
        said = f"“{chain.title}” hardly differs in {chain.emotion} from the mean of {chain.label} ({numbers})"
    else:
        more = COMPARATIVES[chain.emotion][int(total > 0)]
        said = f"“{chain.title}” sounds {more} than the mean of {chain.label} ({numbers}, {total:+z.3f})"
    return f"{said}{_describe_reason(chain, total)}. {_describe_segments(chain)}"


def _describe_reason(chain: Chain, total: float) -> str:
    word, part = COMPARATIVES[chain.feature][int(chain.heard > chain.usual)], chain.contribution
    having = f"it is {word} ({chain.heard:.2f} against {chain.usual:.2f}, {part:+z.3f})"
    if abs(part) < LITTLE:
        return f"; that {having} hardly counts"
    if abs(total) < LITTLE or part * total < 0:
        return f", although {having}"
    pushes = chain.contributions[chain.contributions * total > 0]
    if abs(part) < np.abs(pushes).max() and part / pushes.sum() < 0.5:
        return f", among others because {having}"
    if alike := [MIDLEVEL[k] for k in np.argsort(-np.abs(chain.contributions)) if _is_tied(chain, k)]:
        return f", among others because {having}; {_join(alike)} weigh{'s' * (len(alike) == 1)} about as much"
    return f", {'mostly' if part / pushes.sum() >= 0.5 else 'above all'} because {having}"


def _is_tied(chain: Chain, column: int) -> bool:
    """Find out whether another feature pushes the emotion as far, but for a fifth."""
    part = chain.contributions[column]
    return MIDLEVEL[column] != chain.feature and part / chain.contribution > _TIE


def _join(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _describe_segments(chain: Chain) -> str:
    n = len(chain.segments)
    if not n:
        largest = f"the {RULES['top']} largest weights, down to {100 * FLOOR:.0f} % of the largest,"
        return f"None of {largest} {chain.verb} {chain.feature}."
    does, hold = (chain.plural, "they hold") if n > 1 else (chain.verb, "it holds")
    said = (
        f"The net hears that in {n} of {chain.n_segments} segments, which {does} {chain.feature}"
        f" ({hold} {100 * chain.share:.0f} % of all that {chain.verb} it; {chain.place}): listen."
    )
    if chain.n_certain == n:
        return said
    certain = f"Only {chain.n_certain} of them" if chain.n_certain else "None of them"
    return f"{said} {certain} {'are' if chain.n_certain > 1 else 'is'} certain (at most 5 % false discoveries)."
