"""A distribution of somebody else's adds a task type and formats by entry points alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

METADATA = "Metadata-Version: 2.1\nName: acme-workbench\nVersion: 0.1\n"
ENTRY_POINTS = """[workbench.task_templates]
acme_verdict = acme_workbench.verdict:TEMPLATE

[workbench.exporters]
acme_lines = acme_workbench.lines:EXPORTER

[workbench.importers]
acme_lines = acme_workbench.read_lines:IMPORTER
"""
TEMPLATE = '''
from typing import Any, Literal

from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.fields import ShownText
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import Message, RecordKind, UnpairedPreference
from workbench.contracts.rendering import render_text
from workbench.contracts.task_template import (
    ItemModel, JudgmentModel, Level, Measure, Options, Settlement, TaskTemplate,
)

XML = """<View>
  <HyperText name="response" value="$response" inline="true"/>
  <Choices name="verdict" toName="response" choice="single-radio" required="true">
    <Choice value="good"/><Choice value="bad"/>
  </Choices>
</View>"""


class Item(ItemModel):
    prompt: ShownText
    response: ShownText


class Judgment(JudgmentModel):
    verdict: Literal["good", "bad"]


def decode(raw, item, presentation, options):
    reader = ResultReader(raw, parse_label_config(XML))
    return reader.build(Judgment, verdict=reader.read_choice("verdict", is_required=True))


def encode(judgment, item, presentation, options):
    writer = ResultWriter(parse_label_config(XML))
    writer.write_choice("verdict", judgment.verdict)
    return writer.results


def settle(item, ballot):
    if not ballot.judgments:
        return Settlement(value=None, reason="no_judgments")
    vote = ballot.votes["verdict"][""]
    reason = "tied" if vote.value is None else None
    return Settlement(value=vote.value, reason=reason, confidence=vote.confidence)


def records(item, settlement, given):
    if settlement.value is None:
        return ()
    return (
        UnpairedPreference(
            prompt=[Message(role="user", content=item.prompt)],
            completion=item.response,
            label=settlement.value == "good",
        ),
    )


TEMPLATE = TaskTemplate[Any, Any, Any](
    key="acme_verdict", version="1.0.0", title="Acme's verdict", summary="Good or bad.",
    guidelines="# How", examples=(), item_model=Item, judgment_model=Judgment,
    options_model=Options, candidates=lambda item: 0, label_config=lambda options: XML,
    show=lambda item, presentation, options: {"response": render_text(item.response)},
    decode=decode, encode=encode, check=lambda judgment, item, options: None,
    measures=(
        Measure(
            field="verdict", title="Verdict", level=Level.NOMINAL, unit="item",
            categories=("good", "bad"), values=lambda judgment: {"": judgment.verdict}, voted=True,
        ),
    ),
    settle=settle, records=records, record_kinds=(RecordKind.UNPAIRED_PREFERENCE,),
    prompt_text=lambda item: item.prompt, brief=lambda item: item.prompt[:90],
)
'''
EXPORTER = """
import pyarrow as pa

from workbench.contracts.exporter import Converted, Exporter, ExportOptions
from workbench.contracts.records import RecordKind

SCHEMA = pa.schema([("text", pa.string()), ("is_good", pa.bool_())])


def convert(batch, options):
    columns = [batch.column("completion"), batch.column("label")]
    return Converted(batch=pa.record_batch(columns, schema=SCHEMA))


EXPORTER = Exporter(
    key="acme_lines", version="1", title="Acme's lines", summary="texts and whether they are good",
    record=RecordKind.UNPAIRED_PREFERENCE, options=ExportOptions, schema=lambda options: SCHEMA,
    convert=convert,
)
"""
IMPORTER = """
from workbench.contracts.importer import (
    Imported, ImportedJudgment, Importer, ImportOptions, ImportRow, name_by_content,
)


class Row(ImportRow):
    text: str
    is_good: bool


def convert(row, options):
    value = {"verdict": "good" if row.is_good else "bad"}
    return Imported(
        external_id=name_by_content("acme", row.text),
        item={"prompt": "Is it?", "response": row.text},
        judgments=[ImportedJudgment(annotator="acme", value=value)],
    )


IMPORTER = Importer(
    key="acme_lines", version="1", title="Acme's lines", summary="texts and whether they are good",
    template="acme_verdict", options=ImportOptions, row=Row, convert=convert,
)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """What an installer would have put beside the other packages, and nothing else."""
    site = tmp_path / "site"
    info = site / "acme_workbench-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(METADATA)
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    package = site / "acme_workbench"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "verdict.py").write_text(TEMPLATE)
    (package / "lines.py").write_text(EXPORTER)
    (package / "read_lines.py").write_text(IMPORTER)
    return site


def run(folder: Path, site: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [Path(sys.executable).parent / "workbench", *arguments, "--json"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(site),
            "WORKBENCH_DATA_DIR": str(folder / "data"),
            "WORKBENCH_DATABASE_URL": "",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_task_type_and_a_format_of_another_distribution_work(tmp_path: Path, site: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text(
        "".join(
            json.dumps({"external_id": name, "prompt": f"{name}?", "response": f"{name}!"}) + "\n"
            for name in ("one", "two")
        )
    )
    judgments = tmp_path / "judgments.jsonl"
    judgments.write_text(
        "".join(
            json.dumps({"external_id": name, "annotator": who, "value": {"verdict": verdict}})
            + "\n"
            for name, verdict in (("one", "good"), ("two", "bad"))
            for who in ("ann", "ben")
        )
    )
    create = ("campaign", "create", "--organization", "Acme", "--create-organization")
    run(tmp_path, site, *create, "--template", "acme_verdict", "--name", "c")
    run(tmp_path, site, "import", "items", "c", "items.jsonl")
    run(tmp_path, site, "import", "judgments", "c", "judgments.jsonl")
    measured = run(tmp_path, site, "agreement", "c")
    assert [(one["field"], one["alpha"]) for one in measured["measures"]] == [("verdict", 1.0)]
    run(tmp_path, site, "release", "freeze", "c", "--name", "v1")
    run(
        tmp_path, site, "release", "export", "c/v1", "--exporter", "acme_lines",
        "--format", "jsonl", "--to", "exported",
    )  # fmt: skip
    (path,) = (tmp_path / "exported").rglob("acme_lines*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [{"text": "one!", "is_good": True}, {"text": "two!", "is_good": False}]
    run(tmp_path, site, *create[:-1], "--template", "acme_verdict", "--name", "again")
    done = run(tmp_path, site, "import", "dataset", "again", str(path), "--format", "acme_lines")
    assert (done["items"]["added"], done["judgments"]["added"]) == (2, 2)
