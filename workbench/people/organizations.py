"""Organizations: client labs, between which nothing crosses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workbench.audit import record_event
from workbench.errors import BadRow, Conflict, NotFound, OptionInvalid
from workbench.identifiers import Prefix, new_public_id
from workbench.models import Organization

_MAX_NAME = 200


def create_organization(
    session: Session, *, name: str, now: datetime, actor: str = "cli"
) -> Organization:
    """Add an organization under a name that is still free."""
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        expected = f"1 to {_MAX_NAME} characters"
        message = f"an organization's name has {expected}"
        row = BadRow(field="name", problem=f"it has {len(name)} characters", expected=expected)
        raise OptionInvalid(message, rows=[row])
    if session.scalar(select(Organization.id).where(Organization.name == name)) is not None:
        message = f"there is an organization named {name!r} already"
        raise Conflict(message)
    organization = Organization(
        public_id=new_public_id(Prefix.ORGANIZATION), name=name, created_at=now
    )
    session.add(organization)
    session.flush()
    record_event(
        session,
        organization_id=organization.id,
        actor=actor,
        action="organization_created",
        subject=organization.public_id,
        now=now,
        detail={"name": name},
    )
    return organization


def get_organization(session: Session, *, reference: str) -> Organization:
    """Return the organization with this public id or name.

    Raises:
        NotFound: there is none.
    """
    organization = session.scalars(
        select(Organization)
        .where(or_(Organization.public_id == reference, Organization.name == reference))
        # A name may look like another's public id; the id wins.
        .order_by((Organization.public_id == reference).desc())
        .limit(1)
    ).one_or_none()
    if organization is None:
        message = f"there is no organization {reference!r}"
        raise NotFound(message)
    return organization
