"""The command line, and a campaign to import into."""

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
