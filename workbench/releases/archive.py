"""An export as one zip: rows, companions, manifest and the release's card, made as it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from workbench.releases.export import Exported

ARCHIVE = "export.zip"
CARD = "card.md"

_CHUNK = 2**20
# No time of its own, so that the same export is the same archive.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class _Sink:
    """What the archive's bytes are taken from again while it is written."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        self._chunks.append(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        taken = b"".join(self._chunks)
        self._chunks.clear()
        return taken


def stream_archive(exported: Exported, release: Path) -> Iterator[bytes]:
    """Yield a zip of an export and of the card in its release's folder, in bounded memory."""
    paths = [exported.folder / file.name for file in exported.files]
    paths += [exported.manifest, release / CARD]
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", allowZip64=True) as archive:
        for path in paths:
            is_packed = path.suffix == ".parquet"
            entry = zipfile.ZipInfo(path.name, _EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as to:
                while chunk := source.read(_CHUNK):
                    to.write(chunk)
                    yield sink.take()
    yield sink.take()
