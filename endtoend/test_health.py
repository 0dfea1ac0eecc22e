"""What services say of themselves: what they wait for, that they stop, and the ledger's figures."""

import http.client
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Measured

from harness.books import Books, cards
from harness.broker import Broker
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.places import ROOT
from harness.proxy import Line
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.stage import PERIOD, Stage
from harness.store import SQLiteStore, Store, on_sqlite
from harness.waiting import wait_for

ACCOUNTS = 60
OLDER_SCHEMA = ROOT / "Tests" / "LedgerTests" / "Recorded" / "schema-5.sql"
SECRETS = ("cust-", "@", "sk_test", "pm_card")

pytestmark = on_sqlite


@pytest.fixture
def line(proxy: Callable[[str, int], Line], broker: Broker, stage: Stage) -> Line:
    """The services' way to the broker."""
    made = proxy("broker", broker.node.port)
    stage.set(BROKER_URL=broker.url_by(made.port))
    return made


@pytest.fixture
def stops_well(services: Services, stage: Stage) -> Callable[[str], None]:
    """`stops_well("503 not ready: store")`: one more mailer ends with 0 when it has said that."""

    def check(said: str) -> None:
        watched = Services(stage)
        watched.start("mailer", wait=False)
        watched.wait_for_readiness(said)
        watched.stop()

    return check


def test_what_is_missing_is_waited_for_and_named(
    line: Line,
    services: Services,
    store: SQLiteStore,
    stage: Stage,
    stops_well: Callable[[str], None],
) -> None:
    closectl = Closectl(stage)  # no `init` yet
    line.stop()
    services.start(wait=False)
    everything = "503 not ready: store, broker, topology"
    services.wait_for_readiness(everything)
    services.wait_for_reason("charger", "store", "closectl init")
    assert services.status_of("charger", "/healthz") == 200
    assert head(services.address("charger"), "/readyz") == (503, "application/json", b"")
    assert services.status_of("charger", "/nothing") == 404
    stops_well(everything)

    line.start()
    services.wait_for_readiness("503 not ready: store, topology")
    services.wait_for_reason("charger", "topology", "closectl topology apply")
    stops_well("503 not ready: store, topology")

    closectl("topology", "apply")
    services.wait_for_readiness("503 not ready: store")
    stops_well("503 not ready: store")

    # The store as an earlier version made it; it is migrated while the services wait.
    older = stage.folder / "older.db"
    with closing(sqlite3.connect(older)) as made:
        made.executescript(OLDER_SCHEMA.read_text())
    older.rename(store.file)
    services.wait_for_reason("charger", "store", "has schema 5")
    services.wait_for_reason("charger", "store", "run `closectl init`")
    closectl("init")
    services.wait_for_readiness("200 ready")
    stops_well("200 ready")


def head(address: str, path: str) -> tuple[int, str, bytes]:
    """Status, type and body of the answer to HEAD."""
    with closing(http.client.HTTPConnection(address, timeout=10)) as connection:
        connection.request("HEAD", path)
        answer = connection.getresponse()
        kind = answer.getheader("Content-Type", "").split(";")[0]
        return answer.status, kind, answer.read()


def test_an_address_that_is_taken_is_named(closectl: Closectl, services: Services) -> None:
    services.start("charger")
    taken = {"HTTP_ADDRESS": services.address("charger")}
    services.start("mailer", settings=taken, wait=False)
    assert services["mailer"].wait_for_end() == 1
    said = services["mailer"].text
    assert "MONTHCLOSE_HTTP_ADDRESS: cannot listen" in said
    assert "another program is listening there" in said


def test_a_broker_that_goes_away_is_named_and_waited_for(
    line: Line, closectl: Closectl, services: Services
) -> None:
    services.start()
    line.stop()
    services.wait_for_readiness("503 not ready: broker")
    services.wait_for_reason("charger", "broker", "not connected")
    assert services.status_of("charger", "/healthz") == 200
    services.stop("holder")
    last = services["holder"].text.splitlines()[-1]
    assert "stopped" in last
    assert "handled=0" in last
    services.start("holder", wait=False)
    line.start()
    services.wait_for_readiness("200 ready")
    for name in set(NAMES) - {"holder"}:
        assert connected_again(services, name) >= 2  # one to consume, one to publish


def connected_again(services: Services, name: str) -> float:
    """How often it says that its connection to the broker was there again."""
    return sum(
        value
        for series, value in services.counters(name).items()
        if "reconnects_total{" in series and 'to="broker"' in series
    )


def test_metrics_are_the_ledgers_figures(
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    store: Store,
    finished: Finished,
) -> None:
    sample(ACCOUNTS)
    services.start()
    closectl.close()
    finished(ACCOUNTS)
    pages = {name: services.page(name, "/metrics") for name in NAMES}
    samples = [measured for page in pages.values() for measured in samples_of(page)]

    def metric(name: str, **labels: str) -> int:
        return int(
            sum(
                measured.value
                for measured in samples
                if measured.name == name and labels.items() <= measured.labels.items()
            )
        )

    def count(rows: str) -> int:
        return store.value(f"SELECT count(*) FROM {rows}")

    attempts = "monthclose_payment_attempts_total"
    done = {"service": "charger", "outcome": "done"}
    figures = {
        "attempts that succeeded": (
            count("attempts WHERE state = 'succeeded'"),
            metric(attempts, outcome="succeeded"),
        ),
        "attempts with an end": (count("attempts WHERE state <> 'sent'"), metric(attempts)),
        "invoices": (count("invoices"), metric("monthclose_invoices_issued_total")),
        "mails sent": (
            count("mails WHERE state = 'sent'"),
            metric("monthclose_mails_total", outcome="sent"),
        ),
        "events published": (
            count("outgoing_events"),
            metric("messaging_client_sent_messages_total", result="confirmed"),
        ),
        "the charger's messages": (
            count("outgoing_events WHERE routing_key = 'invoice.issued'"),
            metric("monthclose_messages_total", **done),
        ),
        "messages that were taken and settled": (
            metric("messaging_client_consumed_messages_total"),
            metric("messaging_process_duration_seconds_count"),
        ),
        "messages in flight": (0, metric("monthclose_messages_in_flight")),
        "messages dead": (0, metric("monthclose_messages_total", outcome="dead")),
        "services ready": (len(NAMES), metric("monthclose_ready")),
    }
    for name in NAMES:
        figures[f"decisions of the {name}"] = (
            count(f"decisions WHERE service = '{name}'"),
            metric("monthclose_decisions_total", service=name),
        )
    for (finding,) in store.rows("SELECT DISTINCT finding FROM decisions"):
        figures[f"decisions of class {finding}"] = (
            count(f"decisions WHERE finding = '{finding}'"),
            metric("monthclose_decisions_total", **{"class": finding}),
        )
    assert len(figures) >= 15
    assert {what: pair for what, pair in figures.items() if pair[0] != pair[1]} == {}
    assert figures["attempts that succeeded"][0] > 0
    for name, page in pages.items():
        told = [secret for secret in SECRETS if secret in page]
        assert told == [], f"a metric of {name} names an account, an address, a key or a card"


def samples_of(page: str) -> list[Measured]:
    """As Prometheus' own parser reads them."""
    found = []
    for family in text_string_to_metric_families(page):
        assert family.documentation, family
        assert family.type in ("counter", "gauge", "histogram"), family
        found += family.samples
    return found


def test_a_charger_that_waits_for_its_charges_says_that_it_stops(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    books.twelve_francs_each(cards(3))
    services.start()
    calls = "monthclose_gateway_calls_in_flight"
    assert gateway.process is not None
    with gateway.fault("latency", ms=6000):
        closectl("close", "start", PERIOD)
        wait_for("a charge under way", lambda: services.metric("charger", calls) > 0)
        gateway.process.pause()
        services["charger"].terminate()
        services.wait_for_readiness("503 stopping", "charger")
        assert services.status_of("charger", "/healthz") == 200
        gateway.process.resume()
    services.stop()
    for name in NAMES:
        last = services[name].text.splitlines()[-1]
        assert "stopped" in last
        assert "handled=" in last


def test_a_key_that_is_refused_is_named_and_can_be_replaced(
    closectl: Closectl, books: Books, services: Services
) -> None:
    books.twelve_francs_each(cards(3))
    services.start("invoicer")
    services.start("charger", settings={"GATEWAY_KEY": "sk_test_another"})
    closectl("close", "start", PERIOD)
    services.wait_for_readiness("503 not ready: gateway key", "charger")
    services.wait_for_reason("charger", "gateway key", "gateway rejects our key")
    services.stop("charger")
    services.start("charger")
    services.wait_for_readiness("200 ready", "charger")
