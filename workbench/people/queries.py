"""What pages show of people, sign-ins, tokens and the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from workbench.database.paging import Page, read_page
from workbench.identifiers import hash_secret
from workbench.models import (
    ApiToken,
    AuditEvent,
    Membership,
    Organization,
    Person,
    Role,
    SignIn,
)

_LATEST = 5_000


@dataclass(frozen=True, slots=True)
class MemberRow:
    public_id: str
    name: str
    email: str
    role: Role
    is_active: bool
    is_simulated: bool
    created_at: datetime
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    public_id: str
    name: str
    scopes: tuple[str, ...]
    owner_public_id: str
    owner_name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def state_at(self, now: datetime) -> str:
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "live"


@dataclass(frozen=True, slots=True)
class SignInRow:
    created_at: datetime
    expires_at: datetime
    is_current: bool


@dataclass(frozen=True, slots=True)
class OrganizationChoice:
    public_id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class AuditRow:
    created_at: datetime
    actor: str
    actor_name: str | None
    action: str
    subject: str
    subject_name: str | None
    detail: dict[str, Any] | None


def list_members(
    session: Session,
    *,
    organization_id: int,
    search: str = "",
    role: Role | None = None,
    page: int = 1,
) -> Page[MemberRow]:
    """Return members by name, those with `search` in their name or e-mail address."""
    statement = _members(organization_id).order_by(
        Membership.is_active.desc(), func.lower(Person.name), Membership.id
    )
    if search:
        statement = statement.where(
            or_(
                Person.name.icontains(search, autoescape=True),
                Person.email.icontains(search, autoescape=True),
            )
        )
    if role is not None:
        statement = statement.where(Membership.role == role)
    return read_page(session, statement, MemberRow, number=page)


def find_member_row(
    session: Session, *, organization_id: int, person_public_id: str
) -> MemberRow | None:
    row = session.execute(
        _members(organization_id).where(Person.public_id == person_public_id)
    ).one_or_none()
    return None if row is None else MemberRow(*row)


def list_tokens(
    session: Session,
    *,
    organization_id: int,
    membership_id: int | None = None,
    page: int = 1,
) -> Page[TokenRow]:
    """Return the organization's tokens, newest first; with `membership_id`, that member's own."""
    statement = (
        select(
            ApiToken.public_id,
            ApiToken.name,
            ApiToken.scopes,
            Person.public_id,
            Person.name,
            ApiToken.created_at,
            ApiToken.expires_at,
            ApiToken.last_used_at,
            ApiToken.revoked_at,
        )
        .join(Membership, Membership.id == ApiToken.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.organization_id == organization_id)
        .order_by(ApiToken.id.desc())
    )
    if membership_id is not None:
        statement = statement.where(ApiToken.membership_id == membership_id)
    return read_page(session, statement, _token_row, number=page)


def list_sign_ins(
    session: Session, *, person_id: int, secret: str, now: datetime, page: int = 1
) -> Page[SignInRow]:
    """Return a person's browser sessions that are still open, newest first."""
    current = hash_secret(secret)
    statement = (
        select(SignIn.created_at, SignIn.expires_at, SignIn.secret_hash)
        .join(Membership, Membership.id == SignIn.membership_id)
        .where(
            Membership.person_id == person_id,
            Membership.is_active.is_(True),
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > now,
        )
        .order_by(SignIn.id.desc())
    )

    def make(created_at: datetime, expires_at: datetime, secret_hash: str) -> SignInRow:
        return SignInRow(created_at, expires_at, secret_hash == current)

    return read_page(session, statement, make, number=page, size=10)


def list_organizations_of(session: Session, *, person_id: int) -> tuple[OrganizationChoice, ...]:
    """Return the organizations in which a person may act, by name."""
    rows = session.execute(
        select(Organization.public_id, Organization.name, Membership.role)
        .join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.person_id == person_id, Membership.is_active.is_(True))
        .order_by(func.lower(Organization.name))
    )
    return tuple(OrganizationChoice(*row) for row in rows)


def list_audit_events(
    session: Session,
    *,
    organization_id: int,
    action: str = "",
    who: str = "",
    subject: str = "",
    page: int = 1,
) -> Page[AuditRow]:
    """Return the audit trail, newest first.

    `who` and `subject` are public ids; `who` may also be part of a name or an e-mail address.
    """
    statement = (
        select(
            AuditEvent.created_at,
            AuditEvent.actor,
            AuditEvent.action,
            AuditEvent.subject,
            AuditEvent.detail,
        )
        .where(AuditEvent.organization_id == organization_id)
        .order_by(AuditEvent.id.desc())
    )
    if action:
        statement = statement.where(AuditEvent.action == action)
    if subject:
        statement = statement.where(AuditEvent.subject == subject)
    if who:
        named = (
            select(Person.public_id)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.organization_id == organization_id,
                or_(
                    Person.name.icontains(who, autoescape=True),
                    Person.email.icontains(who, autoescape=True),
                ),
            )
        )
        statement = statement.where(or_(AuditEvent.actor == who, AuditEvent.actor.in_(named)))
    found = read_page(session, statement, lambda *row: row, number=page)
    names = _names(session, {row[1] for row in found.rows} | {row[3] for row in found.rows})
    rows = tuple(
        AuditRow(at, actor, names.get(actor), done, what, names.get(what), detail)
        for at, actor, done, what, detail in found.rows
    )
    return Page(rows, found.number, found.size, found.total)


def list_audit_actions(session: Session, *, organization_id: int) -> tuple[str, ...]:
    """Return the actions among the latest events, for a filter to offer."""
    latest = (
        select(AuditEvent.action)
        .where(AuditEvent.organization_id == organization_id)
        .order_by(AuditEvent.id.desc())
        .limit(_LATEST)
        .subquery()
    )
    actions = session.scalars(select(latest.c.action).distinct().order_by(latest.c.action))
    return tuple(actions)


def _members(organization_id: int) -> Select[*tuple[Any, ...]]:
    last_sign_in = (
        select(func.max(SignIn.created_at))
        .where(SignIn.membership_id == Membership.id)
        .scalar_subquery()
    )
    return (
        select(
            Person.public_id,
            Person.name,
            Person.email,
            Membership.role,
            Membership.is_active,
            Person.is_simulated,
            Membership.created_at,
            last_sign_in,
        )
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.organization_id == organization_id)
    )


def _names(session: Session, public_ids: set[str]) -> dict[str, str]:
    people = session.execute(
        select(Person.public_id, Person.name).where(Person.public_id.in_(public_ids))
    )
    return {person.public_id: person.name for person in people}


def _token_row(
    public_id: str,
    name: str,
    scopes: list[str],
    owner_public_id: str,
    owner_name: str,
    *times: Any,
) -> TokenRow:
    return TokenRow(public_id, name, tuple(scopes), owner_public_id, owner_name, *times)
