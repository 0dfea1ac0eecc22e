"""Queues that are deleted, missing or of another kind: named, repaired amid the close."""

import re
from collections.abc import Callable

import pika
import pytest

from harness.broker import Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.processes import run
from harness.sample import Sample
from harness.services import Services
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

KEPT = "messages could not be moved and are kept"

pytestmark = [
    *(on_sqlite, sizes(60, 1000)),
    *(pytest.mark.fault, pytest.mark.usefixtures("long_retries")),
]


@pytest.fixture
def month(accounts: int, sample: Callable[..., Sample]) -> Sample:
    return sample(accounts, "--awkward")


def settled(closectl: Closectl) -> int:
    return closectl.status().get("stages", {}).get("settled", 0)


def test_no_queue_that_an_invoice_goes_to(
    accounts: int,
    month: Sample,
    closectl: Closectl,
    services: Services,
    broker: Broker,
    store: Store,
    finished: Finished,
) -> None:
    services.start()
    for queue in ("charger", "mailer", "reporter"):
        broker.delete_queue(queue)
    closectl("close", "start", PERIOD)
    services["invoicer"].wait_for_line("no queue is bound")
    assert store.value("SELECT count(*) FROM attempts") == 0
    closectl("topology", "apply")
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)


def test_one_of_several_queues_is_deleted(
    accounts: int,
    month: Sample,
    closectl: Closectl,
    services: Services,
    broker: Broker,
    store: Store,
    clock: Clock,
    finished: Finished,
) -> None:
    """The broker returns nothing; starting the close again repairs it."""
    services.start()
    broker.delete_queue("charger")
    closectl("close", "start", PERIOD)
    wait_for(
        lambda: f"all invoices to be mailed: {closectl.status()}",
        lambda: closectl.status().get("stages", {}).get("invoice_mailed") == accounts,
    )
    assert settled(closectl) <= accounts - 10, "void: the charger heard of them"
    closectl("topology", "apply")
    # The clock makes the events old enough to be published again within the second in which their
    # first confirms are not recorded yet, and that record would then be taken for the new one's.
    wait_for("all confirms", lambda: store.value("SELECT count(*) FROM unpublished_events") == 0)
    clock.advance(minutes=2)
    closectl("close", "start", PERIOD)
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)


def test_no_queue_for_dead_letters(
    accounts: int,
    month: Sample,
    closectl: Closectl,
    services: Services,
    broker: Broker,
    finished: Finished,
) -> None:
    """The close goes on; only the message that cannot be moved stays."""
    services.start()
    broker.delete_queue("charger.dead")
    closectl("close", "start", PERIOD)
    broker.publish("charger", b"this is not JSON", exchange="", message_id="junk")
    services["charger"].wait_for_line(KEPT)
    wait_for(lambda: f"the others: {closectl.status()}", lambda: settled(closectl) == accounts)

    def kept() -> int:
        said = run([broker.node.tool, "-q", "-p", broker.vhost, "list_queues", "name", "messages"])
        return int(dict(line.split() for line in said.splitlines())["charger"])

    wait_for(lambda: f"one message to stay; there are {kept()}", lambda: kept() == 1)
    closectl("topology", "apply")
    wait_for("the dead letter", lambda: broker.count("charger.dead") == 1)
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts, dead=1)


def test_a_queue_of_another_kind(
    accounts: int,
    month: Sample,
    closectl: Closectl,
    services: Services,
    broker: Broker,
    stage: Stage,
    finished: Finished,
) -> None:
    """The service refuses to start and names the argument."""
    broker.delete_queue("charger")
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    connection.channel().queue_declare("charger", durable=True)
    connection.close()
    services.start("charger", wait=False)
    assert services["charger"].wait_for_end() == 1
    named = r"queue charger: expected x-[a-z-]+ = "
    assert re.search(named, services["charger"].text), services["charger"].text
    broker.delete_queue("charger")
    closectl("topology", "apply")
    services.start()
    closectl("close", "start", PERIOD)
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)


@pytest.mark.long
def test_the_holder_never_heard_of_declines(
    accounts: int,
    month: Sample,
    closectl: Closectl,
    services: Services,
    broker: Broker,
    gateway: Gateway,
    store: Store,
    clock: Clock,
    settled: Settled,
    stage: Stage,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    """Its queue is deleted amid the close, other queues take the same events; they are resent."""
    stage.set(IN_FLIGHT="4", BATCH="4")
    with gateway.fault("latency", ms=150):
        services.start()
        closectl("close", "start", PERIOD)
        settled.wait_for(0.1 * accounts)
        broker.delete_queue("holder")
        settled.wait_for(0.6 * accounts)
        assert closectl.status()["state"] == "running", "void: it was over"
    closectl("topology", "apply")
    services.wait_ready("holder")
    closectl.wait_for_state("closed", seconds=180)
    clock.advance(minutes=2)  # events of the last minute may still be on their way
    resend_what_the_holder_missed(closectl)
    rest()
    clock.advance(minutes=2)
    assert closectl("resend", PERIOD, "--anyway")["missing"] == 0
    assert holds(closectl) == 0, "accounts are on hold before a grace is over"
    for _ in range(10):  # in steps, so that every retry happens
        clock.advance(days=4)
        rest()
    finished.wait_until_quiet(accounts)
    finished(accounts)
    check_holds(store, gateway)


def holds(closectl: Closectl) -> int:
    return sum(part["holds"] for part in closectl.report().values())


def resend_what_the_holder_missed(closectl: Closectl) -> None:
    resent = closectl("resend", PERIOD, "--anyway")
    missed = [event for event in resent["events"] if event["missing"] > 0]
    assert {event["service"] for event in missed} == {"holder"}, missed
    unheard = sum(event["missing"] for event in missed)
    assert unheard >= 10, f"void: the holder missed only {unheard} events"
    debts = [e["missing"] for e in missed if re.search("declined|skipped", e["type"])]
    assert sum(debts) >= 3, f"void: hardly any was about a debt: {missed}"
    assert resent["published"] == unheard


def check_holds(store: Store, gateway: Gateway) -> None:
    """After all grace periods, exactly the accounts that owe are on hold."""
    held = accounts_where(store, "held_for_invoice IS NOT NULL")
    owing = accounts_where(store, "balance_minor > 0")
    assert len(owing) >= 10, "void: hardly any account owes past its grace"
    assert (owing - held, held - owing) == (set(), set())
    failed = {event["account"] for event in gateway.events() if event["event"] == "charge.failed"}
    declined = failed - {charge["account"] for charge in gateway.charges()}
    assert declined - held == set(), "declined by the gateway's log and not on hold"


def accounts_where(store: Store, condition: str) -> set[str]:
    return {account for (account,) in store.rows(f"SELECT id FROM accounts WHERE {condition}")}
