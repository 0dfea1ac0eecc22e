"""The real month of 537 households: import, close, and then retries and grace periods end."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from harness.clock import Clock
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.money import amount
from harness.places import ROOT, program
from harness.sample import rows
from harness.services import Services
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import wait_for

DATA = ROOT.parent / "shared" / "data" / "swiss-meters"
READINGS = 1_546_560
EVERY = 12  # one household in twelve, and some of those whose cards are declined

pytestmark = [
    on_sqlite,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the real month is not closed: there is no ../shared/data"
    ),
]


@pytest.fixture(params=["part", pytest.param("whole", marks=pytest.mark.full)])
def files(request: pytest.FixtureRequest, stage: Stage) -> tuple[Path, Path]:
    """Accounts and usage: all households, or so many that nobody waits for minutes."""
    accounts, usage = DATA / "accounts.csv", DATA / "usage-2026-11.csv.gz"
    if request.param == "whole":
        return accounts, usage
    households = rows(accounts)
    declined = [household for household in households if is_declined(household)]
    some = {household["account_id"] for household in [*households[::EVERY], *declined[:6]]}
    chosen = stage.folder / "accounts.csv", stage.folder / "usage.csv.gz"
    for source, target, column in [(accounts, chosen[0], 0), (usage, chosen[1], 1)]:
        copy_rows(source, target, lambda row, column=column: row[column] in some)
    return chosen


def copy_rows(source: Path, target: Path, chosen: Callable[[list[str]], bool]) -> None:
    with opened(source, "rt") as old, opened(target, "wt") as new:
        lines, copy = csv.reader(old), csv.writer(new, lineterminator="\n")
        copy.writerow(next(lines))
        copy.writerows(row for row in lines if chosen(row))


def opened(file: Path, mode: str) -> IO[str]:
    return (
        gzip.open(file, mode, newline="") if file.suffix == ".gz" else file.open(mode, newline="")
    )


def is_declined(household: dict[str, str]) -> bool:
    return "Declined" in household["payment_method"]


def test_a_month_of_readings_closes_and_debts_lead_to_holds(
    files: tuple[Path, Path],
    closectl: Closectl,
    services: Services,
    gateway: Gateway,
    sink: Sink,
    clock: Clock,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    accounts, usage = files
    households = rows(accounts)
    closectl("import", "catalog", str(DATA / "catalog.yaml"))
    closectl("import", "accounts", str(accounts))
    (imported,) = closectl("import", "usage", str(usage), seconds=300)["files"]
    assert imported["added"] == READINGS * len(households) // 537
    if "release" in str(program("closectl")):
        assert imported["rowsPerSecond"] >= 100_000

    services.start()
    closectl("close", "start", PERIOD)
    closectl.wait_for_state("closed", seconds=300)
    finished(len(households))
    assert closectl.report()["CHF"]["holds"] == 0  # the grace periods are not over

    for _ in range(10):  # in steps, so that every retry happens
        clock.advance(days=4)
        rest()
    report = closectl.report()["CHF"]
    declined = [household for household in households if is_declined(household)]
    assert report["holds"] >= len(declined) > 0
    assert report["outstanding"] > 0

    held = declined[0]["account_id"]
    owed = closectl("explain", held, "--period", PERIOD)["invoices"][0]["open"]
    mails = len(sink.mails())
    for _ in range(2):  # the same payment twice
        words = ("--amount", amount(owed, "CHF"), "--reference", "bank-1")
        closectl("payment", "record", held, *words)
    wait_for(
        lambda: f"the hold to be lifted, with a mail: {closectl.report()}",
        lambda: closectl.report()["CHF"]["holds"] < report["holds"] and len(sink.mails()) > mails,
    )
    closectl.audit(mailbox=sink.folder)
    after = closectl.report()["CHF"]
    assert (after["holds"], after["ledgerSum"]) == (report["holds"] - 1, 0)
    assert len(sink.mails()) == mails + 1
    assert gateway.charged_twice() == []
