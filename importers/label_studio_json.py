"""Label Studio's JSON: the annotations of tasks, as judgments of the items that they are about.

What a task shows is drawn from its item and cannot be turned back, so that the items have to be
there; `meta.external_id` names them, or what Label Studio has of the data. Annotators stand in
`meta.annotators`, in the order of the annotations, or in `completed_by`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workbench.contracts.fields import StoredText
from workbench.contracts.importer import (
    Imported,
    ImportedJudgment,
    Importer,
    ImportRow,
    JudgedOptions,
    not_carried,
)
from workbench.errors import BadRow

KEY = "label_studio_json"


class LabelStudioOptions(JudgedOptions):
    items: bool = Field(
        default=False,
        description="Make an item of each task's data, for task types whose items are the data of"
        " their labeling configuration. Otherwise the items have to be there.",
    )


class Annotation(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    result: list[Any]
    completed_by: Any = None
    was_cancelled: bool = False
    created_at: datetime | None = None
    lead_time: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Meta(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    external_id: StoredText | None = None
    annotators: list[StoredText] | None = None


class Row(ImportRow):
    data: dict[str, Any]
    annotations: list[Annotation]
    meta: Meta | None = None
    id: int | None = None


def _convert(row: Row, options: LabelStudioOptions) -> Imported:
    meta = row.meta or Meta()
    names = meta.annotators
    if names is not None and len(names) != len(row.annotations):
        expected = f"{len(row.annotations)}, one for each annotation"
        raise not_carried(
            field="meta.annotators", problem=f"has {len(names)} names", expected=expected
        )
    judgments, left_behind = [], []
    for place, annotation in enumerate(row.annotations):
        field = f"annotations[{place}]"
        if annotation.was_cancelled:
            problem, expected = "was skipped", "an annotation that is an answer"
            left_behind.append(BadRow(field=field, problem=problem, expected=expected))
            continue
        judgments.append(
            ImportedJudgment(
                annotator=names[place] if names else _annotator(annotation.completed_by, field),
                result=annotation.result,
                kind=options.annotator_kind,
                created_at=annotation.created_at,
                seconds=annotation.lead_time,
            )
        )
    return Imported(
        external_id=_external_id(row, meta),
        item=row.data if options.items else None,
        judgments=judgments,
        left_behind=left_behind,
    )


def _external_id(row: Row, meta: Meta) -> str:
    if meta.external_id is not None:
        return meta.external_id
    given = row.data.get("external_id")
    if isinstance(given, str):
        return given
    if row.id is not None:
        return str(row.id)
    raise not_carried(
        field="meta.external_id", problem="is missing", expected="the external_id of the item"
    )


def _annotator(completed_by: Any, field: str) -> str:
    match completed_by:
        case {"email": str(email)} if email:
            return email
        case {"id": int(number)} | int(number):
            return f"label-studio-{number}"
        case _:
            expected = "who annotated, as meta.annotators or completed_by"
            raise not_carried(
                field=f"{field}.completed_by", problem="is missing", expected=expected
            )


IMPORTER = Importer(
    key=KEY,
    version="1",
    title="Label Studio JSON",
    summary="the annotations of a Label Studio project's tasks, for items that are there",
    template=None,
    options=LabelStudioOptions,
    row=Row,
    convert=_convert,
)
