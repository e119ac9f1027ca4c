"""What a task type is: one object that shows, decodes, measures and settles its items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from workbench.contracts.records import Given, Record, RecordKind
from workbench.contracts.review import Reading, Review

RawResult = Sequence[Mapping[str, Any]]
"""The editor's result list, as `serializeAnnotation()` yields it."""

Presentation = Sequence[int]
"""Canonical candidate indices in the order shown; empty where nothing is shuffled."""


class Options(BaseModel):
    """Base of a template's campaign options; each has a default and a description."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ItemModel(BaseModel):
    """Base of a template's item: what an import row must hold besides id and metadata."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class JudgmentModel(BaseModel):
    """Base of a template's judgment value, always in canonical (unshuffled) order."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(StrEnum):
    """Level of measurement, Krippendorff's terms."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


class Statistic(StrEnum):
    """What is reported of a measure besides Krippendorff's alpha and percent agreement."""

    QUADRATIC_KAPPA = "quadratic_kappa"
    GWET_AC1 = "gwet_ac1"


Category = str | int


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One field of the judgment on which agreement is measured.

    Attributes:
        field: Its name in reports.
        unit: What one unit is, in words (`item`, `item × step`).
        categories: Every value it can take, in order; numbers for ordinal and interval levels.
            None where the item decides (then the level is nominal and values are as they come).
        values: From a judgment to its values by unit within the item (`""` where the item is the
            unit). A unit left out is a missing value.
        voted: True where consensus is a vote on this field.
        leaves_out: Why a judgment has no value on this field at all, in one word (`neither`), so
            that reports can say how many; None where it has one.
        word: What a category is called on pages; None: as it is written in data.
        also: What is reported besides alpha and percent agreement.
    """

    field: str
    title: str
    level: Level
    unit: str
    categories: Sequence[Category] | None
    values: Callable[[Any], Mapping[str, Category]]
    voted: bool = False
    leaves_out: Callable[[Any], str | None] | None = None
    word: Callable[[Category], str] | None = None
    also: Sequence[Statistic] = ()


@dataclass(frozen=True, kw_only=True)
class Coefficient:
    """A number for each item, of which reports give the mean with a bootstrap interval over items.

    Attributes:
        field: Its name in reports.
        note: What it is and which way is better, with its source (Kendall's W, 0 to 1).
        low, high: Its range, for plots.
        of: From an item and its judgments by different annotators to the number; None where it is
            not defined, as with fewer than two judgments.
    """

    field: str
    title: str
    note: str
    low: float
    high: float
    of: Callable[[Any, Sequence[Any]], float | None]


class ConsensusMethod(StrEnum):
    MAJORITY = "majority"
    MEAN = "mean"
    DAWID_SKENE = "dawid_skene"


@dataclass(frozen=True, kw_only=True)
class Vote:
    """The outcome of a vote on one unit: a value, or None with `tied` as the reason.

    `confidence` is the share of votes or the posterior of the value; `shares` holds it for all.
    """

    value: Category | None
    confidence: float | None
    n_votes: int
    shares: Mapping[Category, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """Everything a template needs to settle one item."""

    method: ConsensusMethod
    judgments: Sequence[Any]
    votes: Mapping[str, Mapping[str, Vote]]


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """The consensus on one item: `value` is None exactly when `reason` says why."""

    value: Any
    reason: str | None = None
    confidence: float | None = None
    margin: float | None = None


@dataclass(frozen=True, kw_only=True)
class Example:
    """One written example, for the conformance suite and the preview; `records` counts by kind."""

    title: str
    item: Mapping[str, Any]
    options: Mapping[str, Any]
    presentation: Presentation
    result: RawResult
    judgment: Mapping[str, Any]
    records: Mapping[RecordKind, int]


I = TypeVar("I", bound=ItemModel)
J = TypeVar("J", bound=JudgmentModel)
O = TypeVar("O", bound=Options)


@dataclass(frozen=True, kw_only=True)
class TaskTemplate(Generic[I, J, O]):
    """One task type.

    Attributes:
        version: Raised whenever a file of the template changes; stored with each judgment.
        item_model: Validates an import row without `external_id` and `metadata`.
        candidates: How many things of the item are shuffled; 0 when nothing is.
        label_config: The Label Studio labeling configuration under the campaign's options.
        show: What the browser may see: no model name, no answer, candidates in shown order.
        decode: From the editor's result to a judgment in canonical order.
            Raises `JudgmentInvalid` with a row per fault (field and problem).
        encode: The inverse of `decode`, for revision, drafts and predictions.
        check: Refuses a judgment that does not fit its item (`JudgmentInvalid`); decoded and
            imported judgments both pass through it.
        measures: The fields on which agreement is measured.
        settle: The consensus on one item from its votes.
        records: The training records that a settled item yields, with the judgments it was settled
            by; () when it yields none.
        record_kinds: The kinds that `records` can yield.
        prompt_text: What identifies the prompt, for splits by prompt.
        brief: One line that tells an item from another in a list.
        outcome: One word for a settled value (`first`, `tie`, `neither`, `found_error`); it is the
            reason by which settled items without a record are counted, and `tie` is what a
            release leaves out when it drops ties. None: everything settled is `settled`.
        unrecorded: Why an item with a settled value yields no record, in one word; None: its outcome says why.
        first_shown_won: Whether the candidate shown first was preferred; None for a judgment
            without a winner. The hook itself is None where nothing is compared.
        review: The item laid out for those who look after quality, in canonical order with model
            names. None: its fields as they are.
        read: A judgment in words. None: its value as it is.
        read_consensus: A settled value in words, with its margin. None: the value as it is.
        configure: The template as a campaign with these options uses it, where its measures,
            settling or records depend on them (`dataclasses.replace`). None: they do not.
        coefficients: What is measured of an item's judgments together, beyond the measures.
        starts_from: How a record of another campaign becomes an import row (without `external_id`
            and `metadata`) of this task type, by the record's kind; None leaves it out.
    """

    key: str
    version: str
    title: str
    summary: str
    guidelines: str
    examples: Sequence[Example]
    item_model: type[I]
    judgment_model: type[J]
    options_model: type[O]
    candidates: Callable[[I], int]
    label_config: Callable[[O], str]
    show: Callable[[I, Presentation, O], dict[str, Any]]
    decode: Callable[[RawResult, I, Presentation, O], J]
    encode: Callable[[J, I, Presentation, O], list[dict[str, Any]]]
    check: Callable[[J, I, O], None]
    measures: Sequence[Measure]
    settle: Callable[[I, Ballot], Settlement]
    records: Callable[[I, Settlement, Sequence[Given]], Sequence[Record]]
    record_kinds: Sequence[RecordKind]
    prompt_text: Callable[[I], str]
    brief: Callable[[I], str]
    outcome: Callable[[Any], str] | None = None
    unrecorded: Callable[[I, Any], str] | None = None
    first_shown_won: Callable[[J, Presentation], bool | None] | None = None
    review: Callable[[I], Review] | None = None
    read: Callable[[J], Reading] | None = None
    read_consensus: Callable[[Any, float | None], Reading] | None = None
    configure: Callable[[O], TaskTemplate[I, J, O]] | None = None
    coefficients: Sequence[Coefficient] = ()
    starts_from: Mapping[RecordKind, Callable[[Any], Mapping[str, Any] | None]] = field(
        default_factory=dict
    )


AnyTemplate = TaskTemplate[Any, Any, Any]
