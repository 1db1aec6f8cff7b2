"""Model cards: what a released net is, from what it learned, how well it hears, and what it is not for.

Every number comes from the net's file; the template is ``modelcard.md.j2``.

Public names: ``describe_card``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .networks import BOTTLENECKS, HEADS
from .ratings import EMOTIONS, MIDLEVEL

if TYPE_CHECKING:
    from .networks import TrainedNetwork

_WORDS = {"midlevel": "seven mid-level features", "emotion": "eight emotions"}
_OUTPUTS = {"midlevel": MIDLEVEL, "emotion": EMOTIONS}
_SPLITS = {"test": "held-out albums", "style": "held-out styles"}
_PURPOSES = {"train": "training", "valid": "choosing the epoch", "test": "scores", "style": "scores"}
_SUMMARIES = {
    "a2e": "Hears the emotions directly, without saying why.",
    "a2mid": "Hears the mid-level features only.",
    "a2mid2e": "Hears the mid-level features; a linear regression on these, fitted afterwards, gives the emotions.",
    "joint": "Hears the mid-level features, and gives every emotion as a weighted sum of these; both were learned at "
    "once.",
    "a2b2e": "Gives every emotion as a weighted sum of seven units that nobody named: what the bottleneck costs "
    "without its meaning.",
    "multitask": "Hears mid-level features and emotions side by side, without a bottleneck.",
}
_GENERATED = (
    "Generated music alone (generated corpus, version {version}, `{fingerprint}`): no recording of people and no "
    "rating by people. Ratings were drawn to resemble the published ones, and the music was made to have them."
)
_OTHERS = "The corpus {name}, version {version}, `{fingerprint}`."
_FIRST_STAGE = " The features were learned before, on another corpus: {first_stage}."


def describe_card(trained: "TrainedNetwork", name: str) -> str:
    """Write the model card of a released net, in Markdown.

    Parameters
    ----------
    trained
        As `releases.build_release` gives it, or loaded from a file that `releases.save_release` wrote.
    name
        Its name, of the file and in the heading.

    Returns
    -------
    str
        The same net gives the same card.

    Raises
    ------
    KeyError
        If the net was not released: nothing is known about its test clips.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    template = environment.get_template("modelcard.md.j2")
    card, generated = trained.scores["card"], trained.corpus["name"] == "generated"
    state, known = trained.network.state_dict().values(), [split for split in _PURPOSES if split in card["clips"]]
    return template.render(
        net=trained,
        name=name,
        file=f"{name}.safetensors",
        heard=" and ".join(_WORDS[head] for head in HEADS[trained.scheme]),
        summary=_SUMMARIES[trained.scheme],
        n_parameters=sum(parameter.numel() for parameter in trained.network.parameters()),
        size=f"{sum(value.nbytes for value in state) / 1e6:.1f} MB",
        spectrogram=_describe_spectrogram(trained.spectrogram),
        data=_describe_data(trained.corpus, generated=generated),
        splits=[(split, card["clips"][split], card["albums"][split], _PURPOSES[split]) for split in known],
        recipe=_describe_recipe(trained),
        resampled="; ".join(f"{card['resampled'][split]} ({_SPLITS[split]})" for split in _list_judged(card)),
        tables=list(_build_tables(trained)),
        beyond=list(_describe_beyond(trained.scores)),
        use=_describe_use(trained),
        limits=_describe_limits(trained, generated=generated),
        licence=_describe_licence(generated=generated),
    )


def _describe_data(corpus: dict[str, str], *, generated: bool) -> str:
    text = (_GENERATED if generated else _OTHERS) + (_FIRST_STAGE if "first_stage" in corpus else "")
    return text.format(**corpus)


def _describe_spectrogram(settings: dict[str, Any]) -> str:
    return (
        f"log10(1 + magnitude), {settings['bands_per_octave']} bands per octave from {settings['fmin']:g} to "
        f"{settings['fmax']:g} Hz, {settings['fps']:g} frames per second of sound at {settings['sr']} Hz"
    )


def _describe_recipe(trained: "TrainedNetwork") -> str:
    config, seconds = trained.config, trained.config["crop_frames"] / trained.spectrogram["fps"]
    best = trained.scores.get("best_epoch")
    words = [
        f"At most {config['max_epochs']} epochs" + (f", of which number {best} was kept" if best else ""),
        f"crops of {seconds:.1f} s in batches of {config['batch_size']}",
        f"{config['optimiser']} at a learning rate of {config['learning_rate']:g} ({config['schedule']})",
        f"dropout {config['dropout']:g}",
        "with augmentation (level, equalisation, noise, masks)" if config["augmentation"] else "no augmentation",
        f"seed {trained.seed}",
    ]
    start = config.get("init")
    words += [f"started from a net of scheme {start['scheme']} trained on {start['corpus']}"] if start else []
    return ", ".join(words) + "."


def _build_tables(trained: "TrainedNetwork") -> Iterator[tuple[list[str], list[list[str]]]]:
    """Give columns and rows of the scores of each head."""
    known = {split: trained.scores["card"]["r"][split] for split in _list_judged(trained.scores["card"])}
    for head in HEADS[trained.scheme]:
        rows = [
            [name, *(_spell(known[split][head][name]) for split in known)] for name in (*_OUTPUTS[head], "average")
        ]
        yield [_WORDS[head], *(_SPLITS[split] for split in known)], rows


def _list_judged(card: dict[str, Any]) -> list[str]:
    """List splits that have scores, the same whatever order a file keeps them in."""
    return [split for split in _SPLITS if split in card["r"]]


def _spell(interval: list[float]) -> str:
    r, *ends = interval
    return f"{r:.2f} ({ends[0]:.2f} to {ends[1]:.2f})" if ends else f"{r:.2f}"


def _describe_beyond(scores: dict[str, Any]) -> Iterator[str]:
    """Say what the noise of the ratings leaves to be heard, where the corpus knows it."""
    for head, words in _WORDS.items():
        found = [scores.get(f"test_{head}_{kind}") for kind in ("noise_free", "ceiling")]
        if None not in found:
            yield (
                f"Averaged over the {words} and held-out albums, r is {found[0]:.2f} with what infinitely many raters "
                f"would agree on; a perfect ear would reach {found[1]:.2f} with the ratings as they are."
            )


def _describe_use(trained: "TrainedNetwork") -> str:
    reasons = ", and to explain emotions by features" if trained.scheme in ("joint", "a2mid2e") else ""
    return (
        f"To try the notebooks without a training{reasons}; to compare explanations on music whose truth is known; to "
        "start from where few rated clips of one's own are at hand (`fit_network(..., init=...)`)."
    )


def _describe_limits(trained: "TrainedNetwork", *, generated: bool) -> str:
    lines = ["What it says is a guess at an average rating, not what anybody feels."]
    if generated:
        lines.append(
            "It never heard a recording, and nothing is known about how well it follows what people say of real "
            "music. The scores say that the pipeline works, not that it hears as people do."
        )
    if trained.scheme in BOTTLENECKS:
        lines.append("What the bottleneck does not hear, no emotion can be made of.")
    lines.append("Not for decisions about people, nor for judging music or musicians.")
    return " ".join(lines)


def _describe_licence(*, generated: bool) -> str:
    if generated:
        return "MIT, like the code of this companion; no data of others went into it."
    return (
        "MIT, like the code of this companion, as far as the weights are concerned; the data set has terms of its "
        "own, which its providers state, and its recordings are not part of this file."
    )
