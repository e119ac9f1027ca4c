"""Items: added once, changed until somebody has worked on them, refused whole when a row is bad."""

from __future__ import annotations

import json
import random
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.factories import make_expert
from tests.imports import Desk, comparison_row, fault_at, faults, judgment_row
from workbench.assignment.queue import claim_next
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import CampaignClosed, ImportRejected
from workbench.models import Campaign, CampaignStatus, Item, Organization, Position


def test_items_are_added_with_their_content_metadata_and_slots(desk: Desk) -> None:
    report = desk.items(comparison_row("p-1"), comparison_row("p-2", metadata=...))
    assert report.counts.added == 2
    first, second = desk.stored_items
    assert first.external_id == "p-1"
    assert first.content["prompt"] == "Question p-1?"
    assert [response["model"] for response in first.content["responses"]] == ["m1", "m2"]
    assert "metadata" not in first.content
    assert first.item_metadata == {"domain": "law"}
    assert second.item_metadata == {}
    assert first.open_slots == second.open_slots == 2
    assert first.public_id.startswith("itm_")


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    rows = [comparison_row(f"p-{number}") for number in range(5)]
    desk.items(*rows)
    before = [(item.id, item.content_hash, item.shuffle_key) for item in desk.stored_items]
    again = desk.items(*reversed(rows))
    assert (again.counts.added, again.counts.updated, again.counts.unchanged) == (0, 0, 5)
    assert [(item.id, item.content_hash, item.shuffle_key) for item in desk.stored_items] == before
    assert desk.campaign.import_count == 1


def test_the_order_of_keys_and_an_absent_default_are_no_change(desk: Desk) -> None:
    desk.items(comparison_row(responses=[{"text": "One."}, {"text": "Two."}]))
    backwards = [{"model": None, "text": "One."}, {"text": "Two.", "model": None}]
    again = desk.items(comparison_row(responses=backwards))
    assert again.counts.unchanged == 1


def test_a_changed_row_updates_an_item_nobody_has_worked_on(desk: Desk) -> None:
    desk.items(comparison_row("p-1"), comparison_row("p-2"))
    before = desk.stored_items[0]
    report = desk.items(
        comparison_row("p-1", prompt="Better put?"), comparison_row("p-2", metadata={"n": 1})
    )
    assert (report.counts.added, report.counts.updated) == (0, 2)
    first, second = desk.stored_items
    assert first.content["prompt"] == "Better put?"
    assert first.content_hash != before.content_hash
    assert first.shuffle_key == before.shuffle_key
    assert second.item_metadata == {"n": 1}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prompt": "Something else?"}, "prompt"),
        ({"responses": [{"text": "One."}, {"text": "Three."}]}, "responses"),
        ({"metadata": {}}, "metadata"),
    ],
)
@pytest.mark.parametrize("kind", ["person", "model"])
def test_a_changed_row_of_a_judged_item_is_refused(
    desk: Desk, kind: str, changes: dict, field: str
) -> None:
    desk.items(comparison_row("p-1"), comparison_row("p-2"))
    desk.judgments(judgment_row("p-1", annotator_kind=kind))
    with pytest.raises(ImportRejected) as refusal:
        desk.items(comparison_row("p-2", prompt="New?"), comparison_row("p-1", **changes))
    assert faults(refusal.value) == [(2, field)]
    assert [item.content["prompt"] for item in desk.stored_items] == [
        "Question p-1?",
        "Question p-2?",
    ]


def test_a_changed_row_of_an_item_in_front_of_an_expert_is_refused(desk: Desk) -> None:
    desk.items(comparison_row("p-1"))
    with desk.database.write() as session:
        organization = session.get_one(Organization, desk.campaign.organization_id)
        expert = make_expert(session, desk.clock, organization)
        claim_next(
            session,
            campaign_id=desk.campaign_id,
            expert_id=expert.id,
            position=Position.CURRENT,
            now=desk.clock.now(),
            lease_for=timedelta(minutes=15),
        )
    with pytest.raises(ImportRejected) as refusal:
        desk.items(comparison_row("p-1", prompt="New?"))
    assert faults(refusal.value) == [(1, "prompt")]


def test_a_judged_item_may_come_again_unchanged(desk: Desk) -> None:
    desk.items(comparison_row("p-1"))
    desk.judgments(judgment_row("p-1"))
    assert desk.items(comparison_row("p-1")).counts.unchanged == 1


def test_a_file_with_a_bad_row_changes_nothing(desk: Desk) -> None:
    desk.items(comparison_row("p-1"))
    with pytest.raises(ImportRejected) as refusal:
        desk.items(
            comparison_row("p-1", prompt="Changed?"),
            comparison_row("p-2"),
            comparison_row("p-3", responses=...),
        )
    assert faults(refusal.value) == [(3, "responses")]
    assert "1 of 3 rows" in refusal.value.message
    (item,) = desk.stored_items
    assert item.content["prompt"] == "Question p-1?"


def test_bad_rows_can_be_skipped_and_are_written_beside_the_file(desk: Desk) -> None:
    report = desk.items(
        comparison_row("p-1"),
        b'{"external_id": "p-2", ',
        comparison_row("p-3", prompt=""),
        skip_bad_rows=True,
    )
    assert (report.counts.added, report.rejected) == (1, 2)
    assert report.rejected_file == desk.folder / "items.jsonl.rejected.jsonl"
    rejected = [json.loads(line) for line in report.rejected_file.read_text().splitlines()]
    assert [entry["line"] for entry in rejected] == [2, 3]
    assert rejected[0]["row"] == '{"external_id": "p-2",'
    assert rejected[1]["row"] == comparison_row("p-3", prompt="")
    assert rejected[1]["problems"] == [
        {"field": "prompt", "problem": "is empty", "expected": "text or a list"}
    ]


def test_a_changed_row_of_a_judged_item_can_be_skipped(desk: Desk) -> None:
    desk.items(comparison_row("p-1"))
    desk.judgments(judgment_row("p-1"))
    changed = comparison_row("p-1", prompt="Changed?")
    report = desk.items(comparison_row("p-2"), changed, skip_bad_rows=True)
    assert (report.counts.added, report.rejected) == (1, 1)
    assert report.rejected_file is not None
    (line,) = report.rejected_file.read_text().splitlines()
    assert json.loads(line)["row"] == changed


def test_nothing_is_written_beside_a_good_file(desk: Desk) -> None:
    report = desk.items(comparison_row("p-1"), skip_bad_rows=True)
    assert (report.rejected, report.rejected_file) == (0, None)
    assert [path.name for path in desk.folder.glob("items*")] == ["items.jsonl"]


def test_an_external_id_may_repeat_only_with_the_same_content(desk: Desk) -> None:
    rows = [comparison_row("p-1"), comparison_row("p-2"), comparison_row("p-1")]
    report = desk.items(*rows)
    assert (report.counts.added, report.counts.unchanged) == (2, 1)
    with pytest.raises(ImportRejected) as refusal:
        desk.items(*rows, comparison_row("p-2", prompt="Another?"))
    fault = fault_at(refusal.value, 4)
    assert fault.field == "external_id"
    assert "line 2" in fault.problem


def test_later_imports_queue_after_earlier_ones_and_each_is_shuffled(desk: Desk) -> None:
    desk.items(*(comparison_row(f"a-{number}") for number in range(40)))
    desk.items(*(comparison_row(f"b-{number}") for number in range(40)))
    keys = [item.shuffle_key for item in desk.stored_items]
    assert max(keys[:40]) < min(keys[40:])
    assert keys[:40] != sorted(keys[:40])
    assert len(set(keys)) == 80


def test_every_import_is_audited_with_its_counts(desk: Desk) -> None:
    desk.items(comparison_row("p-1"))
    desk.items(comparison_row("p-1"), comparison_row("p-2"))
    first, second = desk.audited("items_imported")
    assert first.subject == second.subject == desk.campaign.public_id
    assert second.detail["added"] == second.detail["unchanged"] == 1
    assert second.detail["file"] == "items.jsonl"
    assert "Question" not in json.dumps(second.detail)


def test_a_refused_file_leaves_no_audit_row(desk: Desk) -> None:
    with pytest.raises(ImportRejected):
        desk.items(comparison_row("p-1", prompt=3))
    assert desk.audited("items_imported") == []


def test_a_closed_campaign_takes_no_items(desk: Desk) -> None:
    with desk.database.write() as session:
        session.execute(update(Campaign).values(status=CampaignStatus.CLOSED))
    with pytest.raises(CampaignClosed):
        desk.items(comparison_row())


def test_campaigns_do_not_share_external_ids(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    one = Desk.open(database, clock, tmp_path)
    other = Desk.open(database, clock, tmp_path, "step_grading")
    one.items(comparison_row("x"))
    other.items({"external_id": "x", "problem": "1 + 1?", "steps": ["It is 2."]})
    assert [item.campaign_id for item in one.stored_items] == [one.campaign_id, other.campaign_id]


def test_an_interrupted_import_is_completed_by_the_same_file(desk: Desk) -> None:
    rows = [comparison_row(f"p-{number}") for number in range(1_200)]

    class PulledPlugError(Exception):
        pass

    def pull(doing: str, done: int, total: int) -> None:
        if doing == "Writing" and done < total:
            raise PulledPlugError

    with pytest.raises(PulledPlugError):
        desk.items(*rows, progress=pull)
    assert 0 < len(desk.stored_items) < 1_200
    (event,) = desk.audited("items_imported")
    assert event.detail["added"] == len(desk.stored_items)
    report = desk.items(*rows)
    assert report.counts.added + report.counts.unchanged == 1_200
    assert len(desk.stored_items) == 1_200


def test_an_item_judged_while_the_file_is_read_keeps_its_content(desk: Desk) -> None:
    desk.items(comparison_row("p-1"), comparison_row("p-2"))

    def judge(doing: str, done: int, total: int) -> None:
        if doing == "Checking" and done == total:
            desk.judgments(judgment_row("p-1"))

    with pytest.raises(ImportRejected) as refusal:
        desk.items(
            comparison_row("p-1", prompt="Changed?"),
            comparison_row("p-2", prompt="Changed?"),
            progress=judge,
        )
    assert faults(refusal.value) == [(1, "prompt")]
    prompts = {item.external_id: item.content["prompt"] for item in desk.stored_items}
    assert prompts == {"p-1": "Question p-1?", "p-2": "Changed?"}


def test_progress_runs_from_reading_to_writing_and_reaches_its_end(sqlite_desk: Desk) -> None:
    said: list[tuple[str, int, int]] = []
    rows = (comparison_row(f"p-{number}") for number in range(1_100))
    sqlite_desk.items(*rows, progress=lambda *step: said.append(step))
    assert list(dict.fromkeys(doing for doing, _, _ in said)) == ["Reading", "Checking", "Writing"]
    for doing in ("Reading", "Checking", "Writing"):
        steps = [(done, total) for said_doing, done, total in said if said_doing == doing]
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)
        assert steps[-1][0] == steps[-1][1]


def test_memory_does_not_grow_with_the_file(sqlite_desk: Desk) -> None:
    filler = random.Random(1).randbytes(2_000).hex()

    def peak(rows: int) -> int:
        path = sqlite_desk.folder / f"{rows}.jsonl"
        with path.open("w") as file:
            for number in range(rows):
                row = comparison_row(f"{rows}-{number}", prompt=f"{number} {filler}")
                file.write(json.dumps(row) + "\n")
        tracemalloc.start()
        sqlite_desk.item_file(path)
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    peak(500)
    assert peak(6_000) < 1.5 * peak(2_000)


def test_items_of_another_campaign_are_not_taken_for_ours(
    database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    one = Desk.open(database, clock, tmp_path)
    with database.write() as session:
        other_organization = session.get_one(Organization, one.campaign.organization_id)
        session.add(
            Item(
                public_id="itm_elsewhere",
                campaign_id=_another_campaign(session, clock, other_organization),
                external_id="p-1",
                content={"prompt": "Theirs?"},
                content_hash="0" * 64,
                item_metadata={},
                shuffle_key=1,
                open_slots=1,
                created_at=clock.now(),
            )
        )
    assert one.items(comparison_row("p-1")).counts.added == 1


def _another_campaign(session, clock: FixedClock, organization: Organization) -> int:
    from tests.factories import make_campaign

    return make_campaign(session, clock, organization).id
