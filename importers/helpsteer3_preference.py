"""HelpSteer3's preferences: a judgment for each of the individual scores.

The written feedback on single responses that later dumps add goes with the item: a comparison has
no place for it.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import (
    Messages,
    as_prompt,
    numbered_judgments,
    pair_item,
    plain_messages,
)
from workbench.contracts.importer import (
    Imported,
    Importer,
    ImportRow,
    JudgedOptions,
    name_by_content,
)

KEY = "helpsteer3_preference"

_DERIVED = "overall_preference"
_FEEDBACK = "individual_feedback"


class Given(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    score: int = Field(ge=-3, le=3)
    reasoning: StoredText = ""


class Row(ImportRow):
    context: Messages
    response1: StoredText
    response2: StoredText
    individual_preference: list[Given] = Field(min_length=1)


def _convert(row: Row, options: JudgedOptions) -> Imported:
    item = pair_item(
        as_prompt(plain_messages(row.context, "context")), row.response1, row.response2
    )
    values: list[dict[str, Any]] = [
        {"strength": one.score, "rationale": one.reasoning} for one in row.individual_preference
    ]
    metadata = {name: value for name, value in row.rest.items() if name != _DERIVED}
    feedback = [one.model_extra or {} for one in row.individual_preference]
    if any(feedback):
        metadata[_FEEDBACK] = feedback
    return Imported(
        external_id=name_by_content(KEY, item, values, metadata),
        item=item,
        metadata=metadata,
        judgments=numbered_judgments(KEY, values, kind=options.annotator_kind),
    )


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="HelpSteer3 preferences",
    summary="a conversation, two responses, and the scores and reasons of those who compared them",
    template="pairwise_preference",
    options=JudgedOptions,
    row=Row,
    convert=_convert,
)
