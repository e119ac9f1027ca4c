"""The web application: everything it consists of, listed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

import workbench
from workbench.clock import Clock, SystemClock
from workbench.contracts.registry import register_folders
from workbench.database.session import Database
from workbench.labelstudio.editor import find_editor
from workbench.people.throttle import SignInThrottle
from workbench.settings import Settings
from workbench.web.api import campaigns as campaigns_api
from workbench.web.api import follow_ups as follow_ups_api
from workbench.web.api import health as health_api
from workbench.web.api import measurements as measurements_api
from workbench.web.api import people as people_api
from workbench.web.api import releases as releases_api
from workbench.web.api import work as work_api
from workbench.web.assets import mount_assets
from workbench.web.commits import open_commits
from workbench.web.errors import install_error_handlers
from workbench.web.metrics import Metrics
from workbench.web.middleware import BodyLimit, CrossSiteGuard, RequestLog, SecurityHeaders
from workbench.web.openapi import install_openapi
from workbench.web.pages import (
    account,
    agreement,
    audit,
    campaigns,
    guidelines,
    images,
    imports,
    items,
    people,
    release,
    release_diff,
    releases,
    sign_in,
    tokens,
    work,
)
from workbench.web.templating import PRODUCT

Background = Callable[[], AbstractContextManager[object]]

# Connections for the worker's thread and for whoever asks /readyz while all handlers are busy.
_SPARE_CONNECTIONS = 4

_DESCRIPTION = """\
Everything the pages do for scripts: campaigns, items, work, agreement and releases.

Send an API token as `Authorization: Bearer …`; it reaches the routes whose scope it carries, in
the organization and role of whoever made it. Refusals are problem documents with a `code`.
"""
_TAGS = [
    {"name": "campaigns", "description": "Campaigns, their items, agreement and consensus."},
    {"name": "work", "description": "An expert's own work: tasks, drafts, judgments."},
    {"name": "releases", "description": "Frozen snapshots and their exports."},
    {"name": "people", "description": "Who is asking, and their API tokens."},
    {"name": "service", "description": "Whether the server is well."},
]


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    schema_revision: str | None = None,
    background: Sequence[Background] = (),
) -> FastAPI:
    """Return the application.

    Args:
        settings: where things live and how long they last.
        database: an open database; without one, the settings' is opened and closed with the app.
        clock: where the time comes from.
        schema_revision: the migration that the database has to be at for `/readyz`.
        background: what runs beside the requests, entered at start-up and left at shutdown.
    """
    register_folders(settings.template_dir)
    opened = database or Database.open(settings.resolved_database_url, pool_size=settings.pool_size)
    commits = open_commits(opened)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        limiter = to_thread.current_default_thread_limiter()
        limiter.total_tokens = max(1, settings.pool_size - _SPARE_CONNECTIONS)
        with ExitStack() as stack:
            if database is None:
                stack.callback(opened.dispose)
            stack.callback(commits.close)
            for start in background:
                stack.enter_context(start())
            yield

    app = FastAPI(
        title=PRODUCT,
        description=_DESCRIPTION,
        version=workbench.__version__,
        openapi_tags=_TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        # What clients hand in goes nowhere that a variable of the environment may name.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    metrics = Metrics()
    app.state.settings = settings
    app.state.database = opened
    app.state.clock = clock or SystemClock()
    app.state.schema_revision = schema_revision
    app.state.metrics = metrics
    app.state.commits = commits
    app.state.throttle = SignInThrottle()
    app.state.editor = find_editor(settings.editor_dir)

    for router in (
        # Routes are tried in this order, and every task takes these.
        work_api.tasks,
        work_api.router,
        health_api.router,
        people_api.router,
        campaigns_api.router,
        measurements_api.router,
        follow_ups_api.router,
        releases_api.router,
        sign_in.router,
        account.router,
        work.router,
        images.router,
        campaigns.router,
        guidelines.router,
        imports.router,
        agreement.router,
        items.router,
        releases.router,
        release.router,
        release_diff.router,
        people.router,
        tokens.router,
        audit.router,
    ):
        app.include_router(router)
    mount_assets(app, app.state.editor)

    install_error_handlers(app)
    install_openapi(app, settings)
    # Starlette puts the one added last outermost.
    app.add_middleware(BodyLimit, limit=settings.body_limit)
    app.add_middleware(CrossSiteGuard, settings=settings)
    app.add_middleware(RequestLog, metrics=metrics)
    app.add_middleware(SecurityHeaders, settings=settings)
    return app
