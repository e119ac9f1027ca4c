"""What every request passes: headers, cross-site guard, body limit, request ids, failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel
from structlog.testing import capture_logs

from tests.web.site import OWN, PAGE, Site
from workbench.database.session import Database
from workbench.models import Role
from workbench.settings import Settings
from workbench.web.app import create_app
from workbench.web.edge import Edge, allow
from workbench.web.middleware import CONTENT_SECURITY_POLICY
from workbench.web.uploads import Upload, receive_upload


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/me", "/nothing", "/healthz", "/account"])
def test_every_answer_keeps_to_itself(site: Site, path: str) -> None:
    headers = site.client.get(path, headers=PAGE).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


def test_the_policy_forbids_scripts_and_styles_of_others() -> None:
    policy = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["font-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["img-src"] == "'self' data:"


def test_behind_https_browsers_are_told_to_stay_there(sqlite_database: Database) -> None:
    app = create_app(Settings(secure_cookies=True), database=sqlite_database)
    with TestClient(app) as client:
        assert "max-age" in client.get("/healthz").headers["strict-transport-security"]


def test_no_page_has_a_script_of_its_own(site: Site) -> None:
    admin = site.browser(Role.ADMIN)
    for path in ("/people", "/account", "/account/tokens", "/api-tokens", "/audit", "/sign-in"):
        page = admin.get(path).text
        assert "<script>" not in page
        assert " onclick=" not in page
        assert "javascript:" not in page


def test_files_under_a_versioned_address_are_kept_forever(site: Site) -> None:
    address = site.app.url_path_for("static", path="site.css")
    response = site.client.get(address)
    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]
    missing = site.client.get(site.app.url_path_for("static", path="nothing.css"))
    assert missing.status_code == 404
    assert missing.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, False),
        ({"origin": "http://testserver"}, True),
        ({"origin": "http://testserver.evil.example"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_what_another_sites_page_sends_is_refused(
    site: Site, headers: dict[str, str], is_own: bool
) -> None:
    browser = site.browser(Role.EXPERT)
    browser.headers.pop("sec-fetch-site")
    response = browser.post("/account/sign-out-everywhere", headers=headers)
    assert response.status_code == (303 if is_own else 403)
    assert browser.get("/account").status_code == (303 if is_own else 200)


def test_another_site_cannot_sign_somebody_in(site: Site) -> None:
    form = {"email": "mallory@example.org", "password": "does not matter"}
    response = site.stranger().post("/sign-in", data=form, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403


def test_an_api_token_needs_no_origin(site: Site) -> None:
    admin = site.script(Role.ADMIN, "campaigns:read")
    assert admin.get("/api/v1/me").status_code == 200
    response = admin.post("/api/v1/tokens", json={"name": "x", "scopes": []})
    assert response.json()["message"].endswith("not to an API token"), "not the guard's refusal"


def test_a_request_has_a_number_and_a_proxys_is_kept(site: Site) -> None:
    own = site.client.get("/healthz").headers["x-request-id"]
    assert len(own) == 16
    given = site.client.get("/healthz", headers={"x-request-id": "proxy-1234"})
    assert given.headers["x-request-id"] == "proxy-1234"
    bad = site.client.get("/healthz", headers={"x-request-id": "a b"})
    assert bad.headers["x-request-id"] != "a b"


class Note(BaseModel):
    text: str


@pytest.fixture
def extended(site: Site) -> Iterator[Site]:
    """The application with routes that fail, take a body and take a file."""
    app: FastAPI = site.app

    @app.get("/failing")
    @app.get("/api/v1/failing")
    def fail() -> None:
        message = "the expert wrote: secret text"
        raise RuntimeError(message)

    @app.post("/api/v1/note")
    def note(body: Note) -> int:
        return len(body.text)

    @app.post("/api/v1/file")
    def file(
        request: Request,
        edge: Annotated[Edge, allow(Role.ENGINEER, scope="items:write")],
        upload: Annotated[Upload, Depends(receive_upload)],
    ) -> list[str | int]:
        with edge.read():
            return [upload.filename, len(upload.path.read_bytes()), *upload.fields.values()]

    return site


def test_a_failure_is_answered_without_its_reason(extended: Site) -> None:
    page = extended.client.get("/failing", headers=PAGE)
    assert page.status_code == 500
    assert "secret text" not in page.text
    assert page.headers["x-request-id"] in page.text
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    document = extended.client.get("/api/v1/failing")
    assert document.json()["code"] == "internal_error"


def test_the_log_names_the_failure_and_quotes_nobody(extended: Site) -> None:
    with capture_logs() as events:
        extended.client.get("/failing?q=secret+question")
        extended.client.post("/api/v1/note", json={"text": "secret note"})
        extended.client.post("/api/v1/note", json={"txt": "secret note"})
    assert [event["event"] for event in events] == ["failure", "request", "request", "request"]
    assert events[0]["error"] == "RuntimeError"
    assert any("fail" in frame for frame in events[0]["frames"])
    assert "secret" not in str(events)
    assert events[2]["route"] == "/api/v1/note"


def test_the_log_says_who_by_public_id(site: Site) -> None:
    browser = site.browser(Role.EXPERT)
    with capture_logs() as events:
        browser.get("/account")
    (event,) = events
    assert event["actor"] == site.members[Role.EXPERT].person.public_id
    assert event["organization"] == site.organization.public_id
    assert site.members[Role.EXPERT].person.email not in str(event)


def test_a_body_has_a_limit(extended: Site) -> None:
    fits = extended.client.post("/api/v1/note", json={"text": "x" * 1_900_000})
    assert fits.status_code == 200
    announced = extended.client.post("/api/v1/note", json={"text": "x" * 2_000_000})
    assert announced.status_code == 413
    assert announced.json()["code"] == "too_large"

    def pieces() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(30):
            yield b"x" * 100_000
        yield b'"}'

    unannounced = extended.client.post(
        "/api/v1/note", content=pieces(), headers={"content-type": "application/json"}
    )
    assert unannounced.status_code == 413


def test_a_file_may_be_larger_and_is_gone_afterwards(extended: Site) -> None:
    script = extended.script(Role.ENGINEER, "items:write")
    body = b"x" * 3_000_000
    raw = script.post("/api/v1/file?filename=items.jsonl", content=body)
    assert raw.json() == ["items.jsonl", 3_000_000]
    form = script.post(
        "/api/v1/file", files={"file": ("../../etc/items.csv", body)}, data={"skip": "yes"}
    )
    assert form.json() == ["items.csv", 3_000_000, "yes"]
    uploads = extended.app.state.settings.data_dir / "uploads"
    assert list(uploads.iterdir()) == []


def test_a_file_is_not_read_for_those_who_may_not_send_it(extended: Site) -> None:
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 100_000

    expert = extended.browser(Role.EXPERT)
    refused = expert.post("/api/v1/file?filename=items.jsonl", content=pieces())
    assert refused.status_code == 403
    stranger = extended.client.post("/api/v1/file?filename=items.jsonl", content=b"x")
    assert stranger.status_code == 401
    uploads = extended.app.state.settings.data_dir / "uploads"
    assert not uploads.exists()


@pytest.mark.parametrize("filename", ["", "..", "a/.."])
def test_a_file_needs_a_name(extended: Site, filename: str) -> None:
    script = extended.script(Role.ENGINEER, "items:write")
    response = script.post("/api/v1/file", params={"filename": filename}, content=b"x")
    assert response.status_code == 400
    assert response.json()["rows"][0]["field"] == "file"


def test_unsafe_methods_of_strangers_without_cookie_reach_the_route(site: Site) -> None:
    assert site.client.post("/api/v1/tokens", json={}, headers=OWN).status_code == 401
    assert site.client.post("/api/v1/tokens", json={}).status_code == 401
