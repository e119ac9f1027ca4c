"""The loop beside the server: jobs that stages left, and leases that ran out."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from typing import Self

import structlog

from workbench import jobs
from workbench.aggregation.refresh import refresh_campaign
from workbench.assignment.lease import expire_due
from workbench.campaigns.campaign import FOLLOW_UPS_DUE
from workbench.clock import Clock, SystemClock
from workbench.contracts.registry import register_folders
from workbench.database.session import Database
from workbench.follow_ups.issue import issue_follow_ups
from workbench.follow_ups.queries import list_follower_ids
from workbench.judging.judgment import CAMPAIGN_JUDGED
from workbench.logs import configure_logging
from workbench.models import AgreementReport, Job
from workbench.settings import Settings

IDLE_SECONDS = 1.0
SWEEP_SECONDS = 15.0
TROUBLE_SECONDS = 5.0
CLAIM_FOR = timedelta(minutes=30)
FORGET_AFTER = timedelta(days=1)

# A large campaign takes long to measure; it then takes up a twentieth of the worker at most.
PAUSE_FACTOR = 20

STOP_WITHIN = timedelta(seconds=10)
_CONNECTIONS = 4
_NICENESS = 10

_log = structlog.get_logger("workbench.worker")


class Worker:
    """Takes up one job after another; any number of processes may, on PostgreSQL."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._handlers: Mapping[str, Callable[[Job], None]] = {
            CAMPAIGN_JUDGED: self._refresh_campaign,
            FOLLOW_UPS_DUE: self._issue_follow_ups,
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

    def stop(self, *, wait_for: timedelta = STOP_WITHIN) -> None:
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
        with self._database.write() as session:
            for follower_id in list_follower_ids(session, source_id=campaign_id):
                jobs.enqueue(session, FOLLOW_UPS_DUE, subject_id=follower_id, now=now)

    def _issue_follow_ups(self, job: Job) -> None:
        issue_follow_ups(self._database, campaign_id=job.subject_id, clock=self._clock)


class WorkerProcess:
    """The worker in a process of its own beside a server, for as long as the server lives.

    What it computes would otherwise take the interpreter from the requests. It stops when its end
    of a pipe closes, which also happens when the server is killed; when it dies, it is begun again.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ended, self._end = multiprocessing.Pipe(duplex=False)
        self._supervisor = threading.Thread(target=self._supervise, name="worker", daemon=True)

    def __enter__(self) -> Self:
        self._supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()
        self._supervisor.join()
        self._ended.close()

    def _supervise(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        while True:
            lifeline, held = spawn.Pipe(duplex=False)
            process = spawn.Process(
                target=_work_beside, args=(self._settings, lifeline), name="worker", daemon=True
            )
            process.start()
            lifeline.close()
            has_died = self._ended not in wait([self._ended, process.sentinel])
            held.close()
            process.join(STOP_WITHIN.total_seconds())
            if process.is_alive():
                process.kill()
                process.join()
            if not has_died:
                return
            _log.error("worker died", exit_code=process.exitcode)
            if wait([self._ended], TROUBLE_SECONDS):
                return


def _work_beside(settings: Settings, lifeline: Connection) -> None:
    # Whoever interrupts a terminal's processes interrupts the server, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    configure_logging(settings.log_level)
    register_folders(settings.template_dir)
    database = Database.open(settings.resolved_database_url, pool_size=_CONNECTIONS)
    worker = Worker(database, SystemClock(), settings)
    worker.start_thread()
    wait([lifeline])
    worker.stop()
    database.dispose()


def _fault(error: Exception) -> dict[str, str]:
    """Say what and where without the message, which may quote what people wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
    return {"error": type(error).__name__, "where": where}
