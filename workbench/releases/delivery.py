"""Exports of a release sent where they should go, in one format or in several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.releases.conversion import Progress
from workbench.releases.dataset_folder import README, refuse_foreign_card, write_dataset_card
from workbench.releases.destinations import Destination
from workbench.releases.download import export_known
from workbench.releases.export import Exported
from workbench.releases.folders import release_folder
from workbench.releases.manifest import MANIFEST
from workbench.releases.queries import ReleaseView
from workbench.releases.rendering import Layout, Rendering
from workbench.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """An export and where it is; its own folder may have been a temporary one."""

    wanted: Rendering
    exported: Exported
    paths: Sequence[str]
    manifest: str


def deliver_release(
    settings: Settings,
    release: ReleaseView,
    wanted: Sequence[Rendering],
    *,
    to: Destination,
    progress: Progress | None = None,
) -> list[Delivered]:
    """Export a release to a destination, all in one layout.

    Raises:
        DestinationFailed: The destination could not be read or written.
        Conflict: It holds a manifest or a card that is not an export's.
    """
    is_dataset = any(one.layout is Layout.HUGGINGFACE for one in wanted)
    companions = [name for one in wanted for name in one.exporter.companion_names]
    with to.opened([README] if is_dataset else companions) as folder:
        if is_dataset:
            refuse_foreign_card(folder)
        exported = [
            export_known(settings, release, one, to=folder, progress=progress) for one in wanted
        ]
        if is_dataset:
            write_dataset_card(folder, release_folder(settings, release.public_id))
    return [
        Delivered(
            wanted=one,
            exported=made,
            paths=[to.place_of(table.name) for table in made.tables],
            manifest=to.place_of(MANIFEST),
        )
        for one, made in zip(wanted, exported, strict=True)
    ]
