"""`workbench database`: upgrade the schema, back everything up, restore it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.environment import open_database, open_environment, read_settings
from workbench.cli.output import AsJson, answer

app = typer.Typer(
    help="The schema, backups and restores.",
    no_args_is_help=True,
)


@app.command("upgrade")
def upgrade(as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version."""
    from workbench.migrations import runner

    with open_database(read_settings()) as database:
        before = runner.current_revision(database.engine)
        runner.upgrade(database.engine)
        after = runner.current_revision(database.engine)
    changed = before != after
    text = f"upgraded to revision {after}" if changed else f"at revision {after} already"
    answer(
        {"revision": after, "previous_revision": before, "changed": changed},
        f"The database is {text}.",
        as_json=as_json,
    )


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write, a .tar.")],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the whole database and the frozen releases into one file, while work goes on.

    Not in it: exports (they can be made again from the releases), the editor's cache, settings.
    """
    from workbench.cli.backup import write_backup

    with open_environment() as environment:
        made = write_backup(environment, file, force=force)
    holds = f"the database, {made.releases:,} releases and {made.images:,} images"
    text = f"Backed up {holds} to {file} ({made.size:,} bytes)."
    if made.missing_releases:
        text += f" The files of {', '.join(made.missing_releases)} are not on this machine!"
    if made.missing_images:
        text += f" The files of {made.missing_images:,} images are not on this machine!"
    answer(
        {
            "file": str(file),
            "bytes": made.size,
            "revision": made.revision,
            "releases": made.releases,
            "missing_releases": list(made.missing_releases),
            "images": made.images,
            "missing_images": made.missing_images,
        },
        text,
        as_json=as_json,
    )


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive made by `backup`.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace what the database holds now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database; stop `workbench serve` first."""
    from workbench.cli.backup import restore_backup

    settings = read_settings()
    with open_database(settings) as database:
        restored = restore_backup(settings, database, file, force=force)
    answer(
        {
            "file": str(file),
            "revision": restored.revision,
            "created_at": restored.created_at,
            "releases": restored.releases,
            "images": restored.images,
        },
        f"Restored the database, {restored.releases:,} releases and {restored.images:,} images"
        f" as of {restored.created_at}.",
        as_json=as_json,
    )
