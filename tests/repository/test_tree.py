"""Rules about the tree itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST = 500
DRAWERS = {"utils", "helpers", "misc", "common"}


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        return [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    return [Path(line) for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def sources(*suffixes: str) -> list[Path]:
    return [path for path in tracked() if path.suffix in suffixes]


def test_no_source_file_is_longer_than_500_lines() -> None:
    long = {
        str(path): count
        for path in sources(".py", ".js", ".html", ".css")
        if (count := len((ROOT / path).read_text().splitlines())) > LONGEST
    }
    assert long == {}


def test_no_module_is_a_drawer() -> None:
    assert [str(p) for p in sources(".py", ".js") if DRAWERS & {*p.parts, p.stem}] == []


def test_no_file_names_a_package_registry() -> None:
    # The hosts are put together here so that this file does not name one itself.
    hosts = re.compile("|".join(["python" + "hosted", r"pypi\." + "org", "registry" + r"\.npmjs"]))
    named = [
        str(path)
        for path in sources(".py", ".js", ".toml", ".txt", ".lock", ".md", ".json", "")
        if hosts.search((ROOT / path).read_text(errors="ignore"))
    ]
    assert named == []


def test_no_shipped_code_is_unfinished() -> None:
    marks = re.compile("TO" + "DO|FIX" + "ME|NotImplemented" + "Error")
    unfinished = [
        str(path)
        for path in sources(".py", ".js", ".html")
        if marks.search((ROOT / path).read_text())
    ]
    assert unfinished == []


def test_the_layers_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    outcome = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    "lock", ["dev.txt", "runtime.txt", "trainers.txt", "trainers-code.txt", "uv.txt"]
)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert packages
    assert [line.split()[0] for line in packages if "--hash=sha256:" not in line] == []
