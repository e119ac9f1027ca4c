"""Form fields for the options of task templates and exporters, drawn from their models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

PREFIX = "option."
"""What the names of option fields begin with, so that they cannot be taken for a form's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionField:
    """One option; `value` is as a form sends it, `choices` are the values of a closed list."""

    name: str
    label: str
    hint: str
    kind: Literal["flag", "choice", "number", "text"]
    value: str
    default: str
    choices: Sequence[str] = ()
    least: float | None = None
    most: float | None = None


def option_fields(
    model: type[BaseModel], given: Mapping[str, Any] | None = None
) -> list[OptionField]:
    """Return a field for each option, filled with what was given or else its default."""
    known = given or {}
    return [
        _field(name, info, known.get(name, info.get_default(call_default_factory=True)))
        for name, info in model.model_fields.items()
    ]


def read_option_fields(sent: Mapping[str, Any]) -> dict[str, str]:
    """Return the options among the fields of a form or a query.

    A checkbox is sent after a hidden field that says no, so the last value of a name holds.
    """
    return {
        name.removeprefix(PREFIX): str(value[-1] if isinstance(value, list) else value)
        for name, value in sent.items()
        if name.startswith(PREFIX)
    }


def _field(name: str, info: FieldInfo, value: Any) -> OptionField:
    default = info.get_default(call_default_factory=True)
    choices = _choices(info.annotation)
    bounds = {type(bound): bound for bound in info.metadata}
    least, most = bounds.get(Ge), bounds.get(Le)
    kind: Literal["flag", "choice", "number", "text"] = "text"
    if info.annotation is bool:
        kind = "flag"
    elif choices:
        kind = "choice"
    elif info.annotation in {int, float}:
        kind = "number"
    return OptionField(
        name=PREFIX + name,
        label=name.replace("_", " ").capitalize(),
        hint=info.description or "",
        kind=kind,
        value=_as_text(value),
        default=_as_text(default),
        choices=choices,
        least=least.ge if isinstance(least, Ge) and isinstance(least.ge, int | float) else None,
        most=most.le if isinstance(most, Le) and isinstance(most.le, int | float) else None,
    )


def _choices(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return []


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return str(value.value)
    return "" if value is None else str(value)
