"""Ranking: a prompt or conversation and three to nine responses, put in order.

Rank 1 is the best, equal ranks are ties, and the unacceptable ones share the last rank. What the
editor stores is by place in the order shown; a judgment is always in canonical order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, field_validator
from pydantic import model_validator as validate_model
from pydantic_core.core_schema import ValidationInfo

from task_templates.ranking.consensus import dense, settle
from task_templates.ranking.measures import COEFFICIENTS, MEASURES
from task_templates.ranking.records import outcome, records
from task_templates.ranking.review import read, read_consensus, review
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
from workbench.contracts.fields import WrittenText, refusal
from workbench.contracts.label_config import parse_label_config, with_attributes
from workbench.contracts.presentation import LETTERS, in_canonical_order, shown_order
from workbench.contracts.records import Message, RecordKind
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.task_template import (
    ItemModel,
    JudgmentModel,
    Options,
    Presentation,
    RawResult,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid

UNACCEPTABLE = "unacceptable"
FEWEST, MOST = 3, 9

_FOLDER = TemplateFolder(__file__)
_RANK = "rank_{{idx}}"


def _three_to_nine(responses: Any) -> Any:
    if not isinstance(responses, list | tuple) or FEWEST <= len(responses) <= MOST:
        return responses
    expected = f"{FEWEST} to {MOST} responses"
    if len(responses) == 1:
        expected += "; one alone has no order: rate it with multi_attribute_rating"
    elif len(responses) == 2:
        expected += "; for two use pairwise_preference"
    elif len(responses) > MOST:
        expected += "; nobody orders more at once: cut them into several items"
    raise refusal(problem=f"has {len(responses)}", expected=expected)


class Item(ItemModel):
    """A prompt, given as text or as messages, and the responses to be ranked."""

    prompt: ShownPrompt
    responses: Annotated[
        tuple[Candidate, ...], BeforeValidator(_three_to_nine), AfterValidator(different_texts)
    ]

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)


def _whole_rank(rank: Any) -> Any:
    if type(rank) is int and rank >= 1:
        return rank
    raise refusal(problem=f"is {shown(rank)}", expected="a whole number from 1, the best")


class Judgment(JudgmentModel):
    """The rank of each response in canonical order, without gaps; the unacceptable come last.

    `unacceptable` is validated before `ranks`, which are made dense by it.
    """

    unacceptable: tuple[StrictBool, ...] = ()
    ranks: tuple[Annotated[int, BeforeValidator(_whole_rank)], ...]
    rationale: WrittenText = ""

    @validate_model(mode="before")
    @classmethod
    def _acceptable_unless_said(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "unacceptable" not in given:
            ranks = given.get("ranks")
            if isinstance(ranks, list | tuple):
                return {**given, "unacceptable": [False] * len(ranks)}
        return given

    @field_validator("ranks")
    @classmethod
    def _dense(cls, ranks: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if not FEWEST <= len(ranks) <= MOST:
            raise refusal(problem=f"are {len(ranks)}", expected=f"{FEWEST} to {MOST} ranks")
        unacceptable: Sequence[bool] | None = info.data.get("unacceptable")
        if unacceptable is None:
            return ranks
        if len(unacceptable) != len(ranks):
            problem = f"are {len(ranks)}, and {len(unacceptable)} say what is unacceptable"
            raise refusal(problem=problem, expected="as many of one as of the other")
        highest = max(ranks, default=0)
        if highest > len(ranks):
            problem = f"hold {highest} for {len(ranks)} responses"
            raise refusal(problem=problem, expected=f"whole numbers from 1 to {len(ranks)}")
        rated = list(zip(ranks, unacceptable, strict=True))
        best_refused = min((rank for rank, refused in rated if refused), default=highest)
        if any(rank > best_refused for rank, refused in rated if not refused):
            raise refusal(
                problem="put an unacceptable response before an acceptable one",
                expected="unacceptable responses after all others",
            )
        return dense(ranks, unacceptable)


class RankingOptions(Options):
    allow_ties: bool = Field(
        default=True,
        description="Take the same rank for several responses. The unacceptable ones always share "
        "the last.",
    )
    require_rationale: bool = Field(
        default=False, description="Refuse a judgment without a rationale."
    )
    min_rationale_chars: int = Field(
        default=0,
        ge=0,
        le=2_000,
        description="The shortest rationale taken, in characters; 0 for no limit. An empty one "
        "stays possible unless a rationale is required.",
    )


@lru_cache(maxsize=16)
def label_config(options: RankingOptions) -> str:
    if options.require_rationale:
        return with_attributes(_FOLDER.label_config, "rationale", required="true")
    return _FOLDER.label_config


def show(item: Item, presentation: Presentation, _options: RankingOptions) -> dict[str, Any]:
    order = shown_order(presentation, len(item.responses))
    return {
        "conversation": render_conversation(item.messages),
        "responses": [
            {"letter": LETTERS[place], "text": render_response(item.responses[index])}
            for place, index in enumerate(order)
        ],
    }


def decode(
    raw: RawResult, item: Item, presentation: Presentation, options: RankingOptions
) -> Judgment:
    n_responses = len(item.responses)
    order = shown_order(presentation, n_responses)
    reader = ResultReader(raw, parse_label_config(label_config(options)), repeats=n_responses)
    placed = [reader.read_choice(_RANK, place, is_required=True) for place in range(n_responses)]
    for place, rank in enumerate(placed):
        if rank not in {None, UNACCEPTABLE} and int(str(rank)) > n_responses:
            expected = f"a rank from 1 to {n_responses}, or {UNACCEPTABLE}"
            reader.add_fault(_RANK.replace("{{idx}}", str(place)), f"is {rank}", expected)
    chosen = in_canonical_order(placed, order)
    return reader.build(
        Judgment,
        ranks=[n_responses if rank in {None, UNACCEPTABLE} else int(str(rank)) for rank in chosen],
        unacceptable=[rank == UNACCEPTABLE for rank in chosen],
        rationale=reader.read_text("rationale"),
    )


def encode(
    judgment: Judgment, item: Item, presentation: Presentation, options: RankingOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    for place, index in enumerate(shown_order(presentation, len(item.responses))):
        rank = UNACCEPTABLE if judgment.unacceptable[index] else str(judgment.ranks[index])
        writer.write_choice(_RANK, rank, place)
    writer.write_text("rationale", judgment.rationale)
    return writer.results


def check(judgment: Judgment, item: Item, options: RankingOptions) -> None:
    rows = [*_check_ranks(judgment, item, options), *_check_rationale(judgment, options)]
    if rows:
        message = f"the judgment does not fit: {rows[0].field} {rows[0].problem}"
        raise JudgmentInvalid(message, rows=rows)


def _check_ranks(judgment: Judgment, item: Item, options: RankingOptions) -> Sequence[BadRow]:
    n_ranks, n_responses = len(judgment.ranks), len(item.responses)
    if n_ranks != n_responses:
        problem = f"are {n_ranks} for {n_responses} responses"
        return [BadRow(field="ranks", problem=problem, expected="a rank for each response")]
    if options.allow_ties:
        return []
    acceptable = [
        (index, rank)
        for index, rank in enumerate(judgment.ranks)
        if not judgment.unacceptable[index]
    ]
    return [
        BadRow(
            field=f"ranks.{second}",
            problem=f"is {rank}, as is that at index {first}",
            expected="a rank of its own: this campaign takes no ties",
        )
        for (first, other), (second, rank) in combinations(acceptable, 2)
        if other == rank
    ]


def _check_rationale(judgment: Judgment, options: RankingOptions) -> Sequence[BadRow]:
    length = len(judgment.rationale)
    if length == 0 and not options.require_rationale:
        return []
    least = max(options.min_rationale_chars, 1)
    if length >= least:
        return []
    problem = "is empty" if length == 0 else f"has {length} characters"
    return [BadRow(field="rationale", problem=problem, expected=f"at least {least} characters")]


def first_shown_won(judgment: Judgment, presentation: Presentation) -> bool | None:
    """Say whether what was shown first is ranked above what was shown last, if they differ."""
    order = shown_order(presentation, len(judgment.ranks))
    first, last = judgment.ranks[order[0]], judgment.ranks[order[-1]]
    return None if first == last else first < last


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


TEMPLATE = TaskTemplate[Item, Judgment, RankingOptions](
    key="ranking",
    version="1.0.0",
    title="Ranking",
    summary="Three to nine responses to one prompt, put in order from best to worst.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=RankingOptions,
    candidates=lambda item: len(item.responses),
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=MEASURES,
    coefficients=COEFFICIENTS,
    settle=settle,
    records=records,
    record_kinds=(
        RecordKind.RANKING,
        RecordKind.PREFERENCE,
        RecordKind.PROMPT,
        RecordKind.RESPONSE,
    ),
    prompt_text=prompt_text,
    brief=brief,
    outcome=outcome,
    first_shown_won=first_shown_won,
    review=review,
    read=read,
    read_consensus=read_consensus,
)
