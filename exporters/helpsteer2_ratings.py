"""HelpSteer2's ratings: a response a row, five attributes from 0 to 4.

The responses of one item stand in consecutive rows, as theirs do. Prompts of several turns are one
text with HelpSteer's marks between the turns.
"""

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


def _schema(options: ProvenanceOptions) -> pa.Schema:
    own = [
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("response", pa.string(), nullable=False),
        *(pa.field(name, pa.int32(), nullable=False) for name in HELPSTEER_ATTRIBUTES),
    ]
    return carrying(own, RecordKind.RATED_RESPONSE, options)


def _convert(batch: pa.RecordBatch, options: ProvenanceOptions) -> Converted:
    faults = find_unrated(
        batch.column("ratings"), HELPSTEER_ATTRIBUTES, lowest=0, highest=HELPSTEER_HIGHEST
    )
    fit = leave_out(batch, {**HELPSTEER.find_faults(batch.column("prompt")), **faults})
    ratings = fit.rows.column("ratings")
    values = [_whole(ratings_of(ratings, name)) for name in HELPSTEER_ATTRIBUTES]
    prompts = HELPSTEER.joined(fit.rows.column("prompt"))
    return fit.converted([prompts, fit.rows.column("response"), *values], _schema(options))


def _whole(ratings: pa.StructArray) -> pa.Array:
    """Return the settled values rounded, a half upwards; a mean may lie between two points."""
    values = pc.struct_field(ratings, "value")
    return pc.round(values, round_mode="half_up").cast(pa.int32())


EXPORTER = Exporter(
    key="helpsteer2_ratings",
    version="1",
    title="HelpSteer2 ratings",
    summary="prompt, response and the settled 0–4 rating of HelpSteer's five attributes",
    record=RecordKind.RATED_RESPONSE,
    options=ProvenanceOptions,
    schema=_schema,
    convert=_convert,
)
