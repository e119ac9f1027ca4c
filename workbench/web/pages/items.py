"""A campaign's items: found, and one with all its judgments side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import to_json

from workbench.aggregation.item_list import (
    ItemFilter,
    ItemStatus,
    ListedItem,
    Neighbours,
    Setback,
    find_neighbours,
    list_annotator_names,
    list_items,
    list_setbacks,
)
from workbench.aggregation.queries import JudgedItemView, JudgmentView, get_judged_item
from workbench.campaigns.campaign import get_campaign
from workbench.campaigns.pinning import template_of
from workbench.contracts.rendering import render_text
from workbench.contracts.review import Layout, Mark, Passage, Reading, Review
from workbench.contracts.task_template import AnyTemplate, ConsensusMethod
from workbench.database.paging import Page
from workbench.errors import NotAllowed
from workbench.models import AnnotatorKind, Role
from workbench.web.edge import Edge, allow
from workbench.web.figures import METHOD_TITLES
from workbench.web.frame import CampaignFrame, Naming, frame_of, naming_of
from workbench.web.parameters import PageNumber, SearchText
from workbench.web.reading import read_consensus, read_judgment, review_item
from workbench.web.templating import render

router = APIRouter(prefix="/campaigns", include_in_schema=False)

Readers = Annotated[Edge, allow(Role.QA_LEAD, Role.ENGINEER)]

STATUS_TITLES = {
    ItemStatus.ALL: "All items",
    ItemStatus.DISPUTED: "Judgments disagree",
    ItemStatus.UNSETTLED: "No consensus",
    ItemStatus.UNANIMOUS: "Judgments agree",
    ItemStatus.SINGLE: "One judgment",
    ItemStatus.UNJUDGED: "Not judged yet",
    ItemStatus.FLAGGED: "Flagged as broken",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    item: ListedItem
    consensus: Reading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsContext:
    frame: CampaignFrame
    items: Page[ItemRow]
    status: str
    statuses: Sequence[tuple[str, str]]
    search: str
    judged_by: str
    judges: Sequence[str]


@router.get("/{campaign}/items")
def items_page(
    request: Request,
    edge: Readers,
    campaign: str,
    status: ItemStatus = ItemStatus.ALL,
    search: SearchText = "",
    judged_by: Annotated[str, Query(max_length=400)] = "",
    page: PageNumber = 1,
) -> Response:
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        template = template_of(found)
        frame = frame_of(found, work.actor, route="items_page")
        judges = [one for one in judged_by.split(",") if one]
        if judges and not frame.may_lead:
            message = "who judged which item is open to QA leads"
            raise NotAllowed(message)
        wanted = ItemFilter(status=status, search=search.strip(), judged_by=judges)
        listed = list_items(work.session, found, wanted, page=page)
        names = list_annotator_names(
            work.session, organization_id=work.actor.organization_id, annotators=judges
        )
    rows = tuple(
        ItemRow(item=item, consensus=_listed_reading(template, item)) for item in listed.rows
    )
    context = ItemsContext(
        frame=frame,
        items=Page(rows, listed.number, listed.size, listed.total),
        status=status,
        statuses=[(str(value), title) for value, title in STATUS_TITLES.items()],
        search=search,
        judged_by=judged_by,
        judges=names,
    )
    return render(request, "items/list.html", context)


def _listed_reading(template: AnyTemplate, item: ListedItem) -> Reading | None:
    if item.value is None and item.reason is None:
        return None
    return read_consensus(template, item.value, reason=item.reason, margin=item.margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierVersion:
    """A judgment that its annotator has revised since."""

    reading: Reading
    note_html: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentCard:
    """A current judgment; `shown` is the order in which its annotator saw the parts."""

    view: JudgmentView
    name: str
    is_model: bool
    reading: Reading
    note_html: str
    shown: str
    earlier: Sequence[EarlierVersion]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNote:
    """What one annotator wrote about a part."""

    name: str
    mark: Mark
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One part of the item with what each judgment says of it; None where it says nothing."""

    passage: Passage
    marks: Sequence[Mark | None]
    consensus: Mark | None
    notes: Sequence[PartNote]
    is_decisive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusRow:
    title: str
    reading: Reading
    confidence: float | None
    margin: float | None
    n_judgments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetbackRow:
    setback: Setback
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemContext:
    frame: CampaignFrame
    item: JudgedItemView
    review: Review
    is_beside: bool
    parts: Sequence[PartRow]
    has_marks: bool
    cards: Sequence[JudgmentCard]
    consensus: Sequence[ConsensusRow]
    setbacks: Sequence[SetbackRow]
    neighbours: Neighbours
    metadata: Sequence[tuple[str, str]]


@router.get("/{campaign}/items/{item}")
def item_page(request: Request, edge: Readers, campaign: str, item: str) -> Response:
    with edge.read() as work:
        found = get_campaign(
            work.session, reference=campaign, organization_id=work.actor.organization_id
        )
        template = template_of(found)
        view = get_judged_item(work.session, campaign_id=found.id, item_id=item)
        setbacks = list_setbacks(work.session, campaign_id=found.id, item=item)
        neighbours = find_neighbours(work.session, campaign_id=found.id, item=item)
        frame, naming = (
            frame_of(found, work.actor, route="items_page"),
            naming_of(found, work.actor),
        )
    review = review_item(template, view.content)
    cards = _cards(template, view, review, naming)
    consensus = _consensus(template, view.consensus)
    majority = consensus[0].reading if consensus else None
    context = ItemContext(
        frame=frame,
        item=view,
        review=review,
        is_beside=review.layout is Layout.BESIDE,
        parts=_parts(review, cards, majority),
        has_marks=any(card.reading.marks for card in cards),
        cards=cards,
        consensus=consensus,
        setbacks=[
            SetbackRow(setback=one, name=naming(one.annotator, one.annotator_name))
            for one in setbacks
        ],
        neighbours=neighbours,
        metadata=_metadata(view.metadata),
    )
    return render(request, "items/item.html", context)


def _cards(
    template: AnyTemplate, view: JudgedItemView, review: Review, naming: Naming
) -> list[JudgmentCard]:
    """Return the current judgments, those that say the same next to each other."""
    by_id = {judgment.public_id: judgment for judgment in view.judgments}
    cards = []
    for judgment in view.judgments:
        if judgment.is_superseded:
            continue
        earlier, before = [], judgment.supersedes
        while before is not None:
            replaced = by_id[before]
            reading = read_judgment(template, replaced.value)
            earlier.append(
                EarlierVersion(
                    reading=reading, note_html=_note(reading), created_at=replaced.created_at
                )
            )
            before = replaced.supersedes
        reading = read_judgment(template, judgment.value)
        cards.append(
            JudgmentCard(
                view=judgment,
                name=naming(judgment.annotator, judgment.annotator_name, judgment.annotator_kind),
                is_model=judgment.annotator_kind == AnnotatorKind.MODEL,
                reading=reading,
                note_html=_note(reading),
                shown=_shown(judgment.presentation, review),
                earlier=earlier,
            )
        )
    return sorted(cards, key=_place)


def _note(reading: Reading) -> str:
    return render_text(reading.note) if reading.note else ""


def _place(card: JudgmentCard) -> tuple[bool, float, str]:
    scale = card.reading.scale
    return scale is None, scale.place if scale else 0.0, card.reading.words


def _shown(presentation: Sequence[int] | None, review: Review) -> str:
    if not presentation or len(presentation) != len(review.parts):
        return ""
    return ", ".join(review.parts[index].title for index in presentation)


def _parts(
    review: Review, cards: Sequence[JudgmentCard], consensus: Reading | None
) -> list[PartRow]:
    rows = []
    for index, passage in enumerate(review.parts):
        marks = [card.reading.marks.get(index) for card in cards]
        agreed = consensus.marks.get(index) if consensus else None
        rows.append(
            PartRow(
                passage=passage,
                marks=marks,
                consensus=agreed,
                notes=[
                    PartNote(name=card.name, mark=mark, html=render_text(mark.note))
                    for card, mark in zip(cards, marks, strict=True)
                    if mark is not None and mark.note
                ],
                is_decisive=agreed is not None and agreed.is_decisive,
            )
        )
    return rows


def _consensus(
    template: AnyTemplate, stored: Mapping[str, Mapping[str, Any]]
) -> list[ConsensusRow]:
    return [
        ConsensusRow(
            title=METHOD_TITLES[method],
            reading=read_consensus(
                template, row["value"], reason=row["reason"], margin=row["margin"]
            ),
            confidence=row["confidence"],
            margin=row["margin"],
            n_judgments=row["n_judgments"],
        )
        for method in ConsensusMethod
        if (row := stored.get(method)) is not None
    ]


def _metadata(metadata: Any) -> list[tuple[str, str]]:
    entries = metadata.items() if isinstance(metadata, dict) else ()
    return [
        (str(name), value if isinstance(value, str) else to_json(value).decode())
        for name, value in entries
    ]
