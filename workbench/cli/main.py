"""The command line: one group for each thing, one document or sentence for each answer."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException
from typer.main import get_command

import workbench
from workbench.cli import (
    campaign,
    database,
    datasets,
    editor,
    imports,
    organization,
    release,
    serve,
    template,
    user,
)
from workbench.cli.demo.command import demo
from workbench.cli.measure import agreement, consensus
from workbench.cli.output import print_failure
from workbench.errors import VerificationFailed, WorkbenchError

REFUSED: Final = 1
WRONG_USAGE: Final = 2
UNVERIFIED: Final = 3
INTERRUPTED: Final = 130

app = typer.Typer(
    name="workbench",
    help="Task server for expert human feedback: campaigns, agreement, training datasets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(organization.app, name="organization")
app.add_typer(user.app, name="user")
app.add_typer(campaign.app, name="campaign")
imports.app.command("dataset")(datasets.dataset)
imports.app.command("formats")(datasets.formats)
app.add_typer(imports.app, name="import")
app.command("agreement")(agreement)
app.command("consensus")(consensus)
app.add_typer(release.app, name="release")
app.add_typer(template.app, name="template")
app.add_typer(database.app, name="database")
app.add_typer(editor.app, name="editor")
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("demo")(demo)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(workbench.__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    del version, debug


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever fails is printed in one form."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    as_json = "--json" in options
    try:
        code = get_command(app).main(list(arguments), "workbench", standalone_mode=False)
    except TyperException as error:
        print_failure("usage", _usage(error), as_json=as_json)
        return WRONG_USAGE
    except WorkbenchError as error:
        _trace(options)
        print_failure(error.code, error.message, as_json=as_json, rows=error.rows, **error.extra)
        return UNVERIFIED if isinstance(error, VerificationFailed) else REFUSED
    except OSError as error:
        _trace(options)
        print_failure("system", f"the system refused: {error}", as_json=as_json)
        return REFUSED
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(as_json=as_json)
    except Exception as error:  # noqa: BLE001  (the last place that can say it in one form)
        _trace(options)
        message = f"unexpected {type(error).__name__}: {error} (`workbench --debug …` shows where)"
        print_failure("internal", message, as_json=as_json)
        return REFUSED
    if code == INTERRUPTED:
        return _interrupted(as_json=as_json)
    return code if isinstance(code, int) else 0


def _trace(options: Sequence[str]) -> None:
    """Show on standard error where the present exception came from, if that is asked for."""
    if "--debug" in options or _logs_debug():
        traceback.print_exc()


def _logs_debug() -> bool:
    from workbench.cli.environment import read_settings

    try:
        return read_settings().log_level.upper() == "DEBUG"
    except WorkbenchError:
        return False


def _usage(error: TyperException) -> str:
    """Return what was used wrongly, and where to read how it is used."""
    # What pydantic says before the words of our own or of an enum is of no use to anybody.
    message = error.format_message().strip().replace(": Value error, ", ": ", 1)
    context = getattr(error, "ctx", None)
    # Called without a command, a group answers with its help.
    if context is None or "Usage:" in message:
        return message
    return f"{message}\nTry `{context.command_path} --help`."


def _interrupted(*, as_json: bool) -> int:
    print_failure("interrupted", "interrupted", as_json=as_json)
    return INTERRUPTED


def main() -> None:
    sys.exit(run(sys.argv[1:]))
