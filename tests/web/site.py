"""A served organization with a member in each role, and their browsers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.factories import make_member, make_organization
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.models import ApiToken, AuditEvent, Membership, Organization, Person, Role
from workbench.people.sign_in import start_sign_in
from workbench.people.tokens import create_token

PAGE = {"accept": "text/html,application/xhtml+xml"}
OWN = {"sec-fetch-site": "same-origin"}

_numbers = itertools.count(1)


@dataclass
class Member:
    person: Person
    membership: Membership


class Site:
    def __init__(self, app: FastAPI, database: Database, clock: FixedClock) -> None:
        self.app, self.database, self.clock = app, database, clock
        self.client = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
        self.organization = self.add_organization("Acme")
        self.members = {role: self.add_member(role) for role in Role}

    def add_organization(self, name: str) -> Organization:
        with self.database.write() as session:
            return make_organization(session, self.clock, name)

    def add_member(self, role: Role, organization: Organization | None = None) -> Member:
        with self.database.write() as session:
            person, membership = make_member(
                session,
                self.clock,
                organization or self.organization,
                role,
                f"{role} {next(_numbers)}".replace(" ", "-"),
            )
        return Member(person, membership)

    def cookie(self, member: Member) -> str:
        """Open a browser session without the form, and return its secret."""
        with self.database.write() as session:
            started = start_sign_in(
                session,
                person_id=member.person.id,
                now=self.clock.now(),
                last_for=timedelta(hours=14),
                address="192.0.2.1",
            )
        assert started is not None
        return started.secret

    def browser(self, who: Role | Member) -> TestClient:
        """Return a signed-in browser on pages of its own site."""
        member = self.members[who] if isinstance(who, Role) else who
        client = self.stranger()
        client.headers.update(OWN)
        client.cookies.set("workbench_session", self.cookie(member))
        return client

    def stranger(self) -> TestClient:
        """Return a browser of somebody who is not signed in."""
        client = TestClient(self.app, follow_redirects=False, raise_server_exceptions=False)
        client.headers.update(PAGE)
        return client

    def script(self, role: Role, *scopes: str) -> TestClient:
        """Return a client that sends an API token with these scopes."""
        with self.database.write() as session:
            _, secret = create_token(
                session,
                membership_id=self.members[role].membership.id,
                name="script",
                scopes=scopes,
                now=self.clock.now(),
            )
        client = TestClient(self.app, follow_redirects=False, raise_server_exceptions=False)
        client.headers["authorization"] = f"Bearer {secret}"
        return client

    def events(self, action: str) -> list[AuditEvent]:
        with self.database.read() as session:
            wanted = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
            return list(session.scalars(wanted))

    def token(self) -> ApiToken:
        with self.database.read() as session:
            return session.scalars(select(ApiToken).order_by(ApiToken.id.desc())).all()[0]


def location(response: Any) -> str:
    """Return where a redirect leads on this site."""
    assert response.status_code == 303, response.text
    address: str = response.headers["location"].removeprefix("http://testserver")
    return address
