"""Create, find, open, pause and close campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workbench import jobs
from workbench.audit import record_event
from workbench.contracts.faults import explain_faults
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import AnyTemplate, Options
from workbench.errors import (
    AmbiguousName,
    BadRequest,
    CampaignClosed,
    Conflict,
    NotFound,
    OptionInvalid,
)
from workbench.identifiers import Prefix, new_public_id
from workbench.models import Campaign, CampaignStatus, FollowUp, Guideline, Organization

MAX_NAME = 200

FOLLOW_UPS_DUE = "follow_ups_due"
"""Job: what a campaign follows may have settled items that are not issued yet."""

_ACTIONS = {
    CampaignStatus.OPEN: "campaign_opened",
    CampaignStatus.PAUSED: "campaign_paused",
    CampaignStatus.CLOSED: "campaign_closed",
}


def create_campaign(
    session: Session,
    *,
    organization_id: int,
    name: str,
    template_key: str,
    options: Mapping[str, Any],
    now: datetime,
    actor: str,
    overlap: int = 1,
    guidelines: str | None = None,
    simulated: bool = False,
) -> Campaign:
    """Add an open campaign, pinned to the template's present version and to guideline version 1.

    Options may be text, as a command line or a form gives them.
    """
    name = _checked_name(name)
    template = get_template(template_key)
    chosen = read_options(template, options)
    if overlap < 1:
        message = f"the overlap is {overlap}; an item needs at least 1 judgment"
        raise BadRequest(message)
    taken = select(Campaign.id).filter_by(organization_id=organization_id, name=name)
    if session.scalar(taken) is not None:
        message = f"there is a campaign {name!r} in this organization already"
        raise Conflict(message)
    campaign = Campaign(
        public_id=new_public_id(Prefix.CAMPAIGN),
        organization_id=organization_id,
        name=name,
        template_key=template.key,
        template_version=template.version,
        options=chosen.model_dump(mode="json"),
        overlap=overlap,
        status=CampaignStatus.OPEN,
        is_simulated=simulated,
        created_at=now,
    )
    session.add(campaign)
    session.flush()
    text = template.guidelines if guidelines is None else guidelines
    session.add(Guideline(campaign_id=campaign.id, version=1, text=text, created_at=now))
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action="campaign_created",
        subject=campaign.public_id,
        now=now,
        detail={"name": name, "template": template.key, "overlap": overlap},
    )
    session.flush()
    return campaign


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        message = f"a campaign's name is 1 to {MAX_NAME} printable characters"
        raise BadRequest(message)
    return name


def read_options(template: AnyTemplate, given: Mapping[str, Any]) -> Options:
    """Validate the options of a campaign against those of its template."""
    try:
        options: Options = template.options_model.model_validate(dict(given))
    except ValidationError as error:
        rows = explain_faults(error, dict(given), template.options_model)
        fault = rows[0]
        message = f"option {fault.field} {fault.problem}; expected {fault.expected}"
        if fault.field not in template.options_model.model_fields:
            message = f"there is no option {fault.field!r}"
        message += f"; {template.key} has {_listed(template)}"
        raise OptionInvalid(message, rows=rows) from None
    return options


def _listed(template: AnyTemplate) -> str:
    names = list(template.options_model.model_fields)
    return f"the options {', '.join(names)}" if names else "no options"


def get_campaign(
    session: Session, *, reference: str, organization_id: int | None = None
) -> Campaign:
    """Return the campaign that a public id or a name means.

    Raises:
        NotFound: There is none, or none in the organization.
        AmbiguousName: Several organizations have a campaign of that name.
    """
    wanted = select(Campaign).where(
        or_(Campaign.public_id == reference, Campaign.name == reference)
    )
    if organization_id is not None:
        wanted = wanted.where(Campaign.organization_id == organization_id)
    found = list(session.scalars(wanted))
    by_id = [campaign for campaign in found if campaign.public_id == reference]
    found = by_id or found
    if not found:
        message = f"there is no campaign {reference!r}"
        raise NotFound(message)
    if len(found) > 1:
        message = (
            f"{len(found)} organizations have a campaign {reference!r}: "
            "say which with --organization, or use the campaign's id"
        )
        raise AmbiguousName(message)
    return found[0]


def set_status(
    session: Session, campaign: Campaign, status: CampaignStatus, *, now: datetime, actor: str
) -> Campaign:
    """Open, pause or close a campaign; whoever closes or pauses one releases its leases too."""
    if campaign.status is not status:
        previous, campaign.status = campaign.status, status
        session.flush()
        record_event(
            session,
            organization_id=campaign.organization_id,
            actor=actor,
            action=_ACTIONS[status],
            subject=campaign.public_id,
            now=now,
            detail={"from": previous},
        )
        is_opened = status is CampaignStatus.OPEN
        if is_opened and session.get(FollowUp, campaign.id) is not None:
            jobs.enqueue(session, FOLLOW_UPS_DUE, subject_id=campaign.id, now=now)
    return campaign


def check_not_closed(campaign: Campaign) -> None:
    """Refuse to change a campaign that is closed."""
    if campaign.status is CampaignStatus.CLOSED:
        message = f"the campaign {campaign.name!r} is closed; open it again first"
        raise CampaignClosed(message)


def revise_guidelines(
    session: Session, campaign: Campaign, text: str, *, now: datetime, actor: str
) -> Guideline:
    """Add the next version of the guidelines; judgments name the version they were given under."""
    check_not_closed(campaign)
    if not text.strip():
        message = "the guidelines are empty"
        raise BadRequest(message)
    campaign.guideline_version += 1
    guideline = Guideline(
        campaign_id=campaign.id, version=campaign.guideline_version, text=text, created_at=now
    )
    session.add(guideline)
    session.flush()
    record_event(
        session,
        organization_id=campaign.organization_id,
        actor=actor,
        action="guidelines_revised",
        subject=campaign.public_id,
        now=now,
        detail={"version": guideline.version},
    )
    return guideline


def organization_of(session: Session, campaign: Campaign) -> Organization:
    return session.get_one(Organization, campaign.organization_id)
