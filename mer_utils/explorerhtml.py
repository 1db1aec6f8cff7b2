"""The pieces of HTML that an explorer is made of: pictures, players, tables and sentences, whole in themselves.

All text is escaped here: titles and names of files are shown as they are, whatever stands in them.

Public names: ``STYLE``, ``render_picture``, ``render_players``, ``render_sentences``, ``render_ratings``,
``render_trust``, ``render_note``, ``render_alert``, ``render_small``, ``render_card``, ``render_comparison``.
"""

import base64
import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .displays import compute_level, compute_shown_gain, describe_gain
from .oggfiles import encode_ogg
from .ratings import EMOTIONS

if TYPE_CHECKING:
    import pandas as pd

#: Rules for all of it; colours are those of the front end, so that they follow its light and dark themes.
STYLE = """<style>
.mer-explorer { max-width: 1280px; }
.mer-explorer .mer-picks { flex: 1 1 320px; min-width: 250px; }
.mer-explorer .mer-seen { flex: 999 1 560px; min-width: 0; }
.mer-explorer .mer-picks .widget-inline-hbox { width: auto; }
.mer-explorer img { display: block; width: 100%; height: auto; background: white; }
.mer-explorer .mer-half img { max-width: 460px; }
.mer-explorer p { margin: .3em 0; line-height: 1.4; }
.mer-explorer h3 { margin: .7em 0 .2em; font-size: 1.05em; font-weight: 600; }
.mer-explorer figure { margin: 0; }
.mer-explorer .mer-half { flex: 1 1 320px; min-width: 0; }
.mer-explorer .widget-html-content { overflow-wrap: anywhere; }
.mer-explorer .mer-stale { opacity: .45; }
.mer-cards { display: flex; flex-wrap: wrap; gap: 1em; }
.mer-cards section { flex: 1 1 360px; min-width: 0; }
.mer-players { display: flex; flex-wrap: wrap; gap: .3em 1em; min-height: 5em; }
.mer-players figcaption { line-height: 1.3; }
.mer-players audio { width: 250px; height: 38px; }
.mer-ratings { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.mer-ratings th { text-align: left; font-weight: normal; padding: 0 .5em 0 0; white-space: nowrap; }
.mer-ratings td { text-align: right; padding: 0 .4em; line-height: 1.5; white-space: nowrap; }
.mer-ratings .mer-level { text-align: left; }
.mer-ratings thead { border-bottom: 1px solid; }
.mer-ratings .mer-chosen th { font-weight: bold; }
.mer-ratings .mer-bar { width: 25%; min-width: 50px; }
.mer-ratings meter { width: 100%; height: .9em; }
.mer-verdict { border: 1px solid; border-radius: .3em; padding: 0 .4em; font-weight: 600; }
.mer-small { opacity: .8; font-size: .92em; }
.mer-failure { border-left: 4px solid #b2182b; padding-left: .6em; }
</style>"""


def render_picture(png: bytes, words: str) -> str:
    """Show a picture, with words in its place for those who do not see it."""
    return f'<img alt="{html.escape(words)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def render_players(sounds: Mapping[str, np.ndarray], *, sr: int = 22050) -> str:
    """Show a player for each sound (n_samples,) by label: all at one gain, with their levels in words."""
    gain, lowered = np.float32(compute_shown_gain(sounds.values())), describe_gain(sounds.values())
    players = "".join(_render_player(label, y * gain, sr) for label, y in sounds.items())
    return f'<div class="mer-players">{players}</div>{render_small(lowered) if lowered else ""}'


def _render_player(label: str, y: np.ndarray, sr: int) -> str:
    level = compute_level(y)
    said = html.escape(f"{label} ({len(y) / sr:.1f} s, {'silence' if np.isinf(level) else f'{level:.0f} dB'})")
    source = f"data:audio/ogg;base64,{base64.b64encode(encode_ogg(y, sr)).decode()}"
    player = f'<audio controls preload="metadata" aria-label="{html.escape(label)}" src="{source}"></audio>'
    return f"<figure><figcaption>{said}</figcaption>{player}</figure>"


def render_sentences(*sentences: str) -> str:
    """Show sentences, one paragraph each; empty ones are left out."""
    return "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences if sentence)


def render_small(sentence: str) -> str:
    """Show a remark in small print."""
    return f'<p class="mer-small">{html.escape(sentence)}</p>'


def render_alert(*sentences: str) -> str:
    """Show what did not work, so that it is read out at once; nothing without sentences."""
    return f'<div role="alert">{render_sentences(*sentences)}</div>' if sentences else ""


def render_note(sentence: str) -> str:
    """Show what is going on, so that it is read out when it changes."""
    return f'<p role="status">{html.escape(sentence)}</p>'


def render_ratings(table: "pd.DataFrame", *, chosen: Sequence[str], label: str) -> str:
    """Show features and emotions with their place among many tracks.

    Parameters
    ----------
    table
        ``value``, ``mean``, ``rank`` and ``level`` by name, as `explorerviews.build_rank_table` gives them.
    chosen
        Names to stress.
    label
        Whose tracks the ranks are among.
    """
    rows = "".join(_render_rating(row, row.Index in chosen) for row in table.itertuples())
    columns = ("rating / 10, so 0 to 1", "here", "mean", "higher than", "that is")
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    what = f"What the net hears, and its place among {label}"
    return (
        f'<table class="mer-ratings" aria-label="{html.escape(what)}"><thead><tr>{head}'
        f'<th class="mer-bar"></th></tr></thead><tbody>{rows}</tbody></table>{render_small(f"{what}.")}'
    )


def _render_rating(row: tuple, chosen: bool) -> str:
    line = ' style="border-top: 1px solid"' if row.Index == EMOTIONS[0] else ""
    place = html.escape(_spell_share(row.rank))
    bar = f'<meter min="0" max="1" value="{row.rank:.3f}" aria-hidden="true"></meter>'
    return (
        f"<tr{' class=mer-chosen' * chosen}{line}>"
        f'<th scope="row">{html.escape(row.Index)}</th><td>{row.value:z.2f}</td><td>{row.mean:z.2f}</td>'
        f'<td>{place}</td><td class="mer-level">{row.level}</td><td class="mer-bar">{bar}</td></tr>'
    )


def _spell_share(share: float) -> str:
    """Spell a share, 0-1; never "100%" of what is not all, or "0%" of what is not none."""
    return ">99%" if 0.995 <= share < 1 else "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def render_trust(trust: Mapping[str, str]) -> str:
    """Show the verdict, and its reasons to unfold; `explorerwords.describe_trust` gives them."""
    verdict = f'<span class="mer-verdict">{html.escape(trust["answer"])}</span>'
    said = html.escape(f"{trust['meaning']} {trust['stability']}")
    reasons = render_sentences(trust["fidelity"], trust["selection"])
    return f"<p>Can one trust it? {verdict} {said}</p><details><summary>the checks</summary>{reasons}</details>"


def render_card(title: str, content: str) -> str:
    """Show HTML below the title of a piece of music."""
    return f"<section><h3>{html.escape(title)}</h3>{content}</section>"


def render_comparison(said: str, picture: str, cards: Sequence[str]) -> str:
    """Show what makes the difference between two pieces of music, and the two of them side by side.

    Parameters
    ----------
    said
        The difference in words.
    picture, cards
        HTML.
    """
    return f"<h3>Side by side</h3>{render_sentences(said)}{picture}<div class='mer-cards'>{''.join(cards)}</div>"
