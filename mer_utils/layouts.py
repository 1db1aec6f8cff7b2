"""How the papers' two data sets lie on disk: every file name, header and number that their readers count on.

Read in the files themselves, in the readers of Hoedt, Flexer & Widmer (SMC 2025) and in other people's loaders, older
distributions included. Where something is not certain, the comment says so.

Public names: ``TableLayout``, ``EMOTION_RATINGS``, ``ALBUM_LIST``, ``MIDLEVEL_RATINGS``, ``MIDLEVEL_METADATA``,
``FILM_NUMBERS``, ``FILM_NUMBERS_RATED``, ``TARGETS``, ``SONG_ID_OFFSET``, ``SONG_IDS``, ``OWN_SOUND_IDS``,
``OTHER_SOUNDS``, ``MISSPELT_ALBUMS``, ``ALBUM_COLUMN``.
"""

from dataclasses import dataclass

from .ratings import EMOTIONS, MIDLEVEL


@dataclass(frozen=True)
class TableLayout:
    """A table that is one file of a data set, wherever below its folder.

    Attributes
    ----------
    stem
        Name of the file without suffix.
    key
        Column with the number of the clip, leading zeros or not.
    columns
        From the name of each column that must be there to its name in this project. In headers neither upper and
        lower case nor blanks around a name count.
    source
        What to do if the file is missing or another one.
    suffixes
        How its name may end; the first one there is taken.
    separator
        Between columns.
    """

    stem: str
    key: str
    columns: dict[str, str]
    source: str
    suffixes: tuple[str, ...] = (".csv",)
    separator: str = ","


# Soundtracks, set 1 (Eerola & Vuoskoski 2011, OSF p6vkg): 001.mp3 to 360.mp3, in Set1.zip or unpacked; older copies
# have set1/set1/mp3/Soundtrack360_mp3 and the ratings as .xls: first sheet, one header row, the same columns.
FILM_NUMBERS = range(1, 361)
FILM_NUMBERS_RATED = range(5, 361)  # rated for all of seven features, too; 001-004 are in some copies only
TARGETS = (  # 30 clips were chosen for each
    "HAPPY", "SAD", "TENDER", "FEAR", "ANGER", "SURPRISE",
    "HIGH VALENCE", "LOW VALENCE", "HIGH ENERGY", "LOW ENERGY", "HIGH TENSION", "LOW TENSION",
)  # fmt: skip

#: Folders and archives beside those of set 1 whose sounds bear the same names; see `soundfiles.find_sounds`.
OTHER_SOUNDS = (
    "Set2", "set2_stimuli", "set2_mp3", "Soundtrack110_mp3", "1min", "1-min", "1min_stimuli", "1-min_stimuli",
)  # fmt: skip

EMOTION_RATINGS = TableLayout(
    "mean_ratings_set1",
    "number",
    {name: name for name in EMOTIONS} | {"TARGET": "target"},
    "`mer fetch soundtracks` brings it, as does https://osf.io/g2h8w (part of https://osf.io/p6vkg)",
    suffixes=(".csv", ".xls"),
)
ALBUM_LIST = TableLayout(
    "set1_tracklist", "Nro", {"Album name": "album"}, "`mer fetch soundtracks` brings it, as does https://osf.io/p6vkg"
)
#: Album names of the list (blanks at their ends do not count either) and what they should be.
MISSPELT_ALBUMS = {"The Portait of a Lady": "The Portrait of a Lady"}

# Mid-level (Aljanaki & Soleymani 2018, OSF 5aupt): <song_id>.mp3 for ids 1-3575. Of the rest, 3576-3935 are the clips
# of Soundtracks, set 1; 3936-5000 are from other collections: sound is there only if the reader has put it there.
SONG_IDS = range(1, 5001)
OWN_SOUND_IDS = range(1, 3576)
SONG_ID_OFFSET = 3575  # song_id less number in Soundtracks

# In the header, "melody" and "articulation" follow a blank. "atonality" means its opposite: it rises with melody
# (r .68) and falls with dissonance (r -.80); "mode" is high for minor (r -.74 with happy).
_MIDLEVEL_HEADER = (
    "melody", "articulation", "rhythm_complexity", "rhythm_stability", "dissonance", "atonality", "mode",
)  # fmt: skip
_MIDLEVEL_SOURCE = "`mer fetch midlevel` brings it, as does metadata_annotations.zip from https://osf.io/4v3xh"
MIDLEVEL_RATINGS = TableLayout(
    "annotations", "song_id", dict(zip(_MIDLEVEL_HEADER, MIDLEVEL, strict=True)), _MIDLEVEL_SOURCE
)
MIDLEVEL_METADATA = TableLayout(
    "metadata",
    "song id",
    {"Source": "source", "ID at file source": "source_id", "Artist": "artist"},
    _MIDLEVEL_SOURCE,
    separator=";",
)
#: Two more columns hold title and album. How they are spelled is not certain: the album's is known by this word, and
#: is else the last of six, the order in which other loaders name them.
ALBUM_COLUMN = "album"
