"""Usage of a metric that the month's catalog does not price: on no invoice, named everywhere."""

from harness.books import API_CALLS, GPU, Account, Books, used
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.stage import PERIOD


def test_usage_without_a_price_is_named_until_it_is_imported_again(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    """November: 12.00 of calls, 100 hours without a price. December: those and 7 more, at 2.00."""
    books.catalog()
    books.accounts(Account("a1"))
    imported = books.usage(used("a1", 120), used("a1", 100, PERIOD, "gpu_hours"))
    named = [{"account": "a1", "quantity": "100"}]
    assert [m["usage"] for m in imported["files"][0]["unpriced"]["metrics"]] == [named]
    preview = closectl("close", "preview", PERIOD, exits=1)
    assert [m["usage"] for m in preview["unpriced"]["metrics"]] == [named]

    services.start()
    closectl.close()
    assert gateway.sums() == {"CHF": 1200}
    for words in (("close", "status"), ("report",)):
        found = closectl(*words, PERIOD)["unpriced"]["metrics"]
        assert [(m["metric"], m["usage"]) for m in found] == [("gpu_hours", named)], words

    books.catalog(API_CALLS + GPU, version=2)
    late = closectl("report", PERIOD)["unpriced"]["metrics"]
    assert [(m["usage"], m["isPricedLater"]) for m in late] == [(named, True)]
    again = books.usage(
        used("a1", -100, PERIOD, "gpu_hours"), used("a1", 107, "2026-12", "gpu_hours")
    )
    assert again["files"][0]["unpriced"]["metrics"] == []
    closectl("close", "start", "2026-12", "--early")
    closectl.wait_for_state("closed", "2026-12")
    assert gateway.sums() == {"CHF": 1200 + 107 * 200}
    assert closectl("report", PERIOD)["unpriced"]["metrics"] == []
    closectl.audit("2026-12")
