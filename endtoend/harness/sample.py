"""The sample month of `sandbox sample`: accounts of every kind, their catalogs and their usage."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.closectl import Closectl
from harness.places import program
from harness.processes import run
from harness.stage import PERIOD, Stage

GOOD_CARDS = ("pm_card_visa", "pm_card_mastercard")


@dataclass(frozen=True)
class Sample:
    """The files, and what they say."""

    folder: Path

    @property
    def accounts(self) -> list[dict[str, str]]:
        return rows(self.folder / "accounts.csv")

    @property
    def usage(self) -> list[dict[str, str]]:
        return rows(self.folder / "usage.csv")

    @property
    def catalogs(self) -> list[Path]:
        return [self.folder / "catalog.yaml", self.folder / "catalog-eur.yaml"]

    def accounts_with(self, **columns: str) -> list[str]:
        """Ids of the accounts that have these values: `currency="CHF", collection="manual"`."""
        return [
            account["account_id"]
            for account in self.accounts
            if all(account[name] == value for name, value in columns.items())
        ]

    def payers(self) -> list[str]:
        """Accounts in francs with a good card and usage."""
        used = {event["account_id"] for event in self.usage}
        cards = self.accounts_with(currency="CHF", payment_method="pm_card_visa")
        return [account for account in cards if account in used]


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def write_sample(folder: Path, accounts: int, *options: str) -> Sample:
    command = ("sample", "--accounts", str(accounts), "--period", PERIOD, "--out", folder)
    run([program("sandbox"), *command, *options])
    return Sample(folder)


def import_sample(closectl: Closectl, made: Sample) -> None:
    closectl("import", "catalog", *map(str, made.catalogs))
    closectl("import", "accounts", str(made.folder / "accounts.csv"))
    closectl("import", "usage", str(made.folder / "usage.csv"))


@pytest.fixture
def sample(stage: Stage, closectl: Closectl) -> Callable[..., Sample]:
    """`sample(60)` writes a sample of 60 accounts and imports it."""

    def make(accounts: int, *options: str) -> Sample:
        made = write_sample(stage.folder / "sample", accounts, *options)
        import_sample(closectl, made)
        return made

    return make
