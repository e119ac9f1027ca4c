"""Whatever a model writes can be read and does nothing."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.hostile import HOSTILE, assert_inert, parsed
from workbench.contracts import rendering
from workbench.contracts.records import Message
from workbench.contracts.rendering import (
    LONGEST_MARKDOWN,
    render_conversation,
    render_images,
    render_text,
    undrawn,
)


def rendered(text: str) -> str:
    part = parsed(render_text(text)).find_class("rendered")[0]
    return etree.tostring(part, encoding="unicode", method="html")


def visible(text: str) -> str:
    return " ".join(parsed(render_text(text)).find_class("rendered")[0].text_content().split())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_and_still_shown(text: str) -> None:
    html = render_text(text)
    assert_inert(html)
    parts = parsed(html)[0]
    assert [part.get("class") for part in parts] == ["rendered", "source"]
    assert len(parsed(html)) == 1, "nothing may close the element that holds it"
    html.encode()


@pytest.mark.parametrize("html", HOSTILE)
def test_the_wall_alone_lets_no_hostile_html_through(html: str) -> None:
    clean = rendering._WALL.clean(html.encode(errors="replace").decode())
    assert_inert(f"<div>{clean}</div>")


@pytest.mark.parametrize("text", HOSTILE)
def test_reading_the_html_as_a_browser_does_changes_nothing(text: str) -> None:
    html = re.sub(
        r"^<div[^>]*>(.*?)<pre class=\"source\".*$", r"\1", render_text(text), flags=re.DOTALL
    )
    assert rendering._WALL.clean(html) == html


FRAGMENTS = [*HOSTILE, "\n", "\n\n", " ", "`", "```", "$", "$$", "|", "*", "_", "[", "](", ")", ">"]


@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8)), max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_mixture_of_fragments_gets_through(fragments: list[str]) -> None:
    assert_inert(render_text("".join(fragments)))


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_the_source_is_the_text_to_the_letter(text: str) -> None:
    source = parsed(render_text(text)).find_class("source")[0].text_content()
    readable = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", text)
    # A parser drops the first newline of a pre element, and the renderer adds it for that.
    assert source.removeprefix("\n") == readable.replace("\r\n", "\n").replace("\r", "\n")


def test_raw_html_is_shown_as_text() -> None:
    assert visible("a <b>bold</b> <script>x</script>") == "a <b>bold</b> <script>x</script>"


def test_markdown_is_drawn() -> None:
    html = rendered("# T\n\n**b** *e* ~~s~~ `c`\n\n- one\n\n3. three\n\n> q\n\n---\n")
    for piece in (
        "<h1",
        "<strong>b</strong>",
        "<em>e</em>",
        "<s>s</s>",
        "<code>c</code>",
        "<ul>",
        '<ol start="3">',
        "<blockquote",
        "<hr>",
    ):
        assert piece in html


def test_lines_break_where_they_were_broken() -> None:
    assert "roses<br>" in rendered("roses\nviolets")


def test_tables_keep_their_alignment_by_class() -> None:
    html = rendered("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert '<th class="align-left" dir="auto">a</th>' in html
    assert '<td class="align-right" dir="auto">2</td>' in html


def test_code_is_highlighted_by_class_and_without_style() -> None:
    html = rendered("```python\ndef f(): return 1\n```")
    assert '<span class="k">def</span>' in html
    assert "style=" not in html


@pytest.mark.parametrize("language", ["", "nonsense", "PYTHON", "../../etc"])
def test_code_in_any_language_is_shown(language: str) -> None:
    assert visible(f"```{language}\nif a < b: pass\n```") == "if a < b: pass"


def test_a_link_is_text_and_address() -> None:
    assert visible("[the docs](https://a.example/b?c=1&d)") == "the docs https://a.example/b?c=1&d"
    assert visible("<https://a.example/b>") == "https://a.example/b"
    assert visible("<who@a.example>") == "who@a.example"


def test_an_image_is_its_description_and_address() -> None:
    assert visible("![a chart](https://a.example/c.png)") == "a chart https://a.example/c.png"


def test_a_link_of_another_kind_stays_the_source_that_it_is() -> None:
    assert visible("[x](javascript:alert(1))") == "[x](javascript:alert(1))"
    assert visible("![x](data:image/png;base64,AA)") == "![x](data:image/png;base64,AA)"


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$",
        "$$x^2$$",
        "\\(x^2\\)",
        "\\[x^2\\]",
        "$$\nx^2\n$$",
        "\\[\nx^2\n\\]",
        "- \\[\n  x^2\n  \\]",
        "> $$\n> x^2\n> $$",
        "text\n\\[ x^2 \\]\ntext",
        "| $x^2$ |\n|---|\n| 1 |",
        "($x^2$), and **$x^2$**.",
    ],
)
def test_latex_becomes_mathml(text: str) -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in rendered(text)


def test_a_display_formula_is_a_block() -> None:
    assert '<math display="block">' in rendered("$$x$$")
    assert "display" not in rendered("$x$")


def test_markup_within_a_formula_is_not_markdown() -> None:
    html = rendered("$a_1 * b_2 * c_3$ and \\[ d_{*} e_{*} \\]")
    assert "<em>" not in html
    assert html.count("<math") == 2


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "$5-$10, or US$5 to AU$10",
        "from $3 or 4$x",
        "pay $20/month or 10$ once",
        "$20 bills, then 5$",
        "a $ b $ c",
        "\\$5 and \\$6",
        "`$x$`",
        "```\n$x$\n```",
        "$$",
        "$$$ $$$$",
        "$",
        "\\(",
        "\\[ \\]",
        "cost $5\n\nand $6",
    ],
)
def test_what_is_not_a_formula_is_left_alone(text: str) -> None:
    assert "<math" not in rendered(text)


@pytest.mark.parametrize("number", ["$10$", "$3-2$", "$5/3$", "$2ab$", "$1,000$"])
def test_a_formula_may_begin_with_a_number(number: str) -> None:
    assert "<math" in rendered(number)


@pytest.mark.parametrize(
    "text", ["$\\frac{1$", "$\\nosuchcommand x$", "$\\phantom{x}$", "$x^a^b$", "\\(\\begin{x}\\)"]
)
def test_a_formula_that_cannot_be_drawn_is_shown_as_its_source(text: str) -> None:
    assert '<code class="formula">' in rendered(text)
    assert visible(text) == text


@pytest.mark.parametrize(
    ("latex", "letters"),
    [
        ("\\mathbb{R}", "ℝ"),
        ("\\mathcal{L}", "ℒ"),
        ("\\mathfrak{gH}", "𝔤ℌ"),
        ("\\mathbf{xy}", "𝐱𝐲"),
        ("\\boldsymbol{\\alpha}", "𝜶"),
    ],
)
def test_styled_letters_are_letters(latex: str, letters: str) -> None:
    assert visible(f"${latex}$") == letters


def test_aligned_equations_are_a_table() -> None:
    html = rendered("\\[\n\\begin{aligned}\na &= b \\\\\n  &= c\n\\end{aligned}\n\\]")
    assert html.count("<mtr>") == 2
    assert '<mtd class="align-right"><mi>a</mi></mtd>' in html


def test_text_of_either_direction_finds_its_own() -> None:
    blocks = parsed(render_text("שלום\n\nhello\n\n- مرحبا\n")).iter("p", "li")
    assert {block.get("dir") for block in blocks} == {"auto"}


def test_empty_text_has_both_forms() -> None:
    assert [part.get("class") for part in parsed(render_text(""))[0]] == ["rendered", "source"]


@pytest.mark.parametrize("blank", ["", " ", "\n\t\r\n"])
def test_a_blank_text_is_said_to_be_blank(blank: str) -> None:
    rendered, source = parsed(render_text(blank))[0]
    assert [part.get("class") for part in rendered] == ["nothing"]
    assert "".join(source.itertext()).strip() == ""


def test_no_text_can_pass_for_a_blank_one() -> None:
    assert parsed(render_text('<p class="nothing">Empty</p>')).find_class("nothing") == []


def test_a_very_long_text_is_shown_as_it_is() -> None:
    text = "*a* <b>\n" * (LONGEST_MARKDOWN // 8 + 1)
    html = render_text(text)
    assert_inert(html)
    assert "<em>" not in html
    assert html.count("*a* &lt;b&gt;") == 2 * text.count("\n")


def test_a_conversation_is_shown_turn_by_turn() -> None:
    html = render_conversation(
        [
            {"role": "system", "content": "Be *brief*."},
            {"role": "user", "content": "<script>x</script>"},
            {"role": "assistant", "content": "$x$"},
            {"role": "</h3><script>", "content": "y"},
        ]
    )
    assert_inert(html)
    turns = parsed(html).find_class("turn")
    assert [turn.get("class") for turn in turns] == [
        "turn turn-system",
        "turn turn-user",
        "turn turn-assistant",
        "turn turn-other",
    ]
    assert [turn.find_class("role")[0].text_content() for turn in turns] == [
        "System",
        "User",
        "Assistant",
        "</h3><script>",
    ]


def seconds_to_draw(text: str, times: int = 3) -> float:
    taken = []
    for _ in range(times):
        rendering.mathml_of.cache_clear()
        started = time.process_time()
        rendering._draw(text)
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.parametrize(
    "text",
    [
        "$" * 20_000,
        "$a " * 6_666,
        "\\(" * 10_000,
        "\\[\n" * 6_666,
        "\\[\n" * 6_660 + "\\] x",
        "$$\n" * 6_666,
        "[" * 20_000,
        "[a](" * 5_000,
        ">" * 20_000,
        "- " * 10_000,
        "**a " * 5_000,
        "`a ``b " * 2_800,
        "$" + "{" * 3_900 + "$",
        "$" + "\\frac{1}{" * 400 + "x" + "}" * 400 + "$",
        "```make\n" + "a" * 19_000 + "\n```",
        "```python\n" + "(" * 19_000 + "\n```",
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long_to_draw(text: str) -> None:
    assert_inert(render_text(text))
    assert seconds_to_draw(text, times=1) < 5


def test_undrawn_text_is_its_escaped_source_alone() -> None:
    with undrawn():
        html = render_text("**bold** <script>\r\n& more")
        turn = render_conversation([Message(role="user", content="# Hi")])
    assert html == (
        '<pre dir="auto" style="white-space: pre-wrap">\n**bold** &lt;script&gt;\n&amp; more</pre>'
    )
    assert "# Hi</pre>" in turn
    assert "<strong>bold</strong>" in render_text("**bold**")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_inert_where_it_is_not_drawn(text: str) -> None:
    with undrawn():
        html = render_text(text)
    element = parsed(html)[0]
    assert element.tag == "pre"
    assert len(element) == 0, "nothing in it becomes an element"


@pytest.mark.parametrize(
    "address", ["", "x", "../secret", "AB" * 32, f'{"ab" * 32}" onerror="alert(1)', "ab" * 33]
)
def test_an_image_is_drawn_by_its_hash_or_not_at_all(address: str) -> None:
    drawn = render_images([{"sha256": address, "alt": '"><script>alert(1)</script>'}])
    assert "src=" not in drawn
    assert "<script" not in drawn
    assert "onerror" not in drawn


def test_no_text_can_have_an_image_drawn() -> None:
    address = f"/images/{'ab' * 32}"
    for text in (
        f"![seen]({address})",
        f'<img src="{address}">',
        f'<div class="wb-images">{address}',
    ):
        assert "<img" not in render_text(text)
        assert "<img" not in render_conversation([{"role": "user", "content": text}])
