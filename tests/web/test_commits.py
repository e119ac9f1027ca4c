"""Units of work that wait together: committed at once, each with its own end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from fastapi import Response
from sqlalchemy import text
from sqlalchemy.orm import Session

from workbench.database.engine import Dialect, open_engine
from workbench.database.session import Database
from workbench.errors import Conflict
from workbench.web.commits import SHORT, Commits, Drawing, Outcome, open_commits

T = TypeVar("T")

WAITING = 40

every_length = pytest.mark.parametrize("length", [SHORT, SHORT + 1])


@pytest.fixture
def commits(database: Database) -> Iterator[Commits]:
    opened = open_commits(database)
    with database.write() as session:
        session.execute(text("CREATE TABLE kept (number INTEGER PRIMARY KEY)"))
    try:
        yield opened
    finally:
        opened.close()
        with database.write() as session:
            session.execute(text("DROP TABLE kept"))


def keep(number: int) -> Callable[[Session], Outcome]:
    def unit(session: Session) -> Outcome:
        session.execute(text("INSERT INTO kept VALUES (:number)"), {"number": number})
        return Response(str(number))

    return unit


def refuse(number: int) -> Callable[[Session], Outcome]:
    def unit(session: Session) -> Outcome:
        keep(number)(session)
        message = "not this one"
        raise Conflict(message)

    return unit


def kept(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(text("SELECT number FROM kept ORDER BY number")))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on a loop of its own: a browser's tests leave one running in this thread."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


async def answers(
    commits: Commits, units: list[Callable[[Session], Outcome]]
) -> list[Response | BaseException]:
    return await asyncio.gather(*(commits.answer(unit) for unit in units), return_exceptions=True)


def test_what_waits_together_is_all_kept(commits: Commits, database: Database) -> None:
    given = run(answers(commits, [keep(number) for number in range(WAITING)]))
    assert [int(bytes(one.body)) for one in given if isinstance(one, Response)] == [*range(WAITING)]
    assert kept(database) == [*range(WAITING)]


def test_one_that_is_refused_takes_nothing_of_the_others_with_it(
    commits: Commits, database: Database
) -> None:
    units = [refuse(number) if number % 7 == 0 else keep(number) for number in range(WAITING)]
    given = run(answers(commits, units))
    assert [number for number, one in enumerate(given) if isinstance(one, Conflict)] == [
        *range(0, WAITING, 7)
    ]
    assert kept(database) == [number for number in range(WAITING) if number % 7]


@every_length
def test_an_answer_comes_after_its_commit(
    commits: Commits, database: Database, length: int
) -> None:
    def unit(session: Session) -> Outcome:
        keep(1)(session)
        return Drawing(lambda: Response(str(kept(database))), length=length)

    (answer,) = run(answers(commits, [unit]))
    assert isinstance(answer, Response)
    assert answer.body == b"[1]"


@every_length
def test_what_cannot_be_drawn_is_the_failure_of_who_asked(
    commits: Commits, database: Database, length: int
) -> None:
    def unit(session: Session) -> Outcome:
        keep(1)(session)
        return Drawing(lambda: Response(str(1 // 0)), length=length)

    failed, fine = run(answers(commits, [unit, keep(2)]))
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(fine, Response)
    assert kept(database) == [1, 2]


def test_who_comes_while_another_writes_waits_and_holds_up_nobody_else(
    commits: Commits, database: Database
) -> None:
    async def come() -> bytes:
        with database.write() as session:
            keep(1)(session)
            waiting = asyncio.create_task(commits.answer(keep(2)))
            await asyncio.sleep(0.05)
            assert not waiting.done() or database.dialect is Dialect.POSTGRESQL
        return bytes((await waiting).body)

    assert run(come()) == b"2"
    assert kept(database) == [1, 2]


def test_who_comes_while_another_process_writes_waits_too(
    commits: Commits, database: Database
) -> None:
    async def come() -> bytes:
        other = Database(
            open_engine(database.engine.url.render_as_string(hide_password=False), pool_size=1)
        )
        with other.write() as session:
            keep(1)(session)
            waiting = asyncio.create_task(commits.answer(keep(2)))
            await asyncio.sleep(0.05)
        other.dispose()
        return bytes((await waiting).body)

    assert run(come()) == b"2"
    assert kept(database) == [1, 2]


def test_a_browser_that_has_gone_keeps_nobody_else_waiting(
    commits: Commits, database: Database
) -> None:
    async def leave_early() -> bytes:
        gone = asyncio.create_task(commits.answer(keep(1)))
        await asyncio.sleep(0)
        gone.cancel()
        return bytes((await commits.answer(keep(2))).body)

    assert run(leave_early()) == b"2"
    assert kept(database)[-1] == 2
