"""Members of the organization and their roles, for its admins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, Field

from workbench.assignment.lease import release_all
from workbench.database.paging import Page
from workbench.errors import NotFound
from workbench.models import Membership, Role
from workbench.people.annotators import find_annotator_id
from workbench.people.members import (
    add_member,
    change_role,
    create_person,
    deactivate_member,
    find_person,
    reactivate_member,
    reset_password,
)
from workbench.people.passwords import hash_password, new_password
from workbench.people.queries import MemberRow, find_member_row, list_members
from workbench.web.edge import Edge, Work, allow
from workbench.web.forms import refusals_to, see_other
from workbench.web.parameters import PageNumber, SearchText
from workbench.web.templating import ROLE_TITLES, render

router = APIRouter(prefix="/people", include_in_schema=False)

Admin = Annotated[Edge, allow(Role.ADMIN)]

_DUTIES = {
    Role.EXPERT: "judges items of open campaigns, and sees nothing but their own work",
    Role.QA_LEAD: "runs campaigns: imports, progress, agreement, items and who judged them",
    Role.ENGINEER: "imports, freezes and downloads releases, without experts' names",
    Role.ADMIN: "everything a QA lead and an engineer may, and people, tokens and audit",
}


@dataclass(frozen=True, slots=True)
class RoleChoice:
    role: Role
    title: str
    duties: str


ROLES = tuple(RoleChoice(role, ROLE_TITLES[role], duties) for role, duties in _DUTIES.items())


@dataclass(frozen=True, slots=True)
class PeopleContext:
    members: Page[MemberRow]
    search: str
    role: str
    roles: tuple[RoleChoice, ...]


@dataclass(frozen=True, slots=True)
class PersonContext:
    member: MemberRow
    is_self: bool
    roles: tuple[RoleChoice, ...]


class MemberForm(BaseModel):
    email: str = Field(max_length=320)
    name: str = Field(max_length=200)
    role: Role


class RoleForm(BaseModel):
    role: Role


@router.get("")
def people_page(
    request: Request,
    edge: Admin,
    search: SearchText = "",
    role: Role | Literal[""] = "",
    page: PageNumber = 1,
) -> Response:
    with edge.read() as work:
        context = PeopleContext(
            members=list_members(
                work.session,
                organization_id=work.actor.organization_id,
                search=search.strip(),
                role=role or None,
                page=page,
            ),
            search=search,
            role=role,
            roles=ROLES,
        )
    return render(request, "people.html", context)


@router.post("")
def add_member_form(request: Request, edge: Admin, form: Annotated[MemberForm, Form()]) -> Response:
    """Add a member; whoever has no sign-in yet gets one with a password to be passed on."""
    password = new_password()
    password_hash = hash_password(password)
    with refusals_to(request, "people_page"), edge.write() as work:
        person = find_person(work.session, email=form.email)
        is_new = person is None
        if person is None:
            person = create_person(
                work.session,
                email=form.email,
                name=form.name,
                password=password_hash,
                now=work.now,
            )
        add_member(
            work.session,
            organization_id=work.actor.organization_id,
            person_id=person.id,
            role=form.role,
            now=work.now,
            actor=work.actor.person_public_id,
        )
    if is_new:
        notice = f"{person.name} can sign in as {person.email} with this password. Pass it on now:"
        notice += " it is not shown again."
        return see_other(request, "people_page", notice=notice, secret=password)
    notice = (
        f"{person.email} had a sign-in already, made by another organization, and keeps its"
        " password. Make sure that the address is really theirs."
    )
    return see_other(request, "people_page", notice=notice, kind="warn")


@router.get("/{person}")
def person_page(request: Request, edge: Admin, person: str) -> Response:
    with edge.read() as work:
        member = find_member_row(
            work.session, organization_id=work.actor.organization_id, person_public_id=person
        )
        is_self = work.actor.person_public_id == person
    if member is None:
        message = f"there is no member {person!r}"
        raise NotFound(message)
    return render(request, "person.html", PersonContext(member, is_self, ROLES))


@router.post("/{person}/role")
def change_role_form(
    request: Request, edge: Admin, person: str, form: Annotated[RoleForm, Form()]
) -> Response:
    with refusals_to(request, "person_page", person=person), edge.write() as work:
        membership = change_role(work.session, role=form.role, **_about(work, person))
        if form.role is not Role.EXPERT:
            _release(work, membership)
    notice = f"The role is {ROLE_TITLES[form.role]} now."
    return see_other(request, "person_page", notice=notice, person=person)


@router.post("/{person}/deactivate")
def deactivate_form(request: Request, edge: Admin, person: str) -> Response:
    with refusals_to(request, "person_page", person=person), edge.write() as work:
        _release(work, deactivate_member(work.session, **_about(work, person)))
    notice = "Access has ended, with every sign-in and API token."
    return see_other(request, "person_page", notice=notice, person=person)


@router.post("/{person}/reactivate")
def reactivate_form(request: Request, edge: Admin, person: str) -> Response:
    with refusals_to(request, "person_page", person=person), edge.write() as work:
        reactivate_member(work.session, **_about(work, person))
    return see_other(request, "person_page", notice="They can sign in again.", person=person)


@router.post("/{person}/password")
def reset_password_form(request: Request, edge: Admin, person: str) -> Response:
    password = new_password()
    password_hash = hash_password(password)
    with refusals_to(request, "person_page", person=person), edge.write() as work:
        reset_password(work.session, password_hash=password_hash, **_about(work, person))
    notice = "This is the new password. Pass it on now: it is not shown again."
    return see_other(request, "person_page", notice=notice, secret=password, person=person)


def _about(work: Work, person: str) -> dict[str, Any]:
    return {
        "organization_id": work.actor.organization_id,
        "person_public_id": person,
        "now": work.now,
        "actor": work.actor.person_public_id,
    }


def _release(work: Work, membership: Membership) -> None:
    """Give back what an expert holds who does not judge here any more."""
    expert_id = find_annotator_id(
        work.session, organization_id=membership.organization_id, person_id=membership.person_id
    )
    if expert_id is not None:
        release_all(work.session, expert_id=expert_id, now=work.now)
