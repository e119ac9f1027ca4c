"""Preference comparison: a prompt or conversation, two responses, which is better and by how much.

Strength runs from −3 to 3 and is negative when the first response is better; `"neither"` says that
neither response is acceptable. What the editor stores is relative to the order shown; a judgment
is always in canonical order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any, Literal, assert_never

from pydantic import AfterValidator, BeforeValidator, Field

from task_templates.pairwise_preference.marks import (
    Claims,
    Flags,
    ask_for_marks,
    check_marks,
    mark_measures,
    read_marks,
    write_marks,
)
from task_templates.pairwise_preference.review import (
    direction_word,
    read,
    read_consensus,
    review,
    strength_word,
)
from workbench.contracts.conversation import (
    Candidate,
    ShownPrompt,
    brief_of,
    messages_of,
    prompt_key,
)
from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.faults import shown
from workbench.contracts.fields import CodeList, WrittenText, refusal
from workbench.contracts.label_config import parse_label_config, with_attributes
from workbench.contracts.records import (
    Comparison,
    Given,
    GivenStrength,
    Message,
    Preference,
    Prompt,
    Record,
    RecordKind,
    Response,
)
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.task_template import (
    Ballot,
    Category,
    ConsensusMethod,
    ItemModel,
    JudgmentModel,
    Level,
    Measure,
    Options,
    Presentation,
    RawResult,
    Settlement,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid

FIRST, SECOND, TIE, NEITHER = "first", "second", "tie", "neither"
IDENTICAL = "identical_responses"

_FOLDER = TemplateFolder(__file__)
_STRONGEST = 3


def _exactly_two(responses: Any) -> Any:
    if isinstance(responses, list | tuple) and len(responses) != 2:
        expected = "exactly two responses"
        if len(responses) > 2:
            expected += "; to compare more than two at once, use a ranking task type"
        raise refusal(problem=f"has {len(responses)}", expected=expected)
    return responses


def _different(responses: tuple[Candidate, Candidate]) -> tuple[Candidate, Candidate]:
    first, second = responses
    if (first.text, first.images) == (second.text, second.images):
        raise refusal(
            problem="are the same text twice",
            expected="two different texts; the campaign's option allow_identical takes such items",
        )
    return responses


class Item(ItemModel):
    """A prompt, given as text or as messages, and two responses to it."""

    prompt: ShownPrompt
    responses: Annotated[
        tuple[Candidate, Candidate], BeforeValidator(_exactly_two), AfterValidator(_different)
    ]

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)


class ItemOfAnyTexts(Item):
    """An item whose two responses may be the same."""

    responses: Annotated[tuple[Candidate, Candidate], BeforeValidator(_exactly_two)]


def _whole_strength(strength: Any) -> Any:
    if strength == NEITHER or (type(strength) is int and abs(strength) <= _STRONGEST):
        return strength
    expected = 'a whole number from -3 (the first is much better) to 3, or "neither"'
    raise refusal(problem=f"is {shown(strength)}", expected=expected)


Strength = Annotated[int, Field(ge=-_STRONGEST, le=_STRONGEST)] | Literal["neither"]


class Judgment(JudgmentModel):
    """Which response is better: negative strength for the first, positive for the second.

    Flags and wrong claims are those of the first response and of the second.
    """

    strength: Annotated[Strength, BeforeValidator(_whole_strength)]
    rationale: WrittenText = ""
    flags: tuple[Flags, Flags] = ((), ())
    wrong_claims: tuple[Claims, Claims] = ((), ())


class PairwiseOptions(Options):
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
    flags: CodeList = Field(
        default="",
        description="Codes that each response may be flagged with, separated by commas, such as "
        "incorrect, unsafe, off_topic; empty to ask for none.",
    )
    ask_for_wrong_claims: bool = Field(
        default=False,
        description="Ask which claims of each response are wrong, quoted one a line.",
    )
    allow_identical: bool = Field(
        default=False,
        description="Take items whose two responses are the same text, as in data judged"
        " elsewhere; no pair comes of them.",
    )


def _shown_order(presentation: Presentation) -> tuple[int, int]:
    order = tuple(presentation) or (0, 1)
    if order not in {(0, 1), (1, 0)}:
        row = BadRow(field="presentation", problem=f"is {list(order)}", expected="[0, 1] or [1, 0]")
        message = f"the presentation {list(order)} is no order of two responses"
        raise JudgmentInvalid(message, rows=[row])
    return order[0], order[1]


@lru_cache(maxsize=16)
def label_config(options: PairwiseOptions) -> str:
    xml = ask_for_marks(_FOLDER.label_config, options)
    if options.require_rationale:
        xml = with_attributes(xml, "rationale", required="true")
    return xml


def show(item: Item, presentation: Presentation, _options: PairwiseOptions) -> dict[str, Any]:
    left, right = _shown_order(presentation)
    return {
        "conversation": render_conversation(item.messages),
        "response_a": render_response(item.responses[left]),
        "response_b": render_response(item.responses[right]),
    }


def _turned(strength: Strength, presentation: Presentation) -> Strength:
    """Turn a strength between shown and canonical order: swapping flips the sign, both ways."""
    if isinstance(strength, str) or _shown_order(presentation) == (0, 1):
        return strength
    return -strength


def decode(
    raw: RawResult, item: Item, presentation: Presentation, options: PairwiseOptions
) -> Judgment:
    reader = ResultReader(raw, parse_label_config(label_config(options)))
    chosen = reader.read_choice("strength", is_required=True)
    strength: Strength = "neither" if chosen in {None, NEITHER} else int(str(chosen))
    return reader.build(
        Judgment,
        strength=_turned(strength, presentation),
        rationale=reader.read_text("rationale"),
        **read_marks(reader, item, _shown_order(presentation), options),
    )


def encode(
    judgment: Judgment, item: Item, presentation: Presentation, options: PairwiseOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    writer.write_choice("strength", str(_turned(judgment.strength, presentation)))
    writer.write_text("rationale", judgment.rationale)
    write_marks(writer, judgment, item, _shown_order(presentation), options)
    return writer.results


def check(judgment: Judgment, item: Item, options: PairwiseOptions) -> None:
    rows = [*_check_rationale(judgment, options), *check_marks(judgment, item, options)]
    if rows:
        first = rows[0]
        message = f"the {first.field} {first.problem}: expected {first.expected}"
        raise JudgmentInvalid(message, rows=rows)


def _check_rationale(judgment: Judgment, options: PairwiseOptions) -> list[BadRow]:
    length = len(judgment.rationale)
    least = max(options.min_rationale_chars, 1)
    if length >= least or (length == 0 and not options.require_rationale):
        return []
    problem = "is empty" if length == 0 else f"has {length} characters"
    return [BadRow(field="rationale", problem=problem, expected=f"at least {least} characters")]


def direction_of(judgment: Judgment) -> str:
    if isinstance(judgment.strength, str):
        return NEITHER
    return _direction_of_sum(judgment.strength)


def _direction_of_sum(total: int) -> str:
    if total == 0:
        return TIE
    return FIRST if total < 0 else SECOND


def _direction_values(judgment: Judgment) -> Mapping[str, Category]:
    return {"": direction_of(judgment)}


def _strength_values(judgment: Judgment) -> Mapping[str, Category]:
    return {} if isinstance(judgment.strength, str) else {"": judgment.strength}


def _strength_left_out(judgment: Judgment) -> str | None:
    return NEITHER if judgment.strength == NEITHER else None


MEASURES = (
    Measure(
        field="direction",
        title="Which response is better",
        level=Level.NOMINAL,
        unit="item",
        categories=(FIRST, SECOND, TIE, NEITHER),
        values=_direction_values,
        voted=True,
        word=direction_word,
    ),
    Measure(
        field="strength",
        title="How much better it is",
        level=Level.ORDINAL,
        unit="item",
        categories=tuple(range(-_STRONGEST, _STRONGEST + 1)),
        values=_strength_values,
        leaves_out=_strength_left_out,
        word=strength_word,
    ),
)


def settle(_item: Item, ballot: Ballot) -> Settlement:
    """Settle on a direction; the margin is the absolute mean strength, in scale points.

    A vote for a response whose mean strength favours the other one is a conflict. The mean's
    confidence is the share of all judgments that agree with its sign.
    """
    judgments: Sequence[Judgment] = ballot.judgments
    if not judgments:
        return Settlement(value=None, reason="no_judgments")
    numeric = [one.strength for one in judgments if not isinstance(one.strength, str)]
    margin = abs(sum(numeric)) / len(numeric) if numeric else None
    match ballot.method:
        case ConsensusMethod.MEAN:
            return _settle_by_mean(judgments, numeric, margin)
        case ConsensusMethod.MAJORITY | ConsensusMethod.DAWID_SKENE:
            return _settle_by_vote(ballot, numeric, margin)
        case _:
            assert_never(ballot.method)


def _settle_by_mean(
    judgments: Sequence[Judgment], numeric: Sequence[int], margin: float | None
) -> Settlement:
    n_neither = len(judgments) - len(numeric)
    if n_neither == len(numeric):
        return Settlement(value=None, reason="tied", margin=margin)
    value = NEITHER if n_neither > len(numeric) else _direction_of_sum(sum(numeric))
    agreeing = sum(direction_of(judgment) == value for judgment in judgments)
    return Settlement(value=value, confidence=agreeing / len(judgments), margin=margin)


def _settle_by_vote(ballot: Ballot, numeric: Sequence[int], margin: float | None) -> Settlement:
    vote = ballot.votes["direction"][""]
    if vote.value is None:
        return Settlement(value=None, reason="tied", confidence=vote.confidence, margin=margin)
    opposite = {FIRST: SECOND, SECOND: FIRST}.get(str(vote.value))
    if opposite is not None and _direction_of_sum(sum(numeric)) == opposite:
        return Settlement(value=None, reason="conflict", confidence=vote.confidence, margin=margin)
    return Settlement(value=vote.value, confidence=vote.confidence, margin=margin)


def records(item: Item, settlement: Settlement, given: Sequence[Given]) -> Sequence[Record]:
    """Yield the prompt, both responses, the comparison, and the pair where one was preferred."""
    if settlement.value is None:
        return ()
    prompt = item.messages
    first, second = item.responses
    found: list[Record] = [
        Prompt(prompt=prompt),
        *(
            Response(prompt=prompt, response_index=index, response=one.text, model=one.model)
            for index, one in enumerate(item.responses)
        ),
        Comparison(
            prompt=prompt,
            first=first.text,
            second=second.text,
            first_model=first.model,
            second_model=second.model,
            outcome=settlement.value,
            strength=_mean_strength(given),
            judgments=[_given_strength(one) for one in given],
        ),
    ]
    if settlement.value in {FIRST, SECOND} and first.text != second.text:
        chosen, rejected = (first, second) if settlement.value == FIRST else (second, first)
        preference = Preference(
            prompt=prompt,
            chosen=chosen.text,
            rejected=rejected.text,
            margin=settlement.margin,
            chosen_model=chosen.model,
            rejected_model=rejected.model,
            soft_label=settlement.confidence,
        )
        found.append(preference)
    return found


def unrecorded(_item: Item, value: str) -> str:
    """Say why there is no pair: nothing can be learnt from a text preferred to itself."""
    return value if value in {TIE, NEITHER} else IDENTICAL


def _mean_strength(given: Sequence[Given]) -> float | None:
    numeric = [one.value.strength for one in given if one.value.strength != NEITHER]
    return sum(numeric) / len(numeric) if numeric else None


def _given_strength(given: Given) -> GivenStrength:
    judgment: Judgment = given.value
    return GivenStrength(
        annotator=given.annotator,
        strength=None if isinstance(judgment.strength, str) else judgment.strength,
        rationale=judgment.rationale,
        created_at=given.created_at,
        seconds=given.seconds,
    )


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


def first_shown_won(judgment: Judgment, presentation: Presentation) -> bool | None:
    direction = direction_of(judgment)
    if direction not in {FIRST, SECOND}:
        return None
    return (direction == FIRST) == (_shown_order(presentation)[0] == 0)


def configure(options: PairwiseOptions) -> TaskTemplate[Item, Judgment, PairwiseOptions]:
    return replace(
        TEMPLATE,
        measures=(*MEASURES, *mark_measures(options)),
        item_model=ItemOfAnyTexts if options.allow_identical else Item,
    )


TEMPLATE = TaskTemplate[Item, Judgment, PairwiseOptions](
    key="pairwise_preference",
    version="1.0.0",
    title="Preference comparison",
    summary="Two responses to one prompt: which is better, and by how much.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=PairwiseOptions,
    candidates=lambda _: 2,
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=MEASURES,
    settle=settle,
    records=records,
    record_kinds=(
        RecordKind.PREFERENCE,
        RecordKind.COMPARISON,
        RecordKind.PROMPT,
        RecordKind.RESPONSE,
    ),
    prompt_text=prompt_text,
    brief=brief,
    outcome=str,
    unrecorded=unrecorded,
    first_shown_won=first_shown_won,
    review=review,
    read=read,
    read_consensus=read_consensus,
    configure=configure,
)
