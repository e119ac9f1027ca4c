"""Items: added, or changed as long as nobody has worked on them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import from_json
from sqlalchemy import Table, Text, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from workbench.clock import Clock
from workbench.database.session import Database
from workbench.errors import BadRow
from workbench.identifiers import Prefix, canonical_json, new_public_id
from workbench.importing.images import (
    ImageIntake,
    ImageRules,
    has_images,
    open_intake,
    refuse_images,
)
from workbench.importing.pipeline import Target, find_target, lock_campaign, run_import
from workbench.importing.report import Counts, ImportReport, Progress
from workbench.importing.rows import ExternalId, Row, RowRejected, plain, read_as
from workbench.importing.staging import Staged, Staging
from workbench.models import Item, Judgment

_SHUFFLE_BITS = 44


def import_items(
    database: Database,
    *,
    campaign_id: int,
    path: Path,
    actor: str,
    clock: Clock,
    skip_bad_rows: bool = False,
    progress: Progress | None = None,
    images: ImageRules | None = None,
) -> ImportReport:
    """Import items; the same file again changes nothing.

    Args:
        images: Where the images of items go and may come from; without it a row that has some
            is refused.

    Raises:
        ImportRejected: The file has bad rows, each listed; nothing was imported.
        CampaignClosed: The campaign is closed.
    """
    target = find_target(database, campaign_id)
    with open_intake(images, organization_id=target.organization_id, beside=path.parent) as intake:
        return run_import(
            database,
            ItemImporter(target, intake),
            target,
            path=path,
            actor=actor,
            clock=clock,
            skip_bad_rows=skip_bad_rows,
            progress=progress,
        )


class _Envelope(BaseModel):
    external_id: ExternalId
    metadata: dict[str, Any] = {}


@dataclass(frozen=True)
class _Stored:
    id: int
    content_hash: str
    metadata: str


@dataclass
class _Sorted:
    """A batch by what is to be done with each row."""

    new: list[Staged] = field(default_factory=list)
    changed: list[tuple[Staged, _Stored]] = field(default_factory=list)
    unchanged: int = 0


class ItemImporter:
    action = "items_imported"

    def __init__(self, target: Target, images: ImageIntake | None = None) -> None:
        self._target, self._images = target, images
        self._import_number: int | None = None

    def parse(self, row: Row) -> Staged:
        given = dict(row.fields or {})
        outer = {name: given.pop(name) for name in _Envelope.model_fields if name in given}
        faults: list[BadRow] = []
        for model, part in ((_Envelope, outer), (self._target.template.item_model, given)):
            try:
                read = read_as(model, part, line=row.line, beside=_Envelope.model_fields)
            except RowRejected as rejection:
                faults += rejection.faults
                continue
            if isinstance(read, _Envelope):
                envelope = read
            else:
                # A default left out stays equal when a later version of the template adds one.
                content = read.model_dump(mode="json", exclude_defaults=True)
        if faults:
            raise RowRejected(faults)
        metadata = {name: plain(value) for name, value in envelope.metadata.items()}
        return Staged(
            row.line,
            envelope.external_id,
            canonical_json(content).decode(),
            canonical_json(metadata).decode(),
        )

    def settle_repeats(self, staging: Staging) -> int:
        repeats = staging.drop_repeats()
        staging.reject_all(
            BadRow(
                line=line,
                field="external_id",
                problem=f"is that of line {earlier} too, with other content",
                expected="an external_id of its own",
            )
            for line, earlier in staging.list_contradictions()
        )
        return repeats

    def complete(
        self, database: Database, batch: list[Staged]
    ) -> tuple[list[Staged], list[BadRow]]:
        """Have the images that rows refer to, and name them by their hashes."""
        with_images = [row for row in batch if has_images(row.body)]
        model = self._target.template.item_model
        if not with_images:
            return [], []
        if self._images is None:
            return [], [fault for row in with_images for fault in refuse_images(row, model)]
        return self._images.take(database, with_images, model)

    def check(self, session: Session, batch: list[Staged]) -> list[BadRow]:
        return self._refuse_taken_up(session, self._sort(session, batch).changed)

    def write(
        self, session: Session, batch: list[Staged], *, now: datetime
    ) -> tuple[Counts, list[BadRow]]:
        campaign = lock_campaign(session, self._target)
        sorted_ = self._sort(session, batch)
        if sorted_.new and self._import_number is None:
            campaign.import_count += 1
            session.flush()
            self._import_number = campaign.import_count
        refused = self._refuse_taken_up(session, sorted_.changed, lock=True)
        lines = {fault.line for fault in refused}
        changed = [(row, stored) for row, stored in sorted_.changed if row.line not in lines]
        if self._images is not None:
            kept = [row.line for row in batch if row.line not in lines]
            self._images.store(session, kept, now=now)
        self._insert(session, sorted_.new, now)
        self._update(session, changed)
        counts = Counts(added=len(sorted_.new), updated=len(changed), unchanged=sorted_.unchanged)
        return counts, refused

    def _sort(self, session: Session, batch: Sequence[Staged]) -> _Sorted:
        stored = self._find_stored(session, [row.key for row in batch])
        result = _Sorted()
        for row in batch:
            item = stored.get(row.key)
            if item is None:
                result.new.append(row)
            elif item.content_hash == _hash(row.body) and item.metadata == row.extra:
                result.unchanged += 1
            else:
                result.changed.append((row, item))
        return result

    def _find_stored(self, session: Session, external_ids: list[str]) -> dict[str, _Stored]:
        rows = session.execute(
            select(Item.external_id, Item.id, Item.content_hash, Item.item_metadata).where(
                Item.campaign_id == self._target.id, Item.external_id.in_(external_ids)
            )
        )
        return {
            external_id: _Stored(item_id, content_hash, canonical_json(metadata).decode())
            for external_id, item_id, content_hash, metadata in rows
        }

    def _refuse_taken_up(
        self, session: Session, changed: list[tuple[Staged, _Stored]], *, lock: bool = False
    ) -> list[BadRow]:
        """Refuse to change what somebody has judged, or has in front of them right now.

        A slot that is not open is held by a judgment or by an expert at work.
        """
        if not changed:
            return []
        statement = (
            select(Item.id, Item.content, Item.item_metadata)
            .where(
                Item.id.in_([stored.id for _, stored in changed]),
                or_(
                    Item.open_slots < self._target.overlap,
                    select(Judgment.id).where(Judgment.item_id == Item.id).exists(),
                ),
            )
            .order_by(Item.id)
        )
        if lock:
            ids = [stored.id for _, stored in changed]
            session.execute(
                select(Item.id).where(Item.id.in_(ids)).order_by(Item.id).with_for_update()
            )
        taken_up = {
            item_id: {**content, "metadata": metadata}
            for item_id, content, metadata in session.execute(statement)
        }
        return [
            BadRow(
                line=row.line,
                field=_first_difference(row, taken_up[stored.id]),
                problem="differs from the item, which has been judged or is being judged",
                expected="the item as it is, or a new external_id",
            )
            for row, stored in changed
            if stored.id in taken_up
        ]

    def _insert(self, session: Session, rows: list[Staged], now: datetime) -> None:
        if not rows or self._import_number is None:
            return
        base = self._import_number << _SHUFFLE_BITS
        session.execute(
            _INSERT,
            [
                {
                    "public_id": new_public_id(Prefix.ITEM),
                    "campaign_id": self._target.id,
                    "external_id": row.key,
                    "content": row.body,
                    "content_hash": _hash(row.body),
                    "metadata": row.extra,
                    "shuffle_key": base | secrets.randbits(_SHUFFLE_BITS),
                    "open_slots": self._target.overlap,
                    "created_at": now,
                }
                for row in rows
            ],
        )

    def _update(self, session: Session, changed: list[tuple[Staged, _Stored]]) -> None:
        if not changed:
            return
        session.execute(
            _UPDATE,
            [
                {
                    "of_item": stored.id,
                    "content": row.body,
                    "content_hash": _hash(row.body),
                    "metadata": row.extra,
                }
                for row, stored in changed
            ],
        )


def _hash(content: str) -> str:
    """Return what `hash_content` does, of content that is canonical JSON already."""
    return hashlib.sha256(content.encode()).hexdigest()


def _first_difference(row: Staged, stored: Mapping[str, Any]) -> str:
    given: dict[str, Any] = {**from_json(row.body), "metadata": from_json(row.extra)}
    for name in [*given, *stored]:
        if given.get(name) != stored.get(name):
            return name
    return "row"


_TABLE = cast("Table", Item.__table__)
# Content and metadata are JSON text already: bound as text they are stored as they are.
_INSERT = insert(_TABLE).values(
    {
        column.name: bindparam(column.name, type_=Text())
        if column.name in {"content", "metadata"}
        else bindparam(column.name)
        for column in _TABLE.columns
        if column.name not in {"id", "requeued_seq"}
    }
)
_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of_item"))
    .values(
        content=bindparam("content", type_=Text()),
        content_hash=bindparam("content_hash"),
        metadata=bindparam("metadata", type_=Text()),
    )
)
