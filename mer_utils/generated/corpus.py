"""The generated corpus: ratings first, then music that has them, then sound, with the truth about every note.

Nothing but spectrograms is kept on disk; sound is rendered when asked for, from the options of the corpus
and the number of the track alone, so that the order of requests does not matter.

Public names: ``GeneratedConfig``, ``GeneratedCorpus``, ``load_generated``, ``VERSION``.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ..corpora import Corpus, CorpusError
from ..paths import CACHE
from ..ratings import EMOTIONS, MIDLEVEL
from ..spectrogram import SpectrogramConfig, compute_spectrogram
from .clip import Clip, build_clip
from .intent import Dice, Focus, Intent, build_intents
from .ratings import build_ratings
from .renderer import SR
from .score import Song
from .styles import HELD_OUT_STYLES, STYLES, Album, build_album
from .truth import Twin, build_truth, build_twin

#: Raised whenever the same seed gives other music: part of every cache key.
VERSION = "1"

_SHARES = {"valid": 0.08, "test": 0.14, "style": 0.08}  # of all tracks; the rest is for training
_MIN_TRACKS = {"valid": 6, "test": 12, "style": 6}
_TRACKS_PER_ALBUM = 7


@dataclass(frozen=True)
class GeneratedConfig:
    """What distinguishes one generated corpus from another.

    Attributes
    ----------
    n_tracks
        Clips of 15 s, at least 40.
    seed
        Seed of ratings, albums and music.
    renderings
        Clips per rating vector, each on another album of the same split.
    rater_noise, outside_share
        See `generated.ratings.build_ratings`.
    """

    n_tracks: int = 2000
    seed: int = 0
    renderings: int = 2
    rater_noise: float = 1.0
    outside_share: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.n_tracks, self.seed, self.renderings)
        whole = all(isinstance(number, int) for number in numbers)
        if not (whole and self.n_tracks >= 40 and self.seed >= 0 and 1 <= self.renderings <= 4):
            raise CorpusError(
                "a generated corpus has whole numbers n_tracks >= 40, seed >= 0 and renderings 1 to 4, "
                f"not {self.n_tracks!r}, {self.seed!r} and {self.renderings!r}"
            )


class GeneratedCorpus(Corpus):
    """Music made to measure; see the module docstring and `corpora.Corpus`.

    Parameters
    ----------
    config
        Size, seed and ratings.
    root
        Folder of the cache.
    extra, extra_name
        Hook for an extra signal: called with a row of ``tracks``, ratings included, it returns (330750,) samples that
        are added to the mix. Its name becomes part of the fingerprint.
    """

    name, music = "generated", "generated music"
    version = VERSION

    def __init__(
        self,
        config: GeneratedConfig,
        *,
        root: Path | None = None,
        extra: Callable[[pd.Series], np.ndarray] | None = None,
        extra_name: str = "",
    ) -> None:
        if (extra is None) != (not extra_name):
            raise CorpusError("an extra signal and its name go together")
        self.config, self.extra = config, extra
        self._key = (config.seed, config.n_tracks)  # another size is another corpus, not a part of this one
        settings = [dataclasses.asdict(config), dataclasses.asdict(SpectrogramConfig()), extra_name]
        key = json.dumps([self.name, self.version, *settings], sort_keys=True)
        self.fingerprint = hashlib.sha256(key.encode()).hexdigest()[:16]
        self.cache = (root or CACHE / "generated") / self.fingerprint
        n_vectors = -(-config.n_tracks // config.renderings)
        table = build_ratings(
            n_vectors, seed=config.seed, rater_noise=config.rater_noise, outside_share=config.outside_share
        )
        self._intents = build_intents(table)
        self.tracks = _build_tracks(config)
        observed, true = (
            pd.DataFrame(x[self.tracks["vector"]], self.tracks.index, MIDLEVEL + EMOTIONS)
            for x in (table.observed, table.true)
        )
        self.midlevel, self.emotion = observed[list(MIDLEVEL)], observed[list(EMOTIONS)]
        self.true_midlevel, self.true_emotion = true[list(MIDLEVEL)], true[list(EMOTIONS)]

    def intent(self, track_id: str) -> Intent:
        """Return what the music of a track was told to express."""
        return self._intents[self.tracks["vector"].iloc[self._row(track_id)]]

    def album(self, track_id: str) -> Album:
        """Return the album of a track: its instruments, room and recording."""
        row = self.tracks.iloc[self._row(track_id)]
        number = int(row["album"].rsplit("-", 1)[1])
        return build_album(row["style"], np.random.default_rng([*self._key, 2, number]))

    def clip(self, track_id: str, *, intent: Intent | None = None, song: Song | None = None) -> Clip:
        """Compose and render a track: score, stems and mix, before peak normalisation.

        Another ``intent`` makes other music on the same album with the same random numbers; with a ``song`` the track
        becomes an arrangement of it.
        """
        row = self._row(track_id)
        extra = None
        if self.extra is not None:
            extra = self.extra(pd.concat([self.tracks.iloc[row], self.midlevel.iloc[row], self.emotion.iloc[row]]))
        dice = Dice(*self._key, 3, row)
        return build_clip(intent or self.intent(track_id), self.album(track_id), dice, song=song, extra=extra)

    def audio(self, track_id: str) -> tuple[np.ndarray, int]:
        """Return the sound of a track: (330750,) float32 with peak 1, and 22 050 Hz."""
        clip = self.clip(track_id)
        return clip.mix * clip.gain, SR

    def truth(self, track_id: str, *, intent: Intent | None = None) -> pd.DataFrame:
        """Return every note of a track and what it was made to do; see `generated.truth.build_truth`."""
        return build_truth(self.clip(track_id, intent=intent).score)

    def twin(self, track_id: str, feature: str, delta: float, *, focus: Focus | None = None) -> Twin:
        """Render a track with one musical cause changed and all else the same; see `generated.truth.build_twin`.

        ``delta`` moves the feature's control, 0-1; ``focus`` confines the change to some notes. Where the control is
        at its end already, or no note of this track can carry the change, ``notes`` is empty and the sounds are equal.
        """
        original = self.intent(track_id)
        return build_twin(lambda intent: self.clip(track_id, intent=intent), original, feature, delta, focus=focus)

    def spectrograms(self, track_ids: Sequence[str], *, progress: bool = True) -> list[np.ndarray]:
        """Return spectrograms (469, 149) of some tracks; the first call renders the corpus on all cores."""
        rows = [self._row(track_id) for track_id in track_ids]
        return [self._spectrograms(progress)[row] for row in rows]

    def spectrogram(self, track_id: str) -> np.ndarray:
        """Return the spectrogram (469, 149) of one track, rendering just this one if the cache is not filled."""
        if self._spectrogram_file.is_file():
            return super().spectrogram(track_id)
        return compute_spectrogram(self.audio(track_id)[0])

    @property
    def _spectrogram_file(self) -> Path:
        return self.cache / "spectrograms.npy"

    def _spectrograms(self, progress: bool) -> np.ndarray:
        if "_all_spectrograms" not in self.__dict__ and not self._spectrogram_file.is_file():
            from .cache import save_spectrograms

            save_spectrograms(self, self._spectrogram_file, progress=progress)
        return self._all_spectrograms

    @cached_property
    def _all_spectrograms(self) -> np.ndarray:
        return np.load(self._spectrogram_file, mmap_mode="r")


def load_generated(*, root: Path | None = None, **options: object) -> GeneratedCorpus:
    """Load the generated corpus; ``options`` are the fields of `GeneratedConfig`, ``extra`` and ``extra_name``.

    Raises
    ------
    CorpusError
        For an unknown option or one out of range.
    """
    hooks = {name: options.pop(name) for name in ("extra", "extra_name") if name in options}
    known = {field.name for field in dataclasses.fields(GeneratedConfig)}
    if unknown := set(options) - known:
        raise CorpusError(f"unknown option {sorted(unknown)[0]!r} of the generated corpus; there are: {sorted(known)}")
    return GeneratedCorpus(GeneratedConfig(**options), root=root, **hooks)


def _build_tracks(config: GeneratedConfig) -> pd.DataFrame:
    """Deal rating vectors to splits and their renderings to albums; no album is in two splits."""
    rng = np.random.default_rng([config.seed, 4])
    n_vectors = -(-config.n_tracks // config.renderings)
    rows, album, start = [], 0, 0
    for split in ("test", "style", "valid", "train"):
        n_tracks = max(round(_SHARES.get(split, 0) * config.n_tracks), _MIN_TRACKS.get(split, 0))
        stop = n_vectors if split == "train" else start + -(-n_tracks // config.renderings)
        vectors = np.arange(start, stop)
        styles = HELD_OUT_STYLES if split == "style" else [s for s in STYLES if s not in HELD_OUT_STYLES]
        n_albums = max(
            len(vectors) * config.renderings // _TRACKS_PER_ALBUM,
            len(styles) if split == "test" else 2,
            config.renderings,
        )
        order = [styles[i % len(styles)] for i in rng.permutation(n_albums)]
        for rendering in range(config.renderings):
            place = (np.arange(len(vectors)) + rendering * (n_albums // config.renderings)) % n_albums
            rows += [
                (split, f"{order[a]}-{album + a:03d}", order[a], v, rendering)
                for v, a in zip(vectors, place, strict=False)
            ]
        album, start = album + n_albums, stop
    tracks = pd.DataFrame(rows, columns=["split", "album", "style", "vector", "rendering"])
    tracks = tracks.sort_values(["vector", "rendering"], ignore_index=True).iloc[: config.n_tracks]
    tracks.index = pd.Index([f"g{i:04d}" for i in range(len(tracks))], name="track_id")
    return tracks
