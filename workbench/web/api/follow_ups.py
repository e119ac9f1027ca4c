"""Campaigns that follow others, for scripts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from workbench.campaigns.campaign import get_campaign
from workbench.contracts.records import RecordKind
from workbench.contracts.task_template import ConsensusMethod
from workbench.follow_ups.follow import Following, follow_campaign
from workbench.follow_ups.queries import FollowUpView, find_followed, list_follow_ups
from workbench.models import Role
from workbench.people.tokens import Scope
from workbench.web.edge import Edge, allow

router = APIRouter(prefix="/api/v1/campaigns/{campaign}/follow-ups", tags=["campaigns"])

Readers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER, scope=Scope.CAMPAIGNS_READ)]
Writers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER, scope=Scope.ITEMS_WRITE)]


class FollowUpWish(BaseModel):
    """A campaign whose items come from what another settles."""

    name: str
    template: str
    overlap: int = Field(default=1, ge=1, le=1000)
    options: dict[str, Any] = Field(default_factory=dict)
    guidelines: str | None = Field(default=None, description="Markdown; else the task type's own.")
    record: RecordKind | None = Field(
        default=None, description="What items are made from; else the first kind both know."
    )
    consensus: ConsensusMethod = ConsensusMethod.MAJORITY
    min_judgments: int | None = Field(
        default=None, ge=1, description="Else as many as the source wants for each item."
    )
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    min_margin: float | None = Field(default=None, ge=0)
    only_others: bool = Field(
        default=False, description="Give items to none who judged what they come from."
    )


class FollowUpShown(BaseModel):
    campaign: str
    campaign_name: str
    template: str
    source: str
    source_name: str
    record: RecordKind
    consensus: ConsensusMethod
    min_judgments: int
    min_confidence: float
    min_margin: float | None
    only_others: bool
    items: int = Field(description="Items issued so far.")
    outcomes: dict[str, int] = Field(description="The source's items by what they came to.")


class FollowUpList(BaseModel):
    follows: FollowUpShown | None
    followed_by: list[FollowUpShown]


@router.get("", operation_id="list_follow_ups")
def list_own_follow_ups(edge: Readers, campaign: str) -> FollowUpList:
    """Return what a campaign follows, and what follows it."""
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        follows = find_followed(work.session, found)
        followed_by = list_follow_ups(work.session, found)
    return FollowUpList(
        follows=None if follows is None else _shown(follows),
        followed_by=[_shown(one) for one in followed_by],
    )


@router.post("", operation_id="follow_campaign")
def follow_known_campaign(edge: Writers, campaign: str, wish: FollowUpWish) -> FollowUpShown:
    """Make a campaign that follows this one; its items come as they are settled here."""
    with edge.write() as work:
        source = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        made = follow_campaign(
            work.session,
            source=source,
            name=wish.name,
            template_key=wish.template,
            overlap=wish.overlap,
            options=wish.options,
            guidelines=wish.guidelines,
            following=Following(
                record=wish.record,
                method=wish.consensus,
                min_judgments=wish.min_judgments,
                min_confidence=wish.min_confidence,
                min_margin=wish.min_margin,
                only_others=wish.only_others,
            ),
            now=work.now,
            actor=work.actor.person_public_id,
        )
        (view,) = [
            one for one in list_follow_ups(work.session, source) if one.campaign == made.public_id
        ]
    return _shown(view)


def _shown(view: FollowUpView) -> FollowUpShown:
    return FollowUpShown.model_validate(view.as_document())
