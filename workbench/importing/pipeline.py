"""What every import does: read and check all rows, refuse or write them, batch by batch.

Writing is safe to break off: each batch is one short unit of work, and the same file again finds
what is there already and completes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.audit import record_event
from workbench.campaigns.campaign import check_not_closed
from workbench.campaigns.pinning import options_of, template_of
from workbench.clock import Clock
from workbench.contracts.task_template import AnyTemplate, Options
from workbench.database.session import Database
from workbench.errors import BadRow, ImportRejected
from workbench.importing.readers import read_rows, reject_file
from workbench.importing.report import Counts, ImportReport, Progress, no_progress, refuse
from workbench.importing.rows import Row, RowRejected, find_unstorable
from workbench.importing.staging import Staged, Staging, open_staging
from workbench.models import Campaign


@dataclass(frozen=True, kw_only=True)
class Target:
    """The campaign that is imported into."""

    id: int
    public_id: str
    organization_id: int
    overlap: int
    round: int
    is_simulated: bool
    template: AnyTemplate
    options: Options


class Importer(Protocol):
    """What differs between kinds of rows."""

    action: str

    def parse(self, row: Row) -> Staged:
        """Validate one row by itself; raise `RowRejected` with its faults."""

    def settle_repeats(self, staging: Staging) -> int:
        """Deal with keys that come twice; return how many rows repeat another one."""

    def complete(
        self, database: Database, batch: list[Staged]
    ) -> tuple[list[Staged], list[BadRow]]:
        """Bring in what rows only refer to; return the rows changed by it, and what is not had."""

    def check(self, session: Session, batch: list[Staged]) -> list[BadRow]:
        """Return what keeps rows from being written that are well formed by themselves."""

    def write(
        self, session: Session, batch: list[Staged], *, now: datetime
    ) -> tuple[Counts, list[BadRow]]:
        """Write a batch; return what became of it, and rows refused since they were checked."""


def find_target(database: Database, campaign_id: int) -> Target:
    """Return a campaign that may be imported into.

    Raises:
        CampaignClosed: It is closed.
    """
    with database.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
        check_not_closed(campaign)
        return Target(
            id=campaign.id,
            public_id=campaign.public_id,
            organization_id=campaign.organization_id,
            overlap=campaign.overlap,
            round=campaign.round,
            is_simulated=campaign.is_simulated,
            template=template_of(campaign),
            options=options_of(campaign),
        )


def lock_campaign(session: Session, target: Target) -> Campaign:
    """Return the campaign, keeping another import of it waiting until this batch is written."""
    campaign = session.scalars(
        select(Campaign).where(Campaign.id == target.id).with_for_update(key_share=True)
    ).one()
    check_not_closed(campaign)
    return campaign


def run_import(
    database: Database,
    importer: Importer,
    target: Target,
    *,
    path: Path,
    actor: str,
    clock: Clock,
    skip_bad_rows: bool,
    progress: Progress | None,
) -> ImportReport:
    """Import one file.

    Raises:
        ImportRejected: It cannot be read, or has bad rows and `skip_bad_rows` is not given.
    """
    report_progress = progress or no_progress
    with open_staging(keep_sources=skip_bad_rows) as staging:
        rows = _stage(importer, staging, path, report_progress)
        counts = Counts(unchanged=importer.settle_repeats(staging))
        _complete(database, importer, staging, report_progress)
        _check(database, importer, staging, report_progress)
        rejected = staging.count_rejected()
        if rejected and not skip_bad_rows:
            raise refuse(path, rejected=rejected, rows=rows, faults=staging.list_faults())
        rejected_file = _write_rejected(staging, path) if rejected else None
        try:
            _write(database, importer, staging, counts, clock, report_progress)
        finally:
            _record(database, importer, target, path, counts, rejected, actor, clock)
        late = staging.count_rejected() - rejected
        if late and not skip_bad_rows:
            message = f"{late} items were taken up while the file was read; the rest is imported"
            raise ImportRejected(message, rows=staging.list_faults(), rejected=late)
        if late:
            rejected_file = _write_rejected(staging, path)
        return ImportReport(
            campaign=target.public_id,
            counts=counts,
            rejected=rejected + late,
            rejected_file=rejected_file,
            faults=staging.list_faults(),
        )


def _stage(importer: Importer, staging: Staging, path: Path, progress: Progress) -> int:
    """Read and validate all rows; return how many there are."""
    count, size = 0, 0
    for count, (row, position) in enumerate(read_rows(path), start=1):
        size = size or path.stat().st_size
        try:
            staging.add(_parsed(importer, row), row.source)
        except RowRejected as rejection:
            staging.reject(row.line, rejection.faults, row.source)
        if not count % 500:
            progress("Reading", position, size)
    if not count:
        raise reject_file(path, "has no rows", "at least one row")
    progress("Reading", size, size)
    staging.index()
    return count


def _parsed(importer: Importer, row: Row) -> Staged:
    if row.fault is not None:
        raise RowRejected([row.fault])
    staged = importer.parse(row)
    # As JSON text, what cannot be stored looks like one of these; only then is it worth a search.
    stored = staged.body, staged.extra
    if any("\\u0000" in text or "Infinity" in text for text in stored):
        fault = find_unstorable(row.fields, row.line)
        if fault is not None:
            raise RowRejected([fault])
    return staged


def _complete(database: Database, importer: Importer, staging: Staging, progress: Progress) -> None:
    done, total = 0, staging.count()
    for batch in staging.batches():
        changed, faults = importer.complete(database, batch)
        for row in changed:
            staging.replace(row)
        staging.reject_all(faults)
        done += len(batch)
        if changed or faults:
            progress("Fetching images", done, total)


def _check(database: Database, importer: Importer, staging: Staging, progress: Progress) -> None:
    done, total = 0, staging.count()
    for batch in staging.batches():
        with database.read() as session:
            faults = importer.check(session, batch)
        staging.reject_all(faults)
        done += len(batch)
        progress("Checking", done, total)


def _write(
    database: Database,
    importer: Importer,
    staging: Staging,
    counts: Counts,
    clock: Clock,
    progress: Progress,
) -> None:
    done, total = 0, staging.count()
    for batch in staging.batches():
        with database.write() as session:
            written, refused = importer.write(session, batch, now=clock.now())
        counts += written
        staging.reject_all(refused)
        done += len(batch)
        progress("Writing", done, total)


def _write_rejected(staging: Staging, path: Path) -> Path:
    rejected_file = path.with_name(f"{path.name}.rejected.jsonl")
    try:
        with rejected_file.open("w", encoding="utf-8") as out:
            staging.write_rejected(out)
    except OSError as error:
        message = f"the bad rows cannot be written to {rejected_file}: {error.strerror}"
        raise ImportRejected(message) from error
    return rejected_file


def _record(
    database: Database,
    importer: Importer,
    target: Target,
    path: Path,
    counts: Counts,
    rejected: int,
    actor: str,
    clock: Clock,
) -> None:
    with database.write() as session:
        record_event(
            session,
            organization_id=target.organization_id,
            actor=actor,
            action=importer.action,
            subject=target.public_id,
            now=clock.now(),
            detail={"file": path.name, "rejected": rejected, **vars(counts)},
        )
