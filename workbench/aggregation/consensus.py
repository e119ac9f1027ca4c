"""The consensus on every item of a campaign, inferred from its current judgments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from workbench.aggregation.disagreement import item_disagreement
from workbench.aggregation.votes import (
    UnitVotes,
    dawid_skene_shares,
    fit_dawid_skene,
    majority_shares,
    votes_by_item,
)
from workbench.agreement.reliability import (
    CodedMeasure,
    GivenJudgment,
    MeasureCoder,
    Reliability,
    batches,
    list_current_judgments,
    list_item_ids,
    load_reliability,
    model_annotators,
)
from workbench.campaigns.pinning import template_of
from workbench.contracts.task_template import AnyTemplate, Ballot, ConsensusMethod, Settlement
from workbench.models import Campaign, Item
from workbench.statistics.ratings import FloatArray

NO_JUDGMENTS = "no_judgments"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledItem:
    """An item with its consensus by one method.

    `content` is the template's item model, `judgments` are those that count; `disagreement` is None with fewer than two judgments
    to compare.
    """

    id: int
    public_id: str
    external_id: str
    content: Any
    settlement: Settlement
    judgments: Sequence[GivenJudgment]
    disagreement: float | None

    @property
    def n_judgments(self) -> int:
        return len(self.judgments)

    def as_document(self) -> dict[str, Any]:
        """Return what scripts get."""
        return {
            "external_id": self.external_id,
            "value": self.settlement.value,
            "reason": self.settlement.reason,
            "confidence": self.settlement.confidence,
            "margin": self.settlement.margin,
            "n_judgments": self.n_judgments,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedField:
    """How well Dawid and Skene's model fits the judgments of one field, by which it can be checked.

    `log_likelihood` is that of the observed judgments, in nats.
    """

    field: str
    log_likelihood: float
    iterations: int
    converged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InferredConsensus:
    """The consensus on every item in import order, and the fits that it rests on.

    `items` are read some at a time. `fits` is empty where the method fits no model.
    """

    fits: Sequence[FittedField]
    items: Iterator[SettledItem]


def infer_consensus(
    session: Session,
    *,
    campaign_id: int,
    method: ConsensusMethod,
    include_models: bool = False,
    reliability: Reliability | None = None,
) -> InferredConsensus:
    """Infer the consensus on every item by one method.

    Dawid and Skene's model is one fit over the whole campaign, for which its judgments are coded
    first; `reliability` saves that pass where it is at hand.
    """
    campaign = session.get_one(Campaign, campaign_id)
    fit = _fit(session, campaign, [method], reliability, include_models=include_models)
    batched = _settle_batches(session, campaign, [method], fit, include_models=include_models)
    return InferredConsensus(
        fits=fit.fields, items=(item for batch in batched for item in batch[method])
    )


def infer_by_methods(
    session: Session,
    *,
    campaign_id: int,
    methods: Sequence[ConsensusMethod],
    include_models: bool = False,
    reliability: Reliability | None = None,
) -> Iterator[Mapping[ConsensusMethod, Sequence[SettledItem]]]:
    """Yield batches of items in import order, settled by several methods in one pass."""
    campaign = session.get_one(Campaign, campaign_id)
    fit = _fit(session, campaign, methods, reliability, include_models=include_models)
    yield from _settle_batches(session, campaign, methods, fit, include_models=include_models)


def _fit(
    session: Session,
    campaign: Campaign,
    methods: Sequence[ConsensusMethod],
    reliability: Reliability | None,
    *,
    include_models: bool,
) -> _Fit:
    if ConsensusMethod.DAWID_SKENE not in methods:
        return _Fit(())
    known = reliability or load_reliability(
        session, campaign, template_of(campaign), include_models=include_models
    )
    return _Fit(known.measures)


def _settle_batches(
    session: Session,
    campaign: Campaign,
    methods: Sequence[ConsensusMethod],
    fit: _Fit,
    *,
    include_models: bool,
) -> Iterator[Mapping[ConsensusMethod, Sequence[SettledItem]]]:
    template = template_of(campaign)
    without = frozenset() if include_models else model_annotators(session, campaign)
    ids = list_item_ids(session, campaign.id)
    first = 0
    for batch in batches(ids):
        given = list_current_judgments(session, template, batch, without=without)
        polled = _Batch(template, _read_items(session, template, batch), given)
        yield {method: polled.settle(method, fit, first) for method in methods}
        first += len(batch)


class _Fit:
    """Dawid and Skene's model, fitted to each voted measure of a campaign."""

    def __init__(self, measures: Sequence[CodedMeasure]) -> None:
        voted = [(coded, fit_dawid_skene(coded)) for coded in measures if coded.measure.voted]
        self._voted = [(coded, dawid_skene_shares(coded, fit)) for coded, fit in voted]
        self.fields = [
            FittedField(
                field=coded.measure.field,
                log_likelihood=fit.log_likelihood,
                iterations=fit.iterations,
                converged=fit.converged,
            )
            for coded, fit in voted
            if fit is not None
        ]

    def votes(self, first: int, n_items: int) -> dict[str, Sequence[UnitVotes]]:
        return {
            coded.measure.field: votes_by_item(coded, shares, first=first, n_items=n_items)
            for coded, shares in self._voted
        }


@dataclass(frozen=True, slots=True)
class _ReadItem:
    id: int
    public_id: str
    external_id: str
    content: Any


class _Batch:
    """Some items with their judgments and the majority's votes on them."""

    def __init__(
        self,
        template: AnyTemplate,
        items: Sequence[_ReadItem],
        given: Mapping[int, Sequence[GivenJudgment]],
    ) -> None:
        self._template, self._items, self._given = template, items, given
        coders = [MeasureCoder(measure) for measure in template.measures]
        annotators: dict[int, int] = {}
        for position, item in enumerate(items):
            judgments = [
                (annotators.setdefault(one.annotator_id, len(annotators)), one.value)
                for one in given.get(item.id, ())
            ]
            for coder in coders:
                coder.add(position, judgments)
        measures = [coder.coded(len(annotators)) for coder in coders]
        self._disagreement = item_disagreement(measures, len(items))
        self._majority = {
            coded.measure.field: self._votes(coded, majority_shares(coded))
            for coded in measures
            if coded.measure.voted
        }

    def settle(self, method: ConsensusMethod, fit: _Fit, first: int) -> Sequence[SettledItem]:
        votes = self._votes_by(method, fit, first)
        return [
            self._settled(position, item, method, votes)
            for position, item in enumerate(self._items)
        ]

    def _votes_by(
        self, method: ConsensusMethod, fit: _Fit, first: int
    ) -> Mapping[str, Sequence[UnitVotes]]:
        match method:
            case ConsensusMethod.MAJORITY | ConsensusMethod.MEAN:
                return self._majority
            case ConsensusMethod.DAWID_SKENE:
                return fit.votes(first, len(self._items))
            case _:
                assert_never(method)

    def _votes(self, coded: CodedMeasure, shares: FloatArray) -> Sequence[UnitVotes]:
        return votes_by_item(coded, shares, first=0, n_items=len(self._items))

    def _settled(
        self,
        position: int,
        item: _ReadItem,
        method: ConsensusMethod,
        votes: Mapping[str, Sequence[UnitVotes]],
    ) -> SettledItem:
        judgments = self._given.get(item.id, ())
        if judgments:
            ballot = Ballot(
                method=method,
                judgments=[judgment.value for judgment in judgments],
                votes={field: by_item[position] for field, by_item in votes.items()},
            )
            settlement = self._template.settle(item.content, ballot)
        else:
            settlement = Settlement(value=None, reason=NO_JUDGMENTS)
        return SettledItem(
            id=item.id,
            public_id=item.public_id,
            external_id=item.external_id,
            content=item.content,
            settlement=settlement,
            judgments=judgments,
            disagreement=self._disagreement[position],
        )


def _read_items(
    session: Session, template: AnyTemplate, item_ids: Sequence[int]
) -> Sequence[_ReadItem]:
    rows = session.execute(
        select(Item.id, Item.public_id, Item.external_id, type_coerce(Item.content, Text))
        .where(Item.id.in_(item_ids))
        .order_by(Item.id)
    )
    decode = template.item_model.model_validate_json
    return [
        _ReadItem(id_, public_id, external_id, decode(content))
        for id_, public_id, external_id, content in rows
    ]
