"""How a task type lays out an item and puts a judgment in words for those who look after quality.

Everything here is in canonical order and may name models: it is for QA leads and engineers, never
for an expert's browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Layout(StrEnum):
    """How the parts of an item stand to each other."""

    BESIDE = "beside"
    BELOW = "below"


class Tone(StrEnum):
    """What a mark or a reading says, for its colour; its symbol and words say it too."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One text of an item.

    Attributes:
        title: What it is (`First response`, `Step 3`).
        html: Safe HTML, as `rendering` yields it.
        note: Where it is from, such as the model's name.
    """

    title: str
    html: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Review:
    """An item: what is read before its parts, and the parts that are judged.

    `heading` is what the parts are called together, where they stand below each other.
    """

    context: Sequence[Passage]
    parts: Sequence[Passage]
    layout: Layout
    heading: str = "Steps"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What one judgment says of one part.

    Attributes:
        symbol: At most three characters, readable without the colour.
        word: The same in words.
        note: What was written about the part.
        is_decisive: True for the part on which the judgment turns, such as the first error.
    """

    symbol: str
    word: str
    tone: Tone
    note: str = ""
    is_decisive: bool = False


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A place on an ordered scale of `length` places, counted from 0; fractions are between."""

    place: float
    length: int
    low: str
    high: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A judgment, or the consensus on an item, in words.

    Attributes:
        words: One short line (`First is better (2 of 3)`).
        note: What the annotator wrote about the whole.
        marks: What it says of the parts, by their index in `Review.parts`.
        scale: Its place on a scale, where there is one.
    """

    words: str
    tone: Tone = Tone.NEUTRAL
    note: str = ""
    marks: Mapping[int, Mark] = field(default_factory=dict)
    scale: Scale | None = None
