"""Binary feedback: a prompt or conversation and one response, thumbs up or down, and why.

The reasons are codes that the campaign lists, some for each thumb. A judgment holds those given
for its own thumb, in the order of the alphabet: nothing is meant by another order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, TypedDict

from pydantic import AfterValidator, Field

from task_templates.binary_feedback.review import (
    feedback_word,
    given_word,
    read,
    read_consensus,
    review,
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
from workbench.contracts.fields import (
    CodeList,
    StoredText,
    WrittenText,
    code_words,
    refusal,
    split_codes,
)
from workbench.contracts.label_config import (
    Choice,
    parse_label_config,
    with_choices,
    without_question,
)
from workbench.contracts.records import (
    Given,
    Message,
    Prompt,
    Record,
    RecordKind,
    Response,
    UnpairedPreference,
)
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.starting import starts_from_a_response
from workbench.contracts.task_template import (
    Ballot,
    Category,
    ItemModel,
    JudgmentModel,
    Level,
    Measure,
    Options,
    Presentation,
    RawResult,
    Settlement,
    Statistic,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid

UP, DOWN = "up", "down"
GIVEN, NOT_GIVEN = "given", "not_given"

_FOLDER = TemplateFolder(__file__)


class Item(ItemModel):
    """A prompt, given as text or as messages, and one response to it."""

    prompt: ShownPrompt
    response: Candidate

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)


def _distinct(reasons: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((code for code in reasons if reasons.count(code) > 1), None)
    if twice is not None:
        raise refusal(problem=f"have {shown(twice)} twice", expected="each reason once")
    return tuple(sorted(reasons))


class Judgment(JudgmentModel):
    """A thumb, and the codes of the reasons given for it."""

    feedback: Literal["up", "down"]
    reasons: Annotated[tuple[StoredText, ...], AfterValidator(_distinct)] = ()
    comment: WrittenText = ""


class FeedbackOptions(Options):
    down_reasons: CodeList = Field(
        default="incorrect, unhelpful, unsafe, not_following_instructions, badly_written, "
        "too_long, too_short",
        description="Codes that a thumbs down may be given for, separated by commas; "
        "empty to ask for none.",
    )
    up_reasons: CodeList = Field(
        default="correct, helpful, complete, clear, well_written",
        description="Codes that a thumbs up may be given for, separated by commas; "
        "empty to ask for none.",
    )
    require_reason: bool = Field(
        default=False, description="Refuse a thumbs down with neither a reason nor a comment."
    )

    def reasons_for(self, feedback: str) -> tuple[str, ...]:
        return split_codes(self.up_reasons if feedback == UP else self.down_reasons)


class Feedback(TypedDict):
    """A settled value: a thumb, and the reasons that most of those who gave it named."""

    feedback: str
    reasons: list[str]
    share_up: float


@lru_cache(maxsize=16)
def label_config(options: FeedbackOptions) -> str:
    xml = _FOLDER.label_config
    for feedback in (UP, DOWN):
        name = f"{feedback}_reasons"
        codes = options.reasons_for(feedback)
        choices = [Choice(value=code_words(code), alias=code) for code in codes]
        xml = with_choices(xml, name, choices) if choices else without_question(xml, name)
    return xml


def show(item: Item, _presentation: Presentation, _options: FeedbackOptions) -> dict[str, Any]:
    return {
        "conversation": render_conversation(item.messages),
        "response": render_response(item.response),
    }


def decode(
    raw: RawResult, _item: Item, _presentation: Presentation, options: FeedbackOptions
) -> Judgment:
    reader = ResultReader(raw, parse_label_config(label_config(options)))
    feedback = reader.read_choice("feedback", is_required=True)
    reasons: Sequence[str] = ()
    for asked in (UP, DOWN):
        name = f"{asked}_reasons"
        given = reader.read_choices(name) if options.reasons_for(asked) else ()
        if given and feedback is not None and asked != feedback:
            reader.add_fault(name, f"is answered with a thumbs {feedback}", "no answer")
        elif given:
            reasons = given
    return reader.build(
        Judgment, feedback=feedback, reasons=reasons, comment=reader.read_text("comment")
    )


def encode(
    judgment: Judgment, _item: Item, _presentation: Presentation, options: FeedbackOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    writer.write_choice("feedback", judgment.feedback)
    listed = options.reasons_for(judgment.feedback)
    writer.write_choices(
        f"{judgment.feedback}_reasons", [code for code in listed if code in judgment.reasons]
    )
    writer.write_text("comment", judgment.comment)
    return writer.results


def check(judgment: Judgment, _item: Item, options: FeedbackOptions) -> None:
    listed = options.reasons_for(judgment.feedback)
    rows = [
        BadRow(
            field="reasons",
            problem=f"have {shown(code)}",
            expected=f"some of {', '.join(listed)}" if listed else "no reasons",
        )
        for code in judgment.reasons
        if code not in listed
    ]
    is_bare = judgment.feedback == DOWN and not judgment.reasons and not judgment.comment
    if options.require_reason and is_bare:
        expected = "a reason or a comment for a thumbs down"
        rows.append(BadRow(field="reasons", problem="are missing", expected=expected))
    if rows:
        message = f"the judgment is refused: {rows[0].field} {rows[0].problem}"
        raise JudgmentInvalid(message, rows=rows)


def _feedback_values(judgment: Judgment) -> Mapping[str, Category]:
    return {"": judgment.feedback}


def _reason_values(judgment: Judgment, options: FeedbackOptions) -> Mapping[str, Category]:
    return {
        f"{judgment.feedback}/{code}": GIVEN if code in judgment.reasons else NOT_GIVEN
        for code in options.reasons_for(judgment.feedback)
    }


_FEEDBACK = Measure(
    field="feedback",
    title="Thumbs up or down",
    level=Level.NOMINAL,
    unit="item",
    categories=(UP, DOWN),
    values=_feedback_values,
    voted=True,
    word=feedback_word,
    also=(Statistic.GWET_AC1,),
)


def _measures(options: FeedbackOptions) -> Sequence[Measure]:
    """Measure the thumb, and every listed reason among those who gave the thumb it belongs to.

    Most reasons are seldom given, where alpha falls with the prevalence alone: AC1 stands beside it.
    """
    if not (options.up_reasons or options.down_reasons):
        return (_FEEDBACK,)
    reason = Measure(
        field="reason",
        title="Reasons given",
        level=Level.NOMINAL,
        unit="item × reason",
        categories=(GIVEN, NOT_GIVEN),
        values=partial(_reason_values, options=options),
        voted=True,
        word=given_word,
        also=(Statistic.GWET_AC1,),
    )
    return (_FEEDBACK, reason)


def settle(_item: Item, ballot: Ballot) -> Settlement:
    """Settle on a thumb by vote, and on the reasons that win among those who gave that thumb.

    The mean of ups and downs is on the side of the majority, so that the methods differ only in
    what Dawid and Skene make of the annotators.
    """
    if not ballot.judgments:
        return Settlement(value=None, reason="no_judgments")
    vote = ballot.votes["feedback"][""]
    if vote.value is None:
        return Settlement(value=None, reason="tied", confidence=vote.confidence)
    feedback = str(vote.value)
    reasons = [
        unit.removeprefix(f"{feedback}/")
        for unit, on_reason in ballot.votes.get("reason", {}).items()
        if unit.startswith(f"{feedback}/") and on_reason.value == GIVEN
    ]
    value = Feedback(feedback=feedback, reasons=reasons, share_up=vote.shares.get(UP, 0.0))
    return Settlement(value=value, confidence=vote.confidence)


def records(item: Item, settlement: Settlement, given: Sequence[Given]) -> Sequence[Record]:
    """Yield the prompt, the response, and the response found good or bad."""
    del given
    value: Feedback | None = settlement.value
    if value is None:
        return ()
    prompt, response = item.messages, item.response
    return (
        Prompt(prompt=prompt),
        Response(prompt=prompt, response_index=0, response=response.text, model=response.model),
        UnpairedPreference(
            prompt=prompt,
            completion=response.text,
            label=value["feedback"] == UP,
            soft_label=value["share_up"],
            reasons=value["reasons"],
            model=response.model,
        ),
    )


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


def outcome(value: Feedback) -> str:
    return value["feedback"]


def configure(options: FeedbackOptions) -> TaskTemplate[Item, Judgment, FeedbackOptions]:
    return replace(TEMPLATE, measures=_measures(options))


TEMPLATE = TaskTemplate[Item, Judgment, FeedbackOptions](
    key="binary_feedback",
    version="1.0.0",
    title="Binary feedback",
    summary="One response to a prompt: thumbs up or down, and for what reasons.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=FeedbackOptions,
    candidates=lambda _: 0,
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=_measures(FeedbackOptions()),
    settle=settle,
    records=records,
    record_kinds=(RecordKind.UNPAIRED_PREFERENCE, RecordKind.PROMPT, RecordKind.RESPONSE),
    prompt_text=prompt_text,
    brief=brief,
    outcome=outcome,
    review=review,
    read=read,
    read_consensus=read_consensus,
    configure=configure,
    starts_from=starts_from_a_response(
        lambda prompt, response: {"prompt": prompt, "response": response}
    ),
)
