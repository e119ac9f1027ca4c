"""What exports of a release would hold, as a person reads it on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.cli.output import table
from workbench.contracts.registry import get_exporter

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workbench.releases.export import ExportPreview


def previews(found: Mapping[str, ExportPreview], *, shows_rows: bool) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    counts = table(
        ("exporter", "what it is", "records", "rows", "left out"),
        (
            (
                key,
                get_exporter(key).title,
                one.rows_in if one.is_complete else f"the first {one.rows_in:,}",
                ", ".join(
                    f"{rows:,}" if split is None else f"{split} {rows:,}"
                    for split, rows in one.counts.items()
                ),
                ", ".join(f"{reason} {count:,}" for reason, count in one.left_out.items()),
            )
            for key, one in found.items()
        ),
    )
    if not shows_rows:
        return counts
    rows = [
        Text(json.dumps(row, ensure_ascii=False, indent=2, default=str))
        for one in found.values()
        for row in one.rows
    ]
    return Group(counts, *rows)
