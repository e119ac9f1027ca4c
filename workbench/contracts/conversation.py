"""Prompts and responses as items hold them: a text or a conversation, and what models answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from workbench.contracts.fields import ShownText, StoredText, one_line, refusal
from workbench.contracts.images import Images, shown_images
from workbench.contracts.records import Message, ShownImage

_PLAIN = {"role", "content"}


class Turn(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["system", "user", "assistant"]
    content: ShownText
    images: Images = ()


class Candidate(BaseModel):
    """What a model answered, which may be nothing at all: that, too, is compared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: StoredText
    model: StoredText | None = None
    images: Images = ()


def different_texts(responses: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Refuse two responses of the same text, which nobody can tell apart."""
    places: dict[object, int] = {}
    for place, response in enumerate(responses):
        first = places.setdefault((response.text, response.images), place)
        if first != place:
            raise refusal(
                problem=f"have the same text at index {first} and {place}",
                expected="different texts; leave one of the two out",
            )
    return responses


def _alternating(prompt: str | tuple[Turn, ...]) -> str | tuple[Turn, ...]:
    """Refuse a conversation that a chat template would refuse in training."""
    if isinstance(prompt, str):
        return prompt
    turns = prompt[1:] if prompt and prompt[0].role == "system" else prompt
    expected = "at most one system message, then user and assistant in turn, a user's message last"
    if not turns:
        raise refusal(problem="has no message of a user", expected=expected)
    for place, turn in enumerate(turns):
        wanted = "user" if place % 2 == 0 else "assistant"
        if turn.role != wanted:
            number = place + 1 + len(prompt) - len(turns)
            raise refusal(
                problem=f"has a message of the {turn.role} as number {number}", expected=expected
            )
    if turns[-1].role != "user":
        raise refusal(problem="ends with a message of the assistant", expected=expected)
    return prompt


ShownPrompt = Annotated[ShownText | tuple[Turn, ...], AfterValidator(_alternating)]
"""A prompt given as text, or as the messages of a conversation that ends with the user's."""


def messages_of(prompt: str | Sequence[Turn]) -> list[Message]:
    if isinstance(prompt, str):
        return [Message(role="user", content=prompt)]
    return [_message_of(turn) for turn in prompt]


def _message_of(turn: Turn) -> Message:
    message = Message(role=turn.role, content=turn.content)
    if turn.images:
        message["images"] = shown_images(turn.images)
    return message


def prompt_key(messages: Sequence[Message]) -> str:
    """Return what identifies a prompt: a lone user message is the same as its text.

    Other images make another prompt of the same words; what is said of them does not.
    """
    messages = [_without_alt(message) for message in messages]
    if len(messages) == 1 and messages[0].keys() == _PLAIN and messages[0]["role"] == "user":
        return messages[0]["content"]
    return json.dumps(messages, ensure_ascii=False, sort_keys=True)


def _without_alt(message: Message) -> Message:
    if "images" not in message:
        return message
    images = [ShownImage(sha256=image["sha256"], alt="") for image in message["images"]]
    return Message(role=message["role"], content=message["content"], images=images)


def brief_of(messages: Sequence[Message]) -> str:
    """Return the beginning of the last message on one line, for lists."""
    return one_line(messages[-1]["content"])
