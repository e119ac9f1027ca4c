"""Where a task type begins that judges one response: how records of another campaign become its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.contracts.records import (
    Message,
    Preference,
    PromptCompletion,
    RecordKind,
    Response,
)

Row = Callable[[Sequence[Message], Mapping[str, Any]], Mapping[str, Any]]
"""From a prompt and a response as `Candidate` takes it to an import row."""


def starts_from_a_response(row: Row) -> Mapping[RecordKind, Callable[[Any], Mapping[str, Any]]]:
    """Return a template's `starts_from`: the winner of a comparison, what an expert wrote, or any."""

    def winner(record: Preference) -> Mapping[str, Any]:
        return row(record.prompt, {"text": record.chosen, "model": record.chosen_model})

    def written(record: PromptCompletion) -> Mapping[str, Any]:
        return row(record.prompt, {"text": record.completion})

    def given(record: Response) -> Mapping[str, Any]:
        return row(record.prompt, {"text": record.response, "model": record.model})

    return {
        RecordKind.PREFERENCE: winner,
        RecordKind.PROMPT_COMPLETION: written,
        RecordKind.RESPONSE: given,
    }
