"""What one picks in an explorer: music, an emotion, a feature, and how to explain.

Public names: ``Controls``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .exploration import METHODS, SIDES, Exploration, Query
from .explorerhtml import render_small
from .library import MOST_BYTES
from .ratings import EMOTIONS, MIDLEVEL
from .selection import RULES

if TYPE_CHECKING:
    from .explorerviews import Answer

_AUTOMATIC, _NOTHING = "what counts most", "nothing"
_CUTS = {  # those that need nothing but the sound
    "felzenszwalb": "shapes in the picture (felzenszwalb)",
    "slic": "even patches (slic)",
    "grid": "a grid",
    "time": "slices of time",
    "bands": "bands of pitch",
    "hpss": "tones and beats (hpss)",
    "nmf": "sounds that come again (nmf)",
}
_METHODS = dict(zip(METHODS, ("one part in ten is silent", "half is hidden, as in 2019"), strict=True))
_RULES = {"top": "the largest weights", "bh": "all that is certain", "paper": "as in 2019"}
# How the number beside each rule is called, its step and its limit.
_NUMBERS = {"top": ("How many", 1, 1000), "bh": ("False ones", 0.01, 1), "paper": ("p / |weight|", 1e-6, 1)}
_HELP = {
    "Music": "clips that were made for this companion, and files of yours",
    "From (s)": "where the ten seconds begin that are explained",
    "Emotion": "which of the eight that the net derives from seven features",
    "Feature": "which of the seven that the net hears in the sound",
    "Compare with": "other music, to stand side by side",
    "Method": "how the net is asked: which share of the parts is hidden each time",
    "Segments": "into which parts the picture is cut",
    "Keep": "which parts are shown and played",
    "Show what": "of the parts that are kept",
}
_LABEL = "92px"  # wide enough for the longest name of a field
_SIDES = dict(zip(SIDES, ("raises and lowers it", "raises it", "lowers it"), strict=True))
_TYPES = ".wav,.flac,.ogg,.mp3,.aiff,.aif,audio/*"


class Controls:
    """All that can be picked, as widgets with labels that a keyboard reaches and a screen reader reads.

    Parameters
    ----------
    exploration
        Decides what there is to pick.
    query
        What is picked at first.
    """

    def __init__(self, exploration: Exploration, query: Query) -> None:
        import ipywidgets as widgets

        self._library, self._at, self._quiet = exploration.library, query.at, False
        choices = self._library.choices
        self.music = _build_dropdown("Music", choices, query.title)
        self.upload = widgets.FileUpload(accept=_TYPES, multiple=True, description="Add sound files …")
        limits = f"wav, flac, ogg or mp3, up to {MOST_BYTES >> 20} MB (in JupyterLab 10 MB)"
        self.upload.tooltip = "add music of yours"
        self.start = _build_number("From (s)", step=0.5)
        self.emotion = _build_dropdown("Emotion", EMOTIONS, query.emotion)
        features = [(_AUTOMATIC, ""), *((name, name) for name in MIDLEVEL)]
        self.feature = _build_dropdown("Feature", features, query.feature or "")
        self.compare = _build_dropdown("Compare with", [(_NOTHING, ""), *choices], "")
        self.method = _build_dropdown("Method", [(text, method) for method, text in _METHODS.items()], query.method)
        cuts = [(text, cut) for cut, text in _CUTS.items()]
        self.cut = _build_dropdown("Segments", cuts, query.segmentation or exploration.segmentation)
        self.rule = _build_dropdown("Keep", self._list_rules(query.method), query.rule)
        self.threshold = _build_number("", step=1)
        self.side = _build_dropdown("Show what", [(text, side) for side, text in _SIDES.items()], query.side)
        self._set_threshold(query.threshold)
        how = [self.method, self.cut, self.rule, self.threshold, self.side]
        self.more = widgets.ToggleButton(description="How to explain", layout=widgets.Layout(width="auto"))
        unfolded = widgets.VBox(how, layout=widgets.Layout(display="none"))
        self.more.observe(lambda change: setattr(unfolded.layout, "display", None if change.new else "none"), "value")
        self._said = widgets.HTML()
        what = [self.music, self.start, self.emotion, self.feature, self.compare]
        self._fields = [*what, *how]
        self.box = widgets.VBox(
            [self.music, self.upload, widgets.HTML(render_small(limits)), self._said, *what[1:], self.more, unfolded]
        )
        self.box.add_class("mer-picks")

    def _set_threshold(self, value: float | None = None) -> None:
        """Let the field of the threshold suit the rule, with a value or the rule's own."""
        rule, field = self.rule.value, self.threshold
        field.description, field.step, field.max = _NUMBERS[rule]
        field.value = RULES[rule] if value is None else value

    @staticmethod
    def _list_rules(method: str) -> list[tuple[str, str]]:
        return [(text, rule) for rule, text in _RULES.items() if rule != "paper" or method != "ours"]

    @property
    def query(self) -> Query:
        """What is picked."""
        chosen = {"emotion": self.emotion.value, "feature": self.feature.value or None, "at": self._at}
        chosen |= {"method": self.method.value, "segmentation": self.cut.value, "side": self.side.value}
        rule, threshold = self.rule.value, self.threshold.value
        return Query(self.music.value, rule=rule, threshold=round(threshold) if rule == "top" else threshold, **chosen)

    @property
    def queries(self) -> list[Query]:
        """What is picked, and the same of the music that it is compared with."""
        other = [replace(self.query, title=self.compare.value, at=None)] if self.compare.value else []
        return [self.query, *other]

    def on_change(self, act: Callable[[], object]) -> None:
        """Let something be done whenever something else is picked, once for each pick."""

        def react(change: Any) -> None:
            if not self._quiet:
                with self._silence():
                    self._follow(change.owner)
                act()

        for widget in self._fields:
            widget.observe(react, "value")

    def _follow(self, changed: Any) -> None:
        """Bring what depends on a pick into line with it; what was said of files is read by now."""
        self.tell("")
        if changed is self.music:
            self._at = None
        if changed is self.start:
            self._at = self.start.value
        if changed is self.method:
            rules, before = self._list_rules(self.method.value), self.rule.value
            self.rule.options = rules
            self.rule.value = before if before in dict(rules).values() else "top"
        if changed is self.rule or (changed is self.method and self.rule.value != before):
            self._set_threshold()

    def on_add(self, act: Callable[[list[tuple[str, bytes]]], object]) -> None:
        """Let something be done with names and contents of files that are added."""

        def react(change: Any) -> None:
            files = [(file["name"], bytes(file["content"])) for file in change.new]
            if files:
                self.upload.value = ()  # the browser's copy is of no further use
                act(files)

        self.upload.observe(react, "value")

    def tell(self, said: str) -> None:
        """Say what became of files that were added, HTML."""
        self._said.value = said

    @contextmanager
    def _silence(self) -> Iterator[None]:
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def show(self, answer: "Answer") -> None:
        """Show where the window of an answer begins, and where it could."""
        with self._silence():
            excerpt = answer.excerpt
            self.start.max = round(max(0.0, excerpt.seconds - (excerpt.end - excerpt.start)), 1)
            self.start.value = round(excerpt.start, 1)

    def show_choices(self, title: str) -> None:
        """Offer what the library has by now, and pick a piece of it."""
        with self._silence():
            choices, picked = self._library.choices, self.compare.value
            self.music.options = choices
            self.compare.options = [(_NOTHING, ""), *choices]
            self.compare.value = picked
            self.music.value = None
        self.music.value = title


def _build_number(name: str, *, step: float) -> Any:
    import ipywidgets as widgets

    look = {"style": {"description_width": _LABEL}, "layout": widgets.Layout(width="auto")}
    look["tooltip"] = _HELP.get(name, "how many parts, or how surely, by the rule above")
    return widgets.BoundedFloatText(description=name, min=0, max=1e6, step=step, **look)


def _build_dropdown(name: str, options: Any, value: object) -> Any:
    import ipywidgets as widgets

    look = {"style": {"description_width": _LABEL}, "layout": widgets.Layout(width="auto"), "tooltip": _HELP[name]}
    return widgets.Dropdown(options=options, value=value, description=name, **look)
