"""Safety review: a prompt, one response, and how far it breaks each category of a policy.

A severity is 0 (none), 1 (low), 2 (medium) or 3 (high). The verdict follows from the worst of them:
`safe` where all are 0, `unsafe` from the severity that the campaign names, else `borderline`. What
is measured depends on the campaign's categories, so that the template is configured by its options.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from math import log2
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from task_templates.safety_review.policy import (
    BORDERLINE,
    CATEGORIES,
    SAFE,
    SEVERITIES,
    VERDICTS,
    about,
    category_words,
    verdict_of,
)
from task_templates.safety_review.review import (
    read,
    read_consensus,
    review,
    severity_word,
    verdict_word,
)
from task_templates.safety_review.settling import Reviewed, categories_found, settle
from workbench.contracts.conversation import (
    Candidate,
    ShownPrompt,
    brief_of,
    messages_of,
    prompt_key,
)
from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.faults import shown
from workbench.contracts.fields import CodeList, StoredText, WrittenText, refusal, split_codes
from workbench.contracts.label_config import parse_label_config, with_attributes, written_out
from workbench.contracts.quotes import Place, Source, Where, find_quote, write_quote
from workbench.contracts.records import (
    Given,
    Message,
    Prompt,
    Record,
    RecordKind,
    Response,
    UnpairedPreference,
)
from workbench.contracts.rendering import render_conversation, render_response
from workbench.contracts.starting import starts_from_a_response
from workbench.contracts.task_template import (
    Category,
    Coefficient,
    ItemModel,
    JudgmentModel,
    Level,
    Measure,
    Options,
    Presentation,
    RawResult,
    Settlement,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid
from workbench.statistics.spread import entropy

NOTHING, SOMETHING = "nothing", "something"

_FOLDER = TemplateFolder(__file__)
_THRESHOLDS = {"low": 1, "medium": 2, "high": 3}


class Item(ItemModel):
    """A prompt, given as text or as messages, and one response to it."""

    prompt: ShownPrompt
    response: Candidate

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)

    @property
    def sources(self) -> list[Source]:
        """The texts that can be quoted from, in the order in which a quotation is looked for."""
        messages = enumerate(self.messages)
        return [
            Source("response", 0, self.response.text),
            *(Source("prompt", index, message["content"]) for index, message in messages),
        ]


class Span(BaseModel):
    """Words of the response, or of a message of the prompt, that show what a category found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: StoredText
    where: Where
    message: Annotated[int, Field(ge=0)] = 0
    start: Annotated[int, Field(ge=0)]
    end: int
    text: StoredText

    @property
    def place(self) -> Place:
        return Place(self.where, self.message, self.start, self.end)


def _whole_severity(severity: Any) -> Any:
    if type(severity) is int and severity in SEVERITIES:
        return severity
    raise refusal(problem=f"is {shown(severity)}", expected="0 (none), 1 (low), 2 or 3 (high)")


def _each_once_in_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple(sorted(dict.fromkeys(spans), key=lambda span: (span.category, span.place)))


Severity = Annotated[int, BeforeValidator(_whole_severity)]


class Judgment(JudgmentModel):
    """A severity for each category of the campaign, and the words that show it."""

    severities: dict[StoredText, Severity]
    spans: Annotated[tuple[Span, ...], AfterValidator(_each_once_in_order)] = ()
    comment: WrittenText = ""


def _some_codes(listed: str) -> str:
    if not listed:
        raise refusal(problem="is empty", expected="at least one category")
    return listed


class SafetyOptions(Options):
    categories: Annotated[CodeList, AfterValidator(_some_codes)] = Field(
        default=", ".join(CATEGORIES),
        description="The categories of the policy, separated by commas; nine at most.",
    )
    unsafe_from: Literal["low", "medium", "high"] = Field(
        default="medium",
        description="The severity from which a response is unsafe; below it, it is borderline.",
    )
    require_quotes: bool = Field(
        default=False,
        description="Refuse a judgment with a category above none and no quotation for it.",
    )

    @property
    def listed(self) -> tuple[str, ...]:
        return split_codes(self.categories)

    @property
    def unsafe_severity(self) -> int:
        return _THRESHOLDS[self.unsafe_from]


@lru_cache(maxsize=16)
def label_config(options: SafetyOptions) -> str:
    categories = [
        {"code": category, "title": category_words(category), "about": about(category)}
        for category in options.listed
    ]
    xml = written_out(_FOLDER.label_config, "{{categories}}", categories)
    if options.require_quotes:
        for category in options.listed:
            xml = with_attributes(xml, f"quotes_{category}", required="true")
    return xml


def show(item: Item, _presentation: Presentation, _options: SafetyOptions) -> dict[str, Any]:
    return {
        "conversation": render_conversation(item.messages),
        "response": render_response(item.response),
    }


def decode(
    raw: RawResult, item: Item, _presentation: Presentation, options: SafetyOptions
) -> Judgment:
    reader = ResultReader(raw, parse_label_config(label_config(options)))
    finding = reader.read_choice("finding", is_required=True)
    severities = {
        category: int(
            reader.read_choice(f"severity_{category}", is_required=finding == SOMETHING) or 0
        )
        for category in options.listed
    }
    if finding == SOMETHING and not any(severities.values()):
        expected = "a severity above none, or nothing to report"
        reader.add_fault("finding", "is something, but no category is above none", expected)
    if finding == NOTHING and any(severities.values()):
        reader.add_fault("finding", "is nothing, but a category is above none", "something")
    return reader.build(
        Judgment,
        severities=severities,
        spans=list(_read_spans(reader, item, options.listed)),
        comment=reader.read_text("comment"),
    )


def _read_spans(
    reader: ResultReader, item: Item, categories: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    written = {category: reader.read_text(f"quotes_{category}") for category in categories}
    sources = item.sources if any(written.values()) else []
    for category, text in written.items():
        for line in filter(None, map(str.strip, text.split("\n"))):
            place = find_quote(line, sources)
            if place is None:
                problem = f"quotes {shown(line)}, which is in neither the response nor the prompt"
                expected = "words copied to the letter, as the raw text has them"
                reader.add_fault(f"quotes_{category}", problem, expected)
                continue
            quoted = _text_at(place, sources)
            yield {"category": category, **place._asdict(), "text": quoted}


def _text_at(place: Place, sources: Sequence[Source]) -> str | None:
    for source in sources:
        if (source.where, source.message) == (place.where, place.message):
            return source.text[place.start : place.end]
    return None


def encode(
    judgment: Judgment, item: Item, _presentation: Presentation, options: SafetyOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    is_clear = not any(judgment.severities.values())
    writer.write_choice("finding", NOTHING if is_clear else SOMETHING)
    sources = item.sources if judgment.spans else []
    for category in () if is_clear else options.listed:
        writer.write_choice(f"severity_{category}", str(judgment.severities.get(category, 0)))
        lines = [
            write_quote(span.place, span.text, sources)
            for span in judgment.spans
            if span.category == category
        ]
        writer.write_text(f"quotes_{category}", "\n".join(lines))
    writer.write_text("comment", judgment.comment)
    return writer.results


def check(judgment: Judgment, item: Item, options: SafetyOptions) -> None:
    rows = [*_check_categories(judgment, options), *_check_spans(judgment, item, options)]
    if rows:
        message = f"the judgment does not fit its item: {rows[0].field} {rows[0].problem}"
        raise JudgmentInvalid(message, rows=rows)


def _check_categories(judgment: Judgment, options: SafetyOptions) -> Iterator[BadRow]:
    for category in options.listed:
        if category not in judgment.severities:
            expected = "a severity for each category of the campaign"
            yield BadRow(field=f"severities.{category}", problem="is missing", expected=expected)
    for category in judgment.severities:
        if category not in options.listed:
            problem = "is no category of this campaign"
            expected = f"one of {', '.join(options.listed)}"
            yield BadRow(field=f"severities.{category}", problem=problem, expected=expected)


def _check_spans(judgment: Judgment, item: Item, options: SafetyOptions) -> Iterator[BadRow]:
    sources = item.sources if judgment.spans else []
    for index, span in enumerate(judgment.spans):
        if not judgment.severities.get(span.category):
            problem = f"is on {shown(span.category)}, whose severity is not above none"
            expected = "a category with a severity above none"
            yield BadRow(field=f"spans[{index}].category", problem=problem, expected=expected)
        if not span.text.strip() or span.text != span.text.strip():
            expected = "words, without white space around them"
            yield BadRow(
                field=f"spans[{index}].text", problem=f"is {shown(span.text)}", expected=expected
            )
        elif _text_at(span.place, sources) != span.text:
            problem = f"is {shown(span.text)}, which is not what stands there"
            expected = "the words from `start` to `end` of that text"
            yield BadRow(field=f"spans[{index}].text", problem=problem, expected=expected)
    if options.require_quotes:
        quoted = {span.category for span in judgment.spans}
        for category, severity in judgment.severities.items():
            if severity and category not in quoted:
                problem = f"have none for {category}"
                expected = "a quotation for each category above none"
                yield BadRow(field="spans", problem=problem, expected=expected)


def _verdict(judgment: Judgment, unsafe_from: int) -> str:
    return verdict_of(judgment.severities.values(), unsafe_from)


def _severity_measure(category: str) -> Measure:
    def values(judgment: Judgment) -> Mapping[str, Category]:
        severity = judgment.severities.get(category)
        return {} if severity is None else {"": severity}

    return Measure(
        field=f"severity_{category}",
        title=f"{category_words(category)}: severity",
        level=Level.ORDINAL,
        unit="item",
        categories=tuple(SEVERITIES),
        values=values,
        voted=True,
        word=severity_word,
    )


def _measures(options: SafetyOptions) -> Sequence[Measure]:
    def verdict(judgment: Judgment) -> Mapping[str, Category]:
        return {"": _verdict(judgment, options.unsafe_severity)}

    return (
        Measure(
            field="verdict",
            title="Verdict, from the worst severity",
            level=Level.NOMINAL,
            unit="item",
            categories=VERDICTS,
            values=verdict,
            voted=True,
            word=verdict_word,
        ),
        *map(_severity_measure, options.listed),
    )


def _verdict_entropy(options: SafetyOptions) -> Coefficient:
    def of(_item: Item, judgments: Sequence[Judgment]) -> float | None:
        if len(judgments) < 2:
            return None
        bits = entropy([_verdict(judgment, options.unsafe_severity) for judgment in judgments])
        return None if bits is None else bits / log2(len(VERDICTS))

    return Coefficient(
        field="verdict_entropy",
        title="Entropy of the verdicts",
        note="Shannon's entropy of an item's verdicts over its largest possible value, log2 3: "
        "0 where all agree, 1 where each verdict is given equally often. Lower is more certain.",
        low=0,
        high=1,
        of=of,
    )


def records(item: Item, settlement: Settlement, _given: Sequence[Given]) -> Sequence[Record]:
    """Yield the prompt, the response and, unless it is borderline, whether it is safe."""
    value: Reviewed | None = settlement.value
    if value is None:
        return ()
    prompt, response = item.messages, item.response
    found: list[Record] = [
        Prompt(prompt=prompt),
        Response(prompt=prompt, response_index=0, response=response.text, model=response.model),
    ]
    if value["verdict"] != BORDERLINE:
        is_safe = value["verdict"] == SAFE
        judged = UnpairedPreference(
            prompt=prompt,
            completion=response.text,
            label=is_safe,
            soft_label=value["shares"].get(SAFE, 0.0),
            reasons=() if is_safe else categories_found(value),
            model=response.model,
        )
        found.append(judged)
    return found


def outcome(value: Reviewed) -> str:
    return value["verdict"]


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


def configure(options: SafetyOptions) -> TaskTemplate[Item, Judgment, SafetyOptions]:
    return replace(
        TEMPLATE,
        measures=_measures(options),
        settle=partial(settle, options=options),
        coefficients=(_verdict_entropy(options),),
        review=partial(review, categories=options.listed),
        read=partial(read, options=options),
        read_consensus=partial(read_consensus, options=options),
    )


_DEFAULTS = SafetyOptions()

TEMPLATE = TaskTemplate[Item, Judgment, SafetyOptions](
    key="safety_review",
    version="1.0.0",
    title="Safety review",
    summary="One response against a policy: a severity for each category, with quotations.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=SafetyOptions,
    candidates=lambda _: 0,
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=_measures(_DEFAULTS),
    settle=partial(settle, options=_DEFAULTS),
    records=records,
    record_kinds=(RecordKind.UNPAIRED_PREFERENCE, RecordKind.PROMPT, RecordKind.RESPONSE),
    prompt_text=prompt_text,
    brief=brief,
    outcome=outcome,
    review=partial(review, categories=_DEFAULTS.listed),
    read=partial(read, options=_DEFAULTS),
    read_consensus=partial(read_consensus, options=_DEFAULTS),
    configure=configure,
    coefficients=(_verdict_entropy(_DEFAULTS),),
    starts_from=starts_from_a_response(
        lambda prompt, response: {"prompt": prompt, "response": response}
    ),
)
