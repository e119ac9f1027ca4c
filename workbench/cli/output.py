"""What commands print: one JSON document, or text for people. Nothing else reaches stdout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.errors import BadRow, WorkbenchError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

AsJson = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON document on standard output.")
]

ROWS_SHOWN = 50


def answer(
    document: Mapping[str, Any],
    text: RenderableType | Callable[[], RenderableType],
    *,
    as_json: bool,
) -> None:
    """Print a command's answer: the document, or the text that says it to a person."""
    if as_json:
        print_document(document)
        return
    console().print(text() if callable(text) else text)


def print_document(document: Mapping[str, Any]) -> None:
    from pydantic_core import to_json

    typer.echo(to_json(document, inf_nan_mode="null"))


def console(*, stderr: bool = False) -> Console:
    """Return a console that prints text as it is: what people named or wrote is not markup."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> RenderableType:
    """Return a plain table; its cells are shown as they are."""
    from rich import box
    from rich.table import Column, Table
    from rich.text import Text

    headers = (Column(name, overflow="fold") for name in columns)
    drawn = Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return drawn


def print_failure(
    code: str, message: str, *, as_json: bool, rows: Sequence[BadRow] = (), **extra: Any
) -> None:
    """Print a refusal: the error document, or a sentence and the faulty rows on stderr."""
    if as_json:
        error = WorkbenchError(message, rows=rows, **extra).as_document()
        print_document({"error": {**error, "code": code}})
        return
    out = console(stderr=True)
    out.print(f"Error: {message}")
    if rows:
        out.print(
            table(
                ("line", "field", "problem", "expected"),
                ((row.line, row.field, row.problem, row.expected) for row in rows[:ROWS_SHOWN]),
            )
        )
    if len(rows) > ROWS_SHOWN:
        out.print(f"… and {len(rows) - ROWS_SHOWN} more; --json lists them")
