"""Stored consensus, for pages: inferred in one reading, written in short batches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from workbench.aggregation.consensus import SettledItem, infer_by_methods
from workbench.agreement.reliability import Reliability
from workbench.contracts.task_template import ConsensusMethod
from workbench.database.session import Database
from workbench.models import Consensus

_COMPARED = (
    "value",
    "reason",
    "confidence",
    "margin",
    "disagreement",
    "n_judgments",
)
# An expert's submit waits for the one writer of an embedded database; let it in between.
_PAUSE_SECONDS = 0.002


def store_consensus(
    database: Database,
    session: Session,
    *,
    campaign_id: int,
    methods: Sequence[ConsensusMethod] = tuple(ConsensusMethod),
    reliability: Reliability | None = None,
) -> int:
    """Bring the campaign's stored consensus up to date and return how many rows changed.

    Only items with a judgment have rows, and only rows that differ are written.

    Args:
        database: Where units of work for writing come from.
        session: The reading that everything is inferred from, `reliability` too if it is given.
    """
    changed = 0
    for batch in infer_by_methods(
        session, campaign_id=campaign_id, methods=methods, reliability=reliability
    ):
        for method, items in batch.items():
            stale = _stale(session, campaign_id, method, items)
            if stale:
                _replace(database, method, stale)
                changed += len(stale)
                time.sleep(_PAUSE_SECONDS)
    return changed


def _stale(
    session: Session, campaign_id: int, method: ConsensusMethod, items: Sequence[SettledItem]
) -> list[dict[str, Any]]:
    judged = [item for item in items if item.n_judgments]
    stored = session.execute(
        select(Consensus.item_id, *(getattr(Consensus, name) for name in _COMPARED)).where(
            Consensus.item_id.in_([item.id for item in items]), Consensus.method == method
        )
    )
    before = {row[0]: row[1:] for row in stored}
    rows = [_row(campaign_id, method, item) for item in judged]
    return [
        row for row in rows if before.get(row["item_id"]) != tuple(row[name] for name in _COMPARED)
    ]


def _row(campaign_id: int, method: ConsensusMethod, item: SettledItem) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "item_id": item.id,
        "method": str(method),
        "value": item.settlement.value,
        "reason": item.settlement.reason,
        "confidence": item.settlement.confidence,
        "margin": item.settlement.margin,
        "disagreement": item.disagreement,
        "n_judgments": item.n_judgments,
    }


def _replace(
    database: Database, method: ConsensusMethod, rows: Sequence[Mapping[str, Any]]
) -> None:
    with database.write() as session:
        session.execute(
            delete(Consensus).where(
                Consensus.item_id.in_([row["item_id"] for row in rows]),
                Consensus.method == method,
            )
        )
        session.execute(insert(Consensus), list(rows))
