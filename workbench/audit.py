"""The audit trail: one row for everything that somebody may ask about later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert
from sqlalchemy.orm import Session

from workbench.database.prepared import Prepared
from workbench.database.types import to_micros
from workbench.identifiers import canonical_json
from workbench.models import AuditEvent

_INSERT = Prepared(
    insert(AuditEvent).values(
        {
            name: bindparam(name)
            for name in ("organization_id", "actor", "action", "subject", "detail", "created_at")
        }
    )
)


def record_event(
    session: Session,
    *,
    organization_id: int | None,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add a row; `actor` and `subject` are public ids, or `cli` for the command line."""
    _INSERT.run(
        session,
        organization_id=organization_id,
        actor=actor,
        action=action,
        subject=subject,
        detail=None if detail is None else canonical_json(detail).decode(),
        created_at=to_micros(now),
    )
