"""Months that are closed out of order, are not over, or were not meant."""

import pytest

from harness.books import Account, Books, flat, used
from harness.broker import Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.months import trigger
from harness.services import Services
from harness.store import Store
from harness.waiting import wait_for

MINIMUM_AND_FIRST_TIER = """\
  - id: api
    name: API calls
    metric: api_calls
    unit: call
    price: { model: per_unit, unit: "0.10", minimum: "5.00" }
  - id: store
    name: Storage
    metric: gb
    unit: GB
    price:
      model: graduated
      tiers: [ { up_to: "10", unit: "0", flat: "3.00" }, { up_to: null, unit: "0.10" } ]
"""


@pytest.mark.parametrize("first", ["2026-10", "2026-11"])
def test_the_order_of_closes_changes_no_sum(
    first: str,
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
) -> None:
    """October costs 5.00 + 3.00, November 10.00 + 3.00, in whatever order they are closed."""
    second = {"2026-10": "2026-11", "2026-11": "2026-10"}[first]
    books.catalog(MINIMUM_AND_FIRST_TIER)
    books.accounts(Account("a1"))
    books.usage(
        used("a1", 30, "2026-10"), used("a1", 5, "2026-10", "gb"), used("a1", 100, "2026-11")
    )
    services.start()
    closectl.close(first)
    closectl.close(second)
    assert gateway.sums() == {"CHF": 2100}


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ("2026-12", "period-not-over"),
        ("2031-05", "period-not-over"),
        ("2099-01", "period-not-over"),
        ("2025-11", "period-too-old"),
        ("1971-01", "period-too-old"),
    ],
)
def test_a_month_nobody_meant_is_refused(
    period: str,
    reason: str,
    closectl: Closectl,
    books: Books,
    services: Services,
    broker: Broker,
    gateway: Gateway,
    store: Store,
    clock: Clock,
) -> None:
    """Over AMQP, as anybody with the right to start a close can do."""
    books.catalog(flat("49.00"))
    books.accounts(Account("a1"))
    services.start()
    broker.publish("close.requested", trigger(period))
    invoices = "SELECT count(*) FROM invoices"
    wait_for("its end", lambda: broker.count("invoicer.dead") or store.value(invoices))
    assert (store.value(invoices), gateway.charges()) == (0, [])
    letters = broker.dead("invoicer")
    assert [letter.headers["mc-reason"] for letter in letters] == [reason]
    triggers = closectl("close", "status", period, exits=None)["triggers"]
    assert [(trigger["source"], trigger["outcome"]) for trigger in triggers] == [
        ("/cron", "refused")
    ]


@pytest.mark.parametrize(("period", "leave"), [("2026-12", "early"), ("2025-11", "past")])
def test_a_month_that_is_meant_is_closed_and_recorded(
    period: str,
    leave: str,
    closectl: Closectl,
    books: Books,
    services: Services,
    broker: Broker,
    gateway: Gateway,
    store: Store,
    clock: Clock,
) -> None:
    books.catalog(flat("49.00"))
    books.accounts(Account("a1"))
    services.start()
    broker.publish("close.requested", trigger(period, **{leave: True}))
    closectl.wait_for_state("closed", period)
    assert gateway.sums() == {"CHF": 4900}
    triggers = closectl("close", "status", period)["triggers"]
    assert [trigger["outcome"] for trigger in triggers] == ["started"]
    assert period in triggers[0]["why"]
