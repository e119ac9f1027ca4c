"""One shape of refusal for scripts, one page for people."""

from __future__ import annotations

import pytest

from tests.web.site import PAGE, Site, location
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.models import Role
from workbench.settings import Settings
from workbench.web.app import create_app


def test_a_script_gets_a_problem_document(site: Site) -> None:
    response = site.client.get("/api/v1/me")
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "code": "not_signed_in",
        "message": "sign in first",
        "rows": [],
    }


def test_the_api_answers_in_json_whatever_is_accepted(site: Site) -> None:
    response = site.client.get("/api/v1/nothing", headers=PAGE)
    assert response.json()["code"] == "not_found"
    assert site.client.put("/api/v1/me", headers=PAGE).json()["code"] == "method_not_allowed"


def test_a_person_gets_a_page(site: Site) -> None:
    admin = site.browser(Role.ADMIN)
    response = admin.get("/people/per_0000000000000000")
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "There is no member" in response.text


def test_who_asks_a_page_for_json_gets_json(site: Site) -> None:
    response = site.client.get("/account", headers={"accept": "application/json"})
    assert response.status_code == 401
    assert response.json()["code"] == "not_signed_in"


def test_a_page_sends_who_is_not_signed_in_to_sign_in(site: Site) -> None:
    stranger = site.stranger()
    assert location(stranger.get("/account")) == "/sign-in?next=%2Faccount"
    assert location(stranger.get("/")) == "/sign-in"
    posted = stranger.post("/account/tokens", data={"name": "x"})
    assert location(posted) == "/sign-in", "a form is not repeated after signing in"


def test_wrong_input_is_listed_row_by_row_and_not_quoted(site: Site) -> None:
    engineer = site.browser(Role.ENGINEER)
    body = {"name": "x", "scopes": ["everything, and a secret"]}
    response = engineer.post("/api/v1/tokens", json=body)
    assert response.status_code == 422
    document = response.json()
    assert document["code"] == "request_invalid"
    assert document["status"] == 422
    (row,) = document["rows"]
    assert row["field"] == "scopes.0"
    assert "campaigns:read" in row["expected"]
    assert "secret" not in response.text
    page = engineer.post("/account/tokens", data={"name": "x", "scopes": "everything"})
    assert page.status_code == 422
    assert "<code>scopes.0</code>" in page.text


def test_what_is_no_json_is_refused(site: Site) -> None:
    engineer = site.browser(Role.ENGINEER)
    response = engineer.post(
        "/api/v1/tokens", content=b"{", headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["code"] == "request_invalid"


def test_what_no_database_can_hold_is_refused_or_not_found(
    database: Database, clock: FixedClock, settings: Settings
) -> None:
    site = Site(create_app(settings, database=database, clock=clock), database, clock)
    admin = site.browser(Role.ADMIN)
    for path in ("/people?search=%00", "/people/%00", "/audit?who=%00&action=%00"):
        assert admin.get(path).status_code in (200, 400, 404), path
    form = {"email": "a\0@example.org", "name": "a\0", "role": "expert"}
    assert admin.post("/people", data=form).status_code in (303, 400)
    sign_in = {"email": "a\0@example.org", "password": "\0"}
    assert site.stranger().post("/sign-in", data=sign_in).status_code in (400, 401)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999"])
def test_a_page_number_is_a_number_of_a_page(site: Site, page: str) -> None:
    admin = site.browser(Role.ADMIN)
    assert admin.get(f"/people?page={page}").status_code == 422
