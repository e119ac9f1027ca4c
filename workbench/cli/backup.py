"""Backups: one tar archive of the database, the frozen releases, the images and their hashes.

The database is copied first and the files after it, so that every release and image the copy knows
is in the archive. A restore reads and checks the whole archive before it changes anything.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pydantic_core import from_json, to_json
from sqlalchemy import inspect, select, text

import workbench
from workbench.cli.dumping import copy_database, replace_database
from workbench.cli.environment import Environment
from workbench.database.session import Database
from workbench.errors import BadRequest, Conflict, SetupIncomplete, VerificationFailed
from workbench.importing.image_store import image_file
from workbench.migrations.runner import current_revision, known_revisions, refuse_foreign, upgrade
from workbench.models import Image, Release
from workbench.releases.folders import release_folder
from workbench.settings import Settings

_FORMAT = 1
_MANIFEST = "manifest.json"
_DATABASE = "database"
_RELEASES = "releases"
_IMAGES = "images"
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Backup:
    revision: str
    releases: int
    missing_releases: tuple[str, ...]
    images: int
    missing_images: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Restored:
    revision: str
    releases: int
    images: int
    created_at: str


def write_backup(environment: Environment, path: Path, *, force: bool) -> Backup:
    """Write a backup; the file appears when it is complete.

    Raises:
        Conflict: The file is there already.
        SetupIncomplete: The database cannot be copied.
    """
    if path.exists() and not force:
        message = f"{path} is there already; --force replaces it"
        raise Conflict(message)
    database, settings = environment.database, environment.settings
    revision = current_revision(database.engine)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=path.parent) as scratch:
        copy = Path(scratch) / _DATABASE
        copy_database(database, copy)
        with database.read() as session:
            releases = list(session.scalars(select(Release.public_id).order_by(Release.id)))
            stored = session.execute(
                select(Image.organization_id, Image.sha256).order_by(Image.id)
            ).all()
        folders = {one: release_folder(settings, one) for one in releases}
        present = {one: folder for one, folder in folders.items() if folder.is_dir()}
        images = [image_file(settings.data_dir, one.organization_id, one.sha256) for one in stored]
        pictures = [path for path in images if path.is_file()]
        partial = Path(scratch) / "archive"
        with tarfile.open(partial, "w") as archive:
            files = {_DATABASE: _add(archive, copy, _DATABASE)}
            for one, folder in present.items():
                for file in sorted(found for found in folder.rglob("*") if found.is_file()):
                    name = f"{_RELEASES}/{one}/{file.relative_to(folder).as_posix()}"
                    files[name] = _add(archive, file, name)
            for file in pictures:
                name = file.relative_to(settings.data_dir).as_posix()
                files[name] = _add(archive, file, name)
            manifest = {
                "format": _FORMAT,
                "workbench": workbench.__version__,
                "database": database.dialect,
                "revision": revision,
                "created_at": environment.clock.now(),
                "releases": list(present),
                "files": files,
            }
            _add_bytes(archive, _MANIFEST, to_json(manifest, indent=2))
        size = partial.stat().st_size
        partial.replace(path)
    return Backup(
        revision=revision or "",
        releases=len(present),
        missing_releases=tuple(one for one in releases if one not in present),
        images=len(pictures),
        missing_images=len(images) - len(pictures),
        size=size,
    )


def _add(archive: tarfile.TarFile, path: Path, name: str) -> str:
    """Add a file under a name and return its SHA-256."""
    with path.open("rb") as file:
        hashing = _Hashing(file)
        entry = tarfile.TarInfo(name)
        entry.size = path.stat().st_size
        archive.addfile(entry, hashing)
    return hashing.digest.hexdigest()


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def restore_backup(settings: Settings, database: Database, path: Path, *, force: bool) -> Restored:
    """Put a backup in the place of the database, and its releases and images beside it.

    Raises:
        BadRequest: The file is not a backup, or is one of another kind of database.
        Conflict: The database holds something, and `force` is not given.
        SetupIncomplete: The backup is of a newer version, or the database is somebody else's.
        VerificationFailed: The file is damaged.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data_dir) as scratch:
        folder = Path(scratch)
        manifest = _unpack(path, folder)
        _check_fits(manifest, database, path)
        refuse_foreign(database.engine)
        if not force:
            _check_empty(database)
        releases = manifest["releases"]
        for one in releases:
            place = release_folder(settings, one)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            (folder / _RELEASES / one).rename(place)
        images = [name for name in manifest["files"] if PurePosixPath(name).parts[0] == _IMAGES]
        for name in images:
            place = settings.data_dir / name
            place.parent.mkdir(parents=True, exist_ok=True)
            (folder / name).replace(place)
        replace_database(database, folder / _DATABASE)
        upgrade(database.engine)
    return Restored(
        revision=current_revision(database.engine) or "",
        releases=len(releases),
        images=len(images),
        created_at=manifest["created_at"],
    )


def _unpack(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack an archive and return its manifest, once every file has the hash it should have."""
    found: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    with _reading(path) as archive:
        for entry in archive:
            file = archive.extractfile(entry) if entry.isfile() else None
            if file is None or not _is_ours(entry.name):
                raise _not_a_backup(path)
            if entry.name == _MANIFEST:
                manifest = from_json(file.read())
                continue
            place = folder / entry.name
            place.parent.mkdir(parents=True, exist_ok=True)
            hashing = _Hashing(file)
            with place.open("wb") as out:
                while chunk := hashing.read(_CHUNK):
                    out.write(chunk)
            found[entry.name] = hashing.digest.hexdigest()
    if manifest is None or manifest.get("format") != _FORMAT:
        raise _not_a_backup(path)
    wrong = sorted(
        name
        for name in found.keys() | manifest["files"].keys()
        if found.get(name) != manifest["files"].get(name)
    )
    if wrong:
        message = f"{path} is damaged: {', '.join(wrong[:5])}"
        raise VerificationFailed(message)
    return manifest


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    if not path.is_file():
        message = f"there is no file {path}"
        raise BadRequest(message)
    try:
        with tarfile.open(path, "r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError, ValueError, KeyError) as error:
        raise _not_a_backup(path) from error


def _is_ours(name: str) -> bool:
    """Tell whether a name in an archive is one of ours, and so stays within the folder."""
    path = PurePosixPath(name)
    if name in {_MANIFEST, _DATABASE}:
        return True
    in_folder = path.parts[:1] in {(_RELEASES,), (_IMAGES,)}
    return in_folder and len(path.parts) > 2 and ".." not in path.parts


def _not_a_backup(path: Path) -> BadRequest:
    return BadRequest(f"{path} is not a complete backup made by `workbench database backup`")


def _check_fits(manifest: dict[str, Any], database: Database, path: Path) -> None:
    if manifest["database"] != database.dialect:
        message = f"{path} is a backup of {manifest['database']}; this is {database.dialect}"
        raise BadRequest(message)
    if manifest["revision"] not in known_revisions():
        message = (
            f"{path} was made by version {manifest['workbench']} (revision "
            f"{manifest['revision']}), which is newer: upgrade the workbench"
        )
        raise SetupIncomplete(message)


def _check_empty(database: Database) -> None:
    with database.read() as session:
        is_set_up = inspect(session.connection()).has_table("organization")
        if is_set_up and session.scalar(text("SELECT count(*) FROM organization")):
            message = "the database is not empty; --force replaces all that it holds"
            raise Conflict(message)
