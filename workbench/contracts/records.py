"""The training records that task templates yield and exporters eat, in TRL's words.

A record is written once, when a release is frozen, as a row of `records_<kind>.parquet`;
exporters transform those columns and never see the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import pyarrow as pa


class RecordKind(StrEnum):
    PREFERENCE = "preference"
    STEPWISE_SUPERVISION = "stepwise_supervision"
    JUDGMENT = "judgment"


class Message(TypedDict):
    role: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Preference:
    """One response preferred to another; both continue the same prompt."""

    prompt: Sequence[Message]
    chosen: str
    rejected: str
    margin: float | None = None
    chosen_model: str | None = None
    rejected_model: str | None = None


@dataclass(frozen=True, kw_only=True)
class StepwiseSupervision:
    """The graded steps of one solution: 1, 0, -1 in `ratings`, as long as `completions`."""

    prompt: str
    completions: Sequence[str]
    ratings: Sequence[int]
    first_error: int | None = None
    verdict: str | None = None


Record = Preference | StepwiseSupervision


def record_kind(record: Record) -> RecordKind:
    match record:
        case Preference():
            return RecordKind.PREFERENCE
        case StepwiseSupervision():
            return RecordKind.STEPWISE_SUPERVISION


def record_schema(kind: RecordKind) -> pa.Schema:
    """Return the columns of `records_<kind>.parquet`: the record's own, then its provenance.

    Provenance of preference and stepwise rows: `item_id` (public id), `external_id`,
    `prompt_hash` (SHA-256 of the prompt, for splits), `confidence`, `n_judgments`, `simulated`.
    Judgment rows are one per annotator and item under the release's pseudonyms.
    """
    import pyarrow as pa

    message = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
    provenance = [
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("external_id", pa.string(), nullable=False),
        pa.field("prompt_hash", pa.string(), nullable=False),
        pa.field("confidence", pa.float64()),
        pa.field("n_judgments", pa.int32(), nullable=False),
        pa.field("simulated", pa.bool_(), nullable=False),
    ]
    match kind:
        case RecordKind.PREFERENCE:
            own = [
                pa.field("prompt", pa.list_(message), nullable=False),
                pa.field("chosen", pa.string(), nullable=False),
                pa.field("rejected", pa.string(), nullable=False),
                pa.field("margin", pa.float64()),
                pa.field("chosen_model", pa.string()),
                pa.field("rejected_model", pa.string()),
            ]
        case RecordKind.STEPWISE_SUPERVISION:
            own = [
                pa.field("prompt", pa.string(), nullable=False),
                pa.field("completions", pa.list_(pa.string()), nullable=False),
                pa.field("ratings", pa.list_(pa.int8()), nullable=False),
                pa.field("first_error", pa.int32()),
                pa.field("verdict", pa.string()),
            ]
        case RecordKind.JUDGMENT:
            return pa.schema(
                [
                    pa.field("judgment_id", pa.string(), nullable=False),
                    pa.field("item_id", pa.string(), nullable=False),
                    pa.field("external_id", pa.string(), nullable=False),
                    pa.field("annotator", pa.string(), nullable=False),
                    pa.field("annotator_kind", pa.string(), nullable=False),
                    pa.field("value", pa.string(), nullable=False),
                    pa.field("presentation", pa.list_(pa.int16())),
                    pa.field("created_at", pa.timestamp("us", tz="UTC"), nullable=False),
                    pa.field("seconds", pa.float64()),
                    pa.field("active_seconds", pa.float64()),
                    pa.field("template_version", pa.string(), nullable=False),
                    pa.field("guideline_version", pa.int32()),
                    pa.field("origin", pa.string(), nullable=False),
                    pa.field("surplus", pa.bool_(), nullable=False),
                    pa.field("supersedes", pa.string()),
                    pa.field("superseded", pa.bool_(), nullable=False),
                    pa.field("simulated", pa.bool_(), nullable=False),
                ]
            )
    return pa.schema([*own, *provenance])
