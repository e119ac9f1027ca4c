"""What is wanted of a release: which format, under which options, in which files."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, assert_never

from workbench.contracts.exporter import AnyExporter, ExportFormat, ExportOptions
from workbench.errors import BadRequest, BadRow
from workbench.releases.splits import Splits

DATA = "data"
WHOLE = "train"
"""What Hugging Face calls the one split of a data set that has no splits."""


class Layout(StrEnum):
    """Where the files go: side by side, or as the data of a Hugging Face dataset folder."""

    PLAIN = "plain"
    HUGGINGFACE = "huggingface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """An exporter, its options, the kind of file, the splits and where the files go.

    Raises:
        BadRequest: The exporter writes no files of that kind.
    """

    exporter: AnyExporter
    options: ExportOptions
    format: ExportFormat
    splits: Splits = field(default_factory=Splits)
    layout: Layout = Layout.PLAIN

    def __post_init__(self) -> None:
        if self.format not in self.exporter.formats:
            known = ", ".join(map(str, self.exporter.formats))
            problem = f"{self.exporter.key} is not written as {self.format}"
            row = BadRow(field="format", problem=problem, expected=known)
            message = f"{problem}; it is written as {known}"
            raise BadRequest(message, rows=[row])

    @property
    def files(self) -> dict[str | None, str]:
        """The name of the file of each split."""
        key, ending = self.exporter.key, self.format
        match self.layout:
            case Layout.PLAIN:
                return {
                    split: f"{key}.{ending}" if split is None else f"{key}-{split}.{ending}"
                    for split in self.splits.names
                }
            case Layout.HUGGINGFACE:
                return {
                    split: f"{DATA}/{key}-{split or WHOLE}.{ending}" for split in self.splits.names
                }
            case _:
                assert_never(self.layout)

    def as_document(self) -> dict[str, Any]:
        return {
            "exporter": self.exporter.key,
            "exporter_version": self.exporter.version,
            "options": self.options.model_dump(mode="json"),
            "format": str(self.format),
            "splits": self.splits.as_document(),
            "layout": str(self.layout),
        }
