"""A release and its exports can be told from what somebody has made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.imports import comparison_row, judgment_row

EXPORTS = (
    ("trl_preference", "parquet"),
    ("trl_preference", "jsonl"),
    ("raw_judgments", "parquet"),
    ("raw_judgments", "jsonl"),
)


def flip_the_first(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def flip_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x20
    path.write_bytes(content)


def flip_the_last(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def add_a_line_end(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def cut_the_last_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


CHANGES = (
    flip_the_first,
    flip_the_middle,
    flip_the_last,
    add_a_line_end,
    cut_the_last_byte,
    empty,
    remove,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_any_change_to_any_file_is_noticed_and_the_file_is_named(
    command_line: CommandLine, change: Callable[[Path], None]
) -> None:
    line = command_line
    wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "c")
    line.ok("campaign", "create", *wanted, "--create-organization")
    names = [f"p-{number}" for number in range(5)]
    line.ok("import", "items", "c", line.write("i.jsonl", *map(comparison_row, names)))
    line.ok("import", "judgments", "c", line.write("j.jsonl", *map(judgment_row, names)))
    release = Path(line.ok("release", "freeze", "c", "--name", "v1")["folder"])
    export = line.folder / "out"
    for exporter, kind in EXPORTS:
        written = ("--exporter", exporter, "--format", kind, "--to", export)
        line.ok("release", "export", "c/v1", *written)
    files = sorted(release.iterdir()) + sorted(export.iterdir())
    assert len(files) > 10
    for file in files:
        content = file.read_bytes()
        change(file)
        error = line.refused("release", "verify", "c/v1", "--in", export, code=3)
        assert error["code"] == "verification_failed"
        assert file.name in error["message"]
        file.write_bytes(content)
    assert line.ok("release", "verify", "c/v1", "--in", export)["verified"] is True


def test_an_export_of_another_release_is_not_taken_for_this_ones(
    command_line: CommandLine,
) -> None:
    line = command_line
    wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "c")
    line.ok("campaign", "create", *wanted, "--create-organization")
    line.ok("import", "items", "c", line.write("i.jsonl", comparison_row()))
    line.ok("import", "judgments", "c", line.write("j.jsonl", judgment_row()))
    for name in ("v1", "v2"):
        line.ok("release", "freeze", "c", "--name", name)
    written = ("--exporter", "trl_preference", "--format", "jsonl", "--to", "out")
    line.ok("release", "export", "c/v1", *written)
    line.ok("release", "verify", "c/v1", "--in", "out")
    line.refused("release", "verify", "c/v2", "--in", "out", code=3)
