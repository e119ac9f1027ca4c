"""`template.toml`: what its author declares, and on which line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from workbench.contracts.faults import explain_faults
from workbench.contracts.fields import ShownText
from workbench.errors import BadRow, TemplateBroken

TOML = "template.toml"

_HEADER = re.compile(r"^\s*\[(\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")
_PLACE = re.compile(r"at line (\d+)")

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)]


class FieldKind(StrEnum):
    """What a field of the item holds; everything but `stored` is shown."""

    CONVERSATION = "conversation"
    MARKDOWN = "markdown"
    TEXT = "text"
    CANDIDATES = "candidates"
    STORED = "stored"


class DeclaredLevel(StrEnum):
    """A level of measurement, or `text`: kept as it was given and not measured."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    TEXT = "text"


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ItemField(_Declared):
    kind: FieldKind
    required: bool = True


class ControlField(_Declared):
    """What a control asks.

    `field` is the judgment's field (the control's name by default). `order` lists the choices from
    low to high (the configuration's order by default), `swaps` the pairs of choices that trade
    places when two shuffled texts do. `of` names the shuffled text that the control judges; the
    controls of the other texts then share its `field`. `low`, `high` and `step` are a Number's.
    """

    field: Name | None = None
    title: ShownText | None = None
    level: DeclaredLevel
    required: bool | None = None
    voted: bool = True
    order: tuple[str, ...] = ()
    swaps: tuple[tuple[str, str], ...] = ()
    of: Name | None = None
    low: float | None = None
    high: float | None = None
    step: Annotated[float, Field(gt=0)] | None = None


class PreferenceRecord(_Declared):
    """A pair from a field that says which of two texts is better, or pairs from a ranking."""

    kind: Literal["preference"]
    field: Name
    first: tuple[str, ...] = ("first",)
    second: tuple[str, ...] = ("second",)


class RankingRecord(_Declared):
    kind: Literal["ranking"]
    field: Name


class UnpairedRecord(_Declared):
    """A completion that is good or bad by the choices of a field."""

    kind: Literal["unpaired_preference"]
    field: Name
    good: Annotated[tuple[str, ...], Field(min_length=1)]
    bad: Annotated[tuple[str, ...], Field(min_length=1)]
    completion: Name
    reasons: Name | None = None


class RatedRecord(_Declared):
    """Ratings of a completion, or of each candidate."""

    kind: Literal["rated_response"]
    fields: Annotated[tuple[Name, ...], Field(min_length=1)]
    completion: Name | None = None


class CompletionRecord(_Declared):
    """Every text written in a field is a completion of the prompt."""

    kind: Literal["prompt_completion"]
    field: Name
    original: Name | None = None
    critique: Name | None = None


DeclaredRecord = Annotated[
    PreferenceRecord | RankingRecord | UnpairedRecord | RatedRecord | CompletionRecord,
    Field(discriminator="kind"),
]


class Declaration(_Declared):
    """The whole of `template.toml`."""

    key: Key
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    title: ShownText
    summary: ShownText
    prompt: Name
    shuffled: tuple[Name, ...] = ()
    outcome: Name | None = None
    fields: Annotated[Mapping[Name, ItemField], Field(min_length=1)]
    controls: Annotated[Mapping[str, ControlField], Field(min_length=1)]
    records: tuple[DeclaredRecord, ...] = ()

    def field_of(self, control: str) -> str:
        """Return the field of the judgment that a control answers."""
        return self.controls[control].field or control


class Lines:
    """Where each key of a TOML file is, for faults that are found in what was read."""

    def __init__(self, text: str) -> None:
        self._lines = dict(_scan(text))

    def of(self, path: str) -> int | None:
        """Return the line of a dotted path, or of what holds it where it is not there itself."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path.rpartition(".")[0]
        return None


def _scan(text: str) -> Iterator[tuple[str, int]]:
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.split("\n"), start=1):
        header = _HEADER.match(line)
        if header is not None:
            table = _plain(header[2])
            if header[1]:
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
            yield table, number
            continue
        key = _KEY.match(line)
        if key is not None:
            yield (f"{table}.{_plain(key[1])}" if table else _plain(key[1])), number


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def parse_declaration(text: str) -> Declaration:
    """Read the file.

    Raises:
        TemplateBroken: With a row per fault.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place else len(text.split("\n"))
        problem = f"is not TOML: {str(error).split(' (at ')[0].lower()}"
        row = BadRow(line=line, field=TOML, problem=problem, expected="well-formed TOML")
        message = f"{TOML}, line {line}, {problem}"
        raise TemplateBroken(message, rows=[row]) from error
    try:
        return Declaration.model_validate(given)
    except ValidationError as error:
        lines = Lines(text)
        rows = [
            BadRow(
                line=lines.of(_without_branch(row.field)),
                field=f"{TOML} {row.field}",
                problem=row.problem,
                expected=_expected(row),
            )
            for row in explain_faults(error, given, Declaration)
        ]
        message = f"{rows[0].field} {rows[0].problem}; expected {rows[0].expected}"
        raise TemplateBroken(message, rows=rows) from error


def _without_branch(field: str) -> str:
    return field.removesuffix(".row")


def _expected(row: BadRow) -> str:
    """Say what a missing level is, since it is the author's decision that nobody can guess."""
    if row.field.endswith(".level") and row.problem == "is missing":
        return (
            'level = "nominal" (names), "ordinal" (an order), "interval" (distances count) or '
            '"text" (kept, not measured)'
        )
    return row.expected
