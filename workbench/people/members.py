"""People and their roles in organizations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.audit import record_event
from workbench.errors import BadRow, Conflict, NotFound, OptionInvalid
from workbench.identifiers import Prefix, new_public_id
from workbench.models import AnnotatorKind, Membership, Organization, Person, Role
from workbench.people.annotators import ensure_annotator, is_name_taken
from workbench.people.passwords import PasswordHash, hash_password
from workbench.people.sign_in import end_sign_ins
from workbench.people.tokens import revoke_tokens

_MAX_EMAIL, _MAX_NAME = 320, 200


def normal_email(email: str) -> str:
    """Return the form an e-mail address is stored and looked up in."""
    return email.strip().lower()


def create_person(
    session: Session,
    *,
    email: str,
    name: str,
    password: str | PasswordHash | None,
    now: datetime,
    simulated: bool = False,
) -> Person:
    """Add somebody who signs in with this e-mail address; without a password they cannot yet.

    Raises:
        OptionInvalid: what was given is no address, name or password.
        Conflict: the address has a sign-in already.
    """
    email, name = normal_email(email), name.strip()
    local, at, domain = email.partition("@")
    if not (local and at and domain) or any(map(str.isspace, email)) or len(email) > _MAX_EMAIL:
        expected = "an e-mail address such as ada@example.org"
        row = BadRow(field="email", problem="it is not an e-mail address", expected=expected)
        message = f"{email!r} is not an e-mail address"
        raise OptionInvalid(message, rows=[row])
    if not 1 <= len(name) <= _MAX_NAME:
        expected = f"1 to {_MAX_NAME} characters"
        row = BadRow(field="name", problem=f"it has {len(name)} characters", expected=expected)
        message = f"a person's name has {expected}"
        raise OptionInvalid(message, rows=[row])
    if find_person(session, email=email) is not None:
        message = f"{email} has a sign-in already"
        raise Conflict(message)
    person = Person(
        public_id=new_public_id(Prefix.PERSON),
        email=email,
        name=name,
        password_hash=_hash(password),
        is_simulated=simulated,
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def find_person(session: Session, *, email: str) -> Person | None:
    return session.scalars(select(Person).where(Person.email == normal_email(email))).one_or_none()


def add_member(
    session: Session,
    *,
    organization_id: int,
    person_id: int,
    role: Role,
    now: datetime,
    actor: str = "cli",
) -> Membership:
    """Give a person a role in an organization; an expert becomes an annotator there.

    Raises:
        Conflict: they have a role there already.
    """
    person = session.get_one(Person, person_id)
    found = session.scalars(
        select(Membership).where(
            Membership.organization_id == organization_id, Membership.person_id == person_id
        )
    ).one_or_none()
    if found is not None:
        message = f"{person.email} belongs to this organization already"
        raise Conflict(message)
    membership = Membership(
        organization_id=organization_id, person_id=person_id, role=role, created_at=now
    )
    session.add(membership)
    session.flush()
    _ensure_expert(session, membership, person, now)
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action="member_added",
        subject=person.public_id,
        now=now,
        detail={"role": role},
    )
    return membership


def change_role(
    session: Session,
    *,
    organization_id: int,
    person_public_id: str,
    role: Role,
    now: datetime,
    actor: str,
) -> Membership:
    """Give a member another role; it holds from their next request.

    Raises:
        Conflict: the organization would be left without an admin.
    """
    membership, person = get_member(
        session, organization_id=organization_id, person_public_id=person_public_id
    )
    if membership.role is role:
        return membership
    if membership.role is Role.ADMIN:
        _keep_an_admin(session, membership)
    before, membership.role = membership.role, role
    session.flush()
    _ensure_expert(session, membership, person, now)
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action="role_changed",
        subject=person.public_id,
        now=now,
        detail={"from": before, "to": role},
    )
    return membership


def deactivate_member(
    session: Session, *, organization_id: int, person_public_id: str, now: datetime, actor: str
) -> Membership:
    """End a member's access to the organization: their sign-ins and tokens there stop working.

    Raises:
        Conflict: the organization would be left without an admin.
    """
    membership, person = get_member(
        session, organization_id=organization_id, person_public_id=person_public_id
    )
    if not membership.is_active:
        return membership
    if membership.role is Role.ADMIN:
        _keep_an_admin(session, membership)
    membership.is_active = False
    session.flush()
    end_sign_ins(session, membership_ids=[membership.id], now=now)
    revoke_tokens(session, membership_id=membership.id, now=now)
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action="member_deactivated",
        subject=person.public_id,
        now=now,
    )
    return membership


def reactivate_member(
    session: Session, *, organization_id: int, person_public_id: str, now: datetime, actor: str
) -> Membership:
    """Let a member sign in again; tokens stay revoked."""
    membership, person = get_member(
        session, organization_id=organization_id, person_public_id=person_public_id
    )
    if membership.is_active:
        return membership
    membership.is_active = True
    session.flush()
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action="member_reactivated",
        subject=person.public_id,
        now=now,
    )
    return membership


def reset_password(
    session: Session,
    *,
    organization_id: int,
    person_public_id: str,
    password_hash: PasswordHash,
    now: datetime,
    actor: str,
) -> None:
    """Set a member's password and end their sign-ins.

    Raises:
        Conflict: they belong to another organization too, which this one must not speak for.
    """
    _, person = get_member(
        session, organization_id=organization_id, person_public_id=person_public_id
    )
    memberships = _memberships_of(session, person.id)
    if len(memberships) > 1:
        message = f"{person.email} belongs to several organizations and keeps their own password"
        raise Conflict(message)
    _set_password(session, person, password_hash, memberships, now)
    record_event(
        session,
        organization_id=organization_id,
        actor=actor,
        action="password_reset",
        subject=person.public_id,
        now=now,
    )


def change_password(
    session: Session, *, person_id: int, password_hash: PasswordHash, now: datetime
) -> None:
    """Set one's own password; every sign-in of the person ends."""
    person = session.get_one(Person, person_id)
    memberships = _memberships_of(session, person_id)
    _set_password(session, person, password_hash, memberships, now)
    for membership in memberships:
        record_event(
            session,
            organization_id=membership.organization_id,
            actor=person.public_id,
            action="password_changed",
            subject=person.public_id,
            now=now,
        )


def get_member(
    session: Session, *, organization_id: int, person_public_id: str
) -> tuple[Membership, Person]:
    """Return a member of this organization.

    Raises:
        NotFound: nobody of that id belongs to it.
    """
    found = session.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.organization_id == organization_id, Person.public_id == person_public_id)
    ).one_or_none()
    if found is None:
        message = f"there is no member {person_public_id!r}"
        raise NotFound(message)
    membership, person = found
    return membership, person


def _hash(password: str | PasswordHash | None) -> str | None:
    if password is None or isinstance(password, PasswordHash):
        return password
    return hash_password(password)


def _set_password(
    session: Session,
    person: Person,
    password_hash: PasswordHash,
    memberships: list[Membership],
    now: datetime,
) -> None:
    person.password_hash = password_hash
    session.flush()
    end_sign_ins(session, membership_ids=[member.id for member in memberships], now=now)


def _memberships_of(session: Session, person_id: int) -> list[Membership]:
    return list(session.scalars(select(Membership).where(Membership.person_id == person_id)))


def _ensure_expert(session: Session, membership: Membership, person: Person, now: datetime) -> None:
    if membership.role is not Role.EXPERT:
        return
    name = person.name
    if is_name_taken(session, organization_id=membership.organization_id, name=name):
        name = f"{person.name} ({person.email})"
    ensure_annotator(
        session,
        organization_id=membership.organization_id,
        name=name,
        kind=AnnotatorKind.PERSON,
        now=now,
        person_id=person.id,
        simulated=person.is_simulated,
    )


def _keep_an_admin(session: Session, leaving: Membership) -> None:
    # Two admins who demote each other at the same moment are put in a row by this lock.
    session.execute(
        select(Organization.id).where(Organization.id == leaving.organization_id).with_for_update()
    )
    others = session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.organization_id == leaving.organization_id,
            Membership.role == Role.ADMIN,
            Membership.is_active.is_(True),
            Person.is_active.is_(True),
            Membership.id != leaving.id,
        )
    )
    if not others:
        message = "the organization needs an admin: give somebody else the role first"
        raise Conflict(message)
