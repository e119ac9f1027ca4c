"""Items to look at a task type with, where its author wrote none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.contracts.folder_templates.declaration import Declaration, FieldKind

_TEXTS = (
    "A short text.",
    "Some **Markdown** with `code`, a list:\n\n1. one\n2. two\n\nand a formula: $a^2 + b^2 = c^2$.",
    "```python\nprint('hello')\n```\n\nنص من اليمين إلى اليسار, and <b>HTML</b> that stays text.",
)


def sample_items(declaration: Declaration, n: int = 3) -> list[Mapping[str, Any]]:
    """Return `n` different items that fit the declared fields."""
    return [_item(declaration, number) for number in range(n)]


def _item(declaration: Declaration, number: int) -> Mapping[str, Any]:
    return {
        name: _value(declared.kind, f"Sample {number + 1}, {name}", number + place)
        for place, (name, declared) in enumerate(declaration.fields.items())
    }


def _value(kind: FieldKind, heading: str, number: int) -> Any:
    text = f"{heading}. {_TEXTS[number % len(_TEXTS)]}"
    match kind:
        case FieldKind.CONVERSATION:
            return [{"role": "user", "content": text}]
        case FieldKind.CANDIDATES:
            return [{"text": f"{text} ({one + 1})"} for one in range(3)]
        case FieldKind.MARKDOWN | FieldKind.TEXT | FieldKind.STORED:
            return text
