"""Signing in and out, and the way home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse

from workbench.assignment.lease import release_all
from workbench.database.session import Database
from workbench.errors import NotSignedIn, TooManyRequests
from workbench.models import Role
from workbench.people.passwords import verify_password
from workbench.people.sign_in import (
    SignedIn,
    end_sign_in,
    find_candidate,
    record_failure,
    start_sign_in,
)
from workbench.people.throttle import SignInThrottle
from workbench.settings import Settings
from workbench.web.edge import Edge, address_of, allow, clear_session, set_session
from workbench.web.navigation import HOME
from workbench.web.templating import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SignInContext:
    email: str
    next: str
    fault: str | None


class SignInForm(BaseModel):
    email: str = Field(max_length=320)
    password: str = Field(max_length=1000)
    next: str = ""


@router.get("/")
def home_page(request: Request, edge: Annotated[Edge, allow(*Role)]) -> Response:
    with edge.read() as work:
        role = work.actor.role
    return RedirectResponse(request.url_for(HOME[role]), HTTPStatus.SEE_OTHER)


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "") -> Response:  # noqa: A002
    return render(request, "sign_in.html", SignInContext("", next, None))


@router.post("/sign-in")
def sign_in(request: Request, form: Annotated[SignInForm, Form()]) -> Response:
    try:
        started = _start(request, form)
    except (NotSignedIn, TooManyRequests) as refusal:
        # The page is answered in place: before signing in there is no session to keep a word for.
        context = SignInContext(form.email, form.next, refusal.message)
        return render(request, "sign_in.html", context, status=refusal.status)
    goal = form.next if is_own_path(form.next) else request.url_for("home_page").path
    if started.n_organizations > 1:
        url = request.url_for("organizations_page").include_query_params(next=goal)
        response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
    else:
        response = RedirectResponse(goal, HTTPStatus.SEE_OTHER)
    set_session(response, request.app.state.settings, started)
    return response


@router.post("/sign-out")
def sign_out(request: Request, edge: Annotated[Edge, allow(*Role)]) -> Response:
    response = RedirectResponse(request.url_for("sign_in_page"), HTTPStatus.SEE_OTHER)
    clear_session(response, edge.settings)
    with edge.write() as work:
        if work.actor.annotator_id is not None:
            release_all(work.session, expert_id=work.actor.annotator_id, now=work.now)
        end_sign_in(work.session, secret=edge.session_secret, now=work.now)
    return response


def is_own_path(path: str) -> bool:
    """Say whether a path leads nowhere but to this site (browsers take a backslash for /)."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def _start(request: Request, form: SignInForm) -> SignedIn:
    """Compare the password outside any write: it takes tens of milliseconds on purpose."""
    database: Database = request.app.state.database
    throttle: SignInThrottle = request.app.state.throttle
    settings: Settings = request.app.state.settings
    address = address_of(request)
    throttle.check(email=form.email, address=address)
    with database.read() as session:
        candidate = find_candidate(session, email=form.email)
    stored = candidate.password_hash if candidate else None
    is_right = verify_password(stored, form.password)
    started = None
    with database.write() as session:
        now = request.app.state.clock.now()
        if candidate is not None and is_right:
            started = start_sign_in(
                session,
                person_id=candidate.person_id,
                now=now,
                last_for=timedelta(hours=settings.session_hours),
                address=address,
            )
        if started is None:
            person_id = candidate.person_id if candidate else None
            record_failure(session, person_id=person_id, now=now, address=address)
    if started is None:
        message = "This e-mail address and password do not go together."
        raise NotSignedIn(message)
    throttle.forget(email=form.email, address=address)
    return started
