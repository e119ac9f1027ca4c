"""What an importer is: a function from a row of a published format to an item and its judgments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from workbench.contracts.task_template import RawResult
from workbench.errors import BadRow


class ImportOptions(BaseModel):
    """Base of an importer's options; each has a default and a description."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ImportRow(BaseModel):
    """Base of a format's row; the fields that it does not name are `rest`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def rest(self) -> dict[str, Any]:
        """What else the row holds, as an item's metadata keeps it."""
        extra = self.model_extra or {}
        return {name: value for name, value in extra.items() if value is not None}


class Judge(StrEnum):
    """Who gave a format's judgments: those of models settle nothing and are in no release."""

    PERSON = "person"
    MODEL = "model"


class JudgedOptions(ImportOptions):
    """Options of a format that holds judgments of several annotators."""

    annotator_kind: Judge = Field(
        default=Judge.PERSON,
        description="Who judged: person, or model, whose judgments settle nothing.",
    )


class NotCarried(Exception):
    """Why a row cannot be carried over."""

    def __init__(self, row: BadRow) -> None:
        super().__init__(f"{row.field} {row.problem}; expected {row.expected}")
        self.row = row


def not_carried(*, field: str, problem: str, expected: str) -> NotCarried:
    """Return what a conversion raises: `problem` follows the field's name, as in "is empty"."""
    return NotCarried(BadRow(field=field, problem=problem, expected=expected))


@dataclass(frozen=True, kw_only=True)
class ImportedJudgment:
    """One judgment of a row, in canonical order.

    Attributes:
        value: What the task type's judgment model reads.
        result: Instead of it, the editor's result list, given on the canonical order.
        seconds: Time on task, None where it is not known.
    """

    annotator: str
    value: Mapping[str, Any] | None = None
    result: RawResult | None = None
    kind: Judge = Judge.PERSON
    created_at: datetime | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a row says.

    Attributes:
        external_id: Names the item; rows that have it in common are about one item.
        item: What the task type's item model reads; None where the row is about an item that the
            campaign has already.
        left_behind: Parts of the row that cannot be carried over; the rest of it is.
    """

    external_id: str
    item: Mapping[str, Any] | None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    judgments: Sequence[ImportedJudgment] = ()
    left_behind: Sequence[BadRow] = ()


R = TypeVar("R", bound=ImportRow)
O = TypeVar("O", bound=ImportOptions)


@dataclass(frozen=True, kw_only=True)
class Importer(Generic[R, O]):
    """One published format.

    Attributes:
        key: Name in the command line, entry point.
        template: The key of the task type whose items and judgments it makes; None: of any.
        row: Pydantic model of a row; what does not fit is told by field.
        convert: From a row to what it says, alone and without looking at other rows.
            Raises `NotCarried`.
    """

    key: str
    version: str
    title: str
    summary: str
    template: str | None
    options: type[O]
    row: type[R]
    convert: Callable[[R, O], Imported]


AnyImporter = Importer[Any, Any]


def name_by_content(source: str, *parts: Any) -> str:
    """Return an external id for a row that has none: the same content has the same one."""
    digest = hashlib.sha256(to_json(parts, fallback=str)).hexdigest()
    return f"{source}-{digest[:24]}"
