"""An expert's word that an item cannot be judged as it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from workbench.assignment.lease import Promotion, get_leased, skip_assignment
from workbench.audit import record_event
from workbench.models import Flag

FLAGGED = "flagged"
"""The reason of the skip that goes with a flag."""


def flag_item(
    session: Session,
    *,
    assignment: str,
    expert_id: int,
    actor: str,
    token: str,
    reason: str,
    note: str | None,
    now: datetime,
    lease_for: timedelta,
) -> Promotion | None:
    """Tell the QA lead that an item is broken, and leave it; return the promoted next lease.

    Raises:
        LeaseLost: The lease is not live under this token.
    """
    own = get_leased(session, assignment=assignment, expert_id=expert_id, token=token, now=now)
    session.add(
        Flag(
            campaign_id=own.campaign_id,
            item_id=own.item_id,
            annotator_id=expert_id,
            reason=reason,
            note=note,
            created_at=now,
        )
    )
    session.flush()
    record_event(
        session,
        organization_id=own.organization_id,
        actor=actor,
        action="item_flagged",
        subject=assignment,
        now=now,
        detail={"reason": reason},
    )
    return skip_assignment(
        session,
        assignment=assignment,
        expert_id=expert_id,
        token=token,
        reason=FLAGGED,
        note=note,
        now=now,
        lease_for=lease_for,
    )
