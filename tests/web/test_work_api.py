"""The routes that the work page speaks, each over HTTP and for the roles that may."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from sqlalchemy import select

from tests.answers import comparison_result
from tests.factories import make_campaign, make_items, make_organization
from workbench.campaigns.campaign import set_status
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.models import Annotator, Campaign, CampaignStatus, Flag, Organization, Role
from workbench.people.members import add_member, create_person
from workbench.people.sign_in import start_sign_in
from workbench.settings import Settings
from workbench.web.api import work as routes
from workbench.web.app import create_app

LEASE_SECONDS = 900

_numbers = itertools.count(1)


@dataclass
class Browser:
    """One person's signed-in browser."""

    client: TestClient
    headers: dict[str, str]

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.request(
            method,
            f"/api/v1{path}",
            content=None if body is None else json.dumps(body),
            headers={**self.headers, "content-type": "application/json"},
        )
        assert response.status_code == status, response.text
        if status >= 400:
            assert response.headers["content-type"] == "application/problem+json"
        return response.json() if response.content else None

    def claim(self, campaign: str, position: str = "current") -> dict[str, Any]:
        lease = self("POST", f"/campaigns/{campaign}/claim", {"position": position})
        TypeAdapter(routes.LeaseShown).validate_python(lease)
        assert isinstance(lease, dict)
        return lease

    def submit(self, lease: dict[str, Any], strength: int = -1) -> dict[str, Any]:
        body = {
            "token": lease["token"],
            "result": comparison_result(strength),
            "active_seconds": 3.5,
        }
        submitted = self("POST", f"/assignments/{lease['assignment']}/submit", body)
        TypeAdapter(routes.Submitted).validate_python(submitted)
        assert isinstance(submitted, dict)
        return submitted


class Lab:
    """An organization with a campaign of three items, served."""

    def __init__(self, database: Database, clock: FixedClock, client: TestClient) -> None:
        self.database, self.clock, self.client = database, clock, client
        with database.write() as session:
            organization = make_organization(session, clock)
            campaign = make_campaign(session, clock, organization)
            make_items(session, clock, campaign, 3)
        self.organization = organization
        self.campaign = campaign.public_id

    def sign_in(
        self, role: Role = Role.EXPERT, organization: Organization | None = None
    ) -> Browser:
        with self.database.write() as session:
            now = self.clock.now()
            name = f"person-{next(_numbers)}"
            person = create_person(
                session, email=f"{name}@example.org", name=name, password=None, now=now
            )
            add_member(
                session,
                organization_id=(organization or self.organization).id,
                person_id=person.id,
                role=role,
                now=now,
            )
            signed_in = start_sign_in(
                session,
                person_id=person.id,
                now=now,
                last_for=timedelta(hours=14),
                address="127.0.0.1",
            )
            assert signed_in is not None
        return Browser(
            self.client,
            {"cookie": f"workbench_session={signed_in.secret}", "sec-fetch-site": "same-origin"},
        )

    def set_status(self, status: CampaignStatus) -> None:
        with self.database.write() as session:
            campaign = session.scalars(select(Campaign)).one()
            set_status(session, campaign, status, now=self.clock.now(), actor="cli")


@pytest.fixture
def lab(database: Database, clock: FixedClock, settings: Settings) -> Iterator[Lab]:
    app = create_app(settings, database=database, clock=clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Lab(database, clock, client)


def test_an_expert_works_through_a_campaign(lab: Lab) -> None:
    expert = lab.sign_in()
    first = expert.claim(lab.campaign)
    prefetched = expert.claim(lab.campaign, "next")
    assert first["lease_seconds"] == LEASE_SECONDS
    assert first["config_key"] == prefetched["config_key"]
    assert first["draft"] is None
    submitted = expert.submit(first)
    assert submitted["next"]["assignment"] == prefetched["assignment"]
    assert submitted["next"]["token"] == prefetched["token"]
    assert expert.submit(prefetched)["next"] is None
    expert.submit(expert.claim(lab.campaign))
    expert("POST", f"/campaigns/{lab.campaign}/claim", {"position": "current"}, status=204)
    progress = expert("GET", f"/campaigns/{lab.campaign}/progress")
    assert progress == {"done": 3, "remaining": 0, "has_more": False}


def test_nothing_of_where_a_response_comes_from_reaches_the_expert(lab: Lab) -> None:
    expert = lab.sign_in()
    lease = expert.claim(lab.campaign)
    submitted = expert.submit(lease)
    seen = [
        lease,
        submitted,
        expert("GET", f"/judgments/{submitted['judgment']}"),
        expert("GET", f"/campaigns/{lab.campaign}/judgments"),
    ]
    for secret in ("atlas", "borealis", "presentation", 'strength":-', "item-"):
        assert secret not in str(seen)


def test_a_lease_is_renewed_until_it_is_lost(lab: Lab) -> None:
    expert = lab.sign_in()
    lease = expert.claim(lab.campaign)
    renew = f"/assignments/{lease['assignment']}/renew"
    lab.clock.advance(timedelta(minutes=14))
    renewed = expert("POST", renew, {"token": lease["token"]})
    assert renewed["expires_at"] > lease["expires_at"]
    lab.clock.advance(timedelta(minutes=16))
    problem = expert("POST", renew, {"token": lease["token"]}, status=409)
    assert problem["code"] == "lease_lost"
    assert expert.claim(lab.campaign)["assignment"] == lease["assignment"]


def test_the_newer_draft_wins_and_comes_with_the_task(lab: Lab) -> None:
    expert = lab.sign_in()
    lease = expert.claim(lab.campaign)
    path = f"/assignments/{lease['assignment']}/draft"

    def draft(revision: int, strength: int) -> dict[str, Any]:
        return {
            "token": lease["token"],
            "revision": revision,
            "result": comparison_result(strength),
            "active_seconds": 0,
        }

    assert expert("PUT", path, draft(7, 2)) == {"revision": 7}
    problem = expert("PUT", path, draft(6, 1), status=409)
    assert problem["code"] == "draft_stale"
    assert problem["draft"] == {
        "revision": 7,
        "result": comparison_result(2),
        "active_seconds": 0.0,
    }
    assert expert.claim(lab.campaign)["draft"] == problem["draft"]


def test_the_same_submission_twice_is_one_judgment(lab: Lab) -> None:
    expert = lab.sign_in()
    lease = expert.claim(lab.campaign)
    first, second = expert.submit(lease, -1), expert.submit(lease, -1)
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert second["judgment"] == first["judgment"]


def test_a_late_submission_is_kept_as_surplus(lab: Lab) -> None:
    late, quick = lab.sign_in(), lab.sign_in()
    lease = late.claim(lab.campaign)
    lab.clock.advance(timedelta(minutes=16))
    quick.submit(quick.claim(lab.campaign))
    assert late.submit(lease)["surplus"]


def test_an_incomplete_answer_is_refused_with_what_is_missing(lab: Lab) -> None:
    expert = lab.sign_in()
    lease = expert.claim(lab.campaign)
    body = {"token": lease["token"], "result": [], "active_seconds": 1}
    problem = expert("POST", f"/assignments/{lease['assignment']}/submit", body, status=422)
    assert problem["code"] == "judgment_invalid"
    assert [row["field"] for row in problem["rows"]] == ["strength"]


def test_a_task_is_skipped_flagged_or_released(lab: Lab) -> None:
    expert = lab.sign_in()
    left = []
    for action in ("skip", "flag"):
        lease = expert.claim(lab.campaign)
        expert.claim(lab.campaign, "next")
        departure = {"token": lease["token"], "reason": "not_my_field", "note": "Tax law.\n"}
        answer = expert("POST", f"/assignments/{lease['assignment']}/{action}", departure)
        assert answer["next"]["assignment"] != lease["assignment"]
        left.append(lease["assignment"])
    last = expert.claim(lab.campaign)
    assert last["assignment"] not in left
    path = f"/assignments/{last['assignment']}/release"
    expert("POST", path, {"token": last["token"]}, status=204)
    assert expert("POST", path, {"token": last["token"]}, status=409)["code"] == "lease_lost"
    with lab.database.read() as session:
        assert session.scalars(select(Flag.note)).one() == "Tax law.\n"


def test_one_s_own_judgments_are_looked_at_and_revised(lab: Lab) -> None:
    expert = lab.sign_in()
    kept = [expert.submit(expert.claim(lab.campaign))["judgment"] for _ in range(3)]
    page = expert("GET", f"/campaigns/{lab.campaign}/judgments?limit=2")
    TypeAdapter(routes.JudgmentPage).validate_python(page)
    assert [entry["judgment"] for entry in page["judgments"]] == [kept[2], kept[1]]
    rest = expert("GET", f"/campaigns/{lab.campaign}/judgments?before={page['before']}")
    assert [entry["judgment"] for entry in rest["judgments"]] == [kept[0]]
    shown = expert("GET", f"/judgments/{kept[0]}")
    TypeAdapter(routes.JudgmentShown).validate_python(shown)
    assert shown["result"] == comparison_result(-1)
    revision = {"result": comparison_result(3), "active_seconds": 2}
    revised = expert("POST", f"/judgments/{kept[0]}/revise", revision)
    assert expert("GET", f"/judgments/{revised['judgment']}")["result"] == comparison_result(3)
    assert expert("GET", f"/judgments/{kept[0]}")["is_superseded"]
    problem = expert("POST", f"/judgments/{kept[0]}/revise", revision, status=409)
    assert problem["code"] == "conflict"


def test_another_expert_s_work_and_another_organization_s_campaign_are_not_found(lab: Lab) -> None:
    owner, colleague = lab.sign_in(), lab.sign_in()
    with lab.database.write() as session:
        elsewhere = make_organization(session, lab.clock, "Elsewhere")
    stranger = lab.sign_in(organization=elsewhere)
    lease = owner.claim(lab.campaign)
    judgment = owner.submit(owner.claim(lab.campaign, "next"))["judgment"]
    body = {"token": lease["token"]}
    revision = {"result": comparison_result(1), "active_seconds": 1}
    answer = {**body, **revision}
    departure = {**body, "reason": "unclear"}
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", f"/assignments/{lease['assignment']}/renew", body),
        ("POST", f"/assignments/{lease['assignment']}/release", body),
        ("POST", f"/assignments/{lease['assignment']}/skip", departure),
        ("POST", f"/assignments/{lease['assignment']}/flag", departure),
        ("POST", f"/assignments/{lease['assignment']}/submit", answer),
        ("PUT", f"/assignments/{lease['assignment']}/draft", {**answer, "revision": 1}),
        ("GET", f"/judgments/{judgment}", None),
        ("POST", f"/judgments/{judgment}/revise", revision),
    ]
    for method, path, content in calls:
        for other in (colleague, stranger):
            assert other(method, path, content, status=404)["code"] == "not_found"
    for path in ("claim", "progress", "judgments"):
        method = "POST" if path == "claim" else "GET"
        content = {} if path == "claim" else None
        stranger(method, f"/campaigns/{lab.campaign}/{path}", content, status=404)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.QA_LEAD, Role.ENGINEER])
def test_only_experts_are_given_tasks(lab: Lab, role: Role) -> None:
    lead = lab.sign_in(role)
    problem = lead("POST", f"/campaigns/{lab.campaign}/claim", {}, status=403)
    assert problem["code"] == "not_allowed"


def test_a_closed_campaign_gives_nothing_and_keeps_what_is_handed_in(lab: Lab) -> None:
    expert = lab.sign_in()
    lease = expert.claim(lab.campaign)
    lab.set_status(CampaignStatus.CLOSED)
    problem = expert("POST", f"/campaigns/{lab.campaign}/claim", {}, status=409)
    assert problem["code"] == "campaign_closed"
    assert not expert.submit(lease)["surplus"]


@pytest.mark.parametrize(
    "content",
    [
        {"result": [{"value": "\ud800"}]},
        {"result": [{"value": "x" * 1_100_000}]},
        {"result": {}},
        {"active_seconds": -1},
        {"active_seconds": float("nan")},
        {"surprise": 1},
    ],
)
def test_what_cannot_be_kept_is_refused_before_it_reaches_the_database(
    lab: Lab, content: dict[str, Any]
) -> None:
    expert = lab.sign_in()
    lease = expert.claim(lab.campaign)
    body = {"token": lease["token"], "result": [], "active_seconds": 1, **content}
    problem = expert("POST", f"/assignments/{lease['assignment']}/submit", body, status=422)
    assert problem["code"] == "request_invalid"


def test_an_address_that_no_database_can_look_up_is_not_found(lab: Lab) -> None:
    expert = lab.sign_in()
    expert("POST", "/campaigns/%00/claim", {}, status=404)
    expert("POST", "/campaigns/cmp_unknown/claim", {}, status=404)


def test_a_person_without_an_annotator_is_refused(lab: Lab) -> None:
    expert = lab.sign_in()
    with lab.database.write() as session:
        session.scalars(select(Annotator)).one().person_id = None
    expert("POST", f"/campaigns/{lab.campaign}/claim", {}, status=403)
