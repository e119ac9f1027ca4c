"""Preference comparison: what an item, a judgment and a consensus are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import Comparison, Given, Preference
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import Ballot, ConsensusMethod, Settlement, Vote
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("pairwise_preference")
RESPONSES = [{"text": "Canberra.", "model": "alder"}, {"text": "Sydney.", "model": "birch"}]
ITEM = TEMPLATE.item_model(prompt="Capital?", responses=RESPONSES)
DEFAULTS = TEMPLATE.options_model()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(prompt: Any = "Capital?", responses: Any = RESPONSES) -> Any:
    return TEMPLATE.item_model.model_validate({"prompt": prompt, "responses": responses})


def refusal(make: Any) -> dict[str, Any]:
    with pytest.raises(ValidationError) as refused:
        make()
    (error,) = refused.value.errors()
    return {"field": error["loc"][0], "problem": error["msg"], **error["ctx"]}


def turns(*roles: str) -> list[dict[str, str]]:
    return [{"role": role, "content": role} for role in roles]


def judgment(strength: Any, rationale: str = "") -> Any:
    return TEMPLATE.judgment_model.model_validate({"strength": strength, "rationale": rationale})


def settle(method: str, *strengths: Any, direction: str | None = None, share: float = 1) -> Any:
    """Settle an item whose direction vote has come out as stated."""
    vote = Vote(value=direction, confidence=share, n_votes=len(strengths))
    return TEMPLATE.settle(
        ITEM,
        Ballot(
            method=ConsensusMethod(method),
            judgments=[judgment(strength) for strength in strengths],
            votes={"direction": {"": vote}},
        ),
    )


# Items


def test_a_prompt_may_be_text_or_messages() -> None:
    assert item().messages == [{"role": "user", "content": "Capital?"}]
    conversation = turns("system", "user", "assistant", "user")
    assert item(conversation).messages == conversation


def test_a_lone_message_and_its_text_are_the_same_prompt() -> None:
    alone = TEMPLATE.prompt_text(item([{"role": "user", "content": "Capital?"}]))
    assert alone == TEMPLATE.prompt_text(ITEM) == "Capital?"
    assert TEMPLATE.prompt_text(item(turns("system", "user"))) != "user"


@pytest.mark.parametrize(
    ("roles", "problem"),
    [
        ((), "has no message of a user"),
        (("system",), "has no message of a user"),
        (("assistant",), "has a message of the assistant as number 1"),
        (("user", "user"), "has a message of the user as number 2"),
        (("system", "assistant"), "has a message of the assistant as number 2"),
        (("user", "system", "user"), "has a message of the system as number 2"),
        (("system", "system", "user"), "has a message of the system as number 2"),
        (("user", "assistant"), "ends with a message of the assistant"),
    ],
)
def test_a_conversation_that_no_chat_template_takes_is_refused(
    roles: tuple[str, ...], problem: str
) -> None:
    refused = refusal(lambda: item(turns(*roles)))
    assert refused["field"] == "prompt"
    assert refused["problem"] == problem
    assert "user and assistant in turn" in refused["expected"]


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_there_are_exactly_two_responses(count: int) -> None:
    refused = refusal(lambda: item(responses=[RESPONSES[0]] * count))
    assert refused["field"] == "responses"
    assert refused["problem"] == f"has {count}"
    assert "exactly two responses" in refused["expected"]
    assert ("ranking task type" in refused["expected"]) == (count > 2)


@pytest.mark.parametrize(
    "broken",
    [
        {"prompt": ""},
        {"prompt": " \n"},
        {"prompt": None},
        {"prompt": 7},
        {"prompt": [{"role": "user", "content": ""}]},
        {"prompt": [{"role": "tool", "content": "x"}]},
        {"prompt": [{"role": "user", "content": "x", "name": "y"}]},
        {"responses": "two"},
        {"responses": [{"text": "a"}, {"text": None}]},
        {"responses": [{"text": "a"}, {"model": "m"}]},
        {"responses": [{"text": "a"}, {"text": "b", "score": 1}]},
        {"responses": ["a", "b"]},
        {"extra": 1},
    ],
)
def test_a_broken_item_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TEMPLATE.item_model.model_validate({"prompt": "Capital?", "responses": RESPONSES, **broken})


def test_a_response_may_come_without_its_model_and_keeps_its_spaces() -> None:
    kept = item(responses=[{"text": " blue."}, {"text": " green.", "model": None}])
    assert [response.text for response in kept.responses] == [" blue.", " green."]


@pytest.mark.parametrize("blank", ["", "\n"])
def test_a_model_that_answered_nothing_is_compared_all_the_same(blank: str) -> None:
    compared = item(responses=[{"text": blank}, {"text": "Green."}])
    shown = TEMPLATE.show(compared, (1, 0), TEMPLATE.options_model())
    assert "Empty" in shown["response_b"]
    assert "Empty" not in shown["response_a"]
    found = TEMPLATE.records(compared, Settlement(value="second", margin=2.0), ())
    (pair,) = (record for record in found if isinstance(record, Preference))
    assert (pair.chosen, pair.rejected) == ("Green.", blank)


# Judgments


@pytest.mark.parametrize("strength", [-3, 0, 3, "neither"])
def test_a_strength_on_the_scale_is_taken(strength: Any) -> None:
    assert judgment(strength).strength == strength


@pytest.mark.parametrize("strength", [4, -4, "1", "Neither", 1.0, 0.5, True, None, [1], "tie"])
def test_a_strength_off_the_scale_is_refused_in_words(strength: Any) -> None:
    refused = refusal(lambda: judgment(strength))
    assert refused["field"] == "strength"
    assert refused["problem"].startswith("is ")
    assert (
        refused["expected"]
        == 'a whole number from -3 (the first is much better) to 3, or "neither"'
    )


def test_a_blank_rationale_is_none() -> None:
    assert judgment(1, " \n").rationale == ""


@given(
    st.one_of(st.integers(-3, 3), st.just("neither")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.sampled_from([(0, 1), (1, 0)]),
)
def test_decoding_inverts_encoding(strength: Any, rationale: str, order: tuple[int, int]) -> None:
    given_one = judgment(strength, rationale)
    encoded = TEMPLATE.encode(given_one, ITEM, order, DEFAULTS)
    assert TEMPLATE.decode(encoded, ITEM, order, DEFAULTS) == given_one


def test_the_editor_speaks_of_the_order_shown() -> None:
    a_is_much_better = [
        {"from_name": "strength", "type": "choices", "value": {"choices": ["-3"]}},
    ]
    assert TEMPLATE.decode(a_is_much_better, ITEM, [0, 1], DEFAULTS).strength == -3
    assert TEMPLATE.decode(a_is_much_better, ITEM, [1, 0], DEFAULTS).strength == 3
    shown = TEMPLATE.show(ITEM, [1, 0], DEFAULTS)
    assert "Sydney." in shown["response_a"]
    assert "Canberra." in shown["response_b"]


@pytest.mark.parametrize("order", [[0], [0, 0], [1, 2], [0, 1, 2]])
def test_an_order_of_something_else_is_refused(order: list[int]) -> None:
    result = [{"from_name": "strength", "type": "choices", "value": {"choices": ["1"]}}]
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.decode(result, ITEM, order, DEFAULTS)
    assert [row.field for row in refused.value.rows] == ["presentation"]


@pytest.mark.parametrize(
    ("options", "rationale", "problem"),
    [
        ({}, "", None),
        ({"require_rationale": True}, "", "is empty"),
        ({"require_rationale": True}, "x", None),
        ({"min_rationale_chars": 5}, "", None),
        ({"min_rationale_chars": 5}, "four", "has 4 characters"),
        ({"min_rationale_chars": 5}, "fiver", None),
        ({"require_rationale": True, "min_rationale_chars": 5}, "", "is empty"),
    ],
)
def test_the_campaign_says_what_rationale_it_wants(
    options: dict[str, Any], rationale: str, problem: str | None
) -> None:
    asked = TEMPLATE.options_model(**options)
    if problem is None:
        TEMPLATE.check(judgment(1, rationale), ITEM, asked)
        return
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.check(judgment(1, rationale), ITEM, asked)
    assert [(row.field, row.problem) for row in refused.value.rows] == [("rationale", problem)]


def test_the_editor_is_told_that_a_rationale_is_required() -> None:
    for is_required in (False, True):
        options = TEMPLATE.options_model(require_rationale=is_required)
        config = parse_label_config(TEMPLATE.label_config(options))
        assert config.get_control("rationale").is_required == is_required


@pytest.mark.parametrize(
    ("strength", "order", "won"),
    [
        (-1, (0, 1), True),
        (-1, (1, 0), False),
        (2, (0, 1), False),
        (2, (1, 0), True),
        (0, (0, 1), None),
        ("neither", (1, 0), None),
    ],
)
def test_who_was_shown_first_and_won(strength: Any, order: tuple[int, int], won: bool) -> None:
    assert TEMPLATE.first_shown_won is not None
    assert TEMPLATE.first_shown_won(judgment(strength), order) is won


def test_neither_is_a_direction_without_a_strength() -> None:
    direction, strength = TEMPLATE.measures
    assert direction.categories == ("first", "second", "tie", "neither")
    assert strength.categories == (-3, -2, -1, 0, 1, 2, 3)
    for given_one, name, number in [(-2, "first", -2), (1, "second", 1), (0, "tie", 0)]:
        assert direction.values(judgment(given_one)) == {"": name}
        assert strength.values(judgment(given_one)) == {"": number}
    assert direction.values(judgment("neither")) == {"": "neither"}
    assert strength.values(judgment("neither")) == {}
    assert strength.leaves_out is not None
    assert strength.leaves_out(judgment("neither")) == "neither"


# Consensus


@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_a_vote_settles_the_direction_with_the_mean_strength_as_margin(method: str) -> None:
    settled = settle(method, -3, -2, 1, direction="first", share=2 / 3)
    assert settled == Settlement(value="first", confidence=2 / 3, margin=4 / 3)


@pytest.mark.parametrize("method", ["majority", "dawid_skene"])
def test_equal_votes_are_no_consensus(method: str) -> None:
    settled = settle(method, -1, 1, direction=None, share=0.5)
    assert (settled.value, settled.reason, settled.confidence) == (None, "tied", 0.5)


def test_a_vote_against_the_mean_strength_is_a_conflict() -> None:
    settled = settle("majority", -1, -1, 3, direction="first", share=2 / 3)
    assert (settled.value, settled.reason) == (None, "conflict")
    assert settle("majority", 1, 1, -3, direction="second").reason == "conflict"
    assert settle("majority", -1, -1, 2, direction="first").value == "first"


def test_neither_counts_in_the_vote_and_not_in_the_margin() -> None:
    assert settle("majority", "neither", "neither", -2, direction="neither").margin == 2
    assert settle("majority", "neither", direction="neither").margin is None
    assert settle("majority", 0, 0, 1, direction="tie").margin == 1 / 3


@pytest.mark.parametrize(
    ("strengths", "value", "confidence", "margin"),
    [
        ((-3, 1, 1), "first", 1 / 3, 1 / 3),
        ((2, 1, "neither"), "second", 2 / 3, 1.5),
        ((2, -2), "tie", 0, 0),
        ((0, 0), "tie", 1, 0),
        (("neither", "neither", 1), "neither", 2 / 3, 1),
        (("neither",), "neither", 1, None),
    ],
)
def test_the_mean_takes_the_sign_of_the_strengths(
    strengths: tuple[Any, ...], value: str, confidence: float, margin: float | None
) -> None:
    settled = settle("mean", *strengths)
    assert settled == Settlement(value=value, confidence=confidence, margin=margin)


def test_as_many_neither_as_strengths_are_tied() -> None:
    settled = settle("mean", "neither", -3)
    assert (settled.value, settled.reason) == (None, "tied")


# Records


def pairs(settled: Settlement) -> list[Preference]:
    found = TEMPLATE.records(ITEM, settled, ())
    return [record for record in found if isinstance(record, Preference)]


def test_a_settled_direction_is_a_preference() -> None:
    settled = Settlement(value="second", confidence=1, margin=2)
    assert pairs(settled) == [
        Preference(
            prompt=[{"role": "user", "content": "Capital?"}],
            chosen="Sydney.",
            rejected="Canberra.",
            margin=2,
            chosen_model="birch",
            rejected_model="alder",
            soft_label=1,
        )
    ]
    (first,) = pairs(Settlement(value="first"))
    assert (first.chosen, first.rejected) == ("Canberra.", "Sydney.")


def test_a_text_preferred_to_itself_is_no_pair() -> None:
    twice = {"prompt": "Capital?", "responses": [{"text": "Canberra."}] * 2}
    assert refusal(lambda: TEMPLATE.item_model.model_validate(twice))["field"] == "responses"
    assert TEMPLATE.configure is not None
    lenient = TEMPLATE.configure(TEMPLATE.options_model(allow_identical=True))
    same = lenient.item_model.model_validate(twice)
    found = TEMPLATE.records(same, Settlement(value="first", margin=1), ())
    assert not [record for record in found if isinstance(record, Preference)]
    assert TEMPLATE.unrecorded is not None
    assert TEMPLATE.unrecorded(same, "first") == "identical_responses"
    assert TEMPLATE.unrecorded(same, "tie") == "tie"


def test_a_comparison_keeps_what_every_annotator_said_ties_included() -> None:
    given = [
        Given(annotator=name, value=judgment(strength), created_at=NOON, seconds=5.0)
        for name, strength in (("a", 2), ("b", -2), ("c", "neither"))
    ]
    found = TEMPLATE.records(ITEM, Settlement(value="tie"), given)
    (comparison,) = (record for record in found if isinstance(record, Comparison))
    assert (comparison.outcome, comparison.strength) == ("tie", 0)
    assert [(one.annotator, one.strength) for one in comparison.judgments] == [
        ("a", 2),
        ("b", -2),
        ("c", None),
    ]


@pytest.mark.parametrize("value", ["tie", "neither", None])
def test_what_prefers_nothing_is_no_pair(value: str | None) -> None:
    assert pairs(Settlement(value=value)) == []


# Flags and wrong claims


FLAGS = TEMPLATE.options_model(flags="unsafe, incorrect")
CLAIMS = TEMPLATE.options_model(ask_for_wrong_claims=True)
MARKED = item(responses=[{"text": "It is so. It is so."}, {"text": "No,\n  never."}])


def marked(**marks: Any) -> Any:
    return TEMPLATE.judgment_model.model_validate({"strength": -1, **marks})


def claim(start: int, end: int, text: str) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text}


def result(**answers: Any) -> list[dict[str, Any]]:
    """A result list with texts, or with the choices of a list."""
    return [
        {
            "from_name": name,
            "to_name": "x",
            "type": "textarea" if isinstance(given, str) else "choices",
            "value": {"text": [given]} if isinstance(given, str) else {"choices": given},
        }
        for name, given in {"strength": ["-1"], **answers}.items()
    ]


def faults(call: Any) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as refused:
        call()
    return [(row.field, row.problem) for row in refused.value.rows]


def test_nothing_is_asked_of_a_response_unless_the_campaign_does() -> None:
    asked = {
        name: set(parse_label_config(TEMPLATE.label_config(options)).controls)
        for name, options in (("plain", DEFAULTS), ("flags", FLAGS), ("claims", CLAIMS))
    }
    assert asked["plain"] == {"strength", "rationale"}
    assert asked["flags"] - asked["plain"] == {"flags_a", "flags_b"}
    assert asked["claims"] - asked["plain"] == {"wrong_a", "wrong_b"}
    listed = parse_label_config(TEMPLATE.label_config(FLAGS)).get_control("flags_b").choices
    assert [(one.stored, one.value) for one in listed] == [
        ("unsafe", "Unsafe"),
        ("incorrect", "Incorrect"),
    ]


def test_marks_belong_to_the_response_that_was_shown_there() -> None:
    raw = result(flags_a=["unsafe", "incorrect"])
    straight = TEMPLATE.decode(raw, MARKED, (0, 1), FLAGS)
    swapped = TEMPLATE.decode(raw, MARKED, (1, 0), FLAGS)
    assert straight.flags == (("incorrect", "unsafe"), ())
    assert swapped.flags == ((), ("incorrect", "unsafe"))
    quoted = TEMPLATE.decode(result(wrong_a="No, never."), MARKED, (1, 0), CLAIMS)
    expected = marked(wrong_claims=[[], [claim(0, 12, "No,\n  never.")]])
    assert quoted.wrong_claims == expected.wrong_claims


def test_a_claim_is_the_responses_own_words() -> None:
    raw = result(wrong_a="It is not so.\n[2] It is so.\n[3] It is so.", wrong_b="It is so.")
    assert faults(lambda: TEMPLATE.decode(raw, MARKED, (0, 1), CLAIMS)) == [
        ("wrong_a", 'quotes "It is not so.", which is not in that response'),
        ("wrong_a", 'quotes "[3] It is so.", which is not in that response'),
        ("wrong_b", 'quotes "It is so.", which is not in that response'),
    ]
    decoded = TEMPLATE.decode(result(wrong_a="[2] It is so.\nso"), MARKED, (0, 1), CLAIMS)
    assert [(one.start, one.end) for one in decoded.wrong_claims[0]] == [(6, 8), (10, 19)]


@pytest.mark.parametrize(
    ("marks", "options", "field"),
    [
        ({"flags": [["unsafe"], []]}, DEFAULTS, "flags.0"),
        ({"flags": [[], ["rude"]]}, FLAGS, "flags.1"),
        ({"wrong_claims": [[claim(0, 2, "It")], []]}, FLAGS, "wrong_claims"),
        ({"wrong_claims": [[claim(0, 2, "in")], []]}, CLAIMS, "wrong_claims.0.0"),
        ({"wrong_claims": [[], [claim(0, 5, "No,")]]}, CLAIMS, "wrong_claims.1.0"),
        ({"wrong_claims": [[], [claim(2, 5, ",\n ")]]}, CLAIMS, "wrong_claims.1.0"),
        ({"wrong_claims": [[claim(0, 0, "")], []]}, CLAIMS, "wrong_claims.0.0"),
        ({"wrong_claims": [[claim(90, 92, "It")], []]}, CLAIMS, "wrong_claims.0.0"),
    ],
)
def test_marks_that_do_not_fit_are_refused(marks: dict[str, Any], options: Any, field: str) -> None:
    assert [
        name for name, _ in faults(lambda: TEMPLATE.check(marked(**marks), MARKED, options))
    ] == [field]


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 18), st.integers(1, 8)), max_size=6),
    st.sampled_from([(0, 1), (1, 0)]),
)
def test_any_claim_is_written_so_that_it_is_found_again(
    places: list[tuple[int, int, int]], order: tuple[int, int]
) -> None:
    claims: list[list[dict[str, Any]]] = [[], []]
    for index, start, length in places:
        words = MARKED.responses[index].text[start : start + length]
        if words and words == words.strip():
            claims[index].append(claim(start, start + len(words), words))
    one = marked(wrong_claims=claims)
    TEMPLATE.check(one, MARKED, CLAIMS)
    assert (
        TEMPLATE.decode(TEMPLATE.encode(one, MARKED, order, CLAIMS), MARKED, order, CLAIMS) == one
    )


def test_each_flag_is_measured_response_by_response() -> None:
    both = TEMPLATE.options_model(flags="unsafe, incorrect", ask_for_wrong_claims=True)
    measures = {one.field: one for one in TEMPLATE.configure(both).measures}
    assert list(measures) == [
        *("direction", "strength", "flag_unsafe", "flag_incorrect", "wrong_claims")
    ]
    one = marked(flags=[[], ["unsafe"]], wrong_claims=[[claim(0, 2, "It")], []])
    assert measures["flag_unsafe"].values(one) == {"0": "not_given", "1": "given"}
    assert measures["flag_incorrect"].values(one) == {"0": "not_given", "1": "not_given"}
    assert measures["wrong_claims"].values(one) == {"0": "given", "1": "not_given"}
    assert len(TEMPLATE.configure(DEFAULTS).measures) == len(TEMPLATE.measures) == 2


def test_a_judgment_from_before_there_were_marks_can_be_read() -> None:
    stored = TEMPLATE.judgment_model.model_validate_json('{"strength": 1, "rationale": "Right."}')
    assert (stored.flags, stored.wrong_claims) == (((), ()), ((), ()))


def test_a_lead_reads_the_marks_with_the_rationale() -> None:
    one = marked(
        rationale="Why.", flags=[["off_topic"], []], wrong_claims=[[], [claim(0, 3, "No,")]]
    )
    assert TEMPLATE.read(one).note == "Why.\n\nFirst: off topic\n\nSecond, wrong: “No,”"
