"""The claim's statements walk the partial indexes, whatever the planner would rather do."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Select, text, update
from sqlalchemy.orm import Session

from tests.stages.world import World
from workbench.assignment.lease import due_leases
from workbench.assignment.queue import held_leases
from workbench.assignment.tiers import open_places, requeued_places
from workbench.clock import FixedClock
from workbench.database.engine import Dialect
from workbench.database.session import Database
from workbench.identifiers import Prefix, new_public_id, new_secret
from workbench.models import Assignment, AssignmentStatus, Item, Position

BINDS = {
    "campaign_id": 1,
    "expert_id": 1,
    "round": 1,
    "after_key": 5,
    "after_id": 5,
    "now": 5,
    "most": 1,
}
MANY = 2_000
STATEMENTS = {
    "ix_item_open": open_places,
    "ix_item_requeued": requeued_places,
    "ix_assignment_live": held_leases,
    "ix_assignment_due": due_leases,
}


def test_a_claim_reads_through_partial_indexes_with_and_without_statistics(
    database: Database, clock: FixedClock
) -> None:
    world = World.make(database, clock, items=MANY, experts=2)
    _finish_most(world)
    with database.write() as session:
        _check_plans(session, database.dialect)
        session.execute(text("ANALYZE"))
        _check_plans(session, database.dialect)


def _check_plans(session: Session, dialect: Dialect) -> None:
    for index, select in STATEMENTS.items():
        plan = _plan(session, dialect, select())
        assert re.search(rf"\b{index}\b", plan), plan
        assert not re.search(r"Seq Scan|SCAN item|SCAN assignment", plan), plan
        # The two leases that an expert holds may be sorted; a queue must not be.
        if select is not held_leases:
            assert not re.search(r"Sort|TEMP B-TREE", plan), plan


def _finish_most(world: World) -> None:
    """Give the tables the shape they have late in a campaign: most is done, little is open."""
    judged = world.items[: MANY - 100]
    with world.database.write() as session:
        session.add_all(
            Assignment(
                public_id=new_public_id(Prefix.ASSIGNMENT),
                campaign_id=world.campaign_id,
                item_id=item_id,
                expert_id=world.experts[0],
                round=1,
                status=AssignmentStatus.SUBMITTED,
                position=Position.CURRENT,
                token=new_secret(),
                presentation=[0, 1],
                leased_at=world.clock.now(),
                expires_at=world.clock.now(),
            )
            for item_id in judged
        )
        session.execute(update(Item).where(Item.id.in_(judged)).values(open_slots=0))
    for _ in range(20):
        world.release(world.experts[1], world.must_claim(world.experts[1]))
    world.must_claim(world.experts[1])


def _plan(session: Session, dialect: Dialect, statement: Select[*tuple[Any, ...]]) -> str:
    connection = session.connection()
    compiled = statement.compile(dialect=connection.dialect)
    given = {**compiled.params, **BINDS}
    values: Any = given
    if compiled.positional:
        values = tuple(given[name] for name in compiled.positiontup or ())
    explain = "EXPLAIN QUERY PLAN " if dialect is Dialect.SQLITE else "EXPLAIN "
    rows = connection.exec_driver_sql(explain + str(compiled), values)
    return "\n".join(str(row) for row in rows)
