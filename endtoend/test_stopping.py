"""SIGTERM ends a service in time, whichever partner is silent; a closed log kills none."""

import os
import time
from collections.abc import Callable

import pytest

from harness.books import Books, cards
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.node import Node
from harness.proxy import Line
from harness.services import NAMES, Services
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.store import PostgresServer, on_postgres, on_sqlite
from harness.waiting import wait_for

pytestmark = pytest.mark.alone

STOP_TIMEOUT = 4
MARGIN = 3


@pytest.fixture
def in_time(services: Services, stage: Stage) -> Callable[..., None]:
    """`in_time("charger")`: SIGTERM ends it within STOP_TIMEOUT."""

    def check(*names: str) -> None:
        asked = time.monotonic()
        for name in names:
            services[name].terminate()
        for name in names:
            status = services[name].wait_for_end(120)
            seconds = time.monotonic() - asked
            # 1: with a line that says what it left for another process.
            assert status in (0, 1), f"{name} ended with {status}; {services[name].tail()}"
            assert seconds < STOP_TIMEOUT + MARGIN, f"{name} took {seconds:.1f} s"

    stage.set(STOP_TIMEOUT=str(STOP_TIMEOUT))
    return check


@on_sqlite
def test_behind_a_silent_gateway(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    in_time: Callable[..., None],
) -> None:
    books.twelve_francs_each(cards(3))
    services.start()
    assert gateway.process is not None
    gateway.process.pause()
    closectl("close", "start", PERIOD)
    in_flight = "monthclose_messages_in_flight"
    wait_for("charges under way", lambda: services.metric("charger", in_flight) > 0)
    in_time("charger")
    gateway.process.resume()
    services.start("charger")
    closectl.wait_for_state("closed")
    assert gateway.charged_twice() == []
    closectl.audit()


@on_sqlite
def test_behind_a_silent_mail_server(
    closectl: Closectl, books: Books, services: Services, sink: Sink, in_time: Callable[..., None]
) -> None:
    books.twelve_francs_each(cards(3))
    services.start()
    assert sink.process is not None
    sink.process.pause()
    closectl("close", "start", PERIOD)
    in_flight = "monthclose_messages_in_flight"
    wait_for("mails under way", lambda: services.metric("mailer", in_flight) > 0)
    in_time("mailer")
    sink.process.resume()
    services.start("mailer")
    closectl.wait_for_state("closed")
    closectl.audit()


@on_sqlite
def test_behind_a_slow_mail_server(
    closectl: Closectl,
    books: Books,
    services: Services,
    sink: Sink,
    proxy: Callable[[str, int], Line],
    stage: Stage,
    in_time: Callable[..., None],
) -> None:
    """Every answer arrives, but late: a batch of mails takes minutes."""
    line = proxy("mail", sink.port)
    line.mode("delay", ms=1000)
    stage.set(SMTP_URL=f"smtp://127.0.0.1:{line.port}", MAIL_CONNECTIONS="1")
    books.twelve_francs_each(cards(20))
    services.start()
    closectl("close", "start", PERIOD)
    wait_for("the first mail", lambda: sink.mails())
    in_flight = "monthclose_messages_in_flight"
    wait_for("a batch of mails", lambda: services.metric("mailer", in_flight) > 5)
    in_time("mailer")
    line.mode("pass")
    services.start("mailer")
    closectl.wait_for_state("closed")
    closectl.audit()


@on_sqlite
def test_behind_a_silent_broker(
    closectl: Closectl,
    books: Books,
    services: Services,
    broker_node: Node,
    gateway: Gateway,
    in_time: Callable[..., None],
) -> None:
    books.twelve_francs_each(cards(3))
    services.start()
    with gateway.fault("latency", ms=1000):
        closectl("close", "start", PERIOD)
        in_flight = "monthclose_gateway_calls_in_flight"
        wait_for("calls to the gateway", lambda: services.metric("charger", in_flight) > 0)
        broker_node.pause()
        try:
            in_time(*NAMES)
        finally:
            broker_node.resume()
    services.start()
    closectl.wait_for_state("closed")
    assert gateway.charged_twice() == []
    closectl.audit()


@on_postgres
def test_behind_a_silent_database(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    postgres_server: PostgresServer,
    in_time: Callable[..., None],
) -> None:
    books.twelve_francs_each(cards(3))
    services.start()
    postgres_server.pause()
    try:
        closectl("close", "start", PERIOD, exits=None, seconds=60)
        in_time(*NAMES)
    finally:
        postgres_server.resume()
    services.start()
    closectl.close()
    assert gateway.charged_twice() == []
    closectl.audit()


@on_sqlite
def test_a_reader_of_the_log_that_ends_takes_nobody_along(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    books.twelve_francs_each(cards(3))
    reader, writer = os.pipe()
    # Without the HTTP server, whose library ignores the signal for the whole process.
    silent = {"LOG_LEVEL": "debug", "HTTP_ADDRESS": ""}
    services.start(settings=silent, standard_error=writer, wait=False)
    os.close(writer)
    os.close(reader)
    closectl("close", "start", PERIOD)
    wait_for(
        lambda: f"the close to end: {closectl.status()}",
        lambda: services.ended_unasked() or closectl.status().get("state") == "closed",
    )
    ended = services.ended_unasked()
    for process in ended:
        process.may_end = True
    assert [process.name for process in ended] == []
    assert len(gateway.charges()) == 3
