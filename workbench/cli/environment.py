"""What every command works with: the settings, the database, the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.errors import SetupIncomplete

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.clock import Clock
    from workbench.database.session import Database
    from workbench.models import Campaign
    from workbench.settings import Settings

ACTOR = "cli"

InOrganization = Annotated[
    str | None,
    typer.Option("--organization", metavar="O", help="Name or id of the organization."),
]
CampaignReference = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="Name or id of the campaign.")
]


@dataclass(frozen=True, kw_only=True)
class Environment:
    settings: Settings
    database: Database
    clock: Clock


def read_settings() -> Settings:
    """Read the settings.

    Raises:
        SetupIncomplete: A variable of the environment holds something else than it should.
    """
    from pydantic import ValidationError

    from workbench.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        faults = (
            f"WORKBENCH_{'_'.join(str(step) for step in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        message = f"the settings are wrong: {'; '.join(faults)}"
        raise SetupIncomplete(message) from None


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the database as it is, whatever the version of its schema."""
    from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

    from workbench.contracts.registry import register_folders
    from workbench.database.session import Database

    register_folders(settings.template_dir)
    try:
        database = Database.open(settings.resolved_database_url, pool_size=settings.pool_size)
    except ArgumentError:
        message = "WORKBENCH_DATABASE_URL is not a database's URL, such as sqlite:///workbench.db"
        raise SetupIncomplete(message) from None
    try:
        yield database
    except DatabaseError as error:
        # The kinds below these two are our own mistakes: a broken constraint, a wrong statement.
        if type(error) not in {OperationalError, DatabaseError}:
            raise
        where = database.engine.url.render_as_string(hide_password=True)
        message = f"the database {where} cannot be used: {str(error.orig).strip()}"
        raise SetupIncomplete(message) from error
    finally:
        database.dispose()


@contextmanager
def open_environment() -> Iterator[Environment]:
    """Open the database for a command; an empty one is set up on first use."""
    from workbench.clock import SystemClock
    from workbench.migrations.runner import ensure_schema

    settings = read_settings()
    with open_database(settings) as database:
        ensure_schema(database.engine)
        yield Environment(settings=settings, database=database, clock=SystemClock())


def find_campaign(session: Session, reference: str, organization: str | None) -> Campaign:
    """Return the campaign that a command names."""
    from workbench.campaigns.campaign import get_campaign
    from workbench.people.organizations import get_organization

    within = None
    if organization is not None:
        within = get_organization(session, reference=organization).id
    return get_campaign(session, reference=reference, organization_id=within)
