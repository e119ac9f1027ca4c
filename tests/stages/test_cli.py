"""The command line's contract: one JSON document, or text for people; exit codes 0, 1, 2 and 3."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.main import get_command

import workbench
from tests.command_line import CommandLine
from tests.imports import comparison_row, judgment_row
from workbench.cli.main import app, run
from workbench.cli.measure import MethodName
from workbench.cli.user import RoleName
from workbench.contracts.task_template import ConsensusMethod
from workbench.models import Role

SCRIPT = Path(sys.executable).parent / "workbench"


def commands(group: Any = None, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with its name."""
    group = group or get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *names, name)
        else:
            yield (*names, name), command


@pytest.fixture
def stocked(any_command_line: CommandLine) -> CommandLine:
    """A campaign with two items."""
    line = any_command_line
    line.ok("organization", "create", "Acme")
    create_campaign(line)
    line.ok("import", "items", "first", items_file(line))
    return line


def create_campaign(line: CommandLine, *more: object, name: str = "first", **changes: str) -> Any:
    options = {"organization": "Acme", "template": "pairwise_preference", "name": name, **changes}
    flat = [part for key, value in options.items() for part in (f"--{key}", value)]
    return line.ok("campaign", "create", *flat, *more)


def items_file(line: CommandLine) -> Path:
    return line.write("items.jsonl", comparison_row("p-1"), comparison_row("p-2"))


@pytest.mark.parametrize("names", [names for names, _ in commands()], ids=" ".join)
def test_every_command_takes_json_and_explains_itself(
    command_line: CommandLine, names: tuple[str, ...]
) -> None:
    ran = command_line(*names, "--help")
    assert ran.code == 0
    assert "--json" in ran.stdout
    command = next(command for known, command in commands() if known == names)
    assert command.help


@pytest.mark.parametrize("names", [names for names, _ in commands()], ids=" ".join)
def test_wrong_usage_of_any_command_is_a_document_and_exit_code_2(
    command_line: CommandLine, names: tuple[str, ...]
) -> None:
    error = command_line.refused(*names, "--no-such-option", code=2)
    assert error["code"] == "usage"
    assert error["rows"] == []
    assert f"workbench {' '.join(names)} --help" in error["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("bogus",),
        ("campaign", "bogus"),
        ("campaign", "create"),
        ("campaign", "show"),
        ("campaign", "list", "--status", "asleep"),
        ("campaign", "list", "--page", "0"),
        ("import", "items", "only-a-campaign"),
        ("consensus", "c", "--method", "guess"),
        ("user", "create", "--email", "a@b.org", "--organization", "O", "--role", "king"),
        ("serve", "--port", "0"),
        ("serve", "--workers", "0"),
        (
            *("campaign", "create", "--organization", "O", "--template", "step_grading"),
            *("--name", "n", "--option", "flag"),
        ),
        (
            *("campaign", "create", "--organization", "O", "--template", "step_grading"),
            *("--name", "n", "--option", "a=1", "--option", "a=2"),
        ),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2_in_words_and_in_json(
    command_line: CommandLine, arguments: tuple[str, ...]
) -> None:
    assert command_line.refused(*arguments, code=2)["code"] == "usage"
    ran = command_line(*arguments)
    assert ran.code == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("Error:")
    assert "Value error" not in ran.stderr


def test_a_group_alone_shows_its_commands(command_line: CommandLine) -> None:
    ran = command_line("campaign")
    assert ran.code == 2
    assert "create" in ran.stdout + ran.stderr


def test_the_version_is_the_packages(command_line: CommandLine) -> None:
    assert command_line("--version").stdout.strip() == workbench.__version__


def test_names_in_options_are_those_of_the_enums() -> None:
    assert set(get_args(RoleName)) == set(Role)
    assert set(get_args(MethodName)) == set(ConsensusMethod)


def test_the_installed_command_prints_one_document_and_nothing_else(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C"}
    environment["WORKBENCH_DATA_DIR"] = str(tmp_path / "data")

    def ask(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [SCRIPT, *arguments, "--json"]
        return subprocess.run(command, env=environment, capture_output=True, check=False)

    made = ask("organization", "create", "Zürich – 北京")
    assert (made.returncode, made.stderr) == (0, b"")
    assert json.loads(made.stdout)["name"] == "Zürich – 北京"
    again = ask("organization", "create", "Zürich – 北京")
    assert (again.returncode, again.stderr) == (1, b"")
    assert json.loads(again.stdout)["error"]["code"] == "conflict"
    assert ask("organization", "create").returncode == 2
    assert (tmp_path / "data" / "workbench.db").is_file()


def test_the_first_campaign_from_nothing(any_command_line: CommandLine) -> None:
    line = any_command_line
    organization = line.ok("organization", "create", "Acme")
    assert set(organization) == {"id", "name"}
    made = create_campaign(line, "--overlap", 3, "--option", "require_rationale=true")
    assert made["name"] == "first"
    assert made["organization"] == organization
    assert made["overlap"] == 3
    assert made["options"]["require_rationale"] is True
    assert made["status"] == "open"
    imported = line.ok("import", "items", made["id"], items_file(line))
    assert imported == {
        "campaign": made["id"],
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "superseded": 0,
        "rejected": 0,
        "rejected_file": None,
    }
    value = {"strength": 1, "rationale": "Better."}
    judgments = line.write(
        "judgments.jsonl",
        judgment_row("p-1", "a1", value=value),
        judgment_row("p-1", "a2", value=value),
    )
    assert line.ok("import", "judgments", "first", judgments)["added"] == 2
    shown = line.ok("campaign", "show", "first")
    assert shown["progress"] == {"items": 2, "finished_items": 0, "judgments": 2}
    assert shown["guidelines"]
    assert [one["id"] for one in line.ok("campaign", "list")["campaigns"]] == [made["id"]]


def test_an_unknown_organization_is_refused_unless_it_is_to_be_created(
    any_command_line: CommandLine,
) -> None:
    line = any_command_line
    wanted = ("--organization", "New", "--template", "step_grading", "--name", "n")
    error = line.refused("campaign", "create", *wanted)
    assert error["code"] == "not_found"
    assert "--create-organization" in error["message"]
    made = line.ok("campaign", "create", *wanted, "--create-organization")
    assert made["organization"]["name"] == "New"
    other = line.ok("campaign", "create", *wanted[:-1], "m", "--create-organization")
    assert other["organization"] == made["organization"]


def test_a_refused_campaign_creates_no_organization(command_line: CommandLine) -> None:
    wanted = ("--organization", "New", "--template", "essay", "--name", "n")
    command_line.refused("campaign", "create", *wanted, "--create-organization")
    assert command_line.ok("organization", "list") == {"organizations": []}


def test_an_ambiguous_name_asks_for_the_organization(any_command_line: CommandLine) -> None:
    line = any_command_line
    for name in ("Acme", "Bolt"):
        line.ok("organization", "create", name)
        create_campaign(line, organization=name)
    error = line.refused("campaign", "show", "first")
    assert error["code"] == "ambiguous_name"
    assert "--organization" in error["message"]
    shown = line.ok("campaign", "show", "first", "--organization", "Bolt")
    assert shown["organization"]["name"] == "Bolt"
    assert line.refused("import", "items", "first", items_file(line))["code"] == "ambiguous_name"


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        (("--option", "colour=red"), "option_invalid", "colour"),
        (("--option", "min_rationale_chars=x"), "option_invalid", "min_rationale_chars"),
        (("--overlap", "0"), "bad_request", None),
        (("--guidelines", "absent.md"), "bad_request", None),
    ],
)
def test_a_wrong_campaign_is_refused_with_the_reason(
    command_line: CommandLine, arguments: tuple[str, ...], code: str, field: str | None
) -> None:
    command_line.ok("organization", "create", "Acme")
    wanted = ("--organization", "Acme", "--template", "pairwise_preference", "--name", "n")
    error = command_line.refused("campaign", "create", *wanted, *arguments)
    assert error["code"] == code
    assert [row["field"] for row in error["rows"]] == ([field] if field else [])


def test_guidelines_come_from_a_file(command_line: CommandLine) -> None:
    command_line.ok("organization", "create", "Acme")
    (command_line.folder / "guidelines.md").write_text("# Be fair\n")
    create_campaign(command_line, "--guidelines", "guidelines.md")
    assert command_line.ok("campaign", "show", "first")["guidelines"] == "# Be fair\n"


def test_a_campaign_is_paused_opened_and_closed(stocked: CommandLine) -> None:
    assert stocked.ok("campaign", "pause", "first")["status"] == "paused"
    assert stocked.ok("campaign", "open", "first")["status"] == "open"
    assert stocked.ok("campaign", "close", "first")["status"] == "closed"
    error = stocked.refused("import", "items", "first", items_file(stocked))
    assert error["code"] == "campaign_closed"
    assert stocked.ok("campaign", "list", "--status", "open")["campaigns"] == []


def test_a_bad_file_is_refused_with_every_row(stocked: CommandLine) -> None:
    bad = stocked.write(
        "bad.jsonl",
        comparison_row("p-3"),
        comparison_row("p-4", prompt=...),
        comparison_row("p-5", responses=[{"text": "a"}] * 3),
    )
    error = stocked.refused("import", "items", "first", bad)
    assert error["code"] == "import_rejected"
    assert [(row["line"], row["field"]) for row in error["rows"]] == [
        (2, "prompt"),
        (3, "responses"),
    ]
    assert all(set(row) == {"line", "field", "problem", "expected"} for row in error["rows"])
    assert error["rejected"] == 2
    assert "--skip-bad-rows" in error["message"]
    assert stocked.ok("campaign", "show", "first")["progress"]["items"] == 2


def test_a_bad_file_is_explained_to_people_on_standard_error(stocked: CommandLine) -> None:
    bad = stocked.write("bad.jsonl", comparison_row("p-4", prompt=7))
    ran = stocked("import", "items", "first", bad)
    assert (ran.code, ran.stdout) == (1, "")
    assert re.search(r"1\s+prompt\s+is 7\s+text or a list", ran.stderr)


def test_long_lists_of_bad_rows_are_cut_for_people_only(command_line: CommandLine) -> None:
    command_line.ok("organization", "create", "Acme")
    create_campaign(command_line)
    bad = command_line.write("bad.jsonl", *(comparison_row(f"p-{n}", prompt=n) for n in range(80)))
    assert len(command_line.refused("import", "items", "first", bad)["rows"]) == 80
    said = command_line("import", "items", "first", bad).stderr
    assert "30 more" in said


def test_bad_rows_may_be_skipped(stocked: CommandLine) -> None:
    file = stocked.write("mixed.jsonl", comparison_row("p-3"), comparison_row("p-4", prompt=7))
    imported = stocked.ok("import", "items", "first", file, "--skip-bad-rows")
    assert (imported["added"], imported["rejected"]) == (1, 1)
    (line,) = Path(imported["rejected_file"]).read_text().splitlines()
    assert json.loads(line)["row"]["external_id"] == "p-4"
    said = stocked("import", "items", "first", file, "--skip-bad-rows").stdout
    assert "1 unchanged, 1 rejected" in said
    assert "mixed.jsonl.rejected.jsonl" in said


def test_text_that_looks_like_markup_is_printed_as_it_is(command_line: CommandLine) -> None:
    ran = command_line("organization", "create", "[red]Acme[/red] :smile:")
    assert "[red]Acme[/red] :smile:" in ran.stdout
    assert "[bold]x[/]" in command_line("campaign", "show", "[bold]x[/]").stderr


def test_a_user_is_created_with_a_password_shown_once(any_command_line: CommandLine) -> None:
    line = any_command_line
    line.ok("organization", "create", "Acme")
    who = ("--email", "Ada@Example.org", "--organization", "Acme", "--role", "expert")
    made = line.ok("user", "create", *who, "--name", "Ada")
    assert made["email"] == "ada@example.org"
    assert made["role"] == "expert"
    assert made["organization"]["name"] == "Acme"
    assert len(made["password"]) >= 20
    (listed,) = line.ok("user", "list", "--organization", "Acme")["users"]
    assert (listed["id"], listed["name"], listed["active"]) == (made["id"], "Ada", True)
    assert "password" not in listed
    assert line.refused("user", "create", *who)["code"] == "conflict"


def test_a_password_comes_from_standard_input(command_line: CommandLine) -> None:
    command_line.ok("organization", "create", "Acme")
    who = ("--email", "a@b.org", "--name", "A", "--organization", "Acme", "--role", "admin")
    error = command_line("user", "create", *who, "--password-stdin", "--json", stdin="short\n")
    assert error.code == 1
    assert error.error["rows"][0]["field"] == "password"
    secret = "a long enough secret"
    made = command_line("user", "create", *who, "--password-stdin", "--json", stdin=secret + "\n")
    assert made.code == 0
    assert secret not in made.stdout
    assert "password" not in made.document


def test_one_sign_in_may_belong_to_several_organizations(command_line: CommandLine) -> None:
    for name in ("Acme", "Bolt"):
        command_line.ok("organization", "create", name)
    ada = ("user", "create", "--email", "ada@b.org", "--role", "qa_lead")
    assert command_line.refused(*ada, "--organization", "Acme")["code"] == "bad_request"
    first = command_line.ok(*ada, "--organization", "Acme", "--name", "Ada")
    second = command_line.ok(*ada, "--organization", "Bolt")
    assert second["id"] == first["id"]
    assert "password" not in second
    command_line.ok("organization", "create", "Core")
    more = (*ada, "--organization", "Core", "--password-stdin", "--json")
    ran = command_line(*more, stdin="another long secret\n")
    assert ran.error["code"] == "bad_request"


def test_a_deactivated_user_stays_listed(any_command_line: CommandLine) -> None:
    line = any_command_line
    line.ok("organization", "create", "Acme")
    for email, role in (("boss@b.org", "admin"), ("ada@b.org", "expert")):
        who = ("--email", email, "--name", email, "--organization", "Acme", "--role", role)
        line.ok("user", "create", *who)
    left = line.ok("user", "deactivate", "ada@b.org", "--organization", "Acme")
    assert left["active"] is False
    users = line.ok("user", "list", "--organization", "Acme")["users"]
    assert {user["email"]: user["active"] for user in users} == {
        "ada@b.org": False,
        "boss@b.org": True,
    }
    last = line.refused("user", "deactivate", "boss@b.org", "--organization", "Acme")
    assert last["code"] == "conflict"
    nobody = line.refused("user", "deactivate", "no@b.org", "--organization", "Acme")
    assert nobody["code"] == "not_found"


def test_sqlite_refuses_several_processes_and_names_postgresql(command_line: CommandLine) -> None:
    error = command_line.refused("serve", "--workers", 2)
    assert error["code"] == "setup_incomplete"
    assert "PostgreSQL" in error["message"]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("WORKBENCH_DATABASE_URL", "not a url", "WORKBENCH_DATABASE_URL"),
        ("WORKBENCH_DATABASE_URL", "mysql://u:secret@h/x", "mysql is not supported"),
        ("WORKBENCH_DATABASE_URL", "sqlite://", "SQLite needs a file"),
        ("WORKBENCH_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x", "cannot be used"),
        ("WORKBENCH_LEASE_SECONDS", "soon", "WORKBENCH_LEASE_SECONDS"),
    ],
)
def test_wrong_settings_are_named(
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv(variable, value)
    error = command_line.refused("campaign", "list")
    assert error["code"] == "setup_incomplete"
    assert words in error["message"]
    assert "secret" not in error["message"]


def test_a_file_that_is_no_database_is_named(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = command_line.folder / "notes.db"
    path.write_text("These are my notes. " * 100)
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", f"sqlite:///{path}")
    error = command_line.refused("campaign", "list")
    assert error["code"] == "setup_incomplete"
    assert "notes.db" in error["message"]
    assert path.read_text().startswith("These are my notes.")


def test_a_data_directory_that_cannot_be_made_is_named(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (command_line.folder / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_DATA_DIR", str(command_line.folder / "file" / "data"))
    monkeypatch.setenv("WORKBENCH_DATABASE_URL", "")
    error = command_line.refused("campaign", "list")
    assert error["code"] == "system"
    assert "file" in error["message"]


def test_the_unexpected_is_one_document_too_and_traced_on_request(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*_: object, **__: object) -> None:
        message = "the floor gave way"
        raise LookupError(message)

    monkeypatch.setattr("workbench.people.organizations.create_organization", fall)
    ran = command_line("organization", "create", "Acme", "--json")
    assert (ran.code, ran.error["code"]) == (1, "internal")
    assert "the floor gave way" in ran.error["message"]
    assert "Traceback" not in ran.stderr
    traced = command_line("--debug", "organization", "create", "Acme", "--json")
    assert traced.error["code"] == "internal"
    assert "Traceback" in traced.stderr
    monkeypatch.setenv("WORKBENCH_LOG_LEVEL", "DEBUG")
    assert "Traceback" in command_line("organization", "create", "Acme").stderr


def test_an_interrupt_ends_with_130(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.people.organizations.create_organization", interrupt)
    ran = command_line("organization", "create", "Acme", "--json")
    assert (ran.code, ran.error["code"]) == (130, "interrupted")


def test_help_does_not_wait_for_the_database_or_the_data_libraries() -> None:
    heavy = ("sqlalchemy", "pyarrow", "pandas", "fastapi", "alembic", "pydantic_settings", "scipy")
    code = f"import sys, workbench.cli.main; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_json_after_two_dashes_is_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bogus", "--", "--json"]) == 2
    assert capsys.readouterr().out == ""
