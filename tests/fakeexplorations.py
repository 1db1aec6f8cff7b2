"""Something to explore at little cost: songs by title, and a small untrained net with the published readable layer."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from fakesounds import SR, build_noise, explain_sound

from mer_utils.excerpts import Excerpt
from mer_utils.exploration import Exploration, Heard, Query
from mer_utils.explorerviews import Answer
from mer_utils.layers import build_published_layer
from mer_utils.library import Library
from mer_utils.networks import TrainedNetwork, build_network
from mer_utils.passages import Passage
from mer_utils.predictor import Predictor
from mer_utils.profiles import get_profile
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.reference import Reference
from mer_utils.selection import select_segments
from mer_utils.spectrogram import SpectrogramConfig

LAYER = build_published_layer()
SMALL = get_profile("smoke", n_samples=128)
HARSH = "<img src=x onerror=alert(1)> \"'/onload='alert(2)' &lt;b&gt; & $\\x$ </p></style><script>1</script>"


def build_trained(scheme="joint"):
    """Give an untrained net; nobody knows which of its signs are reliable."""
    network = build_network(scheme, width=4).eval()
    if scheme == "joint":
        weights, bias = network.to_emotion.parameters()
        weights.data, bias.data = (torch.tensor(each).float() for each in (LAYER.weights, LAYER.bias))
    return TrainedNetwork(network, (1.0, 1.0), {}, {}, 0, {}, {})


def build_reference():
    """Give what a net hears in 40 tracks."""
    midlevel = np.random.default_rng(1).uniform(0.2, 0.8, (40, 7))
    emotion = pd.DataFrame(LAYER.predict(midlevel), columns=list(EMOTIONS))
    return Reference(pd.DataFrame(midlevel, columns=list(MIDLEVEL)), emotion, "40 tracks")


def build_exploration(songs, *, folder=None, trained=None, **choices):
    """Explore sounds (n_samples,) by title, as the clips of a corpus; one feature of anger has a sign in doubt."""
    tracks = pd.DataFrame({"split": "test"}, list(songs))
    load = {"select": lambda split: list(songs), "audio": lambda track: (songs[track], SR)}
    library = Library(SimpleNamespace(name="fake", tracks=tracks, **load))
    parts = (library, trained or build_trained(), build_reference())
    exploration = Exploration(*parts, **{"profile": SMALL, "folder": folder, **choices})
    doubts = pd.DataFrame(False, list(EMOTIONS), list(MIDLEVEL))
    doubts.loc["anger", "dissonance"] = True
    exploration.__dict__["doubts"] = doubts
    return exploration


def build_known(weights, *, title="song", midlevel=None, first=10, **query):
    """Answer a query by 48 frames of noise, 60 tiles of which weigh so much (60,) for melodiousness.

    ``midlevel`` (7,) is what is heard, whatever the noise is like; a song of less than 48 frames is repeated.
    """
    y = build_noise(query.pop("seconds", 2.5))
    looped, columns = len(y) < 48 * 706, np.zeros((60, 7))
    columns[:, 0] = weights
    known = replace(explain_sound(y, columns, first=first, looped=looped), output_names=MIDLEVEL)
    midlevel = np.linspace(0.3, 0.6, 7) if midlevel is None else np.asarray(midlevel, float)
    excerpt = Excerpt(title, y, known.start, known.spec, SpectrogramConfig())
    heard = Heard(title, excerpt, midlevel, LAYER.predict(midlevel[None])[0])
    query = Query(title, **{"feature": MIDLEVEL[0], "segmentation": "grid", **query})
    kept = select_segments(known, MIDLEVEL[0], rule=query.rule, threshold=query.threshold)
    return Answer(query, heard, Passage(y, known), *kept)


def count_asked(monkeypatch):
    """Count the spectrograms that any net is asked about from now on, call by call."""
    asked, ask = [], Predictor._predict

    def listen(self, specs, network):
        asked.append(len(specs))
        return ask(self, specs, network)

    monkeypatch.setattr(Predictor, "_predict", listen)
    return asked
