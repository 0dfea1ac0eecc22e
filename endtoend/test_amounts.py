"""Amounts: what a gateway accepts, the largest possible ones, and reversed payments."""

import pytest

from harness.books import API_CALLS, Account, Books, cards, flat, used
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.stage import PERIOD
from harness.store import Store

# By currency: the price of a plan, the number to send to Stripe, and what cannot be charged.
PRICES = {
    "ISK": ("5000", 500_000, 0),
    "UGX": ("38000", 3_800_000, 0),
    "MGA": ("20000.00", 20_000, 0),
    "KWD": ("1.234", 1_230, 4),
    "JPY": ("500", 500, 0),
    "HUF": ("1234.56", 123_456, 0),
    "EUR": ("12.34", 1_234, 0),
}
LARGEST = "92233720368547758.07 CHF"


def test_each_currency_is_charged_in_the_gateways_own_unit(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, store: Store
) -> None:
    """The sandbox refuses what Stripe would."""
    for currency, (price, _, _) in PRICES.items():
        books.catalog(flat(price), currency)
    books.accounts(*(Account(f"s-{code.lower()}", currency=code) for code in PRICES))
    services.start()
    closectl.close()
    assert gateway.sums() == {code: asked for code, (_, asked, _) in PRICES.items()}
    report = closectl.report()
    left = {code: report[code]["outstanding"] for code in PRICES}
    assert left == {code: open_minor for code, (_, _, open_minor) in PRICES.items()}
    closectl.audit()


def test_an_amount_the_gateway_cannot_take_is_named_and_stays_open(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway
) -> None:
    """Below 0.50 CHF, above 999,999.99 CHF, and a fraction that Stripe accepts only as 0."""
    books.catalog(API_CALLS.replace("0.10", "0.01"))
    books.catalog(flat("1.234"), "KWD")
    books.accounts(*map(Account, ("small", "limit", "big")), Account("kwd", currency="KWD"))
    books.usage(used("small", 12), used("limit", 99_999_999), used("big", 100_000_000))
    preview = closectl("close", "preview", PERIOD)
    assert {item["account"] for item in preview["uncharged"]} == {"small", "big", "kwd"}

    services.start()
    closectl.close()
    assert gateway.sums() == {"CHF": 99_999_999, "KWD": 1_230}
    status = closectl.status()
    assert (status["dead"], status["ends"].get("parked", 0)) == (0, 0)
    assert closectl.report()["CHF"]["outstanding"] == 12 + 100_000_000
    closectl.audit()


@pytest.mark.parametrize("amount", [LARGEST, "92233720368547758.08 CHF", "1e30 CHF"])
def test_a_payment_beyond_all_bounds_is_refused(
    amount: str, closectl: Closectl, books: Books, services: Services
) -> None:
    books.twelve_francs_each([Account("m1", card="")])
    services.start()
    closectl.close()
    refused = closectl(
        *("payment", "record", "m1", "--amount", amount, "--reference", "r1"), exits=None
    )
    assert refused.status in (1, 2), refused
    assert closectl.report()["CHF"]["outstanding"] == 1200
    closectl.audit()


def test_a_payment_can_be_taken_back(
    closectl: Closectl, books: Books, services: Services, store: Store
) -> None:
    books.twelve_francs_each([Account("m1", card="")])
    services.start()
    closectl.close()
    closectl("payment", "record", "m1", "--amount", "12 CHF", "--reference", "r1")
    assert closectl.report()["CHF"]["outstanding"] == 0
    why = ("--reason", "the wrong customer")
    closectl("payment", "reverse", "r1", "--reason", "  ", exits=2)
    closectl("payment", "reverse", "r1", *why)
    closectl("payment", "reverse", "r1", *why, exits=None)  # once is enough
    assert closectl.report()["CHF"]["outstanding"] == 1200
    assert store.value("SELECT balance_minor FROM accounts") == 1200
    closectl.audit()


def test_a_payment_reference_is_used_once(
    closectl: Closectl, books: Books, services: Services
) -> None:
    books.twelve_francs_each(cards(2))
    closectl("payment", "record", "a1", "--amount", "1 CHF", "--reference", "bank-1")
    closectl("payment", "record", "a1", "--amount", "1 CHF", "--reference", "bank-1")
    closectl("payment", "record", "a2", "--amount", "1 CHF", "--reference", "bank-1", exits=1)
