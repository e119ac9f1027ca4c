"""The expert's pages: what is open to them, the task, the guidelines, their own answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic_core import to_json

from workbench.assignment.queries import OfferedCampaign, list_offered_campaigns
from workbench.campaigns.campaign import get_campaign
from workbench.campaigns.pinning import guidelines_of
from workbench.contracts.rendering import render_prose
from workbench.database.paging import Page
from workbench.errors import NotFound, SetupIncomplete
from workbench.judging.queries import HistoryEntry, list_own_judgments
from workbench.labelstudio.bundle import EditorBundle
from workbench.models import Campaign, Role
from workbench.web.edge import Edge, Work, allow
from workbench.web.parameters import PageNumber
from workbench.web.templating import render

router = APIRouter(prefix="/work", include_in_schema=False)

Expert = Annotated[Edge, allow(Role.EXPERT)]

SKIP_REASONS = (
    ("outside_expertise", "Outside my expertise"),
    ("cannot_decide", "I cannot decide with what is given"),
    ("too_long", "It would take too long"),
    ("conflict_of_interest", "I have a conflict of interest"),
    ("upsetting", "I would rather not judge this content"),
    ("other", "Another reason"),
)
FLAG_REASONS = (
    ("broken_item", "The item is broken: text is missing or garbled"),
    ("wrong_reference", "The reference answer is wrong"),
    ("personal_data", "It holds personal data"),
    ("harmful_content", "It holds content that should not be here"),
    ("other", "Something else"),
)


@dataclass(frozen=True, slots=True)
class WorkPage:
    campaigns: Page[OfferedCampaign]


@dataclass(frozen=True, slots=True)
class TaskPage:
    campaign: str
    name: str
    is_simulated: bool
    config: Markup
    skip_reasons: Sequence[tuple[str, str]]
    flag_reasons: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class GuidelinesPage:
    campaign: str
    name: str
    version: int
    html: Markup


@dataclass(frozen=True, slots=True)
class AnswersPage:
    campaign: str
    name: str
    entries: Sequence[HistoryEntry]
    before: str | None


@router.get("", name="work_page")
def show_work(request: Request, edge: Expert, page: PageNumber = 1) -> HTMLResponse:
    with edge.read() as work:
        campaigns = list_offered_campaigns(
            work.session,
            organization_id=work.actor.organization_id,
            expert_id=_annotator_id(work),
            number=page,
        )
    return render(request, "work/campaigns.html", WorkPage(campaigns))


@router.get("/{campaign}", name="task_page")
def show_task(
    request: Request,
    campaign: str,
    edge: Expert,
    revise: Annotated[str | None, Query(max_length=32)] = None,
) -> HTMLResponse:
    with edge.read() as work:
        found = _campaign(work, campaign)
    editor: EditorBundle | None = request.app.state.editor
    if editor is None:
        message = "the Label Studio editor is not here yet: run `workbench editor fetch`"
        raise SetupIncomplete(message)
    config = {
        "person": work.actor.person_public_id,
        "api": "/api/v1",
        "campaign": found.public_id,
        "editor": editor.page_config(request.url_for("editor", path="").path),
        "revise": revise,
    }
    context = TaskPage(
        campaign=found.public_id,
        name=found.name,
        is_simulated=found.is_simulated,
        # `<` would let a text end the script element.
        config=Markup(to_json(config).decode().replace("<", "\\u003c")),  # noqa: S704
        skip_reasons=SKIP_REASONS,
        flag_reasons=FLAG_REASONS,
    )
    return render(request, "work/task.html", context)


@router.get("/{campaign}/guidelines", name="work_guidelines_page")
def show_guidelines(request: Request, campaign: str, edge: Expert) -> HTMLResponse:
    with edge.read() as work:
        found = _campaign(work, campaign)
        text = guidelines_of(work.session, found)
    context = GuidelinesPage(
        campaign=found.public_id,
        name=found.name,
        version=found.guideline_version,
        html=Markup(render_prose(text)),  # noqa: S704 - sanitised there
    )
    return render(request, "work/guidelines.html", context)


@router.get("/{campaign}/answers", name="work_answers_page")
def show_answers(
    request: Request,
    campaign: str,
    edge: Expert,
    before: Annotated[str | None, Query(max_length=32)] = None,
) -> HTMLResponse:
    with edge.read() as work:
        found = _campaign(work, campaign)
        history = list_own_judgments(
            work.session,
            annotator_id=_annotator_id(work),
            campaign_id=found.id,
            before=before,
        )
    context = AnswersPage(found.public_id, found.name, history.judgments, history.before)
    return render(request, "work/answers.html", context)


def _annotator_id(work: Work) -> int:
    if work.actor.annotator_id is None:
        message = "there is no annotator of this sign-in"
        raise NotFound(message)
    return work.actor.annotator_id


def _campaign(work: Work, reference: str) -> Campaign:
    return get_campaign(
        work.session, reference=reference, organization_id=work.actor.organization_id
    )
