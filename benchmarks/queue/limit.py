"""The limit: a bare FastAPI and sqlite3 app that does the same two transactions and nothing else.

No sign-in, no validation, no rendering, no audit. One thread writes; it takes up whatever requests
are waiting and commits them together, so that no commit is paid for twice.

`python -m benchmarks.queue.limit DATABASE PORT SYNCHRONOUS`
"""

from __future__ import annotations

import asyncio
import json
import queue
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response

Transaction = Callable[[sqlite3.Connection], bytes | None]
Waiting = tuple[Transaction, "asyncio.Future[bytes | None]"]


class Writer:
    """The one committing thread."""

    def __init__(self, path: str, synchronous: str) -> None:
        self._queue: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._path, self._synchronous = path, synchronous
        threading.Thread(target=self._run, daemon=True).start()

    async def write(self, transaction: Transaction) -> bytes | None:
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._queue.put((transaction, future))
        return await future

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.execute("PRAGMA cache_size=-65536")
        while True:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            connection.execute("BEGIN IMMEDIATE")
            done = [(future, transaction(connection)) for transaction, future in batch]
            connection.execute("COMMIT")
            done[0][0].get_loop().call_soon_threadsafe(_answer, done)


def _answer(done: list[tuple[asyncio.Future[bytes | None], bytes | None]]) -> None:
    for future, content in done:
        if not future.done():
            future.set_result(content)


def create_app(path: str, synchronous: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    writer = Writer(path, synchronous)

    @app.post("/claim/{expert}")
    async def claim(expert: str) -> Response:
        def transaction(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute(
                "SELECT id, content FROM item INDEXED BY item_open WHERE open_slots > 0"
                " ORDER BY id LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            token = secrets.token_urlsafe(24)
            cursor = connection.execute(
                "INSERT INTO assignment (item_id, expert, token, status, leased_at)"
                " VALUES (?, ?, ?, 'leased', ?)",
                (row[0], expert, token, time.time()),
            )
            connection.execute("UPDATE item SET open_slots = open_slots - 1 WHERE id = ?", row[:1])
            head = f'{{"assignment":"{cursor.lastrowid}","token":"{token}","task":'
            return (head + row[1] + "}").encode()

        content = await writer.write(transaction)
        if content is None:
            return Response(status_code=204)
        return Response(content, media_type="application/json")

    @app.post("/submit/{assignment}")
    async def submit(assignment: int, request: Request) -> Response:
        body: dict[str, Any] = await request.json()
        result = json.dumps(body["result"])

        def transaction(connection: sqlite3.Connection) -> bytes:
            row = connection.execute(
                "UPDATE assignment SET status = 'submitted' WHERE id = ? AND token = ?"
                " RETURNING item_id, expert",
                (assignment, body["token"]),
            ).fetchone()
            connection.execute(
                "INSERT INTO judgment (assignment_id, item_id, expert, result, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (assignment, *row, result, time.time()),
            )
            return b'{"judgment":true}'

        return Response(await writer.write(transaction), media_type="application/json")

    return app


if __name__ == "__main__":
    _, database, port, mode = sys.argv
    uvicorn.run(
        create_app(database, mode),
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
