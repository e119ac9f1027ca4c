"""Files beside the rows of an export that several exports share, such as an index of data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.errors import Conflict


def merge_entries(name: str, existing: bytes | None, entries: Mapping[str, Any]) -> bytes:
    """Return a file of JSON entries with ours in it, the others as they were.

    Args:
        name: What the file is called, for the refusal.
        existing: What it holds already, None where there is no such file.

    Raises:
        Conflict: What it holds is no JSON object of entries.
    """
    merged = {**_read_entries(name, existing), **entries}
    # Readers open such a file in the encoding of their machine, whatever it is: hence no more than
    # ASCII.
    return (json.dumps(merged, indent=2) + "\n").encode("ascii")


def _read_entries(name: str, existing: bytes | None) -> dict[str, Any]:
    if existing is None:
        return {}
    try:
        held = json.loads(existing.decode("utf-8-sig"))
    except ValueError as error:
        fault = "JSON" if isinstance(error, json.JSONDecodeError) else "UTF-8"
        raise _refused(name, f"is not {fault} ({error})") from None
    if not isinstance(held, dict):
        raise _refused(name, "holds no object with an entry for each data set")
    return held


def _refused(name: str, problem: str) -> Conflict:
    remedy = "mend it or move it away, or export to another folder"
    return Conflict(f"{name} in the folder {problem}; {remedy}")
