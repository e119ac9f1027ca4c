"""The stored report of a campaign's agreement: measured apart, written in one short unit of work."""

from __future__ import annotations

import time
from dataclasses import asdict

from sqlalchemy import delete

from workbench.agreement.measure import Agreement, measure_agreement
from workbench.clock import Clock
from workbench.database.session import Database
from workbench.models import AgreementReport


def store_agreement(database: Database, *, campaign_id: int, clock: Clock) -> Agreement:
    """Measure the campaign's people and replace its report."""
    started = time.perf_counter()
    with database.read() as session:
        agreement = measure_agreement(session, campaign_id=campaign_id)
    report = AgreementReport(
        campaign_id=campaign_id,
        last_judgment_id=agreement.last_judgment_id,
        document=asdict(agreement),
        computed_at=clock.now(),
        seconds=time.perf_counter() - started,
    )
    with database.write() as session:
        session.execute(delete(AgreementReport).where(AgreementReport.campaign_id == campaign_id))
        session.add(report)
    return agreement
