"""Step grading: a problem and a solution in steps; each step is graded, then the whole.

A grade is 1 (good), 0 (neutral), −1 (bad) or `"unsure"`, which counts as missing. `ratings` begin
at the first step and have no holes; where they may end early is what `check` decides. Indices are
0-based.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, assert_never

from task_templates.step_grading.grading import (
    BAD,
    BAD_PROBLEM,
    GIVE_UP,
    GOOD,
    NEUTRAL,
    NO_ERROR,
    SOLUTION,
    UNSURE,
    VERDICTS,
    Grading,
    Item,
    Judgment,
    StepOptions,
    check,
    find_first_bad,
)
from task_templates.step_grading.review import (
    first_error_word,
    rating_word,
    read,
    read_consensus,
    review,
    verdict_word,
)
from task_templates.step_grading.steps import from_completion, from_preference, from_response
from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.fields import one_line
from workbench.contracts.label_config import (
    parse_label_config,
    with_attributes,
    without_question,
)
from workbench.contracts.records import (
    Given,
    GivenSteps,
    Message,
    Prompt,
    Record,
    RecordKind,
    StepNote,
    StepwiseSupervision,
)
from workbench.contracts.rendering import render_text
from workbench.contracts.task_template import (
    Ballot,
    Category,
    ConsensusMethod,
    Level,
    Measure,
    Presentation,
    RawResult,
    Settlement,
    TaskTemplate,
)
from workbench.contracts.template_folder import TemplateFolder

_FOLDER = TemplateFolder(__file__)


@lru_cache(maxsize=16)
def label_config(options: StepOptions) -> str:
    xml = _FOLDER.label_config
    if options.stop_at_first_error:
        xml = with_attributes(xml, "step_{{idx}}", choice=str(BAD), endsSequence="true")
    if options.require_critique:
        xml = with_attributes(xml, "critique_{{idx}}", required="true")
    if not options.ask_for_alternative:
        xml = without_question(xml, "alternative_{{idx}}")
    return xml


def show(item: Item, _presentation: Presentation, options: StepOptions) -> dict[str, Any]:
    shows_reference = options.show_reference and item.reference_answer is not None
    return {
        "problem": render_text(item.problem),
        "reference": render_text(item.reference_answer or "") if shows_reference else "",
        "steps": [
            {"number": str(number), "text": render_text(step)}
            for number, step in enumerate(item.steps, start=1)
        ],
    }


def decode(
    raw: RawResult, item: Item, _presentation: Presentation, options: StepOptions
) -> Judgment:
    config = parse_label_config(label_config(options))
    reader = ResultReader(raw, config, repeats=len(item.steps))
    chosen = [reader.read_choice("step_{{idx}}", index) for index in range(len(item.steps))]
    if options.stop_at_first_error and str(BAD) in chosen:
        # What was graded before the expert went back to an earlier bad step is out of the question.
        chosen = chosen[: chosen.index(str(BAD)) + 1]
    while chosen and chosen[-1] is None:
        chosen.pop()
    graded = [
        reader.read_choice("step_{{idx}}", index, is_required=True) for index in range(len(chosen))
    ]
    ratings = [UNSURE if grade in {None, UNSURE} else int(str(grade)) for grade in graded]
    return reader.build(
        Judgment,
        ratings=ratings,
        verdict=reader.read_choice("verdict", is_required=True),
        critiques=_read_notes(reader, "critique_{{idx}}", len(chosen)),
        alternatives=_read_notes(reader, "alternative_{{idx}}", len(chosen))
        if options.ask_for_alternative
        else {},
        comment=reader.read_text("comment"),
    )


def _read_notes(reader: ResultReader, name: str, n_graded: int) -> dict[str, str]:
    return {str(index): reader.read_text(name, index) for index in range(n_graded)}


def encode(
    judgment: Judgment, _item: Item, _presentation: Presentation, options: StepOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    for index, rating in enumerate(judgment.ratings):
        writer.write_choice("step_{{idx}}", str(rating), index)
        writer.write_text("critique_{{idx}}", judgment.critiques.get(str(index), ""), index)
        if options.ask_for_alternative:
            writer.write_text(
                "alternative_{{idx}}", judgment.alternatives.get(str(index), ""), index
            )
    writer.write_choice("verdict", judgment.verdict)
    writer.write_text("comment", judgment.comment)
    return writer.results


def _rating_values(judgment: Judgment) -> Mapping[str, Category]:
    return {str(index): rating for index, rating in enumerate(judgment.ratings) if rating != UNSURE}


def _ends_without_answer(judgment: Judgment) -> str | None:
    """Say why a judgment names neither a first error nor its absence."""
    if judgment.first_bad is None and judgment.verdict in {BAD_PROBLEM, GIVE_UP}:
        return judgment.verdict
    return None


def _first_error_values(judgment: Judgment) -> Mapping[str, Category]:
    if _ends_without_answer(judgment) is not None:
        return {}
    return {"": NO_ERROR if judgment.first_bad is None else str(judgment.first_bad)}


def _verdict_values(judgment: Judgment) -> Mapping[str, Category]:
    return {"": judgment.verdict}


def _rating_left_out(judgment: Judgment) -> str | None:
    return None if _rating_values(judgment) else "ungraded"


MEASURES = (
    Measure(
        field="rating",
        title="Grade of a step",
        level=Level.ORDINAL,
        unit="item × step",
        categories=(BAD, NEUTRAL, GOOD),
        values=_rating_values,
        voted=True,
        leaves_out=_rating_left_out,
        word=rating_word,
    ),
    Measure(
        field="first_error",
        title="First bad step",
        level=Level.NOMINAL,
        unit="item",
        categories=None,
        values=_first_error_values,
        voted=True,
        leaves_out=_ends_without_answer,
        word=first_error_word,
    ),
    Measure(
        field="verdict",
        title="Verdict",
        level=Level.NOMINAL,
        unit="item",
        categories=VERDICTS,
        values=_verdict_values,
        voted=True,
        word=verdict_word,
    ),
)


def settle(item: Item, ballot: Ballot) -> Settlement:
    """Settle on ratings, first error and verdict.

    By majority and Dawid-Skene each is the vote on its own; by mean the ratings are the mean
    rounded to the nearest grade and the first error is read off them. They must fit together: a
    first error that the ratings do not show, or that the verdict denies, is a conflict. Confidence
    is that of the first error; of the verdict where it says that there is nothing to settle.
    """
    judgments: Sequence[Judgment] = ballot.judgments
    if not judgments:
        return Settlement(value=None, reason="no_judgments")
    verdict = ballot.votes["verdict"][""]
    if verdict.value is None:
        return Settlement(value=None, reason="tied", confidence=verdict.confidence)
    match ballot.method:
        case ConsensusMethod.MEAN:
            ratings = [_mean_rating(judgments, index) for index in range(len(item.steps))]
            error, confidence, is_tied = _first_error_of(ratings, judgments)
        case ConsensusMethod.MAJORITY | ConsensusMethod.DAWID_SKENE:
            ratings = [_voted_rating(ballot, index) for index in range(len(item.steps))]
            error, confidence, is_tied = _voted_first_error(ballot)
        case _:
            assert_never(ballot.method)
    value = Grading(ratings=ratings, first_error=error, verdict=str(verdict.value))
    if verdict.value in {BAD_PROBLEM, GIVE_UP}:
        return Settlement(value=value, confidence=verdict.confidence)
    if is_tied:
        return Settlement(value=None, reason="tied", confidence=confidence)
    fits = error == find_first_bad(ratings) and (error is None) == (verdict.value == SOLUTION)
    if not fits:
        return Settlement(value=None, reason="conflict", confidence=confidence)
    return Settlement(value=value, confidence=confidence)


def _mean_rating(judgments: Sequence[Judgment], index: int) -> int | None:
    """Return the grade nearest to the mean; a mean halfway between two grades is tied."""
    ratings = [
        int(judgment.ratings[index])
        for judgment in judgments
        if index < len(judgment.ratings) and judgment.ratings[index] != UNSURE
    ]
    total = sum(ratings)
    if not ratings or 2 * abs(total) == len(ratings):
        return None
    if 2 * abs(total) < len(ratings):
        return NEUTRAL
    return GOOD if total > 0 else BAD


def _first_error_of(
    ratings: Sequence[int | None], judgments: Sequence[Judgment]
) -> tuple[int | None, float | None, bool]:
    """Return the first error among mean ratings, its share of the judgments, and if it is open.

    It is open when a step without a rating comes before it: that step may be the first error.
    """
    error = find_first_bad(ratings)
    is_open = None in (ratings if error is None else ratings[:error])
    named = Counter(
        value for judgment in judgments for value in _first_error_values(judgment).values()
    )
    share = named[NO_ERROR if error is None else str(error)] / max(named.total(), 1)
    return error, None if is_open else share, is_open


def _voted_rating(ballot: Ballot, index: int) -> int | None:
    vote = ballot.votes["rating"].get(str(index))
    return None if vote is None or vote.value is None else int(vote.value)


def _voted_first_error(ballot: Ballot) -> tuple[int | None, float | None, bool]:
    vote = ballot.votes["first_error"].get("")
    if vote is None or vote.value is None:
        return None, None if vote is None else vote.confidence, True
    error = None if vote.value == NO_ERROR else int(vote.value)
    return error, vote.confidence, False


def records(item: Item, settlement: Settlement, given: Sequence[Given]) -> Sequence[Record]:
    """Yield the problem, and the steps up to the first error, or all of them, if each has a grade."""
    value: Grading | None = settlement.value
    if value is None or value["verdict"] in {BAD_PROBLEM, GIVE_UP}:
        return ()
    error = value["first_error"]
    end = len(item.steps) if error is None else error + 1
    ratings = [rating for rating in value["ratings"][:end] if rating is not None]
    prompt = Prompt(
        prompt=[Message(role="user", content=item.problem)],
        reference_answer=item.reference_answer,
    )
    if len(ratings) < end:
        return (prompt,)
    return (
        prompt,
        StepwiseSupervision(
            prompt=item.problem,
            completions=item.steps[:end],
            ratings=ratings,
            first_error=error,
            verdict=value["verdict"],
            steps=item.steps,
            reference_answer=item.reference_answer,
            model=item.model,
            judgments=[_given_steps(one) for one in given],
        ),
    )


def _given_steps(given: Given) -> GivenSteps:
    judgment: Judgment = given.value
    return GivenSteps(
        annotator=given.annotator,
        ratings=[None if isinstance(one, str) else one for one in judgment.ratings],
        verdict=judgment.verdict,
        critiques=_notes(judgment.critiques),
        alternatives=_notes(judgment.alternatives),
        created_at=given.created_at,
        seconds=given.seconds,
    )


def _notes(written: Mapping[str, str]) -> Sequence[StepNote]:
    return [StepNote(step=int(index), text=text) for index, text in written.items()]


def outcome(value: Grading) -> str:
    return value["verdict"]


def unrecorded(_item: Item, value: Grading) -> str:
    """Say why there is no record: steps of a solution or up to an error may lack a settled grade."""
    return value["verdict"] if value["verdict"] in {BAD_PROBLEM, GIVE_UP} else "ungraded_step"


def brief(item: Item) -> str:
    return one_line(item.problem)


TEMPLATE = TaskTemplate[Item, Judgment, StepOptions](
    key="step_grading",
    version="1.0.0",
    title="Step grading",
    summary="A solution in steps: each step graded, the first error found, a verdict on the whole.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=StepOptions,
    candidates=lambda _: 0,
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=MEASURES,
    settle=settle,
    records=records,
    record_kinds=(RecordKind.STEPWISE_SUPERVISION, RecordKind.PROMPT),
    prompt_text=lambda item: item.problem,
    brief=brief,
    outcome=outcome,
    unrecorded=unrecorded,
    review=review,
    read=read,
    read_consensus=read_consensus,
    starts_from={
        RecordKind.PREFERENCE: from_preference,
        RecordKind.PROMPT_COMPLETION: from_completion,
        RecordKind.RESPONSE: from_response,
    },
)
