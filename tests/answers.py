"""Results as the editor sends them."""

from __future__ import annotations

from typing import Any


def comparison_result(strength: int | str, rationale: str = "") -> list[dict[str, Any]]:
    """A comparison judged in the order shown: negative strengths are for the left response."""
    result = [_entry("strength", "choices", {"choices": [str(strength)]})]
    if rationale:
        result.append(_entry("rationale", "textarea", {"text": [rationale]}))
    return result


def _entry(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"r-{name}",
        "from_name": name,
        "to_name": "conversation",
        "type": kind,
        "origin": "manual",
        "value": value,
    }
