"""Alembic's entry: runs the migrations on the engine that the runner hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Engine

import workbench.models  # noqa: F401  (registers the tables)
from workbench.database.base import Base
from workbench.database.types import JsonText, UtcDateTime


def _render_stored_type(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    """A migration names what is stored, so that it stays readable when a type's code moves."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(value, JsonText):
        return "sa.Text()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        render_item=_render_stored_type,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("engine") or context.config.attributes.get("connection")
if isinstance(handed_over, Engine):
    with handed_over.connect() as opened:
        _run(opened)
        opened.commit()
elif isinstance(handed_over, Connection):
    _run(handed_over)
else:
    problem = "run migrations through `workbench database upgrade`"
    raise RuntimeError(problem)
