"""HelpSteer2's preferences: a strength from -3, the first is much better, to 3, with the words for it.

The strength follows HelpSteer's own rule and not the release's consensus: the mean of the three most
similar judgments, rounded. Comparisons where these lie more than 2 apart, or that come out even, or
where nobody found a response valid, are left out.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.marked_turns import HELPSTEER
from workbench.contracts.message_columns import integers, like, numbers
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out
from workbench.contracts.similar_strengths import (
    NO_STRENGTH,
    TIED,
    settle_by_similar,
    statements_of,
)

_SPLIT = "split"
_TRAIN = "train"
_SIMILAR = pa.list_(
    pa.struct(
        [
            pa.field("statement", pa.string()),
            pa.field("elaboration", pa.string()),
            pa.field("strength", pa.int32()),
        ]
    )
)
_UNPROCESSED = pa.list_(
    pa.struct([pa.field("strength", pa.int32()), pa.field("justification", pa.string())])
)


def _schema(options: ProvenanceOptions) -> pa.Schema:
    own = [
        pa.field("split", pa.string(), nullable=False),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("response_1", pa.string(), nullable=False),
        pa.field("response_2", pa.string(), nullable=False),
        pa.field("preference_strength", pa.int32(), nullable=False),
        pa.field("preference_statement", pa.string(), nullable=False),
        pa.field("preference_elaboration", pa.string(), nullable=False),
        pa.field("three_most_similar_preferences", _SIMILAR, nullable=False),
        pa.field("all_preferences_unprocessed", _UNPROCESSED, nullable=False),
    ]
    return carrying(own, RecordKind.COMPARISON, options)


def _convert(batch: pa.RecordBatch, options: ProvenanceOptions) -> Converted:
    settled = settle_by_similar(batch.column("judgments"))
    faults = {
        **HELPSTEER.find_faults(batch.column("prompt")),
        **settled.faults,
        TIED: pc.equal(settled.strengths, 0),
    }
    fit = leave_out(batch, faults)
    rows = fit.rows
    settled = settle_by_similar(rows.column("judgments"))
    columns = [
        _splits(rows),
        HELPSTEER.joined(rows.column("prompt")),
        rows.column("first"),
        rows.column("second"),
        settled.strengths,
        statements_of(settled.strengths),
        _elaborations(settled.judgments, settled.strengths),
        _similar(settled.judgments),
        _unprocessed(rows.column("judgments")),
    ]
    return fit.converted(columns, _schema(options))


def _splits(rows: pa.RecordBatch) -> pa.Array:
    """Return the split of each row; an export that is not split is all for training."""
    if _SPLIT in rows.schema.names:
        return rows.column(_SPLIT)
    return pa.repeat(_TRAIN, len(rows))


def _elaborations(similar: pa.ListArray, strengths: pa.Int32Array) -> pa.StringArray:
    """Return, of the rationales that were written, the one whose strength is nearest."""
    given = similar.flatten()
    rationales = pc.struct_field(given, "rationale")
    row = numbers(pc.list_parent_indices(similar))
    own = numbers(pc.struct_field(given, "strength")).astype(np.int64)
    distances = np.abs(own - numbers(strengths)[row])
    is_silent = numbers(pc.equal(rationales, "").cast(pa.int8()))
    ranked = np.lexsort((distances, is_silent, row))
    _, best = np.unique(row[ranked], return_index=True)
    return rationales.take(integers(ranked[best]))


def _similar(judgments: pa.ListArray) -> pa.ListArray:
    given = judgments.flatten()
    strengths = pc.struct_field(given, "strength").cast(pa.int32())
    columns = [statements_of(strengths), pc.struct_field(given, "rationale"), strengths]
    return like(judgments, pa.StructArray.from_arrays(columns, fields=list(_SIMILAR.value_type)))


def _unprocessed(judgments: pa.ListArray) -> pa.ListArray:
    given = judgments.flatten()
    strengths = pc.fill_null(pc.struct_field(given, "strength").cast(pa.int32()), NO_STRENGTH)
    columns = [strengths, pc.struct_field(given, "rationale")]
    fields = list(_UNPROCESSED.value_type)
    return like(judgments, pa.StructArray.from_arrays(columns, fields=fields))


EXPORTER = Exporter(
    key="helpsteer2_preference",
    version="1",
    title="HelpSteer2 preferences",
    summary="two responses, a strength from -3 to 3 by HelpSteer's rule, and the judgments behind it",
    record=RecordKind.COMPARISON,
    options=ProvenanceOptions,
    schema=_schema,
    convert=_convert,
)
