"""Task templates and exporters, found through entry points.

A built-in and a third party's are the same thing; a plug-in's fault names its entry point.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import TypeVar

from workbench.contracts.exporter import AnyExporter, Exporter
from workbench.contracts.task_template import AnyTemplate, TaskTemplate
from workbench.errors import BadRequest, TemplateBroken

_TEMPLATES = "workbench.task_templates"
_EXPORTERS = "workbench.exporters"

T = TypeVar("T", AnyTemplate, AnyExporter)


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
def task_templates() -> Mapping[str, AnyTemplate]:
    return _load_group(_TEMPLATES, TaskTemplate)


@cache
def exporters() -> Mapping[str, AnyExporter]:
    return _load_group(_EXPORTERS, Exporter)


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
