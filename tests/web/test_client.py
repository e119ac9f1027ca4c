"""The Python client against the real server, over a socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pyarrow.parquet as pq
import pytest
import uvicorn

from tests.factories import comparison, make_campaign, make_member, make_organization
from workbench.client import Client, ClientError
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.models import Campaign, Role
from workbench.people.tokens import create_token
from workbench.releases.verify import verify_export
from workbench.settings import Settings
from workbench.web.app import create_app

SCOPES = ("campaigns:read", "items:write", "releases:read", "releases:write")


@dataclass
class Lab:
    client: Client
    campaign: Campaign
    url: str
    token: str
    settings: Settings


@pytest.fixture
def lab(sqlite_database: Database, clock: FixedClock, settings: Settings) -> Iterator[Lab]:
    app = create_app(settings, database=sqlite_database, clock=clock)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    with sqlite_database.write() as session:
        organization = make_organization(session, clock)
        campaign = make_campaign(session, clock, organization, name="law/2026")
        _, membership = make_member(session, clock, organization, Role.ENGINEER)
        _, token = create_token(
            session, membership_id=membership.id, name="lab", scopes=SCOPES, now=clock.now()
        )
    url = f"http://{host}:{port}"
    with Client(url, token) as client:
        yield Lab(client, campaign, url, token, settings)
    server.should_exit = True
    thread.join(10)


def fill(lab: Lab) -> None:
    """Import three comparisons from rows, and two judgments on each from a file."""
    items = [{"external_id": f"p-{number}", **comparison(number)} for number in range(3)]
    assert lab.client.import_items("law/2026", items).added == 3
    rows = [
        {"external_id": f"p-{number}", "annotator": who, "value": {"strength": strength}}
        for number, strengths in enumerate([(1, 2), (-3, -1), (0, 0)])
        for who, strength in zip(("Ann", "Bob"), strengths, strict=True)
    ]
    path = lab.settings.data_dir / "judgments.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert lab.client.import_judgments(lab.client.campaigns()[0], path).added == 6


def test_from_items_to_a_data_frame(lab: Lab) -> None:
    fill(lab)
    (campaign,) = lab.client.campaigns()
    assert campaign == lab.client.campaign(campaign.id)
    assert (campaign.name, campaign.items, campaign.judgments) == ("law/2026", 3, 6)
    agreement = lab.client.agreement(campaign)
    assert agreement["direction"].alpha == 1.0
    assert agreement["strength"].n_judgments == 6
    consensus = lab.client.consensus(campaign, "mean")
    assert [(one.external_id, one.value) for one in consensus] == [
        ("p-0", "second"),
        ("p-1", "first"),
        ("p-2", "tie"),
    ]
    release = lab.client.freeze_release(campaign, name="v1", min_judgments=2)
    assert lab.client.releases() == lab.client.releases(campaign) == [release]
    assert release.rows["preference"] == 2
    assert lab.client.manifest(release)["files"]["items.parquet"]["rows"] == 3
    export = lab.client.export(release, "trl_preference", form="standard")
    frame = export.to_pandas()
    assert list(frame.columns) == ["prompt", "chosen", "rejected", "margin"]
    assert frame["chosen"].tolist() == ["Second answer to 0.", "First answer to 1."]
    assert export.to_arrow().num_rows == export.rows == 2


def test_a_campaign_is_followed_by_another(lab: Lab) -> None:
    fill(lab)
    edits = lab.client.follow(
        "law/2026", name="edits", template="critique_and_edit", consensus="mean", min_judgments=2
    )
    assert (edits.source_name, edits.record, edits.consensus) == ("law/2026", "preference", "mean")
    assert lab.client.follow_ups("law/2026") == [edits]
    assert lab.client.campaign("edits").template == "critique_and_edit"
    with pytest.raises(ClientError, match=r"these can: .*step_grading"):
        lab.client.follow("law/2026", name="more", template="rubric_grading")


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_an_export_becomes_a_data_set(lab: Lab, kind: str) -> None:
    fill(lab)
    release = lab.client.freeze_release("law/2026")
    export = lab.client.export(
        release.id, "trl_preference", format="parquet" if kind == "parquet" else "jsonl"
    )
    dataset = export.to_dataset()
    assert dataset[0]["chosen"] == [{"role": "assistant", "content": "Second answer to 0."}]
    assert dataset.column_names == ["prompt", "chosen", "rejected", "margin"]


def test_a_release_is_frozen_without_the_prompts_of_a_file(lab: Lab, tmp_path: Path) -> None:
    fill(lab)
    whole = lab.client.freeze_release("law/2026")
    records = lab.client.export(whole, "trl_preference", form="standard").to_pandas()
    file = tmp_path / "benchmark.txt"
    file.write_text(records["prompt"][0])
    guarded = lab.client.freeze_release("law/2026", name="guarded", exclude=file)
    assert guarded.filters["exclude"]["file"] == "benchmark.txt"
    assert guarded.rows["preference"] == whole.rows["preference"] - 1


def test_a_saved_export_passes_verification(lab: Lab, tmp_path: Path) -> None:
    fill(lab)
    release = lab.client.freeze_release("law/2026")
    export = lab.client.export(release, "raw_judgments")
    path = export.save(tmp_path / "out")
    assert pq.read_metadata(path).num_rows == 6
    assert export.manifest()["files"]["raw_judgments.parquet"]["sha256"] == export.files[0].sha256
    verify_export(tmp_path / "out", release_id=release.id, release_sha256=release.manifest_sha256)
    assert export.save(tmp_path / "out") == path
    other = lab.client.export(release, "trl_preference")
    with pytest.raises(ClientError) as failure:
        other.save(tmp_path / "out")
    assert failure.value.code == "conflict"
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        "manifest.json",
        "raw_judgments.parquet",
    ]


def test_the_splits_of_an_export_are_read_one_by_one(lab: Lab, tmp_path: Path) -> None:
    fill(lab)
    release = lab.client.freeze_release("law/2026")
    whole = lab.client.export(release, "raw_judgments")
    split = lab.client.export(release, "raw_judgments", splits={"train": 0.5, "test": 0.5})
    assert (list(split.splits), list(whole.splits)) == (["test", "train"], [])
    assert sum(split.to_arrow(name).num_rows for name in split.splits) == whole.rows == 6
    with pytest.raises(ClientError) as failure:
        split.to_arrow()
    assert failure.value.code == "no_such_split"
    split.save(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json",
        "raw_judgments-test.parquet",
        "raw_judgments-train.parquet",
    ]
    with pytest.raises(ClientError) as refused:
        lab.client.export(release, "raw_judgments", splits={"train": 0.5})
    assert refused.value.faults[0].field == "splits"


def test_a_download_that_was_tampered_with_is_refused(lab: Lab, tmp_path: Path) -> None:
    fill(lab)
    export = lab.client.export(lab.client.freeze_release("law/2026"), "raw_judgments")
    export.files = [replace(export.files[0], sha256="0" * 64)]
    with pytest.raises(ClientError) as failure:
        export.save(tmp_path)
    assert failure.value.code == "verification_failed"
    assert list(tmp_path.glob("*.parquet")) == []


def test_refusals_carry_the_server_s_code_and_rows(lab: Lab) -> None:
    with pytest.raises(ClientError) as failure:
        lab.client.import_items("law/2026", [{"external_id": "x", "prompt": "no responses"}])
    assert (failure.value.code, failure.value.status) == ("import_rejected", 422)
    assert (failure.value.faults[0].line, failure.value.faults[0].field) == (1, "responses")
    skipped = lab.client.import_items(
        "law/2026", [{"external_id": "x", "prompt": "no responses"}], skip_bad_rows=True
    )
    assert (skipped.rejected, skipped.faults[0].field) == (1, "responses")
    for reference in ("nowhere", "no/where"):
        with pytest.raises(ClientError) as failure:
            lab.client.agreement(reference)
        assert failure.value.code == "not_found"
    with Client(lab.url, "wbt_wrong") as stranger, pytest.raises(ClientError) as failure:
        stranger.campaigns()
    assert (failure.value.code, failure.value.status) == ("not_signed_in", 401)


def test_a_server_that_is_not_there_is_said_to_be_unreachable() -> None:
    with Client("http://127.0.0.1:9", "token") as client, pytest.raises(ClientError) as failure:
        client.campaigns()
    assert (failure.value.code, failure.value.status) == ("unreachable", None)


def test_an_answer_that_is_no_problem_document_is_still_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as a proxy's page."""
    page = httpx2.MockTransport(lambda _: httpx2.Response(502, text="<html>Bad gateway</html>"))
    real = httpx2.Client
    monkeypatch.setattr(httpx2, "Client", lambda **given: real(**given, transport=page))
    with Client("http://proxy", "token") as client, pytest.raises(ClientError) as failure:
        client.campaigns()
    assert failure.value.code == "http_502"
