"""An export of a release: downloaded once, its hash checked, given as what the caller works with."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
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


@dataclass(kw_only=True, eq=False)
class Export:
    """One export; nothing is downloaded before it is asked for.

    Attributes:
        file: Its name, `<exporter>.<format>`.
        rows_in: Records of the release.
        rows: Rows of the export.
        left_out: Records left out, by reason.
    """

    file: str
    rows_in: int
    rows: int
    left_out: Mapping[str, int]
    bytes: int
    sha256: str
    _path: str = field(repr=False)
    _connection: Connection = field(repr=False)
    _kept: Path | None = field(default=None, init=False, repr=False)

    def to_arrow(self) -> pa.Table:
        """Return the rows as a pyarrow table."""
        path = self._downloaded()
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path)
        import pyarrow.json

        return pyarrow.json.read_json(path)

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas data frame."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_dataset(self) -> Dataset:
        """Return the rows as a data set of Hugging Face's `datasets`, which must be installed."""
        try:
            from datasets import Dataset
            from datasets.table import InMemoryTable
        except ImportError as error:
            message = "to_dataset needs the package datasets: pip install datasets"
            raise ClientError(message, code="not_installed") from error
        return Dataset(InMemoryTable(self.to_arrow()))

    def manifest(self) -> dict[str, Any]:
        """Return what is known of the export: hashes, counts, options, agreement."""
        return self._connection.get(f"{self._path}/{_MANIFEST}")

    def save(self, folder: Path | str) -> Path:
        """Write the file and its `manifest.json` into a folder and return the file's path.

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
            self._download(folder / self.file)
            manifest.replace(present)
        finally:
            manifest.unlink(missing_ok=True)
        return folder / self.file

    def _downloaded(self) -> Path:
        """Return the file, downloaded into a folder that lasts as long as this object."""
        if self._kept is None:
            folder = Path(tempfile.mkdtemp(prefix="workbench-export-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._download(folder / self.file)
            self._kept = folder / self.file
        return self._kept

    def _download(self, to: Path) -> None:
        partial = to.with_name(f".{to.name}.partial")
        try:
            sha256 = self._connection.download(f"{self._path}/{self.file}", partial)
            if sha256 != self.sha256:
                message = f"{self.file} arrived with the SHA-256 {sha256}, not {self.sha256}"
                raise ClientError(message, code="verification_failed")
            partial.replace(to)
        finally:
            partial.unlink(missing_ok=True)


def read_export(document: Mapping[str, Any], connection: Connection) -> Export:
    return Export(
        file=document["file"],
        rows_in=document["rows_in"],
        rows=document["rows"],
        left_out=document["left_out"],
        bytes=document["bytes"],
        sha256=document["sha256"],
        _path=document["export"],
        _connection=connection,
    )
