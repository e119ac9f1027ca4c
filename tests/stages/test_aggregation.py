"""The consensus on items, what is stored of it, and the items that people dispute."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.judged_campaigns import (
    judge,
    make_annotators,
    make_compared,
    make_graded,
    make_pandalm,
)
from workbench.aggregation.consensus import FittedField, infer_consensus
from workbench.aggregation.disagreement import item_disagreement
from workbench.aggregation.item_list import ItemFilter, ItemStatus, list_items
from workbench.aggregation.queries import (
    get_judged_item,
    summarize_consensus,
)
from workbench.aggregation.refresh import refresh_campaign
from workbench.aggregation.store import store_consensus
from workbench.clock import FixedClock
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.errors import NotFound
from workbench.models import AnnotatorKind, Consensus, Item

MAJORITY, MEAN, DAWID_SKENE = ConsensusMethod


def inferred(
    database: Database, campaign_id: int, method: ConsensusMethod, **options: Any
) -> list[dict[str, Any]]:
    with database.read() as session:
        consensus = infer_consensus(session, campaign_id=campaign_id, method=method, **options)
        return [item.as_document() for item in consensus.items]


def fitted(database: Database, campaign_id: int, method: ConsensusMethod) -> Sequence[FittedField]:
    with database.read() as session:
        return infer_consensus(session, campaign_id=campaign_id, method=method).fits


def values(documents: Sequence[dict[str, Any]]) -> list[tuple[Any, str | None]]:
    return [(one["value"], one["reason"]) for one in documents]


def test_majority_works_on_the_direction(database: Database, clock: FixedClock) -> None:
    strengths: list[list[int | str | None]] = [
        [-1, -2, 1],
        [1, 1, 3],
        [0, 0, -1],
        ["neither", "neither", 2],
        [1, -1, None],
        [-1, -1, 3],
        [None, None, None],
    ]
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, strengths)
    documents = inferred(database, campaign.id, MAJORITY)
    assert [one["external_id"] for one in documents] == [item.external_id for item in items]
    assert values(documents) == [
        ("first", None),
        ("second", None),
        ("tie", None),
        ("neither", None),
        (None, "tied"),
        (None, "conflict"),
        (None, "no_judgments"),
    ]
    assert [one["confidence"] for one in documents][:4] == pytest.approx([2 / 3, 1, 2 / 3, 2 / 3])
    assert [one["margin"] for one in documents][:2] == pytest.approx([2 / 3, 5 / 3])
    assert [one["n_judgments"] for one in documents] == [3, 3, 3, 3, 2, 3, 0]


def test_the_mean_takes_the_sign_of_the_mean_strength(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[-1, -1, 3], [2, -2, 0], [-3, 1, 1]])
    documents = inferred(database, campaign.id, MEAN)
    assert values(documents) == [("second", None), ("tie", None), ("first", None)]
    assert [one["margin"] for one in documents] == pytest.approx([1 / 3, 0, 1 / 3])


def test_dawid_skene_outvotes_the_careless(database: Database, clock: FixedClock) -> None:
    """Three raters who are right and four who always answer alike: the majority is misled."""
    truth = [-2, 2] * 20
    rows: list[list[int | str | None]] = [
        [strength, strength, strength if number % 7 else -strength, 1, 1, 1, 1]
        for number, strength in enumerate(truth)
    ]
    expected = ["first" if strength < 0 else "second" for strength in truth]
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, rows)
    misled = [value for value, _ in values(inferred(database, campaign.id, MAJORITY))]
    posterior = inferred(database, campaign.id, DAWID_SKENE)
    assert misled != expected
    right = [
        one["value"] == wanted or one["reason"] == "conflict"
        for one, wanted in zip(posterior, expected, strict=True)
    ]
    assert all(right)
    assert all(0.5 < one["confidence"] <= 1 for one in posterior)


def test_dawid_skene_is_one_fit_over_all_batches(
    sqlite_database: Database, clock: FixedClock, shared_data: Path
) -> None:
    with sqlite_database.write() as session:
        campaign = make_pandalm(session, clock, shared_data / "pandalm")
    documents = inferred(sqlite_database, campaign.id, DAWID_SKENE)
    assert [one["external_id"] for one in documents] == [str(number) for number in range(999)]
    assert Counter(one["value"] for one in documents) == {"first": 422, "second": 472, "tie": 105}
    by_majority = inferred(sqlite_database, campaign.id, MAJORITY)
    assert values(by_majority) == values(documents)


def test_the_fits_behind_a_consensus_can_be_checked(
    sqlite_database: Database, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[-1, -1, 1], [1, 1, 1], [-2, -1, -1]] * 4)
        unjudged, _, _ = make_compared(session, clock, [[None]], "Other")
    (fit,) = fitted(sqlite_database, campaign.id, DAWID_SKENE)
    assert fit.field == "direction"
    assert fit.converged
    assert fit.iterations > 1
    # Two raters of three are perfect and the third has its own way with one class of two.
    shares = 8 * math.log(2 / 3) + 4 * math.log(1 / 3)
    of_the_third = 8 * math.log(1 / 2)
    assert fit.log_likelihood == pytest.approx(shares + of_the_third, abs=1e-6)
    assert fitted(sqlite_database, campaign.id, MAJORITY) == []
    assert fitted(sqlite_database, unjudged.id, DAWID_SKENE) == []


def test_models_vote_only_when_asked_for(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1, -1]])
        model = make_annotators(session, clock, campaign, ["judge"], kind=AnnotatorKind.MODEL)[0]
        judge(session, clock, items[0], model, {"strength": 1})
    for method in (MAJORITY, DAWID_SKENE):
        (people,) = inferred(database, campaign.id, method)
        (everyone,) = inferred(database, campaign.id, method, include_models=True)
        assert (people["value"], people["reason"], people["n_judgments"]) == (None, "tied", 2)
        assert (everyone["value"], everyone["n_judgments"]) == ("second", 3)


@pytest.mark.parametrize("method", [MAJORITY, DAWID_SKENE])
def test_steps_settle_on_ratings_first_error_and_verdict(
    sqlite_database: Database, clock: FixedClock, method: ConsensusMethod
) -> None:
    good = {"ratings": [1, 1, 1], "verdict": "solution"}
    error = {"ratings": [1, -1, 1], "verdict": "found_error"}
    broken = {"ratings": [], "verdict": "bad_problem"}
    gradings = [[good, good, good], [error, error, good], [broken, broken, broken]] * 3
    with sqlite_database.write() as session:
        campaign, _ = make_graded(session, clock, gradings)
    documents = inferred(sqlite_database, campaign.id, method)
    assert [one["value"] for one in documents] == [
        {"ratings": [1, 1, 1], "first_error": None, "verdict": "solution"},
        {"ratings": [1, -1, 1], "first_error": 1, "verdict": "found_error"},
        {"ratings": [None, None, None], "first_error": None, "verdict": "bad_problem"},
    ] * 3


def test_stored_consensus_changes_only_where_judgments_did(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, items, raters = make_compared(session, clock, [[1, 1], [2, None], [None, None]])

    def store() -> int:
        with database.read() as session:
            return store_consensus(database, session, campaign_id=campaign.id, methods=[MAJORITY])

    assert store() == 2
    assert store() == 0
    with database.write() as session:
        judge(session, clock, items[1], raters[1], {"strength": -2})
    assert store() == 1
    with database.read() as session:
        stored = session.scalars(
            select(Consensus).join(Item, Item.id == Consensus.item_id).order_by(Consensus.item_id)
        ).all()
        assert [(one.value, one.reason, one.n_judgments) for one in stored] == [
            ("second", None, 2),
            (None, "tied", 2),
        ]


def test_a_refresh_stores_every_method(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1, 1, 1], [2, -2, -2]])
    refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    with database.read() as session:
        rows = session.execute(
            select(Consensus.method, func.count()).group_by(Consensus.method)
        ).all()
    assert {(method, count) for method, count in rows} == {
        (str(method), 2) for method in ConsensusMethod
    }


def test_the_worst_disagreement_comes_first(database: Database, clock: FixedClock) -> None:
    rows: list[list[int | str | None]] = [[1, 1], [1, 2], [-3, 3], [-1, 1], [2, None]]
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, rows)
    refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    with database.read() as session:
        page = list_items(session, campaign, ItemFilter(status=ItemStatus.DISPUTED))
    worst_first = [items[2].external_id, items[3].external_id, items[1].external_id]
    assert [one.external_id for one in page.rows] == worst_first
    assert page.total == 3
    assert page.rows[0].disagreement == 1.0
    # Same direction, one of six steps of strength apart.
    assert page.rows[2].disagreement == pytest.approx((0 + (1 / 6) ** 2) / 2)


def test_an_item_opens_onto_all_its_judgments(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        campaign, items, raters = make_compared(session, clock, [[3, -3], [None, 1]])
        other, _, _ = make_compared(session, clock, [[1]], organization="Another lab")
        first = judge(session, clock, items[1], raters[0], {"strength": 1}, presentation=[1, 0])
    with database.write() as session:
        judge(
            session,
            clock,
            items[1],
            raters[0],
            {"strength": -1, "rationale": "on second thought"},
            supersedes=first,
        )
    refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    with database.read() as session:
        view = get_judged_item(session, campaign_id=campaign.id, item_id=items[1].public_id)
        with pytest.raises(NotFound):
            get_judged_item(session, campaign_id=other.id, item_id=items[1].public_id)
    assert view.content["responses"][0]["model"] == "atlas"
    assert [(one.annotator_name, one.is_superseded) for one in view.judgments] == [
        ("rater 1", False),
        ("rater 0", True),
        ("rater 0", False),
    ]
    assert view.judgments[-1].value["rationale"] == "on second thought"
    assert set(view.consensus) == {str(method) for method in ConsensusMethod}


def test_the_summary_counts_outcomes_reasons_and_confidence(
    database: Database, clock: FixedClock
) -> None:
    rows: list[list[int | str | None]] = [[1, 1, 1], [1, 1, -1], [1, -1, None], [0, 0, 0]]
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, rows)
    refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    with database.read() as session:
        summary = summarize_consensus(session, campaign_id=campaign.id, method=MAJORITY)
    assert summary.n_judged == 4
    assert summary.outcomes == {"second": 2, "tie": 1}
    assert summary.unsettled == {"tied": 1}
    assert list(summary.confidence_tenths) == [0, 0, 0, 0, 0, 1, 1, 0, 0, 2]


def test_disagreement_of_nothing_is_nothing() -> None:
    assert item_disagreement([], 2) == [None, None]
