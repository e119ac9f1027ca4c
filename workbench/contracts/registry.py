"""Task templates, exporters and importers, found through entry points, and a lab's folders.

A built-in and a third party's are the same thing; a plug-in's fault names its entry point, a
folder's its file and line. Which directory the folders are in is for the caller to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from workbench.contracts.exporter import AnyExporter, Exporter
from workbench.contracts.folder_templates.declaration import TOML
from workbench.contracts.folder_templates.loading import load_folder
from workbench.contracts.importer import AnyImporter, Importer
from workbench.contracts.task_template import AnyTemplate, TaskTemplate
from workbench.errors import BadRequest, TemplateBroken

_TEMPLATES = "workbench.task_templates"
_EXPORTERS = "workbench.exporters"
_IMPORTERS = "workbench.importers"

T = TypeVar("T", AnyTemplate, AnyExporter, AnyImporter)

_folders: dict[str, Path] = {}


def _load(point: EntryPoint, kind: type[T]) -> T:
    try:
        plug_in = point.load()
    except Exception as error:
        message = f"{point.group}: {point.name} ({point.value}) does not load: {error}"
        raise TemplateBroken(message) from error
    if not isinstance(plug_in, kind):
        message = f"{point.group}: {point.name} ({point.value}) is not a {kind.__name__}"
        raise TemplateBroken(message)
    if plug_in.key != point.name:
        message = f"{point.group}: {point.name} ({point.value}) calls itself {plug_in.key}"
        raise TemplateBroken(message)
    return plug_in


def _load_group(group: str, kind: type[T]) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        if point.name in found:
            message = f"{group}: two distributions name {point.name} ({point.value})"
            raise TemplateBroken(message)
        found[point.name] = _load(point, kind)
    return MappingProxyType(found)


@cache
def _installed_templates() -> Mapping[str, AnyTemplate]:
    return _load_group(_TEMPLATES, TaskTemplate)


@cache
def task_templates() -> Mapping[str, AnyTemplate]:
    """Return the installed task types and those of the registered folders, by key."""
    return MappingProxyType(
        {**_installed_templates(), **{key: load_folder(path) for key, path in _folders.items()}}
    )


def register_folders(directory: Path | None) -> None:
    """Take each folder with a `template.toml` for a task type, in place of those known before.

    Raises:
        TemplateBroken: The directory is missing, a folder has a fault, or its key is taken.
    """
    if directory is not None and not directory.is_dir():
        message = f"the directory of task types {directory} is not there"
        raise TemplateBroken(message)
    found = (
        {}
        if directory is None
        else {path.parent.name: path.parent for path in _declared(directory)}
    )
    for key, path in found.items():
        if is_installed(key):
            message = f"{path}: an installed task type has the key {key} already; rename the folder"
            raise TemplateBroken(message)
    before = dict(_folders)
    _folders.clear()
    _folders.update(found)
    task_templates.cache_clear()
    try:
        task_templates()
    except TemplateBroken:
        _folders.clear()
        _folders.update(before)
        task_templates.cache_clear()
        raise


def is_installed(key: str) -> bool:
    """Say whether an installed task type has that key, which no folder can have then."""
    return key in _installed_templates()


def _declared(directory: Path) -> list[Path]:
    return sorted(directory.glob(f"*/{TOML}"))


def template_folders() -> Mapping[str, Path]:
    """Return the folders of the task types without Python, by key."""
    return MappingProxyType(_folders)


@cache
def exporters() -> Mapping[str, AnyExporter]:
    return _load_group(_EXPORTERS, Exporter)


@cache
def importers() -> Mapping[str, AnyImporter]:
    return _load_group(_IMPORTERS, Importer)


def get_template(key: str) -> AnyTemplate:
    try:
        return task_templates()[key]
    except KeyError:
        message = f"there is no task template {key!r}; there are: {', '.join(task_templates())}"
        raise BadRequest(message) from None


def get_exporter(key: str) -> AnyExporter:
    try:
        return exporters()[key]
    except KeyError:
        message = f"there is no exporter {key!r}; there are: {', '.join(exporters())}"
        raise BadRequest(message) from None


def get_importer(key: str) -> AnyImporter:
    try:
        return importers()[key]
    except KeyError:
        message = f"there is no importer {key!r}; there are: {', '.join(importers())}"
        raise BadRequest(message) from None
