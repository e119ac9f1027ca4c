"""Field types and refusals that task templates share, in words for the person who hands in a row."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

_LONGEST_WRITTEN = 20_000
_LONGEST_RESPONSE = 100_000
_LONGEST_LINE = 90
_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)+")
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_MOST_CODES = 9


def refusal(*, problem: str, expected: str) -> PydanticCustomError:
    """Return what a validator raises: `problem` follows the field's name, as in "is empty"."""
    # As values, since braces in a quoted text are not those of a message template.
    return PydanticCustomError("refused", "{problem}", {"problem": problem, "expected": expected})


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        problem = f"holds half a character at {error.start} (a lone surrogate)"
        raise refusal(problem=problem, expected="text in Unicode") from error
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise refusal(problem="is empty", expected="text")
    return text


StoredText = Annotated[str, AfterValidator(_storable)]
"""Text that every database and file can hold."""

ShownText = Annotated[StoredText, AfterValidator(_not_blank)]
"""Text of the material, kept to the letter: leading spaces matter in training."""

WrittenText = Annotated[
    StoredText, StringConstraints(strip_whitespace=True, max_length=_LONGEST_WRITTEN)
]
"""Text that an annotator writes; blank is the same as none."""


def _trimmed(text: str) -> str:
    start = _BLANK_LINES.match(text)
    return text[start.end() if start else 0 :].rstrip()


WrittenResponse = Annotated[
    StoredText,
    StringConstraints(max_length=_LONGEST_RESPONSE),
    AfterValidator(_trimmed),
    AfterValidator(_not_blank),
]
"""A response that an annotator writes: blank lines around it go, and the indentation stays."""


def split_codes(listed: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in listed.split(",") if code.strip())


def _distinct_codes(listed: str) -> str:
    """Refuse what is no list of codes; nine at most, so that each has a digit for its key."""
    codes = split_codes(listed)
    expected = f"at most {_MOST_CODES} different codes of a-z, 0-9 and _, separated by commas"
    strange = next((code for code in codes if not _CODE.fullmatch(code)), None)
    if strange is not None:
        raise refusal(problem=f"has the code {strange!r}", expected=expected)
    if len(set(codes)) < len(codes):
        raise refusal(problem="has a code twice", expected=expected)
    if len(codes) > _MOST_CODES:
        raise refusal(problem=f"has {len(codes)} codes", expected=expected)
    return ", ".join(codes)


CodeList = Annotated[str, AfterValidator(_distinct_codes)]
"""Codes that a campaign lists, separated by commas as a form and a command send them."""


def code_words(code: str) -> str:
    """Return what a code is called where people read it."""
    return code.replace("_", " ").capitalize()


def one_line(text: str) -> str:
    """Return the beginning of a text on one line, for lists."""
    line = " ".join(text[: 10 * _LONGEST_LINE].split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
