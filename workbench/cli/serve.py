"""`workbench serve` and `workbench worker`."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.environment import open_database, open_environment, read_settings
from workbench.cli.output import AsJson, answer, console
from workbench.errors import SetupIncomplete

if TYPE_CHECKING:
    from workbench.clock import Clock
    from workbench.database.session import Database
    from workbench.settings import Settings
    from workbench.web.entrance import Entrance


def serve(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 8600,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Processes; more than 1 needs PostgreSQL.")
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Serve the pages and the API, with the worker beside them, until interrupted."""
    from workbench.labelstudio.editor import find_editor
    from workbench.web.server import refuse_many_on_sqlite

    settings = read_settings()
    refuse_many_on_sqlite(settings, workers)
    listen(host, port).close()
    if find_editor(settings.editor_dir) is None:
        out = console(stderr=True)
        out.print("The Label Studio editor is not here yet: run `workbench editor fetch`.")
    address = f"http://{host}:{port}"
    answer({"address": address}, f"Serving at {address} (Ctrl+C stops it).", as_json=as_json)
    run_server(settings, host=host, port=port, workers=workers)


def run_server(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int = 1,
    entrance: Entrance | None = None,
    listening: socket.socket | None = None,
) -> None:
    """Serve until told to stop, with the worker in a process beside the server."""
    from workbench.clock import SystemClock
    from workbench.migrations.runner import ensure_schema, head_revision
    from workbench.web.server import run
    from workbench.worker import WorkerProcess

    clock = SystemClock()
    with _until_told(), open_database(settings) as database:
        ensure_schema(database.engine)
        with WorkerProcess(settings):
            run(
                settings,
                host=host,
                port=port,
                workers=workers,
                database=database,
                clock=clock,
                schema_revision=head_revision(),
                entrance=entrance,
                listening=listening,
            )


@contextmanager
def _until_told() -> Iterator[None]:
    """Take Ctrl+C and a request to terminate for the end of the work, not for a failure.

    The server finishes its requests and hands the signal on, to whoever took it before.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _worker_thread(database: Database, clock: Clock, settings: Settings) -> Iterator[None]:
    from workbench.worker import Worker

    worker = Worker(database, clock, settings)
    worker.start_thread()
    try:
        yield
    finally:
        worker.stop()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that keeps connections waiting until they are served.

    Raises:
        SetupIncomplete: Somebody else serves there.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        message = f"{host}:{port} cannot be served on: {error.strerror}; choose another --port"
        raise SetupIncomplete(message) from error


def worker(as_json: AsJson = False) -> None:
    """Do what waits (agreement, consensus, leases that ran out) until interrupted."""
    from workbench.logs import configure_logging

    with _until_told(), open_environment() as environment:
        configure_logging(environment.settings.log_level)
        where = environment.database.engine.url.render_as_string(hide_password=True)
        answer({"database": where}, f"Working on {where} (Ctrl+C stops it).", as_json=as_json)
        with _worker_thread(environment.database, environment.clock, environment.settings):
            threading.Event().wait()
