"""One's own account: password, browser sessions, organizations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse

from workbench.assignment.lease import release_all
from workbench.database.paging import Page
from workbench.errors import OptionInvalid
from workbench.models import Role
from workbench.people.actors import Actor
from workbench.people.annotators import list_annotator_ids
from workbench.people.members import change_password
from workbench.people.passwords import MIN_LENGTH, hash_password, verify_password
from workbench.people.queries import (
    OrganizationChoice,
    SignInRow,
    list_organizations_of,
    list_sign_ins,
)
from workbench.people.sign_in import (
    find_candidate,
    sign_out_everywhere,
    start_sign_in,
    switch_organization,
)
from workbench.web.edge import Edge, allow, clear_session, set_session
from workbench.web.forms import refusals_to, see_other
from workbench.web.pages.sign_in import is_own_path
from workbench.web.parameters import PageNumber
from workbench.web.templating import render

router = APIRouter(include_in_schema=False)

Anybody = Annotated[Edge, allow(*Role)]


@dataclass(frozen=True, slots=True)
class AccountContext:
    actor: Actor
    organizations: tuple[OrganizationChoice, ...]
    sign_ins: Page[SignInRow]
    min_length: int


@dataclass(frozen=True, slots=True)
class OrganizationsContext:
    present: str
    organizations: tuple[OrganizationChoice, ...]
    next: str


class PasswordForm(BaseModel):
    present: str = Field(max_length=1000)
    new: str = Field(max_length=1000)
    again: str = Field(max_length=1000)


class OrganizationForm(BaseModel):
    organization: str
    next: str = ""


@router.get("/account")
def account_page(request: Request, edge: Anybody, page: PageNumber = 1) -> Response:
    with edge.read() as work:
        context = AccountContext(
            actor=work.actor,
            organizations=list_organizations_of(work.session, person_id=work.actor.person_id),
            sign_ins=list_sign_ins(
                work.session,
                person_id=work.actor.person_id,
                secret=edge.session_secret,
                now=work.now,
                page=page,
            ),
            min_length=MIN_LENGTH,
        )
    return render(request, "account.html", context)


@router.post("/account/password")
def change_own_password(
    request: Request, edge: Anybody, form: Annotated[PasswordForm, Form()]
) -> Response:
    with refusals_to(request, "account_page"):
        with edge.read() as work:
            actor = work.actor
            candidate = find_candidate(work.session, email=actor.email)
        request.app.state.throttle.check(email=actor.email, address=edge.address)
        if form.new != form.again:
            message = "the new password was typed in two ways"
            raise OptionInvalid(message)
        stored = candidate.password_hash if candidate else None
        if not verify_password(stored, form.present):
            message = "the present password is another one"
            raise OptionInvalid(message)
        password_hash = hash_password(form.new)
        with edge.write() as work:
            change_password(
                work.session, person_id=actor.person_id, password_hash=password_hash, now=work.now
            )
            # Every session has ended with the old password; this browser goes on in a new one.
            started = start_sign_in(
                work.session,
                person_id=actor.person_id,
                now=work.now,
                last_for=timedelta(hours=edge.settings.session_hours),
                address=edge.address,
                organization_public_id=actor.organization_public_id,
            )
    response = see_other(request, "account_page")
    if started is not None:
        set_session(response, edge.settings, started)
    return response


@router.post("/account/sign-out-everywhere")
def sign_out_of_all(request: Request, edge: Anybody) -> Response:
    response = RedirectResponse(request.url_for("sign_in_page"), HTTPStatus.SEE_OTHER)
    clear_session(response, edge.settings)
    with edge.write() as work:
        for expert_id in list_annotator_ids(work.session, person_id=work.actor.person_id):
            release_all(work.session, expert_id=expert_id, now=work.now)
        sign_out_everywhere(work.session, person_id=work.actor.person_id, now=work.now)
    return response


@router.get("/account/organizations")
def organizations_page(request: Request, edge: Anybody, next: str = "") -> Response:  # noqa: A002
    with edge.read() as work:
        context = OrganizationsContext(
            present=work.actor.organization_public_id,
            organizations=list_organizations_of(work.session, person_id=work.actor.person_id),
            next=next if is_own_path(next) else "",
        )
    return render(request, "organizations.html", context)


@router.post("/account/organizations")
def act_in_organization(
    request: Request, edge: Anybody, form: Annotated[OrganizationForm, Form()]
) -> Response:
    goal = form.next if is_own_path(form.next) else request.url_for("home_page").path
    response = RedirectResponse(goal, HTTPStatus.SEE_OTHER)
    with edge.write() as work:
        if form.organization == work.actor.organization_public_id:
            return response
        if work.actor.annotator_id is not None:
            release_all(work.session, expert_id=work.actor.annotator_id, now=work.now)
        started = switch_organization(
            work.session,
            secret=edge.session_secret,
            organization_public_id=form.organization,
            now=work.now,
            last_for=timedelta(hours=edge.settings.session_hours),
            address=edge.address,
        )
    # The page that was asked for belongs to the organization left behind.
    home = request.url_for("home_page").path
    response = RedirectResponse(home, HTTPStatus.SEE_OTHER)
    set_session(response, edge.settings, started)
    return response
