"""Which rows of a batch an export keeps, and which of their columns go along unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, ExportOptions
from workbench.contracts.message_columns import integers
from workbench.contracts.record_schemas import record_schema
from workbench.contracts.records import RecordKind

NO_REFERENCE_ANSWER = "no_reference_answer"

_PROVENANCE = ("item_id", "prompt_hash", "method", "confidence", "disagreement", "n_judgments")


class ProvenanceOptions(ExportOptions):
    """Options of a format that has room for columns its trainer does not read.

    Attributes:
        carries: Names of further options that are true or false, each of which lets the rows carry
            along the record's column of the same name.
    """

    carries: ClassVar[Sequence[str]] = ()

    provenance: bool = Field(
        default=False,
        description=(
            "Columns that tell where each row comes from: item, hash of the prompt, consensus"
            " method, its confidence, the disagreement and the number of judgments."
        ),
    )

    @property
    def carried(self) -> Sequence[str]:
        """Return the columns of the records that the rows carry along unchanged."""
        wanted = [name for name in self.carries if getattr(self, name)]
        return [*wanted, *_PROVENANCE] if self.provenance else wanted


def carrying(own: Sequence[pa.Field], kind: RecordKind, options: ProvenanceOptions) -> pa.Schema:
    """Return the schema of a format's own fields and of what its rows carry along."""
    record = record_schema(kind)
    return pa.schema([*own, *(record.field(name) for name in options.carried)])


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The rows of a batch that a format can say, and what became of the others."""

    rows: pa.RecordBatch
    left_out: Mapping[str, int]
    kept: pa.BooleanArray | None

    def converted(
        self, columns: Sequence[pa.Array], schema: pa.Schema, *, each: pa.Int64Array | None = None
    ) -> Converted:
        """Return the columns made of `rows` as a converted batch.

        What the schema has after them is carried along from `rows` by its name.

        Args:
            each: The index in `rows` behind each value of the columns, where it is not their own.
        """
        carried = [self.rows.column(name) for name in schema.names[len(columns) :]]
        if each is None:
            kept, sources = self.kept, None
        else:
            carried = [column.take(each) for column in carried]
            kept, sources = None, self._indices.take(each)
        batch = pa.RecordBatch.from_arrays([*columns, *carried], schema=schema)
        return Converted(batch=batch, left_out=self.left_out, kept=kept, sources=sources)

    @property
    def _indices(self) -> pa.Int64Array:
        """The index in the whole batch of each of the rows."""
        if self.kept is None:
            return integers(np.arange(len(self.rows), dtype=np.int64))
        return pc.indices_nonzero(self.kept).cast(pa.int64())


def leave_out(batch: pa.RecordBatch, faults: Mapping[str, pa.BooleanArray]) -> Selection:
    """Return the batch without the rows that have a fault, each counted by its first one.

    Args:
        faults: Which rows of the batch have it, by reason; a null is no fault.
    """
    left_out: dict[str, int] = {}
    kept: pa.BooleanArray | None = None
    for reason, marks in faults.items():
        bad = pc.fill_null(marks, fill_value=False)
        n_bad = pc.sum(bad if kept is None else pc.and_(bad, kept)).as_py()
        if n_bad:
            left_out[reason] = n_bad
            kept = pc.invert(bad) if kept is None else pc.and_not(kept, bad)
    rows = batch if kept is None else batch.filter(kept)
    return Selection(rows=rows, left_out=left_out, kept=kept)
