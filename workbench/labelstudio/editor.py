"""Have the Label Studio editor at hand: packed in our wheel, unpacked before, or fetched now."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import workbench
from workbench.errors import SetupIncomplete
from workbench.labelstudio.bundle import EditorBundle, open_bundle, unpack_wheel
from workbench.labelstudio.fetching import (
    EditorLock,
    Progress,
    check_wheel,
    fetch_wheel,
    read_lock,
)

_PACKAGE = Path(workbench.__file__).parent
_PACKED = _PACKAGE / "labelstudio" / "editor"
_MEGABYTE = 1_000_000


def frontend_dir() -> Path:
    """Return the directory of our own scripts and styles for the editor's page."""
    return _PACKAGE.parent / "frontend_config"


def find_editor(cache_dir: Path) -> EditorBundle | None:
    """Return the locked editor if it is on this machine."""
    lock = _lock()
    for root in (_PACKED, _root(cache_dir, lock)):
        bundle = open_bundle(root)
        if bundle is not None and bundle.wheel_sha256 == lock.sha256:
            return bundle
    return None


def get_editor(cache_dir: Path) -> EditorBundle:
    """Return the locked editor, or say how to get it."""
    bundle = find_editor(cache_dir)
    if bundle is None:
        msg = f"the Label Studio editor is not in {cache_dir}: run `make setup`, which fetches it"
        raise SetupIncomplete(msg)
    return bundle


def ensure_editor(
    cache_dir: Path, *, progress: Progress, wheel: Path | None = None
) -> EditorBundle:
    """Return the locked editor, fetching it first if it is not on this machine.

    `wheel` takes a file that is already there, for machines that never have a network.

    Raises:
        SetupIncomplete: it cannot be fetched, is not the locked one, or the disk refused.
    """
    bundle = find_editor(cache_dir)
    if bundle is not None:
        return bundle
    lock = _lock()
    root = _root(cache_dir, lock)
    if wheel is not None:
        check_wheel(wheel, lock)
        return unpack_wheel(wheel, lock, root, progress=progress)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=cache_dir) as scratch:
            fetched = fetch_wheel(lock, Path(scratch), progress=progress)
            return unpack_wheel(fetched, lock, root, progress=progress)
    except OSError as error:
        msg = f"the editor's cache {cache_dir} cannot be used: {error}"
        raise SetupIncomplete(msg) from error


def progress_line(title: str, done: int, total: int) -> None:
    """Show progress as one line on standard error, rewritten in place on a terminal only."""
    finished = 0 < done == total
    if not finished and not sys.stderr.isatty():
        return
    sys.stderr.write(f"\r{title}: {done / _MEGABYTE:.1f} MB" + ("\n" if finished else " "))
    sys.stderr.flush()


def _lock() -> EditorLock:
    return read_lock(frontend_dir() / "editor.lock")


def _root(cache_dir: Path, lock: EditorLock) -> Path:
    return cache_dir / f"label-studio-{lock.version}-{lock.sha256[:12]}"
