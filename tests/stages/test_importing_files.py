"""Whatever is wrong with a file is named by line, field, problem and what was expected."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.factories import make_campaign
from tests.imports import Desk, comparison_row, fault_at, faults
from workbench.errors import ImportRejected
from workbench.importing import readers
from workbench.models import Organization

GOOD = comparison_row("good")


def refuse(desk: Desk, *rows: object) -> ImportRejected:
    with pytest.raises(ImportRejected) as refusal:
        desk.items(*rows)
    assert desk.stored_items == []
    return refusal.value


@pytest.mark.parametrize(
    ("row", "field", "problem", "expected"),
    [
        (comparison_row(external_id=...), "external_id", "is missing", "a value"),
        (comparison_row(external_id=5), "external_id", "is 5", "text"),
        (comparison_row(external_id=None), "external_id", "is null", "text"),
        (comparison_row(external_id=""), "external_id", "is empty", "at least 1 character"),
        (comparison_row(external_id="  "), "external_id", "is blank", "without spaces"),
        (comparison_row(external_id=" p"), "external_id", "begins or ends", "without spaces"),
        (comparison_row(external_id="x" * 256), "external_id", "256", "at most 255 characters"),
        (comparison_row(external_id="a\0b"), "external_id", "NUL", "without it"),
        (comparison_row(metadata=[1]), "metadata", "is [1]", "an object"),
        (comparison_row(metadata="x"), "metadata", 'is "x"', "an object"),
        (comparison_row(metadata={"note": "a\0b"}), "metadata.note", "NUL", "without it"),
        (comparison_row(metadata={"a\0b": 1}), "metadata", "NUL", "without it"),
        (comparison_row(metadata={"n": [1, {"m": "\0"}]}), "metadata.n[1].m", "NUL", "without"),
        (comparison_row(prompt=...), "prompt", "is missing", "a value"),
        (comparison_row(prompt=7), "prompt", "is 7", "text or a list"),
        (comparison_row(prompt="a\0b"), "prompt", "NUL", "without it"),
        (comparison_row(prompt=[{"role": "user"}]), "prompt[0].content", "is missing", "a value"),
        (comparison_row(prompt=[{"role": "robot", "content": "x"}]), "prompt[0].role", "robot", ""),
        (comparison_row(responses=...), "responses", "is missing", "a value"),
        (comparison_row(responses="both"), "responses", 'is "both"', "list"),
        (comparison_row(responses=[{"text": "a"}]), "responses", "1", "exactly two"),
        (comparison_row(responses=[{"text": "a"}] * 3), "responses", "3", "ranking"),
        (comparison_row(responses=["a", "b"]), "responses[0]", 'is "a"', "an object"),
        (
            comparison_row(responses=[{"text": "a"}, {"txt": "b"}]),
            "responses[1].text",
            "is missing",
            "a value",
        ),
        (
            comparison_row(answer="42"),
            "answer",
            "is not a field",
            "one of external_id, metadata, prompt, responses",
        ),
    ],
)
def test_what_is_wrong_with_a_field_is_named(
    sqlite_desk: Desk, row: dict, field: str, problem: str, expected: str
) -> None:
    error = refuse(sqlite_desk, GOOD, row)
    (fault,) = [one for one in error.rows if one.field == field]
    assert fault.line == 2
    assert problem in fault.problem
    assert expected in fault.expected


def test_every_fault_of_every_row_is_listed(sqlite_desk: Desk) -> None:
    error = refuse(
        sqlite_desk,
        comparison_row(external_id="", prompt=...),
        GOOD,
        comparison_row(responses=[], metadata=3),
    )
    assert faults(error) == [
        (1, "external_id"),
        (1, "prompt"),
        (3, "metadata"),
        (3, "responses"),
    ]
    assert error.as_document()["rejected"] == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"external_id": "p', "is not JSON"),
        (b"external_id,prompt", "is not JSON"),
        (b'["p-1"]', 'is ["p-1"]'),
        (b'"p-1"', 'is "p-1"'),
        (b"null", "is null"),
        (b'{"external_id": "p-1", "metadata": {"x": NaN}}', "is not JSON"),
        (b"[" * 5_000, "is not JSON"),
        ('{"external_id": "caf\xe9"}'.encode("latin-1"), "is not UTF-8"),
        (json.dumps(comparison_row()).encode("utf-16-le"), "NUL"),
        (b'{"external_id": "a\0b"}', "NUL"),
        (b'{"external_id": "\\ud800"}', "is not JSON"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(sqlite_desk: Desk, line: bytes, problem: str) -> None:
    error = refuse(sqlite_desk, GOOD, line, comparison_row("p-3"))
    fault = fault_at(error, 2)
    assert fault.field == "row"
    assert problem in fault.problem


def test_a_number_too_large_to_keep_is_named(sqlite_desk: Desk) -> None:
    text = json.dumps(comparison_row()).replace('"law"', "1e999")
    error = refuse(sqlite_desk, GOOD, text.encode())
    assert fault_at(error, 2).field == "metadata.domain"


def test_text_that_looks_like_an_escape_is_kept(sqlite_desk: Desk) -> None:
    sqlite_desk.items(comparison_row(prompt="In JSON, \\u0000 is NUL and Infinity is not a number"))
    (item,) = sqlite_desk.stored_items
    assert item.content["prompt"].startswith("In JSON, \\u0000")


def test_a_line_beyond_the_limit_is_named_and_the_next_one_read(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "MAX_ROW_BYTES", 1_000)
    report = sqlite_desk.items(
        GOOD, comparison_row("long", prompt="x" * 5_000), comparison_row("p-3"), skip_bad_rows=True
    )
    assert (report.counts.added, report.rejected) == (2, 1)
    (fault,) = report.faults
    assert (fault.line, fault.expected) == (2, "a shorter row")


def test_blank_lines_a_byte_order_mark_and_windows_line_ends_do_no_harm(sqlite_desk: Desk) -> None:
    path = sqlite_desk.folder / "windows.jsonl"
    lines = [json.dumps(comparison_row("p-1")), "", json.dumps(comparison_row("p-2")), "  "]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert sqlite_desk.item_file(path).counts.added == 2


def test_faults_are_counted_beyond_those_listed(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.importing.staging._SHOWN", 5)
    error = refuse(sqlite_desk, *(comparison_row(f"p-{n}", prompt=n) for n in range(20)))
    assert len(error.rows) == 5
    assert error.extra["rejected"] == 20
    assert "20 of 20" in error.message


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda folder: folder / "absent.jsonl", "does not exist"),
        (lambda folder: _folder(folder / "folder.jsonl"), "is a directory"),
        (lambda folder: _written(folder / "items.xlsx", b"PK"), "has an unknown ending"),
        (lambda folder: _written(folder / "items", b"{}"), "has an unknown ending"),
        (lambda folder: _written(folder / "items.jsonl", b""), "has no rows"),
        (lambda folder: _written(folder / "items.jsonl", b"\n \n"), "has no rows"),
        (lambda folder: _written(folder / "items.csv", b""), "has no rows"),
        (lambda folder: _written(folder / "items.csv", b"external_id,prompt\n"), "has no rows"),
        (lambda folder: _written(folder / "items.jsonl.gz", b"{}"), "is not gzip"),
        (lambda folder: _written(folder / "i.jsonl.gz", _cut(gzip.compress(b"{}" * 99))), "breaks"),
        (lambda folder: _written(folder / "items.jsonl.gz", gzip.compress(b"")), "has no rows"),
        (lambda folder: _written(folder / "items.parquet", b"PAR1 nothing"), "is not Parquet"),
        (lambda folder: _written(folder / "items.parquet", b""), "is not Parquet"),
        (lambda folder: _written(folder / "items.csv", b"a,a\n1,2\n"), "two columns are named"),
        (lambda folder: _written(folder / "items.csv", b"a,\n1,2\n"), "column 2 has no name"),
        (lambda folder: _written(folder / "items.csv", b'a,b\n"x,2\n'), "is not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_even_when_bad_rows_may_be_skipped(
    sqlite_desk: Desk, make: Callable[[Path], Path], problem: str
) -> None:
    path = make(sqlite_desk.folder)
    with pytest.raises(ImportRejected) as refusal:
        sqlite_desk.item_file(path, skip_bad_rows=True)
    (fault,) = refusal.value.rows
    assert problem in fault.problem
    assert fault.field == "file"
    assert path.name in refusal.value.message


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _cut(content: bytes) -> bytes:
    return content[: len(content) - 6]


def test_bad_rows_that_cannot_be_written_beside_the_file_refuse_it(sqlite_desk: Desk) -> None:
    (sqlite_desk.folder / "items.jsonl.rejected.jsonl").mkdir()
    with pytest.raises(ImportRejected, match="cannot be written"):
        sqlite_desk.items(GOOD, comparison_row("p-2", prompt=1), skip_bad_rows=True)
    assert sqlite_desk.stored_items == []


def test_gzipped_lines_are_read(sqlite_desk: Desk) -> None:
    path = sqlite_desk.folder / "items.JSONL.GZ"
    path.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    assert sqlite_desk.item_file(path).counts.added == 1


def write_csv(desk: Desk, *rows: dict[str, str], name: str = "items.csv") -> Path:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    return _written(desk.folder / name, out.getvalue().encode())


def test_a_table_of_comparisons_gives_the_same_items_as_lines_of_json(sqlite_desk: Desk) -> None:
    turns = [{"role": "user", "content": 'Is it, "really"?\nYes?'}]
    metadata = {"domain": "law", "language": "en"}
    sqlite_desk.items(
        comparison_row("p-1", metadata=metadata), comparison_row("p-2", prompt=turns, metadata=...)
    )
    path = write_csv(
        sqlite_desk,
        {
            "external_id": "p-1",
            "prompt": "Question p-1?",
            "response_1": "One.",
            "response_2": "Two.",
            "model_1": "m1",
            "model_2": "m2",
            "metadata.domain": "law",
            "metadata": '{"language": "en"}',
        },
        {
            "external_id": "p-2",
            "prompt": json.dumps(turns),
            "response_1": "One.",
            "response_2": "Two.",
            "model_1": "m1",
            "model_2": "m2",
        },
    )
    again = sqlite_desk.item_file(path)
    assert again.counts.unchanged == 2


def test_an_empty_response_of_a_table_is_an_empty_text_and_not_a_missing_one(
    sqlite_desk: Desk,
) -> None:
    row = {"external_id": "p-1", "prompt": "Question?", "response_1": "", "response_2": "Two."}
    assert sqlite_desk.item_file(write_csv(sqlite_desk, row)).counts.added == 1
    (stored,) = sqlite_desk.stored_items
    assert stored.content["responses"] == [{"text": ""}, {"text": "Two."}]


def test_an_empty_third_response_of_a_table_is_not_given(sqlite_desk: Desk) -> None:
    row = {"external_id": "p-1", "prompt": "Question?"}
    responses = {"response_1": "One.", "response_2": "Two.", "response_3": ""}
    assert sqlite_desk.item_file(write_csv(sqlite_desk, row | responses)).counts.added == 1


def test_a_table_of_solutions_has_its_steps_as_json(sqlite_desk: Desk) -> None:
    desk = _step_desk(sqlite_desk)
    path = write_csv(
        desk,
        {"external_id": "7", "problem": "1 + 1?", "steps": '["It is 2.", "Done."]'},
        {"external_id": "8", "problem": "[1, 2]", "steps": '["It is a list."]'},
    )
    assert desk.item_file(path).counts.added == 2
    first, second = desk.stored_items
    assert first.external_id == "7"
    assert first.content == {"problem": "1 + 1?", "steps": ["It is 2.", "Done."]}
    assert second.content["problem"] == "[1, 2]"


def _step_desk(desk: Desk) -> Desk:
    with desk.database.write() as session:
        organization = session.get_one(Organization, desk.campaign.organization_id)
        campaign = make_campaign(session, desk.clock, organization, "step_grading")
    return Desk(desk.database, desk.clock, desk.folder, campaign.id)


def test_the_line_of_a_bad_row_of_a_table_is_that_of_the_file(sqlite_desk: Desk) -> None:
    content = (
        b"external_id,prompt,response_1,response_2\n"
        b'p-1,"two\nlines",a,b\n'
        b"p-2,ok,a\n"
        b"p-3,caf\xe9,a,b\n"
        b"p-4,,a,b\n"
        b"p-5,ok,a,b\n"
    )
    path = _written(sqlite_desk.folder / "items.csv", content)
    with pytest.raises(ImportRejected) as refusal:
        sqlite_desk.item_file(path)
    assert faults(refusal.value) == [(4, "row"), (5, "prompt"), (6, "prompt")]
    problems = [row.problem for row in refusal.value.rows]
    assert problems == ["has 3 cells", "is not UTF-8", "is missing"]


def write_parquet(desk: Desk, table: pa.Table) -> Path:
    path = desk.folder / "items.parquet"
    pq.write_table(table, path)
    return path


def test_parquet_takes_real_lists_and_structs_and_json_text_alike(sqlite_desk: Desk) -> None:
    sqlite_desk.items(
        comparison_row("p-1", metadata={"n": 1}),
        comparison_row("p-2", prompt=[{"role": "user", "content": "Q?"}], metadata=...),
    )
    nested = pa.Table.from_pylist(
        [
            {
                "external_id": "p-1",
                "prompt": "Question p-1?",
                "responses": [{"text": "One.", "model": "m1"}, {"text": "Two.", "model": "m2"}],
                "metadata": {"n": 1, "other": None},
            }
        ]
    )
    assert sqlite_desk.item_file(write_parquet(sqlite_desk, nested)).counts.unchanged == 1
    flat = pa.Table.from_pylist(
        [
            {
                "external_id": "p-2",
                "prompt": '[{"role": "user", "content": "Q?"}]',
                "response_1": "One.",
                "model_1": "m1",
                "response_2": "Two.",
                "model_2": "m2",
            }
        ]
    )
    assert sqlite_desk.item_file(write_parquet(sqlite_desk, flat)).counts.unchanged == 1


def test_parquet_names_the_row_and_a_column_it_cannot_use(sqlite_desk: Desk) -> None:
    rows: list[dict[str, Any]] = [
        {"external_id": 1, "prompt": "Q?", "response_1": "a", "response_2": "b", "extra": None},
        {"external_id": 2, "prompt": None, "response_1": "a", "response_2": "b", "extra": None},
        {"external_id": 3, "prompt": "Q?", "response_1": "a", "response_2": "b", "extra": b"\xff"},
    ]
    with pytest.raises(ImportRejected) as refusal:
        sqlite_desk.item_file(write_parquet(sqlite_desk, pa.Table.from_pylist(rows)))
    assert faults(refusal.value) == [(2, "prompt"), (3, "extra")]


def test_a_number_as_external_id_is_text_in_parquet(sqlite_desk: Desk) -> None:
    table = pa.Table.from_pylist(
        [{"external_id": 17, "prompt": "Q?", "response_1": "a", "response_2": "b"}]
    )
    sqlite_desk.item_file(write_parquet(sqlite_desk, table))
    assert sqlite_desk.stored_items[0].external_id == "17"
