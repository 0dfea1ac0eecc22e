"""Accounts that are imported after the trigger of a close."""

from harness.books import Account, Books, flat
from harness.broker import Broker
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.months import trigger
from harness.services import NAMES, Services
from harness.stage import PERIOD
from harness.store import Store
from harness.waiting import wait_for

ALL_BUT_THE_CHARGER = [name for name in NAMES if name != "charger"]


def test_a_second_start_takes_them_in(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, store: Store
) -> None:
    """The first start invoices the existing accounts; none is charged yet, so the close runs."""
    books.catalog(flat("49.00"))
    books.accounts(Account("a1"))
    services.start(*ALL_BUT_THE_CHARGER)
    closectl("close", "start", PERIOD)
    invoices = "SELECT count(*) FROM invoices"
    wait_for("the first invoice", lambda: store.value(invoices) == 1)
    books.accounts(Account("a1"), Account("late"))
    late = {"accounts": 1, "first": ["late"], "withUsage": 0, "canBeTakenIn": True}
    assert closectl.status()["late"] == late
    assert closectl("close", "start", PERIOD)["late"] == late
    assert store.value(invoices) == 1
    assert closectl("close", "start", PERIOD, "--late")["late"] == late
    wait_for("the second invoice", lambda: store.value(invoices) == 2)
    status = closectl.status()
    assert (status["state"], status["accounts"]["expected"]) == ("running", 2)
    assert [trigger["rule"] for trigger in status["triggers"]] == ["close.late-accounts"]
    services.start("charger")
    closectl.wait_for_state("closed")
    assert gateway.sums() == {"CHF": 9800}
    assert gateway.charged_twice() == []
    closectl.audit()


def test_a_closed_month_names_them(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    books.catalog(flat("49.00"))
    books.accounts(Account("a1"))
    services.start()
    closectl.close()
    books.accounts(Account("late"))
    answer = closectl("close", "start", PERIOD)
    assert answer["late"]["first"] == ["late"]
    assert "without flat fees" in answer.err
    closectl.wait_for_state("closed")
    assert closectl.status()["accounts"]["expected"] == 1
    assert gateway.sums() == {"CHF": 4900}
    closectl.audit()


def test_a_close_of_nobody_is_refused(
    closectl: Closectl, books: Books, services: Services, broker: Broker, gateway: Gateway
) -> None:
    """The trigger came before the accounts: replayed after their import, it closes the month."""
    books.catalog(flat("49.00"))
    services.start()
    broker.publish("close.requested", trigger(PERIOD))
    wait_for("its end", lambda: broker.count("invoicer.dead"))
    assert [letter.headers["mc-reason"] for letter in broker.dead("invoicer")] == ["no-accounts"]
    books.accounts(Account("a1"))
    closectl("dead", "replay", "--service", "invoicer", "--reason", "accounts are there")
    closectl.wait_for_state("closed")
    assert gateway.sums() == {"CHF": 4900}
    closectl.audit()
