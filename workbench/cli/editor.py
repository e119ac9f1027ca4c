"""`workbench editor`: the Label Studio editor that draws the tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.environment import read_settings
from workbench.cli.output import AsJson, answer

app = typer.Typer(help="The Label Studio editor that draws the tasks.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The Label Studio editor that draws the tasks."""


@app.command("fetch")
def fetch(
    wheel: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A wheel that is already here; nothing is downloaded."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the editor by its hash and unpack it into the cache, unless it is there."""
    from workbench.labelstudio.editor import ensure_editor, progress_line

    bundle = ensure_editor(read_settings().editor_dir, progress=progress_line, wheel=wheel)
    answer(
        {
            "version": bundle.version,
            "folder": str(bundle.root),
            "wheel_sha256": bundle.wheel_sha256,
        },
        f"The Label Studio editor {bundle.version} is in {bundle.root}.",
        as_json=as_json,
    )
