"""A follow-up shows what the source showed, or has no such item."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from tests.imports import Desk, comparison_row
from tests.judged_campaigns import judge, make_annotators
from tests.pictures import png
from workbench.aggregation.refresh import refresh_campaign
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.follow_ups.follow import Following, follow_campaign
from workbench.follow_ups.issue import issue_follow_ups
from workbench.follow_ups.queries import find_followed
from workbench.importing.images import ImageRules
from workbench.models import Campaign, Item
from workbench.settings import Settings


def test_pictures_of_the_prompt_go_along_and_responses_with_pictures_do_not_lose_them(
    sqlite_database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(png())
    picture = {"path": "a.png", "alt": "A field"}
    asked = {"role": "user", "content": "What?", "images": [picture]}
    desk = Desk.open(sqlite_database, clock, tmp_path)
    desk.items(
        comparison_row("asked", prompt=[asked]),
        comparison_row("drawn", responses=[{"text": "1", "images": [picture]}, {"text": "2"}]),
        images=ImageRules.of(settings),
    )
    with sqlite_database.write() as session:
        source = session.get_one(Campaign, desk.campaign_id)
        (rater,) = make_annotators(session, clock, source, ["ada"])
        for item in desk.stored_items:
            judge(session, clock, item, rater, {"strength": -2})
        follower = follow_campaign(
            session,
            source=source,
            name="Edits",
            template_key="critique_and_edit",
            options={},
            following=Following(min_judgments=1),
            now=clock.now(),
            actor="cli",
        )
        follower_id = follower.id
    refresh_campaign(sqlite_database, campaign_id=desk.campaign_id, clock=clock)
    issue_follow_ups(sqlite_database, campaign_id=follower_id, clock=clock)
    with sqlite_database.read() as session:
        (issued,) = session.scalars(select(Item).where(Item.campaign_id == follower_id))
        view = find_followed(session, session.get_one(Campaign, follower_id))
    (image,) = issued.content["prompt"][0]["images"]
    assert (len(image["sha256"]), image["alt"]) == (64, "A field")
    assert view is not None
    assert dict(view.outcomes) == {"issued": 1, "has_images": 1}
