"""`workbench template`: task types, and the folders that are task types without Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.environment import read_settings
from workbench.cli.output import AsJson, answer, console, table
from workbench.errors import BadRequest, Conflict, TemplateBroken

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer(
    help="Task types, and folders that are task types without Python.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder with a template.toml.")]
Into = Annotated[
    Path | None,
    typer.Option(
        "--directory", metavar="DIR", help="Where to put it; WORKBENCH_TEMPLATE_DIR by default."
    ),
]


@app.command("list")
def list_templates(as_json: AsJson = False) -> None:
    """List the task types that campaigns can be created with."""
    from workbench.contracts.registry import register_folders, task_templates, template_folders

    register_folders(read_settings().template_dir)
    folders = template_folders()
    found = [
        {
            "key": one.key,
            "version": one.version,
            "title": one.title,
            "folder": str(folders[one.key]) if one.key in folders else None,
        }
        for one in task_templates().values()
    ]
    answer(
        {"templates": found},
        lambda: table(
            ("key", "version", "title", "folder"),
            ((one["key"], one["version"], one["title"], one["folder"]) for one in found),
        ),
        as_json=as_json,
    )


@app.command("new")
def new(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its name: a-z, 0-9 and _.")],
    directory: Into = None,
    as_json: AsJson = False,
) -> None:
    """Write a folder that works, with comments that teach."""
    from workbench.contracts.folder_templates.scaffold import new_folder

    _write(_checked_key(key), directory, new_folder(key), as_json=as_json)


@app.command("from-label-studio")
def from_label_studio(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="A Label Studio labeling configuration.")
    ],
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Its name; the file's by default.")
    ] = None,
    directory: Into = None,
    as_json: AsJson = False,
) -> None:
    """Make a folder of an unchanged labeling configuration, with what was guessed in comments."""
    from workbench.contracts.folder_templates.label_studio import folder_from_label_studio

    named = key or re.sub(r"[^a-z0-9]+", "_", config.stem.lower()).strip("_")
    try:
        files = folder_from_label_studio(_text(config), key=_checked_key(named))
    except TemplateBroken as broken:
        broken.message = f"{config}: {broken.message}"
        raise
    _write(named, directory, files, as_json=as_json)


@app.command("check")
def check(folder: Folder, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a folder, and what to do about it."""
    from workbench.contracts.folder_templates.loading import find_pitfalls, load_folder

    template = load_folder(folder.resolve())
    _checked_key(template.key)
    notes = find_pitfalls(folder)
    document = {
        "key": template.key,
        "version": template.version,
        "measures": [measure.field for measure in template.measures],
        "records": [str(kind) for kind in template.record_kinds],
        "notes": notes,
    }

    def text() -> RenderableType:
        measured = ", ".join(measure.field for measure in template.measures) or "nothing"
        yields = ", ".join(str(kind) for kind in template.record_kinds)
        lines = [
            f"{template.key} {template.version} is in order.",
            f"Agreement is measured on: {measured}.",
            f"A settled item yields: {yields}.",
            *(f"Note: {note}" for note in notes),
        ]
        return "\n".join(lines)

    answer(document, text, as_json=as_json)


@app.command("preview")
def preview(
    folder: Folder,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 8601,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Make the campaign and do not serve it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Open a folder in the editor with sample items, on this machine alone and for this time only."""
    from workbench.cli.preview import preview_folder

    preview_folder(folder.resolve(), port=port, serves=not prepare_only, as_json=as_json)


def _checked_key(key: str) -> str:
    from workbench.contracts.registry import is_installed

    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", key):
        message = f"{key!r} is no name for a task type: a letter, then a-z, 0-9 and _ (--key)"
        raise BadRequest(message)
    if is_installed(key):
        message = f"{key} is the key of an installed task type; choose another (--key)"
        raise Conflict(message)
    return key


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8"
        raise BadRequest(message) from error


def _write(key: str, directory: Path | None, files: Mapping[str, str], *, as_json: bool) -> None:
    folder = (directory or read_settings().template_dir or Path()) / key
    if folder.exists():
        message = f"{folder} is there already; choose another name or remove it"
        raise Conflict(message)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    answer(
        {"folder": str(folder), "files": sorted(files)},
        f"Wrote {folder}. Next: `workbench template check {folder}`.",
        as_json=as_json,
    )
    if not as_json and read_settings().template_dir is None:
        console(stderr=True).print(
            f"Campaigns find it when WORKBENCH_TEMPLATE_DIR is {folder.resolve().parent}."
        )
