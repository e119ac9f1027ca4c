"""Where exports go: a folder, a prefix of an object store, a data set of the Hugging Face Hub.

What is not a folder of this machine is written to a temporary one first, together with what is
there to be merged with, and then sent: the manifest last, so that what it names is there.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from workbench.errors import BadRequest, DestinationFailed
from workbench.releases.manifest import MANIFEST
from workbench.releases.rendering import Layout

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_STORES = ("s3://", "gs://", "gcs://")
_HUB = re.compile(r"(?:hf://datasets/|hf:)([\w.-]+/[\w.-]+)/?")
_CHUNK = 2**20


class Destination(Protocol):
    """Gives a folder to write to; when the block ends well, what is in it is where it should be."""

    def opened(self, merged: Sequence[str]) -> AbstractContextManager[Path]: ...

    def place_of(self, name: str) -> str: ...


def read_destination(to: str, *, endpoint: str | None = None, layout: Layout) -> Destination:
    """Read a path, `s3://bucket/prefix`, `gs://bucket/prefix` or `hf:organization/name`.

    Args:
        endpoint: The address of an S3-compatible server; Amazon's by default.

    Raises:
        BadRequest: It makes no sense, or an endpoint is given that is not of S3.
    """
    if endpoint is not None and not to.startswith("s3://"):
        message = "an endpoint goes with s3:// alone"
        raise BadRequest(message)
    if to.startswith(_STORES):
        return _store(to, endpoint)
    if to.startswith("hf:"):
        name = _HUB.fullmatch(to)
        if name is None or layout is not Layout.HUGGINGFACE:
            message = f"{to!r} takes hf:organization/name and --layout huggingface"
            raise BadRequest(message)
        return Hub(name[1])
    return Folder(Path(to))


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path

    @contextmanager
    def opened(self, merged: Sequence[str]) -> Iterator[Path]:
        del merged
        yield self.path

    def place_of(self, name: str) -> str:
        return str(self.path / name)


@dataclass(frozen=True, slots=True)
class Store:
    """A prefix of a bucket; credentials are found as the provider's own tools find them."""

    address: str
    filesystem: FileSystem
    prefix: str

    @contextmanager
    def opened(self, merged: Sequence[str]) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="workbench-export-") as name:
            folder = Path(name)
            with self._explained("read"):
                for one in (MANIFEST, *merged):
                    self._fetch(one, folder / one)
            yield folder
            with self._explained("written"):
                for path in _manifest_last(folder):
                    self._send(path, path.relative_to(folder).as_posix())

    def place_of(self, name: str) -> str:
        return f"{self.address}/{name}"

    def _fetch(self, name: str, to: Path) -> None:
        from pyarrow.fs import FileType

        place = f"{self.prefix}/{name}"
        if self.filesystem.get_file_info(place).type is FileType.File:
            with self.filesystem.open_input_stream(place) as source:
                to.write_bytes(source.read())

    def _send(self, path: Path, name: str) -> None:
        place = f"{self.prefix}/{name}"
        with path.open("rb") as source, self.filesystem.open_output_stream(place) as sink:
            while chunk := source.read(_CHUNK):
                sink.write(chunk)

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self.address} cannot be {done}: {error}"
            raise DestinationFailed(message) from error


@dataclass(frozen=True, slots=True)
class Hub:
    """A data set of the Hugging Face Hub, private if it is new; the token is the one signed in."""

    name: str

    @contextmanager
    def opened(self, merged: Sequence[str]) -> Iterator[Path]:
        try:
            from huggingface_hub import HfApi, hf_hub_download
            from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
        except ImportError as error:
            message = "the Hub needs huggingface-hub: pip install 'rlhf-workbench[hub]'"
            raise BadRequest(message) from error
        api = HfApi()
        with tempfile.TemporaryDirectory(prefix="workbench-export-") as name:
            folder = Path(name)
            try:
                api.create_repo(self.name, repo_type="dataset", private=True, exist_ok=True)
                for one in (MANIFEST, *merged):
                    try:
                        hf_hub_download(self.name, one, repo_type="dataset", local_dir=folder)
                    except EntryNotFoundError:
                        continue
                yield folder
                api.upload_folder(
                    repo_id=self.name,
                    repo_type="dataset",
                    folder_path=folder,
                    ignore_patterns=[".cache/**"],
                    commit_message="Export a release",
                )
            except (HfHubHTTPError, OSError) as error:
                message = f"hf:{self.name} cannot be written: {error}"
                raise DestinationFailed(message) from error

    def place_of(self, name: str) -> str:
        return f"hf://datasets/{self.name}/{name}"


def _store(to: str, endpoint: str | None) -> Store:
    from pyarrow.fs import FileSystem, S3FileSystem

    try:
        if endpoint is None:
            filesystem, path = FileSystem.from_uri(to)
        else:
            at = urlsplit(endpoint)
            if at.scheme not in {"http", "https"} or not at.netloc:
                message = f"{endpoint!r} is not an endpoint such as https://s3.example.org"
                raise BadRequest(message)
            filesystem = S3FileSystem(endpoint_override=at.netloc, scheme=at.scheme)
            path = to.removeprefix("s3://")
    except (OSError, ValueError) as error:
        message = f"{to!r} is not a place to export to: {error}"
        raise BadRequest(message) from error
    prefix = path.strip("/")
    if not prefix:
        message = f"{to!r} names no bucket"
        raise BadRequest(message)
    return Store(to.rstrip("/"), filesystem, prefix)


def _manifest_last(folder: Path) -> list[Path]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return sorted(paths, key=lambda path: path.name == MANIFEST)
