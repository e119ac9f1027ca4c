"""Whether the server is well, for those who run it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from workbench.assignment.progress import count_live_leases
from workbench.database.session import Database
from workbench.jobs import count_waiting_jobs
from workbench.judging.queries import count_judgments
from workbench.web.metrics import Levels, Metrics

router = APIRouter(tags=["service"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    status: Literal["ok", "unavailable"]
    database: Literal["ok", "unavailable"]
    # "unchecked": the app was made without a revision to compare with.
    schema_state: Literal["ok", "behind", "unchecked", "unavailable"]


@router.get("/healthz", operation_id="get_health")
async def healthz() -> Health:
    """Say that the process answers."""
    return Health()


def _readiness(request: Request) -> Readiness:
    database: Database = request.app.state.database
    wanted: str | None = request.app.state.schema_revision
    try:
        with database.read() as session:
            if wanted is None:
                session.execute(text("SELECT 1"))
                return Readiness(status="ok", database="ok", schema_state="unchecked")
            found = session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return Readiness(status="unavailable", database="unavailable", schema_state="unavailable")
    if found != wanted:
        return Readiness(status="unavailable", database="ok", schema_state="behind")
    return Readiness(status="ok", database="ok", schema_state="ok")


@router.get(
    "/readyz",
    operation_id="get_readiness",
    responses={503: {"model": Readiness, "description": "Not ready: see which part."}},
)
def readyz(response: Response, readiness: Annotated[Readiness, Depends(_readiness)]) -> Readiness:
    """Say whether the database answers and its schema is the one this version needs."""
    response.status_code = 200 if readiness.status == "ok" else 503
    return readiness


@router.get(
    "/metrics",
    operation_id="get_metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Return Prometheus metrics: requests, live leases, judgments, waiting jobs."""
    collected: Metrics = request.app.state.metrics
    database: Database = request.app.state.database
    with database.read() as session:
        collected.set_levels(
            Levels(
                live_leases=count_live_leases(session),
                judgments=count_judgments(session),
                waiting_jobs=count_waiting_jobs(session),
            )
        )
    return Response(collected.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
