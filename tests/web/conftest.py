"""The served application; what it does hardly depends on the database, so one is enough here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.site import Site
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.settings import Settings
from workbench.web.app import create_app


@pytest.fixture
def site(sqlite_database: Database, clock: FixedClock, settings: Settings) -> Iterator[Site]:
    app = create_app(settings, database=sqlite_database, clock=clock)
    made = Site(app, sqlite_database, clock)
    with made.client:
        yield made
