"""Text of unknown origin, mostly a model's, to HTML that can only be read.

Markdown, code and LaTeX are drawn; raw HTML is shown as text; links and images are shown as text
with their address, for an expert must not be led to a stranger's server by a click or a load. What
the renderer yields passes a short allow-list once more, so that one fault in it is not enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

from workbench.contracts import mathematics
from workbench.contracts.conversation import Candidate
from workbench.contracts.images import shown_images
from workbench.contracts.markdown_math import read_formulae
from workbench.contracts.mathematics import FormulaError, mathml_of
from workbench.contracts.plain_markdown import draw_plain
from workbench.contracts.records import Message, ShownImage

LONGEST_MARKDOWN = 100_000
"""Longer texts are shown as they are: the time to draw one must stay bounded."""

_LONGEST_HIGHLIGHTED = 20_000
_LONGEST_LINE_HIGHLIGHTED = 400
_LONGEST_REMEMBERED = 20_000


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LANGUAGES = _names(
    "bash c console cpp c++ csharp c# cs css diff docker dockerfile go haskell html ini java "
    "javascript js json jsx julia kotlin latex lua make makefile matlab nginx objective-c php "
    "powershell py python python3 r rb ruby rust rs sass scala scss sh shell sql swift tex "
    "toml ts tsx typescript xml yaml yml zsh"
)

_FORMATTER = HtmlFormatter(nowrap=True)

_BLOCKS = {
    "paragraph_open",
    "heading_open",
    "blockquote_open",
    "list_item_open",
    "th_open",
    "td_open",
}
_BLOCK_TAGS = _names("p h1 h2 h3 h4 h5 h6 blockquote li th td div")

_TAGS = _names(
    "p br hr h1 h2 h3 h4 h5 h6 blockquote ul ol li pre code em strong s table thead tbody tr "
    "th td div span"
)
_CLASSES: dict[str, set[str]] = {
    "div": {"rendered", "formula"},
    "code": {"formula"},
    "p": {"nothing"},
    "pre": {"code"},
    "span": {"link", "image", "address"} | {name for name in STANDARD_TYPES.values() if name},
    "th": {"align-left", "align-right", "align-center"},
    "td": {"align-left", "align-right", "align-center"},
    **{tag: set(names) for tag, names in mathematics.CLASSES.items()},
}
_DIRECTIONS: dict[str, dict[str, set[str]]] = {tag: {"dir": {"auto"}} for tag in _BLOCK_TAGS}

_WALL = nh3.Cleaner(
    tags=set(_TAGS | mathematics.TAGS),
    attributes={
        "*": set(),
        "ol": {"start"},
        **{tag: set(names) for tag, names in mathematics.ATTRIBUTES.items()},
    },
    allowed_classes=_CLASSES,
    tag_attribute_values={**_DIRECTIONS, "pre": {"dir": {"ltr", "auto"}}},
    generic_attribute_prefixes=set(),
    url_schemes=set(),
    link_rel=None,
)

# The class is out of reach for what a text says of itself.
_NOTHING = '<p class="nothing">Empty: there is no text here.</p>'

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ADDRESS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


def _is_address(url: str) -> bool:
    """Say whether a link is drawn as one; any other stays the source that it is."""
    return _ADDRESS.match(url.strip()) is not None


def _mark_direction(state: StateCore) -> None:
    for token in state.tokens:
        if token.type not in _BLOCKS:
            continue
        style = token.attrs.pop("style", None)
        if isinstance(style, str):
            token.attrSet("class", f"align-{style.removeprefix('text-align:')}")
        token.attrSet("dir", "auto")


def _is_quickly_highlighted(code: str) -> bool:
    """Say whether a lexer's worst case, which grows with the square of a line, stays small."""
    longest_line = max(map(len, code.split("\n")))
    return len(code) <= _LONGEST_HIGHLIGHTED and longest_line <= _LONGEST_LINE_HIGHLIGHTED


def _code(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    language = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
    if language in _LANGUAGES and _is_quickly_highlighted(token.content):
        shown = highlight(token.content, get_lexer_by_name(language), _FORMATTER)
    else:
        shown = escape(token.content)
    return f'<pre class="code" dir="ltr"><code>{shown}</code></pre>\n'


def _formula(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    try:
        drawn = mathml_of(token.content, is_block=token.meta["is_block"])
    except FormulaError:
        drawn = f'<code class="formula">{escape(token.info)}</code>'
    if token.type == "formula_inline":
        return drawn
    return f'<div class="formula">{drawn}{escape(token.meta["rest"])}</div>\n'


def _address(url: str) -> str:
    return f'<span class="address">{escape(url)}</span>'


def _image(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    token = tokens[index]
    address = _address(str(token.attrGet("src") or ""))
    return f'<span class="image">{escape(token.content)} {address}</span>'


def _link_open(*_: Any) -> str:
    return '<span class="link">'


def _link_close(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    """Close a link with its address; links do not nest, so the last opening is this one's."""
    opened = next(place for place in range(index, -1, -1) if tokens[place].type == "link_open")
    url = str(tokens[opened].attrGet("href") or "")
    if tokens[opened].markup == "autolink":
        return "</span>"
    return f" {_address(url)}</span>"


def _build_markdown(*, breaks: bool) -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": breaks})
    markdown.enable(["table", "strikethrough"])
    markdown.validateLink = _is_address  # type: ignore[method-assign]
    read_formulae(markdown)
    markdown.core.ruler.push("mark_direction", _mark_direction)
    for name, rule in {
        "fence": _code,
        "code_block": _code,
        "formula_inline": _formula,
        "formula_block": _formula,
        "image": _image,
        "link_open": _link_open,
        "link_close": _link_close,
    }.items():
        markdown.add_render_rule(name, rule)
    return markdown


# Lines are kept as written: where a response breaks its lines is part of what is judged.
_MARKDOWN = _build_markdown(breaks=True)
_PROSE = _build_markdown(breaks=False)


def readable(text: str) -> str:
    """Return a text with line ends of one character, and a mark for what cannot be shown."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _draw(text: str) -> str:
    shown = readable(text)
    if not shown.strip():
        rendered = _NOTHING
    elif len(shown) <= LONGEST_MARKDOWN:
        plain = draw_plain(shown)
        rendered = _MARKDOWN.render(shown) if plain is None else plain
    else:
        rendered = f'<pre dir="auto">{escape(shown)}</pre>'
    safe = _WALL.clean(f'<div class="rendered" dir="auto">{rendered}</div>')
    # The source stays outside the wall: it is escaped text, and the wall would eat a first newline.
    source = f'<pre class="source" dir="auto">\n{escape(shown)}</pre>'
    return f'<div class="wb-text" dir="auto">{safe}{source}</div>'


_remembered = lru_cache(maxsize=2_000)(_draw)
_is_undrawn: ContextVar[bool] = ContextVar("is_undrawn", default=False)


@contextmanager
def undrawn() -> Iterator[None]:
    """Let `render_text` return the escaped source alone while this lasts.

    It is for pages without our style sheet, where both forms of a text would be seen, and for
    thousands of texts at once, which take long to draw.
    """
    before = _is_undrawn.set(True)
    try:
        yield
    finally:
        _is_undrawn.reset(before)


def render_text(text: str) -> str:
    """Return a text as safe HTML, drawn and as its source; of a blank one it says that it is blank.

    `<div class="wb-text" dir="auto"><div class="rendered" dir="auto">…</div>
    <pre class="source" dir="auto">…</pre></div>`; which of the two is seen is the style sheet's matter. The HTML holds no link, image, form, style
    or script, whatever the text is.
    """
    if _is_undrawn.get():
        return f'<pre dir="auto" style="white-space: pre-wrap">\n{escape(readable(text))}</pre>'
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _draw(text)


def render_prose(text: str) -> str:
    """Return guidelines, a card and the like as safe HTML, drawn only; lines are filled anew."""
    return _WALL.clean(f'<div class="rendered" dir="auto">{_PROSE.render(text)}</div>')


_IMAGE_ADDRESS = re.compile(r"/images/[0-9a-f]{64}")


def _only_ours(tag: str, name: str, value: str) -> str | None:
    return value if (tag, name) != ("img", "src") or _IMAGE_ADDRESS.fullmatch(value) else None


_IMAGE_WALL = nh3.Cleaner(
    tags={"div", "figure", "img"},
    attributes={"*": set(), "img": {"src", "alt", "loading"}},
    allowed_classes={"div": {"wb-images"}},
    attribute_filter=_only_ours,
    generic_attribute_prefixes=set(),
    url_schemes=set(),
    link_rel=None,
)


def render_images(images: Sequence[ShownImage]) -> str:
    """Return an item's own images as safe HTML, from our server alone; nothing where it has none.

    No text comes near this: an image that a text names is drawn as words, by the other wall.
    """
    if not images:
        return ""
    if _is_undrawn.get():
        shown = (f"[image {image['sha256']}: {readable(image['alt'])}]" for image in images)
        return "".join(f'<p dir="auto">{escape(words)}</p>' for words in shown)
    drawn = (
        f'<figure><img src="/images/{escape(image["sha256"])}" alt="{escape(readable(image["alt"]))}"'
        ' loading="lazy"></figure>'
        for image in images
    )
    return _IMAGE_WALL.clean(f'<div class="wb-images">{"".join(drawn)}</div>')


def render_response(response: Candidate) -> str:
    """Return a response's text as `render_text` does, and its images below it."""
    return render_text(response.text) + render_images(shown_images(response.images))


_ROLES = {"system": "System", "user": "User", "assistant": "Assistant"}


def render_conversation(messages: Sequence[Message]) -> str:
    """Return a conversation as safe HTML, turn by turn under the names of the roles."""
    turns = []
    for message in messages:
        role = message["role"]
        kind = role if role in _ROLES else "other"
        turns.append(
            f'<section class="turn turn-{kind}">'
            f'<h3 class="role">{escape(_ROLES.get(role, role))}</h3>'
            f"{render_text(message['content'])}"
            f"{render_images(message.get('images', ()))}</section>"
        )
    return f'<div class="wb-conversation">{"".join(turns)}</div>'
