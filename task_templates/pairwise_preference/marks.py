"""What a campaign may ask of each response beside the comparison: flags, and claims that are wrong.

In a judgment both stand in canonical order of the responses, whichever was shown as A.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.faults import shown
from workbench.contracts.fields import StoredText, code_words, split_codes
from workbench.contracts.label_config import Choice, with_choices, without_question
from workbench.contracts.quotes import Place, Source, find_quote, write_quote
from workbench.contracts.task_template import Category, Level, Measure, Statistic
from workbench.errors import BadRow

if TYPE_CHECKING:
    from task_templates.pairwise_preference.template import Item, Judgment, PairwiseOptions

GIVEN, NOT_GIVEN = "given", "not_given"
_SHOWN_AS = "ab"
_WORDS = {GIVEN: "Given", NOT_GIVEN: "Not given"}

T = TypeVar("T")


class Claim(BaseModel):
    """Words of a response that are wrong: what stands from `start` to before `end`.

    Places are counted in characters (code points), from 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    text: StoredText


def _in_order(flags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(flags)))


def _by_place(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    return tuple(sorted(set(claims), key=lambda claim: (claim.start, claim.end, claim.text)))


Flags = Annotated[tuple[StoredText, ...], AfterValidator(_in_order)]
"""The flags of one response, each once, in the order of the alphabet."""

Claims = Annotated[tuple[Claim, ...], AfterValidator(_by_place)]
"""The wrong claims of one response, each once, as they stand in it."""


def ask_for_marks(xml: str, options: PairwiseOptions) -> str:
    """Return the configuration with what the campaign asks of each response, and no more."""
    choices = [Choice(value=code_words(code), alias=code) for code in split_codes(options.flags)]
    for letter in _SHOWN_AS:
        name = f"flags_{letter}"
        xml = with_choices(xml, name, choices) if choices else without_question(xml, name)
        if not options.ask_for_wrong_claims:
            xml = without_question(xml, f"wrong_{letter}")
    return xml


def read_marks(
    reader: ResultReader, item: Item, order: tuple[int, int], options: PairwiseOptions
) -> dict[str, Any]:
    """Read the flags and the claims of both responses, in canonical order.

    Args:
        order: The canonical index of the responses shown as A and as B.
    """
    flags: Sequence[Any] = ((), ())
    claims: Sequence[Any] = ((), ())
    if options.flags:
        flags = _canonical([reader.read_choices(f"flags_{one}") for one in _SHOWN_AS], order)
    if options.ask_for_wrong_claims:
        by_shown = [
            list(_read_claims(reader, f"wrong_{letter}", item.responses[index].text))
            for letter, index in zip(_SHOWN_AS, order, strict=True)
        ]
        claims = _canonical(by_shown, order)
    return {"flags": flags, "wrong_claims": claims}


def _canonical(by_shown: Sequence[T], order: tuple[int, int]) -> tuple[T, T]:
    return by_shown[order.index(0)], by_shown[order.index(1)]


def _read_claims(reader: ResultReader, name: str, response: str) -> Iterator[Claim]:
    source = Source("response", 0, response)
    for line in filter(None, map(str.strip, reader.read_text(name).split("\n"))):
        place = find_quote(line, [source])
        if place is None:
            problem = f"quotes {shown(line)}, which is not in that response"
            reader.add_fault(name, problem, "words copied to the letter, as the raw text has them")
            continue
        yield Claim(start=place.start, end=place.end, text=response[place.start : place.end])


def write_marks(
    writer: ResultWriter,
    judgment: Judgment,
    item: Item,
    order: tuple[int, int],
    options: PairwiseOptions,
) -> None:
    listed = split_codes(options.flags)
    for letter, index in zip(_SHOWN_AS, order, strict=True):
        if listed:
            given = [code for code in listed if code in judgment.flags[index]]
            writer.write_choices(f"flags_{letter}", given)
        if options.ask_for_wrong_claims:
            source = Source("response", 0, item.responses[index].text)
            lines = [
                write_quote(Place("response", 0, claim.start, claim.end), claim.text, [source])
                for claim in judgment.wrong_claims[index]
            ]
            writer.write_text(f"wrong_{letter}", "\n".join(lines))


def check_marks(judgment: Judgment, item: Item, options: PairwiseOptions) -> list[BadRow]:
    listed = split_codes(options.flags)
    rows = [
        BadRow(
            field=f"flags.{index}",
            problem=f"have {shown(code)}",
            expected=f"some of {', '.join(listed)}" if listed else "no flags in this campaign",
        )
        for index, flags in enumerate(judgment.flags)
        for code in flags
        if code not in listed
    ]
    if any(judgment.wrong_claims) and not options.ask_for_wrong_claims:
        expected = "none: this campaign does not ask for them (ask_for_wrong_claims)"
        rows.append(BadRow(field="wrong_claims", problem="are given", expected=expected))
        return rows
    return rows + [
        BadRow(
            field=f"wrong_claims.{index}.{number}",
            problem=f"is {shown(claim.text)} from {claim.start} to {claim.end}",
            expected="words of that response, with the places where they begin and end",
        )
        for index, claims in enumerate(judgment.wrong_claims)
        for number, claim in enumerate(claims)
        if not _is_of(claim, item.responses[index].text)
    ]


def _is_of(claim: Claim, response: str) -> bool:
    words = claim.text.strip()
    return bool(words) and claim.text == words == response[claim.start : claim.end]


def mark_measures(options: PairwiseOptions) -> Sequence[Measure]:
    """Measure each flag, and whether there is a wrong claim, response by response.

    Most of them are seldom given, where alpha falls with the prevalence alone: AC1 stands beside it.
    """
    measures = [
        _measure(f"flag_{code}", code_words(code), partial(_flag_values, code))
        for code in split_codes(options.flags)
    ]
    if options.ask_for_wrong_claims:
        measures.append(_measure("wrong_claims", "Has a wrong claim", _claim_values))
    return measures


def _measure(
    field: str, title: str, values: Callable[[Judgment], Mapping[str, Category]]
) -> Measure:
    return Measure(
        field=field,
        title=title,
        level=Level.NOMINAL,
        unit="item × response",
        categories=(GIVEN, NOT_GIVEN),
        values=values,
        word=_given_word,
        also=(Statistic.GWET_AC1,),
    )


def _given_word(given: Category) -> str:
    return _WORDS[str(given)]


def _flag_values(code: str, judgment: Judgment) -> Mapping[str, Category]:
    return _by_response(code in flags for flags in judgment.flags)


def _claim_values(judgment: Judgment) -> Mapping[str, Category]:
    return _by_response(bool(claims) for claims in judgment.wrong_claims)


def _by_response(marks: Iterator[bool]) -> Mapping[str, Category]:
    return {str(index): GIVEN if mark else NOT_GIVEN for index, mark in enumerate(marks)}
