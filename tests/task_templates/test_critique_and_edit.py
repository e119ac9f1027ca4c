"""Critique and edit: what an item, an edit and a consensus on several edits are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import (
    Message,
    Preference,
    PromptCompletion,
    RecordKind,
    Response,
    UnpairedPreference,
)
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import Ballot, ConsensusMethod, Settlement, Vote
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("critique_and_edit")
DEFAULTS = TEMPLATE.options_model()
PROMPT: list[Message] = [{"role": "user", "content": "How many?"}]
RESPONSE = {"text": "473 of them.", "model": "alder"}
REJECTED = {"text": "None.", "model": "birch"}
EDITED, NO_CHANGE, UNUSABLE = "edited", "no_change", "unusable"


def item(**given: Any) -> Any:
    row = {"prompt": "How many?", "response": RESPONSE, **given}
    return TEMPLATE.item_model.model_validate(row)


ITEM, FOLLOW_UP = item(), item(rejected=REJECTED)


def judgment(verdict: str, edited: str | None = None, critique: str = "It is 568.") -> Any:
    return TEMPLATE.judgment_model(verdict=verdict, edited=edited, critique=critique)


def edit(text: str, critique: str = "It is 568.") -> Any:
    return judgment(EDITED, text, critique)


def settle(*judgments: Any, method: str = "majority") -> Settlement:
    return TEMPLATE.settle(ITEM, ballot(TEMPLATE, ConsensusMethod(method), judgments))


def result(verdict: str, **texts: str) -> list[dict[str, Any]]:
    chosen = {"from_name": "verdict", "type": "choices", "value": {"choices": [verdict]}}
    written = [
        {"from_name": name, "type": "textarea", "value": {"text": [text]}}
        for name, text in texts.items()
    ]
    return [chosen, *written]


def refused(given: Any, of: Any = ITEM, options: Any = DEFAULTS) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as fault:
        TEMPLATE.check(given, of, options)
    return [(row.field, row.problem) for row in fault.value.rows]


def pairs(of: Any, settled: Settlement) -> list[tuple[str, str]]:
    found = TEMPLATE.records(of, settled, ())
    return [(one.chosen, one.rejected) for one in found if isinstance(one, Preference)]


# Items


def test_the_box_begins_with_the_response_to_the_letter() -> None:
    raw = '  **bold** <script>x</script> $x^2$\n\n    "code" \\n & more\n'
    shown = TEMPLATE.show(item(response={"text": raw}), (), DEFAULTS)
    assert shown["draft"] == raw
    config = parse_label_config(TEMPLATE.label_config(DEFAULTS))
    assert config.draft_fields == {"draft"}


def test_the_expert_is_not_shown_what_was_rejected() -> None:
    shown = TEMPLATE.show(item(rejected={"text": "Secret text."}), (), DEFAULTS)
    assert "Secret" not in repr(shown)


def test_a_response_and_a_rejected_one_with_the_same_text_are_refused() -> None:
    with pytest.raises(ValidationError, match="has the same text twice"):
        item(rejected=RESPONSE)


# Judgments


def test_an_edit_keeps_its_markup_and_indentation() -> None:
    raw = result(EDITED, critique="Lacks a line.", edited="    first\n\n    **second**\n")
    decoded = TEMPLATE.decode(raw, ITEM, (), DEFAULTS)
    assert decoded.edited == "    first\n\n    **second**"


@pytest.mark.parametrize(
    ("original", "unchanged"),
    [
        ("473 of them.", "473 of them."),
        ("473 of them.", "473 of them.\n"),
        (" \n473 of\r\nthem.\r\n", "473 of\nthem."),
        ("a\rb", "a\nb"),
    ],
)
def test_an_edit_that_changes_nothing_is_refused(original: str, unchanged: str) -> None:
    of = item(response={"text": original})
    assert refused(edit(unchanged), of) == [("edited", "is the response unchanged")]


@pytest.mark.parametrize("changed", ["474 of them.", "473  of them.", "473 of them"])
def test_the_smallest_change_is_an_edit(changed: str) -> None:
    TEMPLATE.check(edit(changed), ITEM, DEFAULTS)


def test_a_box_left_empty_is_no_edit() -> None:
    decoded = TEMPLATE.decode(result(EDITED, critique="Bad.", edited=" \n"), ITEM, (), DEFAULTS)
    assert refused(decoded) == [("edited", "is missing")]


@pytest.mark.parametrize("verdict", [NO_CHANGE, UNUSABLE])
def test_an_edit_goes_with_its_verdict_alone(verdict: str) -> None:
    assert refused(judgment(verdict, "568 of them.")) == [
        ("edited", f"is written, but the verdict is {verdict}")
    ]


@pytest.mark.parametrize(
    ("given", "least", "problem"),
    [
        (edit("568.", critique=""), 1, "is empty"),
        (edit("568.", critique="Bad."), 10, "has 4 characters"),
        (edit("568.", critique=""), 0, None),
        (judgment(UNUSABLE, critique=""), 1, "is empty"),
        (judgment(NO_CHANGE, critique=""), 10, None),
    ],
)
def test_what_is_changed_or_thrown_out_has_a_reason(
    given: Any, least: int, problem: str | None
) -> None:
    options = TEMPLATE.options_model(min_critique_chars=least)
    if problem is None:
        TEMPLATE.check(given, ITEM, options)
    else:
        assert refused(given, options=options) == [("critique", problem)]


def test_an_edit_may_be_longer_than_a_response_of_twenty_thousand_characters() -> None:
    long = "é" * 20_000
    of = item(response={"text": long})
    raw = result(EDITED, critique="One is missing.", edited=long + "!")
    decoded = TEMPLATE.decode(raw, of, (), DEFAULTS)
    TEMPLATE.check(decoded, of, DEFAULTS)
    assert decoded.edited == long + "!"


# Spread


def coefficients(*judgments: Any) -> list[float | None]:
    return [one.of(ITEM, judgments) for one in TEMPLATE.coefficients]


def test_equal_edits_have_no_spread_and_unlike_ones_have() -> None:
    assert coefficients(edit("568 of them."), edit("568 of them."))[0] == 0
    assert coefficients(edit("ab"), edit("ax"))[0] == pytest.approx(0.5)


def test_the_share_changed_is_the_mean_distance_from_the_response() -> None:
    one = coefficients(edit("474 of them."))[1]
    assert one == pytest.approx(1 / 12)
    assert coefficients(edit("474 of them."), judgment(NO_CHANGE))[1] == pytest.approx(1 / 24)


def test_what_cannot_be_saved_has_no_distance() -> None:
    assert coefficients(judgment(UNUSABLE), judgment(UNUSABLE)) == [None, None]
    assert coefficients(judgment(UNUSABLE), edit("474 of them."))[0] is None


# Consensus


@pytest.mark.parametrize("method", list(ConsensusMethod))
def test_the_edit_nearest_to_the_others_stands_with_its_own_critique(method: str) -> None:
    settled = settle(
        edit("Nobody can say how many.", "No."),
        edit("569 of them.", "Number, by memory."),
        edit("568 of them.", "Number."),
        edit("568 of them!", "Number, and tone."),
        judgment(NO_CHANGE),
        method=method,
    )
    assert settled.value == {
        "verdict": "edited",
        "edited": "568 of them.",
        "critique": "Number.",
    }
    assert settled.confidence == pytest.approx(0.8)


def test_of_two_edits_the_first_stands() -> None:
    assert settle(edit("One."), edit("Two.")).value["edited"] == "One."


def test_verdicts_that_are_level_are_tied() -> None:
    settled = settle(edit("568."), judgment(NO_CHANGE))
    assert (settled.value, settled.reason, settled.confidence) == (None, "tied", 0.5)


def test_a_posterior_for_what_nobody_said_is_a_conflict() -> None:
    vote = Vote(value=EDITED, confidence=0.6, n_votes=1)
    given = Ballot(
        method=ConsensusMethod.DAWID_SKENE,
        judgments=[judgment(NO_CHANGE)],
        votes={"verdict": {"": vote}},
    )
    assert TEMPLATE.settle(ITEM, given).reason == "conflict"


# Records


def test_an_edit_is_preferred_to_the_response_and_both_to_the_rejected_one() -> None:
    settled = settle(edit("568 of them."))
    assert pairs(ITEM, settled) == [("568 of them.", "473 of them.")]
    assert set(pairs(FOLLOW_UP, settled)) == {
        ("568 of them.", "473 of them."),
        ("473 of them.", "None."),
        ("568 of them.", "None."),
    }


def test_only_the_pair_that_was_voted_on_has_a_share() -> None:
    settled = settle(edit("568 of them."), edit("568 of them."), judgment(NO_CHANGE))
    found = TEMPLATE.records(FOLLOW_UP, settled, ())
    shares = {
        (one.chosen, one.rejected): one.soft_label for one in found if isinstance(one, Preference)
    }
    assert shares.pop(("568 of them.", "473 of them.")) == pytest.approx(2 / 3)
    assert set(shares.values()) == {None}


def test_an_edit_is_a_completion_with_its_original_and_critique() -> None:
    found = TEMPLATE.records(ITEM, settle(edit("568 of them.")), ())
    (completion,) = (one for one in found if isinstance(one, PromptCompletion))
    assert completion == PromptCompletion(
        prompt=PROMPT,
        completion="568 of them.",
        original="473 of them.",
        critique="It is 568.",
    )


def test_an_edit_has_no_model_and_the_responses_keep_theirs() -> None:
    found = TEMPLATE.records(FOLLOW_UP, settle(edit("568 of them.")), ())
    models = {one.chosen: one.chosen_model for one in found if isinstance(one, Preference)}
    assert models == {"568 of them.": None, "473 of them.": "alder"}
    responses = [(one.response_index, one.model) for one in found if isinstance(one, Response)]
    assert responses == [(0, "alder"), (1, "birch")]


def test_a_response_that_needs_no_change_is_preferred_to_the_rejected_one_alone() -> None:
    settled = settle(judgment(NO_CHANGE))
    assert pairs(ITEM, settled) == []
    assert pairs(FOLLOW_UP, settled) == [("473 of them.", "None.")]


def test_nothing_is_preferred_of_what_cannot_be_saved() -> None:
    settled = settle(judgment(UNUSABLE))
    assert pairs(FOLLOW_UP, settled) == []
    found = TEMPLATE.records(FOLLOW_UP, settled, ())
    assert not any(isinstance(one, PromptCompletion) for one in found)


def test_an_edit_that_arrives_at_the_rejected_text_takes_the_comparison_back() -> None:
    assert pairs(FOLLOW_UP, settle(edit("None."))) == [("None.", "473 of them.")]


# Follow-ups and pages


def test_the_winner_of_a_comparison_can_be_edited() -> None:
    start = TEMPLATE.starts_from[RecordKind.PREFERENCE]
    won = Preference(
        prompt=PROMPT,
        chosen="473 of them.",
        rejected="None.",
        chosen_model="alder",
        rejected_model="birch",
    )
    followed = TEMPLATE.item_model.model_validate(start(won))
    assert (followed.response, followed.rejected) == (FOLLOW_UP.response, FOLLOW_UP.rejected)
    assert TEMPLATE.prompt_text(followed) == TEMPLATE.prompt_text(FOLLOW_UP)
    assert start(Preference(prompt=PROMPT, chosen="Same.", rejected="Same.")) is None


@pytest.mark.parametrize(("is_good", "is_edited"), [(True, False), (False, True)])
def test_what_was_found_bad_can_be_edited(is_good: bool, is_edited: bool) -> None:
    start = TEMPLATE.starts_from[RecordKind.UNPAIRED_PREFERENCE]
    row = start(UnpairedPreference(prompt=PROMPT, completion="473 of them.", label=is_good))
    assert (row is not None) == is_edited


def test_a_judgment_is_read_with_its_critique_and_its_edit() -> None:
    assert TEMPLATE.read is not None
    reading = TEMPLATE.read(edit("568 of them.", critique="Wrong pint."))
    assert reading.words == "Rewritten"
    assert reading.note == "Wrong pint.\n\n---\n\n568 of them."
    assert TEMPLATE.read(judgment(NO_CHANGE, critique="")).note == ""


def test_the_consensus_begins_with_the_edit_chosen() -> None:
    assert TEMPLATE.read_consensus is not None
    settled = settle(edit("568\nof them."))
    assert TEMPLATE.read_consensus(settled.value, None).words == "Rewritten: “568 of them.”"
