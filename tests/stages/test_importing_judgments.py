"""Judgments from elsewhere: a row again is a no-op, a changed one supersedes, models take no slot."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from tests.factories import make_expert
from tests.imports import Desk, comparison_row, fault_at, faults, judgment_row
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import CampaignClosed, ImportRejected
from workbench.models import AnnotatorKind, Campaign, CampaignStatus, JudgmentOrigin, Organization


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    desk.items(comparison_row("p-1"), comparison_row("p-2"))
    return desk


@pytest.fixture
def sqlite_stocked(sqlite_desk: Desk) -> Desk:
    sqlite_desk.items(comparison_row("p-1"), comparison_row("p-2"))
    return sqlite_desk


def test_a_judgment_is_kept_with_all_that_its_row_says(stocked: Desk) -> None:
    report = stocked.judgments(
        judgment_row(
            value={"strength": -2, "rationale": "Clearer."},
            presentation=[1, 0],
            created_at="2026-04-01T12:00:00+02:00",
            seconds=41.5,
        )
    )
    assert report.counts.added == 1
    (judgment,) = stocked.stored_judgments
    assert judgment.value == {
        "strength": -2,
        "rationale": "Clearer.",
        "flags": [[], []],
        "wrong_claims": [[], []],
    }
    assert judgment.presentation == [1, 0]
    assert judgment.created_at == datetime(2026, 4, 1, 10, tzinfo=UTC)
    assert judgment.seconds == 41.5
    assert judgment.origin is JudgmentOrigin.IMPORTED
    assert judgment.guideline_version is None
    assert judgment.template_version == stocked.campaign.template_version
    assert judgment.annotator_id == stocked.annotators["a1"].id
    assert stocked.annotators["a1"].kind is AnnotatorKind.PERSON


def test_what_a_row_leaves_out_is_unknown_and_its_time_is_that_of_the_import(
    stocked: Desk,
) -> None:
    stocked.judgments(judgment_row())
    (judgment,) = stocked.stored_judgments
    assert (judgment.presentation, judgment.seconds) == (None, None)
    assert judgment.created_at == stocked.clock.now()


def test_a_time_without_a_zone_is_utc(sqlite_stocked: Desk) -> None:
    sqlite_stocked.judgments(judgment_row(created_at="2026-04-01 12:00:00"))
    assert sqlite_stocked.stored_judgments[0].created_at == datetime(2026, 4, 1, 12, tzinfo=UTC)


def test_the_same_file_again_changes_nothing(stocked: Desk) -> None:
    rows = [
        judgment_row("p-1", "a1"),
        judgment_row("p-1", "a2", seconds=3, created_at="2026-04-01T12:00:00Z"),
        judgment_row("p-2", "a1", presentation=[0, 1]),
        judgment_row("p-2", "m", annotator_kind="model"),
    ]
    stocked.judgments(*rows)
    stocked.clock.advance(timedelta(days=1))
    report = stocked.judgments(*reversed(rows))
    assert vars(report.counts) == {"added": 0, "updated": 0, "unchanged": 4, "superseded": 0}
    assert len(stocked.stored_judgments) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"value": {"strength": 3}},
        {"value": {"strength": "neither"}},
        {"value": {"strength": -2, "rationale": "Why."}},
        {"presentation": [1, 0]},
        {"seconds": 5},
        {"created_at": "2026-04-02T12:00:00Z"},
    ],
)
def test_a_changed_row_supersedes_and_the_old_one_stays(stocked: Desk, change: dict) -> None:
    row = judgment_row(created_at="2026-04-01T12:00:00Z", seconds=4, presentation=[0, 1])
    stocked.judgments(row)
    report = stocked.judgments({**row, **change})
    assert (report.counts.added, report.counts.superseded) == (0, 1)
    old, new = stocked.stored_judgments
    assert (old.supersedes_id, new.supersedes_id) == (None, old.id)
    assert old.value["strength"] == -2
    assert stocked.judgments({**row, **change}).counts.unchanged == 1


def test_a_row_that_says_less_about_the_same_value_changes_nothing(stocked: Desk) -> None:
    stocked.judgments(judgment_row(created_at="2026-04-01T12:00:00Z", seconds=4))
    assert stocked.judgments(judgment_row()).counts.unchanged == 1


def test_changing_back_supersedes_once_more(stocked: Desk) -> None:
    first, second = judgment_row(), judgment_row(value={"strength": 1})
    for row in (first, second, first):
        stocked.judgments(row)
    assert [judgment.value["strength"] for judgment in stocked.stored_judgments] == [-2, 1, -2]
    assert len(stocked.current_judgments) == 1


def test_a_file_may_hold_a_history_and_still_changes_nothing_the_second_time(
    stocked: Desk,
) -> None:
    rows = [
        judgment_row("p-1", "a1", value={"strength": 1}),
        judgment_row("p-2", "a1"),
        judgment_row("p-1", "a1", value={"strength": 2}),
        judgment_row("p-1", "a1", value={"strength": 3}),
    ]
    report = stocked.judgments(*rows)
    assert (report.counts.added, report.counts.superseded) == (2, 2)
    current = {
        judgment.item_id: judgment.value["strength"] for judgment in stocked.current_judgments
    }
    assert sorted(current.values()) == [-2, 3]
    assert stocked.judgments(*rows).counts.unchanged == 4
    assert stocked.judgments(rows[3]).counts.unchanged == 1


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=st.lists(
        st.lists(st.integers(min_value=-3, max_value=3), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_after_any_files_the_last_row_holds_and_each_again_only_if_it_is_the_latest(
    sqlite_stocked: Desk, files: list[list[int]]
) -> None:
    annotator = f"annotator-{len(sqlite_stocked.annotators)}"
    for strengths in files:
        rows = [judgment_row("p-1", annotator, value={"strength": one}) for one in strengths]
        sqlite_stocked.judgments(*rows)
        annotator_id = sqlite_stocked.annotators[annotator].id
        (current,) = [
            judgment
            for judgment in sqlite_stocked.current_judgments
            if judgment.annotator_id == annotator_id
        ]
        assert current.value["strength"] == strengths[-1]
        assert sqlite_stocked.judgments(*rows).counts.written == 0


def test_people_fill_slots_as_far_as_there_are_any_and_models_take_none(stocked: Desk) -> None:
    stocked.judgments(
        judgment_row("p-1", "m", annotator_kind="model"),
        judgment_row("p-1", "a1"),
        judgment_row("p-1", "a2"),
        judgment_row("p-1", "a3"),
        judgment_row("p-2", "a1"),
    )
    slots = {item.external_id: item.open_slots for item in stocked.stored_items}
    assert slots == {"p-1": 0, "p-2": 1}
    by_name = {annotator.id: name for name, annotator in stocked.annotators.items()}
    first = {
        by_name[judgment.annotator_id]: (judgment.took_slot, judgment.is_surplus)
        for judgment in stocked.stored_judgments
        if judgment.item_id == stocked.stored_items[0].id
    }
    assert first == {
        "m": (False, False),
        "a1": (True, False),
        "a2": (True, False),
        "a3": (False, True),
    }


def test_a_superseding_judgment_keeps_the_slot_of_the_one_before(stocked: Desk) -> None:
    stocked.judgments(judgment_row("p-1", "a1"))
    stocked.judgments(judgment_row("p-1", "a1", value={"strength": 3}))
    assert stocked.stored_items[0].open_slots == 1
    assert [judgment.took_slot for judgment in stocked.stored_judgments] == [True, True]


def test_one_job_waits_for_all_that_was_imported(stocked: Desk) -> None:
    stocked.judgments(*(judgment_row("p-1", f"a{number}") for number in range(600)))
    (job,) = stocked.jobs
    assert (job.kind, job.subject_id) == ("campaign_judged", stocked.campaign_id)
    stocked.judgments(judgment_row("p-1", "a1"))
    assert len(stocked.jobs) == 1


def test_nothing_new_leaves_no_work(stocked: Desk) -> None:
    stocked.judgments(judgment_row())
    with stocked.database.write() as session:
        session.delete(session.merge(stocked.jobs[0]))
    stocked.judgments(judgment_row())
    assert stocked.jobs == []


def test_every_import_is_audited(stocked: Desk) -> None:
    stocked.judgments(judgment_row(value={"strength": 1, "rationale": "secret"}))
    (event,) = stocked.audited("judgments_imported")
    assert event.detail["added"] == 1
    assert "secret" not in json.dumps(event.detail)


@pytest.mark.parametrize(
    ("changes", "field", "problem", "expected"),
    [
        ({"external_id": "p-9"}, "external_id", '"p-9" is no item', "imported item"),
        ({"external_id": ...}, "external_id", "is missing", "a value"),
        ({"annotator": ...}, "annotator", "is missing", "a value"),
        ({"annotator": ""}, "annotator", "is empty", "at least 1"),
        ({"annotator": "x" * 321}, "annotator", "321", "at most 320"),
        ({"annotator": "a\0"}, "annotator", "NUL", "without it"),
        ({"annotator": 7}, "annotator", "is 7", "text"),
        ({"annotator_kind": "robot"}, "annotator_kind", 'is "robot"', "'person' or 'model'"),
        ({"value": ...}, "value", "is missing", "a value"),
        ({"value": 3}, "value", "is 3", "an object"),
        ({"value": {}}, "value.strength", "is missing", "a value"),
        ({"value": {"strength": 4}}, "value.strength", "is 4", "-3"),
        ({"value": {"strength": -4}}, "value.strength", "is -4", "-3"),
        ({"value": {"strength": 1.5}}, "value.strength", "is 1.5", "neither"),
        ({"value": {"strength": "first"}}, "value.strength", 'is "first"', "neither"),
        ({"value": {"strength": True}}, "value.strength", "is true", "neither"),
        ({"value": {"strength": None}}, "value.strength", "is null", "neither"),
        ({"value": {"strength": 1, "x": 2}}, "value.x", "is not a field", "strength, rationale"),
        ({"value": {"strength": 1, "rationale": 5}}, "value.rationale", "is 5", "text"),
        ({"value": {"strength": 1, "rationale": "\0"}}, "value.rationale", "NUL", "without it"),
        ({"presentation": [0]}, "presentation", "is [0]", "[0, 1]"),
        ({"presentation": [0, 0]}, "presentation", "is [0,0]", "[0, 1]"),
        ({"presentation": [1, 2]}, "presentation", "is [1,2]", "[0, 1]"),
        ({"presentation": [-1, 0]}, "presentation[0]", "is -1", "at least 0"),
        ({"presentation": "10"}, "presentation", 'is "10"', "a list"),
        ({"seconds": -1}, "seconds", "is -1", "at least 0"),
        ({"seconds": "long"}, "seconds", 'is "long"', "a number"),
        ({"created_at": "yesterday"}, "created_at", 'is "yesterday"', "2026-05-01T10:00:00Z"),
        ({"created_at": "2026-13-01"}, "created_at", "2026-13-01", "2026-05-01T10:00:00Z"),
        ({"created_at": "1746093600"}, "created_at", "1746093600", "2026-05-01T10:00:00Z"),
        ({"created_at": 1746093600}, "created_at", "is 1746093600", "2026-05-01T10:00:00Z"),
        ({"created_at": "9999-12-31T23:59:59-01:00"}, "created_at", "9999-12-31", "1 to 9999"),
        ({"created_at": "0001-01-01T00:00:00+01:00"}, "created_at", "0001-01-01", "1 to 9999"),
        ({"score": 1}, "score", "is not a field", "annotator"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(
    sqlite_stocked: Desk, changes: dict, field: str, problem: str, expected: str
) -> None:
    with pytest.raises(ImportRejected) as refusal:
        sqlite_stocked.judgments(judgment_row("p-1"), judgment_row("p-2", **changes))
    assert sqlite_stocked.stored_judgments == []
    fault = fault_at(refusal.value, 2)
    assert fault.field == field
    assert problem in fault.problem
    assert expected in fault.expected


def test_a_judgment_has_to_fit_its_item_and_the_campaigns_options(
    sqlite_database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    desk = Desk.open(
        sqlite_database,
        clock,
        tmp_path,
        "step_grading",
        options={"stop_at_first_error": True},
    )
    desk.items({"external_id": "s-1", "problem": "?", "steps": ["a", "b", "c"]})
    good = {"ratings": [1, -1], "verdict": "found_error", "critiques": {"1": "No."}}
    with pytest.raises(ImportRejected) as refusal:
        desk.judgments(
            judgment_row("s-1", "a1", value=good),
            judgment_row("s-1", "a2", value={**good, "ratings": [1, 1, 1, 1]}),
            judgment_row("s-1", "a3", value={**good, "ratings": [1, -1, 1]}),
            judgment_row("s-1", "a4", value=good, presentation=[0]),
        )
    assert [line for line, _ in faults(refusal.value)] == sorted(
        line for line, _ in faults(refusal.value)
    )
    assert {line for line, _ in faults(refusal.value)} == {2, 3, 4}
    assert all(field.startswith(("value", "presentation")) for _, field in faults(refusal.value))
    assert desk.judgments(judgment_row("s-1", "a1", value=good)).counts.added == 1


def test_a_name_is_a_person_or_a_model_and_not_both(stocked: Desk) -> None:
    with pytest.raises(ImportRejected) as refusal:
        stocked.judgments(
            judgment_row("p-1", "a1"), judgment_row("p-2", "a1", annotator_kind="model")
        )
    assert faults(refusal.value) == [(2, "annotator_kind")]
    stocked.judgments(judgment_row("p-1", "a1"))
    with pytest.raises(ImportRejected) as refusal:
        stocked.judgments(judgment_row("p-2", "a1", annotator_kind="model"))
    assert fault_at(refusal.value, 1).expected.startswith("person")


def test_the_name_of_an_expert_means_that_expert(stocked: Desk) -> None:
    with stocked.database.write() as session:
        organization = session.get_one(Organization, stocked.campaign.organization_id)
        expert = make_expert(session, stocked.clock, organization, "Ada")
    stocked.judgments(judgment_row("p-1", "Ada"))
    assert stocked.stored_judgments[0].annotator_id == expert.id


def test_bad_rows_can_be_skipped(stocked: Desk) -> None:
    unknown = judgment_row("p-9")
    report = stocked.judgments(judgment_row("p-1"), unknown, skip_bad_rows=True)
    assert (report.counts.added, report.rejected) == (1, 1)
    assert report.rejected_file is not None
    (line,) = report.rejected_file.read_text().splitlines()
    assert json.loads(line)["row"] == unknown
    assert json.loads(line)["problems"][0]["field"] == "external_id"


def test_an_interrupted_import_is_completed_by_the_same_file(stocked: Desk) -> None:
    rows = [judgment_row("p-1", f"a{number}") for number in range(1_300)]

    class PulledPlugError(Exception):
        pass

    def pull(doing: str, done: int, total: int) -> None:
        if doing == "Writing" and done < total:
            raise PulledPlugError

    with pytest.raises(PulledPlugError):
        stocked.judgments(*rows, progress=pull)
    assert 0 < len(stocked.stored_judgments) < 1_300
    stocked.judgments(*rows)
    assert len(stocked.stored_judgments) == 1_300
    assert stocked.stored_items[0].open_slots == 0


def test_a_closed_campaign_takes_no_judgments(stocked: Desk) -> None:
    with stocked.database.write() as session:
        session.execute(update(Campaign).values(status=CampaignStatus.CLOSED))
    with pytest.raises(CampaignClosed):
        stocked.judgments(judgment_row())


def test_a_table_gives_the_same_judgments_as_lines_of_json(sqlite_stocked: Desk) -> None:
    stored = judgment_row(
        value={"strength": -2, "rationale": "5"},
        created_at="2026-04-01T12:00:00Z",
        seconds=41.5,
        presentation=[1, 0],
    )
    neither = judgment_row("p-2", value={"strength": "neither"})
    sqlite_stocked.judgments(stored, neither)
    path = sqlite_stocked.folder / "judgments.csv"
    path.write_text(
        "external_id,annotator,value.strength,value.rationale,created_at,seconds,presentation\n"
        'p-1,a1,-2,5,2026-04-01T12:00:00Z,41.5,"[1, 0]"\n'
        "p-2,a1,neither,,,,\n"
    )
    assert sqlite_stocked.judgment_file(path).counts.unchanged == 2
    path.write_text('external_id,annotator,value\np-2,a1,"{""strength"": ""neither""}"\n')
    assert sqlite_stocked.judgment_file(path).counts.unchanged == 1


def test_parquet_takes_structs_maps_and_times(
    sqlite_database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    desk = Desk.open(sqlite_database, clock, tmp_path, "step_grading")
    desk.items({"external_id": "s-1", "problem": "?", "steps": ["a", "b"]})
    at = datetime(2026, 4, 1, 12, tzinfo=UTC)
    value = {"ratings": [1, -1], "verdict": "found_error", "critiques": {"1": "No."}}
    desk.judgments(judgment_row("s-1", value=value, created_at=at.isoformat()))
    schema = pa.schema(
        [
            ("external_id", pa.string()),
            ("annotator", pa.string()),
            (
                "value",
                pa.struct(
                    [
                        ("ratings", pa.list_(pa.int8())),
                        ("verdict", pa.string()),
                        ("critiques", pa.map_(pa.string(), pa.string())),
                    ]
                ),
            ),
            ("created_at", pa.timestamp("us", tz="UTC")),
            ("seconds", pa.float64()),
        ]
    )
    row = {
        "external_id": "s-1",
        "annotator": "a1",
        "value": {**value, "critiques": [("1", "No.")]},
        "created_at": at,
        "seconds": float("nan"),
    }
    path = tmp_path / "judgments.parquet"
    pq.write_table(pa.Table.from_pylist([row], schema=schema), path)
    assert desk.judgment_file(path).counts.unchanged == 1
