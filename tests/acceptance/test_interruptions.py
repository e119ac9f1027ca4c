"""An import that was broken off is finished by running it again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.imports import comparison_row

COMMAND = Path(sys.executable).parent / "workbench"
N_ITEMS = 20_000
PATIENCE = 60


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_was_broken_off_is_finished_by_the_next(
    tmp_path: Path, sqlite_url: str, way: signal.Signals
) -> None:
    environment = {
        **os.environ,
        "WORKBENCH_DATA_DIR": str(tmp_path / "data"),
        "WORKBENCH_DATABASE_URL": sqlite_url,
    }
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    wanted = ["--organization", "Acme", "--template", "pairwise_preference", "--name", "c"]
    create = [COMMAND, "campaign", "create", *wanted, "--create-organization"]
    subprocess.run(create, env=environment, check=True, capture_output=True)
    items = tmp_path / "items.jsonl"
    with items.open("w", encoding="utf-8") as file:
        for number in range(N_ITEMS):
            file.write(json.dumps(comparison_row(f"p-{number}", prompt="Why? " * 100)) + "\n")
    import_items = [COMMAND, "import", "items", "c", items, "--json"]

    with subprocess.Popen(import_items, env=environment, stdout=subprocess.PIPE) as broken_off:
        deadline = time.monotonic() + PATIENCE
        while count(database) == 0 and time.monotonic() < deadline:
            time.sleep(0.005)
        broken_off.send_signal(way)
        said, _ = broken_off.communicate(timeout=PATIENCE)
    assert broken_off.returncode == (130 if way is signal.SIGINT else -way)
    if way is signal.SIGINT:
        assert json.loads(said)["error"]["code"] == "interrupted"
    present = count(database)
    assert 0 < present < N_ITEMS

    finished = subprocess.run(import_items, env=environment, check=True, capture_output=True)
    counts = json.loads(finished.stdout)
    assert counts["unchanged"] == present
    assert counts["added"] == N_ITEMS - present
    assert count(database) == N_ITEMS


def count(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM item").fetchone()[0])
