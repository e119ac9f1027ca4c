"""Every `workbench` command of the README runs as it stands there, in order, in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()

FILES = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", README, re.DOTALL)
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for block in SHELL for line in block.splitlines() if line.startswith("workbench ")]
LONG_RUNNING = {"serve", "worker", "demo"}


def test_the_readme_has_commands_and_files() -> None:
    assert len(COMMANDS) > 10
    assert len(FILES) >= 4


def test_the_commands_of_the_readme_run_in_order(tmp_path: Path) -> None:
    for name, content in FILES:
        (tmp_path / name).write_text(content)
    environment = {
        **os.environ,
        "WORKBENCH_DATA_DIR": str(tmp_path / "campaigns"),
        "WORKBENCH_DATABASE_URL": "",
    }
    script = Path(sys.executable).parent / "workbench"
    for command in COMMANDS:
        _, *arguments = shlex.split(command)
        done = subprocess.run(
            [script, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("group", sorted({shlex.split(c)[1] for c in COMMANDS} | LONG_RUNNING))
def test_every_group_of_the_readme_explains_itself(group: str) -> None:
    script = Path(sys.executable).parent / "workbench"
    done = subprocess.run([script, group, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets
