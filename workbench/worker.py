"""The loop beside the server: jobs that stages left, and leases that ran out."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from workbench import jobs
from workbench.aggregation.refresh import refresh_campaign
from workbench.assignment.lease import expire_due
from workbench.clock import Clock
from workbench.database.session import Database
from workbench.judging.judgment import CAMPAIGN_JUDGED
from workbench.models import AgreementReport, Job
from workbench.settings import Settings

IDLE_SECONDS = 1.0
SWEEP_SECONDS = 15.0
TROUBLE_SECONDS = 5.0
CLAIM_FOR = timedelta(minutes=30)
FORGET_AFTER = timedelta(days=1)

# A large campaign takes long to measure; it then takes up a twentieth of the worker at most.
PAUSE_FACTOR = 20

_log = structlog.get_logger("workbench.worker")


class Worker:
    """Takes up one job after another; any number of processes may, on PostgreSQL."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._handlers: Mapping[str, Callable[[Job], None]] = {
            CAMPAIGN_JUDGED: self._refresh_campaign
        }
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._swept_at: float | None = None

    def run_once(self) -> bool:
        """Do the job that is due longest; return whether there was one.

        What a job raises is logged and the job is tried again later.
        """
        with self._database.write() as session:
            job = jobs.claim_job(session, now=self._clock.now(), claim_for=CLAIM_FOR)
        if job is None:
            return False
        started = time.perf_counter()
        try:
            self._handlers[job.kind](job)
        except Exception as error:  # noqa: BLE001  (whatever it is, the loop goes on)
            _log.error(
                "job failed",
                job=job.id,
                kind=job.kind,
                attempt=job.attempts,
                **_fault(error),
            )
            with self._database.write() as session:
                said = f"{type(error).__name__}: {error}"
                jobs.fail_job(session, job, now=self._clock.now(), error=said)
            return True
        now = self._clock.now()
        with self._database.write() as session:
            jobs.finish_job(session, job.id, now=now)
            jobs.forget_jobs(session, finished_before=now - FORGET_AFTER)
        _log.info(
            "job done",
            job=job.id,
            kind=job.kind,
            subject=job.subject_id,
            seconds=round(time.perf_counter() - started, 3),
        )
        return True

    def sweep(self) -> int:
        """Expire the leases that are due and return how many were."""
        expired = 0
        while True:
            with self._database.write() as session:
                count = expire_due(session, now=self._clock.now())
            expired += count
            if count == 0:
                return expired

    def run_forever(self, stop: threading.Event) -> None:
        """Work until told to stop; no fault of a job or of the database ends the loop."""
        while not stop.is_set():
            try:
                self._sweep_if_due()
                pause = 0.0 if self.run_once() else IDLE_SECONDS
            except Exception as error:  # noqa: BLE001
                _log.error("worker in trouble", **_fault(error))
                pause = TROUBLE_SECONDS
            stop.wait(pause)

    def start_thread(self) -> threading.Thread:
        """Work in a thread of this process until `stop` is called."""
        self._stop.clear()
        self._thread = threading.Thread(
            target=self.run_forever, args=(self._stop,), name="worker", daemon=True
        )
        self._thread.start()
        return self._thread

    def stop(self, *, wait_for: timedelta = timedelta(seconds=10)) -> None:
        """Ask the thread to stop and wait until it has finished what it is at."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(wait_for.total_seconds())
            self._thread = None

    def _sweep_if_due(self) -> None:
        now = time.monotonic()
        if self._swept_at is None or now - self._swept_at >= SWEEP_SECONDS:
            self.sweep()
            self._swept_at = now

    def _refresh_campaign(self, job: Job) -> None:
        campaign_id, now = job.subject_id, self._clock.now()
        with self._database.read() as session:
            report = session.get(AgreementReport, campaign_id)
        if report is not None:
            rested_at = report.computed_at + timedelta(seconds=PAUSE_FACTOR * report.seconds)
            if rested_at > now:
                with self._database.write() as session:
                    jobs.enqueue(
                        session,
                        CAMPAIGN_JUDGED,
                        subject_id=campaign_id,
                        now=now,
                        delay=rested_at - now,
                    )
                return
        refresh_campaign(self._database, campaign_id=campaign_id, clock=self._clock)


def _fault(error: Exception) -> dict[str, str]:
    """Say what and where without the message, which may quote what people wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
    return {"error": type(error).__name__, "where": where}
