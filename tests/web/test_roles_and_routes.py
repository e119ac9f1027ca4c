"""The four roles against every route, API tokens against every scope, labs against each other."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from tests.answers import comparison_result
from tests.factories import make_campaign, make_items
from tests.pictures import png
from tests.web.route_table import PUBLIC, RULES, Rule
from tests.web.site import PAGE, Site
from workbench.assignment.queue import claim_next
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.importing.image_headers import read_header
from workbench.importing.image_store import FetchedImage, store_image
from workbench.judging.submission import submit_judgment
from workbench.models import Item, Position, Release, Role
from workbench.people.annotators import find_annotator_id
from workbench.people.tokens import SCOPES_OF_ROLE, Scope, create_token
from workbench.releases.freeze import freeze_release
from workbench.settings import Settings
from workbench.web.app import create_app
from workbench.web.edge import permission_of

NOBODYS = {
    "campaign": "cmp_0000000000000000",
    "item": "itm_0000000000000000",
    "assignment": "asg_0000000000000000",
    "judgment": "jdg_0000000000000000",
    "release": "rel_0000000000000000",
    "person": "per_0000000000000000",
    "token": "tok_0000000000000000",
    "export": "raw_judgments-0000000000000000",
    "file": "raw_judgments.parquet",
    "sha256": "0" * 64,
}


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One application for the whole table: its rules change nothing that another rule needs."""
    folder = tmp_path_factory.mktemp("roles")
    shutil.copy(sqlite_template, folder / "workbench.db")
    database = Database.open(f"sqlite:///{folder / 'workbench.db'}", pool_size=20)
    clock = FixedClock(datetime(2026, 5, 1, 10, tzinfo=UTC))
    app = create_app(Settings(data_dir=folder), database=database, clock=clock)
    site = Site(app, database, clock)
    with site.client:
        yield site
    database.dispose()


@pytest.fixture(scope="module")
def belongings(served: Site) -> Mapping[str, str]:
    """Something of everything that an address can name, all of it of the served organization."""
    expert, engineer = served.members[Role.EXPERT], served.members[Role.ENGINEER]
    now = served.clock.now()
    with served.database.write() as session:
        campaign = make_campaign(session, served.clock, served.organization)
        make_items(session, served.clock, campaign, 2)
        expert_id = find_annotator_id(
            session, organization_id=served.organization.id, person_id=expert.person.id
        )
        assert expert_id is not None
        hour = timedelta(hours=1)
        queue = {
            "campaign_id": campaign.id,
            "expert_id": expert_id,
            "position": Position.CURRENT,
            "now": now,
            "lease_for": hour,
        }
        judged = claim_next(session, **queue)
        assert judged is not None
        submission = submit_judgment(
            session,
            assignment=judged.assignment,
            expert_id=expert_id,
            actor=expert.person.public_id,
            token=judged.token,
            result=comparison_result(-2),
            active_seconds=1.0,
            now=now,
            lease_for=hour,
        )
        leased = claim_next(session, **queue)
        assert leased is not None
        item = session.get_one(Item, judged.item_id)
        token, _ = create_token(
            session,
            membership_id=engineer.membership.id,
            name="nightly",
            scopes=["releases:read"],
            now=now,
        )
        picture = _store_picture(served, session)
    freeze_release(
        served.database,
        served.app.state.settings,
        campaign_id=campaign.id,
        actor="cli",
        clock=served.clock,
    )
    with served.database.read() as session:
        release = session.scalars(select(Release)).one()
    exported = served.browser(Role.ENGINEER).post(
        f"/api/v1/releases/{release.public_id}/exports", json={"exporter": "raw_judgments"}
    )
    return {
        "campaign": campaign.public_id,
        "item": item.public_id,
        "assignment": leased.assignment,
        "judgment": submission.judgment,
        "release": release.public_id,
        "person": expert.person.public_id,
        "token": token.public_id,
        "export": exported.json()["export"].rpartition("/")[2],
        "file": exported.json()["file"],
        "sha256": picture,
    }


def _store_picture(served: Site, session: Session) -> str:
    content = png()
    path = served.app.state.settings.data_dir / "picture.png"
    path.write_bytes(content)
    header = read_header(content)
    assert header is not None
    image = FetchedImage(
        sha256=hashlib.sha256(content).hexdigest(),
        header=header,
        size=len(content),
        source_url=None,
        path=path,
    )
    store_image(
        session,
        image,
        data_dir=path.parent,
        organization_id=served.organization.id,
        now=served.clock.now(),
    )
    return image.sha256


def _routes(app: FastAPI) -> dict[str, Any]:
    return {
        f"{method} {context.path}": context
        for context in iter_route_contexts(app.routes)
        for method in (context.methods or ())
        if method != "HEAD"
    }


def _call(client: TestClient, rule: Rule, ids: Mapping[str, str]) -> Any:
    return client.request(
        rule.method,
        rule.path.format_map(ids),
        headers=PAGE,
        params={name: text.format_map(ids) for name, text in (rule.query or {}).items()},
        data=rule.form,
        json=rule.json,
        files={"file": ("rows.jsonl", rule.file)} if rule.file else None,
    )


def test_every_route_is_in_the_table_or_public(served: Site) -> None:
    assert set(_routes(served.app)) == {rule.name for rule in RULES} | PUBLIC


def test_every_route_declares_what_the_table_says(served: Site) -> None:
    routes = _routes(served.app)
    for name in PUBLIC:
        dependant = getattr(routes[name], "dependant", None)
        assert dependant is None or permission_of(dependant) is None, name
    for rule in RULES:
        permission = permission_of(routes[rule.name].dependant)
        assert permission is not None, rule.name
        assert (permission.roles, permission.scope) == (rule.roles, rule.scope), rule.name


def test_every_scope_of_a_route_can_be_given_to_a_token_of_its_roles() -> None:
    for rule in RULES:
        if rule.scope not in (None, "any"):
            for role in rule.roles:
                assert Scope(rule.scope) in SCOPES_OF_ROLE[role], rule.name


def test_every_id_in_an_address_is_one_that_the_tests_know() -> None:
    named = {name for rule in RULES for name in re.findall(r"{(\w+)}", rule.path)}
    assert named == set(NOBODYS)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_route_answers_the_roles_it_is_for_and_no_other(
    served: Site, rule: Rule, role: Role
) -> None:
    browser = served.browser(role)
    with capture_logs() as events:
        response = _call(browser, rule, NOBODYS)
    assert response.status_code < 500
    assert events[-1]["actor"] == served.members[role].person.public_id
    assert (response.status_code != 403) == (role in rule.roles)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_route_answers_nobody_who_is_not_signed_in(served: Site, rule: Rule) -> None:
    for cookie in (None, "a-cookie-of-nobody"):
        stranger = served.stranger()
        stranger.headers["sec-fetch-site"] = "same-origin"
        if cookie:
            stranger.cookies.set("workbench_session", cookie)
        response = _call(stranger, rule, NOBODYS)
        if rule.path.startswith("/api/"):
            assert response.status_code == 401
        else:
            assert response.status_code == 303
            assert response.headers["location"].startswith("http://testserver/sign-in")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_token_reaches_what_its_scope_says_and_no_more(served: Site, rule: Rule) -> None:
    for role in Role:
        for scope in SCOPES_OF_ROLE[role]:
            response = _call(served.script(role, scope), rule, NOBODYS)
            may = role in rule.roles and rule.scope in ("any", scope)
            assert response.status_code < 500
            assert (response.status_code != 403) == may, (role, scope)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "{" in rule.path], ids=lambda rule: rule.name
)
def test_nothing_of_another_organization_is_there(
    served: Site, belongings: Mapping[str, str], rule: Rule
) -> None:
    other = served.add_organization(f"Other lab for {rule.name}")
    for role in sorted(rule.roles):
        member = served.add_member(role, other)
        response = _call(served.browser(member), rule, belongings)
        assert response.status_code == 404, role


@pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES if "{" in rule.path and rule.method == "GET"],
    ids=lambda rule: rule.name,
)
def test_the_same_address_is_there_for_its_own_organization(
    served: Site, belongings: Mapping[str, str], rule: Rule
) -> None:
    for role in rule.roles:
        response = _call(served.browser(role), rule, belongings)
        assert response.status_code not in (403, 404), (role, response.text)


def test_an_item_is_not_found_through_a_campaign_it_is_not_in(
    served: Site, belongings: Mapping[str, str]
) -> None:
    with served.database.write() as session:
        campaign = make_campaign(session, served.clock, served.organization)
    admin = served.browser(Role.ADMIN)
    response = admin.get(f"/campaigns/{campaign.public_id}/items/{belongings['item']}")
    assert response.status_code == 404


def test_another_experts_work_is_not_there(served: Site, belongings: Mapping[str, str]) -> None:
    colleague = served.browser(served.add_member(Role.EXPERT))
    for rule in RULES:
        if "{assignment}" in rule.path or "{judgment}" in rule.path:
            assert _call(colleague, rule, belongings).status_code == 404, rule.name
