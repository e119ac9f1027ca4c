"""The path that every task takes, through the database: units of work and what follows a commit.

SQLite has one writer. Requests that wait for it together are committed together, so that a commit
and a change of thread are not paid for by every one of them.
No answer leaves before its commit is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol, assert_never

from fastapi import Response
from sqlalchemy.orm import Session

from workbench.database.engine import Dialect
from workbench.database.session import Database, Failed

Outcome = Response | Callable[[], Response]
"""A response, or what draws it when the commit is done and nobody waits for the database."""

Unit = Callable[[Session], Outcome]

MOST_TOGETHER = 32
"""Units of one commit: about 20 ms, so that other writers are not kept waiting."""

_THREADS = 16


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
            answer = unit(session)
        return _drawn(answer)


class CommittedTogether:
    """One thread commits whatever waits; another draws what can be drawn after the commit.

    One batch is under way at a time, and the next is handed over when the loop has nothing else to
    do, so that the loop and the writer do not take the interpreter from each other.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[Unit, asyncio.Future[Response]]] = deque()
        self._is_busy = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._drawing = ThreadPoolExecutor(1, thread_name_prefix="drawing")

    async def answer(self, unit: Unit) -> Response:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Response] = loop.create_future()
        self._waiting.append((unit, future))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._begin, loop)
        return await future

    def close(self) -> None:
        self._writer.shutdown()
        self._drawing.shutdown()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        size = min(len(self._waiting), MOST_TOGETHER)
        self._is_busy = size > 0
        if size:
            batch = [self._waiting.popleft() for _ in range(size)]
            self._writer.submit(self._write, loop, batch)

    def _write(
        self, loop: asyncio.AbstractEventLoop, batch: list[tuple[Unit, asyncio.Future[Response]]]
    ) -> None:
        outcomes: Sequence[Outcome | Failed]
        try:
            outcomes = self._database.write_together([unit for unit, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits is told, and the thread goes on
            outcomes = [Failed(error)] * len(batch)
        settled = [(future, outcome) for (_, future), outcome in zip(batch, outcomes, strict=True)]
        _tell(loop, self._settle, loop, settled)

    def _settle(
        self,
        loop: asyncio.AbstractEventLoop,
        settled: Sequence[tuple[asyncio.Future[Response], Outcome | Failed]],
    ) -> None:
        for future, outcome in settled:
            if isinstance(outcome, Response | Failed):
                _resolve(future, outcome)
            else:
                self._drawing.submit(_draw, loop, future, outcome)
        loop.call_soon(self._begin, loop)


def _draw(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[Response],
    answer: Callable[[], Response],
) -> None:
    try:
        outcome: Response | Failed = answer()
    except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
        outcome = Failed(error)
    _tell(loop, _resolve, future, outcome)


def _tell(loop: asyncio.AbstractEventLoop, do: Callable[..., None], *given: Any) -> None:
    # A loop that has closed has nobody left to answer.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(do, *given)


def _resolve(future: asyncio.Future[Response], outcome: Response | Failed) -> None:
    if future.done():
        return
    if isinstance(outcome, Failed):
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome)


def _drawn(answer: Outcome) -> Response:
    return answer if isinstance(answer, Response) else answer()
