"""What an exporter is: a function from record batches to batches of a training format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from workbench.contracts.records import RecordKind

if TYPE_CHECKING:
    import pyarrow as pa


class ExportOptions(BaseModel):
    """Base of an exporter's options; every one is recorded in the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True)
class Converted:
    """One converted batch and how many rows were left out, by reason.

    Attributes:
        kept: Which input rows the output rows are, in order; None when it is all of them.
        sources: Instead of it, the index of the input row behind each output row, where one input
            row may give several.
    """

    batch: pa.RecordBatch
    left_out: Mapping[str, int] = field(default_factory=dict)
    kept: pa.BooleanArray | None = None
    sources: pa.Int64Array | None = None

    def align(self, column: pa.Array) -> pa.Array:
        """Return a column of the input batch with one value for each output row."""
        if self.sources is not None:
            return column.take(self.sources)
        return column if self.kept is None else column.filter(self.kept)


@dataclass(frozen=True, kw_only=True)
class ExportedTable:
    """One file of rows that an export has written; `split` is None where it is not split."""

    name: str
    split: str | None
    rows: int


class ExportFormat(StrEnum):
    """The kind of file an export is: `json` is one array of all rows."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    JSON = "json"


O = TypeVar("O", bound=ExportOptions)


@dataclass(frozen=True, kw_only=True)
class Exporter(Generic[O]):
    """One training format.

    Attributes:
        key: Name in the command line, file name of the export, entry point.
        record: The kind of record it eats; a campaign that has none is not offered it.
        options: Pydantic model of the options, each with a default and a description.
        schema: The exact Arrow schema of the output under the options. A column of the type
            `pa.json_()` is written as the JSON that its texts say, not as texts.
        convert: A batch in the schema of `record_schema(record)` to one in `schema(options)`.
            Vectorised: no Python loop over rows. Where the export is split, the batch has one more
            column `split` with the name of each row's split.
        companions: The files that go with the rows, such as an index that a trainer reads: from
            the files written and what is at those names in the folder already (to be merged with)
            to the content of each. None where there are none.
        companion_names: Their names.
        formats: The kinds of file that the format may be.
        names_images: Whether its rows say which images belong to them. A format of text alone is
            not given the rows of items with images: a label would rest on what the row lacks.
    """

    key: str
    version: str
    title: str
    summary: str
    record: RecordKind
    options: type[O]
    schema: Callable[[O], pa.Schema]
    convert: Callable[[pa.RecordBatch, O], Converted]
    companions: (
        Callable[[Sequence[ExportedTable], O, Mapping[str, bytes]], Mapping[str, bytes]] | None
    ) = None
    companion_names: Sequence[str] = ()
    formats: Sequence[ExportFormat] = (ExportFormat.PARQUET, ExportFormat.JSONL)
    names_images: bool = False


AnyExporter = Exporter[Any]
