"""From the flat columns of a table to the nested fields of a row.

Columns are named like the fields. `metadata.source` or `value.strength` is one entry of an object;
`response_1`, `response_2` with `model_1`, `model_2` are the list `responses`; everything else that
is nested (a conversation, steps, ratings, metadata as a whole) is JSON in one cell, or in Parquet
a real list, struct or map. An empty cell is a field that is not given, except that a model may
answer with nothing: an empty first or second response is an empty text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from workbench.importing.rows import Cell, plain

_RESPONSE = re.compile(r"(response|model)_(\d+)")
_MAY_BE_EMPTY = ("response_1", "response_2")
_NAMES = ("external_id", "annotator")


def find_column_fault(columns: Iterable[str]) -> str | None:
    """Return what is wrong with the names of the columns, if anything."""
    seen: set[str] = set()
    for number, column in enumerate(columns, start=1):
        if not column.strip():
            return f"column {number} has no name"
        if column in seen:
            return f"two columns are named {column!r}"
        seen.add(column)
    return None


def nest(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the cells of one row make up."""
    fields: dict[str, Any] = {}
    responses: dict[int, dict[str, Any]] = {}
    for column, cell in cells.items():
        value = _cleaned(cell)
        if value is None or (value == "" and column not in _MAY_BE_EMPTY):
            continue
        if numbered := _RESPONSE.fullmatch(column):
            part = "text" if numbered[1] == "response" else "model"
            responses.setdefault(int(numbered[2]), {})[part] = value
            continue
        value = Cell(value) if isinstance(value, str) else value
        name, dot, key = column.partition(".")
        if dot:
            whole = plain(fields.setdefault(name, {}))
            if isinstance(whole, dict):
                fields[name] = {**whole, key: value}
        elif isinstance(fields.get(name), dict) and isinstance(plain(value), dict):
            fields[name] = {**plain(value), **fields[name]}
        else:
            fields[name] = value
    for name in _NAMES:
        if name in fields:
            fields[name] = str(fields[name])
    if responses:
        fields.setdefault("responses", [responses[number] for number in sorted(responses)])
    return fields


def _cleaned(value: Any) -> Any:
    """Return a value as JSON knows it: a column's absent values are those of a missing key."""
    match value:
        case float() if math.isnan(value):
            return None
        case dict():
            entries = ((str(key), _cleaned(entry)) for key, entry in value.items())
            return {key: entry for key, entry in entries if entry is not None}
        case list():
            return [_cleaned(entry) for entry in value]
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case _:
            return value
