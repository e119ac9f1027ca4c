"""The quick renderer draws what the full one draws, or nothing at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.contracts import rendering
from workbench.contracts.plain_markdown import draw_plain

PIECES = [
    "word", "Wort", "كلمة", "字", " ", "  ", "\n", "\n\n", "  \n", "\t", "    ",
    "*", "**", "***", "_", "__", "`", "``", "`code`", "**bold**", "_it_", "- ", "* ", "+ ",
    "1. ", "7) ", "10. ", "# ", "## ", "###### ", "#", "> ", ">", "---", "***", "===", "--", "=",
    ".", ",", "!", "?", "(", ")", ":", "'", '"', "]", "~", "@", "/", "e.g.", "http://a.example", "€", "“", "”", "—",
]  # fmt: skip


def _seen(html: str) -> str:
    """Return the HTML as it is shown: behind the wall, without the white space that shows nowhere."""
    cleaned = rendering._WALL.clean(f"<div>{html}</div>")
    joined = re.sub(r"\s*\n\s*", "", cleaned)
    return re.sub(r" +(?=</(?:h\d|p|li)>)", "", re.sub(r" +", " ", joined))


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_both_renderers_draw_the_same(text: str) -> None:
    drawn = draw_plain(text)
    if drawn is not None:
        assert _seen(drawn) == _seen(rendering._MARKDOWN.render(text))


@pytest.mark.parametrize(
    "text",
    [
        "One line\nand another.\n\n**Bold**, *soft* and `code`.\n\n- a\n- b\n  1. c\n  2. d\n\n> quoted",
        "# Title\n\nText.\n\n3. three\n4. four\n\n---\n\n* loose\n\n* list",
    ],
)
def test_what_models_mostly_write_is_drawn_quickly(text: str) -> None:
    drawn = draw_plain(text)
    assert drawn is not None
    assert _seen(drawn) == _seen(rendering._MARKDOWN.render(text))


@pytest.mark.parametrize(
    "text",
    [
        "[a](https://a.example)",
        "![a](https://a.example/a.png)",
        "<script>alert(1)</script>",
        "a &amp; b",
        "$x^2$",
        r"\(x^2\)",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "~~gone~~",
        "```python\nprint(1)\n```",
        "    indented = code",
    ],
)
def test_anything_more_is_left_to_the_full_renderer(text: str) -> None:
    assert draw_plain(text) is None
