"""LMSYS battles: each row is one judge's judgment of two models' answers to one conversation.

A battle of several turns in which the models answered differently before the last one has no prompt
in common, and is refused.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import (
    NEITHER,
    Messages,
    as_prompt,
    check_same_prompt,
    pair_item,
    plain_messages,
    split_answer,
    time_of,
)
from workbench.contracts.importer import (
    Imported,
    ImportedJudgment,
    Importer,
    ImportRow,
    JudgedOptions,
)

KEY = "lmsys_battles"

_COUNTED = frozenset({"num_tokens"})


class LmsysBattlesOptions(JudgedOptions):
    strength: int = Field(
        default=1, ge=1, le=3, description="How much better the winner is; no row says so."
    )


class Row(ImportRow):
    question_id: StoredText
    model_a: StoredText
    model_b: StoredText
    winner: Literal["model_a", "model_b", "tie", "tie (bothbad)"]
    judge: StoredText
    conversation_a: Messages
    conversation_b: Messages
    tstamp: float | None = Field(default=None, allow_inf_nan=False)
    turn: int | None = None


def _convert(row: Row, options: LmsysBattlesOptions) -> Imported:
    before, first = split_answer(
        plain_messages(row.conversation_a, "conversation_a", dropped=_COUNTED), "conversation_a"
    )
    other, second = split_answer(
        plain_messages(row.conversation_b, "conversation_b", dropped=_COUNTED), "conversation_b"
    )
    check_same_prompt(before, other, "conversation_b")
    judgment = ImportedJudgment(
        annotator=row.judge,
        value={"strength": _strength(row, options)},
        kind=options.annotator_kind,
        created_at=None if row.tstamp is None else time_of(row.tstamp, "tstamp"),
    )
    return Imported(
        external_id=row.question_id,
        item=pair_item(
            as_prompt(before), first, second, first_model=row.model_a, second_model=row.model_b
        ),
        metadata=row.rest,
        judgments=[judgment],
    )


def _strength(row: Row, options: LmsysBattlesOptions) -> int | str:
    match row.winner:
        case "model_a":
            return -options.strength
        case "model_b":
            return options.strength
        case "tie":
            return 0
        case _:
            return NEITHER


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="LMSYS battles",
    summary="one row per judgment: two models, their conversations, the winner and who judged",
    template="pairwise_preference",
    options=LmsysBattlesOptions,
    row=Row,
    convert=_convert,
)
