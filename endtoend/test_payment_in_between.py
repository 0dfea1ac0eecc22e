"""Payments between invoice and charge: only the rest is charged, and explain says why."""

from collections.abc import Callable

from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.money import amount
from harness.sample import Sample
from harness.services import Services
from harness.stage import PERIOD
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

ACCOUNTS = 60


@on_sqlite
def test_only_what_is_still_open_is_charged(
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    store: Store,
    finished: Finished,
) -> None:
    whole, part = sample(ACCOUNTS).payers()[:2]
    services.start("invoicer", "mailer", "holder", "reporter")
    closectl("close", "start", PERIOD)
    wait_for(
        lambda: f"every invoice: {closectl.status()}",
        lambda: closectl.status().get("stages", {}).get("invoiced") == ACCOUNTS,
    )

    def invoiced(account: str) -> int:
        return closectl("explain", account, "--period", PERIOD)["invoices"][0]["total"]

    def pay(account: str, minor: int, reference: str) -> None:
        words = ("--amount", amount(minor, "CHF"), "--reference", reference)
        closectl("payment", "record", account, *words)

    whole_total, part_total = invoiced(whole), invoiced(part)
    pay(whole, whole_total, "bank-1")
    pay(whole, whole_total, "bank-1")  # the same payment
    pay(part, 100, "bank-2")

    services.start("charger")
    closectl.wait_for_state("closed")
    finished(ACCOUNTS, collected=False)
    assert gateway.charges(whole) == []
    assert [charge["amount"] for charge in gateway.charges(part)] == [part_total - 100]

    def rules(account: str) -> list[str]:
        steps = closectl("explain", account, "--period", PERIOD)["steps"]
        return [step["rule"] for step in steps if step["service"] == "charger"]

    assert rules(whole) == ["charge.nothing-open"]
    assert rules(part) == ["charge.partly-paid"]
