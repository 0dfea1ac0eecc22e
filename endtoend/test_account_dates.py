"""Accounts that begin and end: which are in a close, what they pay, and what they still owe."""

from dataclasses import replace

from harness.books import ACCOUNT_COLUMNS, API_CALLS, Account, Books, flat, used
from harness.clock import Clock
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.waiting import wait_for

DECLINED = "pm_card_visa_chargeDeclinedInsufficientFunds"
LAST_DAY = "The last day of your account was 14 November 2026."


def words(sink: Sink, address: str, subject: str) -> tuple[str, str]:
    """The plain and the HTML part of the one mail with that in its subject, on one line each."""
    (mail,) = [mail for mail in sink.mails(address) if subject in mail["subject"]]
    plain, html = (
        " ".join(part.get_content().split()) for part in mail.walk() if not part.is_multipart()
    )
    return plain, html


def test_an_account_ends(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    sink: Sink,
    clock: Clock,
) -> None:
    """30.00 a month and 0.10 a call: 14 of 30 days are 14.00. What is owed is then collected."""
    stays, gone = Account("stays"), Account("gone", end="2026-11-15")
    owes = Account("owes", card=DECLINED, hold_after_days=5, end="2026-11-15")
    next_month = Account("next", start="2026-12-01")
    books.catalog(flat("30.00") + API_CALLS)
    books.accounts_with_dates(stays, gone, owes, next_month)
    books.usage(used("gone", 120))
    preview = closectl("close", "preview", PERIOD)
    assert (preview["notBegun"], preview["ended"]) == (1, 0)
    assert preview["currencies"][0]["net"] == 3000 + 2600 + 1400

    services.start()
    closectl.close()
    assert closectl.status()["accounts"]["expected"] == 3
    assert gateway.sums() == {"CHF": 3000 + 2600}
    assert closectl("invoice", "show", f"{PERIOD}/gone")["activeDays"] == 14
    for part in words(sink, gone.email, "invoice for November"):
        assert f"{LAST_DAY} This is your final invoice;" in part
    closectl.audit()

    # Usage reported late produces one more invoice, without the fee; `owes` has no usage.
    books.usage(used("gone", 30))
    closectl("close", "start", "2026-12", "--early")
    closectl.wait_for_state("closed", "2026-12")
    assert closectl.status("2026-12")["accounts"]["expected"] == 3
    lines = closectl("invoice", "show", "2026-12/gone")["issued"]["lines"]
    assert [(line["text"], line["amount"]) for line in lines] == [
        ("API calls, correction for 2026-11", 300)
    ]
    for part in words(sink, gone.email, "invoice for December"):
        assert f"{LAST_DAY} This invoice covers usage that was reported later." in part
    assert gateway.sums() == {"CHF": 3000 + 2600 + 2 * 3000 + 300}

    # The end of an account closes no debt.
    clock.advance(days=6)
    wait_for("the hold", lambda: closectl.report()["CHF"]["holds"] == 1)
    wait_for("the second attempt", lambda: len(gateway.attempts("owes")) >= 2)
    books.accounts(replace(owes, card="pm_card_visa"))
    clock.advance(days=10)
    wait_for("the charge", lambda: [c["amount"] for c in gateway.charges("owes")] == [1400])
    wait_for("the hold's end", lambda: closectl.report()["CHF"]["holds"] == 0)
    assert gateway.charged_twice() == []
    assert "ended on 2026-11-15" in closectl("explain", "owes")["standing"]["now"]
    closectl.audit()
    closectl.audit("2026-12")


def test_dates_change_no_invoice(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, stage: Stage
) -> None:
    books.catalog(flat("30.00"))
    books.accounts(Account("a1"))
    services.start()
    closectl.close()
    answer = books.accounts_with_dates(Account("a1", end="2026-11-15"))
    assert "a1: 2026-11 is invoiced with 30 of 30 days, but would now have 14;" in answer.err
    (moved,) = answer["files"][0]["movedDays"]["months"]
    assert (moved["period"], moved["invoicedDays"], moved["daysNow"]) == (PERIOD, 30, 14)
    books.accounts(Account("a1"))
    assert closectl("explain", "a1")["end"] == "2026-11-15", "a file without the column leaves it"
    assert closectl("close", "preview", "2026-12")["ended"] == 1
    bad = stage.file("bad.csv", f"{ACCOUNT_COLUMNS},start\n{Account('a1').line},2026-11-15\n")
    refused = closectl("import", "accounts", str(bad), exits=1)
    assert 'bad.csv:2: start: "2026-11-15" is not before the account\'s end' in refused.err
    books.accounts_with_dates(Account("a1"))
    assert closectl("close", "preview", "2026-12")["ended"] == 0
    assert gateway.sums() == {"CHF": 3000}
    closectl.audit()
