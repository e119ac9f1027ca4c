"""Core statements compiled once, for the path that every task takes.

Compilation, cache look-up and result processing cost several times what SQLite needs to run a
claim's statements. A `Prepared` keeps the SQL string per dialect and hands it to the driver;
the parameters and rows are the stored forms (microseconds, JSON text).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Protocol

from sqlalchemy import Connection, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from workbench.database.engine import execute_directly

CONNECTION = "workbench_connection"
"""Where a unit of work keeps its connection, in the session's `info`."""


class Rows(Protocol):
    """What every driver's cursor can do."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def close(self) -> None: ...

    def __iter__(self) -> Iterator[Any]: ...


class Prepared:
    """One statement; its `bindparam` names are the keyword arguments of `run`."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def run(self, session: Session, **parameters: Any) -> Rows:
        connection: Connection = session.info.get(CONNECTION) or session.connection()
        dialect = connection.dialect
        sql, order, fixed = self._compiled.get(dialect.name) or self._compile(dialect)
        values = {**fixed, **parameters} if fixed else parameters
        rows: Rows = execute_directly(
            connection, sql, values if order is None else [values[name] for name in order]
        )
        return rows

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...] | None, dict[str, Any]]:
        form = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        order = tuple(form.positiontup) if form.positional else None
        fixed = {
            key: value.value if isinstance(value, Enum) else value
            for key, value in form.params.items()
            if value is not None
        }
        compiled = self._compiled[dialect.name] = (form.string, order, fixed)
        return compiled
