"""Prometheus metrics, one registry for each app."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True)
class Levels:
    """How much there is of what, over all organizations, at one moment."""

    live_leases: int
    judgments: int
    waiting_jobs: int


class Metrics:
    """Counts and times requests by the route's template, never by the address itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "workbench_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "workbench_request_seconds",
            "Time to answer a request.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._leases = Gauge(
            "workbench_live_leases", "Tasks in experts' hands.", registry=self.registry
        )
        self._judgments = Gauge(
            "workbench_judgments", "Judgments ever given.", registry=self.registry
        )
        self._jobs = Gauge("workbench_waiting_jobs", "Jobs not begun.", registry=self.registry)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
        counter, histogram = found
        counter.inc()
        histogram.observe(seconds)

    def set_levels(self, levels: Levels) -> None:
        self._leases.set(levels.live_leases)
        self._judgments.set(levels.judgments)
        self._jobs.set(levels.waiting_jobs)

    def exposition(self) -> bytes:
        return generate_latest(self.registry)
