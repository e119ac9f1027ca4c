"""Everything that is computed of a campaign, brought up to date from one reading."""

from __future__ import annotations

import time

from workbench.aggregation.store import store_consensus
from workbench.agreement.measure import Agreement, agreement_of
from workbench.agreement.reliability import load_reliability
from workbench.agreement.report import replace_report
from workbench.campaigns.pinning import template_of
from workbench.clock import Clock
from workbench.database.session import Database
from workbench.models import Campaign


def refresh_campaign(database: Database, *, campaign_id: int, clock: Clock) -> Agreement:
    """Measure agreement and infer consensus by every method; both are stored for pages.

    The writing is done in many short units of work while one reading stays open, so that nobody's
    submit waits for it.
    """
    started = time.perf_counter()
    with database.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
        reliability = load_reliability(session, campaign, template_of(campaign))
        agreement = agreement_of(session, campaign, reliability, include_models=False)
        store_consensus(database, session, campaign_id=campaign_id, reliability=reliability)
    with database.write() as session:
        replace_report(
            session,
            agreement,
            campaign_id=campaign_id,
            now=clock.now(),
            seconds=time.perf_counter() - started,
        )
    return agreement
