"""What the options of `release export` ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from workbench.cli.campaign import split_options

if TYPE_CHECKING:
    from workbench.releases.rendering import Layout, Rendering


def read_renderings(
    exporters: Sequence[str],
    options: Sequence[str],
    format: str,  # noqa: A002
    splits: str,
    layout: Layout,
) -> list[Rendering]:
    """Return what is wanted of each exporter; with several, options name theirs."""
    from workbench.contracts.exporter import ExportFormat
    from workbench.contracts.registry import get_exporter
    from workbench.releases.export import read_options
    from workbench.releases.rendering import Rendering
    from workbench.releases.splits import read_splits

    keys = list(dict.fromkeys(exporters))
    given: dict[str, dict[str, str]] = {key: {} for key in keys}
    for name, value in split_options(options).items():
        of, dot, option = name.partition(".") if len(keys) > 1 else (keys[0], ".", name)
        if not dot or of not in given:
            message = f"{name!r} does not say whose it is; with several exporters: EXPORTER.KEY"
            raise typer.BadParameter(message, param_hint="--option")
        given[of][option] = value
    chosen = [get_exporter(key) for key in keys]
    return [
        Rendering(
            exporter=one,
            options=read_options(one, given[one.key]),
            format=ExportFormat(format),
            splits=read_splits(splits),
            layout=layout,
        )
        for one in chosen
    ]
