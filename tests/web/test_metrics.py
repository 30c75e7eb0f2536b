from prometheus_client.parser import text_string_to_metric_families

from jcarsr.web.metrics import Metrics

Labels = frozenset[tuple[str, str]]


def told(metrics: Metrics) -> dict[tuple[str, Labels], float]:
    """What Prometheus' own parser reads of it."""
    families = text_string_to_metric_families(metrics.text().decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return told(metrics)[f"jcarsr_{name}", frozenset(labels.items())]


def test_all_states_are_told_from_the_start() -> None:
    metrics = Metrics()
    for state in ("done", "failed", "cancelled", "refused"):
        assert value(metrics, "jobs_total", state=state) == 0


def test_jobs() -> None:
    metrics = Metrics()
    metrics.count_end("done", "x2", 1000, 0.2)
    metrics.count_end("done", "x2", 500, 50.0)
    metrics.count_end("failed", "x2", 7, 70.0)
    assert value(metrics, "jobs_total", state="done") == 2
    assert value(metrics, "jobs_total", state="failed") == 1
    assert value(metrics, "pixels_total") == 1500  # of those that were restored
    assert value(metrics, "job_seconds_count", kind="x2") == 2
    assert value(metrics, "job_seconds_sum", kind="x2") == 50.2
    below = {"0.1": 0, "0.3": 1, "30.0": 1, "100.0": 2, "+Inf": 2}
    for bound, count in below.items():
        assert value(metrics, "job_seconds_bucket", kind="x2", le=bound) == count


def test_watched_values_are_those_of_the_moment() -> None:
    metrics, waiting = Metrics(), [1, 2, 3]
    metrics.watch("queue_length", "Jobs that wait.", lambda: len(waiting))
    assert value(metrics, "queue_length") == 3
    waiting.clear()
    assert value(metrics, "queue_length") == 0


def test_servers_count_for_themselves() -> None:
    one, other = Metrics(), Metrics()
    one.answers.labels("/healthz", 200).inc()
    assert value(one, "http_answers_total", route="/healthz", status="200") == 1
    assert not any(name == "jcarsr_http_answers_total" for name, _ in told(other))
