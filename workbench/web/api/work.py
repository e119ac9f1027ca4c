"""What the work page speaks: claim, renew, draft, submit, skip, flag, look back, revise.

The answers are written as JSON bytes straight from what the use cases return; the models here say
what they are in the API's description, and tests hold the two together.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import to_json

from workbench.assignment.lease import Promotion, release_lease, renew_lease, skip_assignment
from workbench.assignment.progress import measure_progress
from workbench.assignment.queue import Lease, claim_next, get_campaign_id
from workbench.errors import NotAllowed, NotFound
from workbench.judging.draft import SavedDraft, find_draft, save_draft
from workbench.judging.flag import flag_item
from workbench.judging.queries import get_own_judgment, list_own_judgments
from workbench.judging.revision import revise_judgment
from workbench.judging.submission import submit_judgment
from workbench.models import Position, Role
from workbench.people.actors import Actor
from workbench.web.commits import Drawing, Outcome
from workbench.web.direct import DirectRoute
from workbench.web.edge import Edge, Work, allow

tasks = APIRouter(prefix="/api/v1", tags=["work"], route_class=DirectRoute)
router = APIRouter(prefix="/api/v1", tags=["work"])

Expert = Annotated[Edge, allow(Role.EXPERT, scope="judge")]
ExpertWork = Annotated[Work, allow(Role.EXPERT, scope="judge")]

_LONGEST_DAY = 86_400.0
_LARGEST_RESULT = 1_000_000
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _possible(public_id: str) -> str:
    """Answer that there is no such thing before a database meets what it cannot even compare."""
    if not public_id.isascii() or not public_id.isprintable():
        message = "there is no such thing"
        raise NotFound(message)
    return public_id


def _storable(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Refuse what no database can keep: half a character, or more than any answer needs."""
    try:
        size = len(to_json(result))
    except ValueError:
        message = "holds text that is not Unicode"
        raise ValueError(message) from None
    if size > _LARGEST_RESULT:
        message = "is larger than an answer can be"
        raise ValueError(message)
    return result


def _plain(note: str) -> str:
    if _UNPRINTABLE.search(note):
        message = "holds control characters"
        raise ValueError(message)
    return note


Id = Annotated[str, AfterValidator(_possible)]
Result = Annotated[
    list[dict[str, Any]],
    AfterValidator(_storable),
    Field(description="The editor's result list, as `serializeAnnotation()` yields it."),
]
Token = Annotated[str, Field(max_length=64, description="The token that came with the lease.")]
ActiveSeconds = Annotated[
    float,
    Field(ge=0, le=30 * _LONGEST_DAY, allow_inf_nan=False, description="Idle time apart."),
]
Reason = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,63}$")]
Note = Annotated[str, Field(max_length=2_000), AfterValidator(_plain)]


class Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    position: Position = Position.CURRENT


class Held(BaseModel):
    """Names a lease."""

    model_config = ConfigDict(extra="forbid")

    token: Token


class DraftSaved(Held):
    revision: int = Field(ge=0, lt=2**53)
    result: Result
    active_seconds: ActiveSeconds


class Answer(Held):
    result: Result
    active_seconds: ActiveSeconds


class Departure(Held):
    """Why a task is left."""

    reason: Reason
    note: Note | None = None


class Revision(BaseModel):
    model_config = ConfigDict(extra="forbid")

    result: Result
    active_seconds: ActiveSeconds


class DraftShown(BaseModel):
    revision: int
    result: list[dict[str, Any]]
    active_seconds: float


class LeaseShown(BaseModel):
    """A task in the expert's hands."""

    assignment: str
    token: str
    position: Position
    expires_at: datetime
    lease_seconds: int
    task: dict[str, Any] = Field(description="The task's data for the editor, safe to show.")
    config: str = Field(description="The Label Studio labeling configuration.")
    config_key: str = Field(description="Changes when the configuration does.")
    draft: DraftShown | None


class Renewed(BaseModel):
    expires_at: datetime


class DraftKept(BaseModel):
    revision: int


class NextLease(BaseModel):
    """The prefetched task, current from now on."""

    assignment: str
    token: str
    expires_at: datetime
    lease_seconds: int


class Left(BaseModel):
    next: NextLease | None


class Submitted(Left):
    judgment: str
    duplicate: bool = Field(description="The assignment was judged before; that judgment stays.")
    surplus: bool = Field(description="The item had its judgments already; this one is kept too.")


class Progress(BaseModel):
    done: int
    remaining: int
    has_more: bool = Field(description="More are left than `remaining` says.")


class JudgmentListed(BaseModel):
    judgment: str
    item: str
    created_at: datetime
    seconds: float | None
    active_seconds: float | None
    is_revision: bool


class JudgmentPage(BaseModel):
    judgments: list[JudgmentListed]
    before: str | None = Field(description="Ask for the next page with this; null on the last.")


class JudgmentShown(BaseModel):
    judgment: str
    task: dict[str, Any]
    config: str
    config_key: str
    result: list[dict[str, Any]]
    is_superseded: bool


class Revised(BaseModel):
    judgment: str


_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The lease, the draft or the campaign is not what it was; `code` says which.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
}


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")


def _annotator(actor: Actor) -> int:
    if actor.annotator_id is None:
        message = "only an expert can judge"
        raise NotAllowed(message)
    return actor.annotator_id


def _lease_for(work: Work) -> timedelta:
    return timedelta(seconds=work.settings.lease_seconds)


def _next(work: Work, promotion: Promotion | None) -> dict[str, Any] | None:
    if promotion is None:
        return None
    return {
        "assignment": promotion.assignment,
        "token": promotion.token,
        "expires_at": promotion.expires_at,
        "lease_seconds": work.settings.lease_seconds,
    }


@tasks.post(
    "/campaigns/{campaign}/claim",
    response_model=LeaseShown,
    responses={204: {"description": "Nothing is left."}, **_CONFLICT},
)
def claim_task(campaign: Id, body: Claim, work: ExpertWork) -> Outcome:
    """Lease the task on the page, or the one after it."""
    expert_id = _annotator(work.actor)
    lease = claim_next(
        work.session,
        campaign_id=get_campaign_id(
            work.session, campaign=campaign, organization_id=work.actor.organization_id
        ),
        expert_id=expert_id,
        position=body.position,
        now=work.now,
        lease_for=_lease_for(work),
    )
    draft = None
    if lease is not None and not lease.is_new:
        draft = find_draft(work.session, lease.assignment_id)
    if lease is None:
        return Response(status_code=204)
    draw = partial(_show_lease, lease, draft, work.settings.lease_seconds)
    return Drawing(draw, length=lease.length)


def _show_lease(lease: Lease, draft: SavedDraft | None, lease_seconds: int) -> Response:
    return _json(
        {
            "assignment": lease.assignment,
            "token": lease.token,
            "position": lease.position,
            "expires_at": lease.expires_at,
            "lease_seconds": lease_seconds,
            "task": lease.show(),
            "config": lease.task.label_config,
            "config_key": lease.task.config_key,
            "draft": draft,
        }
    )


@tasks.post("/assignments/{assignment}/renew", response_model=Renewed, responses=_CONFLICT)
def renew_task(assignment: Id, body: Held, work: ExpertWork) -> Outcome:
    """Keep a task, and the prefetched one with it, for another while."""
    expires_at = renew_lease(
        work.session,
        assignment=assignment,
        expert_id=_annotator(work.actor),
        token=body.token,
        now=work.now,
        lease_for=_lease_for(work),
    )
    return _json({"expires_at": expires_at})


@tasks.put("/assignments/{assignment}/draft", response_model=DraftKept, responses=_CONFLICT)
def keep_draft(assignment: Id, body: DraftSaved, work: ExpertWork) -> Outcome:
    """Keep an unfinished answer; a newer one that is there comes back with the refusal."""
    revision = save_draft(
        work.session,
        assignment=assignment,
        expert_id=_annotator(work.actor),
        token=body.token,
        revision=body.revision,
        result=body.result,
        active_seconds=body.active_seconds,
        now=work.now,
    )
    return _json({"revision": revision})


@tasks.post("/assignments/{assignment}/submit", response_model=Submitted)
def submit_answer(assignment: Id, body: Answer, work: ExpertWork) -> Outcome:
    """Hand in a finished answer; it is kept however late it comes, and once however often."""
    submission = submit_judgment(
        work.session,
        assignment=assignment,
        expert_id=_annotator(work.actor),
        actor=work.actor.person_public_id,
        token=body.token,
        result=body.result,
        active_seconds=body.active_seconds,
        now=work.now,
        lease_for=_lease_for(work),
    )
    return _json(
        {
            "judgment": submission.judgment,
            "duplicate": submission.is_duplicate,
            "surplus": submission.is_surplus,
            "next": _next(work, submission.promotion),
        }
    )


@tasks.post("/assignments/{assignment}/skip", response_model=Left, responses=_CONFLICT)
def skip_task(assignment: Id, body: Departure, work: ExpertWork) -> Outcome:
    """Leave a task to others for good."""
    promotion = skip_assignment(
        work.session,
        assignment=assignment,
        expert_id=_annotator(work.actor),
        token=body.token,
        reason=body.reason,
        note=body.note,
        now=work.now,
        lease_for=_lease_for(work),
    )
    return _json({"next": _next(work, promotion)})


@tasks.post("/assignments/{assignment}/flag", response_model=Left, responses=_CONFLICT)
def flag_task(assignment: Id, body: Departure, work: ExpertWork) -> Outcome:
    """Tell the QA lead that an item is broken, and leave it."""
    promotion = flag_item(
        work.session,
        assignment=assignment,
        expert_id=_annotator(work.actor),
        actor=work.actor.person_public_id,
        token=body.token,
        reason=body.reason,
        note=body.note,
        now=work.now,
        lease_for=_lease_for(work),
    )
    return _json({"next": _next(work, promotion)})


@tasks.post(
    "/assignments/{assignment}/release", status_code=204, response_model=None, responses=_CONFLICT
)
def release_task(assignment: Id, body: Held, work: ExpertWork) -> Outcome:
    """Give a task back unjudged."""
    release_lease(
        work.session,
        assignment=assignment,
        expert_id=_annotator(work.actor),
        token=body.token,
        now=work.now,
    )
    return Response(status_code=204)


@router.get("/campaigns/{campaign}/progress", response_model=Progress)
def show_progress(campaign: Id, edge: Expert) -> Response:
    """How much of a campaign one has done, and how much is left for oneself."""
    with edge.read() as work:
        progress = measure_progress(
            work.session,
            campaign_id=get_campaign_id(
                work.session, campaign=campaign, organization_id=work.actor.organization_id
            ),
            expert_id=_annotator(work.actor),
        )
    return _json(progress)


@router.get("/campaigns/{campaign}/judgments", response_model=JudgmentPage)
def list_judgments(
    campaign: Id,
    edge: Expert,
    before: Annotated[str | None, Query(pattern=r"^jdg_[0-9a-z]{16}$")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """One's own judgments, newest first."""
    with edge.read() as work:
        history = list_own_judgments(
            work.session,
            annotator_id=_annotator(work.actor),
            campaign_id=get_campaign_id(
                work.session, campaign=campaign, organization_id=work.actor.organization_id
            ),
            before=before,
            limit=limit,
        )
    return _json(history)


@router.get("/judgments/{judgment}", response_model=JudgmentShown)
def show_judgment(judgment: Id, edge: Expert) -> Response:
    """One of one's own judgments, as it was shown and given."""
    with edge.read() as work:
        own = get_own_judgment(work.session, judgment=judgment, annotator_id=_annotator(work.actor))
    return _json(
        {
            "judgment": own.row.public_id,
            "task": own.show(),
            "config": own.task.label_config,
            "config_key": own.task.config_key,
            "result": own.result,
            "is_superseded": own.is_superseded,
        }
    )


@tasks.post("/judgments/{judgment}/revise", response_model=Revised, responses=_CONFLICT)
def revise_answer(judgment: Id, body: Revision, work: ExpertWork) -> Outcome:
    """Give another answer in place of one's own; the old one stays on record."""
    revised = revise_judgment(
        work.session,
        judgment=judgment,
        annotator_id=_annotator(work.actor),
        actor=work.actor.person_public_id,
        result=body.result,
        active_seconds=body.active_seconds,
        now=work.now,
    )
    return _json({"judgment": revised})
