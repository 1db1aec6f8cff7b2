"""A score whose notes know why they are there: what a composer returns and a renderer plays.

Public names: ``Note``, ``Part``, ``Score``, ``Song``, ``SongChord``, ``ROLES``, ``DURATION``.
"""

from dataclasses import dataclass, field

#: What a part can be in a clip.
ROLES = ("melody", "counter", "chords", "bass", "ostinato", "percussion", "cross", "cluster", "drone")

#: Length of every generated clip in seconds, as in the two rated collections.
DURATION = 15.0


@dataclass(slots=True)
class Note:
    """One note, with the traits it was given.

    Attributes
    ----------
    onset, duration
        Seconds from the start of the clip.
    pitch
        MIDI note number (69 = A4), or a drum key in a percussion part.
    velocity
        Strength, 0-1.
    staccato
        Share of the time to the next onset in which the note sounds; below about .5 one hears it as detached.
    clash_with
        MIDI number of the sounding note it was placed a semitone or whole tone (octaves aside) against, or None.
    out_of_key
        Whether its chord was moved and it now lies outside the key, because tonal stability was low.
    third
        ``"minor"`` or ``"major"`` for the note that decides the quality of its chord, else "".
    off_grid
        Seconds by which it was moved off the metrical grid because rhythmic stability was low.
    syncopated
        Whether it begins on a weak sixteenth of the bar.
    leap
        Semitones by which it was thrown out of the melodic line because melodiousness was low.
    """

    onset: float
    duration: float
    pitch: int
    velocity: float
    staccato: float = 1.0
    clash_with: int | None = None
    out_of_key: bool = False
    third: str = ""
    off_grid: float = 0.0
    syncopated: bool = False
    leap: int = 0

    @property
    def end(self) -> float:
        """End of the note in seconds."""
        return self.onset + self.duration


@dataclass(slots=True)
class Part:
    """What one player plays.

    Attributes
    ----------
    role
        One of `ROLES`.
    program
        General MIDI program 0-127, or the kit's program for percussion.
    drums
        Whether ``program`` is a drum kit.
    gain_db
        Level relative to the other parts; instruments are first brought to equal level.
    detune
        Cents above the tuning of the album.
    notes
        In any order.
    """

    role: str
    program: int
    drums: bool = False
    gain_db: float = 0.0
    detune: float = 0.0
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Score:
    """Parts and the frame they stand in.

    Attributes
    ----------
    parts
        The players.
    tonic
        Pitch class of the key, 0-11 (0 = C).
    minor
        Whether the key is minor.
    tempo
        Beats per minute.
    beats_per_bar
        3 or 4.
    """

    parts: list[Part]
    tonic: int
    minor: bool
    tempo: float
    beats_per_bar: int


@dataclass(frozen=True)
class SongChord:
    """One chord of a song: its length in beats, its root in semitones above the tonic, and whether it is minor."""

    beats: float
    degree: int
    minor: bool


@dataclass(frozen=True)
class Song:
    """A tune with chords that a composer arranges instead of inventing its own; both repeat to fill a clip.

    Attributes
    ----------
    tonic
        Pitch class 0-11.
    minor
        Whether the key is minor.
    beats_per_bar
        3 or 4.
    melody
        Triples (start in beats, length in beats, semitones above the tonic that lies nearest to the melody's centre).
    chords
        One after the other, from the first beat.
    """

    tonic: int
    minor: bool
    beats_per_bar: int
    melody: tuple[tuple[float, float, int], ...]
    chords: tuple[SongChord, ...]

    def __post_init__(self) -> None:
        if not self.melody or not self.chords or self.beats_per_bar not in (3, 4) or self.tonic not in range(12):
            raise ValueError("a song needs a melody, chords, 3 or 4 beats per bar, and a tonic of 0-11")
        lengths = [chord.beats for chord in self.chords] + [length for _, length, _ in self.melody]
        if min(lengths) <= 0 or min(start for start, _, _ in self.melody) < 0:
            raise ValueError("the notes and chords of a song need a length of more than 0 beats, from beat 0 on")

    @property
    def beats(self) -> float:
        """Length of the chords in beats: after it, melody and chords begin again."""
        return sum(chord.beats for chord in self.chords)
