"""Quotations, as an expert writes them and as places in the text they are from.

An expert writes one quotation a line. It counts as found where its words stand in one of the texts
that may be quoted, however they are broken into lines there. Where they stand more than once,
`[2] the words` is the second place, counted through the texts in their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

_WORD = re.compile(r"\S+")
_NUMBERED = re.compile(r"\[([1-9][0-9]{0,3})\] +(\S.*)")

Where = Literal["response", "prompt"]


class Place(NamedTuple):
    """Where a quotation stands: in a response, or in a message of the prompt.

    `message` is the index of the message, or of the response.
    """

    where: Where
    message: int
    start: int
    end: int


class Source:
    """One text that is quoted from, with its white space as single spaces."""

    def __init__(self, where: Where, message: int, text: str) -> None:
        self.where, self.message, self.text = where, message, text
        self._starts: list[int] = []
        words: list[str] = []
        for word in _WORD.finditer(text):
            if words:
                self._starts.append(word.start() - 1)
            self._starts.extend(range(word.start(), word.end()))
            words.append(word[0])
        self._squeezed = " ".join(words)

    def places(self, words: str) -> Iterator[Place]:
        """Yield every place of the words, overlapping ones too."""
        at = self._squeezed.find(words)
        while at >= 0:
            end = self._starts[at + len(words) - 1] + 1
            yield Place(self.where, self.message, self._starts[at], end)
            at = self._squeezed.find(words, at + 1)


def find_quote(line: str, sources: Sequence[Source]) -> Place | None:
    """Return the place that a line quotes."""
    numbered = _NUMBERED.fullmatch(line)
    if numbered is not None:
        found = _nth_place(numbered[2], int(numbered[1]), sources)
        if found is not None:
            return found
    return _nth_place(line, 1, sources)


def write_quote(place: Place, text: str, sources: Sequence[Source]) -> str:
    """Return the line that quotes a place: `find_quote` finds it there again."""
    words = _squeezed(text)
    places = _places(words, sources)
    number = next((number for number, other in enumerate(places, start=1) if other == place), 1)
    needs_number = number > 1 or _NUMBERED.fullmatch(words) is not None
    return f"[{number}] {words}" if needs_number else words


def _nth_place(line: str, number: int, sources: Sequence[Source]) -> Place | None:
    return next(islice(_places(_squeezed(line), sources), number - 1, None), None)


def _places(words: str, sources: Sequence[Source]) -> Iterator[Place]:
    for source in sources:
        yield from source.places(words)


def _squeezed(text: str) -> str:
    return " ".join(text.split())
