"""Critique and edit: a response, what is wrong with it, and the response as it should be.

The box for the edit begins with the response's own text, so that an edit is a change of it. An
item that follows from a comparison brings along the response that was rejected there, which the
expert is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypedDict

from pydantic import Field, model_validator

from task_templates.critique_and_edit.review import read, read_consensus, review, verdict_word
from workbench.contracts.conversation import (
    Candidate,
    ShownPrompt,
    brief_of,
    messages_of,
    prompt_key,
)
from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.fields import WrittenResponse, WrittenText, refusal
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import (
    Given,
    Message,
    Preference,
    Prompt,
    PromptCompletion,
    Record,
    RecordKind,
    Response,
    UnpairedPreference,
)
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.task_template import (
    Ballot,
    Category,
    Coefficient,
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
from workbench.statistics.spread import edit_distance, mean_pairwise_distance, medoid

EDITED, NO_CHANGE, UNUSABLE = "edited", "no_change", "unusable"

_FOLDER = TemplateFolder(__file__)


class Item(ItemModel):
    """A prompt, the response to edit, and the one rejected in its favour where there is one."""

    prompt: ShownPrompt
    response: Candidate
    rejected: Candidate | None = None

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)

    @model_validator(mode="after")
    def _rejected_is_another(self) -> Item:
        if self.rejected is not None and self.rejected.text == self.response.text:
            raise refusal(problem="has the same text twice", expected="a response and another one")
        return self


class Judgment(JudgmentModel):
    """What the response needs, what is wrong with it, and the edit where one was made."""

    verdict: Literal["edited", "no_change", "unusable"]
    critique: WrittenText = ""
    edited: WrittenResponse | None = None


class EditOptions(Options):
    min_critique_chars: int = Field(
        default=1,
        ge=0,
        le=2_000,
        description="The shortest critique taken with an edit, or of a response that cannot be "
        "saved, in characters; 0 to let it be left out.",
    )


class Revision(TypedDict):
    """A settled value: the verdict, and the edit chosen with its own critique."""

    verdict: str
    edited: str | None
    critique: str


@lru_cache(maxsize=16)
def label_config(_options: EditOptions) -> str:
    return _FOLDER.label_config


def show(item: Item, _presentation: Presentation, _options: EditOptions) -> dict[str, Any]:
    return {
        "conversation": render_conversation(item.messages),
        "response": render_response(item.response),
        "draft": item.response.text,
    }


def decode(
    raw: RawResult, _item: Item, _presentation: Presentation, options: EditOptions
) -> Judgment:
    reader = ResultReader(raw, parse_label_config(label_config(options)))
    edited = reader.read_text("edited")
    return reader.build(
        Judgment,
        verdict=reader.read_choice("verdict", is_required=True),
        critique=reader.read_text("critique"),
        edited=edited if edited.strip() else None,
    )


def encode(
    judgment: Judgment, _item: Item, _presentation: Presentation, options: EditOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    writer.write_choice("verdict", judgment.verdict)
    writer.write_text("critique", judgment.critique)
    writer.write_text("edited", judgment.edited or "")
    return writer.results


def check(judgment: Judgment, item: Item, options: EditOptions) -> None:
    rows = [*_check_edit(judgment, item), *_check_critique(judgment, options)]
    if rows:
        message = f"the judgment does not fit its item: {rows[0].field} {rows[0].problem}"
        raise JudgmentInvalid(message, rows=rows)


def _check_edit(judgment: Judgment, item: Item) -> Sequence[BadRow]:
    if judgment.verdict != EDITED:
        if judgment.edited is None:
            return []
        problem = f"is written, but the verdict is {judgment.verdict}"
        return [BadRow(field="edited", problem=problem, expected="no edit, or the verdict edited")]
    if judgment.edited is None:
        expected = "the response as it should be"
        return [BadRow(field="edited", problem="is missing", expected=expected)]
    if _compared(judgment.edited) == _compared(item.response.text):
        expected = "a change, or the verdict that no change is needed"
        return [BadRow(field="edited", problem="is the response unchanged", expected=expected)]
    return []


def _compared(text: str) -> str:
    """Return a text without what a text box changes on its own: line ends, and space around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _check_critique(judgment: Judgment, options: EditOptions) -> Sequence[BadRow]:
    length = len(judgment.critique)
    if judgment.verdict == NO_CHANGE or length >= options.min_critique_chars:
        return []
    problem = f"has {length} characters" if length else "is empty"
    expected = f"at least {options.min_critique_chars} characters on what is wrong"
    return [BadRow(field="critique", problem=problem, expected=expected)]


def _verdict_values(judgment: Judgment) -> Mapping[str, Category]:
    return {"": judgment.verdict}


MEASURES = (
    Measure(
        field="verdict",
        title="What the response needs",
        level=Level.NOMINAL,
        unit="item",
        categories=(EDITED, NO_CHANGE, UNUSABLE),
        values=_verdict_values,
        voted=True,
        word=verdict_word,
        also=(Statistic.GWET_AC1,),
    ),
)


def _left_standing(item: Item, judgments: Sequence[Judgment]) -> list[str]:
    """Return what each annotator would send: the edit, or the response where it needs none."""
    return [
        judgment.edited or item.response.text
        for judgment in judgments
        if judgment.verdict != UNUSABLE
    ]


def _spread(item: Item, judgments: Sequence[Judgment]) -> float | None:
    return mean_pairwise_distance(_left_standing(item, judgments))


def _changed(item: Item, judgments: Sequence[Judgment]) -> float | None:
    texts = _left_standing(item, judgments)
    distances = [edit_distance(item.response.text, text) for text in texts]
    return sum(distances) / len(distances) if distances else None


COEFFICIENTS = (
    Coefficient(
        field="edit_spread",
        title="How far the edits lie apart",
        note="Mean Levenshtein distance of the pairs of edits of one response, by the length of "
        "the longer one: 0 where all made the same of it, 1 where they share nothing. Left "
        "unchanged counts as an edit; a response that cannot be saved has none.",
        low=0.0,
        high=1.0,
        of=_spread,
    ),
    Coefficient(
        field="share_changed",
        title="How much of the response was changed",
        note="Mean Levenshtein distance of the edits from the response, by the length of the "
        "longer one: 0 where nothing was changed, 1 where nothing was kept.",
        low=0.0,
        high=1.0,
        of=_changed,
    ),
)


def settle(_item: Item, ballot: Ballot) -> Settlement:
    """Settle on a verdict by vote and, where that is an edit, on one of the edits made.

    The edit is the medoid: the one with the least sum of edit distances to the others, the first
    given of equals; with two edits there is no nearer one, and the first stands. No text is made
    up from several. Confidence is the verdict's: it says nothing of how alike the edits are.
    """
    if not ballot.judgments:
        return Settlement(value=None, reason="no_judgments")
    vote = ballot.votes["verdict"][""]
    if vote.value is None:
        return Settlement(value=None, reason="tied", confidence=vote.confidence)
    given = [one for one in ballot.judgments if one.verdict == vote.value]
    if not given:
        # Dawid and Skene's posterior can be for a verdict that nobody gave here.
        return Settlement(value=None, reason="conflict", confidence=vote.confidence)
    chosen: Judgment = given[medoid([one.edited or "" for one in given])]
    value = Revision(verdict=chosen.verdict, edited=chosen.edited, critique=chosen.critique)
    return Settlement(value=value, confidence=vote.confidence)


def records(item: Item, settlement: Settlement, given: Sequence[Given]) -> Sequence[Record]:
    """Yield the prompt and responses; the edit as a completion; and edited > response > rejected.

    Where no change is needed the response still is preferred to the rejected one. Of a response
    that cannot be saved nothing is preferred.
    """
    del given
    value: Revision | None = settlement.value
    if value is None:
        return ()
    prompt, response, edited = item.messages, item.response, value["edited"]
    shown = [one for one in (response, item.rejected) if one is not None]
    found: list[Record] = [
        Prompt(prompt=prompt),
        *(
            Response(prompt=prompt, response_index=index, response=one.text, model=one.model)
            for index, one in enumerate(shown)
        ),
    ]
    if edited is not None:
        completion = PromptCompletion(
            prompt=prompt,
            completion=edited,
            original=response.text,
            critique=value["critique"] or None,
        )
        found += [completion, _preference(prompt, Candidate(text=edited), response, settlement)]
    # An edit that arrives at the rejected text says the contrary of the comparison it follows.
    is_borne_out = value["verdict"] != UNUSABLE
    if item.rejected is not None and is_borne_out and edited != item.rejected.text:
        found.append(_preference(prompt, response, item.rejected))
        if edited is not None:
            found.append(_preference(prompt, Candidate(text=edited), item.rejected))
    return found


def _preference(
    prompt: Sequence[Message],
    chosen: Candidate,
    rejected: Candidate,
    settlement: Settlement | None = None,
) -> Preference:
    """Return a pair; only what was voted on here has a share of votes for it."""
    return Preference(
        prompt=prompt,
        chosen=chosen.text,
        rejected=rejected.text,
        chosen_model=chosen.model,
        rejected_model=rejected.model,
        soft_label=None if settlement is None else settlement.confidence,
    )


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


def outcome(value: Revision) -> str:
    return value["verdict"]


def from_preference(record: Preference) -> Mapping[str, Any] | None:
    """Edit the winner of a comparison."""
    if record.chosen == record.rejected:
        return None
    return {
        "prompt": record.prompt,
        "response": {"text": record.chosen, "model": record.chosen_model},
        "rejected": {"text": record.rejected, "model": record.rejected_model},
    }


def from_feedback(record: UnpairedPreference) -> Mapping[str, Any] | None:
    """Edit a response that was found bad."""
    if record.label:
        return None
    return {
        "prompt": record.prompt,
        "response": {"text": record.completion, "model": record.model},
    }


TEMPLATE = TaskTemplate[Item, Judgment, EditOptions](
    key="critique_and_edit",
    version="1.0.0",
    title="Critique and edit",
    summary="A response to a prompt: what is wrong with it, and the response rewritten.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=EditOptions,
    candidates=lambda _: 0,
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
        RecordKind.PROMPT_COMPLETION,
        RecordKind.PROMPT,
        RecordKind.RESPONSE,
    ),
    prompt_text=prompt_text,
    brief=brief,
    outcome=outcome,
    review=review,
    read=read,
    read_consensus=read_consensus,
    coefficients=COEFFICIENTS,
    starts_from={
        RecordKind.PREFERENCE: from_preference,
        RecordKind.UNPAIRED_PREFERENCE: from_feedback,
    },
)
