"""From the consensus on items of a source to the items that follow from it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json
from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from workbench.agreement.reliability import list_current_judgments, model_annotators
from workbench.campaigns.pinning import template_of
from workbench.contracts.images import find_images
from workbench.contracts.records import Given, record_kind
from workbench.contracts.task_template import AnyTemplate, Settlement
from workbench.identifiers import canonical_json
from workbench.models import Campaign, Consensus, FollowUp, FollowUpOutcome, Item, Judgment

ISSUED, KEPT = "issued", "kept"
UNSUITED, SETTLED = "unsuited", "settled"
HAS_IMAGES = "has_images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the present consensus on one item of the source comes to.

    `contents` are those of the items that follow, as canonical JSON; `outcome` says why there are
    none.
    """

    item_id: int
    public_id: str
    external_id: str
    metadata: dict[str, Any]
    consensus_hash: str
    contents: Sequence[str]
    outcome: str


@dataclass(frozen=True, slots=True)
class _Settled:
    """The stored consensus on an item; its value is JSON still."""

    item_id: int
    value: str | None
    reason: str | None
    confidence: float | None
    margin: float | None
    n_judgments: int

    @property
    def hash(self) -> str:
        told = [self.value, self.reason, self.confidence, self.margin, self.n_judgments]
        return hashlib.sha256(canonical_json(told)).hexdigest()


class Starter:
    """Makes items for one follow-up."""

    def __init__(self, session: Session, follow_up: FollowUp) -> None:
        self._follow_up = follow_up
        source = session.get_one(Campaign, follow_up.source_id)
        self._source = template_of(source)
        self._template = template_of(session.get_one(Campaign, follow_up.campaign_id))
        self._models = model_annotators(session, source)

    def list_starts(self, session: Session, item_ids: Sequence[int]) -> list[Start]:
        """Return what is to be done for the items whose consensus is another than last time."""
        known = list_consensus_hashes(session, self._follow_up, item_ids)
        due = [
            settled
            for settled in _list_settled(session, self._follow_up, item_ids)
            if known.get(settled.item_id) != settled.hash
        ]
        passing = [one.item_id for one in due if self._reason_to_leave_out(one) is None]
        given = _list_given(session, self._source, passing, without=self._models)
        rows = session.execute(
            select(
                Item.id,
                Item.public_id,
                Item.external_id,
                type_coerce(Item.content, Text),
                Item.item_metadata,
            ).where(Item.id.in_([one.item_id for one in due]))
        )
        items = {row[0]: row for row in rows}
        starts = []
        for settled in due:
            _, public_id, external_id, content, metadata = items[settled.item_id]
            contents, outcome = self._start(settled, content, given.get(settled.item_id, ()))
            start = Start(
                item_id=settled.item_id,
                public_id=public_id,
                external_id=external_id,
                metadata=metadata,
                consensus_hash=settled.hash,
                contents=contents,
                outcome=outcome,
            )
            starts.append(start)
        return starts

    def _reason_to_leave_out(self, settled: _Settled) -> str | None:
        wanted = self._follow_up
        if settled.n_judgments < wanted.min_judgments:
            return "below_min_judgments"
        if settled.value is None:
            return settled.reason or "no_consensus"
        # As in a release: 0.9 may be stored as 0.8999….
        if (settled.confidence or 0.0) < wanted.min_confidence - 1e-9:
            return "below_min_confidence"
        if wanted.min_margin is not None and (
            settled.margin is None or abs(settled.margin) < wanted.min_margin - 1e-9
        ):
            return "below_min_margin"
        return None

    def _start(
        self, settled: _Settled, content: str, given: Sequence[Given]
    ) -> tuple[Sequence[str], str]:
        reason = self._reason_to_leave_out(settled)
        if reason is not None:
            return (), reason
        value = from_json(settled.value or "null")
        settlement = Settlement(value=value, confidence=settled.confidence, margin=settled.margin)
        item = self._source.item_model.model_validate_json(content)
        records = [
            record
            for record in self._source.records(item, settlement, given)
            if record_kind(record) == self._follow_up.record_kind
        ]
        if not records:
            return (), _unrecorded(self._source, item, value)
        # Several pairs may have the same winner: what would be the same task twice is one.
        contents = dict.fromkeys(
            made for record in records if (made := self._content(record)) is not None
        )
        if any(
            (image.sha256 or "") not in made for made in contents for _, image in find_images(item)
        ):
            # Records hold the texts of responses: what was judged by sight would be judged without.
            return (), HAS_IMAGES
        return tuple(contents), ISSUED if contents else UNSUITED

    def _content(self, record: Any) -> str | None:
        start = next(
            make
            for kind, make in self._template.starts_from.items()
            if kind == self._follow_up.record_kind
        )
        row = start(record)
        if row is None:
            return None
        try:
            read = self._template.item_model.model_validate(row)
        except ValidationError:
            return None
        return canonical_json(read.model_dump(mode="json", exclude_defaults=True)).decode()


def _unrecorded(template: AnyTemplate, item: Any, value: Any) -> str:
    if template.unrecorded is not None:
        return template.unrecorded(item, value)
    return SETTLED if template.outcome is None else template.outcome(value)


def list_consensus_hashes(
    session: Session, follow_up: FollowUp, item_ids: Sequence[int]
) -> dict[int, str]:
    """Return the consensus that was last dealt with, by item of the source."""
    rows = session.execute(
        select(FollowUpOutcome.source_item_id, FollowUpOutcome.consensus_hash).where(
            FollowUpOutcome.campaign_id == follow_up.campaign_id,
            FollowUpOutcome.source_item_id.in_(item_ids),
        )
    )
    return dict(iter(rows))


def list_present_hashes(
    session: Session, follow_up: FollowUp, item_ids: Sequence[int]
) -> dict[int, str]:
    """Return the consensus that is stored now, by item of the source."""
    return {one.item_id: one.hash for one in _list_settled(session, follow_up, item_ids)}


def _list_settled(session: Session, follow_up: FollowUp, item_ids: Sequence[int]) -> list[_Settled]:
    rows = session.execute(
        select(
            Consensus.item_id,
            type_coerce(Consensus.value, Text),
            Consensus.reason,
            Consensus.confidence,
            Consensus.margin,
            Consensus.n_judgments,
        )
        .where(Consensus.item_id.in_(item_ids), Consensus.method == follow_up.method)
        .order_by(Consensus.item_id)
    )
    return [_Settled(*row) for row in rows]


def _list_given(
    session: Session, template: AnyTemplate, item_ids: Sequence[int], *, without: frozenset[int]
) -> dict[int, list[Given]]:
    """Return the judgments that items were settled by; who gave them stays out of it."""
    judgments = list_current_judgments(session, template, item_ids, without=without)
    rows = session.execute(
        select(Judgment.id, Judgment.created_at).where(Judgment.item_id.in_(item_ids))
    )
    created_at = dict(iter(rows))
    return {
        item_id: [
            Given(
                annotator=str(number),
                value=one.value,
                created_at=created_at[one.id],
                seconds=one.seconds,
            )
            for number, one in enumerate(of_item, start=1)
        ]
        for item_id, of_item in judgments.items()
    }
