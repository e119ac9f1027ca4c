"""Images of items, stored once for each organization."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.database.base import Base
from workbench.database.types import BigId, UtcDateTime


class Image(Base):
    """One image by the hash of its bytes, which are in the data folder.

    `source_url` is where it was first fetched from; None where it came with the file.
    """

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint("organization_id", "sha256"),
        Index(None, "organization_id", "source_url"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    source_url: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
