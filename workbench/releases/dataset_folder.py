"""A Hugging Face dataset folder: exports as configurations, and a card whose header names them.

The header is YAML as https://huggingface.co/docs/hub/datasets-manual-configuration has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic_core import to_json

from workbench.contracts.registry import get_exporter
from workbench.errors import Conflict
from workbench.releases.archive import CARD
from workbench.releases.export import enter_in_manifest, partial_files, read_options
from workbench.releases.files import write_bytes
from workbench.releases.manifest import MANIFEST, read_export_manifest, read_release_manifest
from workbench.releases.rendering import WHOLE, Layout

README = "README.md"


def refuse_foreign_card(to: Path) -> None:
    """Refuse a folder whose card is not of an export.

    Raises:
        Conflict: It has a `README.md` that its manifest does not name.
    """
    if not (to / README).exists():
        return
    if not (to / MANIFEST).exists() or README not in read_export_manifest(to)["files"]:
        message = f"{to} has a {README} that is not of an export; export into another folder"
        raise Conflict(message)


def write_dataset_card(to: Path, release: Path) -> Path:
    """Write the card of a folder that exports were written to, and enter it in its manifest."""
    files = read_export_manifest(to)["files"]
    tables = {name: one for name, one in files.items() if one.get("layout") == Layout.HUGGINGFACE}
    manifest = read_release_manifest(release)
    configs = dict.fromkeys(one["exporter"] for one in tables.values())
    header = {
        "pretty_name": f"{manifest['campaign']['name']} {manifest['name']}",
        "tags": ["human-feedback", *(["simulated"] if manifest["simulated"] else [])],
        "configs": [
            {
                "config_name": config,
                "data_files": [
                    {"split": one["split"] or WHOLE, "path": name}
                    for name, one in tables.items()
                    if one["exporter"] == config
                ],
            }
            for config in configs
        ],
        "dataset_info": [
            {"config_name": config, "features": _features(_schema(tables, config, manifest))}
            for config in configs
        ],
    }
    text = "\n".join(["---", *_yaml(header), "---", "", (release / CARD).read_text("utf-8")])
    with partial_files([to / README]) as (partial,):
        entry = write_bytes(partial, text.encode())
    entries = {
        README: {**entry.as_entry(), "release": manifest["id"], "companion_of": Layout.HUGGINGFACE}
    }
    enter_in_manifest(to, manifest, release, entries)
    return to / README


def _schema(
    tables: Mapping[str, Mapping[str, Any]], config: str, manifest: Mapping[str, Any]
) -> pa.Schema:
    entry = next(one for one in tables.values() if one["exporter"] == config)
    exporter = get_exporter(config)
    schema = exporter.schema(read_options(exporter, entry["options"]))
    if manifest["simulated"] and "simulated" not in schema.names:
        schema = schema.append(pa.field("simulated", pa.bool_()))
    return schema


def _features(schema: pa.Schema) -> list[dict[str, Any]]:
    return [{"name": field.name, **_feature(field.type)} for field in schema]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Return a column's type as `datasets` reads it."""
    if isinstance(kind, pa.BaseExtensionType):
        return _feature(kind.storage_type)
    if pa.types.is_struct(kind):
        return {"struct": [{"name": one.name, **_feature(one.type)} for one in kind]}
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        # A list of structs or of plain values names them at once.
        return {"list": inner.get("struct", inner.get("dtype", inner))}
    return {"dtype": _NAMES.get(str(kind), str(kind))}


_NAMES = {"double": "float64", "float": "float32", "halffloat": "float16"}


def _yaml(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the lines of a mapping or a list of mappings, in block style with quoted text."""
    indent = "  " * depth
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, dict | list) and one:
                yield f"{indent}{key}:"
                yield from _yaml(one, depth + (isinstance(one, dict)))
            else:
                yield f"{indent}{key}: {json.dumps(one, ensure_ascii=False)}"
    else:
        for one in value:
            lines = list(_yaml(one, depth + 1)) if isinstance(one, dict) else []
            if lines:
                yield f"{indent}- {lines[0].lstrip()}"
                yield from lines[1:]
            else:
                yield f"{indent}- {to_json(one).decode()}"
