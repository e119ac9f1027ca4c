"""From a Label Studio labeling configuration that nobody touched to a release, by commands and API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from tests.command_line import CommandLine
from tests.task_templates.folders import CONFIGS, JUDGED, Judged
from workbench.clock import FixedClock
from workbench.contracts.registry import register_folders
from workbench.database.session import Database
from workbench.models import Role
from workbench.people.members import add_member, create_person
from workbench.people.organizations import get_organization
from workbench.people.sign_in import start_sign_in
from workbench.settings import Settings
from workbench.web.app import create_app


@pytest.fixture
def line(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    folder = command_line.folder / "task-types"
    folder.mkdir()
    monkeypatch.setenv("WORKBENCH_TEMPLATE_DIR", str(folder))
    yield command_line
    register_folders(None)


class Work:
    """Experts who answer a campaign's tasks through the API."""

    def __init__(self, client: TestClient, database: Database, clock: FixedClock) -> None:
        self._client, self._database, self._clock = client, database, clock

    def sign_in(self, name: str) -> Mapping[str, str]:
        with self._database.write() as session:
            now = self._clock.now()
            organization = get_organization(session, reference="Acme")
            person = create_person(
                session, email=f"{name}@example.org", name=name, password=None, now=now
            )
            add_member(
                session,
                organization_id=organization.id,
                person_id=person.id,
                role=Role.EXPERT,
                now=now,
            )
            started = start_sign_in(
                session,
                person_id=person.id,
                now=now,
                last_for=timedelta(hours=1),
                address="127.0.0.1",
            )
        assert started is not None
        return {"cookie": f"workbench_session={started.secret}", "sec-fetch-site": "same-origin"}

    def post(self, headers: Mapping[str, str], path: str, body: Any) -> Any:
        response = self._client.post(f"/api/v1{path}", json=body, headers=dict(headers))
        assert response.status_code == 200, response.text
        return response.json()

    def judge(self, name: str, campaign: str, judged: Judged) -> dict[str, Any]:
        """Answer one task with the same clicks, whatever the order shown."""
        headers = self.sign_in(name)
        lease: dict[str, Any] = self.post(
            headers, f"/campaigns/{campaign}/claim", {"position": "current"}
        )
        body = {"token": lease["token"], "result": list(judged.result), "active_seconds": 4.0}
        self.post(headers, f"/assignments/{lease['assignment']}/submit", body)
        return lease


@pytest.mark.parametrize("key", sorted(JUDGED))
def test_an_unchanged_configuration_runs_from_import_to_export(
    line: CommandLine, key: str, sqlite_database: Database, clock: FixedClock
) -> None:
    judged = JUDGED[key]
    made = line.ok("template", "from-label-studio", CONFIGS / f"{key}.xml")
    folder = Path(made["folder"])
    assert (folder / "label_config.xml").read_bytes() == (CONFIGS / f"{key}.xml").read_bytes()
    checked = line.ok("template", "check", folder)
    assert checked["key"] == key
    line.ok("organization", "create", "Acme")
    campaign = line.ok(
        "campaign", "create", "--organization", "Acme", "--template", key, "--name", "c",
        "--overlap", "3",
    )  # fmt: skip
    items = line.write("items.jsonl", {"external_id": "one", **judged.item})
    line.ok("import", "items", "c", items)
    with TestClient(create_app(Settings(), database=sqlite_database, clock=clock)) as client:
        work = Work(client, sqlite_database, clock)
        leases = [work.judge(name, campaign["id"], judged) for name in ("ann", "ben", "cat")]
    assert all("alder" not in json.dumps(lease) for lease in leases)
    measured = line.ok("agreement", "c")
    assert {one["field"] for one in measured["measures"]} == set(checked["measures"])
    line.ok("release", "freeze", "c", "--name", "v1")
    exported = line.folder / "exported"
    line.ok(
        "release", "export", "c/v1", "--exporter", "raw_judgments", "--format", "parquet",
        "--to", exported,
    )  # fmt: skip
    line.ok("release", "verify", "c/v1", "--in", exported)
    (path,) = exported.rglob("*judgments*.parquet")
    values = [json.loads(value) for value in pq.read_table(path)["value"].to_pylist()]
    assert len(values) == 3
    assert {tuple(value) for value in values} == {tuple(values[0])}


def test_a_new_folder_is_in_order_and_listed(line: CommandLine) -> None:
    made = line.ok("template", "new", "answer_quality")
    assert "template.toml" in made["files"]
    assert line.ok("template", "check", made["folder"])["notes"] == []
    listed = {one["key"]: one for one in line.ok("template", "list")["templates"]}
    assert listed["answer_quality"]["folder"] == made["folder"]
    assert listed["step_grading"]["folder"] is None
    assert line.refused("template", "new", "answer_quality")["code"] == "conflict"
    assert "a-z" in line.refused("template", "new", "Answer quality")["message"]


def test_a_check_says_everything_and_fails(line: CommandLine) -> None:
    folder = Path(line.ok("template", "new", "mine")["folder"])
    toml = folder / "template.toml"
    toml.write_text(
        toml.read_text()
        .replace('level = "ordinal"', "")
        .replace("[controls.comment]", "[controls.remark]")
    )
    error = line.refused("template", "check", folder)
    assert error["code"] == "template_broken"
    (row,) = error["rows"]
    assert row["field"] == "template.toml controls.helpfulness.level"
    assert 'level = "nominal"' in row["expected"]
    plain = line("template", "check", folder)
    assert plain.code == 1
    assert str(row["line"]) in plain.stderr


def test_a_folder_with_a_fault_stops_every_command(line: CommandLine) -> None:
    folder = Path(line.ok("template", "new", "mine")["folder"])
    (folder / "guidelines.md").unlink()
    error = line.refused("campaign", "list")
    assert error["code"] == "template_broken"
    assert "guidelines.md" in error["message"]


def test_a_preview_is_furnished_with_the_examples_or_with_samples(line: CommandLine) -> None:
    folder = Path(line.ok("template", "new", "mine")["folder"])
    written = line.ok("template", "preview", folder, "--prepare-only")
    (folder / "examples.jsonl").unlink()
    made = line.ok("template", "preview", folder, "--prepare-only")
    assert (written["items"], made["items"]) == (2, 3)
    assert made["address"].startswith("http://127.0.0.1:8601/work/cmp_")
    assert made["email"]
    assert made["password"]


def test_a_configuration_without_examples_can_be_previewed(line: CommandLine) -> None:
    made = line.ok("template", "from-label-studio", CONFIGS / "pairwise.xml")
    assert line.ok("template", "preview", made["folder"], "--prepare-only")["items"] == 3


def test_the_key_of_an_installed_task_type_is_refused_wherever_it_is_given(
    line: CommandLine,
) -> None:
    assert "is the key of" in line.refused("template", "new", "step_grading")["message"]
    config = CONFIGS / "flags.xml"
    refused = line.refused("template", "from-label-studio", config, "--key", "step_grading")
    assert "is the key of" in refused["message"]
