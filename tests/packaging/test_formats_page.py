"""The page on formats can be followed to the letter, and it names every format there is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from workbench.contracts.registry import exporters, importers

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "documentation" / "formats.md").read_text()
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
    programs = {"workbench": str(Path(sys.executable).parent / "workbench"), "cmp": "cmp"}
    assert sum(line.startswith("cmp ") for line in LINES) > 0
    for line in LINES:
        first, *arguments = shlex.split(line)
        done = subprocess.run(
            [programs[first], *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def keys_of_table(title: str) -> set[str]:
    """The names in the first column of the table under a heading."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    first = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for cell in first for key in re.findall(r"`(\w+)`", cell)}


def test_the_page_names_every_format_there_is() -> None:
    assert keys_of_table("Exporters") == set(exporters())
    assert keys_of_table("Importers") == set(importers())
