"""Explanations in sentences made from their numbers.

Public names: ``describe_strongest``, ``describe_quiet``, ``describe_shortcut``.
"""

import numpy as np

from .explanation import Explanation
from .segments import build_segment_table
from .selection import select_segments
from .spectrogram import compute_band_frequencies


def describe_strongest(explanation: Explanation, output: str) -> str:
    """Say where the segments lie that raise and lower an output most, and by how much.

    Parameters
    ----------
    explanation
        Any.
    output
        One of its outputs.
    """
    column = explanation.index(output)
    places = build_segment_table(explanation.segments, explanation.spec, fps=explanation.fps, start=explanation.start)
    words = []
    for verb, labels in zip(("raised", "lowered"), select_segments(explanation, output, rule="top"), strict=True):
        if len(labels):
            row, error = places.loc[labels[0]], 1.96 * explanation.robust_errors[labels[0], column]
            where = f"{row['start']:.1f}–{row['end']:.1f} s, {row['low']:.0f}–{row['high']:.0f} Hz"
            words.append(f"{verb} most by {where} ({explanation.weights[labels[0], column]:+.4f} ± {error:.4f})")
    heard = explanation.prediction[column]
    return f"*{output.capitalize()}* is {heard:.3f} (rating / 10): {', '.join(words) or 'no segment moves it'}."


def describe_quiet(explanation: Explanation, output: str) -> str:
    """Say how much of what was selected is quieter than what hides it: there, hiding adds sound.

    Parameters
    ----------
    explanation
        Whose hidden cells hold a value.
    output
        One of its outputs.
    """
    kept = np.concatenate(select_segments(explanation, output, rule="top"))
    chosen = np.isin(explanation.segments, kept)
    quiet = (explanation.spec[chosen] < explanation.hide).mean()
    return (
        f"{quiet:.0%} of the cells in colour are quieter than the {explanation.hide:.2f} that hides them: "
        "there LIME asks what would happen if something sounded in a silence."
    )


def describe_shortcut(scores: dict[str, float], rating: str, share: float, *, band: tuple[float, float]) -> str:
    """Say what a net's scores hide and its explanation shows.

    Parameters
    ----------
    scores
        Of the net of `shortcut.load_shortcut`: r by ``"<rating>, <version>"``.
    rating
        The feature that the shortcut betrays.
    share
        Share, 0-1, of the largest weights that lies in the band of the tone.
    band
        Where that is, Hz.
    """
    right, without, swapped = (scores[f"{rating}, {version}"] for version in ("as trained", "no tone", "swapped"))
    centres = compute_band_frequencies()
    area = ((band[0] <= centres) & (centres <= band[1])).mean()
    return (
        f"On clips like those of its training this net hears {rating} at r = {right:.2f}; without beeps at "
        f"{without:.2f}, and with beeps in the wrong clips at {swapped:.2f}. Of its largest weights {share:.0%} "
        f"lie between {band[0]:.0f} and {band[1]:.0f} Hz, where the beep is: {area:.0%} of the cells."
    )
