r"""LaTeX of unknown origin to MathML that holds nothing but formulae.

latex2mathml neither escapes text nor refuses `\href` and `\style`, so its tree is written out
here, element by element, from a short list; what is not on it is refused as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from html import escape, unescape
from typing import Protocol

from latex2mathml.converter import Converter

LONGEST_FORMULA = 4_000
_DEEPEST = 60
_LARGEST_EM = 3.0


class FormulaError(Exception):
    """The formula is shown as its source instead."""


class _Element(Protocol):
    tag: str
    text: str | None

    def items(self) -> Iterable[tuple[str, str]]: ...
    def __iter__(self) -> Iterator[_Element]: ...
    def __len__(self) -> int: ...


_MACRO = re.compile(
    r"\\(?:newcommand|renewcommand|providecommand|[egx]?def|let|DeclareMathOperator)\b"
)
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{(aligned|split|gathered|gather\*?|dcases)\}")
_ENVIRONMENTS = {
    "aligned": "align*",
    "split": "align*",
    "gathered": "matrix",
    "gather": "matrix",
    "gather*": "matrix",
    "dcases": "cases",
}

_ARITY: Mapping[str, range] = {
    "math": range(1, 2),
    "mrow": range(10_000),
    "mstyle": range(10_000),
    "mtable": range(10_000),
    "mtr": range(10_000),
    "mtd": range(10_000),
    "msqrt": range(10_000),
    "mfrac": range(2, 3),
    "mroot": range(2, 3),
    "msub": range(2, 3),
    "msup": range(2, 3),
    "munder": range(2, 3),
    "mover": range(2, 3),
    "msubsup": range(3, 4),
    "munderover": range(3, 4),
    "mi": range(1),
    "mn": range(1),
    "mo": range(1),
    "mtext": range(1),
    "mspace": range(1),
}
_TOKENS = frozenset({"mi", "mn", "mo", "mtext"})
_SHOWN_AS_ROW = {"mpadded": "mrow", "menclose": "mrow"}
_ARROW = re.compile("[\u2190-\u21ff\u27f0-\u27ff]")

_SPACES = {
    "thinmathspace": "0.167em",
    "mediummathspace": "0.222em",
    "thickmathspace": "0.278em",
}
_LENGTH = re.compile(r"\d{1,2}(?:\.\d{1,4})?|\.\d{1,4}")


def _is_flag(value: str) -> str | None:
    return value if value in {"true", "false"} else None


def _bounded_length(value: str) -> str | None:
    """Keep a length that cannot push a formula over what stands beside it."""
    value = _SPACES.get(value, value)
    number, unit = value[:-2], value[-2:]
    if unit in {"em", "ex"} and _LENGTH.fullmatch(number) and float(number) <= _LARGEST_EM:
        return value
    return None


_ATTRIBUTES: Mapping[str, Callable[[str], str | None]] = {
    "accent": _is_flag,
    "displaystyle": _is_flag,
    "fence": _is_flag,
    "movablelimits": _is_flag,
    "separator": _is_flag,
    "stretchy": _is_flag,
    "form": lambda value: value if value in {"prefix", "infix", "postfix"} else None,
    "linethickness": lambda value: value if value == "0" else None,
    "scriptlevel": lambda value: value if value in {"0", "1", "2"} else None,
    "lspace": _bounded_length,
    "rspace": _bounded_length,
    "minsize": _bounded_length,
    "maxsize": _bounded_length,
    "width": _bounded_length,
}
_ATTRIBUTES_OF: Mapping[str, frozenset[str]] = {
    "mo": frozenset(
        {"fence", "form", "lspace", "maxsize", "minsize", "movablelimits", "rspace", "separator"}
        | {"stretchy", "accent"}
    ),
    "mover": frozenset({"accent"}),
    "munder": frozenset({"accent"}),
    "munderover": frozenset({"accent"}),
    "mfrac": frozenset({"linethickness"}),
    "mspace": frozenset({"width"}),
    "mstyle": frozenset({"displaystyle", "scriptlevel"}),
    "mtable": frozenset({"displaystyle"}),
}

CLASSES: Mapping[str, frozenset[str]] = {
    "mrow": frozenset({"boxed", "struck"}),
    "mtd": frozenset({"align-left", "align-right", "align-center"}),
}
TAGS = frozenset(_ARITY)
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    **_ATTRIBUTES_OF,
    "math": frozenset({"display"}),
    "mi": frozenset({"mathvariant"}),
}

_VARIANTS = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "double-struck": "DOUBLE-STRUCK",
    "script": "SCRIPT",
    "bold-script": "BOLD SCRIPT",
    "fraktur": "FRAKTUR",
    "bold-fraktur": "BOLD FRAKTUR",
    "sans-serif": "SANS-SERIF",
    "bold-sans-serif": "SANS-SERIF BOLD",
    "sans-serif-italic": "SANS-SERIF ITALIC",
    "monospace": "MONOSPACE",
}


@lru_cache(maxsize=4_096)
def _styled_character(character: str, style: str) -> str:
    """Return the mathematical letter of that style: browsers draw no `mathvariant` but normal."""
    name = unicodedata.name(character, "")
    letter = name.replace("LATIN ", "").replace("GREEK ", "").replace("LETTER ", "")
    for candidate in (
        f"MATHEMATICAL {style} {letter}",
        f"{style} {letter}",
        f"{style.replace('FRAKTUR', 'BLACK-LETTER')} {letter}",
    ):
        try:
            return unicodedata.lookup(candidate)
        except KeyError:
            continue
    return character


def _token_text(element: _Element, attributes: Mapping[str, str]) -> str:
    text = unescape(element.text or "")
    is_unknown_command = element.tag != "mtext" and len(text) > 1 and text.startswith("\\")
    if is_unknown_command or (element.tag != "mtext" and text == "&"):
        raise FormulaError(text)
    style = _VARIANTS.get(attributes.get("mathvariant", ""))
    if style is not None:
        text = "".join(_styled_character(character, style) for character in text)
    return escape(text)


def _class_name(element: _Element, attributes: Mapping[str, str]) -> str | None:
    if element.tag == "menclose":
        return "boxed" if attributes.get("notation") == "box" else "struck"
    if element.tag == "mtd":
        name = f"align-{attributes.get('columnalign')}"
        return name if name in CLASSES["mtd"] else None
    return None


def _start_tag(element: _Element, tag: str, attributes: Mapping[str, str]) -> str:
    kept = []
    for name in sorted(_ATTRIBUTES_OF.get(tag, frozenset()) & attributes.keys()):
        value = _ATTRIBUTES[name](attributes[name])
        if value is not None:
            kept.append(f' {name}="{value}"')
    if tag == "mi" and attributes.get("mathvariant") == "normal":
        kept.append(' mathvariant="normal"')
    class_name = _class_name(element, attributes)
    if class_name is not None:
        kept.append(f' class="{class_name}"')
    return f"<{tag}{''.join(kept)}>"


def _write(element: _Element, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        message = "nested too deeply"
        raise FormulaError(message)
    tag = _SHOWN_AS_ROW.get(element.tag, element.tag)
    if tag == "mi" and _ARROW.fullmatch(unescape(element.text or "")):
        tag = "mo"
    if len(element) not in _ARITY.get(tag, ()):
        raise FormulaError(tag)
    attributes = dict(element.items())
    yield _start_tag(element, tag, attributes)
    if tag in _TOKENS:
        yield _token_text(element, attributes)
    elif element.text and element.text.strip():
        raise FormulaError(tag)
    for child in element:
        yield from _write(child, depth + 1)
    yield f"</{tag}>"


@lru_cache(maxsize=4_096)
def mathml_of(latex: str, *, is_block: bool) -> str:
    """Return the MathML of one formula without its delimiters.

    Raises:
        FormulaError: It is too long, defines macros (which can grow without bound), is not
            understood, or asks for something other than a formula.
    """
    if len(latex) > LONGEST_FORMULA or _MACRO.search(latex) or not latex.strip():
        raise FormulaError(latex[:80])
    known = _ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_ENVIRONMENTS[found[2]]}}}", latex)
    try:
        tree = Converter(display="block" if is_block else "inline").convert_to_element(known)
        body = "".join(piece for child in tree for piece in _write(child, 0))
    except FormulaError:
        raise
    except Exception as error:  # the library raises nearly anything on bad input
        raise FormulaError(latex[:80]) from error
    return f'<math display="block">{body}</math>' if is_block else f"<math>{body}</math>"
