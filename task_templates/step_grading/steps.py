"""Cutting a written response into the steps of a solution."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.contracts.records import Message, Preference, PromptCompletion, Response

FEWEST = 2

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_NUMBERED = re.compile(
    r" {0,3}(?:#{1,6} )?(?:\*\*|__)?(?:step\s+\d{1,3}\b|\d{1,3}[.)](?=\s|\*\*|__))", re.IGNORECASE
)


def split_steps(text: str) -> list[str]:
    r"""Cut a response where a blank line ends a paragraph or a numbered line begins a step.

    Numbered lines are `1.`, `2)`, `Step 3` and the like, also in bold or as headings. Inside a code
    fence or a display formula (`$$`, `\\[`) nothing is cut, and what is indented after a blank line
    goes on with the step before it. A lone heading belongs to what it heads.
    """
    steps: list[list[str]] = []
    fence, formula, is_after_blank = None, False, True
    for line in text.splitlines():
        is_inside = fence is not None or formula
        if not is_inside and not line.strip():
            is_after_blank = True
            continue
        if is_inside and steps:
            steps[-1].append(line)
        elif _begins(line, is_after_blank=is_after_blank) and not _is_heading(steps):
            steps.append([line])
        elif steps:
            steps[-1] += ["", line] if is_after_blank else [line]
        else:
            steps.append([line])
        is_after_blank = False
        fence = _fence_after(line, fence)
        if fence is None:
            formula = _is_in_formula(line, is_inside=formula)
    return ["\n".join(lines).rstrip() for lines in steps]


def _begins(line: str, *, is_after_blank: bool) -> bool:
    return _NUMBERED.match(line) is not None or (is_after_blank and not line.startswith("  "))


def _is_heading(steps: Sequence[Sequence[str]]) -> bool:
    return bool(steps) and len(steps[-1]) == 1 and steps[-1][0].lstrip().startswith("#")


def _fence_after(line: str, fence: str | None) -> str | None:
    found = _FENCE.match(line)
    if found is None:
        return fence
    if fence is None:
        return found[1]
    closes = found[1][0] == fence[0] and len(found[1]) >= len(fence)
    return None if closes and not line.strip().strip(fence[0]) else fence


def _is_in_formula(line: str, *, is_inside: bool) -> bool:
    if line.count("$$") % 2:
        return not is_inside
    opened, closed = line.rfind("\\["), line.rfind("\\]")
    return is_inside if opened == closed else opened > closed


def _solution(prompt: Sequence[Message], text: str, model: str | None) -> Mapping[str, Any] | None:
    """Return a row of a problem in one message of text; None for others, or fewer than two steps."""
    steps = split_steps(text)
    if len(steps) < FEWEST or len(prompt) != 1 or prompt[0]["role"] != "user":
        return None
    if prompt[0].get("images"):
        return None
    return {"problem": prompt[0]["content"], "steps": steps, "model": model}


def from_preference(record: Preference) -> Mapping[str, Any] | None:
    """Grade the steps of the winner of a comparison."""
    return _solution(record.prompt, record.chosen, record.chosen_model)


def from_completion(record: PromptCompletion) -> Mapping[str, Any] | None:
    """Grade the steps of what an expert wrote."""
    return _solution(record.prompt, record.completion, None)


def from_response(record: Response) -> Mapping[str, Any] | None:
    """Grade the steps of any response."""
    return _solution(record.prompt, record.response, record.model)
