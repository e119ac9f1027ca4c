"""Files of published formats by command: what is taken, what is refused, and what is told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.command_line import CommandLine
from workbench.errors import ImportRejected
from workbench.importing.json_arrays import read_json_array


@pytest.fixture
def line(command_line: CommandLine) -> CommandLine:
    command_line.ok(
        *("campaign", "create", "--organization", "Acme", "--create-organization"),
        *("--template", "pairwise_preference", "--name", "c"),
    )
    return command_line


def pair(number: int, **changes: Any) -> dict[str, Any]:
    return {"prompt": f"Q{number}", "chosen": "Yes.", "rejected": "No.", "margin": 2.0, **changes}


def battle(question: str, winner: str = "model_a", **changes: Any) -> dict[str, Any]:
    talk = [
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": text}]
        for text in ("One", "Two")
    ]
    return {
        "question_id": question, "model_a": "m1", "model_b": "m2", "winner": winner,
        "judge": "j", "conversation_a": talk[0], "conversation_b": talk[1], **changes,
    }  # fmt: skip


def take(line: CommandLine, path: Path, key: str = "trl_preference", *more: str) -> Any:
    return line.ok("import", "dataset", "c", path, "--format", key, *more)


def test_the_same_file_again_changes_nothing(line: CommandLine) -> None:
    path = line.write("pairs.jsonl", pair(1), pair(2), pair(1))
    first = take(line, path)
    assert first["items"] == {"added": 2, "updated": 0, "unchanged": 1, "superseded": 0}
    assert first["judgments"]["added"] == 2
    again = take(line, path)
    assert (again["items"]["unchanged"], again["judgments"]["added"]) == (3, 0)


def test_items_can_be_had_without_their_judgments(line: CommandLine) -> None:
    done = take(line, line.write("pairs.jsonl", pair(1)), "trl_preference", "--without-judgments")
    assert (done["items"]["added"], done["judgments"]) == (1, None)


@pytest.mark.parametrize("kind", ["csv", "parquet", "json", "jsonl"])
def test_each_kind_of_file_gives_the_same(line: CommandLine, kind: str) -> None:
    rows = [pair(1, chosen='a, "b"\n'), pair(2, rejected="")]
    path = line.folder / f"pairs.{kind}"
    match kind:
        case "csv":
            path.write_text('prompt,chosen,rejected,margin\nQ1,"a, ""b""\n",No.,2.0\nQ2,Yes.,,2\n')
        case "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        case "json":
            path.write_text(json.dumps(rows))
        case _:
            line.write(path.name, *rows)
    assert take(line, path)["items"]["added"] == 2
    # What a file of another kind says is known by then.
    again = take(line, line.write("again.jsonl", *rows))
    assert (again["items"]["added"], again["items"]["unchanged"]) == (0, 2)


def test_a_bad_row_is_named_and_nothing_is_imported(line: CommandLine) -> None:
    path = line.write("pairs.jsonl", pair(1), pair(2, margin=-1), pair(3, chosen=["a"]), [])
    error = line.refused("import", "dataset", "c", path, "--format", "trl_preference")
    assert error["message"] == (
        "3 of 4 rows of pairs.jsonl are bad; nothing was imported; --skip-bad-rows imports the rest"
    )
    assert (error["rows"][0]["line"], error["rows"][0]["field"]) == (2, "margin")
    assert {row["line"] for row in error["rows"]} == {2, 3, 4}
    assert all(row["expected"] for row in error["rows"])
    assert line.ok("campaign", "show", "c")["progress"]["items"] == 0


def test_the_rest_is_imported_and_the_bad_rows_are_written_beside_the_file(
    line: CommandLine,
) -> None:
    # The third has the id of the first and other content, which is only seen later.
    other = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Other"}]
    path = line.write(
        "b.jsonl", battle("q1"), battle("q2", "none"), battle("q1", conversation_a=other),
        battle("q3", "tie"),
    )  # fmt: skip
    done = take(line, path, "lmsys_battles", "--skip-bad-rows")
    assert (done["items"]["added"], done["judgments"]["added"], done["rejected"]) == (2, 2, 2)
    rejected = [json.loads(text) for text in Path(done["rejected_file"]).read_text().splitlines()]
    assert [(row["line"], row["problems"][0]["field"]) for row in rejected] == [
        (2, "winner"),
        (3, "external_id"),
    ]
    assert rejected[1]["problems"][0]["problem"] == "is that of line 1 too, with other content"


def test_a_judgment_that_does_not_fit_is_refused_before_anything_is_written(
    line: CommandLine,
) -> None:
    line.ok(
        *("campaign", "create", "--organization", "Acme", "--template", "pairwise_preference"),
        *("--name", "strict", "--option", "require_rationale=true"),
    )
    path = line.write("pairs.jsonl", pair(1))
    error = line.refused("import", "dataset", "strict", path, "--format", "trl_preference")
    assert [(row["line"], row["field"]) for row in error["rows"]] == [
        (1, "judgments[0].value.rationale")
    ]
    assert line.ok("campaign", "show", "strict")["progress"]["items"] == 0


def test_a_judge_who_is_a_model_here_is_no_person_there(line: CommandLine) -> None:
    path = line.write("b.jsonl", battle("q1"))
    take(line, path, "lmsys_battles", "--option", "annotator_kind=model")
    other = line.write("other.jsonl", battle("q2"))
    error = line.refused("import", "dataset", "c", other, "--format", "lmsys_battles")
    assert error["rows"][0]["field"] == "judgments[0].annotator"
    assert line.ok("campaign", "show", "c")["progress"]["items"] == 1


def test_formats_and_their_options_are_told(line: CommandLine) -> None:
    found = {one["format"]: one for one in line.ok("import", "formats")["formats"]}
    assert found["prm800k"]["task_type"] == "step_grading"
    assert set(found["trl_preference"]["options"]) == {"margin", "strength"}
    path = line.write("pairs.jsonl", pair(1))
    unknown = line.refused("import", "dataset", "c", path, "--format", "nope")
    assert "trl_preference" in unknown["message"]
    wrong = line.refused(
        "import", "dataset", "c", path, "--format", "trl_preference", "--option", "strength=9"
    )
    assert (wrong["code"], wrong["rows"][0]["field"]) == ("option_invalid", "strength")


@pytest.mark.parametrize("space", [" ", "\n  ", ""])
def test_an_array_is_read_an_entry_at_a_time(tmp_path: Path, space: str) -> None:
    path = tmp_path / "rows.json"
    entries = [{"n": n, "text": 'é]}"[{, ' * (40_000 if n == 1 else 1)} for n in range(4)]
    texts = f"{space},{space}".join(json.dumps(one, ensure_ascii=False) for one in entries)
    path.write_text(f"{space}[{space}{texts}{space}]{space}")
    assert [(row.line, row.fields) for row, _ in read_json_array(path)] == [
        (number, entry) for number, entry in enumerate(entries, start=1)
    ]
    path.write_text("[]")
    assert list(read_json_array(path)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1}', "is not a JSON array"),
        ('[{"a": 1}', "breaks off"),
        ('[{"a": 1} {"a": 2}]', "has '{' after an entry"),
        ('[{"a": 1}, {"a": ]', "is not JSON"),
        ("[1, {}]", None),
    ],
)
def test_what_is_no_array_of_objects_is_said(
    tmp_path: Path, text: str, problem: str | None
) -> None:
    path = tmp_path / "rows.json"
    path.write_text(text)
    if problem is None:
        first, second = [row for row, _ in read_json_array(path)]
        assert first.fault is not None
        assert (first.fault.line, second.fields) == (1, {})
        return
    with pytest.raises(ImportRejected) as rejection:
        list(read_json_array(path))
    assert problem in rejection.value.message
