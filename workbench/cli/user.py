"""`workbench user`: people who sign in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from workbench.cli.environment import ACTOR, open_environment
from workbench.cli.output import AsJson, answer, table
from workbench.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from workbench.models import Organization, Person

app = typer.Typer(help="People who sign in, and their roles.", no_args_is_help=True)

RoleName = Literal["admin", "qa_lead", "engineer", "expert"]
WithinOrganization = Annotated[
    str, typer.Option("--organization", metavar="O", help="Name or id of the organization.")
]
Email = Annotated[str, typer.Option(help="The e-mail address they sign in with.")]


@app.command("create")
def create(
    email: Email,
    organization: WithinOrganization,
    role: Annotated[RoleName, typer.Option(help="What they may do there.")],
    name: Annotated[
        str | None, typer.Option(help="Their name; needed for somebody without a sign-in yet.")
    ] = None,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the password from standard input; one is made up and shown once otherwise.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a person; somebody who has a sign-in already keeps it and joins the organization."""
    from workbench.models import Role
    from workbench.people.members import add_member, create_person, find_person
    from workbench.people.organizations import get_organization
    from workbench.people.passwords import hash_password, new_password

    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    password = new_password() if given is None else given
    password_hash = hash_password(password)
    with open_environment() as environment, environment.database.write() as session:
        now = environment.clock.now()
        within = get_organization(session, reference=organization)
        person = find_person(session, email=email)
        is_new = person is None
        if person is None:
            if name is None:
                message = f"{email} has no sign-in yet: give their --name"
                raise BadRequest(message)
            person = create_person(session, email=email, name=name, password=password_hash, now=now)
        elif given is not None:
            message = f"{person.email} has a sign-in already and keeps their own password"
            raise BadRequest(message)
        add_member(
            session,
            organization_id=within.id,
            person_id=person.id,
            role=Role(role),
            now=now,
            actor=ACTOR,
        )
        document: dict[str, object] = _document(person, within, role)
    text = f"{person.name} ({person.email}) is {role} in {within.name}."
    if is_new and given is None:
        document["password"] = password
        text += f"\nPassword, shown this once: {password}"
    answer(document, text, as_json=as_json)


def _document(person: Person, organization: Organization, role: str) -> dict[str, object]:
    return {
        "id": person.public_id,
        "name": person.name,
        "email": person.email,
        "organization": {"id": organization.public_id, "name": organization.name},
        "role": role,
    }


@app.command("list")
def list_all(
    organization: WithinOrganization,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List an organization's people."""
    from workbench.people.organizations import get_organization
    from workbench.people.queries import list_members

    with open_environment() as environment, environment.database.read() as session:
        within = get_organization(session, reference=organization)
        found = list_members(session, organization_id=within.id, page=page)
    users = [
        {
            "id": member.public_id,
            "name": member.name,
            "email": member.email,
            "role": member.role,
            "active": member.is_active,
            "simulated": member.is_simulated,
            "last_sign_in_at": member.last_sign_in_at,
        }
        for member in found.rows
    ]
    answer(
        {"users": users, "page": found.number, "pages": found.pages, "total": found.total},
        lambda: table(
            ("name", "e-mail", "role", "active", "last sign-in"),
            (
                (
                    member.name,
                    member.email,
                    member.role,
                    "yes" if member.is_active else "no",
                    member.last_sign_in_at or "never",
                )
                for member in found.rows
            ),
        ),
        as_json=as_json,
    )


@app.command("deactivate")
def deactivate(
    email: Annotated[str, typer.Argument(help="The e-mail address they sign in with.")],
    organization: WithinOrganization,
    as_json: AsJson = False,
) -> None:
    """End somebody's access to an organization; their judgments stay."""
    from workbench.assignment.lease import release_all
    from workbench.people.annotators import find_annotator_id
    from workbench.people.members import deactivate_member, find_person
    from workbench.people.organizations import get_organization

    with open_environment() as environment, environment.database.write() as session:
        now = environment.clock.now()
        within = get_organization(session, reference=organization)
        person = find_person(session, email=email)
        if person is None:
            message = f"nobody signs in with {email!r}"
            raise NotFound(message)
        membership = deactivate_member(
            session,
            organization_id=within.id,
            person_public_id=person.public_id,
            now=now,
            actor=ACTOR,
        )
        annotator_id = find_annotator_id(session, organization_id=within.id, person_id=person.id)
        if annotator_id is not None:
            release_all(session, expert_id=annotator_id, now=now)
        document = _document(person, within, membership.role) | {"active": False}
    answer(
        document, f"{person.name} ({person.email}) has no access to {within.name}.", as_json=as_json
    )
