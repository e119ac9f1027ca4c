"""Campaigns whose items come from what another campaign settled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.database.base import Base
from workbench.database.types import UtcDateTime


class FollowUp(Base):
    """What a campaign follows: which records, settled by which method, that pass which filters."""

    __tablename__ = "follow_up"
    __table_args__ = (
        CheckConstraint("source_id <> campaign_id", name="source"),
        CheckConstraint("min_judgments >= 1", name="min_judgments"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    record_kind: Mapped[str] = mapped_column(String(32))
    method: Mapped[str] = mapped_column(String(32))
    min_judgments: Mapped[int]
    min_confidence: Mapped[float]
    min_margin: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FollowUpItem(Base):
    """Which item of the source an item was issued from."""

    __tablename__ = "follow_up_item"
    __table_args__ = (Index("ix_follow_up_item_source", "campaign_id", "source_item_id"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    source_item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))


class FollowUpOutcome(Base):
    """What the consensus on an item of the source came to, and which consensus that was.

    `outcome` is `issued`, `kept` where the consensus changed after somebody took the item up, or
    the reason why nothing is issued.
    """

    __tablename__ = "follow_up_outcome"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    source_item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    consensus_hash: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(64))
