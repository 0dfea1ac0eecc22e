"""Metrics: zeros from the start, gauges that wait for nothing, rules and dashboard."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from harness.books import Books, cards
from harness.broker import Broker
from harness.closectl import Closectl
from harness.places import ROOT
from harness.services import NAMES, Services
from harness.stage import PERIOD
from harness.store import PostgresServer, on_postgres, on_sqlite
from harness.waiting import wait_for

MONITORING = ROOT / "monitoring"
OPERATIONS = ROOT / "docs" / "operations.md"
NAME = re.compile(r"\b(?:monthclose|messaging|process)_[a-z_]+")
SUFFIXES = ("_bucket", "_sum", "_count")


def promtool(*words: str | Path, given: str | None = None) -> str:
    """The complaints of promtool; if it is missing: scripts/install-debian --for test."""
    done = subprocess.run(
        ["promtool", *map(str, words)],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=MONITORING,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def alerts() -> list[str]:
    return re.findall(r"- alert: (\w+)", (MONITORING / "alerts.yaml").read_text())


def dashboard() -> dict[str, Any]:
    return json.loads((MONITORING / "dashboard.json").read_text())


def queries() -> list[str]:
    """Of the dashboard and of the alerts."""
    panels = dashboard()["panels"]
    rules = re.findall(
        r"expr: (.*?)\n\s+(?:for|labels):", (MONITORING / "alerts.yaml").read_text(), re.DOTALL
    )
    return [target["expr"] for panel in panels for target in panel["targets"]] + rules


def test_the_rules_are_rules_and_fire_as_they_should() -> None:
    promtool("check", "rules", "alerts.yaml")
    promtool("test", "rules", "alerts-test.yaml")
    tested = (MONITORING / "alerts-test.yaml").read_text()
    for alert in alerts():
        expected = re.findall(rf"alertname: {alert}\n\s+exp_alerts: ?(\[\])?", tested)
        assert "" in expected, f"{alert} is never seen firing"
        assert "[]" in expected, f"{alert} is never seen quiet"


def test_the_dashboard_is_whole() -> None:
    board = dashboard()
    assert board["id"] is None, "an id is given by the Grafana that imports it"
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["title"]
        assert panel["description"].endswith(".")
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs)
        for name in re.findall(r"\$(\w+)", " ".join(t["expr"] for t in panel["targets"])):
            assert name in variables or name == "__rate_interval"
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells


@pytest.mark.parametrize("panel", dashboard()["panels"], ids=lambda panel: panel["title"])
def test_a_panel_leaves_nothing_to_grafana(panel: dict[str, Any]) -> None:
    """By default Grafana shows every figure from 80 on in red, and the last value of three hours
    for series that no longer exist."""
    field = panel["fieldConfig"]["defaults"]
    assert field["unit"] in {"locale", "s", "cps", "bytes", "percentunit"}
    rates = any("rate(" in t["expr"] and "quantile" not in t["expr"] for t in panel["targets"])
    assert field["unit"] in ("cps", "percentunit") if rates else field["unit"] != "cps"
    seconds = any("seconds" in target["expr"] for target in panel["targets"])
    assert (field["unit"] in ("s", "percentunit")) == seconds
    is_now = panel["type"] in ("stat", "bargauge")
    for target in panel["targets"]:
        assert target.get("instant", False) == is_now
    if is_now:
        steps = field["thresholds"]["steps"]
        assert steps[0]["value"] is None
        assert panel["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]


def test_every_alert_says_what_to_do() -> None:
    section = OPERATIONS.read_text().split("### Alerts\n")[1].split("\n#")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == alerts()


@on_sqlite
def test_a_fresh_service_shows_every_counter(
    closectl: Closectl, books: Books, services: Services, broker: Broker
) -> None:
    books.twelve_francs_each(cards(2))
    services.start()
    fresh = {name: services.counters(name) for name in NAMES}
    dead = 'monthclose_messages_total{service="charger",outcome="dead"}'
    assert fresh["charger"][dead] == 0
    broker.publish("invoice.issued", b"{", type="x", message_id="x")
    wait_for("the first dead letter", lambda: services.counters("charger")[dead] == 1)
    closectl.close()
    for name in NAMES:
        new = set(services.counters(name)) - set(fresh[name])
        assert not new, f"{name} has counters that were not there from the start: {new}"
        promtool("check", "metrics", given=services.page(name, "/metrics"))


@on_sqlite
def test_the_reporter_sees_what_all_have(
    closectl: Closectl, books: Books, services: Services, broker: Broker
) -> None:
    books.twelve_francs_each(cards(2))
    services.start()
    broker.publish("invoice.issued", b"{", type="x", message_id="x")
    closectl.close()
    services.stop("charger")

    def seen(sample: str) -> float | None:
        return services.samples("reporter").get(sample)

    wait_for(
        "what is waiting",
        lambda: (
            seen('monthclose_dead_letters{service="reporter",queue="charger"}') == 1
            and seen('monthclose_queue_consumers{service="reporter",queue="charger"}') == 0
        ),
        seconds=30,
    )
    close = f'service="reporter",period="{PERIOD}"'
    assert seen(f'monthclose_close_accounts{{{close},stage="expected"}}') == 2
    assert seen(f'monthclose_close_ends{{{close},end="paid"}}') == 2
    for name in NAMES:
        if name not in ("reporter", "charger"):  # counted once
            assert "monthclose_dead_letters" not in services.page(name, "/metrics")


@pytest.mark.alone
@on_postgres
def test_a_scrape_waits_for_no_database(
    closectl: Closectl, books: Books, services: Services, postgres_server: PostgresServer
) -> None:
    books.twelve_francs_each(cards(2))
    services.start("reporter")
    observed = 'monthclose_observed_timestamp_seconds{service="reporter",of="ledger"}'
    wait_for("a first look", lambda: observed in services.samples("reporter"))
    postgres_server.pause()
    try:
        time.sleep(12)  # a look becomes due meanwhile, and hangs
        begun = time.monotonic()
        age = time.time() - services.samples("reporter")[observed]
        assert time.monotonic() - begun < 1
        assert age > 10
    finally:
        postgres_server.resume()
    wait_for(
        "another look",
        lambda: time.time() - services.samples("reporter")[observed] < 10,
        seconds=60,
    )


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_queries_name_what_is_exported(
    closectl: Closectl, books: Books, services: Services
) -> None:
    books.twelve_francs_each(cards(2))
    services.start()
    closectl.close()
    wait_for(
        "a look at the close",
        lambda: "monthclose_close_ends" in services.page("reporter", "/metrics"),
        seconds=30,
    )
    text = "\n".join(services.page(name, "/metrics") for name in NAMES)
    exported = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    asked = queries()
    assert len(asked) > 25
    for query in asked:
        for name in NAME.findall(query):
            family = next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)
            assert {name, family} & exported, f"nothing exports {name}: {query}"
            for label in re.findall(rf"{name}\{{([^}}]*)\}}", query):
                for key, value in re.findall(r'(\w+)="([^"$]+)"', label):
                    assert f'{key}="{value}"' in text, f"nothing has {key}={value}: {query}"
