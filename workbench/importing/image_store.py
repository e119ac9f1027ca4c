"""Where images lie: in the data folder, by organization and hash, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from workbench.database.types import to_micros
from workbench.importing.image_headers import ImageHeader
from workbench.models import Image

FOLDER = "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedImage:
    """An image that was had and not stored yet; `path` is where it lies meanwhile."""

    sha256: str
    header: ImageHeader
    size: int
    source_url: str | None
    path: Path


def image_file(data_dir: Path, organization_id: int, sha256: str) -> Path:
    return data_dir / FOLDER / str(organization_id) / sha256[:2] / sha256


def find_image(session: Session, *, organization_id: int, sha256: str) -> Image | None:
    return session.scalars(
        select(Image).where(Image.organization_id == organization_id, Image.sha256 == sha256)
    ).one_or_none()


def find_stored(
    session: Session, *, data_dir: Path, organization_id: int, column: str, values: Sequence[str]
) -> dict[str, str]:
    """Return the hashes of those images that are there, by their `source_url` or `sha256`."""
    named = {"source_url": Image.source_url, "sha256": Image.sha256}[column]
    found = session.execute(
        select(named, Image.sha256).where(
            Image.organization_id == organization_id, named.in_(list(values))
        )
    )
    return {
        name: sha256
        for name, sha256 in found
        if name is not None and image_file(data_dir, organization_id, sha256).is_file()
    }


def store_image(
    session: Session, image: FetchedImage, *, data_dir: Path, organization_id: int, now: datetime
) -> None:
    """Store an image unless the organization has it; the file is there before the row is."""
    place = image_file(data_dir, organization_id, image.sha256)
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        image.path.replace(place)
    session.execute(
        _INSERT,
        {
            "organization_id": organization_id,
            "sha256": image.sha256,
            "media_type": image.header.media_type,
            "width": image.header.width,
            "height": image.header.height,
            "size": image.size,
            "source_url": image.source_url,
            "created_at": to_micros(now),
        },
    )


_COLUMNS = (
    "organization_id", "sha256", "media_type", "width", "height", "size", "source_url", "created_at",
)  # fmt: skip
_INSERT = text(
    f"INSERT INTO image ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
    " ON CONFLICT (organization_id, sha256) DO NOTHING"
).bindparams(*(bindparam(name) for name in _COLUMNS))
