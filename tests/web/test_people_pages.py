"""An admin's pages: members, roles, tokens, audit; and everybody's own tokens."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.factories import PASSWORD
from tests.web.site import Site, location
from workbench.models import Role
from workbench.people.members import add_member


def _secret(page: str) -> str:
    found = re.search(r'<code class="secret">([^<]+)</code>', page)
    assert found is not None, page
    return found[1]


def test_a_new_member_signs_in_with_the_password_shown_once(site: Site) -> None:
    admin = site.browser(Role.ADMIN)
    form = {"email": "Grace@example.org", "name": "Grace Hopper", "role": "engineer"}
    assert location(admin.post("/people", data=form)) == "/people"
    page = admin.get("/people").text
    password = _secret(page)
    assert "Grace Hopper" in page
    assert password not in admin.get("/people").text
    grace = site.stranger()
    signed_in = grace.post("/sign-in", data={"email": "grace@example.org", "password": password})
    assert location(signed_in) == "/"
    assert grace.get("/api/v1/me").json()["role"] == "engineer"
    assert site.events("member_added")[-1].actor == site.members[Role.ADMIN].person.public_id


def test_who_has_a_sign_in_elsewhere_keeps_their_password(site: Site) -> None:
    other = site.add_organization("Other")
    theirs = site.add_member(Role.EXPERT, other)
    admin = site.browser(Role.ADMIN)
    form = {"email": theirs.person.email, "name": "Somebody", "role": "expert"}
    admin.post("/people", data=form)
    page = admin.get("/people").text
    assert "had a sign-in already" in page
    assert "secret" not in page
    signed_in = site.stranger().post(
        "/sign-in", data={"email": theirs.person.email, "password": PASSWORD}
    )
    assert location(signed_in).startswith("/account/organizations")
    reset = admin.post(f"/people/{theirs.person.public_id}/password")
    assert location(reset) == f"/people/{theirs.person.public_id}"
    assert "keeps their own password" in admin.get(location(reset)).text


def test_a_refusal_is_explained_on_the_page_it_came_from(site: Site) -> None:
    admin = site.browser(Role.ADMIN)
    expert = site.members[Role.EXPERT].person
    form = {"email": expert.email, "name": "Again", "role": "expert"}
    assert location(admin.post("/people", data=form)) == "/people"
    assert "belongs to this organization already" in admin.get("/people").text
    me = site.members[Role.ADMIN].person.public_id
    assert location(admin.post(f"/people/{me}/deactivate")) == f"/people/{me}"
    assert "needs an admin" in admin.get(f"/people/{me}").text
    assert admin.get("/people").status_code == 200


def test_a_role_is_changed_and_access_is_ended_and_given_again(site: Site) -> None:
    admin, expert = site.browser(Role.ADMIN), site.browser(Role.EXPERT)
    person = site.members[Role.EXPERT].person.public_id
    admin.post(f"/people/{person}/role", data={"role": "qa_lead"})
    assert expert.get("/api/v1/me").json()["role"] == "qa_lead"
    admin.post(f"/people/{person}/deactivate")
    assert expert.get("/api/v1/me").status_code == 401
    assert "No access" in admin.get(f"/people/{person}").text
    form = {"email": site.members[Role.EXPERT].person.email, "password": PASSWORD}
    assert site.stranger().post("/sign-in", data=form).status_code == 401
    admin.post(f"/people/{person}/reactivate")
    assert site.stranger().post("/sign-in", data=form).status_code == 303


def test_a_password_set_by_an_admin_replaces_the_old_one(site: Site) -> None:
    admin, expert = site.browser(Role.ADMIN), site.browser(Role.EXPERT)
    person = site.members[Role.EXPERT].person
    admin.post(f"/people/{person.public_id}/password")
    password = _secret(admin.get(f"/people/{person.public_id}").text)
    assert expert.get("/api/v1/me").status_code == 401
    stranger = site.stranger()
    old = stranger.post("/sign-in", data={"email": person.email, "password": PASSWORD})
    new = stranger.post("/sign-in", data={"email": person.email, "password": password})
    assert (old.status_code, new.status_code) == (401, 303)


def test_lists_are_paged_and_keep_their_filters(site: Site) -> None:
    for _ in range(60):
        site.add_member(Role.EXPERT)
    admin = site.browser(Role.ADMIN)
    first = admin.get("/people?role=expert").text
    assert "1–50 of 61" in first
    assert "/people?role=expert&amp;page=2" in first
    second = admin.get("/people?role=expert&page=2").text
    assert "51–61 of 61" in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_names_are_text_and_nothing_else(site: Site) -> None:
    admin = site.browser(Role.ADMIN)
    name = '<img src=x onerror="alert(1)">'
    admin.post("/people", data={"email": "x@example.org", "name": name, "role": "expert"})
    page = admin.get("/people").text
    assert "<img" not in page
    assert "&lt;img" in page
    assert "<b>" not in admin.get("/people?search=<b>").text


def test_a_token_is_shown_once_works_within_its_scopes_and_is_revoked(site: Site) -> None:
    engineer = site.browser(Role.ENGINEER)
    form = {"name": "nightly", "scopes": ["releases:read"], "days": "30"}
    assert location(engineer.post("/account/tokens", data=form)) == "/account/tokens"
    secret = _secret(engineer.get("/account/tokens").text)
    assert secret not in engineer.get("/account/tokens").text
    headers = {"authorization": f"Bearer {secret}"}
    me = site.client.get("/api/v1/me", headers=headers).json()
    assert (me["role"], me["scopes"]) == ("engineer", ["releases:read"])
    assert "2026-05-01 10:00 UTC" in engineer.get("/account/tokens").text, "its last use"
    token = site.token()
    assert token.expires_at == site.clock.now() + timedelta(days=30)
    engineer.post(f"/account/tokens/{token.public_id}/revoke")
    assert site.client.get("/api/v1/me", headers=headers).status_code == 401
    assert "Revoked" in engineer.get("/account/tokens").text
    actions = [site.events("token_created")[0], site.events("token_revoked")[0]]
    assert {event.subject for event in actions} == {token.public_id}


def test_an_admin_sees_and_ends_every_token_and_a_colleague_none(site: Site) -> None:
    script = site.script(Role.ENGINEER, "releases:read")
    admin, lead = site.browser(Role.ADMIN), site.browser(Role.QA_LEAD)
    token = site.token().public_id
    assert token in admin.get("/api-tokens").text
    assert token not in lead.get("/account/tokens").text
    assert lead.post(f"/account/tokens/{token}/revoke").status_code == 404
    assert script.get("/api/v1/me").status_code == 200
    assert location(admin.post(f"/api-tokens/{token}/revoke")) == "/api-tokens"
    assert script.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("scopes", [[], ["judge"]])
def test_a_token_needs_a_scope_that_its_owner_has(site: Site, scopes: list[str]) -> None:
    engineer = site.browser(Role.ENGINEER)
    engineer.post("/account/tokens", data={"name": "x", "scopes": scopes})
    assert "notice-bad" in engineer.get("/account/tokens").text
    assert site.events("token_created") == []


def test_tokens_can_be_made_listed_and_revoked_by_script(site: Site) -> None:
    engineer = site.browser(Role.ENGINEER)
    made = engineer.post("/api/v1/tokens", json={"name": "x", "scopes": ["campaigns:read"]})
    assert made.status_code == 201
    listed = engineer.get("/api/v1/tokens").json()
    assert (listed["total"], listed["tokens"][0]["id"]) == (1, made.json()["id"])
    assert "secret" not in listed["tokens"][0]
    bearer = {"authorization": f"Bearer {made.json()['secret']}"}
    assert site.client.get("/api/v1/me", headers=bearer).status_code == 200
    assert engineer.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 204
    assert site.client.get("/api/v1/me", headers=bearer).status_code == 401


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer ", "wbt_x", "Bearer x"])
def test_what_is_no_token_signs_nobody_in_even_beside_a_cookie(site: Site, header: str) -> None:
    admin = site.browser(Role.ADMIN)
    assert admin.get("/api/v1/me", headers={"authorization": header}).status_code == 401


def test_the_audit_trail_is_filtered_and_of_this_organization(site: Site) -> None:
    other = site.add_organization("Other")
    theirs = site.add_member(Role.ADMIN, other)
    site.browser(theirs)
    admin = site.browser(Role.ADMIN)
    everything = admin.get("/audit").text
    assert theirs.person.public_id not in everything
    assert theirs.person.name not in everything
    mine = site.members[Role.ADMIN].person
    found = admin.get(f"/audit?action=sign_in&who={mine.email}").text
    assert "1–1 of 1" in found
    assert "Address: 192.0.2.1" in found
    assert "Nothing found" in admin.get(f"/audit?who={theirs.person.public_id}").text
    with site.database.write() as session:
        add_member(
            session,
            organization_id=site.organization.id,
            person_id=theirs.person.id,
            role=Role.EXPERT,
            now=site.clock.now(),
        )
    assert "1–1 of 1" in admin.get(f"/audit?subject={theirs.person.public_id}").text


def test_each_role_is_offered_its_own_pages(site: Site) -> None:
    def offered(role: Role) -> list[str]:
        page = site.browser(role).get("/account").text
        navigation = page.split('aria-label="Main"')[1].split("</nav>")[0]
        return re.findall(r">([^<]+)</a>", navigation)

    assert offered(Role.EXPERT) == ["Campaigns"]
    assert offered(Role.QA_LEAD) == ["Campaigns", "Releases"]
    assert offered(Role.ENGINEER) == ["Campaigns", "Releases"]
    assert offered(Role.ADMIN) == ["Campaigns", "Releases", "People", "API tokens", "Audit trail"]


@pytest.mark.parametrize("role", list(Role))
def test_everybody_finds_home_and_every_page_they_are_offered(site: Site, role: Role) -> None:
    browser = site.browser(role)
    home = location(browser.get("/"))
    assert home == ("/work" if role is Role.EXPERT else "/campaigns")
    page = browser.get(home).text
    navigation = page.split('aria-label="Main"')[1].split("</nav>")[0]
    links = re.findall(r'href="http://testserver([^"]+)"', navigation)
    assert home in links
    for link in links:
        shown = browser.get(link)
        assert shown.status_code == 200
        assert f'{link}" aria-current="page"' in shown.text
