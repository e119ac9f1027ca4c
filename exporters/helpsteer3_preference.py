"""HelpSteer3's preferences: a conversation, two responses and a score from -3, the first is better, to 3.

The score follows HelpSteer's own rule and not the release's consensus: the mean of the three most
similar judgments, rounded; an even score stays. Comparisons where these lie more than 2 apart, or
where nobody found a response valid, are left out. The written feedback on single responses that
later dumps of HelpSteer3 add is no part of a comparison.
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter
from workbench.contracts.message_columns import like
from workbench.contracts.record_schemas import MESSAGES
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out
from workbench.contracts.similar_strengths import settle_by_similar

_INDIVIDUAL = pa.list_(
    pa.struct([pa.field("score", pa.int32()), pa.field("reasoning", pa.string())])
)


class Domain(StrEnum):
    GENERAL = "general"
    STEM = "stem"
    CODE = "code"
    MULTILINGUAL = "multilingual"


class HelpSteer3Options(ProvenanceOptions):
    domain: Domain = Field(
        default=Domain.GENERAL, description="What all the prompts are about, in HelpSteer3's words."
    )
    language: str = Field(
        default="english",
        description="The language of all the prompts; of domain code the programming language.",
    )


def _schema(options: HelpSteer3Options) -> pa.Schema:
    own = [
        pa.field("domain", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("context", MESSAGES, nullable=False),
        pa.field("response1", pa.string(), nullable=False),
        pa.field("response2", pa.string(), nullable=False),
        pa.field("overall_preference", pa.int32(), nullable=False),
        pa.field("individual_preference", _INDIVIDUAL, nullable=False),
    ]
    return carrying(own, RecordKind.COMPARISON, options)


def _convert(batch: pa.RecordBatch, options: HelpSteer3Options) -> Converted:
    fit = leave_out(batch, settle_by_similar(batch.column("judgments")).faults)
    rows = fit.rows
    settled = settle_by_similar(rows.column("judgments"))
    columns = [
        pa.repeat(str(options.domain), len(rows)),
        pa.repeat(options.language, len(rows)),
        rows.column("prompt"),
        rows.column("first"),
        rows.column("second"),
        settled.strengths,
        _individual(settled.judgments),
    ]
    return fit.converted(columns, _schema(options))


def _individual(similar: pa.ListArray) -> pa.ListArray:
    given = similar.flatten()
    columns = [
        pc.struct_field(given, "strength").cast(pa.int32()),
        pc.struct_field(given, "rationale"),
    ]
    return like(similar, pa.StructArray.from_arrays(columns, fields=list(_INDIVIDUAL.value_type)))


EXPORTER = Exporter(
    key="helpsteer3_preference",
    version="1",
    title="HelpSteer3 preferences",
    summary="a conversation, two responses, a score from -3 to 3 by HelpSteer's rule, and its reasons",
    record=RecordKind.COMPARISON,
    options=HelpSteer3Options,
    schema=_schema,
    convert=_convert,
)
