"""Measurements, releases and exports over HTTP, for the roles and scopes that may."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from tests.factories import make_campaign, make_items
from tests.judged_campaigns import judge, make_annotators
from tests.web.site import Site
from workbench.aggregation.refresh import refresh_campaign
from workbench.database.session import Database
from workbench.models import Campaign, Role

API = "/api/v1"
ROWS = [[1, 2, 3], [-1, -1, 1], [0, 0, 0], [1, -1, 0]]


@dataclass
class Lab:
    site: Site
    campaign: Campaign
    engineer: TestClient

    def freeze(self, **wish: Any) -> dict[str, Any]:
        return answered(
            self.engineer.post(f"{API}/campaigns/{self.campaign.public_id}/releases", json=wish),
            201,
        )

    def export(self, release: dict[str, Any], **wish: Any) -> dict[str, Any]:
        return answered(self.engineer.post(f"{API}/releases/{release['id']}/exports", json=wish))


def answered(response: Any, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    document: dict[str, Any] = response.json()
    return document


@pytest.fixture
def lab(site: Site) -> Lab:
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization, name="first")
        items = make_items(session, site.clock, campaign, len(ROWS))
        raters = make_annotators(session, site.clock, campaign, ["Ann", "Bob", "Cy"])
        for item, row in zip(items, ROWS, strict=True):
            for rater, strength in zip(raters, row, strict=True):
                judge(session, site.clock, item, rater, {"strength": strength})
    scopes = ("campaigns:read", "items:write", "releases:read", "releases:write")
    return Lab(site, campaign, site.script(Role.ENGINEER, *scopes))


def test_agreement_is_measured_anew_unless_the_report_is_current(
    lab: Lab, sqlite_database: Database
) -> None:
    address = f"{API}/campaigns/{lab.campaign.public_id}/agreement"
    measured = answered(lab.engineer.get(address))
    assert measured["campaign"] == lab.campaign.public_id
    assert [one["field"] for one in measured["measures"]] == ["direction", "strength"]
    assert measured["measures"][0]["n_judgments"] == 12
    assert "Ann" not in json.dumps(measured)
    refresh_campaign(sqlite_database, campaign_id=lab.campaign.id, clock=lab.site.clock)
    assert answered(lab.engineer.get(address)) == measured


def test_consensus_answers_every_item_in_import_order(lab: Lab) -> None:
    document = answered(
        lab.engineer.get(f"{API}/campaigns/first/consensus", params={"method": "mean"})
    )
    assert document["method"] == "mean"
    assert [item["value"] for item in document["items"]] == ["second", "first", "tie", "tie"]
    assert list((lab.site.app.state.settings.data_dir / "answers").iterdir()) == []


def test_a_release_is_frozen_listed_and_told_with_its_manifest(lab: Lab) -> None:
    release = lab.freeze(name="v1", min_judgments=2, drop_ties=True)
    assert release["rows"]["preference"] == 2
    assert release["filters"] == {
        "min_judgments": 2,
        "min_confidence": 0.0,
        "drop_ties": True,
        "exclude": None,
    }
    for address in ("releases", f"campaigns/{lab.campaign.public_id}/releases"):
        listed = answered(lab.engineer.get(f"{API}/{address}"))
        assert listed["releases"] == [release]
        assert listed["total"] == 1
    whole = answered(lab.engineer.get(f"{API}/releases/{release['id']}"))
    assert {step["step"]: step["left_out"] for step in whole["manifest"]["steps"]}["ties"] == {
        "tie": 1
    }
    card = lab.engineer.get(f"{API}/releases/{release['id']}/card")
    assert card.headers["content-type"].startswith("text/markdown")
    assert card.text.startswith("# first / v1")
    (event,) = lab.site.events("release_frozen")
    assert event.actor == lab.site.members[Role.ENGINEER].person.public_id


def test_an_export_is_made_once_and_every_download_is_recorded(lab: Lab) -> None:
    release = lab.freeze()
    exported = lab.export(release, exporter="trl_preference", options={"form": "standard"})
    again = lab.export(release, exporter="trl_preference", options={"form": "standard"})
    assert again == exported
    other = lab.export(release, exporter="trl_preference", options={"form": "conversational"})
    assert other["export"] != exported["export"]
    address = f"{exported['export']}/{exported['file']}"
    content = lab.engineer.get(address)
    assert content.status_code == 200
    assert hashlib.sha256(content.content).hexdigest() == exported["sha256"]
    assert len(lab.site.events("release_downloaded")) == 1
    manifest = answered(lab.engineer.get(f"{exported['export']}/manifest.json"))
    assert manifest["files"]["trl_preference.parquet"]["sha256"] == exported["sha256"]
    assert len(lab.site.events("release_downloaded")) == 1


def test_the_preview_shows_the_first_rows_of_what_would_be_downloaded(lab: Lab) -> None:
    release = lab.freeze()
    wish = {"exporter": "trl_preference", "options": {"margin": False}}
    preview = answered(lab.engineer.post(f"{API}/releases/{release['id']}/preview", json=wish))
    exported = lab.export(release, **wish)
    folder = lab.site.app.state.settings.data_dir / "exports" / release["id"]
    (path,) = folder.glob(f"*/{exported['file']}")
    assert preview["rows"] == pq.read_table(path).to_pylist()[:3]


def test_a_damaged_export_is_made_again_and_a_damaged_release_is_refused(lab: Lab) -> None:
    release = lab.freeze()
    exported = lab.export(release, exporter="raw_judgments")
    data = lab.site.app.state.settings.data_dir
    (path,) = (data / "exports").glob("*/*/raw_judgments.parquet")
    path.write_bytes(b"damaged")
    assert lab.engineer.get(f"{exported['export']}/{exported['file']}").status_code == 404
    assert lab.export(release, exporter="raw_judgments") == exported
    assert answered(lab.engineer.post(f"{API}/releases/{release['id']}/verify"))["verified"]
    (data / "releases" / release["id"] / "items.parquet").write_bytes(b"damaged")
    refusal = answered(lab.engineer.post(f"{API}/releases/{release['id']}/verify"), 409)
    assert refusal["code"] == "verification_failed"
    assert refusal["rows"][0]["field"] == "items.parquet"


@pytest.mark.parametrize(
    "path",
    [
        "exports/{export}/../../secret.txt",
        "exports/..%2F..%2Freleases/manifest.json",
        "exports/{export}/trl_stepwise.parquet",
        "exports/00000000000000000000/manifest.json",
    ],
)
def test_nothing_but_exports_can_be_downloaded(lab: Lab, path: str) -> None:
    release = lab.freeze()
    exported = lab.export(release, exporter="raw_judgments")
    export = exported["export"].rpartition("/")[2]
    response = lab.engineer.get(f"{API}/releases/{release['id']}/{path.format(export=export)}")
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"exporter": "nope"}, "bad_request"),
        ({"exporter": "trl_stepwise"}, "bad_request"),
        ({"exporter": "trl_preference", "options": {"form": "plain"}}, "option_invalid"),
    ],
)
def test_exports_that_make_no_sense_are_refused(lab: Lab, wish: dict[str, Any], code: str) -> None:
    release = lab.freeze()
    response = lab.engineer.post(f"{API}/releases/{release['id']}/exports", json=wish)
    assert response.json()["code"] == code


def test_another_organization_s_releases_do_not_exist(lab: Lab) -> None:
    release = lab.freeze()
    elsewhere = lab.site.add_organization("Elsewhere")
    outsider = lab.site.browser(lab.site.add_member(Role.ADMIN, elsewhere))
    for path in (f"releases/{release['id']}", f"releases/{release['id']}/card"):
        assert outsider.get(f"{API}/{path}").status_code == 404
    assert answered(outsider.get(f"{API}/releases"))["total"] == 0
    assert outsider.get(f"{API}/campaigns/{lab.campaign.public_id}/agreement").status_code == 404


def test_a_lead_reads_releases_but_freezes_and_takes_none(lab: Lab) -> None:
    release = lab.freeze()
    lead = lab.site.browser(Role.QA_LEAD)
    assert lead.get(f"{API}/releases/{release['id']}").status_code == 200
    wish = {"exporter": "raw_judgments"}
    for path, body in (
        ("campaigns/first/releases", {}),
        (f"releases/{release['id']}/exports", wish),
    ):
        assert lead.post(f"{API}/{path}", json=body).status_code == 403


def test_tokens_reach_what_their_scopes_name(lab: Lab) -> None:
    release = lab.freeze()
    reader = lab.site.script(Role.ENGINEER, "releases:read")
    assert reader.get(f"{API}/releases/{release['id']}").status_code == 200
    assert reader.post(f"{API}/campaigns/first/releases", json={}).status_code == 403
    assert reader.get(f"{API}/campaigns/first/agreement").status_code == 403


def test_items_and_judgments_are_imported_and_bad_rows_listed(lab: Lab) -> None:
    row = {"external_id": "new", "prompt": "Hi", "responses": [{"text": "a"}, {"text": "b"}]}
    address = f"{API}/campaigns/first/items?filename=items.jsonl"
    added = answered(lab.engineer.post(address, content=json.dumps(row)))
    assert (added["added"], added["unchanged"]) == (1, 0)
    assert answered(lab.engineer.post(address, content=json.dumps(row)))["unchanged"] == 1
    judgment = {"external_id": "new", "annotator": "Ann", "value": {"strength": -3}}
    address = f"{API}/campaigns/first/judgments?filename=judgments.jsonl"
    assert answered(lab.engineer.post(address, content=json.dumps(judgment)))["added"] == 1
    judgment["value"] = {"strength": 9}
    judgment["annotator"] = "Bob"
    refusal = answered(lab.engineer.post(address, content=json.dumps(judgment)), 422)
    assert refusal["rows"][0]["line"] == 1
    skipped = answered(
        lab.engineer.post(address + "&skip_bad_rows=true", content=json.dumps(judgment))
    )
    assert (skipped["added"], skipped["rejected"]) == (0, 1)


def test_campaigns_are_listed_and_found_by_name(lab: Lab) -> None:
    listed = answered(lab.engineer.get(f"{API}/campaigns"))
    assert [one["name"] for one in listed["campaigns"]] == ["first"]
    found = answered(lab.engineer.get(f"{API}/campaigns/first"))
    assert found == listed["campaigns"][0]
    assert found["progress"]["judgments"] == 12
