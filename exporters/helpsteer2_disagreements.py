"""HelpSteer2's disagreements: its ratings with every annotator's label in place of the settled one."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.marked_turns import HELPSTEER
from workbench.contracts.rating_columns import (
    HELPSTEER_ATTRIBUTES,
    HELPSTEER_HIGHEST,
    find_unrated,
    ratings_of,
)
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out

_LABELS = pa.list_(pa.int32())


def _schema(options: ProvenanceOptions) -> pa.Schema:
    own = [
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("response", pa.string(), nullable=False),
        *(pa.field(name, _LABELS, nullable=False) for name in HELPSTEER_ATTRIBUTES),
    ]
    return carrying(own, RecordKind.RATED_RESPONSE, options)


def _convert(batch: pa.RecordBatch, options: ProvenanceOptions) -> Converted:
    faults = find_unrated(
        batch.column("ratings"), HELPSTEER_ATTRIBUTES, lowest=0, highest=HELPSTEER_HIGHEST
    )
    fit = leave_out(batch, {**HELPSTEER.find_faults(batch.column("prompt")), **faults})
    ratings = fit.rows.column("ratings")
    labels = [pc.struct_field(ratings_of(ratings, name), "labels") for name in HELPSTEER_ATTRIBUTES]
    prompts = HELPSTEER.joined(fit.rows.column("prompt"))
    return fit.converted([prompts, fit.rows.column("response"), *labels], _schema(options))


EXPORTER = Exporter(
    key="helpsteer2_disagreements",
    version="1",
    title="HelpSteer2 disagreements",
    summary="prompt, response and the list of individual 0–4 labels for each of the five attributes",
    record=RecordKind.RATED_RESPONSE,
    options=ProvenanceOptions,
    schema=_schema,
    convert=_convert,
)
