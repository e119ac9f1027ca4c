"""The path that every task takes, through the database: units of work and what follows a commit.

SQLite has one writer, and Python one interpreter. Requests that wait together are committed together,
on the event loop itself while nobody else is writing: a change of thread costs more than a unit, and
there is no other request that could be served meanwhile. Only what has to wait goes to a thread.
No answer leaves before its commit is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from fastapi import Response
from sqlalchemy.orm import Session

from workbench.database.engine import Dialect
from workbench.database.session import Database, Failed

MOST_TOGETHER = 32
"""Units of one commit: about 10 ms, so that nobody is kept waiting."""

SHORT = 6_000
"""Characters that are drawn sooner than another thread would have begun."""

_THREADS = 16


@dataclass(frozen=True, slots=True)
class Drawing:
    """What makes the response when the commit is done and the database is free again.

    `length` is how many characters it draws.
    """

    draw: Callable[[], Response]
    length: int


Outcome = Response | Drawing
Unit = Callable[[Session], Outcome]


class Commits(Protocol):
    """Runs units of work for the event loop."""

    async def answer(self, unit: Unit) -> Response:
        """Run a unit, commit it and return its response; raise what it raised."""
        ...

    def close(self) -> None:
        """Finish what was begun and stop."""
        ...


def open_commits(database: Database) -> Commits:
    match database.dialect:
        case Dialect.SQLITE:
            return CommittedTogether(database)
        case Dialect.POSTGRESQL:
            return CommittedApart(database)
        case _:
            assert_never(database.dialect)


class CommittedApart:
    """Each unit in a transaction of its own, on one of a few threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="task")

    async def answer(self, unit: Unit) -> Response:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._run, unit)

    def close(self) -> None:
        self._threads.shutdown()

    def _run(self, unit: Unit) -> Response:
        with self._database.write() as session:
            outcome = unit(session)
        return outcome.draw() if isinstance(outcome, Drawing) else outcome


_Future = asyncio.Future[Response]


class CommittedTogether:
    """Whatever waits in one transaction, one batch at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[Unit, _Future]] = deque()
        self._is_busy = False
        self._patient = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._drawing = ThreadPoolExecutor(1, thread_name_prefix="drawing")

    async def answer(self, unit: Unit) -> Response:
        loop = asyncio.get_running_loop()
        future: _Future = loop.create_future()
        self._waiting.append((unit, future))
        if not self._is_busy:
            self._is_busy = True
            # What else came with this request joins it before the loop gets there.
            loop.call_soon(self._begin, loop)
        return await future

    def close(self) -> None:
        self._patient.shutdown()
        self._drawing.shutdown()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        size = min(len(self._waiting), MOST_TOGETHER)
        self._is_busy = size > 0
        if not size:
            return
        batch = [self._waiting.popleft() for _ in range(size)]
        outcomes = self._write(batch, waits=False)
        if outcomes is None:
            self._patient.submit(self._write_patiently, loop, batch)
        else:
            self._settle(loop, batch, outcomes)

    def _write(
        self, batch: Sequence[tuple[Unit, _Future]], *, waits: bool
    ) -> Sequence[Outcome | Failed] | None:
        try:
            return self._database.write_together([unit for unit, _ in batch], waits=waits)
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            return [Failed(error)] * len(batch)

    def _write_patiently(
        self, loop: asyncio.AbstractEventLoop, batch: Sequence[tuple[Unit, _Future]]
    ) -> None:
        _tell(loop, self._settle, loop, batch, self._write(batch, waits=True))

    def _settle(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[tuple[Unit, _Future]],
        outcomes: Sequence[Outcome | Failed],
    ) -> None:
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not isinstance(outcome, Drawing):
                _resolve(future, outcome)
            elif outcome.length <= SHORT:
                _resolve(future, _drawn(outcome))
            else:
                self._drawing.submit(_draw_apart, loop, future, outcome)
        loop.call_soon(self._begin, loop)


def _drawn(outcome: Drawing) -> Response | Failed:
    try:
        return outcome.draw()
    except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
        return Failed(error)


def _draw_apart(loop: asyncio.AbstractEventLoop, future: _Future, outcome: Drawing) -> None:
    _tell(loop, _resolve, future, _drawn(outcome))


def _tell(loop: asyncio.AbstractEventLoop, do: Callable[..., None], *given: Any) -> None:
    # A loop that has closed has nobody left to answer.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(do, *given)


def _resolve(future: _Future, outcome: Response | Failed) -> None:
    if future.done():
        return
    if isinstance(outcome, Failed):
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome)
