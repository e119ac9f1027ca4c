"""A judgment as a file's row gives it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import from_json, to_json

from workbench.contracts.faults import A_TIME, shown
from workbench.contracts.fields import refusal
from workbench.contracts.task_template import JudgmentModel
from workbench.database.types import to_micros
from workbench.errors import BadRow
from workbench.identifiers import canonical_json
from workbench.importing.rows import AnnotatorName, ExternalId, Row, RowRejected, plain, read_as
from workbench.importing.staging import Staged
from workbench.models import AnnotatorKind

_SEPARATOR = "\0"
_NUMBER = re.compile(r"[-+]?[\d.]+")


def _not_a_number(value: Any) -> Any:
    """Refuse a bare number as a time: nobody can see whether it counts seconds or more."""
    if value is None or (isinstance(value, str) and not _NUMBER.fullmatch(value.strip())):
        return value
    raise refusal(problem=f"is {shown(value)}", expected=A_TIME)


def _in_utc(at: datetime | None) -> datetime | None:
    """Return a time in UTC, which one without a zone is taken to be in."""
    if at is None or at.tzinfo is None:
        return at and at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        expected = "a time in the years 1 to 9999 of UTC"
        raise refusal(problem=f"is {shown(at)}", expected=expected) from error


class _JudgmentRow(BaseModel):
    """What a row says besides the value."""

    model_config = ConfigDict(extra="forbid")

    external_id: ExternalId
    annotator: AnnotatorName
    value: dict[str, Any]
    annotator_kind: AnnotatorKind = AnnotatorKind.PERSON
    presentation: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    created_at: Annotated[
        datetime | None, BeforeValidator(_not_a_number), AfterValidator(_in_utc)
    ] = None
    seconds: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None


@dataclass(frozen=True, slots=True)
class GivenJudgment:
    """A judgment as a row gives it; what the row leaves out is None."""

    row: Staged
    external_id: str
    annotator: str
    kind: AnnotatorKind
    value: str
    presentation: tuple[int, ...] | None
    created_at: int | None
    seconds: float | None


def parse_judgment(row: Row, model: type[JudgmentModel]) -> Staged:
    """Validate a row by itself.

    Raises:
        RowRejected: With every fault.
    """
    given = dict(row.fields or {})
    if "value" in given:
        given["value"] = plain(given["value"])
    faults: list[BadRow] = []
    read: _JudgmentRow | None = None
    try:
        read = read_as(_JudgmentRow, given, line=row.line)
    except RowRejected as rejection:
        faults += rejection.faults
    value: JudgmentModel | None = None
    if isinstance(given.get("value"), dict):
        try:
            value = read_as(
                model,
                given["value"],
                line=row.line,
                prefix="value",
            )
        except RowRejected as rejection:
            faults += rejection.faults
    if faults or read is None or value is None:
        raise RowRejected(faults)
    extra = {
        "kind": read.annotator_kind,
        "presentation": read.presentation,
        "created_at": None if read.created_at is None else to_micros(read.created_at),
        "seconds": read.seconds,
    }
    return Staged(
        row.line,
        f"{read.external_id}{_SEPARATOR}{read.annotator}",
        to_json(value).decode(),
        canonical_json(extra).decode(),
    )


def as_presentation(stored: list[int] | None) -> tuple[int, ...] | None:
    return None if stored is None else tuple(stored)


def unpack_judgment(row: Staged) -> GivenJudgment:
    """Return what `parse_judgment` staged."""
    external_id, _, annotator = row.key.partition(_SEPARATOR)
    extra = from_json(row.extra)
    return GivenJudgment(
        row=row,
        external_id=external_id,
        annotator=annotator,
        kind=AnnotatorKind(extra["kind"]),
        value=row.body,
        presentation=as_presentation(extra["presentation"]),
        created_at=extra["created_at"],
        seconds=extra["seconds"],
    )
