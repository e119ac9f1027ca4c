"""Where releases and cached exports are, by public id."""

from __future__ import annotations

from pathlib import Path

from workbench.settings import Settings


def release_folder(settings: Settings, public_id: str) -> Path:
    return settings.data_dir / "releases" / public_id


def export_folder(settings: Settings, public_id: str, digest: str) -> Path:
    """Return where one way of exporting a release is kept for downloads."""
    return settings.data_dir / "exports" / public_id / digest
