"""A campaign that follows another: what it starts from, by which consensus, through which filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workbench import jobs
from workbench.audit import record_event
from workbench.campaigns.campaign import create_campaign
from workbench.campaigns.pinning import template_of
from workbench.contracts.records import RecordKind
from workbench.contracts.registry import get_template, task_templates
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.errors import BadRequest
from workbench.judging.judgment import CAMPAIGN_JUDGED
from workbench.models import Campaign, FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What is issued of a source.

    Attributes:
        record: The kind of record that items are made from; None: the first that both sides know.
        min_judgments: None: as many as the source wants for each item.
        min_margin: None: whatever the margin, and also where the task type gives none.
        only_others: An item goes only to experts who did not judge the one that it comes from.
    """

    record: RecordKind | None = None
    method: ConsensusMethod = ConsensusMethod.MAJORITY
    min_judgments: int | None = None
    min_confidence: float = 0.0
    min_margin: float | None = None
    only_others: bool = False


def follow_campaign(
    session: Session,
    *,
    source: Campaign,
    name: str,
    template_key: str,
    options: Mapping[str, Any],
    following: Following,
    now: datetime,
    actor: str,
    overlap: int = 1,
    guidelines: str | None = None,
) -> Campaign:
    """Add a campaign whose items are made from what the source settles, now and later.

    Raises:
        BadRequest: The task type cannot start from what the source yields; it says which can.
    """
    _check_filters(following)
    kind = _choose_kind(source, get_template(template_key), following.record)
    campaign = create_campaign(
        session,
        organization_id=source.organization_id,
        name=name,
        template_key=template_key,
        overlap=overlap,
        options=options,
        guidelines=guidelines,
        simulated=source.is_simulated,
        now=now,
        actor=actor,
    )
    campaign.is_for_others = following.only_others
    follow_up = FollowUp(
        campaign_id=campaign.id,
        source_id=source.id,
        record_kind=kind.value,
        method=following.method.value,
        min_judgments=following.min_judgments or source.overlap,
        min_confidence=following.min_confidence,
        min_margin=following.min_margin,
        created_at=now,
    )
    session.add(follow_up)
    record_event(
        session,
        organization_id=campaign.organization_id,
        actor=actor,
        action="campaign_followed",
        subject=source.public_id,
        now=now,
        detail={"by": campaign.public_id, "record": kind.value, "method": follow_up.method},
    )
    jobs.enqueue(session, CAMPAIGN_JUDGED, subject_id=source.id, now=now)
    session.flush()
    return campaign


def shared_kinds(source: Campaign, template: AnyTemplate) -> Sequence[RecordKind]:
    """Return the records of the source that a task type can start from, what it likes best first."""
    yielded = template_of(source).record_kinds
    return [kind for kind in template.starts_from if kind in yielded]


def list_followers(source: Campaign) -> Sequence[AnyTemplate]:
    """Return the task types that can follow a campaign."""
    return [one for one in task_templates().values() if shared_kinds(source, one)]


def _choose_kind(source: Campaign, template: AnyTemplate, wanted: RecordKind | None) -> RecordKind:
    shared = shared_kinds(source, template)
    if not shared:
        yielded = ", ".join(template_of(source).record_kinds) or "no records"
        able = ", ".join(one.key for one in list_followers(source))
        remedy = f"these can: {able}" if able else "no task type that is installed can"
        message = (
            f"{template.key} cannot start from the results of {source.name!r} "
            f"({source.template_key} yields {yielded}); {remedy}"
        )
        raise BadRequest(message)
    if wanted is None:
        return shared[0]
    if wanted not in shared:
        message = (
            f"{template.key} cannot start from the {wanted} records of {source.name!r}; "
            f"it can from {', '.join(shared)}"
        )
        raise BadRequest(message)
    return wanted


def _check_filters(following: Following) -> None:
    least = following.min_judgments
    if least is not None and least < 1:
        message = f"the least number of judgments is {least}; it is 1 or more"
        raise BadRequest(message)
    if not 0 <= following.min_confidence <= 1:
        message = f"the least confidence is {following.min_confidence:g}; it is from 0 to 1"
        raise BadRequest(message)
    if following.min_margin is not None and not following.min_margin >= 0:
        message = f"the least margin is {following.min_margin:g}; it is 0 or more"
        raise BadRequest(message)
