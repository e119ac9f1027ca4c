"""A task type that measures nothing goes through every stage like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.factories import make_campaign, make_items, make_organization
from tests.judged_campaigns import judge, make_annotators
from workbench.aggregation.consensus import infer_consensus
from workbench.aggregation.queries import summarize_consensus
from workbench.aggregation.refresh import refresh_campaign
from workbench.clock import FixedClock
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.models import Campaign
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.settings import Settings

every_method = pytest.mark.parametrize("method", list(ConsensusMethod))

WRITTEN: list[list[str | None]] = [
    ["One way.", "Another way."],
    ["The only way.", None],
    [None, None],
]


def make_demonstrated(
    database: Database, clock: FixedClock, written: Sequence[Sequence[str | None]] = WRITTEN
) -> Campaign:
    """Make a campaign: a row per item, a column per annotator, None for no response."""
    with database.write() as session:
        organization = make_organization(session, clock)
        campaign = make_campaign(session, clock, organization, "demonstration", overlap=2)
        items = make_items(session, clock, campaign, len(written))
        annotators = make_annotators(session, clock, campaign, ["Ada", "Grace"])
        for item, row in zip(items, written, strict=True):
            for annotator, response in zip(annotators, row, strict=True):
                if response is not None:
                    judge(session, clock, item, annotator, {"response": response})
    return campaign


def completions(release: FrozenRelease) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = pq.read_table(
        release.folder / "records_prompt_completion.parquet"
    ).to_pylist()
    return rows


def test_there_is_nothing_to_agree_on_but_how_far_apart_the_texts_lie(
    database: Database, clock: FixedClock
) -> None:
    campaign = make_demonstrated(database, clock)
    agreement = refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    assert (agreement.measures, agreement.matrices) == ([], [])
    assert agreement.n_judgments == 3
    (spread,) = agreement.coefficients
    assert spread.n_items == 1


@every_method
def test_every_method_settles_on_all_that_was_written(
    database: Database, clock: FixedClock, method: ConsensusMethod
) -> None:
    campaign = make_demonstrated(database, clock)
    with database.read() as session:
        consensus = infer_consensus(session, campaign_id=campaign.id, method=method)
        documents = [item.as_document() for item in consensus.items]
    assert consensus.fits == []
    assert [one["value"] for one in documents] == [
        {"responses": ["One way.", "Another way."]},
        {"responses": ["The only way."]},
        None,
    ]
    assert [one["confidence"] for one in documents] == [1.0, 1.0, None]


def test_the_consensus_is_stored_and_counted(database: Database, clock: FixedClock) -> None:
    campaign = make_demonstrated(database, clock)
    refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    with database.read() as session:
        summary = summarize_consensus(
            session, campaign_id=campaign.id, method=ConsensusMethod.MAJORITY
        )
    assert summary.outcomes == {"demonstrated": 2}


@every_method
def test_a_release_holds_a_completion_for_each_demonstration(
    database: Database, settings: Settings, clock: FixedClock, method: ConsensusMethod
) -> None:
    campaign = make_demonstrated(database, clock)
    release = freeze_release(
        database, settings, campaign_id=campaign.id, actor="cli", clock=clock, consensus=method
    )
    assert [(row["completion"], row["confidence"]) for row in completions(release)] == [
        ("One way.", 1.0),
        ("Another way.", 1.0),
        ("The only way.", 1.0),
    ]
    assert release.manifest["agreement"] == []
    assert "## Agreement" in (release.folder / "card.md").read_text()


def test_a_campaign_in_which_nothing_is_written_yet_can_be_measured(
    database: Database, clock: FixedClock
) -> None:
    campaign = make_demonstrated(database, clock, [[None, None]])
    agreement = refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    assert agreement.n_judgments == 0
