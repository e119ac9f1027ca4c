"""Changing one's mind: a new judgment supersedes the old one, which stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from workbench.contracts.task_template import RawResult
from workbench.errors import CampaignClosed, Conflict
from workbench.judging.judgment import insert_judgment, note_judgment
from workbench.judging.queries import get_own_judgment
from workbench.models import CampaignStatus


def revise_judgment(
    session: Session,
    *,
    judgment: str,
    annotator_id: int,
    actor: str,
    result: RawResult,
    active_seconds: float,
    now: datetime,
) -> str:
    """Give a new answer in place of one's own judgment; return the new judgment's public id.

    It keeps the presentation, the round and the slot of the old one. The server cannot know how long
    a revision took, so only the page's time is kept.

    Raises:
        NotFound: The judgment is not the annotator's.
        CampaignClosed: The campaign is closed.
        Conflict: The judgment has been revised already.
        JudgmentInvalid: The answer is not one.
    """
    own = get_own_judgment(session, judgment=judgment, annotator_id=annotator_id)
    if own.campaign.status is CampaignStatus.CLOSED:
        message = "this campaign is closed; its judgments stay as they are"
        raise CampaignClosed(message)
    value = own.task.read_result(result, own.item, own.presentation)
    revised = None
    if not own.is_superseded:
        revised = insert_judgment(
            session,
            value=value,
            raw=result,
            presentation=own.presentation,
            supersedes_id=own.row.id,
            now=now,
            campaign_id=own.row.campaign_id,
            item_id=own.row.item_id,
            annotator_id=annotator_id,
            assignment_id=own.row.assignment_id,
            round=own.row.round,
            template_version=own.task.template.version,
            guideline_version=own.campaign.guideline_version,
            took_slot=own.row.took_slot,
            is_surplus=own.row.is_surplus,
            seconds=None,
            active_seconds=active_seconds,
        )
    if revised is None:
        message = "this judgment has been revised already; look at the newer one"
        raise Conflict(message)
    note_judgment(
        session,
        judgment=revised,
        action="judgment_revised",
        campaign_id=own.row.campaign_id,
        organization_id=own.campaign.organization_id,
        actor=actor,
        now=now,
        detail={"supersedes": judgment},
    )
    return revised
