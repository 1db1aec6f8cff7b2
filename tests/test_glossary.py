"""Words beside the numbers."""

import pytest

from mer_utils.glossary import CHAPTERS, EMOTION_ENDS, ENDS, MOOD_CLUSTERS, QUESTIONS, describe_table
from mer_utils.paths import NOTEBOOKS
from mer_utils.ratings import EMOTIONS, MIDLEVEL


def test_every_feature_and_emotion_has_words():
    assert tuple(QUESTIONS) == tuple(ENDS) == MIDLEVEL
    assert set(EMOTION_ENDS) == set(EMOTIONS)


def test_there_are_five_mood_clusters():
    assert [number for number, _ in MOOD_CLUSTERS] == ["1", "2", "3", "4", "5"]


def test_only_notebooks_that_exist_are_called_ready():
    assert {name for name, _, state in CHAPTERS if state != "to come"} == {p.stem for p in NOTEBOOKS.glob("*.ipynb")}


def test_table_is_markdown():
    assert describe_table(["a", "b"], [[1, "x|y"]]) == "| a | b |\n| --- | --- |\n| 1 | x\\|y |"


def test_ragged_tables_are_refused():
    with pytest.raises(ValueError, match="1 cells does not fit 2"):
        describe_table(["a", "b"], [[1]])
