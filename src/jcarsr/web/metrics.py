"""What the server measures of itself, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300)


class Metrics:
    """One server's counters, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.jobs = Counter(
            "jcarsr_jobs", "Jobs by what became of them.", ["state"], registry=self._registry
        )
        for state in ("done", "failed", "cancelled", "refused"):
            self.jobs.labels(state)
        self._seconds = Histogram(
            "jcarsr_job_seconds",
            "Time in which pictures were restored.",
            ["kind"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._pixels = Counter(
            "jcarsr_pixels", "Pixels of inputs that were restored.", registry=self._registry
        )
        self.answers = Counter(
            "jcarsr_http_answers",
            "Answers by route and status.",
            ["route", "status"],
            registry=self._registry,
        )

    def count_end(self, state: str, kind: str, pixels: int, seconds: float) -> None:
        """Count a job that has come to its end."""
        self.jobs.labels(state).inc()
        if state == "done":
            self._seconds.labels(kind).observe(seconds)
            self._pixels.inc(pixels)

    def watch(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Tell a value that is asked for whenever somebody wants to know."""
        Gauge(f"jcarsr_{name}", description, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self._registry)
