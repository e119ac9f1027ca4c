"""Reading a campaign's judgments from SQLite into reliability data, measured apart from statistics.

The limit is a bare `sqlite3` loop that reads the same rows and parses their JSON: it knows nothing
of superseded judgments, judge models, task types, missing values or codes.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workbench.agreement.reliability import load_reliability
from workbench.campaigns.campaign import create_campaign
from workbench.campaigns.pinning import template_of
from workbench.database.session import Database
from workbench.migrations.runner import upgrade
from workbench.models import Annotator, AnnotatorKind, Campaign, Item, Judgment, JudgmentOrigin
from workbench.people.annotators import ensure_annotator
from workbench.people.organizations import create_organization

# No target is set for loading; beyond this something has gone wrong.
LIMIT = 12.0

_NOW = datetime(2026, 5, 1, tzinfo=UTC)
_ITEMS_AT_ONCE = 10_000


def measure(*, n_items: int = 100_000, overlap: int = 4, rounds: int = 3) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judged.db"
        database = Database.open(f"sqlite:///{path}", pool_size=2)
        upgrade(database.engine)
        campaign_id = _fill(database, n_items, overlap)
        bare, ours = [], []
        for _ in range(rounds):
            bare.append(_bare_seconds(path, campaign_id))
            ours.append(_seconds(database, campaign_id))
        database.dispose()
    ratio = statistics.median(ours) / statistics.median(bare)
    return {
        "benchmark": "load_judgments_sqlite",
        "n_items": n_items,
        "overlap": overlap,
        "rounds": rounds,
        "bare_seconds": statistics.median(bare),
        "load_seconds": statistics.median(ours),
        "judgments_per_second": n_items * overlap / statistics.median(ours),
        "ratio": ratio,
        "limit": LIMIT,
        "passed": ratio <= LIMIT,
    }


def _seconds(database: Database, campaign_id: int) -> float:
    start = time.perf_counter()
    with database.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
        load_reliability(session, campaign, template_of(campaign))
    return time.perf_counter() - start


def _bare_seconds(path: Path, campaign_id: int) -> float:
    start = time.perf_counter()
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT item_id, annotator_id, value FROM judgment WHERE campaign_id = ?", (campaign_id,)
    )
    for _item, _annotator, value in rows:
        json.loads(value)
    connection.close()
    return time.perf_counter() - start


def _fill(database: Database, n_items: int, overlap: int) -> int:
    generator = random.Random(1)
    with database.write() as session:
        organization = create_organization(session, name="Bench", now=_NOW)
        campaign = create_campaign(
            session,
            organization_id=organization.id,
            name="bench",
            template_key="pairwise_preference",
            overlap=overlap,
            options={},
            now=_NOW,
            actor="bench",
        )
        for number in range(50):
            ensure_annotator(
                session,
                organization_id=organization.id,
                name=f"annotator {number}",
                kind=AnnotatorKind.PERSON,
                now=_NOW,
            )
        annotators = list(session.scalars(select(Annotator.id)))
        for start in range(0, n_items, _ITEMS_AT_ONCE):
            numbers = range(start, min(start + _ITEMS_AT_ONCE, n_items))
            _add(session, campaign.id, numbers, overlap, annotators, generator)
    return campaign.id


def _add(
    session: Session,
    campaign_id: int,
    numbers: range,
    overlap: int,
    annotators: list[int],
    generator: random.Random,
) -> None:
    items = [
        {
            "id": number + 1,
            "public_id": f"itm_{number}",
            "campaign_id": campaign_id,
            "external_id": str(number),
            "content": {"prompt": "Which?", "responses": [{"text": "A"}, {"text": "B"}]},
            "content_hash": "0" * 64,
            "item_metadata": {},
            "shuffle_key": number,
            "open_slots": 0,
            "created_at": _NOW,
        }
        for number in numbers
    ]
    judgments = [
        {
            "public_id": f"jdg_{number}_{place}",
            "campaign_id": campaign_id,
            "item_id": number + 1,
            "annotator_id": annotator,
            "round": 1,
            "value": {
                "strength": generator.randint(-3, 3),
                "rationale": "The first answers the question that was asked, the second another.",
            },
            "template_version": "1.0.0",
            "origin": JudgmentOrigin.IMPORTED,
            "took_slot": True,
            "is_surplus": False,
            "created_at": _NOW,
        }
        for number in numbers
        for place, annotator in enumerate(generator.sample(annotators, overlap))
    ]
    session.execute(insert(Item), items)
    session.execute(insert(Judgment), judgments)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line and nothing else")
    parser.add_argument("--items", type=int, default=100_000)
    arguments = parser.parse_args()
    result = measure(n_items=arguments.items)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(
            f"{result['n_items']:,} items × {result['overlap']} judgments loaded in "
            f"{result['load_seconds']:.1f} s ({result['judgments_per_second']:,.0f} a second), "
            f"{result['ratio']:.1f} × a bare sqlite3 loop ({result['bare_seconds']:.1f} s)"
        )
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
