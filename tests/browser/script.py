"""An example's result, typed and pressed: what each answer is by the keys of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree
from playwright.sync_api import Page

from workbench.contracts.label_config import parse_label_config, read_markup

_DIGITS = "123456789"
_TYPED = 24


class Script:
    """The keys that answer a labelling configuration, read from it and from nothing else."""

    def __init__(self, xml: str) -> None:
        self._config = parse_label_config(xml)
        self._keys = {
            str(tag.get("name")): _keys_of(tag) for tag in read_markup(xml).iter("Choices")
        }

    def perform(self, page: Page, result: Sequence[Mapping[str, Any]]) -> None:
        """Give every answer of a result; questions that an answer opens come after it."""
        left = list(result)
        while left:
            asked = _asked(page)
            entry = next((one for one in left if one["from_name"] in asked), None)
            names = [one["from_name"] for one in left]
            assert entry is not None, f"not asked: {names}; asked: {asked}"
            self._answer(page, entry)
            left.remove(entry)

    def _answer(self, page: Page, entry: Mapping[str, Any]) -> None:
        name, value = entry["from_name"], entry["value"]
        _go_to(page, name)
        if "text" in value:
            _write(page, name, "\n".join(value["text"]))
            return
        found = self._config.find_control(name)
        assert found is not None
        for choice in value["choices"]:
            page.keyboard.press(self._keys[found[0].name][choice])


def _keys_of(tag: etree._Element) -> dict[str, str]:
    choices = list(tag.iter("Choice"))
    free = [digit for digit in _DIGITS if digit not in {one.get("hotkey") for one in choices}]
    return {
        str(one.get("alias", one.get("value"))): str(one.get("hotkey") or free.pop(0))
        for one in choices
    }


def _asked(page: Page) -> list[str]:
    """Return the names of the questions on the page, in reading order."""
    names: list[str] = page.locator("#editor [data-name]").evaluate_all(
        "all => all.filter(each => each.checkVisibility()).map(each => each.dataset.name)"
    )
    return names


def current(page: Page) -> str:
    return str(page.locator(".wb-current").get_attribute("data-name"))


def _go_to(page: Page, name: str) -> None:
    asked = _asked(page)
    steps = asked.index(name) - asked.index(current(page))
    for _ in range(abs(steps)):
        page.keyboard.press("j" if steps > 0 else "k")
    assert current(page) == name


def _write(page: Page, name: str, text: str) -> None:
    """Fill the box with a text: its beginning key by key, a long rest as one paste."""
    page.keyboard.press("Enter")
    focused = page.evaluate("document.activeElement.name")
    assert focused == name, f"Enter went to {focused}"
    page.keyboard.press("Control+a")
    page.keyboard.type(text[:_TYPED])
    if text[_TYPED:]:
        page.keyboard.insert_text(text[_TYPED:])
    page.keyboard.press("Escape")
