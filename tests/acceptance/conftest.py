"""The command line alone: what a lab would do, and nothing of what is inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import CommandLine


@pytest.fixture
def command_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    sqlite_url: str,
) -> CommandLine:
    return CommandLine(monkeypatch, capsys, tmp_path, sqlite_url)
