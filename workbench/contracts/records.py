"""The training records that task templates yield and exporters eat, in TRL's words.

A record is written once, when a release is frozen, as a row of `records_<kind>.parquet`;
exporters transform those columns and never see the database. `record_schemas` has the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NotRequired, TypedDict


class RecordKind(StrEnum):
    """The kinds of row a release holds.

    The last four are there in every release; the others as far as the template yields them.
    """

    PROMPT = "prompt"
    RESPONSE = "response"
    COMPARISON = "comparison"
    PREFERENCE = "preference"
    UNPAIRED_PREFERENCE = "unpaired_preference"
    RANKING = "ranking"
    RATED_RESPONSE = "rated_response"
    STEPWISE_SUPERVISION = "stepwise_supervision"
    PROMPT_COMPLETION = "prompt_completion"
    LABEL_STUDIO_TASK = "label_studio_task"
    ITEM = "item"
    CONSENSUS = "consensus"
    JUDGMENT = "judgment"


class ShownImage(TypedDict):
    """An image by the hash that it is stored under."""

    sha256: str
    alt: str


class Message(TypedDict):
    """One message; a release's columns hold its role and content, and the images apart."""

    role: str
    content: str
    images: NotRequired[Sequence[ShownImage]]


@dataclass(frozen=True, kw_only=True)
class Given:
    """One current judgment of a settled item, as its records may carry it.

    Attributes:
        annotator: The release's pseudonym, or the judge model's name.
        value: The template's judgment model, in canonical order.
        seconds: Time on task, None where it is not known.
    """

    annotator: str
    value: Any
    created_at: datetime
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What was asked, for training on prompts alone; the reference answer where there is one."""

    prompt: Sequence[Message]
    reference_answer: str | None = None


@dataclass(frozen=True, kw_only=True)
class Response:
    """One response of an item, by its place in canonical order."""

    prompt: Sequence[Message]
    response_index: int
    response: str
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class GivenStrength:
    """One annotator's comparison: from −3 (the first is much better) to 3; None for neither."""

    annotator: str
    strength: int | None
    rationale: str
    created_at: datetime
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two responses to one prompt with everything that was said of them, ties included.

    Attributes:
        outcome: `first`, `second`, `tie` or `neither`.
        strength: The mean strength; None where everybody found neither acceptable.
    """

    prompt: Sequence[Message]
    first: str
    second: str
    first_model: str | None
    second_model: str | None
    outcome: str
    strength: float | None
    judgments: Sequence[GivenStrength]


@dataclass(frozen=True, kw_only=True)
class Preference:
    """One response preferred to another; both continue the same prompt.

    Attributes:
        margin: How much better it is, in the points of the template's scale.
        chosen_score: A score of the chosen response by itself, where the template gives one.
        soft_label: The share of judgments, or the posterior, for the chosen response.
    """

    prompt: Sequence[Message]
    chosen: str
    rejected: str
    margin: float | None = None
    chosen_model: str | None = None
    rejected_model: str | None = None
    chosen_score: float | None = None
    rejected_score: float | None = None
    soft_label: float | None = None


@dataclass(frozen=True, kw_only=True)
class UnpairedPreference:
    """One response found good or bad by itself; `soft_label` is the share that found it good."""

    prompt: Sequence[Message]
    completion: str
    label: bool
    soft_label: float | None = None
    reasons: Sequence[str] = ()
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class GivenRanks:
    annotator: str
    ranks: Sequence[int]
    unacceptable: Sequence[bool]


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """An order of several responses to one prompt; rank 1 is best and ties share a rank."""

    prompt: Sequence[Message]
    responses: Sequence[str]
    models: Sequence[str | None]
    ranks: Sequence[int]
    unacceptable: Sequence[bool]
    judgments: Sequence[GivenRanks]


@dataclass(frozen=True, kw_only=True)
class AttributeRating:
    """One attribute of a response: the settled value and every annotator's label."""

    attribute: str
    value: float
    labels: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class CriterionGrade:
    """One criterion of an item's rubric: `outcome` is `met`, `unmet`, `not_applicable` or `tied`.

    `share_met` is among the annotators to whom the criterion applied.
    """

    criterion: str
    weight: float
    outcome: str
    share_met: float | None


@dataclass(frozen=True, kw_only=True)
class RatedResponse:
    """One response with its ratings; `score` sums them up where the template says how."""

    prompt: Sequence[Message]
    response_index: int
    response: str
    model: str | None = None
    ratings: Sequence[AttributeRating] = ()
    criteria: Sequence[CriterionGrade] = ()
    score: float | None = None


@dataclass(frozen=True, kw_only=True)
class StepNote:
    """What was written on one step, by its 0-based index."""

    step: int
    text: str


@dataclass(frozen=True, kw_only=True)
class GivenSteps:
    """One annotator's grades from the first step on; None where they were unsure."""

    annotator: str
    ratings: Sequence[int | None]
    verdict: str
    critiques: Sequence[StepNote]
    alternatives: Sequence[StepNote]
    created_at: datetime
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class StepwiseSupervision:
    """The graded steps of one solution: 1, 0, -1 in `ratings`, as long as `completions`.

    `steps` is the whole solution, of which `completions` may be the beginning.
    """

    prompt: str
    completions: Sequence[str]
    ratings: Sequence[int]
    first_error: int | None = None
    verdict: str | None = None
    steps: Sequence[str] = ()
    reference_answer: str | None = None
    model: str | None = None
    judgments: Sequence[GivenSteps] = field(default=())


@dataclass(frozen=True, kw_only=True)
class PromptCompletion:
    """A response that an expert wrote, or rewrote from `original`."""

    prompt: Sequence[Message]
    completion: str
    original: str | None = None
    critique: str | None = None


@dataclass(frozen=True, kw_only=True)
class GivenResult:
    """One annotator's answer as the editor stores it; `result` is its JSON."""

    annotator: str
    result: str
    created_at: datetime
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class LabelStudioTask:
    """An item as a Label Studio project takes it, in canonical order; `data` is its JSON."""

    data: str
    annotations: Sequence[GivenResult]


Record = (
    Prompt
    | Response
    | Comparison
    | Preference
    | UnpairedPreference
    | Ranking
    | RatedResponse
    | StepwiseSupervision
    | PromptCompletion
)

_KINDS: dict[type[Any], RecordKind] = {
    Prompt: RecordKind.PROMPT,
    Response: RecordKind.RESPONSE,
    Comparison: RecordKind.COMPARISON,
    Preference: RecordKind.PREFERENCE,
    UnpairedPreference: RecordKind.UNPAIRED_PREFERENCE,
    Ranking: RecordKind.RANKING,
    RatedResponse: RecordKind.RATED_RESPONSE,
    StepwiseSupervision: RecordKind.STEPWISE_SUPERVISION,
    PromptCompletion: RecordKind.PROMPT_COMPLETION,
}


def record_kind(record: Record) -> RecordKind:
    return _KINDS[type(record)]
