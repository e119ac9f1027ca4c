"""Reliability data of a campaign: its current judgments, coded as integers for the statistics.

Items are read some at a time, each with its judgments, so that nothing but the codes is held for
the whole campaign. A judgment is current when no row supersedes it; of several current judgments
of one annotator on one item the newest counts, since they would not be independent.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Text, func, select, type_coerce
from sqlalchemy.orm import Session

from workbench.agreement.coefficients import ItemCoder, ItemNumbers
from workbench.contracts.task_template import AnyTemplate, Category, Measure
from workbench.errors import TemplateBroken
from workbench.models import Annotator, AnnotatorKind, Campaign, Item, Judgment
from workbench.statistics import Ratings
from workbench.statistics.ratings import BoolArray, IntArray

ITEMS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class GivenJudgment:
    """One current judgment; `value` is the template's judgment model."""

    id: int
    item_id: int
    annotator_id: int
    value: Any
    presentation: Sequence[int] | None
    seconds: float | None
    active_seconds: float | None


@dataclass(frozen=True, slots=True)
class CodedMeasure:
    """One measure's values in integer codes.

    Attributes:
        clusters: Position of the item that each unit belongs to, never decreasing.
        keys: Name of each unit within its item.
        n_missing: Judgments without any value on the measure, for no stated reason.
        n_excluded: Judgments that the measure leaves out, by reason.
    """

    measure: Measure
    ratings: Ratings
    clusters: IntArray
    keys: Sequence[str]
    n_missing: int
    n_excluded: Mapping[str, int]

    @property
    def dependent_clusters(self) -> IntArray | None:
        """The clusters where an item has several units; None where every item is one unit."""
        return None if len(np.unique(self.clusters)) == len(self.clusters) else self.clusters


@dataclass(frozen=True, slots=True)
class AnnotatorWork:
    """What one annotator gave: how many judgments and how long each took, where it is known."""

    annotator_id: int
    n_judgments: int
    median_seconds: float | None
    median_active_seconds: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """All that is measured of a campaign; annotator codes are positions in `work`."""

    measures: Sequence[CodedMeasure]
    coefficients: Sequence[ItemNumbers]
    work: Sequence[AnnotatorWork]
    first_shown_won: BoolArray
    first_shown_annotators: IntArray
    n_items: int
    n_judgments: int
    last_judgment_id: int


class MeasureCoder:
    """Collects the codes of one measure, item by item."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._codes = {category: code for code, category in enumerate(measure.categories or ())}
        self._is_open = measure.categories is None
        self._units, self._annotators, self._values = array("q"), array("q"), array("q")
        self._clusters, self._keys = array("q"), list[str]()
        self._n_missing = 0
        self._n_excluded = Counter[str]()

    def add(self, position: int, judgments: Sequence[tuple[int, Any]]) -> None:
        """Add an item's judgments, each with its annotator's code."""
        units: dict[str, int] = {}
        for annotator, judgment in judgments:
            answers = self._measure.values(judgment)
            if not answers:
                self._count_missing(judgment)
            for key, category in answers.items():
                unit = units.get(key)
                if unit is None:
                    unit = units[key] = len(self._clusters)
                    self._clusters.append(position)
                    self._keys.append(key)
                self._units.append(unit)
                self._annotators.append(annotator)
                self._values.append(self._code(category))

    def coded(self, n_annotators: int) -> CodedMeasure:
        ratings = Ratings(
            _int64(self._units),
            _int64(self._annotators),
            _int64(self._values),
            len(self._clusters),
            n_annotators,
            tuple(self._codes),
        )
        return CodedMeasure(
            self._measure,
            ratings,
            _int64(self._clusters),
            self._keys,
            self._n_missing,
            dict(self._n_excluded),
        )

    def _code(self, category: Category) -> int:
        code = self._codes.get(category)
        if code is None:
            if not self._is_open:
                message = f"the measure {self._measure.field} yields {category!r}, not a category"
                raise TemplateBroken(message)
            code = self._codes[category] = len(self._codes)
        return code

    def _count_missing(self, judgment: Any) -> None:
        why = self._measure.leaves_out(judgment) if self._measure.leaves_out else None
        if why is None:
            self._n_missing += 1
        else:
            self._n_excluded[why] += 1


def load_reliability(
    session: Session,
    campaign: Campaign,
    template: AnyTemplate,
    *,
    include_models: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Reliability:
    """Read and code every current judgment of a campaign.

    `progress` is told how many items are done, and of how many.
    """
    ids = list_item_ids(session, campaign.id)
    left_out = frozenset() if include_models else model_annotators(session, campaign)
    coders = [MeasureCoder(measure) for measure in template.measures]
    item_coders = [ItemCoder(coefficient) for coefficient in template.coefficients]
    clock = _WorkClock()
    position_bias = _PositionBias(template)
    position = 0
    for batch in batches(ids):
        given = list_current_judgments(session, template, batch, without=left_out)
        contents = _list_contents(session, template, batch) if item_coders else {}
        for item_id in batch:
            judgments = given.get(item_id, ())
            pairs = [(clock.note(judgment), judgment.value) for judgment in judgments]
            for coder in coders:
                coder.add(position, pairs)
            for item_coder in item_coders:
                item_coder.add(contents[item_id], [judgment.value for judgment in judgments])
            for (annotator, _), judgment in zip(pairs, judgments, strict=True):
                position_bias.note(annotator, judgment)
            position += 1
        if progress is not None:
            progress(position, len(ids))
    n_annotators = len(clock.codes)
    won, annotators = position_bias.arrays()
    work = clock.work()
    return Reliability(
        measures=[coder.coded(n_annotators) for coder in coders],
        coefficients=[coder.coded() for coder in item_coders],
        work=work,
        first_shown_won=won,
        first_shown_annotators=annotators,
        n_items=len(ids),
        n_judgments=sum(one.n_judgments for one in work),
        last_judgment_id=find_last_judgment_id(session, campaign.id),
    )


def find_last_judgment_id(session: Session, campaign_id: int) -> int:
    """Return what tells whether a measurement is still that of all judgments; 0 without any."""
    newest = select(func.max(Judgment.id)).where(Judgment.campaign_id == campaign_id)
    return session.scalar(newest) or 0


def list_item_ids(session: Session, campaign_id: int) -> list[int]:
    """Return the campaign's items in import order."""
    return sorted(session.scalars(select(Item.id).where(Item.campaign_id == campaign_id)))


def _list_contents(
    session: Session, template: AnyTemplate, item_ids: Sequence[int]
) -> dict[int, Any]:
    rows = session.execute(
        select(Item.id, type_coerce(Item.content, Text)).where(Item.id.in_(item_ids))
    )
    return {id_: template.item_model.model_validate_json(content) for id_, content in rows}


def model_annotators(session: Session, campaign: Campaign) -> frozenset[int]:
    """Return the judge models of the campaign's organization."""
    found = select(Annotator.id).where(
        Annotator.organization_id == campaign.organization_id,
        Annotator.kind == AnnotatorKind.MODEL,
    )
    return frozenset(session.scalars(found))


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), ITEMS_AT_ONCE):
        yield ids[start : start + ITEMS_AT_ONCE]


_READ = (
    Judgment.id,
    Judgment.item_id,
    Judgment.annotator_id,
    Judgment.supersedes_id,
    type_coerce(Judgment.value, Text),
    Judgment.presentation,
    Judgment.seconds,
    Judgment.active_seconds,
)


def list_current_judgments(
    session: Session,
    template: AnyTemplate,
    item_ids: Sequence[int],
    *,
    without: frozenset[int] = frozenset(),
) -> dict[int, list[GivenJudgment]]:
    """Return the current judgments by item, in the order they were given."""
    rows = session.execute(
        select(*_READ).where(Judgment.item_id.in_(item_ids)).order_by(Judgment.item_id, Judgment.id)
    ).all()
    superseded = {row[3] for row in rows if row[3] is not None}
    newest = {
        (row[1], row[2]): row for row in rows if row[0] not in superseded and row[2] not in without
    }
    decode = template.judgment_model.model_validate_json
    given: dict[int, list[GivenJudgment]] = {}
    for id_, item_id, annotator_id, _, value, presentation, seconds, active in sorted(
        newest.values(), key=lambda row: row[0]
    ):
        judgment = GivenJudgment(
            id_, item_id, annotator_id, decode(value), presentation, seconds, active
        )
        given.setdefault(item_id, []).append(judgment)
    return given


class _WorkClock:
    """Gives annotators their codes and keeps how long each judgment took."""

    def __init__(self) -> None:
        self.codes: dict[int, int] = {}
        self._counts = Counter[int]()
        self._seconds: dict[int, array[float]] = {}
        self._active: dict[int, array[float]] = {}

    def note(self, judgment: GivenJudgment) -> int:
        code = self.codes.setdefault(judgment.annotator_id, len(self.codes))
        self._counts[judgment.annotator_id] += 1
        for seconds, kept in (
            (judgment.seconds, self._seconds),
            (judgment.active_seconds, self._active),
        ):
            if seconds is not None:
                kept.setdefault(judgment.annotator_id, array("d")).append(seconds)
        return code

    def work(self) -> list[AnnotatorWork]:
        return [
            AnnotatorWork(
                annotator_id,
                self._counts[annotator_id],
                _median(self._seconds.get(annotator_id)),
                _median(self._active.get(annotator_id)),
            )
            for annotator_id in self.codes
        ]


class _PositionBias:
    """Keeps, for each winner whose presentation is known, whether it was shown first."""

    def __init__(self, template: AnyTemplate) -> None:
        self._hook = template.first_shown_won
        self._won, self._annotators = array("b"), array("q")

    def note(self, annotator: int, judgment: GivenJudgment) -> None:
        if self._hook is None or not judgment.presentation:
            return
        won = self._hook(judgment.value, judgment.presentation)
        if won is not None:
            self._won.append(won)
            self._annotators.append(annotator)

    def arrays(self) -> tuple[BoolArray, IntArray]:
        return np.array(self._won, dtype=np.bool_), _int64(self._annotators)


def _median(seconds: array[float] | None) -> float | None:
    return None if seconds is None else float(np.median(seconds))


def _int64(codes: array[int]) -> IntArray:
    return np.array(codes, dtype=np.int64)
