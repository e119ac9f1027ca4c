"""What a release would hold, told from the stored consensus before anything is frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.aggregation.consensus import NO_JUDGMENTS
from workbench.campaigns.pinning import template_of
from workbench.contracts.task_template import ConsensusMethod
from workbench.models import Campaign, Consensus, Item
from workbench.releases.snapshot import SETTLED, TIE, Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPreview:
    """Items in, those that filters would leave out in the order of the filters, and the rest.

    Attributes:
        left_out: (reason, items), in the order in which the filters come.
        kept: Items by outcome. Which of them yield a training row is up to the task type.
    """

    items: int
    left_out: Sequence[tuple[str, int]]
    kept: Mapping[str, int]

    @property
    def n_kept(self) -> int:
        return sum(self.kept.values())


def preview_filters(
    session: Session, campaign: Campaign, *, method: ConsensusMethod, filters: Filters
) -> FilterPreview:
    """Count as `freeze_release` would, as of the last measurement."""
    outcome_of = template_of(campaign).outcome
    items = session.scalar(
        select(func.count()).select_from(Item).where(Item.campaign_id == campaign.id)
    )
    graded = (
        select(
            Consensus.value,
            Consensus.reason,
            (Consensus.n_judgments < filters.min_judgments).label("has_few"),
            # The margin is that of the filter itself: 0.9 may be stored as 0.8999….
            (func.coalesce(Consensus.confidence, 0.0) < filters.min_confidence - 1e-9).label(
                "is_unsure"
            ),
        )
        .where(Consensus.campaign_id == campaign.id, Consensus.method == method)
        .subquery()
    )
    columns = (graded.c.value, graded.c.reason, graded.c.has_few, graded.c.is_unsure)
    groups = session.execute(select(*columns, func.count()).group_by(*columns)).all()
    few, unsure, ties = 0, 0, 0
    unsettled, kept = Counter[str](), Counter[str]()
    for value, reason, has_few, is_unsure, count in groups:
        if has_few:
            few += count
        elif value is None:
            unsettled[reason or "no_consensus"] += count
        elif is_unsure:
            unsure += count
        else:
            outcome = SETTLED if outcome_of is None else outcome_of(value)
            if outcome == TIE and filters.drop_ties:
                ties += count
            else:
                kept[outcome] += count
    judged = sum(count for *_, count in groups)
    left_out = [
        ("below_min_judgments", few),
        (NO_JUDGMENTS, (items or 0) - judged),
        *sorted(unsettled.items()),
        ("below_min_confidence", unsure),
        (TIE, ties),
    ]
    return FilterPreview(
        items=items or 0,
        left_out=[(reason, count) for reason, count in left_out if count],
        kept=dict(sorted(kept.items(), key=lambda one: (-one[1], one[0]))),
    )
