"""The job table: stages leave work in their own transaction, the worker takes it up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from workbench.database.prepared import Prepared
from workbench.database.types import to_micros
from workbench.identifiers import canonical_json
from workbench.models import Job, JobStatus

MAX_ATTEMPTS = 5

_ENQUEUE = Prepared(
    text(
        "INSERT INTO job (kind, subject_id, payload, status, run_after, attempts, created_at)"
        " VALUES (:kind, :subject_id, :payload, 'waiting', :run_after, 0, :created_at)"
        " ON CONFLICT (kind, subject_id) WHERE status = 'waiting' DO NOTHING"
    ).bindparams(*(bindparam(name) for name in ("kind", "subject_id", "payload")))
)


def enqueue(
    session: Session,
    kind: str,
    *,
    subject_id: int,
    now: datetime,
    delay: timedelta = timedelta(0),
    payload: dict[str, Any] | None = None,
) -> None:
    """Leave a job, unless the same kind is already waiting for the same subject."""
    _ENQUEUE.run(
        session,
        kind=kind,
        subject_id=subject_id,
        payload=None if payload is None else canonical_json(payload).decode(),
        run_after=to_micros(now + delay),
        created_at=to_micros(now),
    )


def claim_job(session: Session, *, now: datetime, claim_for: timedelta) -> Job | None:
    """Take the job that is due longest, or one whose worker did not come back."""
    due = (
        select(Job)
        .where(
            or_(
                (Job.status == JobStatus.WAITING) & (Job.run_after <= now),
                (Job.status == JobStatus.RUNNING) & (Job.claimed_until < now),
            )
        )
        .order_by(Job.run_after)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    job = session.scalars(due).one_or_none()
    if job is None:
        return None
    job.status = JobStatus.RUNNING
    job.attempts += 1
    job.claimed_until = now + claim_for
    return job


def finish_job(session: Session, job_id: int, *, now: datetime) -> None:
    session.execute(
        update(Job).where(Job.id == job_id).values(status=JobStatus.DONE, finished_at=now)
    )


def forget_jobs(session: Session, *, finished_before: datetime) -> None:
    """Delete the jobs that are long done; failed ones stay for somebody to look at."""
    session.execute(
        delete(Job).where(Job.status == JobStatus.DONE, Job.finished_at < finished_before)
    )


def count_waiting_jobs(session: Session) -> int:
    waiting = select(func.count()).select_from(Job).where(Job.status == JobStatus.WAITING)
    return session.scalar(waiting) or 0


def fail_job(session: Session, job: Job, *, now: datetime, error: str) -> None:
    """Try again later with a growing pause; give up after `MAX_ATTEMPTS`."""
    gives_up = job.attempts >= MAX_ATTEMPTS
    values: dict[str, Any] = {"error": error, "claimed_until": None}
    if gives_up:
        values |= {"status": JobStatus.FAILED, "finished_at": now}
    else:
        # Back to waiting would collide with a job that was enqueued meanwhile; a running job
        # whose claim has run out is taken up again all the same.
        values["claimed_until"] = now + timedelta(seconds=10 * 4**job.attempts)
    session.execute(update(Job).where(Job.id == job.id).values(**values))
