"""A whole database as one file, and back, with each database's own means."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import assert_never

from sqlalchemy import URL

from workbench.database.engine import Dialect
from workbench.database.session import Database
from workbench.errors import SetupIncomplete, VerificationFailed

_BUSY_SECONDS = 60


def copy_database(database: Database, path: Path) -> None:
    """Copy the database, as of one moment, while others read and write it."""
    match database.dialect:
        case Dialect.SQLITE:
            _copy_sqlite(_sqlite_path(database), path)
        case Dialect.POSTGRESQL:
            options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={path}"]
            _run("pg_dump", database.engine.url, options)
        case _:
            assert_never(database.dialect)


def replace_database(database: Database, path: Path) -> None:
    """Replace all that the database holds by a copy, in one step."""
    match database.dialect:
        case Dialect.SQLITE:
            _check_sqlite(path)
            database.dispose()
            with (
                closing(sqlite3.connect(path)) as source,
                closing(_open_sqlite(_sqlite_path(database))) as target,
            ):
                source.backup(target)
        case Dialect.POSTGRESQL:
            options = ["--clean", "--if-exists", "--no-owner", "--no-privileges"]
            options += ["--single-transaction", "--exit-on-error", str(path)]
            _run("pg_restore", database.engine.url, options)
        case _:
            assert_never(database.dialect)


def _sqlite_path(database: Database) -> Path:
    return Path(str(database.engine.url.database))


def _open_sqlite(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_SECONDS)


def _copy_sqlite(path: Path, to: Path) -> None:
    with closing(_open_sqlite(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
        # Without its journal beside it, the copy is one file.
        target.execute("PRAGMA journal_mode=DELETE")
    _check_sqlite(to)


def _check_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        try:
            result = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            result = str(error)
    if result != "ok":
        message = f"the copy of the database is damaged: {result}"
        raise VerificationFailed(message)


def _run(tool: str, url: URL, options: list[str]) -> None:
    """Run one of PostgreSQL's tools on the database; the password stays off its command line."""
    found = shutil.which(tool)
    if found is None:
        message = f"{tool} is not installed here; PostgreSQL's client tools bring it"
        raise SetupIncomplete(message)
    address = url.set(drivername="postgresql", password=None)
    environment = dict(os.environ)  # noqa: TID251  (handed on, not read)
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    command = [found, f"--dbname={address.render_as_string(hide_password=False)}", *options]
    done = subprocess.run(  # noqa: S603  (our own arguments)
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = f"{tool} failed: {done.stderr.strip()[-500:]}"
        raise SetupIncomplete(message)
