"""HelpSteer2's ratings: an item for each response, and one judgment with the settled ratings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import marked_prompt, numbered_judgments
from workbench.contracts.importer import (
    Imported,
    Importer,
    ImportOptions,
    ImportRow,
    name_by_content,
)
from workbench.contracts.marked_turns import HELPSTEER
from workbench.contracts.rating_columns import HELPSTEER_ATTRIBUTES, HELPSTEER_HIGHEST

KEY = "helpsteer2_ratings"

Rating = Annotated[int, Field(ge=0, le=HELPSTEER_HIGHEST)]


class Row(ImportRow):
    prompt: StoredText
    response: StoredText
    helpfulness: Rating
    correctness: Rating
    coherence: Rating
    complexity: Rating
    verbosity: Rating


def _convert(row: Row, _: ImportOptions) -> Imported:
    item = {
        "prompt": marked_prompt(row.prompt, HELPSTEER),
        "responses": [{"text": row.response}],
    }
    ratings = {name: getattr(row, name) for name in HELPSTEER_ATTRIBUTES}
    return Imported(
        external_id=name_by_content(KEY, item, ratings, row.rest),
        item=item,
        metadata=row.rest,
        judgments=numbered_judgments(KEY, [{"ratings": [ratings]}]),
    )


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="HelpSteer2 ratings",
    summary="prompt, response and the settled 0–4 rating of HelpSteer's five attributes",
    template="multi_attribute_rating",
    options=ImportOptions,
    row=Row,
    convert=_convert,
)
