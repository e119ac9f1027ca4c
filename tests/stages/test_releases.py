"""Freezing: what a release holds, what it leaves out and why, and that it never changes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from tests.factories import make_campaign, make_items, make_organization
from tests.judged_campaigns import judge, make_annotators, make_compared, make_graded
from workbench.clock import FixedClock
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.errors import AmbiguousName, BadRequest, Conflict, NotFound
from workbench.models import AnnotatorKind, AuditEvent, Release
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.releases.queries import get_release, list_releases
from workbench.releases.snapshot import Filters
from workbench.settings import Settings

ROWS: list[list[int | str | None]] = [
    [1, 2, 3],
    [-1, -1, 1],
    [0, 0, 0],
    ["neither", "neither", 1],
    [1, -1, None],
    [-1, -1, 3],
    [2, None, None],
    [None, None, None],
]


def freeze(
    database: Database, settings: Settings, clock: FixedClock, campaign_id: int, **wish: Any
) -> FrozenRelease:
    return freeze_release(
        database, settings, campaign_id=campaign_id, actor="cli", clock=clock, **wish
    )


def rows_of(release: FrozenRelease, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(release.folder / name).to_pylist()
    return rows


def left_out(release: FrozenRelease) -> dict[str, dict[str, int]]:
    return {step["step"]: step["left_out"] for step in release.manifest["steps"]}


def test_every_item_that_yields_nothing_is_counted_with_its_reason(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, ROWS)
    release = freeze(database, settings, clock, campaign.id)
    assert left_out(release) == {
        "judgments": {"no_judgments": 1},
        "consensus": {"tied": 1, "conflict": 1},
        "confidence": {},
        "ties": {},
        "records_preference": {"tie": 1, "neither": 1},
        "records_comparison": {},
        "records_prompt": {},
        "records_response": {},
    }
    steps = release.manifest["steps"][:5]
    assert [(step["in"], step["out"]) for step in steps] == [(8, 7), (7, 5), (5, 5), (5, 5), (5, 3)]
    assert steps[-1]["step"] == "records_preference"
    assert steps[-1]["rows"] == len(rows_of(release, "records_preference.parquet")) == 3
    assert len(rows_of(release, "consensus.parquet")) == 5
    assert sorted(row["reason"] for row in rows_of(release, "left_out.parquet")) == [
        "conflict",
        "no_judgments",
        "tied",
    ]


def test_filters_leave_out_what_they_say(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, ROWS)
    release = freeze(
        sqlite_database,
        settings,
        clock,
        campaign.id,
        filters=Filters(min_judgments=2, min_confidence=0.7, drop_ties=True),
    )
    assert left_out(release) == {
        "judgments": {"no_judgments": 1, "below_min_judgments": 1},
        "consensus": {"tied": 1, "conflict": 1},
        "confidence": {"below_min_confidence": 2},
        "ties": {"tie": 1},
        "records_preference": {},
        "records_comparison": {},
        "records_prompt": {},
        "records_response": {},
    }
    assert [row["outcome"] for row in rows_of(release, "consensus.parquet")] == ["second"]
    assert release.manifest["filters"] == {
        "min_judgments": 2,
        "min_confidence": 0.7,
        "drop_ties": True,
    }


def test_the_limit_of_confidence_is_included(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1, 1, -1]])
    release = freeze(
        sqlite_database, settings, clock, campaign.id, filters=Filters(min_confidence=2 / 3)
    )
    assert left_out(release)["confidence"] == {}


def test_a_pair_prefers_the_response_that_won_in_canonical_order(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign = make_campaign(session, clock, make_organization(session, clock))
        first, second = make_items(session, clock, campaign, 2)
        rater = make_annotators(session, clock, campaign, ["a"])[0]
        judge(session, clock, first, rater, {"strength": -2}, presentation=[1, 0])
        judge(session, clock, second, rater, {"strength": 3}, presentation=[1, 0])
    release = freeze(sqlite_database, settings, clock, campaign.id)
    pairs = rows_of(release, "records_preference.parquet")
    assert [(row["chosen_model"], row["rejected_model"], row["margin"]) for row in pairs] == [
        ("atlas", "borealis", 2.0),
        ("borealis", "atlas", 3.0),
    ]
    for item, row in zip((first, second), pairs, strict=True):
        texts = [response["text"] for response in item.content["responses"]]
        assert {row["chosen"], row["rejected"]} == set(texts)
        assert row["prompt"] == [{"role": "user", "content": item.content["prompt"]}]
        assert row["prompt_hash"] == hashlib.sha256(item.content["prompt"].encode()).hexdigest()


def test_graded_steps_become_stepwise_records(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    error = {"ratings": [1, 0, -1], "verdict": "found_error"}
    flawed = {"ratings": [], "verdict": "bad_problem"}
    with sqlite_database.write() as session:
        campaign, items = make_graded(session, clock, [[error, error], [flawed, flawed]])
    release = freeze(sqlite_database, settings, clock, campaign.id)
    (row,) = rows_of(release, "records_stepwise_supervision.parquet")
    assert row["completions"] == items[0].content["steps"]
    assert row["ratings"] == [1, 0, -1]
    assert left_out(release)["records_stepwise_supervision"] == {"bad_problem": 1}


def test_a_solution_with_a_step_that_nobody_could_settle_is_counted_as_such(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    good = {"ratings": [1, 1, 1], "verdict": "solution"}
    doubtful = {"ratings": [1, 0, 1], "verdict": "solution"}
    with sqlite_database.write() as session:
        campaign, _ = make_graded(session, clock, [[good, doubtful], [good, good]])
    release = freeze(sqlite_database, settings, clock, campaign.id)
    assert left_out(release)["records_stepwise_supervision"] == {"ungraded_step": 1}


def test_people_get_new_pseudonyms_in_every_release_and_models_keep_their_names(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1] * 12])
        model = make_annotators(session, clock, campaign, ["judge-7b"], kind=AnnotatorKind.MODEL)
        judge(session, clock, items[0], model[0], {"strength": -3})
    releases = [freeze(database, settings, clock, campaign.id) for _ in range(2)]
    first, second = (rows_of(release, "judgments.parquet") for release in releases)
    for rows in (first, second):
        assert rows[-1]["annotator"] == "judge-7b"
        names = {row["annotator"] for row in rows[:-1]}
        assert names == {f"annotator-{number:03}" for number in range(1, 13)}
        assert "rater" not in json.dumps(rows, default=str)
    # Twelve people fall into the same order once in half a billion times.
    assert [row["annotator"] for row in first] != [row["annotator"] for row in second]
    assert not {row["judgment_id"] for row in first} & {row["judgment_id"] for row in second}
    assert (releases[0].manifest["counts"]["people"], releases[0].manifest["counts"]["models"]) == (
        12,
        1,
    )


def test_superseded_judgments_are_kept_and_marked(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign, items, raters = make_compared(session, clock, [[None, 1]])
        before = judge(session, clock, items[0], raters[0], {"strength": 1})
        judge(session, clock, items[0], raters[0], {"strength": 2}, supersedes=before)
    release = freeze(sqlite_database, settings, clock, campaign.id)
    _, old, new = rows_of(release, "judgments.parquet")
    assert (old["superseded"], new["superseded"]) == (True, False)
    assert new["supersedes"] == old["judgment_id"]
    assert json.loads(new["value"]) == {"strength": 2}
    assert release.manifest["counts"]["judgments"] == 3
    assert release.manifest["counts"]["current"] == 2


def test_simulated_judgments_are_marked_everywhere(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1], [2]])
        robot = make_annotators(session, clock, campaign, ["robot"], simulated=True)[0]
        judge(session, clock, items[1], robot, {"strength": 2})
    release = freeze(sqlite_database, settings, clock, campaign.id)
    for name in ("items.parquet", "consensus.parquet", "records_preference.parquet"):
        assert [row["simulated"] for row in rows_of(release, name)] == [False, True]
    assert [row["simulated"] for row in rows_of(release, "judgments.parquet")] == [
        False,
        False,
        True,
    ]
    assert release.manifest["simulated"] is True
    assert "**Simulated.**" in (release.folder / "card.md").read_text()


def test_the_manifest_names_every_file_with_its_hash_and_the_database_keeps_its_own(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, ROWS)
    release = freeze(database, settings, clock, campaign.id, consensus=ConsensusMethod.DAWID_SKENE)
    content = (release.folder / "manifest.json").read_bytes()
    assert json.loads(content) == release.manifest
    files = {path.name: path for path in release.folder.iterdir()}
    del files["manifest.json"]
    assert set(release.manifest["files"]) == set(files)
    for name, entry in release.manifest["files"].items():
        content_of = files[name].read_bytes()
        assert entry["sha256"] == hashlib.sha256(content_of).hexdigest()
        assert entry["bytes"] == len(content_of)
        if name.endswith(".parquet"):
            assert entry["rows"] == pq.read_metadata(files[name]).num_rows
    with database.read() as session:
        view = get_release(session, reference=release.id)
        actions = set(session.scalars(select(AuditEvent.action)))
    assert view.manifest_sha256 == hashlib.sha256(content).hexdigest()
    assert view.manifest == release.manifest
    assert "release_frozen" in actions
    card = (release.folder / "card.md").read_text()
    assert "Dawid and Skene" in card
    assert "| direction | nominal | item |" in card


def test_names_are_given_in_turn_and_never_taken_twice(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    with database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1]])
    names = [freeze(database, settings, clock, campaign.id).name for _ in range(2)]
    assert names == ["v1", "v2"]
    assert freeze(database, settings, clock, campaign.id, name="final").name == "final"
    assert freeze(database, settings, clock, campaign.id).name == "v4"
    with pytest.raises(Conflict, match="'final'"):
        freeze(database, settings, clock, campaign.id, name="final")
    with pytest.raises(BadRequest, match="without /"):
        freeze(database, settings, clock, campaign.id, name="a/b")
    folders = sorted(path.name for path in (settings.data_dir / "releases").iterdir())
    assert len(folders) == 4
    assert not any(name.startswith(".") for name in folders)


@pytest.mark.parametrize("filters", [Filters(min_judgments=0), Filters(min_confidence=1.5)])
def test_filters_out_of_range_are_refused(
    sqlite_database: Database, settings: Settings, clock: FixedClock, filters: Filters
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1]])
    with pytest.raises(BadRequest):
        freeze(sqlite_database, settings, clock, campaign.id, filters=filters)


def test_a_release_that_fails_leaves_nothing_behind(
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1]])

    def fail(doing: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        freeze(sqlite_database, settings, clock, campaign.id, progress=fail)
    assert list((settings.data_dir / "releases").iterdir()) == []
    with sqlite_database.read() as session:
        assert session.scalars(select(Release)).all() == []


def test_what_comes_in_while_freezing_is_not_in_it(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    """The rows of a release are one state of the database, however long it takes to write."""
    with database.write() as session:
        campaign, _, raters = make_compared(session, clock, [[1]] * 600)

    def add_items(doing: str, done: int, total: int) -> None:
        if (doing, done) == ("write", 500):
            with database.write() as session:
                for item in make_items(session, clock, campaign, 3):
                    judge(session, clock, item, raters[0], {"strength": 1})

    release = freeze(database, settings, clock, campaign.id, progress=add_items)
    assert release.manifest["counts"]["items"] == 600
    assert release.manifest["counts"]["judgments"] == 600
    assert freeze(database, settings, clock, campaign.id).manifest["counts"]["items"] == 603


def test_releases_are_found_by_id_and_by_the_name_of_their_campaign(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    with database.write() as session:
        organization = make_organization(session, clock, "Acme")
        other = make_organization(session, clock, "Other")
        campaigns = [
            make_campaign(session, clock, one, name="a/b") for one in (organization, other)
        ]
    mine, theirs = (freeze(database, settings, clock, one.id, name="v1") for one in campaigns)
    with database.read() as session:
        assert get_release(session, reference=mine.id).public_id == mine.id
        found = get_release(session, reference="a/b/v1", organization_id=other.id)
        assert found.public_id == theirs.id
        by_id = get_release(session, reference=f"{campaigns[0].public_id}/v1")
        assert by_id.public_id == mine.id
        with pytest.raises(AmbiguousName, match="--organization"):
            get_release(session, reference="a/b/v1")
        with pytest.raises(NotFound):
            get_release(session, reference=mine.id, organization_id=other.id)
        with pytest.raises(NotFound):
            get_release(session, reference="a/b/v2", organization_id=other.id)
        page = list_releases(session, organization_id=other.id)
        assert [one.public_id for one in page.rows] == [theirs.id]
        assert list_releases(session, organization_id=None).total == 2


def test_a_guideline_text_is_kept_with_the_release(
    sqlite_database: Database, settings: Settings, clock: FixedClock
) -> None:
    with sqlite_database.write() as session:
        campaign, _, _ = make_compared(session, clock, [[1]])
    release = freeze(sqlite_database, settings, clock, campaign.id)
    assert "<!-- version 1 -->" in (release.folder / "guidelines.md").read_text()
