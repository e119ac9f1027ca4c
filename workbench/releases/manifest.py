"""Manifests: what a release or an export holds, and the hashes that prove it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from workbench.errors import Conflict, VerificationFailed

MANIFEST = "manifest.json"
FORMAT = 1
_SELF = "manifest_sha256"


def render(document: dict[str, Any]) -> bytes:
    return to_json(document, indent=2) + b"\n"


def read_release_manifest(folder: Path, *, expected_sha256: str | None = None) -> dict[str, Any]:
    """Read a release's manifest.

    Args:
        expected_sha256: Its hash as the database keeps it; None where only the folder is at hand.

    Raises:
        VerificationFailed: It is missing, or is not what was frozen.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{MANIFEST} of the release cannot be read: {error.strerror}"
        raise VerificationFailed(message) from error
    if expected_sha256 is not None and hashlib.sha256(content).hexdigest() != expected_sha256:
        message = f"{MANIFEST} of the release is not what was frozen"
        raise VerificationFailed(message)
    return _parse(content, "the release")


def seal(document: dict[str, Any]) -> bytes:
    """Render an export's manifest with a hash of itself: nothing else keeps it elsewhere."""
    unsealed = {key: value for key, value in document.items() if key != _SELF}
    digest = hashlib.sha256(render(unsealed)).hexdigest()
    return render({**unsealed, _SELF: digest})


def read_export_manifest(folder: Path) -> dict[str, Any]:
    """Read an export's manifest.

    Raises:
        VerificationFailed: It is missing, or is not byte for byte what was written.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise VerificationFailed(message) from error
    document = _parse(content, str(folder))
    if seal(document) != content:
        message = f"{path} is not what was written"
        raise VerificationFailed(message)
    return document


def merge_export(
    folder: Path, release: dict[str, Any], entries: Mapping[str, dict[str, Any]]
) -> bytes:
    """Return the manifest of a folder after one more export into it.

    Raises:
        Conflict: The folder holds a manifest that is not an export's.
    """
    document: dict[str, Any] = {"format": FORMAT, "releases": {}, "files": {}}
    if (folder / MANIFEST).exists():
        try:
            document = read_export_manifest(folder)
        except VerificationFailed as error:
            message = f"{error.message}; export into another folder"
            raise Conflict(message) from error
    files = {**document["files"], **entries}
    used = {one["release"] for one in files.values()}
    known = {**document["releases"], release["id"]: release}
    releases = {key: known[key] for key in sorted(used)}
    files = {name: files[name] for name in sorted(files)}
    return seal({"format": FORMAT, "releases": releases, "files": files})


def _parse(content: bytes, where: str) -> dict[str, Any]:
    try:
        document = from_json(content)
    except ValueError as error:
        message = f"{MANIFEST} of {where} is not JSON: {error}"
        raise VerificationFailed(message) from error
    if not isinstance(document, dict) or not isinstance(document.get("files"), dict):
        message = f"{MANIFEST} of {where} is not a manifest"
        raise VerificationFailed(message)
    return document
