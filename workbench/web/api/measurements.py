"""Agreement and consensus of a campaign, as scripts read them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from workbench.aggregation.consensus import FittedField, SettledItem, infer_consensus
from workbench.agreement.measure import MeasuredCoefficient, MeasuredField, measure_agreement
from workbench.agreement.queries import find_agreement
from workbench.campaigns.campaign import get_campaign
from workbench.contracts.task_template import ConsensusMethod
from workbench.models import Role
from workbench.people.tokens import Scope
from workbench.web.edge import Edge, allow

router = APIRouter(prefix="/api/v1/campaigns", tags=["campaigns"])

Readers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER, scope=Scope.CAMPAIGNS_READ)]
IncludeModels = Annotated[bool, Query(description="Count judgments by models too.")]


class AgreementShown(BaseModel):
    campaign: str
    measures: list[MeasuredField]
    coefficients: list[MeasuredCoefficient]


class ItemConsensus(BaseModel):
    external_id: str
    value: Any
    reason: str | None
    confidence: float | None
    margin: float | None
    n_judgments: int


class ConsensusShown(BaseModel):
    campaign: str
    method: ConsensusMethod
    fits: list[FittedField]
    items: list[ItemConsensus]


@router.get("/{campaign}/agreement", operation_id="get_agreement")
def get_agreement(
    edge: Readers, campaign: str, *, include_models: IncludeModels = False
) -> AgreementShown:
    """Measure how far the annotators agree; the latest report if no judgment came after it."""
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        view = None if include_models else find_agreement(work.session, campaign_id=found.id)
        if view is not None and view.is_current:
            agreement = view.agreement
        else:
            agreement = measure_agreement(
                work.session, campaign_id=found.id, include_models=include_models
            )
    return AgreementShown(
        campaign=agreement.campaign,
        measures=list(agreement.measures),
        coefficients=list(agreement.coefficients),
    )


@router.get(
    "/{campaign}/consensus",
    operation_id="get_consensus",
    response_class=FileResponse,
    responses={200: {"model": ConsensusShown}},
)
def get_consensus(
    edge: Readers,
    campaign: str,
    method: ConsensusMethod = ConsensusMethod.MAJORITY,
    *,
    include_models: IncludeModels = False,
) -> Response:
    """Infer the consensus on every item, in import order.

    The answer is written to disk first: a slow reader holds no transaction open, and memory does
    not grow with the campaign.
    """
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        inferred = infer_consensus(
            work.session, campaign_id=found.id, method=method, include_models=include_models
        )
        head = {"campaign": found.public_id, "method": method, "fits": inferred.fits}
        path = _written(edge.settings.data_dir / "answers", head, inferred.items)
    return FileResponse(
        path, media_type="application/json", background=BackgroundTask(path.unlink, missing_ok=True)
    )


def _written(folder: Path, head: Mapping[str, Any], items: Iterable[SettledItem]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".json", delete=False) as file:
        path = Path(file.name)
        try:
            file.write(to_json(head)[:-1] + b',"items":[')
            separator = b""
            for item in items:
                file.write(separator + to_json(item.as_document(), inf_nan_mode="null"))
                separator = b",\n"
            file.write(b"]}\n")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return path
