"""Two releases side by side: what came, what went, what is labelled otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from workbench.contracts.registry import task_templates
from workbench.models import Role
from workbench.releases.diff import ReleaseDiff, compare_releases
from workbench.releases.folders import release_folder
from workbench.releases.queries import ReleaseView, get_release
from workbench.web.edge import Edge, allow
from workbench.web.figures import outcome_word
from workbench.web.forms import refusals_to
from workbench.web.templating import render

router = APIRouter(prefix="/releases", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffContext:
    """`outcomes` are (before, after, items), in the words of the task type."""

    release: ReleaseView
    before: ReleaseView
    diff: ReleaseDiff
    outcomes: list[tuple[str, str, int]]


@router.get("/{release}/diff")
def release_diff_page(
    request: Request,
    edge: Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)],
    release: str,
    before: Annotated[str, Query(max_length=64)],
) -> Response:
    with edge.read() as work:
        after, earlier = (
            get_release(work.session, reference=one, organization_id=work.actor.organization_id)
            for one in (release, before)
        )
    with refusals_to(request, "release_page", release=release):
        found = compare_releases(
            release_folder(edge.settings, earlier.public_id),
            release_folder(edge.settings, after.public_id),
            before_sha256=earlier.manifest_sha256,
            after_sha256=after.manifest_sha256,
        )
    template = task_templates().get(after.manifest["campaign"]["template"]["key"])

    def word(outcome: str) -> str:
        return outcome_word(template, outcome) if template else outcome

    context = DiffContext(
        release=after,
        before=earlier,
        diff=found,
        outcomes=[(word(was), word(now), n) for was, now, n in found.consensus.outcomes],
    )
    return render(request, "releases/diff.html", context)
