"""Engines and the only code that knows one database from another."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, FromClause, create_engine, event, make_url
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import DBAPIError

from workbench.errors import SetupIncomplete

WRITE_OPTION = "workbench_write"
HASTE_OPTION = "workbench_haste"

_PATIENCE = "PRAGMA busy_timeout=15000"
_NO_PATIENCE = "PRAGMA busy_timeout=0"

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    _PATIENCE,
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
)


class WriterBusy(Exception):
    """Another connection of SQLite's is writing, and who asked does not wait."""


class Dialect(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def dialect_of(engine: Engine) -> Dialect:
    return Dialect(engine.dialect.name)


def open_engine(url: str, *, pool_size: int) -> Engine:
    """Open an engine for SQLite (a file) or PostgreSQL.

    Raises:
        SetupIncomplete: another database, or PostgreSQL without its driver.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend not in set(Dialect):
        message = f"{backend} is not supported; use sqlite:///FILE or postgresql://…"
        raise SetupIncomplete(message)
    if backend == Dialect.SQLITE:
        if not parsed.database or parsed.database == ":memory:":
            message = "SQLite needs a file: sqlite:///path/to/workbench.db"
            raise SetupIncomplete(message)
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        return _open_sqlite(url, pool_size)
    try:
        return create_engine(url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        message = "PostgreSQL needs its driver: pip install 'rlhf-workbench[postgres]'"
        raise SetupIncomplete(message) from error


def open_writer(engine: Engine) -> Engine:
    """Return the engine to write through: on SQLite one connection, which keeps its pages cached.

    A connection's cache is void as soon as another connection has written, so writing through a
    pool would begin every transaction with a cold one.
    """
    if dialect_of(engine) is Dialect.SQLITE:
        return _open_sqlite(engine.url, pool_size=1)
    return engine


def execute_directly(connection: Connection, sql: str, parameters: Any = ()) -> Any:
    """Hand a statement to the driver; its errors become SQLAlchemy's, without the parameters."""
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(sql, parameters)
    except Exception as error:
        dialect = connection.dialect
        base = dialect.loaded_dbapi.Error
        raise DBAPIError.instance(
            sql, None, error, base, hide_parameters=True, dialect=dialect
        ) from error


class _HintingCompiler(SQLiteCompiler):
    """Writes `select(…).with_hint(table, "INDEXED BY …", "sqlite")` behind the table's name."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        del table
        return text


def _open_sqlite(url: str | URL, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": 15},
    )
    engine.dialect.statement_compiler = _HintingCompiler

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that turns into a writer fails at once when another has written
        # since its first read; taking the write lock at BEGIN waits instead.
        options = connection.get_execution_options()
        if options.get(HASTE_OPTION, False):
            _begin_at_once(connection)
        else:
            writes = options.get(WRITE_OPTION, True)
            execute_directly(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _begin_at_once(connection: Connection) -> None:
    execute_directly(connection, _NO_PATIENCE)
    try:
        execute_directly(connection, "BEGIN IMMEDIATE")
    except DBAPIError as error:
        message = "somebody else is writing"
        raise WriterBusy(message) from error
    finally:
        execute_directly(connection, _PATIENCE)
