"""`workbench campaign follow` and `issue`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.imports import comparison_row, judgment_row


@pytest.fixture
def judged(any_command_line: CommandLine) -> CommandLine:
    """A campaign in which one of two comparisons is settled."""
    line = any_command_line
    line.ok("organization", "create", "Acme")
    create = ("campaign", "create", "--organization", "Acme", "--template", "pairwise_preference")
    line.ok(*create, "--name", "first", "--overlap", 2)
    rows = line.write("items.jsonl", comparison_row("p-1"), comparison_row("p-2"))
    line.ok("import", "items", "first", rows)
    given = [judgment_row(f"p-{n}", a) for n, a in ((1, "a1"), (1, "a2"), (2, "a1"))]
    line.ok("import", "judgments", "first", line.write("judgments.jsonl", *given))
    return line


def follow(line: CommandLine, *more: object, template: str = "critique_and_edit") -> Any:
    return line.ok("campaign", "follow", "first", "--template", template, "--name", "edits", *more)


def test_what_is_settled_is_issued_at_once_and_the_rest_by_issue(judged: CommandLine) -> None:
    made = follow(judged, "--consensus", "mean", "--min-margin", 0)
    assert (made["record"], made["consensus"], made["min_judgments"]) == ("preference", "mean", 2)
    assert (made["added"], made["dealt_with"]) == (1, {"issued": 1, "below_min_judgments": 1})
    assert judged.ok("campaign", "show", "edits")["progress"]["items"] == 1
    more = judged.write("more.jsonl", judgment_row("p-2", "a2"))
    judged.ok("import", "judgments", "first", more)
    assert judged.ok("campaign", "issue", "edits")["added"] == 1
    assert judged.ok("campaign", "issue", "edits")["added"] == 0


def test_a_person_is_told_what_was_issued_and_why_the_rest_was_not(judged: CommandLine) -> None:
    ran = judged(
        "campaign", "follow", "first", "--template", "critique_and_edit", "--name", "edits"
    )
    assert ran.code == 0
    assert "1 items issued, 0 taken back; not issued: 1 below min judgments." in ran.stdout


def test_refusals_name_the_remedy(judged: CommandLine) -> None:
    wish = ("campaign", "follow", "first", "--name", "x", "--template")
    error = judged.refused(*wish, "rubric_grading")
    assert "these can: binary_feedback, critique_and_edit" in error["message"]
    assert (
        "it can from preference"
        in judged.refused(*wish, "critique_and_edit", "--record", "ranking")["message"]
    )
    assert judged.refused(*wish, "critique_and_edit", "--record", "x", code=2)["code"] == "usage"
    assert "campaign follow" in judged.refused("campaign", "issue", "first")["message"]
