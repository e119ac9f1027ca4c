"""The unit to be judged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from workbench.database.base import Base
from workbench.database.types import BigId, JsonText, UtcDateTime


class Item(Base):
    """One item, its place in the queue and the slots that are still open.

    `shuffle_key` is drawn within an import and grows from one import to the next, so that items
    added later come after everyone's cursor. `requeued_seq` is set when a slot opens again.
    """

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("campaign_id", "external_id"),
        CheckConstraint("open_slots >= 0", name="open_slots"),
        Index(
            "ix_item_open",
            "campaign_id",
            "shuffle_key",
            "id",
            sqlite_where=text("open_slots > 0"),
            postgresql_where=text("open_slots > 0"),
        ),
        Index(
            "ix_item_requeued",
            "campaign_id",
            "requeued_seq",
            "id",
            sqlite_where=text("open_slots > 0 AND requeued_seq IS NOT NULL"),
            postgresql_where=text("open_slots > 0 AND requeued_seq IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    external_id: Mapped[str] = mapped_column(String(255))
    content: Mapped[Any] = mapped_column(JsonText)
    content_hash: Mapped[str] = mapped_column(String(64))
    # `metadata` is taken by SQLAlchemy's declarative base.
    item_metadata: Mapped[Any] = mapped_column("metadata", JsonText)
    shuffle_key: Mapped[int] = mapped_column(BigInteger)
    open_slots: Mapped[int]
    requeued_seq: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
