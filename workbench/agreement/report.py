"""The stored report of a campaign's agreement."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from workbench.agreement.measure import Agreement
from workbench.models import AgreementReport


def replace_report(
    session: Session,
    agreement: Agreement,
    *,
    campaign_id: int,
    now: datetime,
    seconds: float,
) -> None:
    """Store a measurement in place of the one before; `seconds` is what it took."""
    session.execute(delete(AgreementReport).where(AgreementReport.campaign_id == campaign_id))
    session.add(
        AgreementReport(
            campaign_id=campaign_id,
            last_judgment_id=agreement.last_judgment_id,
            document=asdict(agreement),
            computed_at=now,
            seconds=seconds,
        )
    )
