"""An expert's unfinished answer, kept on the server as they type."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.orm import Session

from workbench.assignment.lease import get_assignment
from workbench.contracts.task_template import RawResult
from workbench.database.prepared import Prepared
from workbench.database.types import to_micros
from workbench.errors import DraftStale, LeaseLost
from workbench.models import AssignmentStatus, Draft


@dataclass(frozen=True, slots=True)
class SavedDraft:
    revision: int
    result: list[dict[str, Any]]
    active_seconds: float


_FIND = Prepared(
    select(Draft.revision, Draft.result, Draft.active_seconds).where(
        Draft.assignment_id == bindparam("assignment_id")
    )
)
_SAVE = Prepared(
    text(
        "INSERT INTO draft (assignment_id, revision, result, active_seconds, updated_at)"
        " VALUES (:assignment_id, :revision, :result, :active_seconds, :updated_at)"
        " ON CONFLICT (assignment_id) DO UPDATE SET revision = excluded.revision,"
        " result = excluded.result, active_seconds = excluded.active_seconds,"
        " updated_at = excluded.updated_at WHERE excluded.revision > draft.revision"
        " RETURNING revision"
    )
)
_DELETE = Prepared(delete(Draft).where(Draft.assignment_id == bindparam("assignment_id")))


def save_draft(
    session: Session,
    *,
    assignment: str,
    expert_id: int,
    token: str,
    revision: int,
    result: RawResult,
    active_seconds: float,
    now: datetime,
) -> int:
    """Keep a draft unless a newer one is there; the same draft again changes nothing.

    A lease that has run out does not matter: the draft is there when the expert gets the item again.

    Raises:
        LeaseLost: The assignment is judged, or was leased again under another token.
        DraftStale: There is a newer one, which comes with the error.
    """
    own = get_assignment(session, assignment=assignment, expert_id=expert_id)
    if own.status is AssignmentStatus.SUBMITTED or own.token != token:
        message = "this task was submitted or given out again"
        raise LeaseLost(message, status_of_assignment=str(own.status))
    saved = _SAVE.run(
        session,
        assignment_id=own.id,
        revision=revision,
        result=to_json(result).decode(),
        active_seconds=own.active_seconds(active_seconds, now),
        updated_at=to_micros(now),
    ).fetchone()
    if saved is None:
        newer = find_draft(session, own.id)
        if newer is not None and (newer.revision, newer.result) != (revision, list(result)):
            message = f"revision {newer.revision} of this draft is newer than {revision}"
            raise DraftStale(message, draft=asdict(newer))
    return revision


def find_draft(session: Session, assignment_id: int) -> SavedDraft | None:
    row = _FIND.run(session, assignment_id=assignment_id).fetchone()
    return None if row is None else SavedDraft(row[0], from_json(row[1]), row[2])


def delete_draft(session: Session, assignment_id: int) -> None:
    _DELETE.run(session, assignment_id=assignment_id)
