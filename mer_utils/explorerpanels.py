"""What one sees, reads and hears in an explorer: the panels that an answer fills.

Public names: ``Panels``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .exploration import Exploration
from .explorerhtml import (
    render_card,
    render_comparison,
    render_note,
    render_picture,
    render_players,
    render_ratings,
    render_sentences,
    render_small,
    render_trust,
)
from .explorerplots import render_png
from .explorerviews import (
    Answer,
    build_names,
    build_rank_table,
    build_sounds,
    plot_card,
    plot_effects_of,
    plot_other,
    plot_seen,
)
from .explorerwords import describe_caution, describe_other, describe_trust, describe_where, describe_why

_MOST_DB = 12  # furthest that the slider goes
_TURNS = {
    "both": "lifts what raises {0} and lowers what lowers it, or the other way; then the net listens again",
    "positive": "lifts or lowers what raises {0}; then the net listens again",
    "negative": "lifts or lowers what lowers {0}; then the net listens again",
}


class Panels:
    """Panels, from top to bottom: what is going on, picture, sentences, players, edit, another, effects, numbers."""

    def __init__(self) -> None:
        import ipywidgets as widgets

        self.status, self.picture, self.words, self.players, self.edited = (widgets.HTML() for _ in range(5))
        self.effects, self.ratings, self.other = (widgets.HTML() for _ in range(3))
        self.explain = widgets.Button(description="Explain", button_style="primary")
        self.explain.tooltip = "all seven features at once, and kept: the next look at them takes no time"
        self.cancel = widgets.Button(description="Cancel")
        self.progress = widgets.FloatProgress(description="Progress", min=0, max=1)
        self.progress.layout.flex = "1 1 120px"
        self._turn = widgets.HTML()
        self.slider = widgets.FloatSlider(
            description="Turn it up or down (dB)",
            min=-_MOST_DB,
            max=_MOST_DB,
            step=1,
            value=0,
            continuous_update=False,
            readout_format="+.0f",
            style={"description_width": "160px"},
            layout=widgets.Layout(width="auto"),
        )
        self._resetting, self._waiting = False, ""
        self.explain.layout.width = "auto"
        self._actions = widgets.HBox([self.explain, self.progress, self.cancel])
        self._hear = widgets.VBox([self.slider, self._turn, self.edited])
        for half in (self.effects, self.ratings):
            half.add_class("mer-half")
        below = widgets.HBox([self.effects, self.ratings], layout=widgets.Layout(flex_flow="row wrap"))
        seen = [self.status, self._actions, self.picture, self.words, self.players, self._hear, self.other, below]
        self.box = widgets.VBox(seen)
        self.box.add_class("mer-seen")
        _show(self._actions, False)

    def on_explain(self, act: Callable[[], object]) -> None:
        """Let something be done when somebody wants an explanation."""
        self.explain.on_click(lambda _: act())

    def on_cancel(self, act: Callable[[], object]) -> None:
        """Let something be done when somebody does not want it any more."""
        self.cancel.on_click(lambda _: act())

    def on_edit(self, act: Callable[[float], object]) -> None:
        """Let something be done when somebody lifts or lowers segments by some decibels."""
        self.slider.observe(lambda change: None if self._resetting else act(change.new), "value")

    def tell(self, said: str) -> None:
        """Show what is going on, HTML."""
        self.status.value = said

    def begin(self) -> None:
        """Show that what is seen is out of date."""
        self.tell(render_note("Looking it up …"))
        for panel in self._filled:
            panel.add_class("mer-stale")

    def clear(self) -> None:
        """Show nothing: there is no answer."""
        for panel in self._filled:
            self._fill(panel, "")
        for part in (self._actions, self._hear):
            _show(part, False)

    @property
    def _filled(self) -> tuple:
        return self.picture, self.words, self.players, self.edited, self.effects, self.ratings, self.other

    def _fill(self, panel: Any, content: str) -> None:
        panel.value = content
        panel.remove_class("mer-stale")

    def offer(self, seconds: float, *, n: int) -> None:
        """Offer to explain ``n`` pieces of music, which takes some seconds; nothing is offered for none."""
        _show(self._actions, n > 0)
        _show(self.explain, True)
        for widget in (self.progress, self.cancel):
            _show(widget, False)
        what = "Explain both" if n > 1 else "Explain"
        self.explain.description = f"{what} ({_spell(seconds)})"
        self.tell(render_note("Not explained yet: where in the sound does the net hear it?" if n else ""))

    def begin_progress(self, seconds: float) -> None:
        """Show that an explanation goes on, which takes some seconds."""
        _show(self._actions, True)
        _show(self.explain, False)
        for widget in (self.progress, self.cancel):
            _show(widget, True)
        self.progress.value = 0
        self._waiting = f"Hiding some parts at random, and asking the net again and again: {_spell(seconds)}"
        self.tell_progress()

    def tell_progress(self) -> None:
        """Say what goes on during an explanation, where something else was said meanwhile."""
        self.tell(render_note(self._waiting))

    def show_progress(self, n_done: int, n_total: int) -> None:
        """Show how far an explanation is."""
        self.progress.value = n_done / (n_total or 1)

    def show_picture(self, answer: Answer) -> None:
        """Show the spectrogram, and the segments of what is explained; what was heard of another answer goes."""
        self._fill(self.picture, _render_seen(answer))
        for panel in (self.players, self.edited, self.other):
            self._fill(panel, "")
        self._resetting, self.slider.value = True, 0
        self._resetting = False
        self._turn.value = render_small(_TURNS[answer.query.side].format(answer.feature))
        _show(self._hear, answer.passage is not None)

    def show_words(self, exploration: Exploration, answer: Answer) -> None:
        """Show the sentences, and how far they can be trusted."""
        notes = [describe_caution(exploration, answer), *answer.excerpt.notes]
        notes += exploration.library.notes(answer.query.title)
        said = render_sentences(describe_why(exploration, answer))
        if answer.passage:
            said += render_trust(describe_trust(answer)) + render_sentences(describe_where(answer))
        self._fill(self.words, said + "".join(map(render_small, filter(None, notes))))

    def show_numbers(self, exploration: Exploration, answers: Sequence[Answer]) -> None:
        """Show effects on the emotion, and all that the net hears in the first of the answers."""
        first, titles = answers[0], " and ".join(build_names(answers))
        emotion = first.query.emotion
        figure, _ = plot_effects_of(exploration, answers)
        words = f"Effects of the seven features on {emotion}, over many tracks, with {titles} marked"
        self._fill(self.effects, render_picture(render_png(figure), words))
        about = {"chosen": (emotion, first.feature), "label": exploration.reference.label}
        self._fill(self.ratings, render_ratings(build_rank_table(exploration, first.heard), **about))

    def show_sounds(self, answer: Answer) -> None:
        """Show players of the ten seconds, and of what is explained."""
        begin = f"A player's 0:00 is at {answer.excerpt.start:.1f} s."
        self.players.value = render_players(build_sounds(answer)) + render_small(begin) * bool(answer.excerpt.start)

    def show_edit(self, answer: Answer, y: np.ndarray, said: str, *, db: float) -> None:
        """Show what came of an edit of an answer by some decibels, and let it be heard beside the original."""
        sounds = {"original": build_sounds(answer)["original"], f"edited by {db:+.0f} dB": y}
        self.show_edited(render_players(sounds) + render_sentences(said))

    def show_edited(self, content: str) -> None:
        """Show something, HTML, in the place of an edit."""
        self._fill(self.edited, content)

    def show_other(self, exploration: Exploration, answers: Sequence[Answer]) -> None:
        """Show the first of two answers and the second side by side, and what makes the difference."""
        if len(answers) < 2:
            return
        said = describe_other(exploration, *answers)
        figure, _ = plot_other(exploration, *answers)
        cards = [_render_card(*pair) for pair in zip(build_names(answers), answers, strict=True)]
        self.other.value = render_comparison(said, render_picture(render_png(figure), said), cards)


def _render_card(name: str, answer: Answer) -> str:
    """Show one of two answers: picture, place and players."""
    place = render_sentences(describe_where(answer)) if answer.passage else ""
    return render_card(name, _render_seen(answer, plot_card) + place + render_players(build_sounds(answer)))


def _render_seen(answer: Answer, plot: Callable = plot_seen) -> str:
    """Show the picture of an answer."""
    kept = [f"{len(labels)} that {verb[:-1]} {answer.feature}" for verb, labels in answer.sides.items()]
    shown = f", with segments marked: {', '.join(kept)}" if answer.passage else ""
    return render_picture(render_png(plot(answer)[0]), f"Spectrogram of {answer.query.title}{shown}")


def _show(widget: Any, shown: bool) -> None:
    widget.layout.display = None if shown else "none"


def _spell(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
