"""Signing in and out: browser sessions that can be ended at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from workbench.audit import record_event
from workbench.errors import NotFound
from workbench.identifiers import hash_secret, new_secret
from workbench.models import Membership, Organization, Person, SignIn


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is looked up before the password is compared, outside any write."""

    person_id: int
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new browser session: its secret goes into the cookie and nowhere else."""

    secret: str
    membership_id: int
    expires_at: datetime
    n_organizations: int


def find_candidate(session: Session, *, email: str) -> Candidate | None:
    """Return who this e-mail address may belong to; people without access have no hash here."""
    person = session.scalars(
        select(Person).where(Person.email == email.strip().lower())
    ).one_or_none()
    if person is None:
        return None
    return Candidate(person.id, person.password_hash if person.is_active else None)


def start_sign_in(
    session: Session,
    *,
    person_id: int,
    now: datetime,
    last_for: timedelta,
    address: str,
    organization_public_id: str | None = None,
) -> SignedIn | None:
    """Open a browser session in one organization: the named one, else the one used last.

    Returns None if the person belongs to none (any more).
    """
    last_used = (
        select(func.max(SignIn.id)).where(SignIn.membership_id == Membership.id).scalar_subquery()
    )
    memberships = session.execute(
        select(Membership, Organization.public_id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(Membership.person_id == person_id, Membership.is_active.is_(True))
        .order_by(func.coalesce(last_used, 0).desc(), Membership.id)
    ).all()
    wanted = [
        membership
        for membership, public_id in memberships
        if organization_public_id in (None, public_id)
    ]
    if not wanted:
        return None
    person = session.get_one(Person, person_id)
    secret, expires_at = _open(session, wanted[0].id, now, last_for)
    record_event(
        session,
        organization_id=wanted[0].organization_id,
        actor=person.public_id,
        action="sign_in",
        subject=person.public_id,
        now=now,
        detail={"address": address},
    )
    return SignedIn(secret, wanted[0].id, expires_at, len(memberships))


def record_failure(session: Session, *, person_id: int | None, now: datetime, address: str) -> None:
    """Note a refused sign-in for each organization of the person, or for none.

    The address that was typed is not kept: people type passwords into that field.
    """
    organizations: Sequence[int | None] = [None]
    subject = "unknown"
    if person_id is not None:
        subject = session.get_one(Person, person_id).public_id
        organizations = session.scalars(
            select(Membership.organization_id).where(Membership.person_id == person_id)
        ).all() or [None]
    for organization_id in organizations:
        record_event(
            session,
            organization_id=organization_id,
            actor="anonymous",
            action="sign_in_failed",
            subject=subject,
            now=now,
            detail={"address": address},
        )


def switch_organization(
    session: Session,
    *,
    secret: str,
    organization_public_id: str,
    now: datetime,
    last_for: timedelta,
    address: str,
) -> SignedIn:
    """End this browser session and open one in another organization of the same person.

    Raises:
        NotFound: the person has no active role there.
    """
    person_id = session.scalar(
        select(Membership.person_id)
        .join(SignIn, SignIn.membership_id == Membership.id)
        .where(SignIn.secret_hash == hash_secret(secret))
    )
    started = person_id and start_sign_in(
        session,
        person_id=person_id,
        now=now,
        last_for=last_for,
        address=address,
        organization_public_id=organization_public_id,
    )
    if not started:
        message = f"there is no organization {organization_public_id!r}"
        raise NotFound(message)
    end_sign_in(session, secret=secret, now=now)
    return started


def end_sign_in(session: Session, *, secret: str, now: datetime) -> None:
    """End one browser session, and note it in its organization."""
    found = session.execute(
        select(SignIn, Membership.organization_id, Person.public_id)
        .join(Membership, Membership.id == SignIn.membership_id)
        .join(Person, Person.id == Membership.person_id)
        .where(SignIn.secret_hash == hash_secret(secret), SignIn.revoked_at.is_(None))
    ).one_or_none()
    if found is None:
        return
    sign_in, organization_id, person = found
    sign_in.revoked_at = now
    session.flush()
    record_event(
        session,
        organization_id=organization_id,
        actor=person,
        action="sign_out",
        subject=person,
        now=now,
    )


def sign_out_everywhere(session: Session, *, person_id: int, now: datetime) -> list[Membership]:
    """End every browser session of a person, and return the memberships they had."""
    person = session.get_one(Person, person_id)
    memberships = list(session.scalars(select(Membership).where(Membership.person_id == person_id)))
    end_sign_ins(session, membership_ids=[membership.id for membership in memberships], now=now)
    for membership in memberships:
        record_event(
            session,
            organization_id=membership.organization_id,
            actor=person.public_id,
            action="sign_out_everywhere",
            subject=person.public_id,
            now=now,
        )
    return memberships


def end_sign_ins(session: Session, *, membership_ids: Sequence[int], now: datetime) -> None:
    """End every browser session of these memberships, leaving the note to the caller."""
    session.execute(
        update(SignIn)
        .where(SignIn.membership_id.in_(membership_ids), SignIn.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def _open(
    session: Session, membership_id: int, now: datetime, last_for: timedelta
) -> tuple[str, datetime]:
    secret, expires_at = new_secret(), now + last_for
    session.add(
        SignIn(
            secret_hash=hash_secret(secret),
            membership_id=membership_id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return secret, expires_at
