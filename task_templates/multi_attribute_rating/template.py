"""Multi-attribute rating: responses to a prompt, each rated on the attributes of the campaign.

What the editor stores is by place in the order shown; a judgment is always in canonical order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from task_templates.multi_attribute_rating.consensus import settle
from task_templates.multi_attribute_rating.measures import measures
from task_templates.multi_attribute_rating.options import RatingOptions
from task_templates.multi_attribute_rating.questions import control_of, label_config
from task_templates.multi_attribute_rating.records import records, unrecorded
from task_templates.multi_attribute_rating.review import read, read_consensus, review
from workbench.contracts.conversation import (
    Candidate,
    ShownPrompt,
    brief_of,
    different_texts,
    messages_of,
    prompt_key,
)
from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.faults import shown
from workbench.contracts.fields import StoredText, WrittenText, refusal
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.presentation import LETTERS, in_canonical_order, shown_order
from workbench.contracts.records import (
    Message,
    RecordKind,
)
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.starting import starts_from_a_response
from workbench.contracts.task_template import (
    ItemModel,
    JudgmentModel,
    Presentation,
    RawResult,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid

MOST = len(LETTERS)

_FOLDER = TemplateFolder(__file__)


def _one_to_many(responses: Any) -> Any:
    if not isinstance(responses, list | tuple) or 1 <= len(responses) <= MOST:
        return responses
    expected = f"1 to {MOST} responses"
    if len(responses) > MOST:
        expected += "; cut them into several items"
    raise refusal(problem=f"has {len(responses)}", expected=expected)


class Item(ItemModel):
    """A prompt, given as text or as messages, and the responses to be rated."""

    prompt: ShownPrompt
    responses: Annotated[
        tuple[Candidate, ...], BeforeValidator(_one_to_many), AfterValidator(different_texts)
    ]

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)


def _whole(rating: Any) -> Any:
    if type(rating) is int:
        return rating
    raise refusal(problem=f"is {shown(rating)}", expected="a whole number")


class Judgment(JudgmentModel):
    """The ratings of each response in canonical order, by attribute."""

    ratings: tuple[dict[StoredText, Annotated[int, BeforeValidator(_whole)]], ...]
    rationale: WrittenText = ""


def show(item: Item, presentation: Presentation, _options: RatingOptions) -> dict[str, Any]:
    order = shown_order(presentation, len(item.responses))
    is_alone = len(order) == 1
    return {
        "conversation": render_conversation(item.messages),
        "responses": [
            {
                "title": "Response" if is_alone else f"Response {LETTERS[place]}",
                "text": render_response(item.responses[index]),
            }
            for place, index in enumerate(order)
        ],
    }


def decode(
    raw: RawResult, item: Item, presentation: Presentation, options: RatingOptions
) -> Judgment:
    n_responses = len(item.responses)
    order = shown_order(presentation, n_responses)
    reader = ResultReader(raw, parse_label_config(label_config(options)), repeats=n_responses)
    by_place = [
        {
            attribute: int(
                reader.read_choice(control_of(attribute), place, is_required=True) or options.low
            )
            for attribute in options.names
        }
        for place in range(n_responses)
    ]
    return reader.build(
        Judgment,
        ratings=in_canonical_order(by_place, order),
        rationale=reader.read_text("rationale"),
    )


def encode(
    judgment: Judgment, item: Item, presentation: Presentation, options: RatingOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    for place, index in enumerate(shown_order(presentation, len(item.responses))):
        for attribute in options.names:
            rating = str(judgment.ratings[index][attribute])
            writer.write_choice(control_of(attribute), rating, place)
    writer.write_text("rationale", judgment.rationale)
    return writer.results


def check(judgment: Judgment, item: Item, options: RatingOptions) -> None:
    rows = list(_check_ratings(judgment, item, options))
    if options.require_rationale and not judgment.rationale:
        rows.append(BadRow(field="rationale", problem="is empty", expected="a rationale"))
    if rows:
        message = f"the judgment does not fit: {rows[0].field} {rows[0].problem}"
        raise JudgmentInvalid(message, rows=rows)


def _check_ratings(judgment: Judgment, item: Item, options: RatingOptions) -> Iterator[BadRow]:
    n_ratings, n_responses = len(judgment.ratings), len(item.responses)
    if n_ratings != n_responses:
        problem = f"are of {n_ratings} for {n_responses} responses"
        yield BadRow(field="ratings", problem=problem, expected="the ratings of each response")
        return
    on_scale = f"a whole number from {options.low} to {options.high}"
    for index, given in enumerate(judgment.ratings):
        for attribute in options.names:
            field = f"ratings.{index}.{attribute}"
            if attribute not in given:
                yield BadRow(field=field, problem="is missing", expected=on_scale)
            elif given[attribute] not in options.points:
                yield BadRow(field=field, problem=f"is {given[attribute]}", expected=on_scale)
        for attribute in given:
            if attribute not in options.names:
                expected = f"only {', '.join(options.names)}"
                field = f"ratings.{index}.{attribute}"
                yield BadRow(field=field, problem="is no attribute here", expected=expected)


def candidates(item: Item) -> int:
    """Return how many responses are shuffled; one alone has no order."""
    return len(item.responses) if len(item.responses) > 1 else 0


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


@lru_cache(maxsize=64)
def configure(options: RatingOptions) -> TaskTemplate[Item, Judgment, RatingOptions]:
    return replace(
        TEMPLATE,
        measures=measures(options),
        settle=partial(settle, options),
        records=partial(records, options),
        read=partial(read, options),
        read_consensus=partial(read_consensus, options),
    )


_DEFAULTS = RatingOptions()

TEMPLATE = TaskTemplate[Item, Judgment, RatingOptions](
    key="multi_attribute_rating",
    version="1.0.0",
    title="Multi-attribute rating",
    summary="One or several responses, each rated on the attributes that the campaign chooses.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=RatingOptions,
    candidates=candidates,
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=measures(_DEFAULTS),
    settle=partial(settle, _DEFAULTS),
    records=partial(records, _DEFAULTS),
    record_kinds=(
        RecordKind.RATED_RESPONSE,
        RecordKind.PREFERENCE,
        RecordKind.PROMPT,
        RecordKind.RESPONSE,
    ),
    prompt_text=prompt_text,
    brief=brief,
    unrecorded=unrecorded,
    review=review,
    read=partial(read, _DEFAULTS),
    read_consensus=partial(read_consensus, _DEFAULTS),
    configure=configure,
    starts_from=starts_from_a_response(
        lambda prompt, response: {"prompt": prompt, "responses": [response]}
    ),
)
