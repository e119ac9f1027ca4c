r"""LaTeX in Markdown: `$…$`, `$$…$$`, `\(…\)` and `\[…\]` as tokens of markdown-it."""

from __future__ import annotations

import re
from bisect import bisect_right

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from workbench.contracts.mathematics import LONGEST_FORMULA

_CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}
_SUM_OF_MONEY = re.compile(r"\d[\d.,]*(?:\s+|\s*/\s*)[A-Za-z]{2,}\b")


def _find_closer(source: str, opener: str, start: int, end: int) -> int:
    """Return where the closer of a formula stands, -1 without one: one look, linear on all input."""
    closer = _CLOSERS[opener]
    position = source.find(closer, start, min(end, start + LONGEST_FORMULA))
    while opener[0] == "$" and position > 0 and source[position - 1] == "\\":
        position = source.find(closer, position + 1, min(end, start + LONGEST_FORMULA))
    return position


def _is_dollar_formula(source: str, start: int, close: int) -> bool:
    """Tell a formula from prices: no space inside the dollars, no digit or letter around them."""
    formula = source[start:close]
    before, after = source[start - 2 : start - 1], source[close + 1 : close + 2]
    return not (
        formula != formula.strip()
        or "\n\n" in formula
        or before.isalnum()
        or after.isalnum()
        or _SUM_OF_MONEY.match(formula)
    )


def _opener_at(source: str, position: int) -> str | None:
    if source[position] == "$":
        if source.startswith("$$$", position) or source[position - 1 : position] == "$":
            return None
        return "$$" if source.startswith("$$", position) else "$"
    pair = source[position : position + 2]
    return pair if pair in _CLOSERS else None


def _inline_formula(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's call
    if state.src[state.pos] not in "$\\":
        return False
    opener = _opener_at(state.src, state.pos)
    if opener is None:
        return False
    start = state.pos + len(opener)
    close = _find_closer(state.src, opener, start, state.posMax)
    formula = state.src[start:close]
    if close < 0 or not formula.strip():
        return False
    if opener == "$" and not _is_dollar_formula(state.src, start, close):
        return False
    end = close + len(_CLOSERS[opener])
    if not silent:
        token = state.push("formula_inline", "math", 0)
        token.content = formula.strip()
        token.markup = opener
        token.info = state.src[state.pos : end]
        token.meta = {"is_block": opener in {"$$", "\\["}}
    state.pos = end
    return True


def _block_formula(
    state: StateBlock,
    first: int,
    last: int,
    silent: bool,  # noqa: FBT001 - markdown-it's call
) -> bool:
    start = state.bMarks[first] + state.tShift[first]
    if state.is_code_block(first) or start + 2 > len(state.src):
        return False
    opener = state.src[start : start + 2]
    if opener not in {"$$", "\\["} or state.src.startswith("$$$", start):
        return False
    close = _find_closer(state.src, opener, start + 2, len(state.src))
    if close < 0:
        return False
    end_line = bisect_right(state.bMarks, close) - 1
    rest = state.src[close + 2 : state.eMarks[end_line]].strip() if end_line < last else None
    if rest is None or rest not in {"", ".", ",", ";"}:
        return False
    if any(
        state.sCount[line] < state.blkIndent and not state.isEmpty(line)
        for line in range(first, end_line + 1)
    ):
        return False
    formula = state.getLines(first, end_line + 1, state.blkIndent, keepLastLF=False)
    opened = formula.find(opener) + 2
    formula = formula[opened : formula.rfind(_CLOSERS[opener])].strip()
    if not formula:
        return False
    if silent:
        return True
    token = state.push("formula_block", "math", 0)
    token.content = formula
    token.info = f"{opener}{formula}{_CLOSERS[opener]}{rest}"
    token.map = [first, end_line + 1]
    token.meta = {"is_block": True, "rest": rest}
    state.line = end_line + 1
    return True


def read_formulae(markdown: MarkdownIt) -> None:
    """Teach a parser the tokens `formula_inline` and `formula_block`.

    `content` is the LaTeX, `info` the source with its delimiters, `meta["is_block"]` how it is set.
    """
    markdown.inline.ruler.before("escape", "formula_inline", _inline_formula)
    ends = ["paragraph", "reference", "blockquote", "list"]
    markdown.block.ruler.before("fence", "formula_block", _block_formula, {"alt": ends})
