"""A broker that is killed, cut off, or silent for one charger, while another takes over."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.places import program
from harness.processes import Process
from harness.proxy import Line
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import holds_for, wait_for

pytestmark = [
    *(on_sqlite, sizes(100, 1000)),
    *(pytest.mark.fault, pytest.mark.usefixtures("long_retries")),
]


def test_the_broker_is_killed_while_all_publish(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """Twice; it comes back with its data."""
    stage.set(IN_FLIGHT="4", BATCH="4")
    sample(accounts, "--awkward")
    with gateway.fault("latency", ms=100):
        services.start()
        closectl("close", "start", PERIOD)
        for share in (0.15, 0.4):
            settled.wait_for(share * accounts)
            broker.node.kill()
            assert settled.close_runs, "void: it was over"
            broker.node.restart()
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)


def test_confirms_are_lost_again_and_again(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    proxy: Callable[[str, int], Line],
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """The connection from the broker is cut in the middle of a confirm or a delivery."""
    line = proxy("broker", broker.node.port)
    stage.set(IN_FLIGHT="4", BATCH="4")
    sample(accounts, "--awkward")
    services.start(settings={"BROKER_URL": broker.url_by(line.port)})
    with gateway.fault("latency", ms=100):
        closectl("close", "start", PERIOD)
        for share in (0.05, 0.15, 0.25, 0.35, 0.45, 0.5):
            settled.wait_for(share * accounts)
            before = line.hits("cut_after")
            line.mode("cut_after", bytes=5, way="to_client")
            wait_for("two cuts", lambda before=before: line.hits("cut_after") >= before + 2)
            line.mode("pass")
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)


def test_a_charger_is_cut_off_after_charges_and_before_their_acks(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    proxy: Callable[[str, int], Line],
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """The broker takes its messages back after two missed heartbeats; another finds them done."""
    line = proxy("broker", broker.node.port)
    stage.set(IN_FLIGHT="8", BATCH="8")  # nearly always in the middle of eight calls
    sample(accounts, "--awkward")
    services.start("invoicer", "mailer", "holder", "reporter")
    services.start("charger", settings={"BROKER_URL": broker.url_by(line.port)})
    with gateway.fault("latency", ms=600):
        closectl("close", "start", PERIOD)
        settled.wait_for(0.1 * accounts)
        line.mode("silence")
        before = len(gateway.charges())
        wait_for("charges that nobody hears of", lambda: len(gateway.charges()) >= before + 2)
        wait_for("bytes that are swallowed", lambda: line.swallowed() > 0)
    stage.start("charger-2", [program("charger")])
    closectl.wait_for_state("closed", seconds=300)
    line.mode("pass")
    finished(accounts)


def test_a_stopped_charger_wakes_up_when_another_has_taken_over(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    settled: Settled,
    stage: Stage,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    """SIGSTOP amid its charges, past its heartbeat."""
    stage.set(IN_FLIGHT="16")
    sample(accounts, "--awkward")
    services.start()
    with gateway.fault("latency", ms=300):
        closectl("close", "start", PERIOD)
        settled.wait_for(0.05 * accounts)
        stop_outside_a_commit(services["charger"])
        held = settled.count
    stage.start("charger-2", [program("charger")])
    wait_for(
        lambda: f"the other to take over: {closectl.status()}",
        lambda: closectl.status().get("stages", {}).get("settled") == accounts,
        seconds=300,  # two missed heartbeats, a minute of doubt, and the delay it falls into
    )
    assert settled.count - held >= accounts / 4, "void: little was left for the other"
    services["charger"].resume()
    closectl.wait_for_state("closed", seconds=300)
    services.wait_ready("charger")  # its messages are no longer its own: it has consumed anew
    rest()
    finished(accounts)


def stop_outside_a_commit(process: Process) -> None:
    """A process that was stopped with the ledger's lock would stop everybody."""

    def stopped() -> bool:
        process.pause()
        held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        if any("FLOCK" in words and str(process.pid) in words for words in held):
            process.resume()
            return False
        return True

    wait_for(f"{process.name} to be between two commits", stopped)


@pytest.mark.long
def test_the_broker_has_a_memory_alarm(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """It accepts nothing from publishers for a while; all live on, and go on by themselves."""
    stage.set(IN_FLIGHT="4", BATCH="4")
    sample(accounts, "--awkward")
    few = accounts < 1000
    with gateway.fault("latency", ms=2000 if few else 100):
        services.start()
        closectl("close", "start", PERIOD)
        settled.wait_for(0.2 * accounts)
        with broker.node.memory_alarm():
            wait_for("blocked connections", lambda: broker.node.blocked() >= 2)
            holds_for(
                15 if few else 60,
                lambda: f"the close goes on, and all live: {closectl.status()}",
                lambda: settled.close_runs and all(alive(services, name) for name in NAMES),
            )
            assert broker.node.blocked() >= 2, "void: none was blocked at the end"
    finished.wait_until_quiet(accounts)
    finished(accounts)


def alive(services: Services, name: str) -> bool:
    return services.status_of(name, "/healthz") == 200


@pytest.mark.long
def test_the_broker_accepts_and_never_answers(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    proxy: Callable[[str, int], Line],
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """For longer than two heartbeats: all connect anew, and hear nothing again."""
    line = proxy("broker", broker.node.port)
    stage.set(IN_FLIGHT="4", BATCH="4")
    sample(accounts, "--awkward")
    services.start(settings={"BROKER_URL": broker.url_by(line.port)})
    with gateway.fault("latency", ms=100):
        closectl("close", "start", PERIOD)
        settled.wait_for(0.2 * accounts)
        line.mode("silence")
        holds_for(40, "the close goes on", lambda: settled.close_runs)
        assert line.hits("silence") >= 10, "void: hardly any connection was silenced"
        assert line.connections("silence") >= 5, "hardly any new connection was tried"
        line.mode("pass")
    finished.wait_until_quiet(accounts)
    finished(accounts)
