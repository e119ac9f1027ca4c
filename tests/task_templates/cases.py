"""The written examples of every task template of the registry, with their parts read."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from workbench.contracts.label_config import parse_label_config
from workbench.contracts.registry import get_template, task_templates
from workbench.contracts.task_template import AnyTemplate, Example, Options

FEW_CANDIDATES, MANY_ORDERS = 4, 24
TEMPLATES = sorted(task_templates())
EXAMPLES = [
    pytest.param(key, example, id=f"{key}: {example.title}")
    for key in TEMPLATES
    for example in get_template(key).examples
]

every_template = pytest.mark.parametrize(
    "template", [get_template(key) for key in TEMPLATES], ids=TEMPLATES
)
every_example = pytest.mark.parametrize(("key", "example"), EXAMPLES)


class Case:
    """An example with its parts read."""

    def __init__(self, key: str, example: Example) -> None:
        template = get_template(key)
        self.options = template.options_model.model_validate(example.options)
        self.template = template.configure(self.options) if template.configure else template
        self.example = example
        self.item = self.template.item_model.model_validate(example.item)
        self.judgment = self.template.judgment_model.model_validate(example.judgment)
        self.config = parse_label_config(self.template.label_config(self.options))

    def decode(self, raw: Any, presentation: Sequence[int] | None = None) -> Any:
        order = self.example.presentation if presentation is None else presentation
        return self.template.decode(raw, self.item, order, self.options)

    def encode(self, presentation: Sequence[int] | None = None) -> list[dict[str, Any]]:
        order = self.example.presentation if presentation is None else presentation
        return self.template.encode(self.judgment, self.item, order, self.options)

    def orders(self) -> Iterator[tuple[int, ...]]:
        """Yield every order of few candidates, and some orders of many."""
        n_candidates = self.template.candidates(self.item)
        if n_candidates <= FEW_CANDIDATES:
            yield from itertools.permutations(range(n_candidates))
            return
        seeded = random.Random(n_candidates)
        drawn: set[tuple[int, ...]] = set()
        while len(drawn) < MANY_ORDERS:
            drawn.add(tuple(seeded.sample(range(n_candidates), n_candidates)))
        yield from sorted(drawn)


def cases(template: AnyTemplate) -> list[Case]:
    return [Case(template.key, example) for example in template.examples]


def switched(template: AnyTemplate) -> Iterator[Options]:
    """Yield the default options, and those with each switch turned."""
    defaults = template.options_model()
    yield defaults
    for name, value in defaults.model_dump().items():
        if isinstance(value, bool):
            yield template.options_model(**{name: not value})


def replaced(value: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    """Return the value with every text changed; `change` is told the key that holds it."""
    if isinstance(value, Mapping):
        return {name: replaced(inner, change, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(inner, change, key) for inner in value]
    return change(value, key) if isinstance(value, str) else value
