"""Label Studio's JSON: tasks with annotations, as the import of a Label Studio project takes them.

Label Studio refuses a file in which `completed_by` names somebody who is no member of the
organization. Annotators therefore stand in the task's `meta`, in the order of the annotations, and
all are credited to whoever imports, unless a domain makes addresses of them. It also takes
annotations for ground truth unless they deny it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportFormat
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions

_META = ("external_id", "item_id")


class LabelStudioOptions(ProvenanceOptions):
    email_domain: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.-]*$",
        description="Credit annotations to <pseudonym>@<this domain>, each of which must be a member"
        " of the Label Studio organization. Empty: to whoever imports them.",
    )


def _schema(_: LabelStudioOptions) -> pa.Schema:
    return pa.schema(
        [pa.field(name, pa.json_(), nullable=False) for name in ("data", "annotations", "meta")]
    )


def _convert(batch: pa.RecordBatch, options: LabelStudioOptions) -> Converted:
    # What is JSON in the release stays the text it is; a loop puts the pieces together.
    names = (*_META, "simulated", *options.carried)
    given = batch.column("annotations").to_pylist()
    meta = zip(given, batch.select(dict.fromkeys(names)).to_pylist(), strict=True)
    texts = [
        batch.column("data"),
        pa.array([_annotations(one, options) for one in given], pa.string()),
        pa.array([_meta(*one) for one in meta], pa.string()),
    ]
    schema = _schema(options)
    columns = [pa.ExtensionArray.from_storage(pa.json_(), text) for text in texts]
    return Converted(batch=pa.RecordBatch.from_arrays(columns, schema=schema))


def _annotations(given: Sequence[Mapping[str, Any]], options: LabelStudioOptions) -> str:
    return f"[{','.join(_annotation(one, options) for one in given)}]"


def _annotation(given: Mapping[str, Any], options: LabelStudioOptions) -> str:
    about = {
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": given["seconds"],
        "created_at": _iso(given["created_at"]),
    }
    if options.email_domain:
        about["completed_by"] = {"email": f"{given['annotator']}@{options.email_domain}"}
    return f'{{"result":{given["result"]},{json.dumps(about)[1:]}'


def _meta(given: Sequence[Mapping[str, Any]], provenance: Mapping[str, Any]) -> str:
    known = {name: value for name, value in provenance.items() if name != "simulated" or value}
    return json.dumps(known | {"annotators": [one["annotator"] for one in given]})


def _iso(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


EXPORTER = Exporter(
    key="label_studio_json",
    version="1",
    title="Label Studio JSON",
    summary="tasks with their annotations, to be imported into a Label Studio project",
    record=RecordKind.LABEL_STUDIO_TASK,
    options=LabelStudioOptions,
    schema=_schema,
    convert=_convert,
    formats=(ExportFormat.JSON, ExportFormat.JSONL),
    names_images=True,
)
