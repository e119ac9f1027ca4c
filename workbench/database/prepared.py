"""Core statements compiled once, for the path that every task takes.

Compilation, cache look-up and result processing cost several times what SQLite needs to run a
claim's statements. A `Prepared` keeps the SQL string per dialect and hands it to the driver;
the parameters and rows are the stored forms (microseconds, JSON text).
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from sqlalchemy import CursorResult, Executable
from sqlalchemy.orm import Session


class Prepared:
    """One statement; its `bindparam` names are the keyword arguments of `run`."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def run(self, session: Session, **parameters: Any) -> CursorResult[Any]:
        connection = session.connection()
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            form = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            order = tuple(form.positiontup) if form.positional else None
            fixed = {
                key: value.value if isinstance(value, Enum) else value
                for key, value in form.params.items()
                if value is not None
            }
            compiled = self._compiled[dialect.name] = (form.string, order, fixed)
        sql, order, fixed = compiled
        values = {**fixed, **parameters}
        if order is None:
            return connection.exec_driver_sql(sql, values)
        return connection.exec_driver_sql(sql, tuple(values[name] for name in order))
