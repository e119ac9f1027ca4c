"""The images of a release's items, as one file: a release is complete by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.errors import VerificationFailed
from workbench.importing.image_store import image_file
from workbench.models import Image
from workbench.releases.files import GroupedParquet, WrittenFile

IMAGES_FILE = "images.parquet"
_SCHEMA = pa.schema(
    [
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("media_type", pa.string(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("content", pa.binary(), nullable=False),
    ]
)
_AT_ONCE = 500


def write_images(
    session: Session, *, data_dir: Path, organization_id: int, hashes: Iterable[str], folder: Path
) -> WrittenFile:
    """Write the images in the order of their hashes.

    Raises:
        VerificationFailed: One is not in the data folder as it was stored.
    """
    file = GroupedParquet(folder / IMAGES_FILE, _SCHEMA)
    try:
        wanted = sorted(hashes)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            known = {
                image.sha256: image
                for image in session.scalars(
                    select(Image).where(
                        Image.organization_id == organization_id, Image.sha256.in_(some)
                    )
                )
            }
            for sha256 in some:
                file.add([_row(sha256, known.get(sha256), data_dir)])
        return file.finish()
    except BaseException:
        file.abandon()
        raise


def _row(sha256: str, image: Image | None, data_dir: Path) -> dict[str, object]:
    path = None if image is None else image_file(data_dir, image.organization_id, sha256)
    content = path.read_bytes() if path is not None and path.is_file() else b""
    if image is None or hashlib.sha256(content).hexdigest() != sha256:
        message = f"the image {sha256} is not in the data folder as it was stored"
        raise VerificationFailed(message)
    return {
        "sha256": sha256,
        "media_type": image.media_type,
        "width": image.width,
        "height": image.height,
        "content": content,
    }
