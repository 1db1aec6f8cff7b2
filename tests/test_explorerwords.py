"""Sentences of an explorer that depend on more than the numbers of an explanation."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fakeexplorations import build_exploration, build_known, build_trained
from fakesounds import build_noise

from mer_utils.exploration import Query
from mer_utils.explorerviews import build_answer, build_edit
from mer_utils.explorerwords import _spell_times, describe_caution, describe_why

SONGS = {"clip": build_noise(12, seed=1)}
TRAINED = build_trained()


@pytest.mark.parametrize(("own", "learnt", "warned"), [(1, "generated", 1), (1, "midlevel", 0), (0, "generated", 0)])
def test_recordings_come_with_a_caution_where_the_net_knows_none(own, learnt, warned):
    library = SimpleNamespace(is_recording=lambda title: bool(own))
    exploration = SimpleNamespace(library=library, trained=replace(TRAINED, corpus={"name": learnt}))
    assert bool(describe_caution(exploration, build_known([0.0] * 60))) == bool(warned)


def test_what_is_not_explained_is_not_said_to_be(tmp_path):
    exploration = build_exploration(SONGS, folder=tmp_path, trained=TRAINED)
    answer = build_answer(exploration, Query("clip"))
    said = describe_why(exploration, answer)
    assert said.endswith(f"Where in the sound does the net hear {answer.feature}?")
    assert "explained here" not in said
    exploration.explain(Query("clip"), progress=False)
    assert "explained here" in describe_why(exploration, build_answer(exploration, Query("clip")))


@pytest.mark.parametrize(
    ("start", "end", "length", "said"),
    [
        (7.6, 11.0, 30.0, "7.6–11.0"),
        (5.7, 6.7, 5.3, "0.4–1.4"),  # of a song that is repeated
        (9.0, 12.0, 5.3, "3.7–5.3"),
        (1.70, 1.74, 30.0, "1.70–1.74"),
    ],
)
def test_times_are_those_of_the_song(start, end, length, said):
    assert _spell_times(start, end, length=length) == said


def test_an_edit_tells_first_what_became_of_emotion_and_feature(tmp_path):
    exploration = build_exploration(SONGS, folder=tmp_path, trained=TRAINED)
    exploration.explain(Query("clip"), progress=False)
    answer = build_answer(exploration, Query("clip", emotion="fear"))
    _, said = build_edit(exploration, answer, 6)
    first = re.match(rf"Fear goes from (\S+) to (\S+), {answer.feature} from (\S+) to (\S+)\. ", said)
    assert float(first[1]) == pytest.approx(answer.heard.get("fear"), abs=0.00501)
    assert float(first[3]) == pytest.approx(answer.heard.song[answer.feature], abs=0.00501)
