"""Bring a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

import workbench.models  # noqa: F401  (registers the tables)
from workbench.errors import SetupIncomplete


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    return config


def head_revision() -> str:
    """Return the revision that this version of the workbench needs."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        message = "the package has no migrations; install it again"
        raise SetupIncomplete(message)
    return head


def current_revision(engine: Engine) -> str | None:
    """Return the database's revision, None when it has never been set up."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine) -> None:
    command.upgrade(_config(engine), "head")


def ensure_schema(engine: Engine) -> None:
    """Set up an empty database; refuse one whose schema is of another version.

    Raises:
        SetupIncomplete: the schema is older or newer, or the database holds something else.
    """
    current = current_revision(engine)
    if current == head_revision():
        return
    if current is None and not inspect(engine).get_table_names():
        upgrade(engine)
        return
    known = {
        script.revision for script in ScriptDirectory.from_config(_config(engine)).walk_revisions()
    }
    if current is None:
        message = "the database holds tables that are not the workbench's; choose another one"
    elif current in known:
        message = "the database is of an older version: run `workbench database upgrade`"
    else:
        message = f"the database is of a newer version (revision {current}): upgrade the workbench"
    raise SetupIncomplete(message)
