"""The written examples of the task types, judged by annotators who agree, as frozen releases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count

from sqlalchemy.orm import Session

from tests.factories import make_campaign, make_organization
from tests.judged_campaigns import judge, make_annotators
from workbench.clock import Clock
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import Example
from workbench.database.session import Database
from workbench.identifiers import Prefix, hash_content, new_public_id
from workbench.models import Campaign, Item
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.settings import Settings

ANNOTATORS = ("rater 1", "rater 2", "rater 3")


def freeze_examples(
    database: Database, settings: Settings, clock: Clock, template: str
) -> list[FrozenRelease]:
    """Return a release for each set of options that examples of a task type are written for."""
    by_options: dict[str, list[Example]] = {}
    for example in get_template(template).examples:
        options = json.dumps(dict(example.options), sort_keys=True)
        by_options.setdefault(options, []).append(example)
    with database.write() as session:
        organization = make_organization(session, clock)
        campaigns = []
        for options, examples in by_options.items():
            campaign = make_campaign(
                session, clock, organization, template, options=json.loads(options)
            )
            judge_examples(session, clock, campaign, examples)
            campaigns.append(campaign.id)
    return [
        freeze_release(database, settings, campaign_id=campaign, actor="cli", clock=clock)
        for campaign in campaigns
    ]


def judge_examples(
    session: Session, clock: Clock, campaign: Campaign, examples: Sequence[Example]
) -> None:
    annotators = make_annotators(session, clock, campaign, ANNOTATORS)
    for number, example in zip(count(1), examples, strict=False):
        content = dict(example.item)
        item = Item(
            public_id=new_public_id(Prefix.ITEM),
            campaign_id=campaign.id,
            external_id=f"example-{number}",
            content=content,
            content_hash=hash_content(content),
            item_metadata={},
            shuffle_key=number,
            open_slots=0,
            created_at=clock.now(),
        )
        session.add(item)
        session.flush()
        for annotator in annotators:
            judge(
                session,
                clock,
                item,
                annotator,
                example.judgment,
                presentation=list(example.presentation) or None,
                seconds=12.5,
            )
