"""An export of a release: downloaded once, its hash checked, given as what the caller works with."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.client.connection import Connection
from workbench.client.errors import ClientError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from datasets import Dataset

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """A file of an export; `rows` is None for a companion, `split` where there are no splits."""

    name: str
    split: str | None
    rows: int | None
    bytes: int
    sha256: str


@dataclass(kw_only=True, eq=False)
class Export:
    """One export; nothing is downloaded before it is asked for.

    Attributes:
        files: One for each split, then the companions that go with them.
        rows_in: Records of the release.
        rows: Rows of the export.
        left_out: Records left out, by reason.
    """

    files: Sequence[ExportedFile]
    rows_in: int
    rows: int
    left_out: Mapping[str, int]
    _path: str = field(repr=False)
    _connection: Connection = field(repr=False)
    _kept: Path | None = field(default=None, init=False, repr=False)

    @property
    def splits(self) -> Sequence[str]:
        """The names of the splits; none if the export is not split."""
        return [file.split for file in self.files if file.split is not None]

    def to_arrow(self, split: str | None = None) -> pa.Table:
        """Return the rows, or those of one split, as a pyarrow table.

        Raises:
            ClientError: The export is split and no split is named, or it has none of that name.
        """
        path = self._downloaded(self._table(split))
        match path.suffix:
            case ".parquet":
                import pyarrow.parquet as pq

                return pq.read_table(path)
            case ".json":
                import json

                import pyarrow as pa

                return pa.Table.from_pylist(json.loads(path.read_bytes()))
            case _:
                import pyarrow.json

                return pyarrow.json.read_json(path)

    def to_pandas(self, split: str | None = None) -> pd.DataFrame:
        """Return the rows, or those of one split, as a pandas data frame."""
        frame: pd.DataFrame = self.to_arrow(split).to_pandas()
        return frame

    def to_dataset(self, split: str | None = None) -> Dataset:
        """Return the rows as a data set of Hugging Face's `datasets`, which must be installed."""
        try:
            from datasets import Dataset
            from datasets.table import InMemoryTable
        except ImportError as error:
            message = "to_dataset needs the package datasets: pip install datasets"
            raise ClientError(message, code="not_installed") from error
        return Dataset(InMemoryTable(self.to_arrow(split)))

    def manifest(self) -> dict[str, Any]:
        """Return what is known of the export: hashes, counts, options, agreement."""
        return self._connection.get(f"{self._path}/{_MANIFEST}")

    def save(self, folder: Path | str) -> Path:
        """Write the files and their `manifest.json` into a folder and return the first one's path.

        Raises:
            ClientError: The folder holds the manifest of something else.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        manifest = folder / f".{_MANIFEST}.partial"
        try:
            self._connection.download(f"{self._path}/{_MANIFEST}", manifest)
            present = folder / _MANIFEST
            if present.exists() and present.read_bytes() != manifest.read_bytes():
                message = f"{present} is of another export; save into another folder"
                raise ClientError(message, code="conflict")
            for file in self.files:
                self._download(file, folder / file.name)
            manifest.replace(present)
        finally:
            manifest.unlink(missing_ok=True)
        return folder / self.files[0].name

    def _table(self, split: str | None) -> ExportedFile:
        found = [file for file in self.files if file.rows is not None and file.split == split]
        if not found:
            splits = ", ".join(self.splits) or "none"
            message = f"the export has no split {split!r}; its splits: {splits}"
            raise ClientError(message, code="no_such_split")
        return found[0]

    def _downloaded(self, file: ExportedFile) -> Path:
        """Return a file, downloaded into a folder that lasts as long as this object."""
        if self._kept is None:
            self._kept = Path(tempfile.mkdtemp(prefix="workbench-export-"))
            weakref.finalize(self, shutil.rmtree, self._kept, ignore_errors=True)
        path = self._kept / file.name
        if not path.exists():
            self._download(file, path)
        return path

    def _download(self, file: ExportedFile, to: Path) -> None:
        partial = to.with_name(f".{to.name}.partial")
        try:
            sha256 = self._connection.download(f"{self._path}/{file.name}", partial)
            if sha256 != file.sha256:
                message = f"{file.name} arrived with the SHA-256 {sha256}, not {file.sha256}"
                raise ClientError(message, code="verification_failed")
            partial.replace(to)
        finally:
            partial.unlink(missing_ok=True)


def read_export(document: Mapping[str, Any], connection: Connection) -> Export:
    return Export(
        files=tuple(
            ExportedFile(
                name=one["file"],
                split=one["split"],
                rows=one["rows"],
                bytes=one["bytes"],
                sha256=one["sha256"],
            )
            for one in document["files"]
        ),
        rows_in=document["rows_in"],
        rows=document["rows"],
        left_out=document["left_out"],
        _path=document["export"],
        _connection=connection,
    )
