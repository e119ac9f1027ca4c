"""Bring the locked Label Studio wheel to this machine through pip, and check its hash."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import SetupIncomplete

# What is being done, how many bytes of it are done, how many there are (0 when not known).
Progress = Callable[[str, int, int], None]

_REQUIREMENT = re.compile(
    r"^label-studio==(?P<version>[\w.]+)\s+--hash=sha256:(?P<sha256>[0-9a-f]{64})$"
)
_OFFLINE_SIGNS = ("could not fetch url", "connection", "resolution", "timed out", "proxy")
_POLL_SECONDS = 0.25

# pip writes what it downloads below the temporary directory; giving it one of our own lets the
# growing file be measured, which works with every version of pip and on no terminal.
_PIP = (
    "import runpy, sys, tempfile; tempfile.tempdir = sys.argv.pop(1); "
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, kw_only=True)
class EditorLock:
    """Which wheel carries the editor."""

    path: Path
    version: str
    sha256: str


def read_lock(path: Path) -> EditorLock:
    """Read the one requirement of a lock file in pip's format."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    requirement = " ".join("\n".join(lines).replace("\\\n", " ").split())
    found = _REQUIREMENT.match(requirement)
    if found is None:
        msg = f"{path} does not name exactly one label-studio wheel and its SHA-256"
        raise SetupIncomplete(msg)
    return EditorLock(path=path, version=found["version"], sha256=found["sha256"])


def fetch_wheel(lock: EditorLock, into: Path, *, progress: Progress) -> Path:
    """Download the locked wheel into a directory and return its path.

    Raises:
        SetupIncomplete: the download failed, or what came is not what the lock names.
    """
    wheels, scratch = into / "wheels", into / "scratch"
    for directory in (wheels, scratch):
        directory.mkdir(parents=True)
    command = [
        *(_python_with_pip(into / "pip"), "-c", _PIP, str(scratch)),
        *("download", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        *("--ignore-requires-python", "--no-input", "--quiet", "--retries", "2"),
        *("--dest", str(wheels), "--requirement", str(lock.path)),
    ]
    title = f"Fetching the Label Studio editor {lock.version}"
    complaints = _run_watched(command, lambda: progress(title, _size_of(scratch), 0))
    fetched = sorted(wheels.glob("*.whl"))
    if complaints is not None or len(fetched) != 1:
        raise SetupIncomplete(_explain(complaints or "", lock))
    check_wheel(fetched[0], lock)
    progress(title, fetched[0].stat().st_size, fetched[0].stat().st_size)
    return fetched[0]


def check_wheel(wheel: Path, lock: EditorLock) -> None:
    """Refuse a wheel that is not byte for byte the locked one."""
    with wheel.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != lock.sha256:
        msg = f"{wheel.name} has SHA-256 {found}, the lock names {lock.sha256}"
        raise SetupIncomplete(msg)


def _python_with_pip(scratch: Path) -> str:
    """Return an interpreter that has pip: this one, or a temporary environment's."""
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    try:
        venv.create(scratch, with_pip=True, symlinks=sys.platform != "win32")
    except (OSError, subprocess.CalledProcessError) as error:
        msg = "fetching the editor needs pip, and Python's ensurepip could not provide it"
        raise SetupIncomplete(msg) from error
    return str(scratch / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))


def _run_watched(command: list[str], watch: Callable[[], None]) -> str | None:
    """Run a command, calling `watch` meanwhile; return its complaints if it failed."""
    with tempfile.TemporaryFile() as complaints:
        # Every argument is ours, and no shell reads them.
        process = subprocess.Popen(command, stdout=complaints, stderr=complaints)  # noqa: S603
        try:
            while True:
                try:
                    process.wait(_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    watch()
        except BaseException:
            process.kill()
            process.wait()
            raise
        complaints.seek(0)
        return None if process.returncode == 0 else complaints.read().decode(errors="replace")


def _size_of(directory: Path) -> int:
    """Sum the sizes of the files below a directory that another process is writing."""
    total = 0
    for path in directory.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _explain(complaints: str, lock: EditorLock) -> str:
    """Say in words of this program why pip brought nothing."""
    wheel = f"the wheel label-studio {lock.version}, which carries the editor,"
    said = " ".join(complaints.split()).lower()
    if "do not match the hashes" in said:
        return f"{wheel} was offered with another SHA-256 than the lock names"
    if "no space left" in said:
        return f"{wheel} needs about 75 MB, and the disk is full"
    if any(sign in said for sign in _OFFLINE_SIGNS):
        return f"{wheel} could not be fetched: no connection to a package index; needed only once"
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    return f"{wheel} could not be fetched: {lines[-1] if lines else 'pip brought no wheel'}"
