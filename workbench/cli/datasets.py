"""`workbench import dataset`: items and judgments out of a file of a published format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.campaign import split_options
from workbench.cli.environment import (
    ACTOR,
    CampaignReference,
    InOrganization,
    find_campaign,
    open_environment,
)
from workbench.cli.imports import SkipBadRows
from workbench.cli.output import ROWS_SHOWN, AsJson, answer, table
from workbench.cli.progress import progress_bar
from workbench.errors import ImportRejected

if TYPE_CHECKING:
    from workbench.importing.datasets import DatasetReport
    from workbench.importing.report import ImportReport


def dataset(
    campaign: CampaignReference,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=".jsonl, .jsonl.gz, .json, .csv or .parquet"),
    ],
    format: Annotated[  # noqa: A002
        str, typer.Option("--format", metavar="F", help="`workbench import formats` lists them.")
    ],
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An option of the format; may be repeated."),
    ] = None,
    without_judgments: Annotated[
        bool,
        typer.Option("--without-judgments", help="Import the items alone, to be judged anew."),
    ] = False,
    organization: InOrganization = None,
    skip_bad_rows: SkipBadRows = False,
    as_json: AsJson = False,
) -> None:
    """Bring in a file of a published format: its items, and the judgments that it holds."""
    from workbench.contracts.registry import get_importer
    from workbench.importing.datasets import import_dataset, read_import_options

    importer = get_importer(format)
    options = read_import_options(importer, split_options(option or []))
    with open_environment() as environment:
        with environment.database.read() as session:
            found = find_campaign(session, campaign, organization)
        with progress_bar() as progress:
            try:
                report = import_dataset(
                    environment.database,
                    campaign_id=found.id,
                    path=file,
                    importer=importer,
                    options=options,
                    actor=ACTOR,
                    clock=environment.clock,
                    with_judgments=not without_judgments,
                    skip_bad_rows=skip_bad_rows,
                    progress=progress,
                )
            except ImportRejected as rejection:
                if not skip_bad_rows and "rejected" in rejection.extra:
                    rejection.message += "; --skip-bad-rows imports the rest"
                raise
    answer(report.as_document(), lambda: _sentence(report), as_json=as_json)


def formats(as_json: AsJson = False) -> None:
    """List the published formats that can be imported, and their options."""
    from workbench.contracts.registry import importers

    found = [
        {
            "format": one.key,
            "task_type": one.template,
            "summary": one.summary,
            "options": {
                name: {"default": field.default, "description": field.description}
                for name, field in one.options.model_fields.items()
            },
        }
        for one in importers().values()
    ]
    answer({"formats": found}, lambda: _table(found), as_json=as_json)


def _table(found: list[dict[str, Any]]) -> Any:
    rows = (
        (one["format"], one["task_type"] or "any", ", ".join(one["options"]), one["summary"])
        for one in found
    )
    return table(("format", "task type", "options", "what it holds"), rows)


def _sentence(report: DatasetReport) -> str:
    lines = [
        f"Imported {what}: {_said(part)}."
        for what, part in (("items", report.items), ("judgments", report.judgments))
        if part is not None
    ]
    if report.rejected_file is not None:
        rows = "row is" if report.rejected == 1 else "rows are"
        lines.append(f"{report.rejected:,} bad {rows} in {report.rejected_file}.")
    if report.left_behind:
        lines.append(f"Left behind of rows that were imported: {len(report.left_behind):,}.")
        lines += [
            f"  line {row.line}: {row.field} {row.problem}; expected {row.expected}"
            for row in report.left_behind[:ROWS_SHOWN]
        ]
    return "\n".join(lines) or "Imported nothing."


def _said(part: ImportReport) -> str:
    counts = vars(part.counts)
    return ", ".join(f"{number:,} {name}" for name, number in counts.items() if number) or "none"
