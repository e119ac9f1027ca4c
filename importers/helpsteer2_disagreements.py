"""HelpSteer2's disagreements: a judgment for each place in the lists of labels.

The format names no annotators. Those of one place are not the same person from row to row, so that
nothing about single annotators can be learned from them.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workbench.contracts.fields import StoredText
from workbench.contracts.imported_pairs import marked_prompt, numbered_judgments
from workbench.contracts.importer import (
    Imported,
    Importer,
    ImportRow,
    JudgedOptions,
    name_by_content,
    not_carried,
)
from workbench.contracts.marked_turns import HELPSTEER
from workbench.contracts.rating_columns import HELPSTEER_ATTRIBUTES, HELPSTEER_HIGHEST

KEY = "helpsteer2_disagreements"

Labels = Annotated[
    list[Annotated[int, Field(ge=0, le=HELPSTEER_HIGHEST)]], Field(min_length=1, max_length=100)
]


class Row(ImportRow):
    prompt: StoredText
    response: StoredText
    helpfulness: Labels
    correctness: Labels
    coherence: Labels
    complexity: Labels
    verbosity: Labels


def _convert(row: Row, options: JudgedOptions) -> Imported:
    labels: dict[str, list[int]] = {name: getattr(row, name) for name in HELPSTEER_ATTRIBUTES}
    count = len(labels[HELPSTEER_ATTRIBUTES[0]])
    for name, given in labels.items():
        if len(given) != count:
            expected = f"{count}, one from each annotator, as {HELPSTEER_ATTRIBUTES[0]} has"
            raise not_carried(field=name, problem=f"has {len(given)} labels", expected=expected)
    item = {
        "prompt": marked_prompt(row.prompt, HELPSTEER),
        "responses": [{"text": row.response}],
    }
    ratings = [{name: given[place] for name, given in labels.items()} for place in range(count)]
    return Imported(
        external_id=name_by_content(KEY, item, ratings, row.rest),
        item=item,
        metadata=row.rest,
        judgments=numbered_judgments(
            KEY, [{"ratings": [one]} for one in ratings], kind=options.annotator_kind
        ),
    )


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="HelpSteer2 disagreements",
    summary="prompt, response and the list of individual 0–4 labels for each of the five attributes",
    template="multi_attribute_rating",
    options=JudgedOptions,
    row=Row,
    convert=_convert,
)
