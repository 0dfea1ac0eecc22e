"""Further attempts at a card, and credits that pay older debts."""

from harness.books import Account, Books, used
from harness.clock import Clock
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.sink import Sink
from harness.store import Store
from harness.waiting import wait_for

PENDING = "SELECT count(*) FROM due_work WHERE service = 'charger' AND state = 'pending'"
DECLINED = "SELECT count(*) FROM attempts WHERE state = 'declinedSoft'"


def wait_for_attempts(count: int, gateway: Gateway, store: Store) -> None:
    """Waits until the card was tried that often and the ledger knows the next time."""
    wait_for(
        lambda: f"attempt {count}; there are {gateway.attempts('soft')}",
        lambda: len(gateway.attempts("soft")) >= count and store.value(DECLINED) >= count,
    )


def test_attempts_keep_their_distance_after_an_outage(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    store: Store,
    clock: Clock,
    sink: Sink,
) -> None:
    """Attempts are due after 3, 5 and 7 days; the services are stopped for 8."""
    books.twelve_francs_each([Account("soft", hold_after_days=30)])
    gateway.outcome("soft", "insufficient_funds")
    services.start()
    closectl.close()
    wait_for_attempts(1, gateway, store)
    services.stop()
    clock.advance(days=8)
    services.start()
    for attempt in (2, 3, 4):
        wait_for_attempts(attempt, gateway, store)
        wait_for(
            "the mail about it", lambda n=attempt: len(sink.mails("soft@example.com")) == n + 1
        )
        closectl.audit()  # quiet: nothing more is under way
        assert len(gateway.attempts("soft")) == attempt
        clock.advance(days=2)
    times = [attempt["time"] for attempt in gateway.attempts("soft")]
    assert [time[:10] for time in times] == ["2026-12-01", "2026-12-09", "2026-12-11", "2026-12-13"]
    assert [time[:10] for time in times] == sorted({time[:10] for time in times})


def test_the_credit_of_a_negative_invoice_pays_an_older_one(
    closectl: Closectl, books: Books, services: Services, store: Store, clock: Clock, sink: Sink
) -> None:
    books.catalog()
    books.accounts(Account("m1", card="", hold_after_days=60))
    books.usage(used("m1", 120, "2026-11"))
    services.start()
    closectl.close("2026-11")
    books.usage(used("m1", -120, "2026-12"))
    clock.set("2027-01-01T02:00:00Z")
    closectl.close("2026-12")
    wait_for(
        lambda: (
            f"both invoices to be paid: {store.rows('SELECT period, open_minor FROM invoices')}"
        ),
        lambda: store.value("SELECT count(*) FROM invoices WHERE open_minor <> 0") == 0,
        seconds=20,
    )
    assert store.value("SELECT balance_minor FROM accounts") == 0
    assert store.value("SELECT credit_minor FROM accounts") == 0
    clock.advance(days=60)
    closectl.audit("2026-12")
    assert store.value("SELECT count(*) FROM holds") == 0
