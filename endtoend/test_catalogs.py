"""Catalogs that come early, late, or with prices for metrics that had none."""

from harness.books import API_CALLS, GPU, Account, Books, used
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.stage import PERIOD
from harness.waiting import wait_for


def test_a_metric_that_is_priced_later_is_billed_by_the_next_close(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    """November: 12.00 of calls, 100 hours without a price. December: those at 2.00, and 7 more."""
    books.catalog()
    books.accounts(Account("a1"))
    books.usage(used("a1", 120), used("a1", 100, PERIOD, "gpu_hours"))
    services.start()
    closectl.close()
    assert gateway.sums() == {"CHF": 1200}

    books.catalog(API_CALLS + GPU, version=2)
    books.usage(used("a1", 7, "2026-12", "gpu_hours"))
    preview = closectl("close", "preview", "2026-12", "--account", "a1")
    assert preview["draft"]["total"] == 21400
    closectl("close", "start", "2026-12", "--early")
    closectl.wait_for_state("closed", "2026-12")
    assert gateway.sums() == {"CHF": 1200 + 21400}
    lines = closectl("invoice", "show", "2026-12/a1")["issued"]["lines"]
    assert "GPU, correction for 2026-11" in [line["text"] for line in lines]
    assert closectl("report", PERIOD)["unpriced"]["metrics"] == []
    closectl.audit("2026-12")


def test_prices_of_next_month_do_not_price_this_one(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    """120 calls in each month, at 0.10 in November and at 0.20 from December on."""
    books.catalog()
    books.accounts(Account("a1"))
    books.usage(used("a1", 120), used("a1", 120, "2026-12"))
    books.catalog(API_CALLS.replace("0.10", "0.20"), version=2, valid_from="2026-12")
    services.start()
    assert closectl("close", "preview", PERIOD)["currencies"][0]["net"] == 1200
    closectl.close()
    assert gateway.sums() == {"CHF": 1200}
    closectl("close", "start", "2026-12", "--early")
    closectl.wait_for_state("closed", "2026-12")
    assert gateway.sums() == {"CHF": 1200 + 2400}


def test_a_catalog_that_comes_after_the_start_takes_its_accounts_in(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    """The close starts with prices in dollars only; its mails wait, so it keeps running."""
    books.catalog(currency="USD")
    books.accounts(Account("a1"), Account("usd1", currency="USD", country="US"))
    books.usage(used("a1", 120), used("usd1", 120))
    services.start()
    services.stop("mailer")
    closectl("close", "start", PERIOD)
    wait_for("the account without a catalog to be parked", lambda: closectl.status().get("parked"))
    lacking = closectl.status()["lackingCatalog"]
    assert [(m["currency"], m["first"], m["isRunning"]) for m in lacking] == [("CHF", ["a1"], True)]

    books.catalog()
    assert closectl("close", "preview", PERIOD)["currencies"][0]["net"] == 1200
    closectl("close", "start", PERIOD)
    wait_for("the account to be charged", lambda: gateway.sums() == {"CHF": 1200, "USD": 1200})
    assert closectl.status()["state"] == "running"
    services.start("mailer")
    closectl.wait_for_state("closed")
    status = closectl.status()
    assert status["ends"] == {"paid": 2}
    assert status["lackingCatalog"] == []
    assert gateway.sums() == {"CHF": 1200, "USD": 1200}
    closectl.audit()
