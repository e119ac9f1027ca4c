"""Small worlds for tests, made through the use cases that people use."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from workbench.campaigns.campaign import create_campaign
from workbench.clock import Clock
from workbench.contracts.registry import get_template
from workbench.identifiers import Prefix, hash_content, new_public_id
from workbench.models import (
    Annotator,
    AnnotatorKind,
    Campaign,
    Item,
    Membership,
    Organization,
    Person,
    Role,
)
from workbench.people.annotators import ensure_annotator
from workbench.people.members import add_member, create_person
from workbench.people.organizations import create_organization
from workbench.people.passwords import PasswordHash, hash_password

PASSWORD = "correct horse battery staple"


@cache
def _password_hash() -> PasswordHash:
    """Hashing is slow on purpose; once is enough for every member of every test."""
    return hash_password(PASSWORD)


_numbers = itertools.count(1)


def make_organization(session: Session, clock: Clock, name: str = "Acme") -> Organization:
    return create_organization(session, name=name, now=clock.now())


def make_campaign(
    session: Session,
    clock: Clock,
    organization: Organization,
    template: str = "pairwise_preference",
    *,
    name: str | None = None,
    overlap: int = 1,
    options: dict[str, Any] | None = None,
) -> Campaign:
    return create_campaign(
        session,
        organization_id=organization.id,
        name=name or f"Campaign {next(_numbers)}",
        template_key=template,
        overlap=overlap,
        options=options or {},
        now=clock.now(),
        actor="cli",
    )


def comparison(number: int) -> dict[str, Any]:
    return {
        "prompt": f"Which of these explains number {number} better?",
        "responses": [
            {"text": f"First answer to {number}.", "model": "atlas"},
            {"text": f"Second answer to {number}.", "model": "borealis"},
        ],
    }


def solution(number: int, steps: int = 3) -> dict[str, Any]:
    return {
        "problem": f"What is {number} + {number}?",
        "steps": [f"Step {step} towards {2 * number}." for step in range(steps)],
        "reference_answer": str(2 * number),
    }


def content_of(template_key: str, number: int) -> dict[str, Any]:
    """Return the content of an item: numbered, or that of one of the task type's examples."""
    if template_key == "pairwise_preference":
        return comparison(number)
    if template_key == "step_grading":
        return solution(number)
    examples = get_template(template_key).examples
    return dict(examples[number % len(examples)].item)


def make_items(session: Session, clock: Clock, campaign: Campaign, n: int) -> list[Item]:
    """Add `n` items in shuffle order of their numbers."""
    campaign.import_count += 1
    items = []
    for position in range(n):
        number = next(_numbers)
        content = content_of(campaign.template_key, number)
        items.append(
            Item(
                public_id=new_public_id(Prefix.ITEM),
                campaign_id=campaign.id,
                external_id=f"item-{number}",
                content=content,
                content_hash=hash_content(content),
                item_metadata={},
                shuffle_key=(campaign.import_count << 44) | position,
                open_slots=campaign.overlap,
                created_at=clock.now(),
            )
        )
    session.add_all(items)
    session.flush()
    return items


def make_member(
    session: Session,
    clock: Clock,
    organization: Organization,
    role: Role,
    name: str | None = None,
) -> tuple[Person, Membership]:
    """Add a person who signs in with `PASSWORD`."""
    name = name or f"{role}-{next(_numbers)}"
    person = create_person(
        session, email=f"{name}@example.org", name=name, password=_password_hash(), now=clock.now()
    )
    member = add_member(
        session,
        organization_id=organization.id,
        person_id=person.id,
        role=role,
        now=clock.now(),
    )
    return person, member


def make_expert(
    session: Session, clock: Clock, organization: Organization, name: str | None = None
) -> Annotator:
    """Add an annotator who can claim, without a sign-in."""
    return ensure_annotator(
        session,
        organization_id=organization.id,
        name=name or f"expert-{next(_numbers)}",
        kind=AnnotatorKind.PERSON,
        now=clock.now(),
    )
