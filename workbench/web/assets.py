"""Files a page loads: ours and the editor's, under addresses that change with the content."""

from __future__ import annotations

import hashlib
from os import PathLike, stat_result
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from workbench.labelstudio.bundle import EditorBundle
from workbench.labelstudio.editor import frontend_dir

_OURS = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"


class VersionedFiles(StaticFiles):
    """A directory whose address holds its version, so that a browser asks once."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = _FOREVER
        return response


def mount_assets(app: FastAPI, editor: EditorBundle | None) -> None:
    """Serve `static`, `frontend` and, if it was fetched, the `editor`, by these route names."""
    for name, directory in (("static", _OURS), ("frontend", frontend_dir())):
        path = f"/{name}/{_version_of(directory)}"
        app.mount(path, VersionedFiles(directory=directory), name=name)
    if editor is not None:
        path = f"/editor/{editor.wheel_sha256[:12]}"
        app.mount(path, VersionedFiles(directory=editor.root), name="editor")


def _version_of(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(directory)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
