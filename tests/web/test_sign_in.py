"""Signing in and out in a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import PASSWORD, make_campaign, make_items
from tests.web.site import PAGE, Site, location
from workbench.assignment.queue import claim_next
from workbench.models import Assignment, AssignmentStatus, Position, Role
from workbench.people.annotators import find_annotator_id
from workbench.people.members import add_member
from workbench.settings import Settings
from workbench.web.edge import session_cookie
from workbench.web.pages.sign_in import is_own_path


def _form(site: Site, role: Role = Role.ADMIN, **changed: str) -> dict[str, str]:
    return {"email": site.members[role].person.email, "password": PASSWORD, **changed}


def test_the_right_password_opens_a_session_that_no_script_reads(site: Site) -> None:
    browser = site.stranger()
    response = browser.post("/sign-in", data=_form(site))
    assert location(response) == "/"
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert browser.get("/account").status_code == 200
    (event,) = site.events("sign_in")
    assert event.organization_id == site.organization.id
    assert event.detail == {"address": "testclient"}


def test_behind_https_the_cookie_is_bound_to_the_host() -> None:
    assert session_cookie(Settings(secure_cookies=True)).startswith("__Host-")


@pytest.mark.parametrize("changed", [{"password": "wrong"}, {"email": "nobody@example.org"}])
def test_a_wrong_password_and_an_unknown_address_look_the_same(
    site: Site, changed: dict[str, str]
) -> None:
    browser = site.stranger()
    response = browser.post("/sign-in", data=_form(site, **changed))
    assert response.status_code == 401
    assert "do not go together" in response.text
    assert "set-cookie" not in response.headers
    assert browser.get("/account").status_code == 303
    assert len(site.events("sign_in_failed")) == 1


def test_who_asked_for_a_page_comes_back_to_it(site: Site) -> None:
    browser = site.stranger()
    to_sign_in = location(browser.get("/people?search=ada&page=2"))
    assert to_sign_in == "/sign-in?next=%2Fpeople%3Fsearch%3Dada%26page%3D2"
    page = browser.get(to_sign_in)
    assert 'name="next" value="/people?search=ada&amp;page=2"' in page.text
    response = browser.post("/sign-in", data=_form(site, next="/people?search=ada&page=2"))
    assert location(response) == "/people?search=ada&page=2"


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\nb", "people"]
)
def test_signing_in_leads_nowhere_else(site: Site, path: str) -> None:
    assert not is_own_path(path)
    response = site.stranger().post("/sign-in", data=_form(site, next=path))
    assert location(response) == "/"


def test_guessing_is_slowed_down_even_for_the_right_password(site: Site) -> None:
    browser = site.stranger()
    for _ in range(10):
        assert browser.post("/sign-in", data=_form(site, password="guess")).status_code == 401
    response = browser.post("/sign-in", data=_form(site))
    assert response.status_code == 429
    assert "too many attempts" in response.text
    other = browser.post("/sign-in", data=_form(site, Role.EXPERT))
    assert other.status_code == 303, "another person's attempts are counted apart"


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = site.browser(Role.EXPERT)
    stolen = dict(browser.cookies)
    response = browser.post("/sign-out")
    assert location(response) == "/sign-in"
    thief = site.stranger()
    thief.cookies.update(stolen)
    assert location(thief.get("/account")).startswith("/sign-in")
    assert len(site.events("sign_out")) == 1


def test_signing_out_gives_back_what_the_expert_held(site: Site) -> None:
    expert = site.members[Role.EXPERT]
    browser = site.browser(Role.EXPERT)
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization)
        make_items(session, site.clock, campaign, 1)
        expert_id = find_annotator_id(
            session, organization_id=site.organization.id, person_id=expert.person.id
        )
        assert expert_id is not None
        lease = claim_next(
            session,
            campaign_id=campaign.id,
            expert_id=expert_id,
            position=Position.CURRENT,
            now=site.clock.now(),
            lease_for=timedelta(minutes=15),
        )
        assert lease is not None
    browser.post("/sign-out")
    with site.database.read() as session:
        assignment = session.get_one(Assignment, lease.assignment_id)
        assert assignment.status is AssignmentStatus.RELEASED


def test_signing_out_everywhere_ends_the_other_browsers_too(site: Site) -> None:
    here, there = site.browser(Role.EXPERT), site.browser(Role.EXPERT)
    assert location(here.post("/account/sign-out-everywhere")) == "/sign-in"
    assert there.get("/account").status_code == 303


def test_a_session_ends_by_itself(site: Site) -> None:
    browser = site.browser(Role.EXPERT)
    site.clock.advance(timedelta(hours=14))
    assert browser.get("/account").status_code == 303


def test_who_belongs_to_two_organizations_chooses_and_acts_in_one(site: Site) -> None:
    other = site.add_organization("Other")
    member = site.members[Role.ADMIN]
    with site.database.write() as session:
        add_member(
            session,
            organization_id=other.id,
            person_id=member.person.id,
            role=Role.EXPERT,
            now=site.clock.now(),
        )
    browser = site.stranger()
    to_choice = location(browser.post("/sign-in", data=_form(site, next="/people")))
    assert to_choice == "/account/organizations?next=%2Fpeople"
    browser.headers["sec-fetch-site"] = "same-origin"
    page = browser.get(to_choice)
    assert "Acme" in page.text
    assert "Other" in page.text
    here = browser.post(
        "/account/organizations",
        data={"organization": site.organization.public_id, "next": "/people"},
    )
    assert location(here) == "/people"
    there = browser.post("/account/organizations", data={"organization": other.public_id})
    assert location(there) == "/"
    me = browser.get("/api/v1/me").json()
    assert (me["organization_name"], me["role"]) == ("Other", "expert")
    assert browser.get("/people").status_code == 403
    third = site.add_organization("Third")
    refused = browser.post("/account/organizations", data={"organization": third.public_id})
    assert refused.status_code == 404


def test_changing_the_password_keeps_this_browser_and_ends_the_others(site: Site) -> None:
    here, there = site.browser(Role.EXPERT), site.browser(Role.EXPERT)
    form = {"present": PASSWORD, "new": "a longer pass phrase", "again": "a longer pass phrase"}
    assert location(here.post("/account/password", data=form)) == "/account"
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    email = site.members[Role.EXPERT].person.email
    stranger = site.stranger()
    old = stranger.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert old.status_code == 401
    new = stranger.post("/sign-in", data={"email": email, "password": form["new"]})
    assert new.status_code == 303


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"present": "wrong", "new": "long enough one", "again": "long enough one"}, "another one"),
        ({"present": PASSWORD, "new": "long enough one", "again": "other"}, "two ways"),
        ({"present": PASSWORD, "new": "short", "again": "short"}, "10 to 200 characters"),
    ],
)
def test_a_refused_password_is_explained_on_the_page(
    site: Site, form: dict[str, str], reason: str
) -> None:
    browser = site.browser(Role.EXPERT)
    assert location(browser.post("/account/password", data=form)) == "/account"
    assert reason in browser.get("/account").text
    assert reason not in browser.get("/account").text, "a word is shown once"


def test_a_word_for_one_session_is_not_shown_to_another(site: Site) -> None:
    browser = site.browser(Role.EXPERT)
    form = {"present": "wrong", "new": "long enough one", "again": "long enough one"}
    browser.post("/account/password", data=form)
    other = site.browser(Role.ADMIN)
    other.cookies.set("workbench_flash", browser.cookies["workbench_flash"])
    assert "present password" not in other.get("/account", headers=PAGE).text.split("<main")[0]
    assert 'class="notice' not in other.get("/account", headers=PAGE).text
