"""The main navigation: which pages each role is offered."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from workbench.models import Role

_LABS = frozenset({Role.ADMIN, Role.QA_LEAD, Role.ENGINEER})
_ADMIN = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    route: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    is_current: bool


ENTRIES = (
    Entry("Campaigns", "work_page", frozenset({Role.EXPERT})),
    Entry("Campaigns", "campaigns_page", _LABS),
    Entry("Releases", "releases_page", _LABS),
    Entry("People", "people_page", _ADMIN),
    Entry("API tokens", "organization_tokens_page", _ADMIN),
    Entry("Audit trail", "audit_page", _ADMIN),
)
HOME = {
    Role.EXPERT: "work_page",
    Role.QA_LEAD: "campaigns_page",
    Role.ENGINEER: "campaigns_page",
    Role.ADMIN: "campaigns_page",
}


def links_for(request: Request, role: Role) -> tuple[Link, ...]:
    """Return the pages open to a role, the present one marked."""
    path = request.url.path
    links = []
    for entry in ENTRIES:
        if role in entry.roles:
            url = request.url_for(entry.route)
            here = path == url.path or path.startswith(url.path + "/")
            links.append(Link(entry.label, str(url), here))
    return tuple(links)
