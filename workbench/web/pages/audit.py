"""The audit trail, for the organization's admins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request, Response

from workbench.database.paging import Page
from workbench.models import Role
from workbench.people.queries import AuditRow, list_audit_actions, list_audit_events
from workbench.web.edge import Edge, allow
from workbench.web.parameters import PageNumber, SearchText
from workbench.web.templating import render

router = APIRouter(prefix="/audit", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class AuditContext:
    events: Page[AuditRow]
    actions: tuple[str, ...]
    who: str
    action: str
    subject: str


@router.get("")
def audit_page(
    request: Request,
    edge: Annotated[Edge, allow(Role.ADMIN)],
    who: SearchText = "",
    action: SearchText = "",
    subject: SearchText = "",
    page: PageNumber = 1,
) -> Response:
    with edge.read() as work:
        organization_id = work.actor.organization_id
        context = AuditContext(
            events=list_audit_events(
                work.session,
                organization_id=organization_id,
                who=who.strip(),
                action=action.strip(),
                subject=subject.strip(),
                page=page,
            ),
            actions=list_audit_actions(work.session, organization_id=organization_id),
            who=who,
            action=action,
            subject=subject,
        )
    return render(request, "audit.html", context)
