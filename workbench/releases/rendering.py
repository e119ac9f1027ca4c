"""What is wanted of a release: which format, under which options, in which files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.contracts.exporter import AnyExporter, ExportFormat, ExportOptions
from workbench.errors import BadRequest, BadRow
from workbench.releases.splits import Splits


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """An exporter, its options, the kind of file and the splits.

    Raises:
        BadRequest: The exporter writes no files of that kind.
    """

    exporter: AnyExporter
    options: ExportOptions
    format: ExportFormat
    splits: Splits = field(default_factory=Splits)

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
        return {
            split: f"{self.exporter.key}{'' if split is None else f'-{split}'}.{self.format}"
            for split in self.splits.names
        }

    def as_document(self) -> dict[str, Any]:
        return {
            "exporter": self.exporter.key,
            "exporter_version": self.exporter.version,
            "options": self.options.model_dump(mode="json"),
            "format": str(self.format),
            "splits": self.splits.as_document(),
        }
