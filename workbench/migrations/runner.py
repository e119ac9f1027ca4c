"""Bring a database to the schema of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from workbench.database.engine import WRITE_OPTION
from workbench.errors import SetupIncomplete

# Every command looks at the schema's revision first, so that must not cost reading Alembic: a
# migration's file begins with its revision, and the revisions are numbered.
_VERSIONS = Path(__file__).parent / "versions"


def known_revisions() -> list[str]:
    """Return the revisions that this version knows, oldest first."""
    return sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*_*.py"))


def head_revision() -> str:
    """Return the revision that this version of the workbench needs."""
    known = known_revisions()
    if not known:
        message = "the package has no migrations; install it again"
        raise SetupIncomplete(message)
    return known[-1]


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    """Look at the schema without waiting for, or holding up, whoever writes."""
    with engine.execution_options(**{WRITE_OPTION: False}).connect() as connection:
        yield connection


def current_revision(engine: Engine) -> str | None:
    """Return the database's revision, None when it has never been set up."""
    with _reading(engine) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def refuse_foreign(engine: Engine) -> None:
    """Keep away from a database that is somebody else's.

    Raises:
        SetupIncomplete: it holds tables, and they are not the workbench's.
    """
    with _reading(engine) as connection:
        tables = set(inspect(connection).get_table_names())
    if tables and "alembic_version" not in tables:
        message = "the database holds tables that are not the workbench's; choose another one"
        raise SetupIncomplete(message)


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest schema.

    Raises:
        SetupIncomplete: the schema is newer, or the database holds something else.
    """
    current = current_revision(engine)
    if current is None:
        refuse_foreign(engine)
    elif current not in known_revisions():
        message = f"the database is of a newer version (revision {current}): upgrade the workbench"
        raise SetupIncomplete(message)
    _migrate(engine)


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


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
