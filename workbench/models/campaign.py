"""One run of annotation: template version, guideline version, options, overlap."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.database.base import Base
from workbench.database.types import BigId, JsonText, UtcDateTime, enum_type


class CampaignStatus(StrEnum):
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class Campaign(Base):
    __tablename__ = "campaign"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        CheckConstraint("overlap >= 1", name="overlap"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    name: Mapped[str] = mapped_column(String(200))
    template_key: Mapped[str] = mapped_column(String(64))
    template_version: Mapped[str] = mapped_column(String(32))
    options: Mapped[Any] = mapped_column(JsonText)
    overlap: Mapped[int]
    status: Mapped[CampaignStatus] = mapped_column(enum_type(CampaignStatus))
    guideline_version: Mapped[int] = mapped_column(default=1)
    round: Mapped[int] = mapped_column(default=1)
    import_count: Mapped[int] = mapped_column(default=0)
    requeue_count: Mapped[int] = mapped_column(default=0)
    is_simulated: Mapped[bool] = mapped_column(default=False)
    # Of a follow-up: an item goes only to experts who did not judge the one that it comes from.
    is_for_others: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Guideline(Base):
    """One version of a campaign's guidelines; versions are never edited."""

    __tablename__ = "guideline"
    __table_args__ = (UniqueConstraint("campaign_id", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
