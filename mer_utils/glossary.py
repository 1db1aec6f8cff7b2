"""The words that go with the numbers: what listeners were asked, and how music emotion is spoken of.

Public names: ``QUESTIONS``, ``ENDS``, ``EMOTION_ENDS``, ``COMPARATIVES``, ``MOOD_CLUSTERS``, ``EXPLANATIONS``,
``CHAPTERS``, ``describe_table``.
"""

from collections.abc import Sequence

from .ratings import EMOTIONS, MIDLEVEL

#: What the raters of the Mid-level set were asked of two excerpts, in our words (after the 2019 poster).
QUESTIONS = dict(
    zip(
        MIDLEVEL,
        (
            "To which of the two would you rather sing along?",
            "Which of the two has more short, detached sounds?",
            "Which rhythm is harder to tap back, its meter harder to find, its layers more?",
            "To which of the two is it easier to march?",
            "Which of the two sounds noisier or has the harsher intervals?",
            "In which of the two is it easier to tell the key and its home note?",
            "Which of the two has more minor chords?",
        ),
        strict=True,
    )
)

#: What a low and a high value of each feature sound like.
ENDS = dict(
    zip(
        MIDLEVEL,
        (
            ("no tune to hold on to", "sings itself"),
            ("long, tied sounds", "short, detached sounds"),
            ("plain rhythm", "many layers, off the beat"),
            ("no pulse", "one could march"),
            ("smooth", "harsh, clashing"),
            ("no home note", "firmly in a key"),
            ("major chords", "minor chords"),
        ),
        strict=True,
    )
)

#: What a low and a high value of each emotion mean: three scales with two ends, five of more or less.
EMOTION_ENDS = {name: (f"not {name}", f"very {name}") for name in EMOTIONS} | {
    "valence": ("unpleasant", "pleasant"),
    "energy": ("sleepy", "wide awake"),
    "tension": ("relaxed", "tense"),
    "anger": ("not angry", "very angry"),
    "fear": ("not fearful", "very fearful"),
}

#: How a song with less, and one with more, of a feature or an emotion is called beside another one.
COMPARATIVES = {
    "melodiousness": ("less melodious", "more melodious"),
    "articulation": ("more legato", "more staccato"),
    "rhythmic complexity": ("rhythmically simpler", "rhythmically more complex"),
    "rhythmic stability": ("rhythmically less steady", "rhythmically steadier"),
    "dissonance": ("less dissonant", "more dissonant"),
    "tonal stability": ("tonally less stable", "tonally more stable"),
    "minorness": ("less minor", "more minor"),
    "valence": ("less pleasant", "more pleasant"),
    "energy": ("less energetic", "more energetic"),
    "tension": ("less tense", "tenser"),
    "anger": ("less angry", "angrier"),
    "fear": ("less fearful", "more fearful"),
    "happy": ("less happy", "happier"),
    "sad": ("less sad", "sadder"),
    "tender": ("less tender", "more tender"),
}

#: Five clusters of mood adjectives in use for sorting music (Kim et al. 2010, as in the talk).
MOOD_CLUSTERS = (
    ("1", "passionate, rousing, confident, boisterous, rowdy"),
    ("2", "rollicking, cheerful, fun, sweet, amiable"),
    ("3", "literate, poignant, wistful, bittersweet, autumnal, brooding"),
    ("4", "humorous, silly, campy, quirky, whimsical, witty, wry"),
    ("5", "aggressive, fiery, tense or anxious, intense, volatile, visceral"),
)

#: Kinds of explanation that the talk of 2019 goes through: kind, the idea, its question for music.
EXPLANATIONS = (
    ("interpretable model", "a model simple enough to read: a weighted sum, a tree, an invertible net",
     "which weight does a minor chord carry?"),
    ("by example", "cases that the model treats alike", "which other tracks sound like this to the net?"),
    ("by gradient", "how far the answer moves when one input cell does", "which cell of the spectrogram matters?"),
    ("model-agnostic", "change the input, watch the answer, fit a simple model to both (LIME)",
     "what happens when these sounds are silent?"),
    ("two levels, the companion's way", "a readable layer of seven listening features inside a net",
     "angry because dissonant, and dissonant because of *this* sound?"),
)  # fmt: skip

#: The notebooks: name, the question each answers, and whether it is there.
CHAPTERS = (
    ("00_start_here", "What does this companion do?", "you are here"),
    ("01_data", "What do listeners rate, and what does the net see?", "ready"),
    ("02_training", "How are the schemes trained?", "ready"),
    ("03_cost_of_explainability", "What does an explainable bottleneck cost?", "ready"),
    ("04_effects_cash_vs_nin", "Why does one version of “Hurt” sound angrier?", "ready"),
    ("05_lime_explanations", "Which part of the sound makes a feature high?", "ready"),
    ("06_listening", "Can I hear the explanation?", "ready"),
    ("07_explorer", "Why does it sound like that?", "ready"),
    ("08 to 10", "What else does the talk show, and ask for?", "to come"),
)


def describe_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Spell a small table in Markdown.

    Parameters
    ----------
    header
        Names of the columns.
    rows
        Cells, as many per row as there are columns; numbers are written as they are.

    Returns
    -------
    str
        Markdown, one line per row.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the header.
    """
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row of {len(row)} cells does not fit {len(header)} columns: {row!r}")
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
