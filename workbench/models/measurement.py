"""What is computed from judgments and can be thrown away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workbench.database.base import Base
from workbench.database.types import BigId, JsonText, UtcDateTime


class AgreementReport(Base):
    """The latest measurement of a campaign, as of judgment `last_judgment_id`."""

    __tablename__ = "agreement_report"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    last_judgment_id: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[Any] = mapped_column(JsonText)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float]


class Consensus(Base):
    """The consensus on one item by one method, with how much its judgments disagree."""

    __tablename__ = "consensus"
    __table_args__ = (
        Index("ix_consensus_item", "item_id", "method", unique=True),
        Index("ix_consensus_disagreement", "campaign_id", "method", "disagreement"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    method: Mapped[str] = mapped_column(String(32))
    value: Mapped[Any | None] = mapped_column(JsonText)
    reason: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float | None]
    margin: Mapped[float | None]
    disagreement: Mapped[float | None]
    n_judgments: Mapped[int]
