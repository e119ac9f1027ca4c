"""Campaigns with judgments on them, as few lines as a test needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tests.factories import make_campaign, make_items, make_organization
from tests.public_data import pandalm_items, pandalm_judgments
from workbench.clock import Clock
from workbench.identifiers import Prefix, hash_content, new_public_id
from workbench.models import (
    Annotator,
    AnnotatorKind,
    Campaign,
    Item,
    Judgment,
    JudgmentOrigin,
)
from workbench.people.annotators import ensure_annotator


def judge(
    session: Session,
    clock: Clock,
    item: Item,
    annotator: Annotator,
    value: Mapping[str, Any],
    *,
    presentation: Sequence[int] | None = None,
    supersedes: Judgment | None = None,
    seconds: float | None = None,
    surplus: bool = False,
) -> Judgment:
    judgment = Judgment(
        public_id=new_public_id(Prefix.JUDGMENT),
        campaign_id=item.campaign_id,
        item_id=item.id,
        annotator_id=annotator.id,
        supersedes_id=None if supersedes is None else supersedes.id,
        round=1,
        value=dict(value),
        presentation=None if presentation is None else list(presentation),
        template_version="1.0.0",
        guideline_version=1,
        origin=JudgmentOrigin.IMPORTED,
        took_slot=False,
        is_surplus=surplus,
        seconds=seconds,
        created_at=clock.now(),
    )
    session.add(judgment)
    session.flush()
    return judgment


def make_annotators(
    session: Session,
    clock: Clock,
    campaign: Campaign,
    names: Sequence[str],
    *,
    kind: AnnotatorKind = AnnotatorKind.PERSON,
    simulated: bool = False,
) -> list[Annotator]:
    return [
        ensure_annotator(
            session,
            organization_id=campaign.organization_id,
            name=name,
            kind=kind,
            now=clock.now(),
            simulated=simulated,
        )
        for name in names
    ]


def make_compared(
    session: Session,
    clock: Clock,
    strengths: Sequence[Sequence[int | str | None]],
    organization: str = "Acme",
) -> tuple[Campaign, list[Item], list[Annotator]]:
    """Make a preference campaign: a row per item, a column per annotator, None for no judgment."""
    campaign = make_campaign(session, clock, make_organization(session, clock, organization))
    items = make_items(session, clock, campaign, len(strengths))
    names = [f"rater {number}" for number in range(max(len(row) for row in strengths))]
    annotators = make_annotators(session, clock, campaign, names)
    for item, row in zip(items, strengths, strict=True):
        for annotator, strength in zip(annotators, row, strict=False):
            if strength is not None:
                judge(session, clock, item, annotator, {"strength": strength})
    return campaign, items, annotators


def make_graded(
    session: Session,
    clock: Clock,
    gradings: Sequence[Sequence[Mapping[str, Any] | None]],
    organization: str = "Acme",
) -> tuple[Campaign, list[Item]]:
    """Make a step grading campaign of 3-step items: a row per item, a column per annotator."""
    campaign = make_campaign(
        session, clock, make_organization(session, clock, organization), template="step_grading"
    )
    items = make_items(session, clock, campaign, len(gradings))
    names = [f"rater {number}" for number in range(max(len(row) for row in gradings))]
    annotators = make_annotators(session, clock, campaign, names)
    for item, row in zip(items, gradings, strict=True):
        for annotator, value in zip(annotators, row, strict=False):
            if value is not None:
                judge(session, clock, item, annotator, value)
    return campaign, items


def make_pandalm(session: Session, clock: Clock, folder: Path) -> Campaign:
    """Put the whole data set into a campaign without going through a file."""
    campaign = make_campaign(session, clock, make_organization(session, clock), name="PandaLM")
    ids: dict[str, int] = {}
    for place, row in enumerate(pandalm_items(folder)):
        content = {"prompt": row["prompt"], "responses": row["responses"]}
        item = Item(
            public_id=new_public_id(Prefix.ITEM),
            campaign_id=campaign.id,
            external_id=row["external_id"],
            content=content,
            content_hash=hash_content(content),
            item_metadata={},
            shuffle_key=place,
            open_slots=0,
            created_at=clock.now(),
        )
        session.add(item)
        session.flush()
        ids[row["external_id"]] = item.id
    judged = list(pandalm_judgments(folder))
    names = sorted({row["annotator"] for row in judged})
    annotators = make_annotators(session, clock, campaign, names)
    annotator_ids = {one.name: one.id for one in annotators}
    session.execute(
        insert(Judgment),
        [
            {
                "public_id": new_public_id(Prefix.JUDGMENT),
                "campaign_id": campaign.id,
                "item_id": ids[row["external_id"]],
                "annotator_id": annotator_ids[row["annotator"]],
                "round": 1,
                "value": row["value"],
                "template_version": "1.0.0",
                "origin": JudgmentOrigin.IMPORTED,
                "took_slot": True,
                "is_surplus": False,
                "created_at": clock.now(),
            }
            for row in judged
        ],
    )
    return campaign
