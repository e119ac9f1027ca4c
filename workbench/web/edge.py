"""The edge of a request: who may, and the one unit of work.

A handler asks for an `Edge` through `allow(…)` and opens its unit of work with it. Authentication
and the checks of role and scope happen inside, so no handler has a session without them, and the
commit is done before the response is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from sqlalchemy.orm import Session

from workbench.clock import Clock
from workbench.database.session import Database
from workbench.errors import NotAllowed, NotSignedIn
from workbench.models import Role
from workbench.people.actors import (
    Actor,
    authenticate_sign_in,
    authenticate_token,
    note_token_use,
)
from workbench.people.sign_in import SignedIn
from workbench.settings import Settings

ANY_SCOPE = "any"

_COOKIE = "workbench_session"


@dataclass(frozen=True, slots=True)
class Work:
    """What a handler works with: its session, who acts, and what time it is."""

    session: Session
    actor: Actor
    now: datetime
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Credential:
    secret: str
    is_token: bool


@dataclass(frozen=True, slots=True)
class Permission:
    """The roles that may call a route, and the scope an API token needs (None: no token
    may; `ANY_SCOPE`: each may).
    """

    roles: frozenset[Role]
    scope: str | None

    async def __call__(self, request: Request) -> Edge:
        edge = Edge(request, self)
        # Whoever brings nothing is told so before anything is said about what they sent.
        edge.require_credential()
        return edge

    def check(self, actor: Actor) -> None:
        """Raise `NotAllowed` unless the actor may."""
        if actor.role not in self.roles:
            message = f"this is not open to the role {actor.role}"
            raise NotAllowed(message, role=str(actor.role))
        if actor.scopes is None:
            return
        if self.scope is None:
            message = "this is open to a browser session, not to an API token"
            raise NotAllowed(message)
        if self.scope != ANY_SCOPE and self.scope not in actor.scopes:
            message = f"this API token lacks the scope {self.scope}"
            raise NotAllowed(message, scope=self.scope)


class Edge:
    """Units of work for one request, each opened only for an actor who may."""

    __slots__ = ("_permission", "request")

    def __init__(self, request: Request, permission: Permission) -> None:
        self.request = request
        self._permission = permission

    @property
    def database(self) -> Database:
        database: Database = self.request.app.state.database
        return database

    @property
    def clock(self) -> Clock:
        clock: Clock = self.request.app.state.clock
        return clock

    @property
    def settings(self) -> Settings:
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def address(self) -> str:
        """Where the request comes from, for the audit trail."""
        return address_of(self.request)

    @property
    def session_secret(self) -> str:
        """The secret of the browser session; only for routes that no token may call."""
        return self._credential().secret

    @contextmanager
    def write(self) -> Iterator[Work]:
        """Commit when the block ends, roll back when it raises."""
        with self.database.write() as session:
            yield self.work_in(session)

    def work_in(self, session: Session) -> Work:
        """Return what a handler writes with, in a unit of work that another opened."""
        work = self._work(session, self._credential())
        if work.actor.stale_token_id is not None:
            note_token_use(session, token_id=work.actor.stale_token_id, now=work.now)
        return work

    @contextmanager
    def read(self) -> Iterator[Work]:
        credential = self._credential()
        with self.database.read() as session:
            work = self._work(session, credential)
            yield work
        if work.actor.stale_token_id is not None:
            with self.database.write() as session:
                note_token_use(session, token_id=work.actor.stale_token_id, now=work.now)

    def require_credential(self) -> None:
        """Raise `NotSignedIn` unless the request brings a cookie or a token, good or not."""
        self._credential()

    def _credential(self) -> _Credential:
        header = self.request.headers.get("authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            if scheme.lower() != "bearer" or not secret:
                message = "the Authorization header must be: Bearer <API token>"
                raise NotSignedIn(message)
            return _Credential(secret.strip(), is_token=True)
        cookie = self.request.cookies.get(session_cookie(self.settings))
        if not cookie:
            message = "sign in first"
            raise NotSignedIn(message)
        return _Credential(cookie, is_token=False)

    def _work(self, session: Session, credential: _Credential) -> Work:
        now = self.clock.now()
        authenticate = authenticate_token if credential.is_token else authenticate_sign_in
        actor = authenticate(session, secret=credential.secret, now=now)
        if actor is None:
            what = "API token" if credential.is_token else "sign-in"
            message = f"this {what} is unknown, has run out or was revoked"
            raise NotSignedIn(message)
        self.request.state.actor = actor
        self._permission.check(actor)
        return Work(session, actor, now, self.settings)


def allow(*roles: Role, scope: str | None = None) -> Any:
    """Return the dependency that gives a handler its `Edge`.

    An admin may do all that a QA lead or an engineer may. Without a scope the route is for browser
    sessions alone.
    """
    granted = frozenset(roles)
    if granted & {Role.QA_LEAD, Role.ENGINEER}:
        granted |= {Role.ADMIN}
    return Depends(Permission(granted, scope))


def permission_of(dependant: Dependant) -> Permission | None:
    """Return what a route declared with `allow(…)`, None for a public one."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Permission):
            return dependency.call
    return None


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def session_cookie(settings: Settings) -> str:
    """Return the cookie's name; behind HTTPS its prefix keeps other hosts from setting it."""
    return f"__Host-{_COOKIE}" if settings.secure_cookies else _COOKIE


def set_session(response: Response, settings: Settings, started: SignedIn) -> None:
    """Hand the browser its session; no script can read it, no other site's form can send it."""
    response.set_cookie(
        session_cookie(settings),
        started.secret,
        max_age=settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def clear_session(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        session_cookie(settings), httponly=True, samesite="lax", secure=settings.secure_cookies
    )
