"""A served campaign with judgments, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.factories import make_campaign, make_items
from tests.judged_campaigns import judge, make_annotators
from tests.web.site import Site
from workbench.aggregation.refresh import refresh_campaign
from workbench.models import Annotator, Campaign, Item

Value = Mapping[str, Any]


@dataclass
class JudgedCampaign:
    campaign: Campaign
    items: list[Item]
    annotators: list[Annotator]

    @property
    def address(self) -> str:
        return f"/campaigns/{self.campaign.public_id}"

    def item_address(self, number: int) -> str:
        return f"{self.address}/items/{self.items[number].public_id}"


def comparison(strength: int | str, rationale: str = "") -> Value:
    return {"strength": strength, "rationale": rationale}


def judged_campaign(
    site: Site,
    values: Sequence[Sequence[Value | None]],
    *,
    template: str = "pairwise_preference",
    names: Sequence[str] = ("Ada Lovelace", "Grace Hopper", "Mary Shaw", "Barbara Liskov"),
    presentation: Sequence[int] | None = None,
    measured: bool = True,
) -> JudgedCampaign:
    """Make a campaign: a row per item, a column per annotator, None for no judgment."""
    with site.database.write() as session:
        campaign = make_campaign(
            session, site.clock, site.organization, template, overlap=max(map(len, values))
        )
        items = make_items(session, site.clock, campaign, len(values))
        annotators = make_annotators(session, site.clock, campaign, names[: len(values[0])])
        for item, row in zip(items, values, strict=True):
            for annotator, value in zip(annotators, row, strict=True):
                if value is not None:
                    judge(
                        session,
                        site.clock,
                        item,
                        annotator,
                        value,
                        presentation=presentation,
                        seconds=30.0,
                    )
    made = JudgedCampaign(campaign, items, annotators)
    if measured:
        refresh_campaign(site.database, campaign_id=campaign.id, clock=site.clock)
    return made
