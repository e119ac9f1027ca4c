"""Who holds what: assignments, their leases, and where each expert is in the queue."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workbench.database.base import Base
from workbench.database.types import BigId, JsonText, UtcDateTime, enum_type


class AssignmentStatus(StrEnum):
    LEASED = "leased"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    RELEASED = "released"
    EXPIRED = "expired"


class Position(StrEnum):
    """Which of an expert's two live leases: the one on the page, or the one prefetched."""

    CURRENT = "current"
    NEXT = "next"


class Assignment(Base):
    """An expert's claim on an item; its live part is the lease (`token`, `expires_at`)."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("item_id", "expert_id", "round"),
        Index(
            "ix_assignment_live",
            "expert_id",
            "campaign_id",
            "position",
            unique=True,
            sqlite_where=text("status = 'leased'"),
            postgresql_where=text("status = 'leased'"),
        ),
        Index(
            "ix_assignment_due",
            "expires_at",
            sqlite_where=text("status = 'leased'"),
            postgresql_where=text("status = 'leased'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    round: Mapped[int]
    status: Mapped[AssignmentStatus] = mapped_column(enum_type(AssignmentStatus))
    position: Mapped[Position] = mapped_column(enum_type(Position))
    token: Mapped[str] = mapped_column(String(64))
    presentation: Mapped[Any] = mapped_column(JsonText)
    leased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    skip_reason: Mapped[str | None] = mapped_column(String(64))
    skip_note: Mapped[str | None] = mapped_column(Text)


class Cursor(Base):
    """How far an expert has walked both tiers of a campaign's queue."""

    __tablename__ = "cursor"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    expert_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"), primary_key=True)
    shuffle_key: Mapped[int] = mapped_column(BigInteger, default=-1)
    item_id: Mapped[int] = mapped_column(BigInteger, default=0)
    requeued_seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Flag(Base):
    """An expert's word that an item is broken."""

    __tablename__ = "flag"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    reason: Mapped[str] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
