"""Logs: little when all is well, one warning for a missing partner, and valid JSON."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from harness.books import Books, cards
from harness.broker import Broker
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.log import grave, lines
from harness.proxy import Line
from harness.services import NAMES, Services
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.store import PostgresServer, SQLiteStore, on_postgres, on_sqlite
from harness.waiting import wait_for

OUTAGE_SECONDS = 15
ACCOUNTS = 40

Warnings = Callable[[], dict[str, list[dict[str, object]]]]


@pytest.fixture(autouse=True)
def _settings(stage: Stage) -> None:
    """Before anything is declared or started."""
    stage.set(LOG_FORMAT="json", RETRY_DELAYS="1s,5s,10s,1m,1h")


@pytest.fixture
def warnings(services: Services) -> Warnings:
    """Log lines by service since the last call."""
    seen = dict.fromkeys(NAMES, 0)

    def since_last() -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = {}
        for name in NAMES:
            all_of_it = grave(services[name])
            found[name] = all_of_it[seen[name] :]
            seen[name] = len(all_of_it)
            print(f"{name}: {len(found[name])} warnings")  # shown when the test fails
        return found

    return since_last


@contextmanager
def lasting(seconds: float = OUTAGE_SECONDS) -> Iterator[None]:
    """The body of this block takes at least that long."""
    end = time.monotonic() + seconds
    yield
    time.sleep(max(0, end - time.monotonic()))


def warnings_while_away(
    partner: Gateway | Sink, closectl: Closectl, warnings: Warnings
) -> dict[str, list[dict[str, object]]]:
    """The log lines from the start of a close whose partner is missing until its end."""
    warnings()
    with lasting():
        partner.stop()
        closectl("close", "start", PERIOD)
    partner.start()
    closectl.wait_for_state("closed")
    return warnings()


def is_one_warning(
    found: dict[str, list[dict[str, object]]], services: tuple[str, ...], *words: str
) -> None:
    """Each of those services says once what is missing, and the others say nothing."""
    counts = {name: len(said) for name, said in found.items() if said}
    assert counts == dict.fromkeys(services, 1), f"{counts}: {found}"
    for name in services:
        said = str(found[name][0])
        assert all(word in said for word in words), f"{name} says {said}, without one of {words}"


@on_sqlite
def test_a_good_month_is_its_beginning_and_its_end(
    closectl: Closectl, books: Books, services: Services, warnings: Warnings
) -> None:
    books.twelve_francs_each(cards(ACCOUNTS))
    services.start()
    for name in NAMES:
        services[name].wait_for_line('"message":"started"')
    before = {name: len(lines(services[name])) for name in NAMES}
    closectl.close()
    for name in NAMES:
        services[name].wait_for_line(f'"message":"close {PERIOD} has ended"', seconds=10)
        said = lines(services[name])[before[name] :]
        assert [line["message"] for line in said] == [
            f"close {PERIOD} has begun",
            f"close {PERIOD} has ended",
        ]
        assert said[0]["accounts"] == said[1]["accounts"] == ACCOUNTS
        assert isinstance(said[1]["handled"], int)
        assert said[1]["handled"] > 0 or name == "holder"
    assert sum(map(len, warnings().values())) == 0


@on_sqlite
def test_a_gateway_that_is_away(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, warnings: Warnings
) -> None:
    books.twelve_francs_each(cards(ACCOUNTS))
    services.start()
    found = warnings_while_away(gateway, closectl, warnings)
    is_one_warning(found, ("charger",), f"127.0.0.1:{gateway.port}", "errno 111", "next_try")
    assert found["charger"][0]["waiting"] > 0
    services["charger"].wait_for_line("the gateway answers again", seconds=5)


@on_sqlite
def test_a_mail_server_that_is_away(
    closectl: Closectl, books: Books, services: Services, sink: Sink, warnings: Warnings
) -> None:
    books.twelve_francs_each(cards(ACCOUNTS))
    services.start()
    found = warnings_while_away(sink, closectl, warnings)
    is_one_warning(found, ("mailer",), f"127.0.0.1:{sink.port}", "errno 111", "next_try")
    assert found["mailer"][0]["waiting"] > 0


@on_sqlite
def test_a_broker_that_is_away(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    broker: Broker,
    proxy: Callable[[str, int], Line],
    warnings: Warnings,
) -> None:
    books.twelve_francs_each(cards(ACCOUNTS))
    line = proxy("broker", broker.node.port)
    services.start(settings={"BROKER_URL": broker.url_by(line.port), "IN_FLIGHT": "4"})
    warnings()
    with gateway.fault("latency", ms=1000):
        closectl("close", "start", PERIOD)
        wait_for("charges", lambda: len(gateway.charges()) > 4)
        with lasting():
            line.stop()
        line.start()
    closectl.wait_for_state("closed")
    found = warnings()
    # Messages in hand arrive twice: a mail that may be under way is waited for, with a log line.
    found["mailer"] = [
        w for w in found["mailer"] if "another process started" not in str(w["message"])
    ]
    is_one_warning(found, NAMES, f"127.0.0.1:{line.port}", "next_try", "waiting")
    for name in NAMES:
        services[name].wait_for_line("the broker is back", seconds=5)
    assert gateway.charged_twice() == []


@on_sqlite
def test_a_ledger_whose_lock_is_held(
    closectl: Closectl,
    books: Books,
    services: Services,
    store: SQLiteStore,
    warnings: Warnings,
) -> None:
    books.twelve_francs_each(cards(ACCOUNTS))
    services.start()
    warnings()
    with open(f"{store.file}.lock", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with lasting(40):
            closectl("close", "start", PERIOD)
    closectl.wait_for_state("closed")
    is_one_warning(warnings(), NAMES, str(store.file), "next_try")
    for name in NAMES:
        services[name].wait_for_line("the store is back", seconds=10)


@on_postgres
def test_a_database_that_is_away(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    postgres_server: PostgresServer,
    stage: Stage,
    proxy: Callable[[str, int], Line],
    warnings: Warnings,
) -> None:
    books.twelve_francs_each(cards(ACCOUNTS))
    line = proxy("store", postgres_server.port)
    url = stage.setting("STORE_URL").replace(f":{postgres_server.port}/", f":{line.port}/")
    services.start(settings={"STORE_URL": url, "IN_FLIGHT": "4"})
    warnings()
    with gateway.fault("latency", ms=500):
        closectl("close", "start", PERIOD)
        wait_for("charges", lambda: len(gateway.charges()) > 4)
        with lasting():
            line.stop()
        line.start()
    closectl.wait_for_state("closed")
    is_one_warning(warnings(), NAMES, f"port {line.port}", "next_try")
    for name in NAMES:
        services[name].wait_for_line("the store is back", seconds=10)
    assert gateway.charged_twice() == []
