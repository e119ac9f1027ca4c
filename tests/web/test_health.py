"""Whether the server is well, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.testclient import TestClient
from sqlalchemy import select, text

from tests.answers import comparison_result
from tests.factories import make_campaign, make_items
from tests.web.site import Site
from workbench.database.session import Database
from workbench.migrations.runner import head_revision
from workbench.models import Campaign, Role
from workbench.settings import Settings
from workbench.web.app import create_app


def test_the_process_answers(site: Site) -> None:
    response = site.client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_means_that_the_database_has_this_versions_schema(
    database: Database, settings: Settings
) -> None:
    app = create_app(settings, database=database, schema_revision=head_revision())
    with TestClient(app) as client:
        assert client.get("/readyz").json() == {
            "status": "ok",
            "database": "ok",
            "schema_state": "ok",
        }
        with database.write() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        behind = client.get("/readyz")
        assert (behind.status_code, behind.json()["schema_state"]) == (503, "behind")
        with database.write() as session:
            session.execute(text("DROP TABLE alembic_version"))
        gone = client.get("/readyz")
        assert (gone.status_code, gone.json()["database"]) == (503, "unavailable")


def test_requests_are_counted_by_route_and_not_by_address(site: Site) -> None:
    admin = site.browser(Role.ADMIN)
    member = site.members[Role.EXPERT].person.public_id
    admin.get(f"/people/{member}")
    admin.get(f"/people/{member}")
    admin.get("/some/address")
    counted = site.client.get("/metrics").text
    assert (
        'workbench_requests_total{method="GET",route="/people/{person}",status="200"} 2.0'
        in counted
    )
    assert 'workbench_requests_total{method="GET",route="other",status="404"} 1.0' in counted
    assert 'workbench_request_seconds_count{method="GET",route="/people/{person}"} 2.0' in counted
    assert member not in counted
    assert "/some/address" not in counted


def test_leases_judgments_and_jobs_are_counted_when_asked(site: Site) -> None:
    expert = site.browser(Role.EXPERT)
    with site.database.write() as session:
        campaign = make_campaign(session, site.clock, site.organization).public_id
        make_items(session, site.clock, session.scalars(select(Campaign)).one(), 2)

    def levels() -> list[str]:
        lines = site.client.get("/metrics").text.splitlines()
        wanted = ("workbench_live", "workbench_judgments", "workbench_waiting")
        return [line.removeprefix("workbench_") for line in lines if line.startswith(wanted)]

    assert levels() == ["live_leases 0.0", "judgments 0.0", "waiting_jobs 0.0"]
    lease = expert.post(f"/api/v1/campaigns/{campaign}/claim", json={}).json()
    assert levels()[0] == "live_leases 1.0"
    answer = {
        "token": lease["token"],
        "result": comparison_result(-1),
        "active_seconds": 1.0,
    }
    expert.post(f"/api/v1/assignments/{lease['assignment']}/submit", json=answer)
    assert levels() == ["live_leases 0.0", "judgments 1.0", "waiting_jobs 1.0"]


def test_two_applications_count_apart(site: Site, settings: Settings) -> None:
    other = create_app(settings, database=site.database)
    site.client.get("/healthz")
    assert b'route="/healthz"' not in other.state.metrics.exposition()


def test_what_runs_beside_the_requests_ends_with_them(
    sqlite_database: Database, settings: Settings
) -> None:
    seen: list[str] = []

    @contextmanager
    def worker() -> Iterator[None]:
        seen.append("started")
        yield
        seen.append("stopped")

    app = create_app(settings, database=sqlite_database, background=[worker])
    with TestClient(app) as client:
        client.get("/healthz")
        assert seen == ["started"]
    assert seen == ["started", "stopped"]
