"""The editor's files on disk: taken out of the wheel, and described by `editor.json`."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import SetupIncomplete
from workbench.labelstudio.fetching import EditorLock, Progress

MANIFEST = "editor.json"

_APP = "web/dist/apps/labelstudio/"
_FONTS = "label_studio/core/static/fonts/"
_KEPT = frozenset({".js", ".css", ".wasm", ".svg", ".txt"})
_SCRIPTS = ("runtime.js", "vendor.js", "main.js")
_STYLES = ("main.css",)

_GLOBAL = re.compile(r"self\.(webpackChunk\w+)")
_EDITOR = "window.LabelStudio="
_CHUNK = re.compile(r"\w+\.e\((\d+)\)")
_ENTRY = re.compile(r"Promise\.all\(\[((?:\w+\.e\(\d+\),?)+)\]\)\.then\(\w+\.bind\(\w+,(\d+)\)\)")
_FONT_ADDRESS = re.compile(rb"url\(/static/fonts/([\w.-]+)\)")
_NOTICE = b"/* Changed from the original: the fonts' addresses are relative. */\n"


@dataclass(frozen=True, kw_only=True)
class EditorEntry:
    """Where in the webpack build the editor is: what a page loads, and in which order."""

    chunk_global: str
    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    chunks: tuple[int, ...]
    module: int


@dataclass(frozen=True, kw_only=True)
class EditorBundle:
    """The unpacked editor."""

    root: Path
    version: str
    wheel_sha256: str
    entry: EditorEntry
    files: Mapping[str, str]

    def page_config(self, base_url: str) -> dict[str, Any]:
        """Say what the page's script needs to load the editor from an address of ours."""
        return {"base": base_url.rstrip("/") + "/", "version": self.version, **asdict(self.entry)}

    def changed_files(self) -> list[str]:
        """List the files that are not as they were unpacked."""
        return [name for name, sha256 in self.files.items() if _sha256(self.root / name) != sha256]


def open_bundle(root: Path) -> EditorBundle | None:
    """Read the manifest of an unpacked editor; None if there is none, or files are missing."""
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        entry = manifest["entry"]
        bundle = EditorBundle(
            root=root,
            version=manifest["version"],
            wheel_sha256=manifest["wheel_sha256"],
            entry=EditorEntry(
                chunk_global=entry["chunk_global"],
                scripts=tuple(entry["scripts"]),
                styles=tuple(entry["styles"]),
                chunks=tuple(entry["chunks"]),
                module=entry["module"],
            ),
            files=manifest["files"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return bundle if all((root / name).is_file() for name in bundle.files) else None


def unpack_wheel(wheel: Path, lock: EditorLock, root: Path, *, progress: Progress) -> EditorBundle:
    """Take the editor out of the wheel, so that `root` holds all of it or does not exist.

    Raises:
        SetupIncomplete: the wheel is not built as expected, or the disk refused.
    """
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=root.parent) as scratch:
            unpacked = Path(scratch) / "editor"
            _extract(wheel, unpacked, progress)
            _describe(unpacked, lock)
            _put_in_place(unpacked, root)
    except (OSError, zipfile.BadZipFile) as error:
        msg = f"the Label Studio editor could not be unpacked into {root}: {error}"
        raise SetupIncomplete(msg) from error
    bundle = open_bundle(root)
    if bundle is None:
        msg = f"the Label Studio editor in {root} is not complete"
        raise SetupIncomplete(msg)
    return bundle


def _extract(wheel: Path, into: Path, progress: Progress) -> None:
    with zipfile.ZipFile(wheel) as archive:
        kept = {
            info: name for info in archive.infolist() if (name := _name_in_bundle(info.filename))
        }
        done, total = 0, sum(info.file_size for info in kept)
        for info, name in kept.items():
            content = archive.read(info)
            if name.endswith(".css"):
                content, changes = _FONT_ADDRESS.subn(rb"url(fonts/\1)", content)
                content = _NOTICE + content if changes else content
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            done += info.file_size
            progress("Unpacking the Label Studio editor", done, total)


def _name_in_bundle(name: str) -> str | None:
    """Say under which name a file of the wheel is kept, if it is."""
    path = PurePosixPath(name)
    if name.startswith(_APP) and path.suffix in _KEPT and path.parent.name == "labelstudio":
        return path.name
    if name.startswith(_FONTS + "Figtree") and path.suffix == ".ttf":
        return f"fonts/{path.name}"
    if path.parent.name == "licenses" and path.name in {"LICENSE", "NOTICE"}:
        return path.name
    return None


def _describe(root: Path, lock: EditorLock) -> None:
    files = {
        path.relative_to(root).as_posix(): _sha256(path)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    manifest = {
        "version": lock.version,
        "wheel_sha256": lock.sha256,
        "entry": asdict(_find_entry(root)),
        "files": files,
    }
    (root / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _find_entry(root: Path) -> EditorEntry:
    """Find the editor's module in the build: its numbers change with every version."""
    missing = [name for name in (*_SCRIPTS, *_STYLES) if not (root / name).is_file()]
    if missing:
        msg = f"the wheel has no {', '.join(missing)}: it is not built as expected"
        raise SetupIncomplete(msg)
    main = (root / "main.js").read_text(encoding="utf-8")
    chunk_global = _GLOBAL.search((root / "runtime.js").read_text(encoding="utf-8"))
    holders = {
        int(path.stem)
        for path in root.glob("*.js")
        if path.stem.isdigit() and _EDITOR in path.read_text(encoding="utf-8")
    }
    entries = {
        (tuple(int(chunk) for chunk in _CHUNK.findall(chunks)), int(module))
        for chunks, module in _ENTRY.findall(main)
    }
    editors = [entry for entry in entries if holders & set(entry[0])]
    if chunk_global is None or len(holders) != 1 or len(editors) != 1:
        msg = "the wheel's scripts do not show where the editor is in them"
        raise SetupIncomplete(msg)
    chunks, module = editors[0]
    # A chunk without a file of its own came with one of the scripts.
    return EditorEntry(
        chunk_global=chunk_global[1],
        scripts=_SCRIPTS,
        styles=(*_STYLES, *(f"{n}.css" for n in chunks if (root / f"{n}.css").is_file())),
        chunks=tuple(n for n in chunks if (root / f"{n}.js").is_file()),
        module=module,
    )


def _put_in_place(unpacked: Path, root: Path) -> None:
    """Rename into place; another process that was faster wins, a damaged editor is replaced."""
    if root.exists() and open_bundle(root) is None:
        shutil.rmtree(root)
    try:
        unpacked.rename(root)
    except OSError:
        if open_bundle(root) is None:
            raise


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
