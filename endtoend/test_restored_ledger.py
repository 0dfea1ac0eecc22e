"""A ledger restored from a backup has forgotten charges; the gateway has not."""

from collections.abc import Callable

import pytest

from harness.books import Books, cards, used
from harness.broker import Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.stage import PERIOD
from harness.store import Store
from harness.waiting import wait_for

# Ten with charged cards, and one that was declined and is still open after the restore.
PAID = 10
DECLINED = f"a{PAID + 1}"
SUCCEEDED = "SELECT count(*) FROM attempts WHERE state = 'succeeded'"


def before_the_close(
    closectl: Closectl, services: Services, gateway: Gateway, store: Store
) -> None:
    """The backup has never heard of the close."""
    store.back_up("backup")
    services.start()
    closectl.close()


def with_invoices(closectl: Closectl, services: Services, gateway: Gateway, store: Store) -> None:
    """The backup has every invoice, and no charge."""
    services.start("invoicer")
    closectl("close", "start", PERIOD)
    wait_for("every invoice", lambda: store.value("SELECT count(*) FROM invoices") == PAID + 1)
    store.back_up("backup")
    services.start("charger", "mailer", "holder", "reporter")
    closectl.wait_for_state("closed")


def amid_the_charges(
    closectl: Closectl, services: Services, gateway: Gateway, store: Store
) -> None:
    """The backup knows some of the charges."""
    with gateway.fault("latency", ms=200):
        services.start(settings={"IN_FLIGHT": "1", "BATCH": "1", "LANES": "1"})
        closectl("close", "start", PERIOD)
        wait_for("three charges in the ledger", lambda: store.value(SUCCEEDED) >= 3)
        store.back_up("backup")
        assert len(gateway.charges()) < PAID, "void: the backup has every charge"
        closectl.wait_for_state("closed")


Moment = Callable[[Closectl, Services, Gateway, Store], None]


@pytest.mark.parametrize("moment", [before_the_close, with_invoices, amid_the_charges])
@pytest.mark.parametrize(
    ("passed", "broker_kept"),
    [({"hours": 26}, True), ({"days": 40}, False)],
    ids=["26h-broker-kept", "40d-broker-lost"],
)
def test_what_the_ledger_forgot_is_not_charged_again(
    moment: Moment,
    passed: dict[str, float],
    broker_kept: bool,
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    store: Store,
    broker: Broker,
    clock: Clock,
) -> None:
    books.twelve_francs_each(cards(PAID + 1))
    gateway.outcome(DECLINED, "insufficient_funds", times=1)
    moment(closectl, services, gateway, store)
    assert len(gateway.charges()) == PAID

    services.stop()
    store.restore("backup")
    clock.advance(**passed)
    if not broker_kept:
        broker.lose_everything()
        closectl("init")

    # Charging pauses, and says what to do; the audit sees what the ledger does not know.
    services.start(wait=False)
    closectl("close", "start", PERIOD)
    wait_for("the close", lambda: store.value("SELECT count(*) FROM close_runs") == 1)
    closectl("resend", PERIOD, "--older", "0s", "--anyway")
    wait_for(
        lambda: f"charging to hold: {services['charger'].tail()}",
        lambda: services["charger"].lines("closectl reconcile") or gateway.charged_twice(),
    )
    assert gateway.charged_twice() == []
    wait_for(
        "the readiness that says why",
        lambda: "closectl reconcile" in services.readiness("charger").sentences,
    )
    assert closectl("audit", PERIOD, exits=1)
    assert len(gateway.charges()) == PAID

    # A dry run shows what would be taken over, and changes nothing.
    forgotten = closectl("reconcile", PERIOD, exits=1)["open"]
    assert forgotten > 0
    assert closectl("reconcile", PERIOD, exits=1)["open"] == forgotten
    why = ("--reason", "the backup was put back", "--operator", "e2e")
    assert closectl("reconcile", PERIOD, "--apply", *why)["taken"] == forgotten

    # The close continues; the declined card is tried again when due, and nothing else is charged.
    closectl.wait_for_state("closed")
    clock.advance(days=4)
    wait_for("the open one's charge", lambda: gateway.charges(DECLINED))
    closectl.audit()
    closectl("resend", PERIOD, "--older", "0s", "--anyway")
    closectl.audit()
    assert gateway.charged_twice() == []
    assert len(gateway.charges()) == PAID + 1


def test_a_backup_that_knows_everything_holds_nothing_up(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    store: Store,
    clock: Clock,
) -> None:
    books.twelve_francs_each(cards(3))
    services.start()
    closectl.close()
    store.back_up("backup")
    services.stop()
    store.restore("backup")
    clock.advance(days=31)
    books.usage(used("a1", 120, "2026-12"))
    services.start()
    closectl.close("2026-12")
    assert len(gateway.charges()) == 4
    assert gateway.charged_twice() == []
    closectl.audit("2026-12")
