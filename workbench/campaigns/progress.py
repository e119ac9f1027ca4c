"""How far a whole campaign is, for those who run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.orm import Session

from workbench.campaigns.queries import CampaignSummary
from workbench.models import Campaign, Item, Judgment

DAYS = 30
COUNTED = 100_000
"""The newest judgments that the days are counted from; a picture of a month needs no scan of all."""

_MICROS_PER_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignProgress:
    """Items by how far they are, and judgments by the day they were given.

    `by_day` holds consecutive days up to the last one with a judgment, those without any among
    them; it is empty before the first judgment.
    """

    items: int
    finished: int
    started: int
    untouched: int
    judgments: int
    wanted: int
    by_day: Sequence[tuple[date, int]]


def measure_campaign_progress(
    session: Session, campaign: Campaign, summary: CampaignSummary
) -> CampaignProgress:
    """Count what the campaign's summary does not hold yet."""
    untouched = session.scalar(
        select(func.count())
        .select_from(Item)
        .where(Item.campaign_id == campaign.id, Item.open_slots >= campaign.overlap)
    )
    # An item with every slot open may have surplus judgments; it is not further than untouched.
    still = min(untouched or 0, summary.items - summary.finished_items)
    return CampaignProgress(
        items=summary.items,
        finished=summary.finished_items,
        started=summary.items - summary.finished_items - still,
        untouched=still,
        judgments=summary.judgments,
        wanted=summary.items * campaign.overlap,
        by_day=_count_by_day(session, campaign.id),
    )


def _count_by_day(session: Session, campaign_id: int) -> list[tuple[date, int]]:
    newest = (
        select(type_coerce(Judgment.created_at, BigInteger).label("at"))
        .where(Judgment.campaign_id == campaign_id)
        .order_by(Judgment.id.desc())
        .limit(COUNTED)
        .subquery()
    )
    day = newest.c.at // _MICROS_PER_DAY
    rows = session.execute(select(day, func.count()).group_by(day).order_by(day.desc()).limit(DAYS))
    counts: dict[int, int] = dict(iter(rows))
    if not counts:
        return []
    last = max(counts)
    first = max(min(counts), last - DAYS + 1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC).date()
    return [
        (epoch + timedelta(days=number), counts.get(number, 0)) for number in range(first, last + 1)
    ]
