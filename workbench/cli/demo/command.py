"""`workbench demo`: fill a demo organization once, then serve it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import from_json, to_json

from workbench.cli.environment import open_database, read_settings
from workbench.cli.output import AsJson, answer, console, table

_SIGN_INS = "sign-ins.json"


def demo(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 8600,
    fill_only: Annotated[
        bool, typer.Option("--fill-only", help="Fill the organization and do not serve it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill a demo organization (once) and serve it: embedded, one process, nothing to install.

    It lives in the folder `demo` of WORKBENCH_DATA_DIR; its judgments are simulated.
    """
    from workbench.settings import Settings

    settings = read_settings()
    folder = settings.data_dir / "demo"
    if not (folder / _SIGN_INS).exists():
        _fill(folder)
    sign_ins: list[dict[str, Any]] = from_json((folder / _SIGN_INS).read_bytes())
    address = f"http://{host}:{port}"
    answer(
        {"address": address, "data_dir": str(folder), "sign_ins": sign_ins},
        lambda: table(
            ("role", "e-mail", "password"),
            ((entry["role"], entry["email"], entry["password"]) for entry in sign_ins),
        ),
        as_json=as_json,
    )
    if fill_only:
        return
    console(stderr=True).print(f"The demo is at {address} (Ctrl+C stops it).")
    from workbench.cli.serve import run_server

    # The sign-ins above should not scroll away under a line for every request.
    changes = {"data_dir": folder, "database_url": "", "log_level": "WARNING"}
    run_server(Settings(**(settings.model_dump() | changes)), host=host, port=port)


def _fill(folder: Path) -> None:
    """Fill beside the folder and rename at the end, so that an interrupted fill leaves nothing."""
    from workbench.cli.demo.fill import fill_demo
    from workbench.clock import SystemClock
    from workbench.migrations.runner import ensure_schema
    from workbench.settings import Settings

    partial = folder.with_name(".demo.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    settings = Settings(data_dir=partial, database_url="")
    out = console(stderr=True)
    with open_database(settings) as database, out.status("Filling the demo") as status:
        ensure_schema(database.engine)
        sign_ins = fill_demo(
            database,
            settings,
            clock=SystemClock(),
            progress=lambda what: status.update(f"Filling the demo: {what}"),
        )
    kept = partial / _SIGN_INS
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(to_json(sign_ins))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
