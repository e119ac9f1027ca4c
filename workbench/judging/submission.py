"""Taking an expert's answer: decoded, kept for good, its lease settled, the next one started."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from workbench.assignment.lease import (
    OwnAssignment,
    Promotion,
    get_assignment,
    promote_next,
    submit_assignment,
)
from workbench.contracts.task_template import RawResult
from workbench.database.prepared import Prepared
from workbench.errors import Conflict
from workbench.judging.draft import delete_draft
from workbench.judging.judgment import insert_judgment, note_judgment
from workbench.models import AssignmentStatus, Judgment


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a submitted answer.

    `is_duplicate` says that the assignment was judged already: the first judgment stays.
    `is_surplus` says that the item had its judgments already; it counts all the same.
    """

    judgment: str
    is_duplicate: bool
    is_surplus: bool
    promotion: Promotion | None


_FIRST = Prepared(
    select(Judgment.public_id, Judgment.is_surplus)
    .where(Judgment.assignment_id == bindparam("assignment_id"))
    .order_by(Judgment.id)
    .limit(1)
)


def submit_judgment(
    session: Session,
    *,
    assignment: str,
    expert_id: int,
    actor: str,
    token: str,
    result: RawResult,
    active_seconds: float,
    now: datetime,
    lease_for: timedelta,
) -> Submission:
    """Keep an expert's answer to their assignment, and start their prefetched task.

    Nothing finished is thrown away: an answer whose lease has run out or was given back, or that
    comes under an older token, is kept too, as surplus when the item has no free slot any more. An
    assignment is judged once, however often its answer arrives.

    Raises:
        NotFound: The assignment is not the expert's.
        JudgmentInvalid: The answer is not one; the lease stays as it is.
    """
    own = get_assignment(session, assignment=assignment, expert_id=expert_id)
    if own.status is AssignmentStatus.SUBMITTED:
        return _find_first(session, own)
    task = own.task
    value = task.read_result(result, task.read_item(own.content), own.presentation)
    is_late = not own.is_live(now) or own.token != token
    took_slot = submit_assignment(session, own, now=now)
    judgment = insert_judgment(
        session,
        value=value,
        raw=result,
        presentation=own.presentation,
        supersedes_id=None,
        now=now,
        campaign_id=own.campaign_id,
        item_id=own.item_id,
        annotator_id=expert_id,
        assignment_id=own.id,
        round=own.round,
        template_version=task.template.version,
        guideline_version=own.guideline_version,
        took_slot=took_slot,
        is_surplus=not took_slot,
        seconds=own.seconds(now),
        active_seconds=own.active_seconds(active_seconds, now),
    )
    if judgment is None:
        message = "this judgment could not be kept"
        raise Conflict(message)
    if own.has_draft:
        delete_draft(session, own.id)
    promotion = promote_next(session, own, now=now, lease_for=lease_for)
    note_judgment(
        session,
        judgment=judgment,
        action="judgment_submitted",
        campaign_id=own.campaign_id,
        organization_id=own.organization_id,
        actor=actor,
        now=now,
        detail={"late": True, "surplus": not took_slot} if is_late else None,
    )
    return Submission(judgment, is_duplicate=False, is_surplus=not took_slot, promotion=promotion)


def _find_first(session: Session, own: OwnAssignment) -> Submission:
    row = _FIRST.run(session, assignment_id=own.id).fetchone()
    return Submission(row[0], is_duplicate=True, is_surplus=bool(row[1]), promotion=None)
