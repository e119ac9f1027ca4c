"""Who is acting: the membership behind a browser session or an API token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import from_json
from sqlalchemy import BigInteger, and_, bindparam, or_, select, type_coerce, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from workbench.database.prepared import Prepared
from workbench.database.types import to_micros
from workbench.identifiers import hash_secret
from workbench.models import Annotator, ApiToken, Membership, Organization, Person, Role, SignIn

_NOTE_USE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Actor:
    """One person in one organization in one role.

    `scopes` is None for a browser session, which may do all that the role may. `stale_token_id`
    names an API token whose last use is due to be noted.
    """

    membership_id: int
    person_id: int
    person_public_id: str
    organization_id: int
    organization_public_id: str
    organization_name: str
    role: Role
    annotator_id: int | None
    name: str
    email: str
    scopes: frozenset[str] | None
    stale_token_id: int | None = None


def _micros(column: InstrumentedAttribute[Any]) -> Any:
    """Compare a time in its stored form, as prepared statements hand it over."""
    return type_coerce(column, BigInteger)


def _behind(credential: type[SignIn] | type[ApiToken], *columns: Any) -> Any:
    return (
        select(
            Membership.id,
            Person.id,
            Person.public_id,
            Organization.id,
            Organization.public_id,
            Organization.name,
            Membership.role,
            Annotator.id,
            Person.name,
            Person.email,
            *columns,
        )
        .select_from(credential)
        .join(Membership, Membership.id == credential.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Organization, Organization.id == Membership.organization_id)
        .outerjoin(
            Annotator,
            and_(
                Annotator.organization_id == Membership.organization_id,
                Annotator.person_id == Membership.person_id,
            ),
        )
        .where(
            credential.secret_hash == bindparam("secret_hash"),
            credential.revoked_at.is_(None),
            Membership.is_active.is_(True),
            Person.is_active.is_(True),
        )
    )


_NOW = bindparam("now", type_=BigInteger)
_BY_SIGN_IN = Prepared(_behind(SignIn).where(_micros(SignIn.expires_at) > _NOW))
_BY_TOKEN = Prepared(
    _behind(ApiToken, ApiToken.scopes, ApiToken.id, ApiToken.last_used_at).where(
        or_(ApiToken.expires_at.is_(None), _micros(ApiToken.expires_at) > _NOW)
    )
)


def authenticate_sign_in(session: Session, *, secret: str, now: datetime) -> Actor | None:
    """Return who holds a browser session's cookie, unless it has ended."""
    row = _find(_BY_SIGN_IN, session, secret, now)
    return None if row is None else _actor(row, scopes=None)


def authenticate_token(session: Session, *, secret: str, now: datetime) -> Actor | None:
    """Return who holds an API token, with the scopes it was given, unless it has ended."""
    row = _find(_BY_TOKEN, session, secret, now)
    if row is None:
        return None
    scopes, token_id, used_at = row[10:]
    is_stale = used_at is None or used_at < to_micros(now - _NOTE_USE_EVERY)
    return _actor(
        row, scopes=frozenset(from_json(scopes)), stale_token_id=token_id if is_stale else None
    )


def _find(
    statement: Prepared, session: Session, secret: str, now: datetime
) -> tuple[Any, ...] | None:
    found = statement.run(session, secret_hash=hash_secret(secret), now=to_micros(now))
    row: tuple[Any, ...] | None = found.fetchone()
    return row


def _actor(
    row: tuple[Any, ...], *, scopes: frozenset[str] | None, stale_token_id: int | None = None
) -> Actor:
    return Actor(
        membership_id=row[0],
        person_id=row[1],
        person_public_id=row[2],
        organization_id=row[3],
        organization_public_id=row[4],
        organization_name=row[5],
        role=Role(row[6]),
        annotator_id=row[7],
        name=row[8],
        email=row[9],
        scopes=scopes,
        stale_token_id=stale_token_id,
    )


def note_token_use(session: Session, *, token_id: int, now: datetime) -> None:
    """Remember when a token was used, to the hour: a write for each request would cost more."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))
