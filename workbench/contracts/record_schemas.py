"""The columns of a release's files: a record's own, then its provenance.

Provenance: `item_id` (public id), `external_id`, `prompt_hash` (SHA-256 of the prompt),
`split_group` (what may not straddle two splits), `method` (of the consensus), `confidence`,
`disagreement`, `n_judgments`, `simulated`, `images` (the hashes of the item's images, in order).
Judgment rows are one per annotator and item under the
release's pseudonyms.
"""

from __future__ import annotations

from typing import assert_never

import pyarrow as pa

from workbench.contracts.records import RecordKind

MESSAGE = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
MESSAGES = pa.list_(MESSAGE)
_TIME = pa.timestamp("us", tz="UTC")
_STRINGS = pa.list_(pa.string())

IMAGES = "images"


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_PROVENANCE = [
    _required("item_id", pa.string()),
    _required("external_id", pa.string()),
    _required("prompt_hash", pa.string()),
    _required("split_group", pa.string()),
    _required("method", pa.string()),
    pa.field("confidence", pa.float64()),
    pa.field("disagreement", pa.float64()),
    _required("n_judgments", pa.int32()),
    _required("simulated", pa.bool_()),
    pa.field(IMAGES, _STRINGS),
]

_NOTES = pa.list_(pa.struct([pa.field("step", pa.int32()), pa.field("text", pa.string())]))
_GIVEN_STRENGTHS = pa.list_(
    pa.struct(
        [
            pa.field("annotator", pa.string()),
            pa.field("strength", pa.int8()),
            pa.field("rationale", pa.string()),
            pa.field("created_at", _TIME),
            pa.field("seconds", pa.float64()),
        ]
    )
)
_GIVEN_RANKS = pa.list_(
    pa.struct(
        [
            pa.field("annotator", pa.string()),
            pa.field("ranks", pa.list_(pa.int16())),
            pa.field("unacceptable", pa.list_(pa.bool_())),
        ]
    )
)
_GIVEN_STEPS = pa.list_(
    pa.struct(
        [
            pa.field("annotator", pa.string()),
            pa.field("ratings", pa.list_(pa.int8())),
            pa.field("verdict", pa.string()),
            pa.field("critiques", _NOTES),
            pa.field("alternatives", _NOTES),
            pa.field("created_at", _TIME),
            pa.field("seconds", pa.float64()),
        ]
    )
)
_GIVEN_RESULTS = pa.list_(
    pa.struct(
        [
            pa.field("annotator", pa.string()),
            pa.field("result", pa.string()),
            pa.field("created_at", _TIME),
            pa.field("seconds", pa.float64()),
        ]
    )
)
_RATINGS = pa.list_(
    pa.struct(
        [
            pa.field("attribute", pa.string()),
            pa.field("value", pa.float64()),
            pa.field("labels", pa.list_(pa.int32())),
        ]
    )
)
_CRITERIA = pa.list_(
    pa.struct(
        [
            pa.field("criterion", pa.string()),
            pa.field("weight", pa.float64()),
            pa.field("outcome", pa.string()),
            pa.field("share_met", pa.float64()),
        ]
    )
)

ITEM_SCHEMA = pa.schema(
    [
        _required("item_id", pa.string()),
        _required("external_id", pa.string()),
        _required("content", pa.string()),
        _required("metadata", pa.string()),
        _required("content_hash", pa.string()),
        _required("prompt_hash", pa.string()),
        _required("split_group", pa.string()),
        _required("created_at", _TIME),
        _required("simulated", pa.bool_()),
    ]
)
CONSENSUS_SCHEMA = pa.schema(
    [
        _required("item_id", pa.string()),
        _required("external_id", pa.string()),
        pa.field("value", pa.string()),
        pa.field("outcome", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("confidence", pa.float64()),
        pa.field("margin", pa.float64()),
        pa.field("disagreement", pa.float64()),
        _required("n_judgments", pa.int32()),
        _required("simulated", pa.bool_()),
    ]
)
JUDGMENT_SCHEMA = pa.schema(
    [
        _required("judgment_id", pa.string()),
        _required("item_id", pa.string()),
        _required("external_id", pa.string()),
        _required("annotator", pa.string()),
        _required("annotator_kind", pa.string()),
        _required("value", pa.string()),
        pa.field("presentation", pa.list_(pa.int16())),
        _required("created_at", _TIME),
        pa.field("seconds", pa.float64()),
        pa.field("active_seconds", pa.float64()),
        _required("template_version", pa.string()),
        pa.field("guideline_version", pa.int32()),
        _required("origin", pa.string()),
        _required("surplus", pa.bool_()),
        pa.field("supersedes", pa.string()),
        _required("superseded", pa.bool_()),
        _required("simulated", pa.bool_()),
    ]
)


def record_schema(kind: RecordKind) -> pa.Schema:
    """Return the columns of the release's file of that kind."""
    match kind:
        case RecordKind.ITEM:
            return ITEM_SCHEMA
        case RecordKind.CONSENSUS:
            return CONSENSUS_SCHEMA
        case RecordKind.JUDGMENT:
            return JUDGMENT_SCHEMA
        case _:
            return pa.schema([*_own_columns(kind), *_PROVENANCE])


def _own_columns(kind: RecordKind) -> list[pa.Field]:  # noqa: C901
    prompt = _required("prompt", MESSAGES)
    match kind:
        case RecordKind.PROMPT:
            return [prompt, pa.field("reference_answer", pa.string())]
        case RecordKind.RESPONSE:
            return [
                prompt,
                _required("response_index", pa.int16()),
                _required("response", pa.string()),
                pa.field("model", pa.string()),
            ]
        case RecordKind.COMPARISON:
            return [
                prompt,
                _required("first", pa.string()),
                _required("second", pa.string()),
                pa.field("first_model", pa.string()),
                pa.field("second_model", pa.string()),
                _required("outcome", pa.string()),
                pa.field("strength", pa.float64()),
                _required("judgments", _GIVEN_STRENGTHS),
            ]
        case RecordKind.PREFERENCE:
            return [
                prompt,
                _required("chosen", pa.string()),
                _required("rejected", pa.string()),
                pa.field("margin", pa.float64()),
                pa.field("chosen_model", pa.string()),
                pa.field("rejected_model", pa.string()),
                pa.field("chosen_score", pa.float64()),
                pa.field("rejected_score", pa.float64()),
                pa.field("soft_label", pa.float64()),
            ]
        case RecordKind.UNPAIRED_PREFERENCE:
            return [
                prompt,
                _required("completion", pa.string()),
                _required("label", pa.bool_()),
                pa.field("soft_label", pa.float64()),
                _required("reasons", _STRINGS),
                pa.field("model", pa.string()),
            ]
        case RecordKind.RANKING:
            return [
                prompt,
                _required("responses", _STRINGS),
                _required("models", _STRINGS),
                _required("ranks", pa.list_(pa.int16())),
                _required("unacceptable", pa.list_(pa.bool_())),
                _required("judgments", _GIVEN_RANKS),
            ]
        case RecordKind.RATED_RESPONSE:
            return [
                prompt,
                _required("response_index", pa.int16()),
                _required("response", pa.string()),
                pa.field("model", pa.string()),
                _required("ratings", _RATINGS),
                _required("criteria", _CRITERIA),
                pa.field("score", pa.float64()),
            ]
        case RecordKind.STEPWISE_SUPERVISION:
            return [
                _required("prompt", pa.string()),
                _required("completions", _STRINGS),
                _required("ratings", pa.list_(pa.int8())),
                pa.field("first_error", pa.int32()),
                pa.field("verdict", pa.string()),
                _required("steps", _STRINGS),
                pa.field("reference_answer", pa.string()),
                pa.field("model", pa.string()),
                _required("judgments", _GIVEN_STEPS),
            ]
        case RecordKind.PROMPT_COMPLETION:
            return [
                prompt,
                _required("completion", pa.string()),
                pa.field("original", pa.string()),
                pa.field("critique", pa.string()),
            ]
        case RecordKind.LABEL_STUDIO_TASK:
            return [_required("data", pa.string()), _required("annotations", _GIVEN_RESULTS)]
        case RecordKind.ITEM | RecordKind.CONSENSUS | RecordKind.JUDGMENT:
            return []
        case _:
            assert_never(kind)
