"""UltraFeedback binarized: two conversations that begin with the same prompt; its scores are kept aside."""

from __future__ import annotations

from pydantic import Field

from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import (
    Messages,
    as_prompt,
    check_same_prompt,
    numbered_judgments,
    pair_item,
    plain_messages,
    split_answer,
)
from workbench.contracts.importer import (
    Imported,
    Importer,
    ImportOptions,
    ImportRow,
    name_by_content,
)

KEY = "ultrafeedback_binarized"


class UltrafeedbackOptions(ImportOptions):
    strength: int = Field(
        default=1, ge=1, le=3, description="How much better the chosen response is; no row says so."
    )


class Row(ImportRow):
    chosen: Messages
    rejected: Messages
    prompt: StoredText | None = None
    messages: Messages | None = None


def _convert(row: Row, options: UltrafeedbackOptions) -> Imported:
    before, chosen = split_answer(plain_messages(row.chosen, "chosen"), "chosen")
    other, rejected = split_answer(plain_messages(row.rejected, "rejected"), "rejected")
    check_same_prompt(before, other, "rejected")
    prompt, metadata = as_prompt(before), row.rest
    if row.messages is not None and row.messages != row.chosen:
        metadata["messages"] = plain_messages(row.messages, "messages")
    return Imported(
        external_id=name_by_content(KEY, prompt, chosen, rejected, metadata),
        item=pair_item(prompt, chosen, rejected),
        metadata=metadata,
        judgments=numbered_judgments(KEY, [{"strength": -options.strength}]),
    )


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="UltraFeedback binarized",
    summary="chosen and rejected conversations that begin with the prompt",
    template="pairwise_preference",
    options=UltrafeedbackOptions,
    row=Row,
    convert=_convert,
)
