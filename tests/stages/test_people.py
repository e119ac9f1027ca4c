"""Organizations, members, passwords: who may act, and in what role."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import Conflict, NotFound, OptionInvalid
from workbench.models import Annotator, AnnotatorKind, AuditEvent, Person, Role
from workbench.people.actors import authenticate_sign_in, authenticate_token
from workbench.people.annotators import ensure_annotator
from workbench.people.members import (
    add_member,
    change_password,
    change_role,
    create_person,
    deactivate_member,
    find_person,
    get_member,
    reactivate_member,
    reset_password,
)
from workbench.people.organizations import create_organization, get_organization
from workbench.people.passwords import hash_password, new_password, verify_password
from workbench.people.queries import find_member_row, list_audit_events, list_members
from workbench.people.sign_in import start_sign_in
from workbench.people.tokens import create_token

DAY = timedelta(days=1)


def _sign_in(session: Session, clock: FixedClock, person_id: int) -> str:
    started = start_sign_in(
        session, person_id=person_id, now=clock.now(), last_for=DAY, address="192.0.2.1"
    )
    assert started is not None
    return started.secret


def _actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def test_an_organization_is_found_by_public_id_and_by_name(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        made = create_organization(session, name="  Acme ", now=clock.now())
        assert made.name == "Acme"
        assert get_organization(session, reference="Acme") is made
        assert get_organization(session, reference=made.public_id) is made
        with pytest.raises(NotFound):
            get_organization(session, reference="Nobody")
        with pytest.raises(Conflict):
            create_organization(session, name="Acme", now=clock.now())
        with pytest.raises(OptionInvalid):
            create_organization(session, name=" ", now=clock.now())


def test_a_name_that_looks_like_a_public_id_does_not_hide_its_owner(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        first = create_organization(session, name="First", now=clock.now())
        create_organization(session, name=first.public_id, now=clock.now())
        assert get_organization(session, reference=first.public_id) is first


@pytest.mark.parametrize("email", ["", "ada", "@example.org", "ada@", "a da@example.org"])
def test_what_is_no_email_address_is_refused(
    database: Database, clock: FixedClock, email: str
) -> None:
    with database.write() as session, pytest.raises(OptionInvalid) as refusal:
        create_person(session, email=email, name="Ada", password=None, now=clock.now())
    assert refusal.value.rows[0].field == "email"


def test_an_email_address_means_one_person_in_any_case(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        ada = create_person(
            session, email=" Ada@Example.org", name="Ada", password=None, now=clock.now()
        )
        assert find_person(session, email="aDA@example.org ") is ada
        with pytest.raises(Conflict):
            create_person(
                session, email="ada@EXAMPLE.org", name="Ada", password=None, now=clock.now()
            )


def test_a_password_is_stored_as_a_hash_that_only_it_fits() -> None:
    password = new_password()
    stored = hash_password(password)
    assert password not in stored
    assert stored.startswith("$argon2id$")
    assert verify_password(stored, password)
    assert not verify_password(stored, password + "x")
    assert not verify_password(None, password)
    assert not verify_password(None, "nobody's")
    with pytest.raises(OptionInvalid):
        hash_password("short")


def test_an_expert_becomes_an_annotator_and_others_do_not(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        expert, _ = factories.make_member(session, clock, acme, Role.EXPERT, "ada")
        factories.make_member(session, clock, acme, Role.ENGINEER, "emma")
        annotators = session.scalars(select(Annotator)).all()
        assert [(row.name, row.person_id) for row in annotators] == [("ada", expert.id)]


def test_an_expert_whose_name_was_imported_before_is_told_apart(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        factories.make_expert(session, clock, acme, "ada")
        factories.make_member(session, clock, acme, Role.EXPERT, "ada")
        names = session.scalars(select(Annotator.name).order_by(Annotator.id)).all()
        assert names == ["ada", "ada (ada@example.org)"]


def test_a_model_does_not_pass_for_a_person(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        factories.make_expert(session, clock, acme, "ada")
        with pytest.raises(Conflict):
            ensure_annotator(
                session,
                organization_id=acme.id,
                name="ada",
                kind=AnnotatorKind.MODEL,
                now=clock.now(),
            )


def test_a_person_has_one_role_in_each_of_several_organizations(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        other = factories.make_organization(session, clock, "Other")
        person, _ = factories.make_member(session, clock, acme, Role.EXPERT)
        add_member(
            session,
            organization_id=other.id,
            person_id=person.id,
            role=Role.ENGINEER,
            now=clock.now(),
        )
        with pytest.raises(Conflict):
            add_member(
                session,
                organization_id=other.id,
                person_id=person.id,
                role=Role.ADMIN,
                now=clock.now(),
            )
        here = find_member_row(session, organization_id=other.id, person_public_id=person.public_id)
        assert here is not None
        assert here.role is Role.ENGINEER


def test_members_of_another_organization_are_not_found(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        other = factories.make_organization(session, clock, "Other")
        person, _ = factories.make_member(session, clock, acme, Role.EXPERT)
        theirs = {"organization_id": other.id, "person_public_id": person.public_id}
        acting = {"now": clock.now(), "actor": "per_someone"}
        assert find_member_row(session, **theirs) is None
        with pytest.raises(NotFound):
            get_member(session, **theirs)
        with pytest.raises(NotFound):
            change_role(session, **theirs, **acting, role=Role.ADMIN)
        with pytest.raises(NotFound):
            deactivate_member(session, **theirs, **acting)
        with pytest.raises(NotFound):
            reactivate_member(session, **theirs, **acting)
        with pytest.raises(NotFound):
            reset_password(session, **theirs, **acting, password_hash=hash_password("long enough"))


def test_a_deactivated_members_sign_ins_and_tokens_stop_working(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        person, membership = factories.make_member(session, clock, acme, Role.ENGINEER)
        cookie = _sign_in(session, clock, person.id)
        _, token = create_token(
            session,
            membership_id=membership.id,
            name="script",
            scopes=["releases:read"],
            now=clock.now(),
        )
        assert authenticate_sign_in(session, secret=cookie, now=clock.now()) is not None
        assert authenticate_token(session, secret=token, now=clock.now()) is not None
        who = {"organization_id": acme.id, "person_public_id": person.public_id}
        deactivate_member(session, **who, now=clock.now(), actor="cli")
        assert authenticate_sign_in(session, secret=cookie, now=clock.now()) is None
        assert authenticate_token(session, secret=token, now=clock.now()) is None
        reactivate_member(session, **who, now=clock.now(), actor="cli")
        assert authenticate_sign_in(session, secret=cookie, now=clock.now()) is None
        assert authenticate_token(session, secret=token, now=clock.now()) is None
        again = _sign_in(session, clock, person.id)
        assert authenticate_sign_in(session, secret=again, now=clock.now()) is not None


def test_a_new_role_holds_for_sign_ins_that_are_open(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        person, _ = factories.make_member(session, clock, acme, Role.ENGINEER)
        cookie = _sign_in(session, clock, person.id)
        change_role(
            session,
            organization_id=acme.id,
            person_public_id=person.public_id,
            role=Role.EXPERT,
            now=clock.now(),
            actor="cli",
        )
        actor = authenticate_sign_in(session, secret=cookie, now=clock.now())
        assert actor is not None
        assert actor.role is Role.EXPERT
        assert actor.annotator_id is not None


def test_the_last_admin_stays(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        other = factories.make_organization(session, clock, "Other")
        factories.make_member(session, clock, other, Role.ADMIN)
        first, _ = factories.make_member(session, clock, acme, Role.ADMIN)
        who = {"organization_id": acme.id, "person_public_id": first.public_id}
        acting = {"now": clock.now(), "actor": first.public_id}
        with pytest.raises(Conflict):
            change_role(session, **who, **acting, role=Role.EXPERT)
        with pytest.raises(Conflict):
            deactivate_member(session, **who, **acting)
        factories.make_member(session, clock, acme, Role.ADMIN)
        assert change_role(session, **who, **acting, role=Role.EXPERT).role is Role.EXPERT


def test_two_admins_who_demote_each_other_at_once_leave_one(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        admins = [factories.make_member(session, clock, acme, Role.ADMIN)[0] for _ in range(2)]
    together = threading.Barrier(2)

    def demote(admin: Person) -> bool:
        together.wait(timeout=10)
        try:
            with database.write() as session:
                change_role(
                    session,
                    organization_id=acme.id,
                    person_public_id=admin.public_id,
                    role=Role.EXPERT,
                    now=clock.now(),
                    actor="cli",
                )
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, admins)) == [False, True]


def test_an_organization_does_not_set_the_password_of_somebody_elses_member(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        other = factories.make_organization(session, clock, "Other")
        person, _ = factories.make_member(session, clock, acme, Role.EXPERT)
        reset = {
            "organization_id": acme.id,
            "person_public_id": person.public_id,
            "now": clock.now(),
            "actor": "cli",
        }
        new = hash_password("a new long password")
        reset_password(session, **reset, password_hash=new)
        assert person.password_hash == new
        add_member(
            session,
            organization_id=other.id,
            person_id=person.id,
            role=Role.EXPERT,
            now=clock.now(),
        )
        with pytest.raises(Conflict):
            reset_password(session, **reset, password_hash=hash_password("yet another one"))
        assert person.password_hash == new


def test_a_changed_password_ends_every_sign_in(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        person, _ = factories.make_member(session, clock, acme, Role.EXPERT)
        cookies = [_sign_in(session, clock, person.id) for _ in range(2)]
        change_password(
            session,
            person_id=person.id,
            password_hash=hash_password("a new long password"),
            now=clock.now(),
        )
        for cookie in cookies:
            assert authenticate_sign_in(session, secret=cookie, now=clock.now()) is None


def test_members_are_listed_by_name_role_and_part_of_the_address(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        for name, role in (("zoe", Role.EXPERT), ("ada", Role.EXPERT), ("max_m", Role.ADMIN)):
            factories.make_member(session, clock, acme, role, name)
        everyone = list_members(session, organization_id=acme.id)
        assert [row.name for row in everyone.rows] == ["ada", "max_m", "zoe"]
        assert (everyone.total, everyone.pages, everyone.first, everyone.last) == (3, 1, 1, 3)
        experts = list_members(session, organization_id=acme.id, role=Role.EXPERT)
        assert [row.name for row in experts.rows] == ["ada", "zoe"]
        assert [
            row.name for row in list_members(session, organization_id=acme.id, search="X_").rows
        ] == ["max_m"]
        assert list_members(session, organization_id=acme.id, page=2).rows == ()


def test_the_audit_trail_tells_who_did_what_in_this_organization_alone(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        other = factories.make_organization(session, clock, "Other")
        admin, _ = factories.make_member(session, clock, acme, Role.ADMIN, "max")
        expert, _ = factories.make_member(session, clock, acme, Role.EXPERT, "ada")
        deactivate_member(
            session,
            organization_id=acme.id,
            person_public_id=expert.public_id,
            now=clock.now(),
            actor=admin.public_id,
        )
        assert _actions(session) == [
            "organization_created",
            "organization_created",
            "member_added",
            "member_added",
            "member_deactivated",
        ]
        assert list_audit_events(session, organization_id=other.id).total == 1
        (row,) = list_audit_events(session, organization_id=acme.id, who="ma").rows
        assert (row.actor_name, row.action, row.subject_name) == (
            "max",
            "member_deactivated",
            "ada",
        )
        found = list_audit_events(
            session,
            organization_id=acme.id,
            action="member_added",
            subject=expert.public_id,
            who="cli",
        )
        assert [event.detail for event in found.rows] == [{"role": "expert"}]
