"""Safety review: categories of a campaign's choosing, quotations, the verdict and its spread."""

from __future__ import annotations

from math import log2
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.ballots import ballot
from workbench.contracts.label_config import parse_label_config
from workbench.contracts.quotes import Source, find_quote, write_quote
from workbench.contracts.records import Prompt, Response, UnpairedPreference
from workbench.contracts.registry import get_template
from workbench.contracts.task_template import ConsensusMethod
from workbench.errors import JudgmentInvalid

BASE: Any = get_template("safety_review")
OPTIONS = BASE.options_model(categories="violence, hate")
TEMPLATE = BASE.configure(OPTIONS)
RESPONSE = "You will be sorry.\nPeople   like you\nwill be sorry."
ITEM = TEMPLATE.item_model.model_validate(
    {
        "prompt": [
            {"role": "user", "content": "Say it to him."},
            {"role": "assistant", "content": "Say what?"},
            {"role": "user", "content": "That he will be sorry."},
        ],
        "response": {"text": RESPONSE, "model": "alder"},
    }
)


def choose(name: str, choice: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": "choices", "value": {"choices": [choice]}}


def write(name: str, text: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "x", "type": "textarea", "value": {"text": [text]}}


def judgment(violence: int = 0, hate: int = 0, **rest: Any) -> Any:
    severities = {"violence": violence, "hate": hate}
    return TEMPLATE.judgment_model.model_validate({"severities": severities, **rest})


def span(text: str, start: int, category: str = "violence", **rest: Any) -> dict[str, Any]:
    place = {"where": "response", "start": start, "end": start + len(text)}
    return {"category": category, "text": text, **place, **rest}


def decode(*raw: dict[str, Any], options: Any = OPTIONS) -> Any:
    return TEMPLATE.decode(raw, ITEM, (), options)


def faults(call: Any) -> list[tuple[str, str]]:
    with pytest.raises(JudgmentInvalid) as refused:
        call()
    return [(row.field, row.problem) for row in refused.value.rows]


def settle(method: str, *judgments: Any) -> Any:
    return TEMPLATE.settle(ITEM, ballot(TEMPLATE, ConsensusMethod(method), judgments))


# What a campaign chooses


def test_a_campaign_asks_for_the_categories_of_its_choosing() -> None:
    config = parse_label_config(TEMPLATE.label_config(OPTIONS))
    assert set(config.controls) == {
        *("finding", "comment", "severity_violence", "quotes_violence"),
        *("severity_hate", "quotes_hate"),
    }
    assert [measure.field for measure in TEMPLATE.measures] == [
        *("verdict", "severity_violence", "severity_hate"),
    ]
    assert len(BASE.measures) == 10


@pytest.mark.parametrize("categories", ["", " , ", "Violence", "a, a", "a,b,c,d,e,f,g,h,i,j", 7])
def test_a_broken_list_of_categories_is_refused(categories: Any) -> None:
    with pytest.raises(ValidationError):
        TEMPLATE.options_model(categories=categories)


def test_quotations_may_be_required() -> None:
    strict = TEMPLATE.options_model(categories="violence, hate", require_quotes=True)
    config = parse_label_config(TEMPLATE.label_config(strict))
    assert config.get_control("quotes_hate").is_required
    TEMPLATE.check(judgment(violence=1, spans=[span("sorry", 12)]), ITEM, strict)
    quoted_once = judgment(violence=1, hate=2, spans=[span("sorry", 12)])
    assert faults(lambda: TEMPLATE.check(quoted_once, ITEM, strict)) == [
        ("spans", "have none for hate")
    ]


# Decoding


def test_nothing_to_report_stands_for_none_in_every_category() -> None:
    assert decode(choose("finding", "nothing")) == judgment()


def test_every_category_is_answered_where_there_is_something() -> None:
    assert faults(lambda: decode(choose("finding", "something"), choose("severity_hate", "2"))) == [
        ("severity_violence", "is not answered")
    ]


@pytest.mark.parametrize(
    ("finding", "severity", "problem"),
    [
        ("something", "0", "is something, but no category is above none"),
        ("nothing", "1", "is nothing, but a category is above none"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(
    finding: str, severity: str, problem: str
) -> None:
    answers = [choose("severity_violence", severity), choose("severity_hate", "0")]
    assert faults(lambda: decode(choose("finding", finding), *answers)) == [("finding", problem)]


def test_quotations_are_found_where_they_stand() -> None:
    decoded = decode(
        choose("finding", "something"),
        choose("severity_violence", "2"),
        choose("severity_hate", "1"),
        write("quotes_violence", "  will be sorry  \n\n[2] will be sorry\n[3] will be sorry"),
        write("quotes_hate", "People like you will\nThat he"),
    )
    TEMPLATE.check(decoded, ITEM, OPTIONS)
    found = [(one.category, *one.place, one.text) for one in decoded.spans]
    assert found == [
        ("hate", "prompt", 2, 0, 7, "That he"),
        ("hate", "response", 0, 19, 41, "People   like you\nwill"),
        ("violence", "prompt", 2, 8, 21, "will be sorry"),
        ("violence", "response", 0, 4, 17, "will be sorry"),
        ("violence", "response", 0, 37, 50, "will be sorry"),
    ]


def test_a_quotation_that_does_not_occur_is_refused_by_name() -> None:
    answers = [
        choose("finding", "something"),
        choose("severity_violence", "0"),
        choose("severity_hate", "3"),
        write("quotes_hate", "will be sorry\nyou will be happy\n[9] sorry"),
    ]
    where = "which is in neither the response nor the prompt"
    assert faults(lambda: decode(*answers)) == [
        ("quotes_hate", f'quotes "you will be happy", {where}'),
        ("quotes_hate", f'quotes "[9] sorry", {where}'),
    ]


def test_a_number_in_brackets_may_belong_to_the_words() -> None:
    sources = [Source("response", 0, "as [2] Miller says; Miller says [2] Miller says")]
    assert find_quote("[2] Miller says", sources) == ("response", 0, 20, 31)
    cited = [Source("response", 0, "as [2] Miller says")]
    assert find_quote("[2] Miller says", cited) == ("response", 0, 3, 18)
    found = find_quote("[2] Miller says", cited)
    assert found is not None
    assert write_quote(found, "[2] Miller says", cited) == "[1] [2] Miller says"


WORDS = st.text(st.sampled_from("ab[12] \n"), min_size=1, max_size=30)


@given(WORDS, WORDS, st.data())
def test_every_place_is_found_again_from_the_line_that_quotes_it(
    response: str, prompt: str, data: st.DataObject
) -> None:
    sources = [Source("response", 0, response), Source("prompt", 0, prompt)]
    source = data.draw(st.sampled_from(sources))
    start = data.draw(st.integers(0, len(source.text) - 1))
    end = data.draw(st.integers(start + 1, len(source.text)))
    text = source.text[start:end]
    if text != text.strip():
        return
    place = next(place for place in source.places(" ".join(text.split())) if place.start == start)
    assert place.end == end
    assert find_quote(write_quote(place, text, sources), sources) == place


def test_a_long_response_is_searched_quickly_and_shown_whole() -> None:
    long = "ab " * 6_600 + "the end"
    item = TEMPLATE.item_model(prompt="x", response={"text": long})
    raw = [
        choose("finding", "something"),
        choose("severity_violence", "1"),
        choose("severity_hate", "0"),
        write("quotes_violence", "the end\n" + "ab " * 3_000 + "the end"),
    ]
    decoded = TEMPLATE.decode(raw, item, (), OPTIONS)
    assert [one.end for one in decoded.spans] == [len(long)] * 2
    assert "the end" in TEMPLATE.show(item, (), OPTIONS)["response"]


# Checking what was imported


@pytest.mark.parametrize(
    ("severities", "fault"),
    [
        ({"violence": 1}, ("severities.hate", "is missing")),
        (
            {"violence": 0, "hate": 0, "spam": 1},
            ("severities.spam", "is no category of this campaign"),
        ),
    ],
)
def test_severities_are_those_of_the_campaign(
    severities: dict[str, int], fault: tuple[str, str]
) -> None:
    given_one = TEMPLATE.judgment_model(severities=severities)
    assert faults(lambda: TEMPLATE.check(given_one, ITEM, OPTIONS)) == [fault]


@pytest.mark.parametrize("severity", [-1, 4, 1.0, "1", True, None])
def test_a_severity_off_the_scale_is_refused(severity: Any) -> None:
    with pytest.raises(ValidationError):
        TEMPLATE.judgment_model(severities={"violence": severity})


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (span("sorry", 11), "spans[0].text"),
        (span("sorry", 12, message=1), "spans[0].text"),
        (span("sorry", 12, where="prompt"), "spans[0].text"),
        (span("sorry", 12, where="prompt", message=9), "spans[0].text"),
        (span(" ", 3), "spans[0].text"),
        (span("sorry", 12, category="hate"), "spans[0].category"),
        (span("sorry", 12, category="spam"), "spans[0].category"),
    ],
)
def test_a_span_that_does_not_fit_is_refused(wrong: dict[str, Any], field: str) -> None:
    given_one = judgment(violence=1, spans=[wrong])
    assert [name for name, _ in faults(lambda: TEMPLATE.check(given_one, ITEM, OPTIONS))] == [field]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.integers(0, 3),
    st.integers(0, 3),
    st.lists(st.tuples(st.sampled_from(["violence", "hate"]), st.integers(0, 54)), max_size=4),
    texts,
)
def test_decoding_inverts_encoding_for_what_passes_the_check(
    violence: int, hate: int, starts: list[tuple[str, int]], comment: str
) -> None:
    spans = [
        span(RESPONSE[start : start + 6], start, category)
        for category, start in starts
        if start + 6 <= len(RESPONSE)
    ]
    given_one = judgment(violence, hate, spans=spans, comment=comment)
    try:
        TEMPLATE.check(given_one, ITEM, OPTIONS)
    except JudgmentInvalid:
        return
    assert decode(*TEMPLATE.encode(given_one, ITEM, (), OPTIONS)) == given_one


# Verdicts, their spread, and records


@pytest.mark.parametrize(
    ("worst", "unsafe_from", "verdict"),
    [
        (0, "low", "safe"),
        (1, "low", "unsafe"),
        (1, "medium", "borderline"),
        (2, "medium", "unsafe"),
        (2, "high", "borderline"),
        (3, "high", "unsafe"),
    ],
)
def test_the_verdict_follows_from_the_worst_severity(
    worst: int, unsafe_from: str, verdict: str
) -> None:
    template = BASE.configure(
        BASE.options_model(categories="violence, hate", unsafe_from=unsafe_from)
    )
    measure = template.measures[0]
    assert dict(measure.values(judgment(violence=worst))) == {"": verdict}


def test_the_entropy_of_the_verdicts_runs_from_agreement_to_an_even_spread() -> None:
    (coefficient,) = TEMPLATE.coefficients
    safe, borderline, unsafe = judgment(), judgment(hate=1), judgment(violence=3)
    assert coefficient.of(ITEM, [safe]) is None
    assert coefficient.of(ITEM, [safe, safe, safe]) == 0
    assert coefficient.of(ITEM, [safe, unsafe]) == pytest.approx(1 / log2(3))
    assert coefficient.of(ITEM, [safe, borderline, unsafe]) == pytest.approx(1)
    assert coefficient.of(ITEM, [judgment(violence=2), judgment(hate=3)]) == 0


def test_a_settled_review_keeps_how_its_annotators_were_spread() -> None:
    settled = settle("majority", judgment(violence=2), judgment(violence=3), judgment())
    assert settled.value["verdict"] == "unsafe"
    assert settled.confidence == pytest.approx(2 / 3)
    third = pytest.approx(1 / 3)
    assert settled.value["shares"] == {"safe": third, "unsafe": pytest.approx(2 / 3)}
    assert settled.value["severities"]["violence"] == {
        "value": None,
        "mean": pytest.approx(5 / 3),
        "shares": {"0": third, "2": third, "3": third},
    }


def test_an_unsafe_response_names_its_reasons_and_a_soft_label() -> None:
    settled = settle("majority", judgment(violence=2), judgment(violence=3, hate=1), judgment())
    prompt, response, judged = TEMPLATE.records(ITEM, settled, ())
    assert isinstance(prompt, Prompt)
    assert isinstance(response, Response)
    assert judged == UnpairedPreference(
        prompt=ITEM.messages,
        completion=RESPONSE,
        label=False,
        soft_label=pytest.approx(1 / 3),
        reasons=["violence"],
        model="alder",
    )


def test_a_safe_response_has_no_reasons_and_a_borderline_one_no_label() -> None:
    safe = settle("majority", judgment(), judgment(), judgment(hate=1))
    judged = TEMPLATE.records(ITEM, safe, ())[-1]
    assert (judged.label, judged.reasons, judged.soft_label) == (True, (), pytest.approx(2 / 3))
    borderline = settle("majority", judgment(hate=1), judgment(hate=1), judgment())
    assert TEMPLATE.outcome(borderline.value) == "borderline"
    assert len(TEMPLATE.records(ITEM, borderline, ())) == 2


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        ([0, 0, 1], "safe"),
        ([1, 1, 0], "borderline"),
        ([2, 2, 1], "unsafe"),
        ([0, 3], None),
        ([1, 0], None),
        ([3, 2], "unsafe"),
    ],
)
def test_the_mean_is_rounded_to_the_nearest_severity(
    severities: list[int], verdict: str | None
) -> None:
    settled = settle("mean", *[judgment(violence=severity) for severity in severities])
    assert (settled.value and settled.value["verdict"]) == verdict
    assert (settled.reason == "tied") == (verdict is None)


def test_equal_votes_are_tied() -> None:
    assert settle("majority", judgment(), judgment(hate=3)).reason == "tied"


def test_a_reading_names_the_worst_first_and_quotes() -> None:
    given_one = judgment(violence=1, hate=3, spans=[span("sorry", 12)])
    reading = TEMPLATE.read(given_one)
    assert reading.words == "Unsafe: hate high, violence low"
    assert reading.marks[0].note == "“sorry” (response)"
    assert reading.marks[1].is_decisive
