"""A database with a long queue and experts who are signed in."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from workbench.campaigns.campaign import create_campaign
from workbench.clock import SystemClock
from workbench.database.session import Database
from workbench.identifiers import Prefix, hash_content, new_public_id
from workbench.migrations.runner import upgrade
from workbench.models import Annotator, Campaign, Item, Role
from workbench.people.members import add_member, create_person
from workbench.people.organizations import create_organization
from workbench.people.sign_in import start_sign_in

BATCH = 5_000
_WORDS = [
    "the",
    "answer",
    "depends",
    "on",
    "which",
    "of",
    "several",
    "cases",
    "holds",
    "and",
    "on",
    "what",
    "was",
    "asked",
    "for",
    "in",
    "the",
    "first",
    "place",
    "so",
    "a",
    "short",
    "list",
    "helps",
    "more",
    "than",
    "one",
    "long",
    "paragraph",
    "would",
]


@dataclass(frozen=True)
class Seeded:
    campaign_id: int
    campaign: str
    annotators: list[int]
    secrets: list[str]


def seed(database: Database, *, items: int, experts: int, overlap: int = 1) -> Seeded:
    """Fill an empty database: comparisons of about 1 kB a response, experts with open sessions."""
    upgrade(database.engine)
    now = SystemClock().now()
    annotators, secrets = [], []
    with database.write() as session:
        organization = create_organization(session, name="Bench", now=now)
        campaign = create_campaign(
            session,
            organization_id=organization.id,
            name="bench",
            template_key="pairwise_preference",
            options={},
            overlap=overlap,
            now=now,
            actor="cli",
        )
        for number in range(experts):
            person = create_person(
                session,
                email=f"expert{number}@example.org",
                name=f"Expert {number}",
                password=None,
                now=now,
            )
            add_member(
                session,
                organization_id=organization.id,
                person_id=person.id,
                role=Role.EXPERT,
                now=now,
            )
            signed_in = start_sign_in(
                session,
                person_id=person.id,
                now=now,
                last_for=timedelta(hours=14),
                address="127.0.0.1",
            )
            assert signed_in is not None
            secrets.append(signed_in.secret)
            annotator = session.query(Annotator).filter_by(person_id=person.id).one()
            annotators.append(annotator.id)
    add_items(database, campaign, items)
    return Seeded(campaign.id, campaign.public_id, annotators, secrets)


def add_items(database: Database, campaign: Campaign, items: int) -> None:
    now = SystemClock().now()
    for start in range(0, items, BATCH):
        rows = [
            {
                "public_id": new_public_id(Prefix.ITEM),
                "campaign_id": campaign.id,
                "external_id": f"item-{campaign.id}-{number}",
                "content": content,
                "content_hash": hash_content(number),
                "item_metadata": {},
                "shuffle_key": (1 << 44) | number,
                "open_slots": campaign.overlap,
                "created_at": now,
            }
            for number, content in zip(
                range(start, min(start + BATCH, items)), contents(start), strict=False
            )
        ]
        with database.write() as session:
            session.execute(insert(Item), rows)


def contents(seed: int) -> Iterator[dict[str, Any]]:
    """Comparisons as models write them: paragraphs, some emphasis, a list, a line of code."""
    chance = random.Random(seed)
    while True:
        yield {
            "prompt": _sentence(chance, 30),
            "responses": [
                {"text": _response(chance), "model": "atlas"},
                {"text": _response(chance), "model": "borealis"},
            ],
        }


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def _response(chance: random.Random) -> str:
    parts = [
        f"**{_sentence(chance, 5)}** {_sentence(chance, 45)}",
        "\n".join(f"- {_sentence(chance, 12)}" for _ in range(3)),
        f"Use `{chance.choice(_WORDS)}()` here. {_sentence(chance, 60)}",
    ]
    return "\n\n".join(parts)


def write_bare(path: Path, *, items: int) -> None:
    """Fill the limit's database with the same items."""
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(
        """
        CREATE TABLE item (id INTEGER PRIMARY KEY, content TEXT, open_slots INTEGER);
        CREATE INDEX item_open ON item (id) WHERE open_slots > 0;
        CREATE TABLE assignment (id INTEGER PRIMARY KEY, item_id INTEGER, expert TEXT,
            token TEXT, status TEXT, leased_at REAL);
        CREATE TABLE judgment (id INTEGER PRIMARY KEY, assignment_id INTEGER, item_id INTEGER,
            expert TEXT, result TEXT, created_at REAL);
        """
    )
    for start in range(0, items, BATCH):
        count = min(BATCH, items - start)
        rows = zip(range(count), contents(start), strict=False)
        connection.executemany(
            "INSERT INTO item (content, open_slots) VALUES (?, 1)",
            [(json.dumps(content),) for _, content in rows],
        )
    connection.commit()
    connection.close()
