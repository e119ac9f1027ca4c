"""The page on task types of one's own can be followed to the letter, in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "documentation" / "task_templates.md").read_text()
FILES = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
LINES = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]


def test_the_commands_of_the_page_run_in_order(tmp_path: Path) -> None:
    for name, content in FILES:
        (tmp_path / name).write_text(content)
    environment = {
        **os.environ,
        "WORKBENCH_DATA_DIR": str(tmp_path / "data"),
        "WORKBENCH_DATABASE_URL": "",
    }
    environment.pop("WORKBENCH_TEMPLATE_DIR", None)
    script = Path(sys.executable).parent / "workbench"
    assert sum(line.startswith("workbench ") for line in LINES) > 10
    for line in LINES:
        first, *arguments = shlex.split(line)
        if first == "export":
            environment.update(argument.split("=", 1) for argument in arguments)
            continue
        done = subprocess.run(
            [script, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert first == "workbench"
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
