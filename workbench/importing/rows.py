"""One row of a file, on its way from text to a validated model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError
from pydantic_core import from_json

from workbench.contracts.faults import explain_faults
from workbench.contracts.fields import refusal
from workbench.errors import BadRow

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: its fields, or the one fault that kept it from being read.

    `source` is what a file of rejected rows shows of it.
    """

    line: int
    source: Any
    fields: Mapping[str, Any] | None = None
    fault: BadRow | None = None


class RowRejected(Exception):
    """Everything that is wrong with one row."""

    def __init__(self, faults: Sequence[BadRow]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)


class Cell(str):
    """Text of a table's cell, which may also be JSON: a table has no lists or numbers of ours.

    A list or an object is taken as JSON and anything else as text, unless the model wants it the
    other way round.
    """

    __slots__ = ()

    def readings(self) -> tuple[Any, ...]:
        """Return what the cell may mean, the likelier reading first."""
        text = str(self)
        try:
            value = from_json(text, allow_inf_nan=False)
        except ValueError:
            return (text,)
        return (value, text) if isinstance(value, list | dict) else (text, value)


def read_as(
    model: type[M],
    given: Mapping[str, Any],
    *,
    line: int,
    prefix: str = "",
    beside: Iterable[str] = (),
) -> M:
    """Validate a row's fields, reading cells as the model wants them.

    `beside` names the fields that another model reads.

    Raises:
        RowRejected: With every fault.
    """
    readings = {name: cell.readings() for name, cell in given.items() if isinstance(cell, Cell)}
    likely = {name: readings[name][0] if name in readings else given[name] for name in given}
    try:
        return model.model_validate(likely)
    except ValidationError as error:
        refused = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
        others = {
            name: values[-1]
            for name, values in readings.items()
            if name in refused and len(values) > 1
        }
        faults = explain_faults(error, likely, model, line=line, prefix=prefix, beside=beside)
    if others:
        try:
            return model.model_validate(likely | others)
        except ValidationError:
            pass  # the likelier reading's faults are the ones to tell
    raise RowRejected(faults)


def plain(value: Any) -> Any:
    """Return a value without cells, for what no model reads."""
    return value.readings()[0] if isinstance(value, Cell) else value


def find_unstorable(value: Any, line: int, path: str = "row") -> BadRow | None:
    """Return the first thing in a JSON value that a database or another reader cannot keep."""
    match value:
        case str() if "\0" in value:
            return nul_fault(line, path)
        case float() if not math.isfinite(value):
            problem, expected = "is a number too large to keep", "a finite number"
            return BadRow(line=line, field=path, problem=problem, expected=expected)
        case Mapping():
            parent = "" if path == "row" else f"{path}."
            entries = ((str(key), entry, f"{parent}{key}") for key, entry in value.items())
        case list() | tuple():
            entries = (("", entry, f"{path}[{index}]") for index, entry in enumerate(value))
        case _:
            return None
    for key, entry, place in entries:
        fault = nul_fault(line, path) if "\0" in key else find_unstorable(entry, line, place)
        if fault is not None:
            return fault
    return None


def nul_fault(line: int, field: str) -> BadRow:
    return BadRow(
        line=line, field=field, problem="contains a NUL character", expected="text without it"
    )


def _not_padded(text: str) -> str:
    if "\0" in text:
        raise refusal(problem="contains a NUL character", expected="text without it")
    if text != text.strip():
        problem = "begins or ends with a space" if text.strip() else "is blank"
        raise refusal(problem=problem, expected="text without spaces around it")
    return text


ExternalId = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=255),
    AfterValidator(_not_padded),
]
AnnotatorName = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=320),
    AfterValidator(_not_padded),
]
