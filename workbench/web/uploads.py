"""Files that people and scripts send: to disk, and only after the route's permission is checked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from workbench.errors import BadRequest, BadRow
from workbench.settings import Settings
from workbench.web.edge import Edge, Permission, permission_of
from workbench.web.middleware import BODY_LIMIT

_MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, gone when the response is; `fields` are the form's other fields."""

    path: Path
    filename: str
    fields: Mapping[str, str]


async def receive_upload(request: Request) -> AsyncIterator[Upload]:
    """Dependency: take a multipart form's `file`, or a raw body named by `?filename=`.

    Raises:
        BadRequest: there is no file, or it has no name.
    """
    permission = permission_of(request.scope["route"].dependant)
    assert permission is not None  # noqa: S101 - no public route takes files
    await run_in_threadpool(_check, request, permission)
    settings: Settings = request.app.state.settings
    setattr(request.state, BODY_LIMIT, settings.upload_limit)
    async with _directory(settings) as directory:
        if request.headers.get("content-type", "").startswith(_MULTIPART):
            yield await _from_form(request, directory)
        else:
            yield await _from_body(request, directory)


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form's fields, and the file that may have been sent with them, gone with the response."""

    fields: Mapping[str, str]
    file: Path | None


async def receive_form(request: Request) -> AsyncIterator[SentForm]:
    """Dependency: take a form whose `file` may be left empty."""
    permission = permission_of(request.scope["route"].dependant)
    assert permission is not None  # noqa: S101 - no public route takes files
    await run_in_threadpool(_check, request, permission)
    settings: Settings = request.app.state.settings
    if request.headers.get("content-type", "").startswith(_MULTIPART):
        setattr(request.state, BODY_LIMIT, settings.upload_limit)
    async with _directory(settings) as directory, request.form(max_files=1) as form:
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        file, path = form.get("file"), None
        if isinstance(file, UploadFile) and file.filename:
            path = directory / _plain(file.filename)
            await run_in_threadpool(_copy, file, path)
        yield SentForm(fields, path)


def _check(request: Request, permission: Permission) -> None:
    with Edge(request, permission).read():
        pass


@asynccontextmanager
async def _directory(settings: Settings) -> AsyncIterator[Path]:
    parent = settings.data_dir / "uploads"
    parent.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield directory
    finally:
        await run_in_threadpool(shutil.rmtree, directory, ignore_errors=True)


async def _from_form(request: Request, directory: Path) -> Upload:
    async with request.form(max_files=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise _no_file(problem="it is missing", expected="a file")
        name = _plain(file.filename)
        path = directory / name
        await run_in_threadpool(_copy, file, path)
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        return Upload(path, name, fields)


async def _from_body(request: Request, directory: Path) -> Upload:
    name = _plain(request.query_params.get("filename", ""))
    if not name:
        raise _no_file(problem="its name is missing", expected="?filename=items.jsonl")
    path = directory / name
    with path.open("wb") as out:
        async for chunk in request.stream():
            await run_in_threadpool(out.write, chunk)
    return Upload(path, name, {})


def _copy(file: UploadFile, path: Path) -> None:
    file.file.seek(0)
    with path.open("wb") as out:
        shutil.copyfileobj(file.file, out, 1 << 20)


def _plain(filename: str) -> str:
    """Return the last part of a name: what a browser sends may be a path."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    return "" if name in {".", ".."} else name.replace("\0", "")[-200:]


def _no_file(problem: str, expected: str) -> BadRequest:
    message = f"a file is needed: {problem}"
    return BadRequest(message, rows=[BadRow(field="file", problem=problem, expected=expected)])
