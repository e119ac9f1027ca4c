"""What pydantic found wrong, in words for the person whose file or option it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from workbench.errors import BadRow

_SHOWN = 60
_NOWHERE = object()

A_TIME = "a time such as 2026-05-01T10:00:00Z"

_EXPECTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "string_type": lambda _: "text",
    "string_too_short": lambda context: _at_least(context["min_length"], "character"),
    "string_too_long": lambda context: _at_most(context["max_length"], "character"),
    "string_pattern_mismatch": lambda context: f"text that matches {context['pattern']}",
    "int_type": lambda _: "a whole number",
    "int_parsing": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "float_parsing": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "bool_type": lambda _: "true or false",
    "bool_parsing": lambda _: "true or false",
    "greater_than": lambda context: f"more than {context['gt']}",
    "greater_than_equal": lambda context: f"at least {context['ge']}",
    "less_than": lambda context: f"less than {context['lt']}",
    "less_than_equal": lambda context: f"at most {context['le']}",
    "literal_error": lambda context: str(context["expected"]),
    "enum": lambda context: str(context["expected"]),
    "list_type": lambda _: "a list",
    "tuple_type": lambda _: "a list",
    "too_short": lambda context: _at_least(context["min_length"], "entry"),
    "too_long": lambda context: _at_most(context["max_length"], "entry"),
    "dict_type": lambda _: "an object",
    "model_type": lambda _: "an object",
    "model_attributes_type": lambda _: "an object",
    "datetime_type": lambda _: A_TIME,
    "datetime_parsing": lambda _: A_TIME,
    "datetime_from_date_parsing": lambda _: A_TIME,
    "datetime_object_invalid": lambda _: A_TIME,
    "none_required": lambda _: "null",
}


def _plural(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y') + 'ies' if noun.endswith('y') else noun + 's'}"


def _at_least(number: int, noun: str) -> str:
    return f"at least {_plural(number, noun)}"


def _at_most(number: int, noun: str) -> str:
    return f"at most {_plural(number, noun)}"


def explain_faults(
    error: ValidationError,
    given: Any,
    model: type[BaseModel],
    *,
    line: int | None = None,
    prefix: str = "",
    beside: Iterable[str] = (),
) -> list[BadRow]:
    """Translate a validation error, one row per field.

    Args:
        error: What validating `given` against `model` raised.
        given: The value as it was handed in.
        model: Names the fields there are where an unknown one was given.
        line: Where in the file it is.
        prefix: The field that holds `given`, if it is part of a row.
        beside: The fields there are that another model reads.
    """
    known = (*beside, *model.model_fields)
    placed = [(_path(detail, given), detail) for detail in error.errors(include_url=False)]
    rows: dict[tuple[str | int, ...], tuple[str, list[str]]] = {}
    for path, detail in placed:
        # The branch of a union that came furthest says what is wrong; the others only that the
        # value is of another kind.
        if any(len(path) < len(other) and other[: len(path)] == path for other, _ in placed):
            continue
        problem, expected = _describe(detail, known if len(path) == 1 else ())
        _, wanted = rows.setdefault(path, (problem, []))
        if expected not in wanted:
            wanted.append(expected)
    return [
        BadRow(
            line=line,
            field=_dotted(path, prefix) or "row",
            problem=problem,
            expected=" or ".join(wanted),
        )
        for path, (problem, wanted) in rows.items()
    ]


def shown(value: Any) -> str:
    """Return a value as JSON, short enough for a message."""
    try:
        text = to_json(value, fallback=str, inf_nan_mode="constants").decode()
    except PydanticSerializationError:  # half a character, which JSON cannot say
        text = ascii(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _path(detail: ErrorDetails, given: Any) -> tuple[str | int, ...]:
    """Drop from a location what names a branch of a union rather than a place in the value."""
    return tuple(_walk(detail["loc"], given, is_absent=detail["type"] == "missing"))


def _walk(location: Sequence[str | int], given: Any, *, is_absent: bool) -> Iterator[str | int]:
    for depth, step in enumerate(location):
        inner = _step_into(given, step)
        if inner is not _NOWHERE:
            given = inner
        elif not (is_absent and depth == len(location) - 1):
            continue
        yield step


def _step_into(given: Any, step: str | int) -> Any:
    match given, step:
        case Mapping(), _ if step in given:
            return given[step]
        case list() | tuple(), int(index) if index < len(given):
            return given[index]
        case _:
            return _NOWHERE


def _dotted(path: Sequence[str | int], prefix: str) -> str:
    text = prefix
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def _describe(detail: ErrorDetails, fields: Sequence[str]) -> tuple[str, str]:
    """Return the problem and what was expected."""
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "missing":
        return "is missing", "a value"
    if kind == "extra_forbidden":
        return "is not a field", f"one of {', '.join(fields)}" if fields else "no such field"
    if kind == "value_error":
        return str(context["error"]), "see the problem"
    if kind in _EXPECTED:
        return _problem(kind, given), _EXPECTED[kind](context)
    return detail["msg"], str(context.get("expected", "see the problem"))


def _problem(kind: str, given: Any) -> str:
    if kind in {"too_short", "too_long"}:
        return f"has {_plural(len(given), 'entry')}"
    if kind in {"string_too_short", "string_too_long"}:
        return f"has {_plural(len(given), 'character')}" if given else "is empty"
    return f"is {shown(given)}"
