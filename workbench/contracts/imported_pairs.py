"""What importers of comparisons have in common: conversations with their answers, and outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from workbench.contracts.faults import shown
from workbench.contracts.fields import StoredText
from workbench.contracts.importer import ImportedJudgment, not_carried
from workbench.contracts.marked_turns import TurnMarks
from workbench.contracts.records import Message

NEITHER = "neither"

_STRONGEST = 3
_MOST_JUDGMENTS = 12


class GivenMessage(BaseModel):
    """A message with its role and text; anything more of it has to be nothing."""

    model_config = ConfigDict(extra="allow", frozen=True)

    role: StoredText
    content: StoredText


Messages = list[GivenMessage]


def plain_messages(
    messages: Sequence[GivenMessage], field: str, *, dropped: frozenset[str] = frozenset()
) -> list[Message]:
    """Return messages as role and content.

    Args:
        dropped: What a message may hold besides, which is not kept.

    Raises:
        NotCarried: A message holds more than that.
    """
    for place, message in enumerate(messages):
        extra = message.model_extra or {}
        more = [name for name, value in extra.items() if value and name not in dropped]
        if more:
            raise not_carried(
                field=f"{field}[{place}].{more[0]}",
                problem=f"is {shown(extra[more[0]])}",
                expected="messages of role and content alone",
            )
    return [Message(role=message.role, content=message.content) for message in messages]


def split_answer(messages: Sequence[Message], field: str) -> tuple[list[Message], str]:
    """Return what comes before the last message and the text of that one, an assistant's.

    Raises:
        NotCarried: It does not end with a message of the assistant.
    """
    if not messages or messages[-1]["role"] != "assistant":
        ends = f"ends with a message of the {messages[-1]['role']}" if messages else "is empty"
        raise not_carried(
            field=field, problem=ends, expected="a message of the assistant at the end"
        )
    return list(messages[:-1]), messages[-1]["content"]


def check_same_prompt(first: Sequence[Message], second: Sequence[Message], field: str) -> None:
    """Refuse two answers to different conversations.

    Raises:
        NotCarried: Naming the first message that differs.
    """
    if list(first) == list(second):
        return
    place = next(
        (
            place
            for place, pair in enumerate(zip(first, second, strict=False))
            if pair[0] != pair[1]
        ),
        min(len(first), len(second)),
    )
    raise not_carried(
        field=field,
        problem=f"differs from the other conversation at message {place + 1}",
        expected="the same messages up to the last one, of which two are compared",
    )


def as_prompt(messages: Sequence[Message]) -> Any:
    """Return a lone message of the user as its text, as items hold it."""
    if len(messages) == 1 and messages[0]["role"] == "user":
        return messages[0]["content"]
    return list(messages)


def marked_prompt(text: str, marks: TurnMarks) -> Any:
    """Return a prompt that is one text, whose turns are marked.

    Raises:
        NotCarried: It does not begin with a turn.
    """
    turns = marks.read(text)
    if turns is None:
        raise not_carried(
            field="prompt",
            problem="does not begin with a turn",
            expected=f"turns like {marks.user!r}",
        )
    return as_prompt(turns)


def pair_item(
    prompt: Any,
    first: str,
    second: str,
    *,
    first_model: str | None = None,
    second_model: str | None = None,
) -> dict[str, Any]:
    models = (first, first_model), (second, second_model)
    responses = [
        {"text": text} if model is None else {"text": text, "model": model}
        for text, model in models
    ]
    return {"prompt": prompt, "responses": responses}


def strengths_of_margin(margin: float) -> list[int] | None:
    """Return the fewest strengths from 1 to 3 whose mean is the margin, None if there are none."""
    for count in range(1, _MOST_JUDGMENTS + 1):
        total = round(margin * count)
        if count <= total <= _STRONGEST * count and total / count == margin:
            low, above = divmod(total, count)
            return [low + 1] * above + [low] * (count - above)
    return None


def numbered_judgments(
    source: str, values: Sequence[Mapping[str, Any]], **about: Any
) -> list[ImportedJudgment]:
    """Return judgments of a format that names no annotator: its own name, numbered if several."""
    names = [source] if len(values) == 1 else [f"{source}-{n}" for n in range(1, len(values) + 1)]
    return [
        ImportedJudgment(annotator=name, value=value, **about)
        for name, value in zip(names, values, strict=True)
    ]


def time_of(seconds_since_epoch: float, field: str) -> datetime:
    """Return a time in UTC, to the microsecond.

    Raises:
        NotCarried: There is no such time.
    """
    try:
        return datetime.fromtimestamp(seconds_since_epoch, UTC)
    except (OverflowError, ValueError, OSError) as error:
        expected = "seconds since 1970 within the years 1 to 9999"
        raise not_carried(
            field=field, problem=f"is {shown(seconds_since_epoch)}", expected=expected
        ) from error
