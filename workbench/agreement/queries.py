"""What pages read about agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from workbench.agreement.measure import Agreement
from workbench.agreement.reliability import find_last_judgment_id
from workbench.models import AgreementReport

_AGREEMENT = TypeAdapter(Agreement)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementView:
    """The latest report; `is_current` where no judgment came in after it."""

    agreement: Agreement
    computed_at: datetime
    is_current: bool


def find_agreement(session: Session, *, campaign_id: int) -> AgreementView | None:
    """Return the latest report, None before the first measurement."""
    report = session.get(AgreementReport, campaign_id)
    if report is None:
        return None
    newest = find_last_judgment_id(session, campaign_id)
    return AgreementView(
        agreement=_AGREEMENT.validate_python(report.document),
        computed_at=report.computed_at,
        is_current=report.last_judgment_id == newest,
    )
