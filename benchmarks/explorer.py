"""What a click in the explorer costs once the net was asked: ``python benchmarks/explorer.py``.

Pictures are held against those that notebooks draw of the same; processor time, shortest of some rounds. What the
browser adds is measured in its own tests.
"""

import io
import time
from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from mer_utils.cores import on_one_core
from mer_utils.effectplots import plot_effects
from mer_utils.explainplots import plot_explanation
from mer_utils.exploration import Exploration, Query
from mer_utils.explorerplots import render_png
from mer_utils.explorerviews import build_answer, build_sounds, plot_effects_of, plot_seen
from mer_utils.explorerwords import describe_trust, describe_where, describe_why
from mer_utils.library import Library
from mer_utils.networks import load_network
from mer_utils.oggfiles import encode_ogg
from mer_utils.passages import build_passage
from mer_utils.profiles import load_profile_corpus
from mer_utils.reference import load_reference
from mer_utils.style import use_style


def measure(function: Callable[[], object], *, rounds: int = 9) -> float:
    """Measure the shortest of some calls after a first one, milliseconds of processor time."""
    function()
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return 1000 * min(seconds)


def encode(fig: Figure) -> bytes:
    """Turn a figure into a file as notebooks do."""
    file = io.BytesIO()
    fig.savefig(file, format="png")
    plt.close(fig)
    return file.getvalue()


@on_one_core
def main() -> None:
    """Print all figures."""
    torch.set_num_threads(1)
    use_style()
    corpus, net = load_profile_corpus("quick"), load_network("joint")
    exploration = Exploration(Library(corpus), net, load_reference(net))
    query = Query(corpus.select("test")[0])
    if exploration.find(query) is None:
        exploration.explain(query)
    answer = build_answer(exploration, query)
    explanation, feature = answer.passage.explanation, answer.feature
    sides, sounds = {"positive": answer.positive, "negative": answer.negative}, build_sounds(answer)
    effects, every = exploration.effects, exploration.predictor.outputs("all")

    print("processor ms, shortest of 9         notebooks  explorer  ratio")
    pictures = {
        "segments that move a feature": (
            lambda: encode(plot_explanation(explanation, feature, outlines=True, **sides)[0]),
            lambda: render_png(plot_seen(answer)[0]),
        ),
        "effects (eight panels, one)": (
            lambda: encode(plot_effects(effects)[0]),
            lambda: render_png(plot_effects_of(exploration, [answer])[0]),
        ),
    }
    for name, (theirs, ours) in pictures.items():
        slow, fast = measure(theirs, rounds=3), measure(ours)
        print(f"  {name:34}{slow:9.0f} {fast:9.0f} {slow / fast:6.1f}")
    build_passage(corpus, query.title, every, profile="quick")
    parts = {
        "explanation from the disk": lambda: build_passage(corpus, query.title, every, profile="quick"),
        "answer": lambda: build_answer(exploration, query),
        "sentences": lambda: (describe_why(exploration, answer), describe_where(answer), describe_trust(answer)),
        f"{len(sounds)} sounds": lambda: build_sounds(answer),
        f"{len(sounds)} files of sound": lambda: [encode_ogg(y) for y in sounds.values()],
    }
    for name, function in parts.items():
        print(f"  {name:34}          {measure(function):9.0f}")


if __name__ == "__main__":
    main()
