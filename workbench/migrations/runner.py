"""Bring a database to the schema of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

import workbench.models  # noqa: F401  (registers the tables)
from workbench.database.engine import WRITE_OPTION
from workbench.errors import SetupIncomplete


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return ScriptDirectory.from_config(config)


def head_revision() -> str:
    """Return the revision that this version of the workbench needs."""
    head = _scripts().get_current_head()
    if head is None:
        message = "the package has no migrations; install it again"
        raise SetupIncomplete(message)
    return head


def known_revisions() -> set[str]:
    """Return the revisions that this version can upgrade from, its own among them."""
    return {script.revision for script in _scripts().walk_revisions()}


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    """Look at the schema without waiting for, or holding up, whoever writes."""
    with engine.execution_options(**{WRITE_OPTION: False}).connect() as connection:
        yield connection


def current_revision(engine: Engine) -> str | None:
    """Return the database's revision, None when it has never been set up."""
    with _reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest schema.

    Raises:
        SetupIncomplete: the schema is newer, or the database holds something else.
    """
    current = current_revision(engine)
    if current is None:
        with _reading(engine) as connection:
            foreign = set(inspect(connection).get_table_names()) - {"alembic_version"}
        if foreign:
            message = "the database holds tables that are not the workbench's; choose another one"
            raise SetupIncomplete(message)
    elif current not in known_revisions():
        message = f"the database is of a newer version (revision {current}): upgrade the workbench"
        raise SetupIncomplete(message)
    command.upgrade(_config(engine), "head")


def ensure_schema(engine: Engine) -> None:
    """Set up an empty database; refuse one whose schema is of another version.

    Raises:
        SetupIncomplete: the schema is older or newer, or the database holds something else.
    """
    current = current_revision(engine)
    if current == head_revision():
        return
    if current in known_revisions():
        message = "the database is of an older version: run `workbench database upgrade`"
        raise SetupIncomplete(message)
    upgrade(engine)
