"""Label Studio's JSON: what its import takes, from hand-made records and from real judgments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from exporters.label_studio_json import EXPORTER
from tests.exporter_batches import ARABIC, CARRIED, PROVENANCE, batch_of, check, convert
from tests.judged_campaigns import make_compared, make_graded
from tests.judged_records import GIVEN_AT
from workbench.clock import FixedClock
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.registry import get_template
from workbench.database.session import Database
from workbench.releases.export import export_release, preview_release
from workbench.releases.files import HashedFile, rows_of, table_writer
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.releases.rendering import Rendering
from workbench.settings import Settings

RESULT = [
    {
        "id": "verdict",
        "from_name": "verdict",
        "to_name": "problem",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": [ARABIC, '"quoted"\n']},
    }
]


def task(*annotators: str, **more: Any) -> dict[str, Any]:
    return {
        "data": json.dumps({"problem": ARABIC, "steps": [{"number": 1}]}, ensure_ascii=False),
        "annotations": [
            {
                "annotator": name,
                "result": json.dumps(RESULT),
                "created_at": GIVEN_AT,
                "seconds": 12.5,
            }
            for name in annotators
        ],
        **PROVENANCE,
        **more,
    }


def tasks_of(records: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    batch = convert(EXPORTER, records, **options).batch
    return rows_of(pa.Table.from_batches([batch]))


def test_a_task_holds_objects_and_not_their_texts() -> None:
    (row,) = tasks_of([task("annotator-1", 'judge "x"')])
    annotation = {
        "result": RESULT,
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": 12.5,
        "created_at": "2026-05-01T10:00:07.052924Z",
    }
    assert row == {
        "data": {"problem": ARABIC, "steps": [{"number": 1}]},
        "annotations": [annotation, annotation],
        "meta": {
            "external_id": "p-1",
            "item_id": "itm_1",
            "annotators": ["annotator-1", 'judge "x"'],
        },
    }


def test_annotations_are_credited_to_members_where_a_domain_is_given() -> None:
    (row,) = tasks_of([task("annotator-1")], email_domain="lab.example")
    assert row["annotations"][0]["completed_by"] == {"email": "annotator-1@lab.example"}
    with pytest.raises(ValidationError, match="email_domain"):
        EXPORTER.options(email_domain="a b@c")


def test_the_meta_tells_where_a_task_comes_from() -> None:
    (row,) = tasks_of([task("annotator-1", simulated=True)], provenance=True)
    assert CARRIED.items() <= row["meta"].items()
    assert row["meta"]["simulated"] is True


@pytest.mark.parametrize("records", [[], [task()], [task("annotator-1"), task()]])
def test_a_file_is_one_array_or_one_object_a_line(
    records: list[dict[str, Any]], tmp_path: Path
) -> None:
    batch = batch_of(EXPORTER, records)
    converted = EXPORTER.convert(batch, EXPORTER.options())
    check(EXPORTER, converted, EXPORTER.options(), len(records))
    table = pa.Table.from_batches([converted.batch])
    read = {}
    for format in EXPORTER.formats:  # noqa: A001
        sink = HashedFile(tmp_path / f"tasks.{format}")
        writer = table_writer(format, sink, table.schema)
        writer.write(table)
        writer.close()
        sink.close()
        read[format] = (tmp_path / f"tasks.{format}").read_text()
    lines = [json.loads(line) for line in read[ExportFormat.JSONL].splitlines()]
    assert json.loads(read[ExportFormat.JSON]) == lines == tasks_of(records)


def exported(release: FrozenRelease, to: Path) -> list[dict[str, Any]]:
    wanted = Rendering(exporter=EXPORTER, options=EXPORTER.options(), format=ExportFormat.JSON)
    done = export_release(
        release.folder,
        manifest_sha256=None,
        exporter=EXPORTER,
        options=EXPORTER.options(),
        format=ExportFormat.JSON,
        to=to,
    )
    tasks: list[dict[str, Any]] = json.loads((to / "label_studio_json.json").read_text())
    assert preview_release(release.folder, wanted).rows == tasks[:3]
    assert done.rows == len(tasks)
    return tasks


def accept(task: dict[str, Any], config: str) -> None:
    """Hold a task to what the import of Label Studio refuses, and its results to their controls."""
    assert isinstance(task["data"], dict)
    assert isinstance(task["meta"], dict)
    parsed = parse_label_config(config)
    for annotation in task["annotations"]:
        assert "completed_by" not in annotation
        assert isinstance(annotation["result"], list)
        for result in annotation["result"]:
            found = parsed.find_control(result["from_name"])
            assert found is not None
            assert result["type"] == found[0].result_type
            assert isinstance(result["value"], dict)


def test_real_comparisons_and_gradings_are_importable(
    sqlite_database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    with sqlite_database.write() as session:
        compared, items, _ = make_compared(session, clock, [[1, 2], [-3, -3]])
        graded, _ = make_graded(
            session, clock, [[{"ratings": [1, 0, -1], "verdict": "found_error"}]], "Other"
        )
        names = [item.external_id for item in items]
        ids = [compared.id, graded.id]
    first, second = (
        freeze_release(sqlite_database, settings, campaign_id=one, actor="cli", clock=clock)
        for one in ids
    )
    tasks = exported(first, tmp_path / "a")
    assert [one["meta"]["external_id"] for one in tasks] == names
    shown = tasks[0]["data"]["response_a"]
    assert shown.count("First answer to") == 1, "a page without our style sheet shows it once"
    assert [
        [annotation["result"][0]["value"] for annotation in one["annotations"]] for one in tasks
    ] == [[{"choices": ["1"]}, {"choices": ["2"]}], [{"choices": ["-3"]}, {"choices": ["-3"]}]]
    for template, tasks_of_it in (
        (get_template("pairwise_preference"), tasks),
        (get_template("step_grading"), exported(second, tmp_path / "b")),
    ):
        config = template.label_config(template.options_model())
        assert tasks_of_it
        for one in tasks_of_it:
            accept(one, config)
