"""`workbench organization`: client labs."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.environment import open_environment
from workbench.cli.output import AsJson, answer, table

app = typer.Typer(help="Client labs, between which nothing crosses.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="A name of its own.")],
    as_json: AsJson = False,
) -> None:
    """Add an organization."""
    from workbench.people.organizations import create_organization

    with open_environment() as environment, environment.database.write() as session:
        made = create_organization(session, name=name, now=environment.clock.now())
        document = {"id": made.public_id, "name": made.name}
    answer(document, f"Created the organization {made.name} ({made.public_id}).", as_json=as_json)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the organizations."""
    from sqlalchemy import func, select

    from workbench.models import Organization

    with open_environment() as environment, environment.database.read() as session:
        found = [
            {"id": public_id, "name": name}
            for public_id, name in session.execute(
                select(Organization.public_id, Organization.name).order_by(
                    func.lower(Organization.name)
                )
            )
        ]
    answer(
        {"organizations": found},
        lambda: table(("organization", "id"), ((one["name"], one["id"]) for one in found)),
        as_json=as_json,
    )
