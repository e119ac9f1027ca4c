"""The command line, run in this process as the installed command runs it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workbench.cli.main import run


@dataclass(frozen=True)
class Ran:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """What was printed, which has to be one JSON document and nothing else."""
        return json.loads(self.stdout)

    @property
    def error(self) -> dict[str, Any]:
        assert set(self.document) == {"error"}
        error: dict[str, Any] = self.document["error"]
        return error


class CommandLine:
    """Commands against one database, with the current folder empty at first."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        folder: Path,
        database_url: str,
    ) -> None:
        self._monkeypatch, self._capsys, self.folder = monkeypatch, capsys, folder
        monkeypatch.chdir(folder)
        monkeypatch.setenv("WORKBENCH_DATA_DIR", str(folder / "data"))
        monkeypatch.setenv("WORKBENCH_DATABASE_URL", database_url)

    def __call__(self, *arguments: object, stdin: str = "") -> Ran:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return Ran(code, said.out, said.err)

    def ok(self, *arguments: object, stdin: str = "") -> Any:
        """Run a command that has to succeed, and return its document."""
        ran = self(*arguments, "--json", stdin=stdin)
        assert ran.code == 0, ran
        return ran.document

    def refused(self, *arguments: object, code: int = 1) -> dict[str, Any]:
        """Run a command that has to fail with an exit code, and return its error."""
        ran = self(*arguments, "--json")
        assert ran.code == code, ran
        return ran.error

    def write(self, name: str, *rows: object) -> Path:
        """Write a file of JSON lines."""
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path
