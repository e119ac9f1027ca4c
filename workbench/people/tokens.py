"""API tokens: a member's rights, narrowed to scopes, for scripts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workbench.audit import record_event
from workbench.errors import BadRow, NotFound, OptionInvalid
from workbench.identifiers import Prefix, hash_secret, new_public_id, new_secret
from workbench.models import ApiToken, Membership, Person, Role

_MAX_NAME = 200
_SECRET_PREFIX = "wbt_"  # noqa: S105 - what secret scanners look for, not a secret


class Scope(StrEnum):
    """What an API token may be used for."""

    CAMPAIGNS_READ = "campaigns:read"
    ITEMS_WRITE = "items:write"
    RELEASES_READ = "releases:read"
    RELEASES_WRITE = "releases:write"
    JUDGE = "judge"


SCOPES_OF_ROLE: dict[Role, tuple[Scope, ...]] = {
    Role.ADMIN: (
        Scope.CAMPAIGNS_READ,
        Scope.ITEMS_WRITE,
        Scope.RELEASES_READ,
        Scope.RELEASES_WRITE,
    ),
    Role.QA_LEAD: (Scope.CAMPAIGNS_READ, Scope.ITEMS_WRITE, Scope.RELEASES_READ),
    Role.ENGINEER: (
        Scope.CAMPAIGNS_READ,
        Scope.ITEMS_WRITE,
        Scope.RELEASES_READ,
        Scope.RELEASES_WRITE,
    ),
    Role.EXPERT: (Scope.JUDGE,),
}


def create_token(
    session: Session,
    *,
    membership_id: int,
    name: str,
    scopes: Collection[str],
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Add a token and return it with its secret, which is kept nowhere.

    Raises:
        OptionInvalid: no name, no scope, a scope that the role does not have, or an end in the past.
    """
    membership = session.get_one(Membership, membership_id)
    rows = _faults(membership.role, name.strip(), scopes, expires_at, now)
    if rows:
        message = f"{rows[0].field}: {rows[0].problem}"
        raise OptionInvalid(message, rows=rows)
    secret = _SECRET_PREFIX + new_secret()
    token = ApiToken(
        public_id=new_public_id(Prefix.TOKEN),
        secret_hash=hash_secret(secret),
        membership_id=membership_id,
        name=name.strip(),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    person = session.get_one(Person, membership.person_id)
    record_event(
        session,
        organization_id=membership.organization_id,
        actor=person.public_id,
        action="token_created",
        subject=token.public_id,
        now=now,
        detail={"name": token.name, "scopes": token.scopes},
    )
    return token, secret


def revoke_token(
    session: Session,
    *,
    organization_id: int,
    token_public_id: str,
    now: datetime,
    actor: str,
    membership_id: int | None = None,
) -> None:
    """End a token of the organization; with `membership_id`, only one of that member's own.

    Raises:
        NotFound: there is none of that id.
    """
    statement = (
        select(ApiToken)
        .join(Membership, Membership.id == ApiToken.membership_id)
        .where(Membership.organization_id == organization_id, ApiToken.public_id == token_public_id)
    )
    if membership_id is not None:
        statement = statement.where(ApiToken.membership_id == membership_id)
    token = session.scalars(statement).one_or_none()
    if token is None:
        message = f"there is no API token {token_public_id!r}"
        raise NotFound(message)
    if token.revoked_at is not None:
        return
    token.revoked_at = now
    session.flush()
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action="token_revoked",
        subject=token.public_id,
        now=now,
        detail={"name": token.name},
    )


def revoke_tokens(session: Session, *, membership_id: int, now: datetime) -> None:
    """End every token of a membership, leaving the note to the caller."""
    session.execute(
        update(ApiToken)
        .where(ApiToken.membership_id == membership_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def _faults(
    role: Role,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    now: datetime,
) -> list[BadRow]:
    rows = []
    if not 1 <= len(name) <= _MAX_NAME:
        expected = f"1 to {_MAX_NAME} characters"
        rows.append(
            BadRow(field="name", problem=f"it has {len(name)} characters", expected=expected)
        )
    open_to = SCOPES_OF_ROLE[role]
    expected = "at least one of " + ", ".join(open_to)
    if not scopes:
        rows.append(BadRow(field="scopes", problem="none is chosen", expected=expected))
    rows.extend(
        BadRow(field="scopes", problem=f"{scope} is not open to the role", expected=expected)
        for scope in sorted(set(scopes) - set(open_to))
    )
    if expires_at is not None and expires_at <= now:
        rows.append(
            BadRow(field="expires_at", problem="it is in the past", expected="a time to come")
        )
    return rows
