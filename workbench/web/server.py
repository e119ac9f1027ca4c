"""Running the application under uvicorn."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from socket import socket
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import make_url

from workbench.clock import Clock
from workbench.database.engine import Dialect
from workbench.database.session import Database
from workbench.errors import SetupIncomplete
from workbench.logs import configure_logging
from workbench.settings import Settings
from workbench.web.app import Background, create_app
from workbench.web.entrance import Entrance

_GRACE_SECONDS = 10


def run(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int = 1,
    database: Database | None = None,
    clock: Clock | None = None,
    schema_revision: str | None = None,
    background: Sequence[Background] = (),
    entrance: Entrance | None = None,
    listening: socket | None = None,
) -> None:
    """Serve until told to stop; requests that are under way are finished first.

    Args:
        entrance: a way in without a password, for one process.
        listening: where connections wait already, instead of a socket made for `host` and `port`.

    Raises:
        SetupIncomplete: several processes on SQLite, which has one writer.
    """
    refuse_many_on_sqlite(settings, workers)
    configure_logging(settings.log_level)
    if workers > 1:
        # Each process builds its own app from the environment; the job loop runs apart.
        uvicorn.run(
            "workbench.web.server:app_from_environment",
            factory=True,
            workers=workers,
            **_options(host, port),
        )
        return
    app = create_app(
        settings,
        database=database,
        clock=clock,
        schema_revision=schema_revision,
        background=background,
    )
    if entrance is not None:
        entrance.open_on(app)
    # What was built at the start stays: a collection that goes through it all stops every request.
    gc.collect()
    gc.freeze()
    sockets = None if listening is None else [listening]
    uvicorn.Server(uvicorn.Config(app, **_options(host, port))).run(sockets)


def app_from_environment() -> FastAPI:
    settings = Settings()
    configure_logging(settings.log_level)
    return create_app(settings)


def refuse_many_on_sqlite(settings: Settings, workers: int) -> None:
    is_sqlite = make_url(settings.resolved_database_url).get_backend_name() == Dialect.SQLITE
    if workers > 1 and is_sqlite:
        message = (
            f"SQLite is served by one process, not {workers}: set WORKBENCH_DATABASE_URL to a"
            " PostgreSQL database for more"
        )
        raise SetupIncomplete(message)


def _options(host: str, port: int) -> dict[str, Any]:
    return {
        "host": host,
        "port": port,
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
    }
