"""Rubric grading: a prompt, one response, and the item's own criteria, each met or not.

A criterion carries points: positive for what a good response does, negative for what it must not
do. Indices are 0-based.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, TypedDict, assert_never

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from task_templates.rubric_grading.review import (
    outcome_word,
    read,
    read_consensus,
    review,
    score_word,
)
from task_templates.rubric_grading.scoring import (
    MET,
    NOT_APPLICABLE,
    OUTCOMES,
    UNMET,
    points_word,
    score,
)
from workbench.contracts.conversation import (
    Candidate,
    ShownPrompt,
    brief_of,
    messages_of,
    prompt_key,
)
from workbench.contracts.editor_result import ResultReader, ResultWriter
from workbench.contracts.faults import shown
from workbench.contracts.fields import ShownText, StoredText, WrittenText, refusal
from workbench.contracts.label_config import (
    Choice,
    parse_label_config,
    with_attributes,
    with_choices,
)
from workbench.contracts.records import (
    CriterionGrade,
    Given,
    Message,
    Prompt,
    RatedResponse,
    Record,
    RecordKind,
    Response,
)
from workbench.contracts.rendering import render_conversation, render_response, render_text
from workbench.contracts.task_template import (
    Ballot,
    Category,
    ConsensusMethod,
    ItemModel,
    JudgmentModel,
    Level,
    Measure,
    Options,
    Presentation,
    RawResult,
    Settlement,
    TaskTemplate,
    Vote,
)
from workbench.contracts.template_folder import TemplateFolder
from workbench.errors import BadRow, JudgmentInvalid

TIED = "tied"

_FOLDER = TemplateFolder(__file__)
_MOST_POINTS = 10_000
_MET_OR_NOT = (Choice(value="Met", alias=MET), Choice(value="Unmet", alias=UNMET))
_ASKED_FOR = {"met": "Met", "unmet": "Unmet", "both": "Met,Unmet"}

Points = Annotated[
    float, Field(strict=True, allow_inf_nan=False, ge=-_MOST_POINTS, le=_MOST_POINTS)
]


class Criterion(BaseModel):
    """One thing that a response does or does not do, and what it is worth."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    criterion: ShownText
    points: Points
    id: ShownText | None = None


def _some_criteria(rubric: Any) -> Any:
    if isinstance(rubric, list | tuple) and not rubric:
        expected = 'at least one {"criterion": text, "points": number}: without criteria there is '
        expected += "nothing to grade; for a judgment on the whole use another task type"
        raise refusal(problem="has no criteria", expected=expected)
    return rubric


def _gradable(rubric: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    """Refuse a rubric that asks the same twice, or by which nothing can be won."""
    texts: dict[str, int] = {}
    ids: dict[str, int] = {}
    for number, one in enumerate(rubric, start=1):
        first = texts.setdefault(" ".join(one.criterion.split()), number)
        if first != number:
            problem = f"holds the same criterion twice, as number {first} and {number}"
            raise refusal(problem=problem, expected="each criterion once")
        first = number if one.id is None else ids.setdefault(one.id, number)
        if first != number:
            problem = f"gives the id {shown(one.id)} to number {first} and {number}"
            raise refusal(problem=problem, expected="an id of its own for each criterion, or none")
    if all(one.points <= 0 for one in rubric):
        expected = "a criterion with points above 0: the score is a share of the points to be won"
        raise refusal(problem="has only penalties", expected=expected)
    return rubric


class Item(ItemModel):
    """A prompt, given as text or as messages, one response to it, and the rubric to grade it by."""

    prompt: ShownPrompt
    response: Candidate
    rubric: Annotated[
        tuple[Criterion, ...], BeforeValidator(_some_criteria), AfterValidator(_gradable)
    ]

    @property
    def messages(self) -> list[Message]:
        return messages_of(self.prompt)

    @property
    def points(self) -> tuple[float, ...]:
        return tuple(one.points for one in self.rubric)


def _written_only(evidence: dict[str, str]) -> dict[str, str]:
    return {index: text for index, text in evidence.items() if text}


Outcome = Literal["met", "unmet", "not_applicable"]


class Judgment(JudgmentModel):
    """An outcome for each criterion in order, and evidence by the index of its criterion.

    `points` are those of the rubric it was made by, so that it can be scored without its item.
    """

    outcomes: tuple[Outcome, ...]
    points: tuple[Points, ...]
    evidence: Annotated[dict[StoredText, WrittenText], AfterValidator(_written_only)] = {}  # noqa: RUF012
    comment: WrittenText = ""


class RubricOptions(Options):
    allow_not_applicable: bool = Field(
        default=True,
        description="Let experts say that a criterion does not apply; it then counts neither way.",
    )
    show_points: bool = Field(
        default=True, description="Show the experts what each criterion is worth."
    )
    evidence: Literal["both", "unmet", "met"] = Field(
        default="both", description="For which outcomes there is a box for evidence."
    )
    require_evidence: bool = Field(
        default=False, description="Refuse a judgment with such an outcome and no evidence for it."
    )

    def asks_evidence(self, outcome: str) -> bool:
        return outcome == self.evidence or (self.evidence == "both" and outcome in {MET, UNMET})


class Graded(TypedDict):
    """A settled value.

    `outcomes` is null where the vote is tied; `shares_met` is the share of annotators who found the
    criterion met among those to whom it applied, null where it applied to none.
    """

    outcomes: list[str | None]
    shares_met: list[float | None]
    points: list[float]
    score: float | None


@lru_cache(maxsize=16)
def label_config(options: RubricOptions) -> str:
    asked_for = _ASKED_FOR[options.evidence]
    xml = _FOLDER.label_config.replace(
        'whenChoiceValue="Met,Unmet"', f'whenChoiceValue="{asked_for}"'
    )
    if not options.allow_not_applicable:
        xml = with_choices(xml, "criterion_{{idx}}", _MET_OR_NOT)
    if options.require_evidence:
        xml = with_attributes(xml, "evidence_{{idx}}", required="true")
    return xml


def show(item: Item, _presentation: Presentation, options: RubricOptions) -> dict[str, Any]:
    def title(number: int, points: float) -> str:
        worth = f" · {points_word(points)}" if options.show_points else ""
        return f"Criterion {number} of {len(item.rubric)}{worth}"

    return {
        "conversation": render_conversation(item.messages),
        "response": render_response(item.response),
        "criteria": [
            {"title": title(number, one.points), "text": render_text(one.criterion)}
            for number, one in enumerate(item.rubric, start=1)
        ],
    }


def decode(
    raw: RawResult, item: Item, _presentation: Presentation, options: RubricOptions
) -> Judgment:
    indices = range(len(item.rubric))
    config = parse_label_config(label_config(options))
    reader = ResultReader(raw, config, repeats=len(indices))
    outcomes = [
        reader.read_choice("criterion_{{idx}}", index, is_required=True) for index in indices
    ]
    evidence = {str(index): reader.read_text("evidence_{{idx}}", index) for index in indices}
    return reader.build(
        Judgment,
        outcomes=outcomes,
        points=item.points,
        evidence=evidence,
        comment=reader.read_text("comment"),
    )


def encode(
    judgment: Judgment, _item: Item, _presentation: Presentation, options: RubricOptions
) -> list[dict[str, Any]]:
    writer = ResultWriter(parse_label_config(label_config(options)))
    for index, outcome in enumerate(judgment.outcomes):
        writer.write_choice("criterion_{{idx}}", outcome, index)
        writer.write_text("evidence_{{idx}}", judgment.evidence.get(str(index), ""), index)
    writer.write_text("comment", judgment.comment)
    return writer.results


def check(judgment: Judgment, item: Item, options: RubricOptions) -> None:
    rows = [
        *_check_extent(judgment, item),
        *_check_applicability(judgment, options),
        *_check_evidence(judgment, options),
    ]
    if rows:
        message = f"the judgment does not fit its item: {rows[0].field} {rows[0].problem}"
        raise JudgmentInvalid(message, rows=rows)


def _check_extent(judgment: Judgment, item: Item) -> Sequence[BadRow]:
    rows = []
    n_outcomes, n_criteria = len(judgment.outcomes), len(item.rubric)
    if n_outcomes != n_criteria:
        problem = f"are {n_outcomes} for {n_criteria} criteria"
        rows.append(BadRow(field="outcomes", problem=problem, expected="one for each criterion"))
    if judgment.points != item.points:
        problem = f"are {shown(judgment.points)}"
        expected = f"{shown(item.points)}, the points of the item's rubric in order"
        rows.append(BadRow(field="points", problem=problem, expected=expected))
    return rows


def _check_applicability(judgment: Judgment, options: RubricOptions) -> Sequence[BadRow]:
    if options.allow_not_applicable:
        return []
    return [
        BadRow(
            field=f"outcomes[{index}]",
            problem="is not_applicable, which this campaign does not have",
            expected="met or unmet",
        )
        for index, outcome in enumerate(judgment.outcomes)
        if outcome == NOT_APPLICABLE
    ]


def _check_evidence(judgment: Judgment, options: RubricOptions) -> Sequence[BadRow]:
    graded = {str(index): outcome for index, outcome in enumerate(judgment.outcomes)}
    rows = [
        BadRow(
            field=f"evidence.{index}",
            problem="is not on a criterion",
            expected=f"the 0-based index of a criterion, 0 to {len(graded) - 1}",
        )
        for index in judgment.evidence
        if index not in graded
    ]
    if options.require_evidence:
        rows += [
            BadRow(
                field=f"evidence.{index}",
                problem="is missing",
                expected=f"evidence for each criterion found {outcome}",
            )
            for index, outcome in graded.items()
            if options.asks_evidence(outcome) and index not in judgment.evidence
        ]
    return rows


def _outcome_values(judgment: Judgment) -> Mapping[str, Category]:
    return {str(index): outcome for index, outcome in enumerate(judgment.outcomes)}


def _score_values(judgment: Judgment) -> Mapping[str, Category]:
    share = score(judgment.outcomes, judgment.points)
    return {} if share is None else {"": round(100 * share)}


def _score_left_out(judgment: Judgment) -> str | None:
    return None if _score_values(judgment) else NOT_APPLICABLE


MEASURES = (
    Measure(
        field="outcome",
        title="Outcome of a criterion",
        level=Level.NOMINAL,
        unit="item × criterion",
        categories=OUTCOMES,
        values=_outcome_values,
        voted=True,
        word=outcome_word,
    ),
    Measure(
        field="score",
        title="Score, in whole percent",
        level=Level.INTERVAL,
        unit="item",
        categories=tuple(range(101)),
        values=_score_values,
        leaves_out=_score_left_out,
        word=score_word,
    ),
)


def settle(item: Item, ballot: Ballot) -> Settlement:
    """Settle on an outcome for each criterion, and on the score.

    By majority and Dawid-Skene the score is that of the settled outcomes, so that one tied
    criterion leaves the item tied; by mean it is the mean of the annotators' scores, and a tied
    criterion says so. Confidence is that of the least certain criterion.
    """
    judgments: Sequence[Judgment] = ballot.judgments
    if not judgments:
        return Settlement(value=None, reason="no_judgments")
    votes = [ballot.votes["outcome"][str(index)] for index in range(len(item.rubric))]
    outcomes = [None if vote.value is None else str(vote.value) for vote in votes]
    confidence = _least_confidence(votes)
    match ballot.method:
        case ConsensusMethod.MEAN:
            total = _mean_score(judgments)
        case ConsensusMethod.MAJORITY | ConsensusMethod.DAWID_SKENE:
            settled = [outcome for outcome in outcomes if outcome is not None]
            if len(settled) < len(outcomes):
                return Settlement(value=None, reason=TIED, confidence=confidence)
            total = score(settled, item.points)
        case _:
            assert_never(ballot.method)
    value = Graded(
        outcomes=outcomes,
        shares_met=[_share_met(judgments, index) for index in range(len(outcomes))],
        points=list(item.points),
        score=total,
    )
    return Settlement(value=value, confidence=confidence)


def _least_confidence(votes: Sequence[Vote]) -> float | None:
    known = [vote.confidence for vote in votes if vote.confidence is not None]
    return min(known) if len(known) == len(votes) else None


def _mean_score(judgments: Sequence[Judgment]) -> float | None:
    scores = [score(judgment.outcomes, judgment.points) for judgment in judgments]
    known = [one for one in scores if one is not None]
    return sum(known) / len(known) if known else None


def _share_met(judgments: Sequence[Judgment], index: int) -> float | None:
    outcomes = [judgment.outcomes[index] for judgment in judgments]
    applied = [outcome == MET for outcome in outcomes if outcome != NOT_APPLICABLE]
    return sum(applied) / len(applied) if applied else None


def records(item: Item, settlement: Settlement, _given: Sequence[Given]) -> Sequence[Record]:
    """Yield the prompt, the response, and the response with its graded criteria and score."""
    value: Graded | None = settlement.value
    if value is None:
        return ()
    prompt, response = item.messages, item.response
    criteria = [
        CriterionGrade(
            criterion=one.criterion, weight=one.points, outcome=outcome or TIED, share_met=share
        )
        for one, outcome, share in zip(
            item.rubric, value["outcomes"], value["shares_met"], strict=True
        )
    ]
    return (
        Prompt(prompt=prompt),
        Response(prompt=prompt, response_index=0, response=response.text, model=response.model),
        RatedResponse(
            prompt=prompt,
            response_index=0,
            response=response.text,
            model=response.model,
            criteria=criteria,
            score=value["score"],
        ),
    )


def prompt_text(item: Item) -> str:
    return prompt_key(item.messages)


def brief(item: Item) -> str:
    return brief_of(item.messages)


TEMPLATE = TaskTemplate[Item, Judgment, RubricOptions](
    key="rubric_grading",
    version="1.0.0",
    title="Rubric grading",
    summary="One response and the item's own rubric: each criterion met or not, with evidence.",
    guidelines=_FOLDER.guidelines,
    examples=_FOLDER.examples,
    item_model=Item,
    judgment_model=Judgment,
    options_model=RubricOptions,
    candidates=lambda _: 0,
    label_config=label_config,
    show=show,
    decode=decode,
    encode=encode,
    check=check,
    measures=MEASURES,
    settle=settle,
    records=records,
    record_kinds=(RecordKind.RATED_RESPONSE, RecordKind.PROMPT, RecordKind.RESPONSE),
    prompt_text=prompt_text,
    brief=brief,
    review=review,
    read=read,
    read_consensus=read_consensus,
)
