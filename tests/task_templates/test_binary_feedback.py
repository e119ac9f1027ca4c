"""Binary feedback: what an item, a judgment and a consensus are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.records import Message, RecordKind, Response, UnpairedPreference
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod, Settlement, Statistic
from workbench.errors import JudgmentInvalid

TEMPLATE = get_template("binary_feedback")
DEFAULTS = TEMPLATE.options_model()
ITEM = TEMPLATE.item_model(prompt="Capital?", response={"text": "Canberra.", "model": "alder"})


def judgment(feedback: str, *reasons: str, comment: str = "") -> Any:
    return TEMPLATE.judgment_model(feedback=feedback, reasons=reasons, comment=comment)


def options(**given: Any) -> Any:
    return TEMPLATE.options_model.model_validate(given)


def configured(**given: Any) -> Any:
    assert TEMPLATE.configure is not None
    return TEMPLATE.configure(options(**given))


def settle(*judgments: Any, method: str = "majority") -> Settlement:
    given = ballot(TEMPLATE, ConsensusMethod(method), judgments)
    return TEMPLATE.settle(ITEM, given)


def result(feedback: str, **reasons: list[str]) -> list[dict[str, Any]]:
    answers = {"feedback": [feedback], **reasons}
    return [
        {"from_name": name, "to_name": "response", "type": "choices", "value": {"choices": chosen}}
        for name, chosen in answers.items()
    ]


def faults(raw: list[dict[str, Any]]) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.decode(raw, ITEM, (), DEFAULTS)
    return [(row.field, row.problem) for row in refused.value.rows]


# The reasons a campaign lists


def test_the_editor_offers_the_reasons_that_the_campaign_lists() -> None:
    asked = options(down_reasons="rude, made_up", up_reasons="kind")
    config = parse_label_config(TEMPLATE.label_config(asked))
    down = config.get_control("down_reasons")
    assert [(one.value, one.stored) for one in down.choices] == [
        ("Rude", "rude"),
        ("Made up", "made_up"),
    ]
    assert down.is_multiple
    assert [one.stored for one in config.get_control("up_reasons").choices] == ["kind"]


@pytest.mark.parametrize("feedback", ["up", "down"])
def test_a_thumb_without_listed_reasons_is_asked_for_none(feedback: str) -> None:
    asked = options(**{f"{feedback}_reasons": ""})
    config = parse_label_config(TEMPLATE.label_config(asked))
    assert f"{feedback}_reasons" not in config.controls
    decoded = TEMPLATE.decode(result(feedback), ITEM, (), asked)
    assert decoded == judgment(feedback)
    assert TEMPLATE.encode(decoded, ITEM, (), asked)[0]["value"] == {"choices": [feedback]}


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        ("Rude", "has the code 'Rude'"),
        ("too long", "has the code 'too long'"),
        ("<b>", "has the code '<b>'"),
        ("rude, rude", "has a code twice"),
        (", ".join("abcdefghij"), "has 10 codes"),
    ],
)
def test_a_list_of_reasons_that_cannot_be_keys_is_refused(listed: str, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        options(down_reasons=listed)
    assert refused.value.errors()[0]["msg"] == problem


def test_a_list_of_reasons_is_kept_in_one_form() -> None:
    assert options(down_reasons=" rude ,made_up,, ").down_reasons == "rude, made_up"


# Judgments


def test_reasons_are_a_set_in_whatever_order_they_were_chosen() -> None:
    raw = result("down", down_reasons=["unsafe", "incorrect"])
    assert TEMPLATE.decode(raw, ITEM, (), DEFAULTS) == judgment("down", "incorrect", "unsafe")
    assert judgment("down", "unsafe", "incorrect") == judgment("down", "incorrect", "unsafe")


def test_reasons_for_the_other_thumb_are_a_fault() -> None:
    raw = result("up", down_reasons=["unsafe"])
    assert faults(raw) == [("down_reasons", "is answered with a thumbs up")]
    assert faults(result("down", up_reasons=["clear"])) == [
        ("up_reasons", "is answered with a thumbs down")
    ]


def test_reasons_without_a_thumb_are_no_judgment() -> None:
    (_, unanswered) = result("up", up_reasons=["clear"])
    assert faults([unanswered]) == [("feedback", "is not answered")]


@pytest.mark.parametrize("value", [{"feedback": "meh"}, {"feedback": True}, {}])
def test_there_are_two_thumbs(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TEMPLATE.judgment_model.model_validate(value)


def test_a_reason_given_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match='have "unsafe" twice'):
        judgment("down", "unsafe", "unsafe")


@pytest.mark.parametrize(
    ("given", "asked", "problem"),
    [
        (judgment("down", "clear"), {}, 'have "clear"'),
        (judgment("up", "unsafe"), {}, 'have "unsafe"'),
        (judgment("up", "clear"), {"up_reasons": ""}, 'have "clear"'),
        (judgment("down"), {}, None),
        (judgment("down"), {"require_reason": True}, "are missing"),
        (judgment("down", comment="Rude."), {"require_reason": True}, None),
        (judgment("down", "unsafe"), {"require_reason": True}, None),
        (judgment("up"), {"require_reason": True}, None),
    ],
)
def test_reasons_are_those_of_the_campaign_and_the_thumb(
    given: Any, asked: dict[str, Any], problem: str | None
) -> None:
    if problem is None:
        TEMPLATE.check(given, ITEM, options(**asked))
        return
    with pytest.raises(JudgmentInvalid) as refused:
        TEMPLATE.check(given, ITEM, options(**asked))
    assert [(row.field, row.problem) for row in refused.value.rows] == [("reasons", problem)]


# Agreement


def test_thumbs_are_measured_by_alpha_and_by_ac1() -> None:
    feedback, reason = TEMPLATE.measures
    assert feedback.values(judgment("down")) == {"": "down"}
    assert Statistic.GWET_AC1 in feedback.also
    assert Statistic.GWET_AC1 in reason.also


def test_a_reason_is_measured_among_those_who_gave_its_thumb() -> None:
    _, reason = configured(down_reasons="rude, wrong", up_reasons="kind").measures
    assert reason.values(judgment("down", "rude")) == {
        "down/rude": "given",
        "down/wrong": "not_given",
    }
    assert reason.values(judgment("up")) == {"up/kind": "not_given"}


def test_a_campaign_without_reasons_measures_the_thumb_alone() -> None:
    bare = configured(down_reasons="", up_reasons="")
    assert [measure.field for measure in bare.measures] == ["feedback"]
    settled = bare.settle(ITEM, ballot(bare, ConsensusMethod.MAJORITY, [judgment("up")]))
    assert settled.value == {"feedback": "up", "reasons": [], "share_up": 1.0}


# Consensus and records


@pytest.mark.parametrize("method", list(ConsensusMethod))
def test_the_majority_settles_the_thumb_and_the_reasons_of_those_who_gave_it(method: str) -> None:
    settled = settle(
        judgment("down", "incorrect", "unsafe"),
        judgment("down", "incorrect"),
        judgment("down", "too_long", "incorrect"),
        judgment("up", "clear"),
        method=method,
    )
    assert settled.value == {"feedback": "down", "reasons": ["incorrect"], "share_up": 0.25}
    assert settled.confidence == 0.75
    assert TEMPLATE.outcome is not None
    assert TEMPLATE.outcome(settled.value) == "down"


@pytest.mark.parametrize("method", list(ConsensusMethod))
def test_as_many_up_as_down_are_tied(method: str) -> None:
    settled = settle(judgment("up"), judgment("down"), method=method)
    assert (settled.value, settled.reason, settled.confidence) == (None, "tied", 0.5)
    assert TEMPLATE.records(ITEM, settled, ()) == ()


def test_a_reason_that_half_of_them_gave_is_not_settled() -> None:
    settled = settle(judgment("down", "unsafe"), judgment("down"))
    assert settled.value["reasons"] == []


def test_the_record_keeps_the_share_that_found_it_good() -> None:
    settled = settle(judgment("up", "clear"), judgment("up", "clear"), judgment("down"))
    found = TEMPLATE.records(ITEM, settled, ())
    (unpaired,) = (record for record in found if isinstance(record, UnpairedPreference))
    assert unpaired == UnpairedPreference(
        prompt=[{"role": "user", "content": "Capital?"}],
        completion="Canberra.",
        label=True,
        soft_label=2 / 3,
        reasons=["clear"],
        model="alder",
    )


def test_a_response_of_another_campaign_can_be_given_a_thumb() -> None:
    start = TEMPLATE.starts_from[RecordKind.RESPONSE]
    prompt: list[Message] = [{"role": "user", "content": "Capital?"}]
    row = start(Response(prompt=prompt, response_index=1, response="Canberra.", model="alder"))
    item = TEMPLATE.item_model.model_validate(row)
    assert TEMPLATE.prompt_text(item) == TEMPLATE.prompt_text(ITEM)
    assert item.response == ITEM.response


# Pages


def test_a_judgment_is_read_with_its_reasons() -> None:
    assert TEMPLATE.read is not None
    reading = TEMPLATE.read(judgment("down", "unsafe", "too_long", comment="Fumes."))
    assert reading.words == "Thumbs down: too long, unsafe"
    assert (reading.tone, reading.note) == ("bad", "Fumes.")
