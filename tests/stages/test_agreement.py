"""What is measured of a campaign, from rows in a database to the document scripts get."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.factories import make_campaign, make_items, make_organization
from tests.judged_campaigns import (
    judge,
    make_annotators,
    make_compared,
    make_graded,
    make_pandalm,
)
from workbench.aggregation.refresh import refresh_campaign
from workbench.agreement.measure import Agreement, measure_agreement
from workbench.agreement.queries import find_agreement
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.models import AnnotatorKind

GOOD = {"ratings": [1, 1, 1], "verdict": "solution"}
BAD_LAST = {"ratings": [1, 1, -1], "verdict": "found_error"}


def measured(database: Database, campaign_id: int, **options: Any) -> Agreement:
    with database.read() as session:
        return measure_agreement(session, campaign_id=campaign_id, **options)


def by_field(agreement: Agreement) -> dict[str, dict[str, Any]]:
    return {one["field"]: one for one in agreement.as_document()["measures"]}


def test_pandalm_meets_its_published_agreement(
    sqlite_database: Database, clock: FixedClock, shared_data: Path
) -> None:
    with sqlite_database.write() as session:
        campaign = make_pandalm(session, clock, shared_data / "pandalm")
    agreement = measured(sqlite_database, campaign.id)
    direction = by_field(agreement)["direction"]
    assert direction["alpha"] == pytest.approx(0.8642206852, abs=1e-6)
    assert direction["percent_agreement"] == pytest.approx(0.9199199199, abs=1e-6)
    assert direction["interval"][0] < direction["alpha"] < direction["interval"][1]
    assert (direction["n_units"], direction["n_annotators"], direction["n_judgments"]) == (
        999,
        3,
        2997,
    )
    names = {one.annotator: one.name for one in agreement.annotators}
    matrix = agreement.matrices[0]
    kappas = {
        frozenset((names[matrix.annotators[i]], names[matrix.annotators[j]])): matrix.kappa[i][j]
        for i, j in itertools.combinations(range(3), 2)
    }
    assert kappas == {
        frozenset(("annotator1", "annotator2")): pytest.approx(0.8520226785, abs=1e-6),
        frozenset(("annotator1", "annotator3")): pytest.approx(0.8789438113, abs=1e-6),
        frozenset(("annotator2", "annotator3")): pytest.approx(0.8616614541, abs=1e-6),
    }


def test_neither_is_a_direction_and_leaves_the_strength_out(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, _, _ = make_compared(
            session, clock, [["neither", "neither", -2], [1, 2, 3], [-1, -1, "neither"], [0, 0, 0]]
        )
    fields = by_field(measured(database, campaign.id))
    assert fields["direction"]["n_judgments"] == 12
    assert fields["direction"]["n_excluded"] == {}
    assert fields["strength"]["n_excluded"] == {"neither": 3}
    # The first item keeps one strength, which nothing can be paired with.
    assert (fields["strength"]["n_units"], fields["strength"]["n_judgments"]) == (3, 8)
    assert fields["direction"]["percent_agreement"] == pytest.approx((1 / 3 + 1 + 1 / 3 + 1) / 4)


def test_undefined_agreement_is_null_with_a_reason(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        empty = make_campaign(session, clock, make_organization(session, clock, "Empty"))
        make_items(session, clock, empty, 2)
        single, _, _ = make_compared(session, clock, [[1], [2]])
    for campaign in (empty, single):
        for field in by_field(measured(database, campaign.id)).values():
            assert field["alpha"] is None
            assert field["reason"] == "no_pairable_units"
            assert field["interval"] is None
            assert field["percent_agreement"] is None


def test_one_category_alone_leaves_alpha_undefined_but_not_the_percentage(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1, 1], [1, 1]])
    direction = by_field(measured(database, campaign.id))["direction"]
    assert (direction["alpha"], direction["reason"]) == (None, "no_variation")
    assert direction["percent_agreement"] == 1.0


def test_only_the_current_judgment_counts(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        campaign, items, annotators = make_compared(session, clock, [[2, 2], [-2, -2]])
        first = judge(session, clock, items[0], annotators[0], {"strength": 2})
    with database.write() as session:
        judge(session, clock, items[0], annotators[0], {"strength": -1}, supersedes=first)
    direction = by_field(measured(database, campaign.id))["direction"]
    assert direction["n_judgments"] == 4
    assert direction["percent_agreement"] == 0.5


def test_models_take_part_only_when_asked_for(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1, 1], [-1, -1]])
        model = make_annotators(session, clock, campaign, ["judge-7b"], kind=AnnotatorKind.MODEL)
        for item in items:
            judge(session, clock, item, model[0], {"strength": 3})
    people = by_field(measured(database, campaign.id))["direction"]
    everyone = by_field(measured(database, campaign.id, include_models=True))["direction"]
    assert (people["n_annotators"], people["alpha"]) == (2, 1.0)
    assert everyone["n_annotators"] == 3
    assert everyone["alpha"] < 1


def test_steps_are_measured_per_step_and_on_the_first_error(
    database: Database, clock: FixedClock
) -> None:
    unsure = {"ratings": [1, "unsure", -1], "verdict": "found_error"}
    early = {"ratings": [1, -1], "verdict": "found_error"}
    with database.write() as session:
        campaign, _ = make_graded(
            session, clock, [[GOOD, GOOD, GOOD], [BAD_LAST, BAD_LAST, unsure], [GOOD, early, GOOD]]
        )
    fields = by_field(measured(database, campaign.id))
    rating, first_error = fields["rating"], fields["first_error"]
    assert (rating["level"], rating["unit"]) == ("ordinal", "item × step")
    assert (first_error["level"], first_error["unit"]) == ("nominal", "item")
    # 9 steps; step 2 of the second item has one unsure, step 3 of the third one ungraded.
    assert (rating["n_units"], rating["n_judgments"]) == (9, 25)
    assert first_error["n_units"] == 3
    assert first_error["percent_agreement"] == pytest.approx((1 + 1 + 1 / 3) / 3)


def test_equal_data_give_equal_intervals_that_resample_items(
    sqlite_database: Database, clock: FixedClock
) -> None:
    gradings = [[GOOD, BAD_LAST], [BAD_LAST, BAD_LAST], [GOOD, GOOD]] * 4
    with sqlite_database.write() as session:
        campaign, _ = make_graded(session, clock, gradings)
    first, second = (measured(sqlite_database, campaign.id) for _ in range(2))
    assert first == second
    assert by_field(first)["rating"]["interval"] is not None


def test_position_bias_is_the_share_of_first_shown_winners(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign = make_campaign(session, clock, make_organization(session, clock))
        items = make_items(session, clock, campaign, 4)
        raters = make_annotators(session, clock, campaign, ["a", "b"])
        for number, item in enumerate(items):
            # Shown second response first; it wins where strength is positive.
            judge(session, clock, item, raters[0], {"strength": 2}, presentation=[1, 0])
            judge(session, clock, item, raters[1], {"strength": -1}, presentation=[1, 0])
            if number == 0:
                judge(session, clock, item, raters[0], {"strength": 0}, presentation=[0, 1])
    bias = measured(database, campaign.id).position_bias
    assert bias is not None
    # Of the first item, the tie is the current judgment of the first rater.
    assert (bias.n_judgments, bias.share) == (7, pytest.approx(3 / 7))
    assert bias.interval is not None
    assert bias.interval[0] <= 3 / 7 <= bias.interval[1]


def test_annotators_are_listed_with_their_pace(database: Database, clock: FixedClock) -> None:
    with database.write() as session:
        campaign = make_campaign(session, clock, make_organization(session, clock))
        items = make_items(session, clock, campaign, 3)
        quick, slow = make_annotators(session, clock, campaign, ["quick", "slow"])
        for seconds, item in zip((10.0, 20.0, 90.0), items, strict=True):
            judge(session, clock, item, quick, {"strength": 1}, seconds=seconds)
        judge(session, clock, items[0], slow, {"strength": 1})
    annotators = measured(database, campaign.id).annotators
    assert [(one.name, one.n_judgments, one.median_seconds) for one in annotators] == [
        ("quick", 3, 20.0),
        ("slow", 1, None),
    ]


def test_the_stored_report_says_whether_it_is_current(
    database: Database, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1, 1, 2], [-1, -2, 1]])
    with database.read() as session:
        assert find_agreement(session, campaign_id=campaign.id) is None
    agreement = refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    with database.read() as session:
        view = find_agreement(session, campaign_id=campaign.id)
    assert view is not None
    assert view.is_current
    assert view.computed_at == clock.now()
    assert view.agreement.as_document() == agreement.as_document()
    with database.write() as session:
        late = make_annotators(session, clock, campaign, ["late"])[0]
        judge(session, clock, items[0], late, {"strength": 1})
    with database.read() as session:
        view = find_agreement(session, campaign_id=campaign.id)
    assert view is not None
    assert not view.is_current
