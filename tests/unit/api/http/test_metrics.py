"""What the dashboard asks for is exposed, what is exposed is documented, and nobody can make series without end."""

import json
import re
import urllib.request
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from api.http.metrics import Metrics
from api.relay.metrics import RelayMetrics, told
from tests.unit.api.http.town import Town

ROOT = Path(__file__).parents[4]
DASHBOARD = ROOT / "docs" / "grafana" / "huxin.json"
DOCUMENT = ROOT / "docs" / "operations.md"
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
NAME = re.compile(r"\bhuxin_[a-z_]+")


def names(registry: CollectorRegistry) -> set[str]:
    """Every name that can stand in a query."""
    return {family.name + suffix for family in registry.collect() for suffix in SUFFIXES[family.type]}


def families(registry: CollectorRegistry) -> set[str]:
    """Every metric as it is documented."""
    return {family.name + ("_total" if family.type == "counter" else "") for family in registry.collect()}


def both() -> tuple[CollectorRegistry, CollectorRegistry]:
    return Metrics().registry, RelayMetrics().registry


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def test_every_metric_that_the_dashboard_queries_is_exposed() -> None:
    exposed = set[str]().union(*map(names, both()))
    asked = {name for query in queries() for name in NAME.findall(query)}
    assert len(asked) > 15
    assert asked <= exposed


def test_every_metric_is_on_the_dashboard() -> None:
    asked = " ".join(queries())
    assert [one for registry in both() for one in sorted(families(registry)) if one not in asked] == []


def test_documented_metrics_are_the_exposed_ones() -> None:
    documented = set(re.findall(r"`(huxin_[a-z_]+)`", DOCUMENT.read_text(encoding="utf-8")))
    assert documented == set[str]().union(*map(families, both()))


def test_names_are_in_base_units() -> None:
    for registry in both():
        for family in registry.collect():
            assert not re.search(r"milli|micro|kilo|minutes", family.name)
            assert family.documentation


def test_panels_of_the_dashboard_do_not_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_attack_with_made_up_paths_methods_and_codes_makes_no_series(fresh: Town) -> None:
    fresh.client.get("/metrics")
    before = len(fresh.client.get("/metrics").text.splitlines())
    for number in range(50):
        fresh.client.get(f"/v1/nowhere/{number}")
        fresh.client.get(f"/v1/acts/0x{number:064x}")
        fresh.client.post("/v1/acts", json={"type": f"Made{number}", "act": {}, "signature": "0x" + "11" * 64})
    assert len(fresh.client.get("/metrics").text.splitlines()) - before < 120


def test_commits_and_heartbeats_are_measured(fresh: Town) -> None:
    fresh.submit(fresh.open(1))
    fresh.settle()
    text = fresh.client.get("/metrics").text
    assert "huxin_outbox_commit_entries_count 0.0" not in text
    assert 'huxin_heartbeat_age_seconds{process="relay"} 0.0' in text
    assert "huxin_chain_up 1.0" in text
    fresh.head.is_down = True
    fresh.container.vitals.forget()
    text = fresh.client.get("/metrics").text
    assert "huxin_chain_up 0.0" in text
    assert "huxin_index_lag_blocks NaN" in text


def test_relay_tells_its_metrics_on_loopback_and_lives_where_the_port_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = RelayMetrics()
    metrics.resends.inc(3)
    with told(metrics, 0) as port:
        assert port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert b"huxin_relay_resends_total 3.0" in answer.read()
        with told(metrics, port) as second:
            assert second is None
    assert "METRICS_PORT_TAKEN" in caplog.text
    with told(metrics, None) as nowhere:
        assert nowhere is None
