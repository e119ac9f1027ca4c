"""Browser sessions and API tokens: they work, they end, and they say so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import NotFound, OptionInvalid
from workbench.models import ApiToken, AuditEvent, Role, SignIn
from workbench.people.actors import authenticate_sign_in, authenticate_token, note_token_use
from workbench.people.members import add_member, create_person
from workbench.people.passwords import verify_password
from workbench.people.queries import list_organizations_of, list_sign_ins, list_tokens
from workbench.people.sign_in import (
    end_sign_in,
    find_candidate,
    record_failure,
    sign_out_everywhere,
    start_sign_in,
    switch_organization,
)
from workbench.people.tokens import SCOPES_OF_ROLE, create_token, revoke_token

HOURS = timedelta(hours=14)
ADDRESS = "192.0.2.1"


def test_a_sign_in_acts_for_its_person_until_its_time_is_up(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        person, membership = factories.make_member(session, clock, acme, Role.EXPERT)
        started = start_sign_in(
            session, person_id=person.id, now=clock.now(), last_for=HOURS, address=ADDRESS
        )
        assert started is not None
        actor = authenticate_sign_in(session, secret=started.secret, now=clock.now())
        assert actor is not None
        assert actor.person_public_id == person.public_id
        assert actor.membership_id == membership.id
        assert actor.organization_public_id == acme.public_id
        assert actor.role is Role.EXPERT
        assert actor.annotator_id is not None
        assert actor.scopes is None
        clock.advance(HOURS)
        assert authenticate_sign_in(session, secret=started.secret, now=clock.now()) is None


def test_a_secret_is_stored_only_as_a_hash(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        person, membership = factories.make_member(session, clock, acme, Role.ENGINEER)
        started = start_sign_in(
            session, person_id=person.id, now=clock.now(), last_for=HOURS, address=ADDRESS
        )
        assert started is not None
        token, secret = create_token(
            session,
            membership_id=membership.id,
            name="nightly",
            scopes=["releases:read"],
            now=clock.now(),
        )
        stored = session.scalars(select(SignIn.secret_hash)).one()
        assert started.secret not in stored
        assert secret not in token.secret_hash
        assert authenticate_sign_in(session, secret=stored, now=clock.now()) is None
        assert authenticate_token(session, secret=token.secret_hash, now=clock.now()) is None
        assert authenticate_sign_in(session, secret=secret, now=clock.now()) is None
        assert authenticate_token(session, secret=started.secret, now=clock.now()) is None


def test_signing_out_ends_this_session_and_no_other(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        person, _ = factories.make_member(session, clock, acme, Role.EXPERT)
        secrets = []
        for _ in range(3):
            started = start_sign_in(
                session, person_id=person.id, now=clock.now(), last_for=HOURS, address=ADDRESS
            )
            assert started is not None
            secrets.append(started.secret)
        end_sign_in(session, secret=secrets[0], now=clock.now())
        end_sign_in(session, secret=secrets[0], now=clock.now())
        alive = [
            authenticate_sign_in(session, secret=secret, now=clock.now()) is not None
            for secret in secrets
        ]
        assert alive == [False, True, True]
        listed = list_sign_ins(session, person_id=person.id, secret=secrets[1], now=clock.now())
        assert [row.is_current for row in listed.rows] == [False, True]
        sign_out_everywhere(session, person_id=person.id, now=clock.now())
        assert not any(
            authenticate_sign_in(session, secret=secret, now=clock.now()) for secret in secrets
        )
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
        assert actions[-2:] == ["sign_out", "sign_out_everywhere"]
        assert actions.count("sign_in") == 3
        assert actions.count("sign_out") == 1


def test_a_person_of_two_organizations_acts_in_one_and_can_switch(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        beta = factories.make_organization(session, clock, "Beta")
        gamma = factories.make_organization(session, clock, "Gamma")
        person, _ = factories.make_member(session, clock, acme, Role.EXPERT)
        add_member(
            session,
            organization_id=beta.id,
            person_id=person.id,
            role=Role.ADMIN,
            now=clock.now(),
        )
        options = {"now": clock.now(), "last_for": HOURS, "address": ADDRESS}
        first = start_sign_in(session, person_id=person.id, **options)
        assert first is not None
        assert first.n_organizations == 2
        assert [choice.name for choice in list_organizations_of(session, person_id=person.id)] == [
            "Acme",
            "Beta",
        ]
        second = switch_organization(
            session, secret=first.secret, organization_public_id=beta.public_id, **options
        )
        assert authenticate_sign_in(session, secret=first.secret, now=clock.now()) is None
        actor = authenticate_sign_in(session, secret=second.secret, now=clock.now())
        assert actor is not None
        assert (actor.organization_name, actor.role) == ("Beta", Role.ADMIN)
        with pytest.raises(NotFound):
            switch_organization(
                session, secret=second.secret, organization_public_id=gamma.public_id, **options
            )
        again = start_sign_in(session, person_id=person.id, **options)
        assert again is not None
        actor = authenticate_sign_in(session, secret=again.secret, now=clock.now())
        assert actor is not None
        assert actor.organization_name == "Beta", "the organization used last"


def test_nobody_signs_in_without_an_organization(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        person = create_person(
            session, email="ada@example.org", name="Ada", password=None, now=clock.now()
        )
        started = start_sign_in(
            session, person_id=person.id, now=clock.now(), last_for=HOURS, address=ADDRESS
        )
        assert started is None


def test_an_unknown_address_and_a_person_without_password_are_never_right(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        assert find_candidate(session, email="nobody@example.org") is None
        create_person(session, email="ada@example.org", name="Ada", password=None, now=clock.now())
        candidate = find_candidate(session, email="ADA@example.org")
        assert candidate is not None
        assert not verify_password(candidate.password_hash, "")


def test_a_refused_sign_in_is_noted_without_what_was_typed(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        person, _ = factories.make_member(session, clock, acme, Role.EXPERT)
        record_failure(session, person_id=person.id, now=clock.now(), address=ADDRESS)
        record_failure(session, person_id=None, now=clock.now(), address=ADDRESS)
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "sign_in_failed").order_by(AuditEvent.id)
        ).all()
        assert [(event.organization_id, event.subject) for event in events] == [
            (acme.id, person.public_id),
            (None, "unknown"),
        ]
        assert events[1].detail == {"address": ADDRESS}


def test_a_token_carries_its_scopes_until_it_ends(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        _, membership = factories.make_member(session, clock, acme, Role.ENGINEER)
        _, secret = create_token(
            session,
            membership_id=membership.id,
            name="nightly",
            scopes=["releases:read", "campaigns:read"],
            now=clock.now(),
            expires_at=clock.now() + HOURS,
        )
        actor = authenticate_token(session, secret=secret, now=clock.now())
        assert actor is not None
        assert actor.scopes == {"releases:read", "campaigns:read"}
        clock.advance(HOURS)
        assert authenticate_token(session, secret=secret, now=clock.now()) is None


def test_a_tokens_use_is_noted_once_an_hour(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        _, membership = factories.make_member(session, clock, acme, Role.ENGINEER)
        token, secret = create_token(
            session,
            membership_id=membership.id,
            name="nightly",
            scopes=["releases:read"],
            now=clock.now(),
        )

        def stale() -> int | None:
            actor = authenticate_token(session, secret=secret, now=clock.now())
            assert actor is not None
            return actor.stale_token_id

        assert stale() == token.id
        note_token_use(session, token_id=token.id, now=clock.now())
        assert stale() is None
        clock.advance(timedelta(minutes=61))
        assert stale() == token.id


@pytest.mark.parametrize("role", list(Role))
def test_a_token_is_no_wider_than_its_owners_role(
    database: Database, clock: FixedClock, role: Role
) -> None:
    every = {scope for scopes in SCOPES_OF_ROLE.values() for scope in scopes}
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        _, membership = factories.make_member(session, clock, acme, role)
        for scope in every:
            allowed = scope in SCOPES_OF_ROLE[role]
            if allowed:
                token, _ = create_token(
                    session,
                    membership_id=membership.id,
                    name="x",
                    scopes=[scope],
                    now=clock.now(),
                )
                assert token.scopes == [scope]
                continue
            with pytest.raises(OptionInvalid) as refusal:
                create_token(
                    session,
                    membership_id=membership.id,
                    name="x",
                    scopes=[scope],
                    now=clock.now(),
                )
            assert refusal.value.rows[0].field == "scopes"


def test_a_token_needs_a_name_a_scope_and_an_end_to_come(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        _, membership = factories.make_member(session, clock, acme, Role.ENGINEER)
        with pytest.raises(OptionInvalid) as refusal:
            create_token(
                session,
                membership_id=membership.id,
                name=" ",
                scopes=[],
                now=clock.now(),
                expires_at=clock.now(),
            )
        assert [row.field for row in refusal.value.rows] == ["name", "scopes", "expires_at"]


def test_a_token_is_revoked_by_its_owner_or_its_organization_alone(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        acme = factories.make_organization(session, clock)
        other = factories.make_organization(session, clock, "Other")
        _, owner = factories.make_member(session, clock, acme, Role.ENGINEER)
        _, colleague = factories.make_member(session, clock, acme, Role.ENGINEER)
        token, secret = create_token(
            session,
            membership_id=owner.id,
            name="nightly",
            scopes=["releases:read"],
            now=clock.now(),
        )
        revoke = {"token_public_id": token.public_id, "now": clock.now(), "actor": "per_x"}
        with pytest.raises(NotFound):
            revoke_token(session, organization_id=other.id, **revoke)
        with pytest.raises(NotFound):
            revoke_token(session, organization_id=acme.id, membership_id=colleague.id, **revoke)
        assert authenticate_token(session, secret=secret, now=clock.now()) is not None
        revoke_token(session, organization_id=acme.id, membership_id=owner.id, **revoke)
        assert authenticate_token(session, secret=secret, now=clock.now()) is None
        (row,) = list_tokens(session, organization_id=acme.id).rows
        assert row.state_at(clock.now()) == "revoked"
        assert list_tokens(session, organization_id=other.id).total == 0
        assert session.scalars(select(ApiToken)).one().revoked_at == clock.now()
