"""Two releases compared: each item and row is counted once, under what became of it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from tests.factories import make_items
from tests.judged_campaigns import judge, make_annotators, make_compared
from workbench.clock import FixedClock
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.errors import VerificationFailed
from workbench.models import Annotator, Campaign
from workbench.releases.diff import compare_releases
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.releases.snapshot import Filters
from workbench.settings import Settings


@pytest.fixture
def releases(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> tuple[FrozenRelease, FrozenRelease]:
    """Between the two: item 0 flips, 1 gets stronger, 2 stays, 3 loses its consensus, 4 is new."""
    with sqlite_database.write() as session:
        campaign, items, raters = make_compared(
            session, clock, [[1, None], [1, 1], [-2, -2], [1, None]]
        )
    first = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    with sqlite_database.write() as session:
        late = make_annotators(session, clock, session.get_one(Campaign, campaign.id), ["C", "D"])
        for item, strength in ((items[0], -1), (items[1], 3)):
            for rater in late:
                judge(session, clock, item, rater, {"strength": strength})
        judge(session, clock, items[3], raters[1], {"strength": -1})
        for item in make_items(session, clock, session.get_one(Campaign, campaign.id), 1):
            judge(session, clock, item, late[0], {"strength": 2})
    second = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    return first, second


def test_every_item_is_added_removed_relabelled_or_unchanged(
    releases: tuple[FrozenRelease, FrozenRelease],
) -> None:
    first, second = releases
    consensus = compare_releases(first.folder, second.folder).consensus
    assert (consensus.added, consensus.removed) == (1, 1)
    assert consensus.relabelled + consensus.unchanged == 3
    assert ("first", "second", 1) in consensus.outcomes or (
        "second",
        "first",
        1,
    ) in consensus.outcomes
    assert len(consensus.first_added) == len(consensus.first_removed) == 1
    assert len(consensus.first_relabelled) == consensus.relabelled
    flipped = consensus.first_relabelled[0]
    assert json.loads(flipped.before) != json.loads(flipped.after)


def test_rows_are_compared_by_what_they_say(
    releases: tuple[FrozenRelease, FrozenRelease],
) -> None:
    first, second = releases
    records = {one.record: one for one in compare_releases(first.folder, second.folder).records}
    preference = records["preference"]
    assert (preference.rows_before, preference.rows_after) == (4, 4)
    assert (preference.added, preference.removed) == (1, 1)
    assert (preference.relabelled, preference.rescored, preference.unchanged) == (1, 1, 1)
    prompts = records["prompt"]
    assert (prompts.relabelled, prompts.rescored, prompts.unchanged) == (0, 0, 3)
    assert "label_studio_task" not in records


def test_what_moved_the_agreement_is_told(
    releases: tuple[FrozenRelease, FrozenRelease],
) -> None:
    first, second = releases
    found = compare_releases(first.folder, second.folder)
    direction = found.agreement[0]
    before, after = first.manifest["agreement"][0], second.manifest["agreement"][0]
    assert (direction.alpha_before, direction.alpha_after) == (before["alpha"], after["alpha"])
    assert direction.interval_after == after["interval"]
    assert (direction.judgments_before, direction.judgments_after) == (4, 11)
    assert ("current", 6, 12) in found.counts
    assert "cannot be joined" in found.note


def test_a_release_does_not_differ_from_itself_frozen_again(
    releases: tuple[FrozenRelease, FrozenRelease],
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
) -> None:
    with sqlite_database.read() as session:
        campaign = session.scalars(select(Campaign)).one()
        assert session.scalars(select(Annotator)).all()
    again = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    found = compare_releases(releases[1].folder, again.folder)
    assert (found.consensus.added, found.consensus.removed, found.consensus.relabelled) == (0, 0, 0)
    assert found.settings == []
    for one in found.records:
        assert (one.added, one.removed, one.relabelled, one.rescored) == (0, 0, 0, 0)


def test_other_settings_are_named(
    releases: tuple[FrozenRelease, FrozenRelease],
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
) -> None:
    with sqlite_database.read() as session:
        campaign = session.scalars(select(Campaign)).one()
    other = freeze_release(
        sqlite_database,
        settings,
        campaign_id=campaign.id,
        actor="cli",
        clock=clock,
        consensus=ConsensusMethod.MEAN,
        filters=Filters(min_judgments=2),
    )
    found = compare_releases(releases[1].folder, other.folder)
    assert found.settings == [("consensus", "majority", "mean"), ("min_judgments", "1", "2")]
    with pytest.raises(VerificationFailed):
        compare_releases(releases[1].folder, other.folder, after_sha256="0" * 64)


def test_items_of_two_campaigns_are_joined_by_external_id(
    releases: tuple[FrozenRelease, FrozenRelease],
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1]], "Other")
    other = freeze_release(
        sqlite_database, settings, campaign_id=campaign.id, actor="cli", clock=clock
    )
    found = compare_releases(releases[0].folder, other.folder)
    assert found.joined_by == "external_id"
    assert (found.consensus.added, found.consensus.removed) == (1, 4)
