"""Two levels joined: what segments weigh for an emotion is what LIME on the emotion finds, and when it is not."""

import numpy as np
import pytest
from fakeexplanations import SEGMENTS, build_tiles, fit_explanation
from fakes import CELLS, PlaceToy

from mer_utils.explain import PAPER_OPTIONS, explain_spectrogram
from mer_utils.explanation import ExplainError
from mer_utils.layers import build_layer, build_published_layer
from mer_utils.networks import load_network
from mer_utils.predictor import Predictor
from mer_utils.ratings import EMOTIONS, MIDLEVEL
from mer_utils.regression import LinearModel
from mer_utils.segments import build_segment_table
from mer_utils.selection import select_segments
from mer_utils.twolevels import compute_emotion_gap, compute_emotion_weights, compute_extent

LAYER = build_published_layer()
SPEC = np.random.default_rng(0).uniform(0, 1.5, SEGMENTS.shape).astype(np.float32)
TILES = build_tiles(np.random.default_rng(1).normal(0, 0.02, (60, 7)), bend=0.8)  # curved, so that a fit leaves a rest
KINDS = {
    "plain": {"fit": "least squares"},
    "kernel and ridge": PAPER_OPTIONS,
    "pairs": {"design": "foldover", "keep_prob": 0.5},
}


class PlaceFeatures(PlaceToy):
    """Seven features, or the emotions made of them, of 6 x 2 cells, place by place."""

    mix = np.random.default_rng(2).normal(size=(2, 7))

    def __init__(self, make=lambda features: features):
        super().__init__()
        self._make = make
        self.names = MIDLEVEL if make(np.zeros((1, 7))).shape[1] == 7 else EMOTIONS

    def places(self, specs):
        features = super().places(specs) @ self.mix
        return self._make(features.reshape(-1, 7)).reshape(*features.shape[:2], -1)


def explain(make=None, *, n_samples=200, **options):
    """Explain seven features, or what is made of them."""
    predict = (lambda specs: make(TILES(specs))) if make else TILES
    names = EMOTIONS if make else MIDLEVEL
    options = {"fit": "least squares", "hide": "silence", "output_names": names, "n_holdout": 2} | options
    return explain_spectrogram(predict, SPEC, SEGMENTS, n_samples=n_samples, **options)


def compute_gap(joined, direct):
    """Compute the largest difference of weights, (n_segments, 8), as a share of the largest weight of each emotion."""
    return float((np.abs(joined - direct).max(axis=0) / np.abs(direct).max(axis=0)).max())


@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_over_features_is_lime_on_the_emotion(kind):
    joined = compute_emotion_weights(explain(**KINDS[kind]), LAYER)
    assert joined.shape == (60, 8)
    assert compute_gap(joined, explain(LAYER.predict, **KINDS[kind]).weights) < 1e-9


def test_it_is_place_by_place_too():
    features, emotions = (
        explain_spectrogram(
            PlaceFeatures(make), np.random.default_rng(0).uniform(0.5, 1, (6, 2)), CELLS, n_samples=300, fit="places"
        )
        for make in (lambda x: x, LAYER.predict)
    )
    assert features.config["fit"] == "places"
    assert compute_gap(compute_emotion_weights(features, LAYER), emotions.weights) < 1e-9


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"fit": "least squares", "ridge": 1.0}, {"kernel_width": 0.05}, {"keep_prob": 0.5}],
    ids=lambda options: next(iter(options)),
)
def test_it_is_not_with_other_options_for_the_emotion(other):
    gap = compute_gap(compute_emotion_weights(explain(), LAYER), explain(LAYER.predict, **other).weights)
    assert gap > 1e-3


def test_it_is_not_for_an_emotion_that_is_no_weighted_sum():
    bent = explain(lambda features: np.tanh(3 * LAYER.predict(features)))
    assert compute_gap(compute_emotion_weights(explain(), LAYER), bent.weights) > 0.05


def test_it_is_not_after_selection():
    features, emotions = explain(), explain(LAYER.predict)
    kept = np.zeros((60, 7))
    for column, name in enumerate(MIDLEVEL):
        shown = np.concatenate(select_segments(features, name, rule="top"))
        kept[shown, column] = features.weights[shown, column]
    assert compute_gap(kept @ LAYER.weights.T, emotions.weights) > 0.05


def test_errors_do_not_add_as_if_they_were_independent():
    features, emotions = explain(), explain(LAYER.predict)
    independent = np.sqrt(features.robust_errors**2 @ LAYER.weights.T**2)
    assert np.median(np.abs(independent / emotions.robust_errors - 1)) > 0.05


@pytest.fixture(scope="module", params=["places", "least squares"])
def released(request):
    """Give the released network's explanation of features and emotions from one set of masks, and its layer."""
    options = {"n_samples": 300, "n_holdout": 2, "hide": "silence", "fit": request.param}
    return explain_spectrogram(Predictor.load("joint").outputs("all"), SPEC, SEGMENTS, **options)


def test_the_released_network_keeps_it_as_far_as_float32_does(released):
    # A rounding of 6e-8, averaged over some 30 samples that hide a segment, beside weights of about 0.01: some 1e-6.
    layer = build_layer(load_network("joint").network)
    direct = released.weights[:, [released.index(name) for name in EMOTIONS]]
    gap = compute_emotion_gap(released, layer)
    assert gap == compute_gap(compute_emotion_weights(released, layer), direct) < 1e-5
    rough = LinearModel(layer.weights.astype(np.float16).astype(float), layer.bias)
    assert compute_emotion_gap(released, rough) > 1e-5


def test_the_released_network_keeps_it_to_1e6_where_emotions_are_summed_in_float64():
    midlevel, layer = Predictor.load("joint").outputs("midlevel"), build_layer(load_network("joint").network)
    options = {"n_samples": 150, "n_holdout": 2, "hide": "silence", "fit": "least squares"}
    features = explain_spectrogram(midlevel, SPEC, SEGMENTS, **options)
    emotions = explain_spectrogram(lambda specs: layer.predict(midlevel(specs)), SPEC, SEGMENTS, **options)
    assert compute_gap(compute_emotion_weights(features, layer), emotions.weights) < 1e-6


def test_columns_are_found_by_name():
    shuffled = np.random.default_rng(0).permutation(7)
    explanation = explain()
    other = fit_explanation(
        lambda masks: masks @ explanation.weights[:, shuffled], output_names=tuple(np.array(MIDLEVEL)[shuffled])
    )
    joined = compute_emotion_weights(explanation, LAYER)
    np.testing.assert_allclose(compute_emotion_weights(other, LAYER), joined, atol=1e-9)


def test_what_cannot_be_joined_is_refused():
    six = fit_explanation(lambda masks: masks[:, :6] * 1.0, output_names=MIDLEVEL[:6])
    with pytest.raises(ExplainError, match="nothing is known of 'minorness'"):
        compute_emotion_weights(six, LAYER)
    with pytest.raises(ExplainError, match=r"is \(8, 7\), not \(7, 8\)"):
        compute_emotion_weights(explain(), LinearModel(LAYER.weights.T, LAYER.bias))


def place(weights, labels, **choices):
    """Locate some of 60 segments, 12 by 5 tiles of 4 frames and 30 bands, that have such weights."""
    explanation = fit_explanation(lambda masks: masks @ np.asarray(weights, float)[:, None], **choices)
    return compute_extent(explanation, "o0", labels)


def measure(sums, share=0.5):
    """Give the length of the shortest interval that holds a share of a sum, by trying all of them."""
    pairs = [(i, j) for i in range(len(sums)) for j in range(i + 1, len(sums) + 1)]
    return min(j - i for i, j in pairs if sums[i:j].sum() >= share * sums.sum() - 1e-9)


def read_box(explanation, labels):
    """Give the frames and bands, begin and end of each, of an extent; and all |weight| by cell."""
    seconds, hertz = compute_extent(explanation, "o0", labels)
    bands = np.broadcast_to(np.arange(149), SEGMENTS.shape)
    edges = build_segment_table(bands, explanation.spec)
    low, high = (np.abs(edges[side] - value).argmin() for side, value in zip(("low", "high"), hertz, strict=True))
    cells = np.abs(explanation.weights[:, 0] / explanation.sizes)[SEGMENTS] * np.isin(SEGMENTS, labels)
    return np.round(31.25 * np.array(seconds)).astype(int), (low, high + 1), cells


@pytest.mark.parametrize("seed", range(10))
def test_the_extent_is_the_shortest_that_holds_half_in_time_and_there_in_frequency(seed):
    rng = np.random.default_rng(seed)
    explanation = fit_explanation(lambda masks: masks @ rng.normal(size=(60, 1)) ** 3)
    (begin, end), (low, high), cells = read_box(explanation, rng.choice(60, 20, replace=False))
    within = cells[begin:end]
    assert end - begin == measure(cells.sum(axis=1))
    assert within.sum() >= 0.5 * cells.sum()
    assert high - low == measure(within.sum(axis=0))
    assert within[:, low:high].sum() >= 0.5 * within.sum() >= 0.25 * cells.sum()


def test_a_smaller_share_or_all_frames_would_give_another_extent():
    explanation = fit_explanation(lambda masks: masks @ np.random.default_rng(0).normal(size=(60, 1)))
    (begin, end), (low, high), cells = read_box(explanation, np.arange(60))
    assert measure(cells.sum(axis=1), 0.4) < end - begin < measure(cells.sum(axis=1), 0.6)
    assert measure(cells.sum(axis=0)) != high - low


@pytest.mark.parametrize(("share", "tile"), [(0.49, 0), (0.51, 10)])
def test_the_extent_lies_where_more_than_half_is(share, tile):
    seconds, _ = place((1 - share) * np.eye(60)[0] + share * np.eye(60)[50], [0, 50], start=3.0)  # tiles 0 and 10
    assert 4 * tile / 31.25 - 1e-9 <= seconds[0] - 3 < seconds[1] - 3 <= 4 * (tile + 1) / 31.25 + 1e-9


def test_the_extent_counts_only_the_labels_it_is_given():
    weights = np.eye(60)[17] + 100 * np.eye(60)[59]
    assert place(weights, [17]) == place(np.eye(60)[17], [17])
    assert place(weights, [17, 59]) != place(np.eye(60)[17], [17])
