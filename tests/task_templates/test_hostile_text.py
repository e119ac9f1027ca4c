"""Hostile text in every text of every task type's items, found in their models, is inert."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from tests.hostile import HOSTILE, assert_inert
from tests.task_templates.cases import Case, cases, every_template, replaced, switched
from workbench.contracts.task_template import AnyTemplate

EACH = "[]"
Path = tuple[str, ...]
STORABLE = [text for text in HOSTILE if not any("\ud800" <= one <= "\udfff" for one in text)]
HARMLESS = ("plain words", "0" * 64)
"""A text that any field takes, or else one that is a hash."""


def text_paths(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the place of every text that a model's JSON schema allows, lists as one step."""
    if "$ref" in schema:
        yield from text_paths(defined[schema["$ref"].rpartition("/")[2]], defined)
    for inner in schema.get("anyOf", ()):
        yield from text_paths(inner, defined)
    for name, inner in schema.get("properties", {}).items():
        yield from ((name, *path) for path in text_paths(inner, defined))
    if "items" in schema:
        yield from ((EACH, *path) for path in text_paths(schema["items"], defined))
    if schema.get("type") == "string" and not {"enum", "const"} & schema.keys():
        yield ()


def paths_of(template: AnyTemplate) -> list[Path]:
    schema = template.item_model.model_json_schema()
    return sorted(set(text_paths(schema, schema.get("$defs", {}))))


class Misplaced(Exception):
    """A value has another form than the path to a text in it."""


def planted(value: Any, path: Path, text: str) -> Any:
    """Return the value with a text at a path, all there is on the way to it made if need be."""
    if not path:
        if isinstance(value, str | None):
            return text
        raise Misplaced
    step, *rest = path
    if step == EACH and isinstance(value, Sequence | None) and not isinstance(value, str):
        first, *others = value or [None]
        return [planted(first, tuple(rest), text), *others]
    if step != EACH and isinstance(value, Mapping | None):
        inside = dict(value or {})
        return {**inside, step: planted(inside.get(step), tuple(rest), text)}
    raise Misplaced


def read(case: Case, path: Path, text: str, beside: str | None) -> Any:
    """Return the example's item with a text at a path, and with a hash beside it if asked for."""
    try:
        content = planted(dict(case.example.item), path, text)
        if beside is not None:
            content = planted(content, (*path[:-1], beside), HARMLESS[1])
        return case.template.item_model.model_validate(content)
    except (Misplaced, ValidationError):
        return None


def find_ground(
    template: AnyTemplate, path: Path, paths: Sequence[Path]
) -> tuple[Case, str | None] | None:
    """Find the shortest example with room for a text there, and what has to stand beside it."""
    siblings = [other[-1] for other in paths if other[:-1] == path[:-1] and other != path]
    by_length = sorted(cases(template), key=lambda case: len(json.dumps(case.example.item)))
    for beside, case, text in itertools.product([None, *siblings], by_length, HARMLESS):
        if read(case, path, text, beside) is not None:
            return case, beside
    return None


def drawn(case: Case, item: Any, options: Any) -> dict[str, Any]:
    """Return what is drawn: not what a text box begins with."""
    shown = case.template.show(item, range(case.template.candidates(item)), options)
    return {key: value for key, value in shown.items() if key not in case.config.draft_fields}


def assert_all_inert(shown: Any, *, has_images: bool) -> None:
    if isinstance(shown, str):
        assert_inert(shown, has_images=has_images)
    elif isinstance(shown, Mapping):
        assert_all_inert(list(shown.values()), has_images=has_images)
    elif isinstance(shown, Sequence):
        for inner in shown:
            assert_all_inert(inner, has_images=has_images)


@every_template
def test_hostile_text_in_any_text_of_an_item_is_inert(template: AnyTemplate) -> None:
    paths = paths_of(template)
    assert paths
    ground = {path: find_ground(template, path, paths) for path in paths}
    assert [path for path, found in ground.items() if found is None] == []
    for path, found in ground.items():
        assert found is not None
        case, beside = found
        for text, options in zip(STORABLE, itertools.cycle(switched(template)), strict=False):
            item = read(case, path, f"{text} and more", beside)
            if item is None:
                continue
            assert_all_inert(drawn(case, item, options), has_images="images" in path)
            assert "\n" not in template.brief(item), path


@every_template
def test_hostile_text_in_all_texts_at_once_is_inert(template: AnyTemplate) -> None:
    known = cases(template)
    for place, text in enumerate(STORABLE):
        case = known[place % len(known)]

        def prefixed(old: str, name: str, text: str = text) -> str:
            return old if name == "role" else f"{text} {old}"

        hostile = replaced(case.example.item, prefixed)
        item = template.item_model.model_validate(hostile)
        assert_all_inert(drawn(case, item, case.options), has_images=False)
