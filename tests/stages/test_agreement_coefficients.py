"""What is measured besides α: other coefficients of a field, and numbers that each item has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.judged_campaigns import make_compared
from workbench.aggregation.refresh import refresh_campaign
from workbench.agreement.measure import Agreement, measure_agreement
from workbench.agreement.queries import find_agreement
from workbench.campaigns import pinning
from workbench.clock import FixedClock
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import AnyTemplate, Coefficient, Statistic
from workbench.database.session import Database
from workbench.errors import TemplateBroken
from workbench.models import AgreementReport
from workbench.releases.card import render_agreement

# Six items, three annotators; nobody judged the last twice.
STRENGTHS: Sequence[Sequence[int | None]] = [
    [2, 2, 1],
    [-1, -1, -2],
    [0, 1, 1],
    [-2, -2, None],
    [1, -1, 1],
    [2, None, None],
]


def spread(item: Any, judgments: Sequence[Any]) -> float | None:
    assert item.responses
    strengths = [judgment.strength for judgment in judgments]
    return float(max(strengths) - min(strengths)) if len(strengths) > 1 else None


SPREAD = Coefficient(
    field="spread", title="Spread", note="Places between the extremes.", low=0, high=6, of=spread
)


def use(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> AnyTemplate:
    """Let every campaign have the comparison's template with these changes."""
    changed = replace(get_template("pairwise_preference"), configure=None, **changes)
    monkeypatch.setattr(pinning, "get_template", lambda _key: changed)
    return changed


def measures_with(*statistics: Statistic) -> list[Any]:
    return [
        replace(measure, also=statistics if measure.field == "strength" else ())
        for measure in get_template("pairwise_preference").measures
    ]


def measured(database: Database, clock: FixedClock) -> Agreement:
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, STRENGTHS)
    with database.read() as session:
        return measure_agreement(session, campaign_id=campaign.id)


def test_a_field_reports_the_coefficients_that_its_measure_names(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, measures=measures_with(Statistic.QUADRATIC_KAPPA, Statistic.GWET_AC1))
    fields = {one.field: one for one in measured(sqlite_database, clock).measures}
    assert fields["direction"].also == []
    kappa, ac1 = fields["strength"].also
    assert (kappa.statistic, ac1.statistic) == ("quadratic_kappa", "gwet_ac1")
    # Of the pairs within items, the mean squared distances are 2/3, 2/3, 2/3, 0 and 8/3.
    within = (2 / 3 + 2 / 3 + 2 / 3 + 0 + 8 / 3) / 5
    own = [[2, -1, 0, -2, 1, 2], [2, -1, 1, -2, -1], [1, -2, 1, 1]]
    between = [
        sum((a - b) ** 2 for a in own[i] for b in own[j]) / (len(own[i]) * len(own[j]))
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    assert kappa.value == pytest.approx(1 - within / (sum(between) / 3))
    assert ac1.value is not None
    for one in (kappa, ac1):
        assert one.reason is None
        assert one.interval is not None
        assert one.interval[0] <= one.value <= one.interval[1]


def test_a_coefficient_is_the_mean_over_the_items_on_which_it_is_defined(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, coefficients=[SPREAD])
    (one,) = measured(sqlite_database, clock).coefficients
    assert (one.field, one.n_items, one.low, one.high) == ("spread", 5, 0, 6)
    assert one.mean == pytest.approx((1 + 1 + 1 + 0 + 2) / 5)
    assert one.interval is not None
    assert 0 <= one.interval[0] < one.mean < one.interval[1] <= 2


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -0.5, 6.5])
def test_a_number_outside_the_range_is_the_templates_fault(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, number: float
) -> None:
    use(monkeypatch, coefficients=[replace(SPREAD, of=lambda _item, _judgments: number)])
    with pytest.raises(TemplateBroken, match="the coefficient spread yields"):
        measured(sqlite_database, clock)


def test_the_report_keeps_them_and_scripts_get_them(
    database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, measures=measures_with(Statistic.QUADRATIC_KAPPA), coefficients=[SPREAD])
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, STRENGTHS)
    agreement = refresh_campaign(database, campaign_id=campaign.id, clock=clock)
    with database.read() as session:
        view = find_agreement(session, campaign_id=campaign.id)
    assert view is not None
    assert view.agreement == agreement
    document = view.agreement.as_document()
    assert [one["field"] for one in document["coefficients"]] == ["spread"]
    assert [len(one["also"]) for one in document["measures"]] == [0, 1]


def test_a_report_from_before_there_were_coefficients_can_be_read(
    sqlite_database: Database, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, STRENGTHS)
    refresh_campaign(sqlite_database, campaign_id=campaign.id, clock=clock)
    with sqlite_database.write() as session:
        report = session.get_one(AgreementReport, campaign.id)
        document = {key: value for key, value in report.document.items() if key != "coefficients"}
        document["measures"] = [
            {key: value for key, value in one.items() if key != "also"}
            for one in document["measures"]
        ]
        report.document = document
    with sqlite_database.read() as session:
        view = find_agreement(session, campaign_id=campaign.id)
    assert view is not None
    assert view.agreement.coefficients == ()
    assert view.agreement.measures[0].also == ()


def test_a_task_on_which_nothing_is_measured_is_measured_all_the_same(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, measures=())
    agreement = measured(sqlite_database, clock)
    assert agreement.as_document() == {
        "campaign": agreement.campaign,
        "measures": [],
        "coefficients": [],
    }
    assert (agreement.n_items, agreement.n_judgments) == (6, 15)
    assert "Not measured" in render_agreement([], [])


def test_the_card_of_a_release_lists_them(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, measures=measures_with(Statistic.GWET_AC1), coefficients=[SPREAD])
    document = measured(sqlite_database, clock).as_document()
    card = render_agreement(document["measures"], document["coefficients"])
    assert "| strength | Gwet's AC1 | 0." in card
    assert "| spread | mean over items: Spread | 1.000 | " in card
    assert "| 5 |" in card.splitlines()[-1]
