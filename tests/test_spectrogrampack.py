"""The pack: what `compute_spectrogram` gives, to half a unit of float16, and nothing twice, whatever happens."""

import errno
import json
import mmap
import os
import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
from fakesounds import build_noise

from mer_utils import spectrogrampack
from mer_utils.audio import load_audio, save_audio
from mer_utils.soundfiles import SoundFile, SoundFileError
from mer_utils.spectrogram import SpectrogramConfig, compute_spectrogram
from mer_utils.spectrogrampack import SpectrogramPack, SpectrogramPackError

NAMES = ("c", "a", "d", "b")


@pytest.fixture
def sounds(tmp_path):
    """Four noises of four lengths."""
    lengths = (0.2, 0.3, 0.25, 0.4)
    return {
        name: SoundFile(save_audio(tmp_path / "sounds" / f"{name}.wav", build_noise(length, seed=seed)))
        for seed, (name, length) in enumerate(zip(NAMES, lengths, strict=True))
    }


@pytest.fixture
def computed(monkeypatch):
    """Lengths of the sounds of which spectrograms were computed."""
    lengths = []
    original = spectrogrampack.compute_spectrogram
    monkeypatch.setattr(
        spectrogrampack, "compute_spectrogram", lambda y, **given: lengths.append(len(y)) or original(y, **given)
    )
    return lengths


@pytest.fixture
def pack(tmp_path):
    return SpectrogramPack(tmp_path / "pack")


def load(pack, sounds):
    return pack.load(sounds, progress=False)


def compute(sound):
    return compute_spectrogram(load_audio(sound.path)[0])


def check(specs, sounds):
    """Hold spectrograms against those of their sounds: equal to half a unit in the last place of float16."""
    for spec, sound in zip(specs, sounds.values(), strict=True):
        expected = compute(sound)
        assert spec.shape == expected.shape
        assert (np.abs(spec - expected.astype(float)) <= np.spacing(spec) / 2).all()


def change(sound, seed=9):
    save_audio(sound.path, build_noise(0.3, seed=seed))


def find_frames(pack):
    (path,) = pack.folder.glob("*.frames")
    return path


def test_spectrograms_come_in_order_and_in_their_lengths(pack, sounds):
    check(load(pack, sounds), sounds)
    backwards = dict(reversed(sounds.items()))
    check(load(pack, backwards), backwards)


def test_another_sound_or_a_coarser_number_would_be_noticed(pack, sounds):
    specs = load(pack, sounds)
    change(sounds["a"])  # of the same length
    with pytest.raises(AssertionError):
        check(specs, sounds)
    with pytest.raises(AssertionError):
        check([spec * np.float16(1.001) for spec in specs[:1]], {"c": sounds["c"]})


def test_nothing_is_computed_twice(pack, sounds, computed):
    load(pack, sounds)
    assert len(computed) == 4
    load(SpectrogramPack(pack.folder), sounds)
    assert len(computed) == 4


def test_only_a_touched_file_is_computed_again(pack, sounds, computed):
    load(pack, sounds)
    computed.clear()
    os.utime(sounds["d"].path)
    load(pack, sounds)
    assert computed == [len(load_audio(sounds["d"].path)[0])]


def test_what_was_handed_out_stays_and_new_frames_are_handed_out(pack, sounds):
    specs = load(pack, sounds)
    before = specs[1].copy()
    change(sounds["a"])
    check(load(pack, sounds), sounds)
    np.testing.assert_array_equal(specs[1], before)


def test_a_part_of_the_sounds_leaves_the_others_alone(pack, sounds, computed):
    load(pack, sounds)
    load(pack, {"b": sounds["b"]})
    load(pack, sounds)
    assert len(computed) == 4


def test_no_sounds_need_no_pack(pack):
    assert load(pack, {}) == []
    assert not pack.folder.exists()


def test_space_of_replaced_frames_is_reclaimed(pack, sounds, computed):
    load(pack, sounds)
    for seed in range(8):
        change(sounds["a"], seed)
        assert len(load(pack, sounds)) == 4
    assert len(computed) == 4 + 8
    check(specs := load(pack, sounds), sounds)
    rows = sum(map(len, specs))
    assert rows * 149 * 2 <= find_frames(pack).stat().st_size <= 2 * rows * 149 * 2


def test_all_spectrograms_lie_in_one_map_that_nobody_can_write_to(pack, sounds):
    specs = load(pack, sounds)
    maps = set()
    for base in specs:
        assert not base.flags.writeable
        while not isinstance(base, mmap.mmap):
            base = base.base
        maps.add(id(base))
    assert len(maps) == 1


def test_zipped_sounds_give_the_same(pack, tmp_path, sounds):
    zipped = {name: SoundFile(tmp_path / "all.zip", sound.path.name) for name, sound in sounds.items()}
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for sound in sounds.values():
            archive.write(sound.path, sound.path.name)
    check(load(pack, zipped), sounds)


def test_bad_sounds_are_named_and_the_others_kept(pack, sounds, computed):
    sounds["a"].path.write_bytes(b"RIFF")
    save_audio(sounds["b"].path, np.zeros(3000))
    with pytest.raises(SoundFileError, match=r"2 of 4 sounds are of no use: .*a\.wav: is .*; .*b\.wav: is silent$"):
        load(pack, sounds)
    change(sounds["a"]), change(sounds["b"])
    check(load(pack, sounds), sounds)
    assert len(computed) == 4


@pytest.mark.parametrize(
    ("damage", "again"),
    [
        (lambda pack: os.truncate(find_frames(pack), find_frames(pack).stat().st_size - 1), 1),
        (lambda pack: os.truncate(find_frames(pack), 0), 4),
        (lambda pack: find_frames(pack).unlink(), 4),
        (lambda pack: (pack.folder / "index.json").write_text("{"), 4),
        (lambda pack: (pack.folder / "index.json").write_text("[]"), 4),
        (lambda pack: flip(find_frames(pack), 5000), 1),
    ],
)
def test_a_damaged_pack_is_made_again_where_it_is_damaged(pack, sounds, computed, damage, again):
    load(pack, sounds)
    damage(pack)
    check(load(pack, sounds), sounds)
    assert len(computed) == 4 + again
    assert find_frames(pack)


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_other_settings_and_versions_begin_anew(pack, sounds, computed, monkeypatch):
    load(pack, sounds)
    specs = load(SpectrogramPack(pack.folder, config=SpectrogramConfig(fps=50)), sounds)
    assert [len(spec) for spec in specs] == [10, 15, 13, 20]
    monkeypatch.setattr(spectrogrampack, "VERSION", -1)
    check(load(pack, sounds), sounds)
    assert len(computed) == 12
    assert find_frames(pack)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_what_was_done_before_a_fault_is_kept(pack, sounds, computed, monkeypatch, error):
    written, write = [], spectrogrampack._Store._write

    def fail(store, content):
        if len(written) == 3:
            raise error
        written.append(write(store, content))

    with monkeypatch.context() as context:
        context.setattr(spectrogrampack._Store, "_write", fail)
        with pytest.raises((KeyboardInterrupt, SpectrogramPackError), match=r"^$|pack: .*the disk is full: make room"):
            load(pack, sounds)
    computed.clear()
    check(load(pack, sounds), sounds)
    assert len(computed) == 1


def test_a_place_that_is_none_is_named(tmp_path, sounds):
    (tmp_path / "file").touch()
    with pytest.raises(SpectrogramPackError, match=r"file/pack: spectrograms cannot be kept \(Not a directory\)"):
        load(SpectrogramPack(tmp_path / "file" / "pack"), sounds)


def test_two_at_once_take_turns(pack, sounds, computed):
    threads = [threading.Thread(target=load, args=(SpectrogramPack(pack.folder), sounds)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(computed) == 4


# Needs two seconds, because Python and its libraries start again.
KILLED = """
import pathlib, sys, time
from mer_utils import spectrogrampack as packs
from mer_utils.soundfiles import SoundFile
folder, n_done, packs._SECONDS_AT_STAKE = pathlib.Path(sys.argv[1]), [], 0
compute = packs.compute_spectrogram
def hang(y, **given):
    n_done.append(1)
    return compute(y, **given) if len(n_done) <= 2 else time.sleep(600)
packs.compute_spectrogram = hang
packs.SpectrogramPack(folder / "pack").load({n: SoundFile(folder / "sounds" / f"{n}.wav") for n in "cadb"})
"""


def test_what_was_done_before_a_kill_is_kept(pack, sounds, computed, tmp_path):
    killed = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: len(json.loads((pack.folder / "index.json").read_text())["entries"]) == 2)
    finally:
        killed.kill()
        killed.wait()
    check(load(pack, sounds), sounds)
    assert len(computed) == 2


def wait_for(condition):
    for _ in range(1200):  # a minute
        try:
            if condition():
                return
        except FileNotFoundError:
            pass
        time.sleep(0.05)
    pytest.fail("nothing was kept for a minute")
