"""Paragraphs, headings, emphasis, lists, quotes and code spans, drawn at a fiftieth of the cost.

Most of what models write has nothing else, and an expert's next task waits for its rendering. A
text that holds anything more (a link, a formula, HTML, a table, a block of code) is not drawn here
at all; the full renderer takes it whole, and a property test holds the two to the same HTML.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

import pyromark

# What begins a formula, an entity, HTML, a link, an image, a table, a strike-through or a fence; a
# tab, a list item that begins with an empty line and a deep quotation mark, on which the two parsers
# do not agree.
_ANYTHING_MORE = re.compile(r"[\\$&<\[|\t]|~~|```")
# The line's beginning is spelled out, not anchored, so that a search leaps from line to line.
_ODD_LINE = re.compile(r"\n(?:[ >]*(?:[-*+]|\d{1,9}[.)])[ ]*(?:\n|\Z)| {4,}>)")

_EVENTS = {
    "SoftBreak": "<br>\n",
    "HardBreak": "<br>\n",
    "Rule": "<hr>\n",
}
_OPENINGS = {
    "Paragraph": '<p dir="auto">',
    "Item": '<li dir="auto">',
    "Strong": "<strong>",
    "Emphasis": "<em>",
}
_CLOSINGS = {
    "Paragraph": "</p>\n",
    "Item": "</li>\n",
    "Strong": "</strong>",
    "Emphasis": "</em>",
}


def draw_plain(text: str) -> str | None:
    """Return a text's HTML, None when it holds more than is drawn here."""
    if _ANYTHING_MORE.search(text) or _ODD_LINE.search(f"\n{text}"):
        return None
    drawn: list[str] = []
    for event in pyromark.events(text):
        piece = _EVENTS.get(event) if isinstance(event, str) else _draw(event)
        if piece is None:
            return None
        drawn.append(piece)
    return "".join(drawn)


def _draw(event: Any) -> str | None:
    ((kind, what),) = event.items()
    match kind:
        case "Text":
            return escape(what, quote=False)
        case "Code":
            return f"<code>{escape(what, quote=False)}</code>"
        case "Start":
            return _OPENINGS.get(what) if isinstance(what, str) else _open(what)
        case "End":
            return _CLOSINGS.get(what) if isinstance(what, str) else _close(what)
        case _:
            return None


def _open(what: Any) -> str | None:
    match what:
        case {"List": None}:
            return "<ul>\n"
        case {"List": 1}:
            return "<ol>\n"
        case {"List": number}:
            return f'<ol start="{number}">\n'
        case {"Heading": {"level": level}}:
            return f'<{level.lower()} dir="auto">'
        case {"BlockQuote": None}:
            return '<blockquote dir="auto">\n'
        case _:
            return None


def _close(what: Any) -> str | None:
    match what:
        case {"List": is_ordered}:
            return "</ol>\n" if is_ordered else "</ul>\n"
        case {"Heading": level}:
            return f"</{level.lower()}>\n"
        case {"BlockQuote": _}:
            return "</blockquote>\n"
        case _:
            return None
