"""The server and the worker as processes: they start, say where, work, and stop when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.command_line import CommandLine
from tests.imports import comparison_row, judgment_row
from workbench.database.session import Database
from workbench.models import AgreementReport

SCRIPT = Path(sys.executable).parent / "workbench"
PATIENCE = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the block ends, and then end it as Ctrl+C does not."""
    command = [str(SCRIPT), *(str(argument) for argument in arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ.copy()
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def ask(address: str) -> int:
    """Return the status of an address, as soon as there is an answer."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                status: int = response.status
                return status
        except urllib.error.HTTPError as answered:
            with answered:
                return answered.code
        except OSError:
            assert time.monotonic() < until, f"nobody answers at {address}"
            time.sleep(0.1)


def first_document(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    document: dict[str, str] = json.loads(process.stdout.readline())
    return document


def wait_for_agreement(url: str) -> None:
    database = Database.open(url, pool_size=1)
    until = time.monotonic() + PATIENCE
    try:
        while True:
            with database.read() as session:
                if session.scalar(select(func.count()).select_from(AgreementReport)):
                    return
            assert time.monotonic() < until, "the agreement was never measured"
            time.sleep(0.2)
    finally:
        database.dispose()


@pytest.fixture
def judged(any_command_line: CommandLine) -> CommandLine:
    """A campaign with judgments that nobody has measured yet."""
    line = any_command_line
    wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "first")
    line.ok("campaign", "create", *wanted, "--create-organization")
    line.ok("import", "items", "first", line.write("i.jsonl", comparison_row("p-1")))
    rows = (judgment_row("p-1", annotator) for annotator in ("a1", "a2"))
    line.ok("import", "judgments", "first", line.write("j.jsonl", *rows))
    return line


def test_serving_answers_works_in_the_background_and_stops(
    judged: CommandLine, database_url: str
) -> None:
    port = free_port()
    with running("serve", "--port", port, "--json") as process:
        document = first_document(process)
        assert document == {"address": f"http://127.0.0.1:{port}"}
        assert ask(f"{document['address']}/healthz") == 200
        assert ask(f"{document['address']}/readyz") == 200
        assert ask(f"{document['address']}/api/v1/campaigns") == 401
        wait_for_agreement(database_url)
    assert process.returncode == 0


def children_of(pid: int) -> set[int]:
    """Return the processes that a process has begun, helpers of `multiprocessing` included."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found.add(int(stat.parent.name))
    return found


def workers_of(pid: int) -> set[int]:
    return {
        child
        for child in children_of(pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    }


def has_ended(pid: int) -> bool:
    """Say whether a process is gone, or is dead and nobody has asked how it ended."""
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_worker_that_dies_is_begun_again_and_never_outlives_its_server(
    judged: CommandLine, database_url: str
) -> None:
    with running("serve", "--port", free_port()) as process:
        wait_until(lambda: len(workers_of(process.pid)) == 1)
        (first,) = workers_of(process.pid)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: bool(workers_of(process.pid) - {first}))
        wait_for_agreement(database_url)
        (second,) = workers_of(process.pid)
        process.kill()
        process.wait(PATIENCE)
        wait_until(lambda: has_ended(second))


def test_the_worker_does_what_waits_and_stops(judged: CommandLine, database_url: str) -> None:
    with running("worker", "--json") as process:
        document = first_document(process)
        assert database_url.partition("://")[0].partition("+")[0] in document["database"]
        wait_for_agreement(database_url)
    assert process.returncode == 0


def test_a_port_that_is_taken_is_named(command_line: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = command_line.refused("serve", "--port", port)
    assert error["code"] == "setup_incomplete"
    assert str(port) in error["message"]
