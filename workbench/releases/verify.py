"""Whether a stored release, or an export of it, is still what was written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from workbench.errors import BadRow, VerificationFailed
from workbench.releases.files import hash_file
from workbench.releases.manifest import MANIFEST, read_export_manifest, read_release_manifest


class FileState(StrEnum):
    INTACT = "intact"
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    file: str
    state: FileState
    expected_sha256: str | None


def verify_release(folder: Path, *, expected_sha256: str | None) -> list[CheckedFile]:
    """Check every file of a stored release; a file that the manifest does not name is a fault.

    Raises:
        VerificationFailed: With one row for each file that is changed, missing or extra.
    """
    manifest = read_release_manifest(folder, expected_sha256=expected_sha256)
    checked = _check(folder, manifest)
    _refuse(folder, [one for one in checked if one.state is not FileState.INTACT])
    return checked


def verify_export(folder: Path, *, release_id: str, release_sha256: str) -> list[CheckedFile]:
    """Check the files exported into a folder, whatever else is in it.

    Raises:
        VerificationFailed: A file is changed or missing, the manifest is, or nothing here comes
            from this release.
    """
    manifest = read_export_manifest(folder)
    release = manifest["releases"].get(release_id)
    if release is None:
        message = f"{folder} holds no export of the release {release_id}"
        raise VerificationFailed(message)
    if release["manifest_sha256"] != release_sha256:
        message = f"{folder} was exported from a release {release_id} that is not the stored one"
        raise VerificationFailed(message)
    checked = _check(folder, manifest)
    faults = {FileState.CHANGED, FileState.MISSING}
    _refuse(folder, [one for one in checked if one.state in faults])
    return checked


def _check(folder: Path, manifest: dict[str, Any]) -> list[CheckedFile]:
    named = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    checked = [
        CheckedFile(file=name, state=_state(folder / name, sha256), expected_sha256=sha256)
        for name, sha256 in named.items()
    ]
    extra = sorted(present - named.keys())
    return checked + [
        CheckedFile(file=name, state=FileState.EXTRA, expected_sha256=None) for name in extra
    ]


def _state(path: Path, sha256: str) -> FileState:
    if not path.is_file():
        return FileState.MISSING
    return FileState.INTACT if hash_file(path) == sha256 else FileState.CHANGED


def _refuse(folder: Path, faults: list[CheckedFile]) -> None:
    if not faults:
        return
    named = ", ".join(f"{one.file} is {one.state}" for one in faults)
    message = f"{folder} is not what was written: {named}"
    rows = [
        BadRow(
            field=one.file,
            problem=f"the file is {one.state}",
            expected=f"SHA-256 {one.expected_sha256}" if one.expected_sha256 else "no such file",
        )
        for one in faults
    ]
    raise VerificationFailed(message, rows=rows)
