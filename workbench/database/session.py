"""Units of work; the only place that commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from workbench.database.engine import (
    HASTE_OPTION,
    WRITE_OPTION,
    Dialect,
    WriterBusy,
    dialect_of,
    open_engine,
    open_writer,
)
from workbench.database.prepared import CONNECTION

T = TypeVar("T")

_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Failed:
    """What a unit of work raised among others that are committed."""

    error: Exception


class _UnitRaised(Exception):
    """One of several units did not come to its end."""


class Database:
    """One engine and its two kinds of unit of work."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = dialect_of(engine)
        read_options: dict[str, Any] = {WRITE_OPTION: False}
        if self.dialect is Dialect.POSTGRESQL:
            # What is read in one unit of work is one state of the database, as it is on SQLite.
            read_options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        self._reader = engine.execution_options(**read_options)
        self._writer = open_writer(engine)
        self._hasty_writer = self._writer.execution_options(**{HASTE_OPTION: True})
        # SQLite has one writer: threads of this process queue here, in memory, rather than in
        # SQLite's busy handler, whose back-off sleeps cost seconds under load.
        writers = 1 if self.dialect is Dialect.SQLITE else _MANY
        self._write_lock = threading.BoundedSemaphore(writers)

    @classmethod
    def open(cls, url: str, *, pool_size: int = 40) -> Self:
        return cls(open_engine(url, pool_size=pool_size))

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Commit when the block ends, roll back when it raises."""
        with self._write_lock, _unit_of_work(self._writer) as session:
            yield session

    def write_together(
        self, units: Sequence[Callable[[Session], T]], *, waits: bool = True
    ) -> list[T | Failed] | None:
        """Run units of work one after another and commit them at once.

        When one of them raises, nothing of the others is kept either, and each is run again in a
        transaction of its own; so a unit may be run twice, and does nothing but what a rollback
        takes back.

        Args:
            waits: If not, None says that it would take longer: somebody else is writing, or a unit
                has raised.
        """
        if not self._write_lock.acquire(blocking=waits):
            return None
        try:
            with _unit_of_work(self._writer if waits else self._hasty_writer) as session:
                return [_run_among_others(unit, session) for unit in units]
        except WriterBusy:
            return None
        except _UnitRaised:
            if not waits:
                return None
            return [self._run_alone(unit) for unit in units]
        finally:
            self._write_lock.release()

    def _run_alone(self, unit: Callable[[Session], T]) -> T | Failed:
        try:
            with _unit_of_work(self._writer) as session:
                return unit(session)
        except Exception as error:  # noqa: BLE001 - it goes to whoever waits for this unit
            return Failed(error)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with _unit_of_work(self._reader) as session:
            yield session

    def dispose(self) -> None:
        self._writer.dispose()
        self.engine.dispose()


def _run_among_others(unit: Callable[[Session], T], session: Session) -> T:
    try:
        outcome = unit(session)
        session.flush()
    except Exception as error:
        raise _UnitRaised from error
    session.expunge_all()
    return outcome


@contextmanager
def _unit_of_work(engine: Engine) -> Iterator[Session]:
    """One transaction of the engine's, and a session that joins it.

    A session of its own would begin and commit through three layers more, at twice the cost.
    """
    with engine.begin() as connection, Session(connection, expire_on_commit=False) as session:
        session.info[CONNECTION] = connection
        yield session
        if session.in_transaction():
            session.commit()
