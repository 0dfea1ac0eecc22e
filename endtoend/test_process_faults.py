"""Messages that two processes have at once, and processes that are stopped or killed under load."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.places import program
from harness.processes import Process
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

STOP_TIMEOUT = 10
ISSUED = "SELECT body FROM outgoing_events WHERE type = 'invoice.issued.v1' ORDER BY sequence"

pytestmark = [
    *(on_sqlite, sizes(100, 1000)),
    *(pytest.mark.fault, pytest.mark.usefixtures("long_retries")),
]


def test_a_message_that_two_chargers_have_at_once(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    store: Store,
    stage: Stage,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    stage.set(PREFETCH="8", BATCH="4", LANES="2", IN_FLIGHT="8")
    sample(accounts, "--awkward")
    services.start("invoicer", "mailer", "holder", "reporter")
    closectl("close", "start", PERIOD)
    wait_for(
        lambda: f"every invoice: {closectl.status()}",
        lambda: closectl.status().get("stages", {}).get("invoiced") == accounts,
    )
    bodies = [bytes(body) for (body,) in store.rows(ISSUED)]
    assert len(bodies) == accounts
    # The copies are next to each other, so that two consumers get one each.
    broker.purge("charger")
    broker.publish_all("charger", [body for body in bodies for _ in range(2)])
    with gateway.fault("latency", ms=100):
        chargers = [stage.start(f"charger-{n}", [program("charger")]) for n in (1, 2)]
        closectl.wait_for_state("closed", seconds=300)
    wait_for("the copies", lambda: broker.count("charger") == 0)
    for charger in chargers:
        charger.stop()
    handled = [handled_by(charger) for charger in chargers]
    assert min(handled) >= accounts / 2, f"void: one charger had nearly all: {handled}"
    assert sum(handled) >= 2 * accounts - 1, f"void: not all were answered twice: {handled}"
    services.start("charger")
    rest()
    finished(accounts)


def handled_by(process: Process) -> int:
    """How many messages it has answered, as it says when it stops."""
    return int(process.wait_for_line("handled=").split("handled=")[1].split()[0])


@pytest.mark.alone
def test_all_services_are_told_to_stop_under_load(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    stage.set(IN_FLIGHT="4", BATCH="4", RANGE_SIZE="2", STOP_TIMEOUT=str(STOP_TIMEOUT))
    sample(accounts, "--awkward")
    services.start()
    stopped = 0
    with gateway.fault("latency", ms=200):
        closectl("close", "start", PERIOD)
        services["invoicer"].stop(STOP_TIMEOUT + 0.5)
        services.start("invoicer")
        for share in (0.1, 0.3):
            settled.wait_for(share * accounts)
            for name in set(NAMES) - {"invoicer"}:
                running = closectl.status()["state"] == "running"
                services[name].stop(STOP_TIMEOUT + 0.5)
                services.start(name)
                stopped += running
    assert stopped >= 6, f"void: only {stopped} were stopped while the close ran"
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)


@pytest.mark.long
def test_a_close_is_started_twice_at_once_while_services_are_killed(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    stage: Stage,
    finished: Finished,
) -> None:
    stage.set(IN_FLIGHT="4", BATCH="4", RANGE_SIZE="2")
    sample(accounts, "--awkward")
    services.start()

    def start_twice() -> None:
        with ThreadPoolExecutor() as both:
            list(both.map(lambda _: closectl("close", "start", PERIOD), range(2)))

    hits = 0
    with gateway.fault("latency", ms=200):
        for name in ("invoicer", *NAMES):
            start_twice()
            running = closectl.status().get("state") == "running"
            services.kill(name)
            services.start(name)
            hits += running
    assert hits >= 5, f"void: only {hits} were killed while the close ran"
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts, resends=True)
