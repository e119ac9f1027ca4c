"""Judgments, the people and models that gave them, and drafts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workbench.database.base import Base
from workbench.database.types import BigId, JsonText, UtcDateTime, enum_type


class AnnotatorKind(StrEnum):
    PERSON = "person"
    MODEL = "model"


class Annotator(Base):
    """Whoever gave a judgment: an expert who signs in, or a name in an imported file."""

    __tablename__ = "annotator"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        UniqueConstraint("organization_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(320))
    kind: Mapped[AnnotatorKind] = mapped_column(enum_type(AnnotatorKind))
    is_simulated: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JudgmentOrigin(StrEnum):
    SUBMITTED = "submitted"
    IMPORTED = "imported"


class Judgment(Base):
    """One annotator's decoded answer, append-only.

    A revision is a new row whose `supersedes_id` names the one before; a judgment is current when
    no row supersedes it. `value` is in canonical order, `raw` is what the editor sent.
    """

    __tablename__ = "judgment"
    __table_args__ = (
        UniqueConstraint("supersedes_id"),
        Index("ix_judgment_item", "item_id"),
        Index("ix_judgment_campaign", "campaign_id", "id"),
        Index("ix_judgment_annotator", "annotator_id", "campaign_id", "id"),
        Index("ix_judgment_assignment", "assignment_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    assignment_id: Mapped[int | None] = mapped_column(ForeignKey("assignment.id"))
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("judgment.id"))
    round: Mapped[int]
    value: Mapped[Any] = mapped_column(JsonText)
    raw: Mapped[Any | None] = mapped_column(JsonText)
    presentation: Mapped[Any | None] = mapped_column(JsonText)
    template_version: Mapped[str] = mapped_column(String(32))
    guideline_version: Mapped[int | None]
    origin: Mapped[JudgmentOrigin] = mapped_column(enum_type(JudgmentOrigin))
    took_slot: Mapped[bool]
    is_surplus: Mapped[bool] = mapped_column(default=False)
    seconds: Mapped[float | None]
    active_seconds: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Draft(Base):
    """An expert's unfinished answer; the newer revision wins."""

    __tablename__ = "draft"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    result: Mapped[Any] = mapped_column(JsonText)
    active_seconds: Mapped[float]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
