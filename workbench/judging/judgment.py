"""The row of a judgment, and what follows from it; submissions and revisions both come here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.orm import Session

from workbench import jobs
from workbench.audit import record_event
from workbench.contracts.task_template import JudgmentModel, RawResult
from workbench.database.prepared import Prepared
from workbench.database.types import to_micros
from workbench.identifiers import Prefix, new_public_id

CAMPAIGN_JUDGED = "campaign_judged"
"""Job: what was computed from a campaign's judgments is out of date."""

JUDGED_DELAY = timedelta(seconds=5)
"""How long judgments gather before all that follows from them is computed again."""

# A judgment is superseded once: of two revisions at the same time, the second finds the place taken.
_INSERT = Prepared(
    text(
        "INSERT INTO judgment (public_id, campaign_id, item_id, annotator_id, assignment_id,"
        " supersedes_id, round, value, raw, presentation, template_version, guideline_version,"
        " origin, took_slot, is_surplus, seconds, active_seconds, created_at)"
        " VALUES (:public_id, :campaign_id, :item_id, :annotator_id, :assignment_id,"
        " :supersedes_id, :round, :value, :raw, :presentation, :template_version,"
        " :guideline_version, 'submitted', :took_slot, :is_surplus, :seconds, :active_seconds,"
        " :created_at) ON CONFLICT (supersedes_id) DO NOTHING RETURNING id"
    )
)


def insert_judgment(
    session: Session,
    *,
    value: JudgmentModel,
    raw: RawResult,
    presentation: Sequence[int],
    supersedes_id: int | None,
    now: datetime,
    **columns: Any,
) -> str | None:
    """Add a judgment that an expert gave here; None when another superseded the same one first."""
    public_id = new_public_id(Prefix.JUDGMENT)
    row = _INSERT.run(
        session,
        public_id=public_id,
        value=to_json(value).decode(),
        raw=to_json(raw).decode(),
        presentation=to_json(presentation).decode(),
        supersedes_id=supersedes_id,
        created_at=to_micros(now),
        **columns,
    ).fetchone()
    return None if row is None else public_id


def note_judgment(
    session: Session,
    *,
    judgment: str,
    action: str,
    campaign_id: int,
    organization_id: int,
    actor: str,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record who judged, and leave word that the campaign's results are out of date."""
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action=action,
        subject=judgment,
        now=now,
        detail=detail,
    )
    jobs.enqueue(session, CAMPAIGN_JUDGED, subject_id=campaign_id, now=now, delay=JUDGED_DELAY)
