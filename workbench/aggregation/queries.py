"""What pages read about consensus and about the items on which people disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.campaigns.pinning import template_of
from workbench.contracts.task_template import ConsensusMethod
from workbench.errors import NotFound
from workbench.models import Annotator, Campaign, Consensus, Item, Judgment, JudgmentOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusSummary:
    """How a campaign's judged items settled by one method.

    `outcomes` counts the settled items by outcome, `unsettled` the others by reason;
    `confidence_tenths[i]` counts the items whose confidence is from i/10 to below (i + 1)/10, and
    full confidence in the last.
    """

    method: ConsensusMethod
    n_judged: int
    outcomes: Mapping[str, int]
    unsettled: Mapping[str, int]
    confidence_tenths: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentView:
    """One judgment in canonical order, with who gave it: for QA leads; engineers get pseudonyms.

    `supersedes` is the public id of the judgment that this one replaces.
    """

    public_id: str
    supersedes: str | None
    annotator: str
    annotator_name: str
    annotator_kind: str
    value: Any
    presentation: Sequence[int] | None
    seconds: float | None
    active_seconds: float | None
    created_at: datetime
    is_superseded: bool
    is_surplus: bool
    is_imported: bool
    is_simulated: bool
    guideline_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedItemView:
    """One item with all its judgments, and the stored consensus by method."""

    public_id: str
    external_id: str
    brief: str
    content: Any
    metadata: Any
    judgments: Sequence[JudgmentView]
    consensus: Mapping[str, Mapping[str, Any]]
    disagreement: float | None


def summarize_consensus(
    session: Session, *, campaign_id: int, method: ConsensusMethod
) -> ConsensusSummary:
    template = template_of(session.get_one(Campaign, campaign_id))
    of_method = (Consensus.campaign_id == campaign_id, Consensus.method == method)
    outcomes: dict[str, int] = {}
    unsettled: dict[str, int] = {}
    groups = session.execute(
        select(Consensus.value, Consensus.reason, func.count())
        .where(*of_method)
        .group_by(Consensus.value, Consensus.reason)
    )
    for value, reason, count in groups:
        if value is None:
            unsettled[reason] = unsettled.get(reason, 0) + count
        else:
            outcome = template.outcome(value) if template.outcome else "settled"
            outcomes[outcome] = outcomes.get(outcome, 0) + count
    # The margin keeps what should be 0.7 from counting below it; full confidence is in the last.
    edges = [tenth / 10 - 1e-9 for tenth in range(10)] + [2.0]
    tenths = session.execute(
        select(
            *(
                func.count().filter(Consensus.confidence >= low, Consensus.confidence < high)
                for low, high in pairwise(edges)
            )
        ).where(*of_method)
    ).one()
    return ConsensusSummary(
        method=method,
        n_judged=sum(outcomes.values()) + sum(unsettled.values()),
        outcomes=outcomes,
        unsettled=unsettled,
        confidence_tenths=list(tenths),
    )


def get_judged_item(session: Session, *, campaign_id: int, item_id: str) -> JudgedItemView:
    """Return an item of the campaign by its public id, with every judgment on it.

    Raises:
        NotFound: The campaign has no such item.
    """
    campaign = session.get_one(Campaign, campaign_id)
    template = template_of(campaign)
    item = session.scalar(select(Item).filter_by(campaign_id=campaign_id, public_id=item_id))
    if item is None:
        message = f"there is no item {item_id!r} in this campaign"
        raise NotFound(message)
    rows = session.execute(
        select(Judgment, Annotator)
        .join(Annotator, Annotator.id == Judgment.annotator_id)
        .where(Judgment.item_id == item.id)
        .order_by(Judgment.id)
    ).all()
    superseded = {judgment.supersedes_id for judgment, _ in rows}
    public_ids = {judgment.id: judgment.public_id for judgment, _ in rows}
    stored = session.scalars(select(Consensus).where(Consensus.item_id == item.id)).all()
    return JudgedItemView(
        public_id=item.public_id,
        external_id=item.external_id,
        brief=template.brief(template.item_model.model_validate(item.content)),
        content=item.content,
        metadata=item.item_metadata,
        judgments=[
            JudgmentView(
                public_id=judgment.public_id,
                supersedes=public_ids.get(judgment.supersedes_id or 0),
                annotator=annotator.public_id,
                annotator_name=annotator.name,
                annotator_kind=str(annotator.kind),
                value=judgment.value,
                presentation=judgment.presentation,
                seconds=judgment.seconds,
                active_seconds=judgment.active_seconds,
                created_at=judgment.created_at,
                is_superseded=judgment.id in superseded,
                is_surplus=judgment.is_surplus,
                is_imported=judgment.origin is JudgmentOrigin.IMPORTED,
                is_simulated=annotator.is_simulated or campaign.is_simulated,
                guideline_version=judgment.guideline_version,
            )
            for judgment, annotator in rows
        ],
        consensus={
            row.method: {
                "value": row.value,
                "reason": row.reason,
                "confidence": row.confidence,
                "margin": row.margin,
                "n_judgments": row.n_judgments,
            }
            for row in stored
        },
        disagreement=next((row.disagreement for row in stored), None),
    )
