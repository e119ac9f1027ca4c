"""HelpSteer2's preferences: all the judgments behind a strength, and not the strength itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import (
    NEITHER,
    marked_prompt,
    numbered_judgments,
    pair_item,
)
from workbench.contracts.importer import (
    Imported,
    Importer,
    ImportRow,
    JudgedOptions,
    name_by_content,
)
from workbench.contracts.marked_turns import HELPSTEER
from workbench.contracts.similar_strengths import NO_STRENGTH

KEY = "helpsteer2_preference"

_DERIVED = (
    "preference_strength",
    "preference_statement",
    "preference_elaboration",
    "three_most_similar_preferences",
)


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    strength: int
    justification: StoredText = ""


class Row(ImportRow):
    prompt: StoredText
    response_1: StoredText
    response_2: StoredText
    all_preferences_unprocessed: list[Given] = Field(min_length=1)


def _convert(row: Row, options: JudgedOptions) -> Imported:
    item = pair_item(marked_prompt(row.prompt, HELPSTEER), row.response_1, row.response_2)
    values: list[dict[str, Any]] = [
        {
            "strength": NEITHER if one.strength == NO_STRENGTH else one.strength,
            "rationale": one.justification,
        }
        for one in row.all_preferences_unprocessed
    ]
    metadata = {name: value for name, value in row.rest.items() if name not in _DERIVED}
    return Imported(
        external_id=name_by_content(KEY, item, values, metadata),
        item=item,
        metadata=metadata,
        judgments=numbered_judgments(KEY, values, kind=options.annotator_kind),
    )


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="HelpSteer2 preferences",
    summary="two responses and the strengths and words of everybody who compared them",
    template="pairwise_preference",
    options=JudgedOptions,
    row=Row,
    convert=_convert,
)
