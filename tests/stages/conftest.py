"""Campaigns to import into, and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.imports import Desk
from workbench.clock import FixedClock
from workbench.database.session import Database


@pytest.fixture
def desk(database: Database, clock: FixedClock, tmp_path: Path) -> Desk:
    """A preference campaign on each database in turn."""
    return Desk.open(database, clock, tmp_path)


@pytest.fixture
def sqlite_desk(sqlite_database: Database, clock: FixedClock, tmp_path: Path) -> Desk:
    """A preference campaign, for what does not depend on the database."""
    return Desk.open(sqlite_database, clock, tmp_path)


@pytest.fixture
def command_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sqlite_url: str,
) -> CommandLine:
    return CommandLine(monkeypatch, capsys, tmp_path, sqlite_url)


@pytest.fixture
def any_command_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    database_url: str,
) -> CommandLine:
    """The command line against each database in turn."""
    return CommandLine(monkeypatch, capsys, tmp_path, database_url)
