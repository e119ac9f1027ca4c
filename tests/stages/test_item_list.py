"""Items put in order of disagreement, and what a release would hold of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.judged_campaigns import judge, make_compared
from workbench.aggregation.item_list import (
    ItemFilter,
    ItemStatus,
    find_neighbours,
    list_annotator_names,
    list_items,
)
from workbench.aggregation.refresh import refresh_campaign
from workbench.campaigns.progress import measure_campaign_progress
from workbench.campaigns.queries import summarize_campaign
from workbench.clock import FixedClock
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.models import Campaign, Item
from workbench.releases.freeze import Filters, freeze_release
from workbench.releases.preview import preview_filters
from workbench.settings import Settings

STRENGTHS = [[-1, -2], [None, None], [-3, 3], [2, 2], [0, 0], [1, None], ["neither", "neither"]]


@pytest.fixture
def compared(database: Database, clock: FixedClock) -> tuple[Campaign, list[Item]]:
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, STRENGTHS)
    refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    return campaign, items


def test_judged_items_come_first_by_disagreement_on_every_page(
    database: Database, compared: tuple[Campaign, list[Item]]
) -> None:
    campaign, items = compared
    with database.read() as session:
        pages = [
            list_items(session, campaign, ItemFilter(), page=number, page_size=3).rows
            for number in (1, 2, 3)
        ]
        total = list_items(session, campaign, ItemFilter(), page_size=1).total
    order = [
        items.index(next(one for one in items if one.public_id == row.public_id))
        for page in pages
        for row in page
    ]
    assert order == [2, 0, 3, 4, 6, 1, 5]
    assert total == 7


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ItemStatus.DISPUTED, {2, 0}),
        (ItemStatus.UNANIMOUS, {3, 4, 6}),
        (ItemStatus.SINGLE, {5}),
        (ItemStatus.UNSETTLED, {2}),
        (ItemStatus.UNJUDGED, {1}),
        (ItemStatus.FLAGGED, set()),
    ],
)
def test_each_status_lists_its_own_items(
    database: Database,
    compared: tuple[Campaign, list[Item]],
    status: ItemStatus,
    expected: set[int],
) -> None:
    campaign, items = compared
    with database.read() as session:
        rows = list_items(session, campaign, ItemFilter(status=status)).rows
    assert {row.public_id for row in rows} == {items[number].public_id for number in expected}


def test_items_are_found_by_all_who_judged_them(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        campaign, items, (first, second) = make_compared(
            session, clock, [[1, 1], [1, None], [None, 2]]
        )
    with database.read() as session:
        both = ItemFilter(judged_by=[first.public_id, second.public_id])
        one = ItemFilter(judged_by=[second.public_id])
        nobody = ItemFilter(judged_by=["ann_unknown"])
        found = [
            [row.public_id for row in list_items(session, campaign, wanted).rows]
            for wanted in (both, one, nobody)
        ]
        names = list_annotator_names(
            session,
            organization_id=campaign.organization_id,
            annotators=[second.public_id, "ann_unknown", first.public_id],
        )
    assert found == [[items[0].public_id], [items[0].public_id, items[2].public_id], []]
    assert names == [second.name, first.name]


def test_annotators_of_another_organization_find_nothing(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1, 1]])
        _, _, (stranger, _) = make_compared(session, clock, [[1, 1]], organization="Other")
        judge(session, clock, items[0], stranger, {"strength": 2})
    with database.read() as session:
        wanted = ItemFilter(judged_by=[stranger.public_id])
        assert list_items(session, campaign, wanted).total == 0
        assert not list_annotator_names(
            session, organization_id=campaign.organization_id, annotators=[stranger.public_id]
        )


def test_neighbours_are_the_disputed_items_on_either_side(
    database: Database, compared: tuple[Campaign, list[Item]]
) -> None:
    campaign, items = compared
    with database.read() as session:
        worst, milder, agreed = (
            find_neighbours(session, campaign_id=campaign.id, item=items[number].public_id)
            for number in (2, 0, 3)
        )
    assert (worst.previous, worst.following) == (None, items[0].public_id)
    assert (milder.previous, milder.following) == (items[2].public_id, None)
    assert (worst.place, milder.place, agreed.place) == (1, 2, None)
    assert agreed.following == items[2].public_id
    assert {one.total for one in (worst, milder, agreed)} == {2}


@pytest.mark.parametrize("method", list(ConsensusMethod))
@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(min_judgments=2),
        Filters(min_judgments=2, min_confidence=0.9, drop_ties=True),
        Filters(drop_ties=True),
    ],
)
def test_a_preview_counts_what_freezing_then_does(
    database: Database,
    clock: FixedClock,
    settings: Settings,
    compared: tuple[Campaign, list[Item]],
    method: ConsensusMethod,
    filters: Filters,
) -> None:
    campaign, _ = compared
    with database.read() as session:
        preview = preview_filters(session, campaign, method=method, filters=filters)
    frozen = freeze_release(
        database,
        settings,
        campaign_id=campaign.id,
        actor="cli",
        clock=clock,
        consensus=method,
        filters=filters,
    )
    steps = {step["step"]: step for step in frozen.manifest["steps"]}
    left_out = [
        (reason, count)
        for name in ("judgments", "consensus", "confidence", "ties")
        for reason, count in steps[name]["left_out"].items()
    ]
    assert preview.items == steps["judgments"]["in"]
    assert sorted(preview.left_out) == sorted(left_out)
    assert preview.n_kept == steps["ties"]["out"]


def test_progress_counts_items_and_days_without_a_gap(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, items, (annotator, _) = make_compared(session, clock, [[None, None]] * 3)
        nothing = measure_campaign_progress(
            session, campaign, summarize_campaign(session, campaign)
        )
        judge(session, clock, items[0], annotator, {"strength": 1})
        clock.advance(timedelta(days=2))
        judge(session, clock, items[1], annotator, {"strength": 1})
        items[0].open_slots = 0
        session.flush()
        later = measure_campaign_progress(session, campaign, summarize_campaign(session, campaign))
    assert nothing.by_day == []
    assert (nothing.untouched, nothing.finished) == (3, 0)
    assert (later.finished, later.started, later.untouched) == (1, 0, 2)
    assert later.by_day == [
        (date(2026, 5, 1), 1),
        (date(2026, 5, 2), 0),
        (date(2026, 5, 3), 1),
    ]
