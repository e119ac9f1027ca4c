"""The worker: what follows from judgments, leases that ran out, and faults that end nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.judged_campaigns import judge, make_annotators, make_compared
from tests.stages.world import PAST_LEASE, World
from workbench import jobs
from workbench.agreement.queries import find_agreement
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.judging.judgment import CAMPAIGN_JUDGED
from workbench.models import (
    AgreementReport,
    Assignment,
    AssignmentStatus,
    Campaign,
    Item,
    Job,
    JobStatus,
)
from workbench.settings import Settings
from workbench.worker import FORGET_AFTER, PAUSE_FACTOR, Worker


@pytest.fixture
def worker(database: Database, clock: FixedClock, settings: Settings) -> Worker:
    return Worker(database, clock, settings)


@pytest.fixture
def judged(database: Database, clock: FixedClock) -> tuple[Campaign, list[Item]]:
    """Leave a campaign with judgments and the word that they came in."""
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1, 1], [2, -2], [0, 0]])
        jobs.enqueue(session, CAMPAIGN_JUDGED, subject_id=campaign.id, now=clock.now())
    return campaign, items


def statuses(database: Database) -> list[JobStatus]:
    with database.read() as session:
        return list(session.scalars(select(Job.status).order_by(Job.id)))


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_judged_campaign_gets_its_report_and_consensus(
    database: Database,
    clock: FixedClock,
    worker: Worker,
    judged: tuple[Campaign, list[Item]],
) -> None:
    assert worker.run_once()
    assert not worker.run_once()
    with database.read() as session:
        view = find_agreement(session, campaign_id=judged[0].id)
    assert view is not None
    assert view.is_current
    assert view.agreement.n_judgments == 6
    assert statuses(database) == [JobStatus.DONE]


def test_measuring_pauses_for_twenty_times_as_long_as_it_took(
    database: Database,
    clock: FixedClock,
    worker: Worker,
    judged: tuple[Campaign, list[Item]],
) -> None:
    campaign, items = judged
    worker.run_once()
    with database.write() as session:
        report = session.get_one(AgreementReport, campaign.id)
        report.seconds = 30.0
        late = make_annotators(session, clock, campaign, ["late"])[0]
        judge(session, clock, items[0], late, {"strength": -3})
        jobs.enqueue(session, CAMPAIGN_JUDGED, subject_id=campaign.id, now=clock.now())

    def measured() -> int:
        with database.read() as session:
            view = find_agreement(session, campaign_id=campaign.id)
        assert view is not None
        return view.agreement.n_judgments

    clock.advance(timedelta(seconds=10))
    assert worker.run_once()
    assert measured() == 6
    clock.advance(timedelta(seconds=PAUSE_FACTOR * 30 - 11))
    assert not worker.run_once()
    clock.advance(timedelta(seconds=1))
    assert worker.run_once()
    assert measured() == 7


def test_a_failing_job_is_tried_again_and_given_up_in_the_end(
    database: Database, clock: FixedClock, worker: Worker
) -> None:
    with database.write() as session:
        jobs.enqueue(session, CAMPAIGN_JUDGED, subject_id=404, now=clock.now())
    for attempt in range(jobs.MAX_ATTEMPTS):
        assert worker.run_once()
        assert not worker.run_once(), "it is not tried again at once"
        is_last = attempt == jobs.MAX_ATTEMPTS - 1
        assert statuses(database) == [JobStatus.FAILED if is_last else JobStatus.RUNNING]
        clock.advance(timedelta(days=1))
    assert not worker.run_once()
    with database.read() as session:
        job = session.scalars(select(Job)).one()
    assert job.error is not None
    assert job.error.startswith("NoResultFound")


def test_a_job_of_an_unknown_kind_stops_nothing(
    database: Database,
    clock: FixedClock,
    worker: Worker,
    judged: tuple[Campaign, list[Item]],
) -> None:
    with database.write() as session:
        jobs.enqueue(session, "from_the_future", subject_id=1, now=clock.now() - timedelta(hours=1))
    assert worker.run_once()
    assert worker.run_once()
    assert statuses(database)[0] is JobStatus.DONE


def test_what_is_done_is_forgotten_after_a_day(
    database: Database,
    clock: FixedClock,
    worker: Worker,
    judged: tuple[Campaign, list[Item]],
) -> None:
    worker.run_once()
    clock.advance(FORGET_AFTER + timedelta(seconds=1))
    with database.write() as session:
        jobs.enqueue(session, CAMPAIGN_JUDGED, subject_id=judged[0].id, now=clock.now())
    worker.run_once()
    assert statuses(database) == [JobStatus.DONE]


def test_leases_that_ran_out_are_swept(
    database: Database, clock: FixedClock, worker: Worker
) -> None:
    world = World.make(database, clock, items=3, experts=2)
    for expert in world.experts:
        world.claim(expert)
    assert worker.sweep() == 0
    clock.advance(PAST_LEASE)
    assert worker.sweep() == 2
    with database.read() as session:
        found = session.scalars(select(Assignment.status)).all()
    assert found == [AssignmentStatus.EXPIRED] * 2


def test_the_thread_works_until_it_is_stopped(
    database: Database,
    clock: FixedClock,
    worker: Worker,
    judged: tuple[Campaign, list[Item]],
) -> None:
    thread = worker.start_thread()
    wait_until(lambda: statuses(database) == [JobStatus.DONE])
    worker.stop()
    assert not thread.is_alive()


def test_trouble_with_the_database_does_not_end_the_loop(
    database: Database,
    clock: FixedClock,
    worker: Worker,
    judged: tuple[Campaign, list[Item]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim, calls = jobs.claim_job, [0]

    def refuse_once(*given: object, **named: object) -> object:
        calls[0] += 1
        if calls[0] == 1:
            raise OSError("the database is gone")
        return claim(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "claim_job", refuse_once)
    monkeypatch.setattr("workbench.worker.TROUBLE_SECONDS", 0.01)
    stop = threading.Event()
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    wait_until(lambda: statuses(database) == [JobStatus.DONE])
    stop.set()
    thread.join(10)
    assert calls[0] > 1
    assert not thread.is_alive()
