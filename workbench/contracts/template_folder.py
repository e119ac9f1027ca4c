"""The files of a task template, read from the folder that holds its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from workbench.contracts.task_template import Example
from workbench.errors import TemplateBroken

_OF_THE_ROW = frozenset({"external_id", "metadata"})
_EXAMPLE: TypeAdapter[Example] = TypeAdapter(Example)


class TemplateFolder:
    """`label_config.xml`, `guidelines.md` and `examples.jsonl` beside a template's `template.py`."""

    def __init__(self, module_file: str) -> None:
        self._folder = Path(module_file).resolve().parent

    @cached_property
    def label_config(self) -> str:
        return self._read("label_config.xml")

    @cached_property
    def guidelines(self) -> str:
        return self._read("guidelines.md")

    @cached_property
    def examples(self) -> Sequence[Example]:
        """The written examples; their items are import rows, of which only the content is kept."""
        examples = []
        for line, text in enumerate(self._read("examples.jsonl").split("\n"), start=1):
            if not text.strip():
                continue
            try:
                example = _EXAMPLE.validate_json(text)
            except ValidationError as error:
                message = f"{self._folder.name}/examples.jsonl, line {line}: {error}"
                raise TemplateBroken(message) from error
            content = {key: value for key, value in example.item.items() if key not in _OF_THE_ROW}
            examples.append(replace(example, item=content))
        return tuple(examples)

    def _read(self, name: str) -> str:
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except OSError as error:
            message = f"{self._folder.name} lacks its file {name}"
            raise TemplateBroken(message) from error
