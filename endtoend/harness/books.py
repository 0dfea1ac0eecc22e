"""The files that users import: catalogs, accounts, usage."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest

from harness.closectl import Answer, Closectl
from harness.stage import Stage

ACCOUNT_COLUMNS = (
    "account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days"
)
USAGE_COLUMNS = "event_id,account_id,metric,quantity,start,end"

API_CALLS = """\
  - id: api
    name: API calls
    metric: api_calls
    unit: call
    price: { model: per_unit, unit: "0.10" }
"""
GPU = """\
  - id: gpu
    name: GPU
    metric: gpu_hours
    unit: h
    price: { model: per_unit, unit: "2.00" }
"""


@dataclass(frozen=True)
class Account:
    """One line of an accounts file; `paid_by` is a card, or empty if it pays by hand."""

    id: str
    card: str = "pm_card_visa"
    currency: str = "CHF"
    country: str = "CH"
    zone: str = "Europe/Zurich"
    hold_after_days: int = 14
    start: str = ""
    end: str = ""

    @property
    def email(self) -> str:
        return f"{self.id}@example.com"

    @property
    def line(self) -> str:
        collection = "auto" if self.card else "manual"
        place = f"{self.currency},{self.country},{self.zone}"
        payment = f"{collection},{self.card},{self.hold_after_days}"
        return f"{self.id},Name {self.id},{self.email},{place},{payment}"


def flat(amount: str) -> str:
    """A product that costs the same every month."""
    return f'  - id: plan\n    name: Plan\n    price: {{ model: flat, amount: "{amount}" }}\n'


class Books:
    """Writes files into the test's folder and imports them."""

    def __init__(self, stage: Stage, closectl: Closectl) -> None:
        self._stage = stage
        self._closectl = closectl
        self._files = 0

    def catalog(
        self,
        products: str = API_CALLS,
        currency: str = "CHF",
        version: int = 1,
        valid_from: str | None = None,
    ) -> Answer:
        first = f"valid_from: {valid_from}\n" if valid_from else ""
        text = f"version: {version}\ncurrency: {currency}\n{first}products:\n{products}taxes: []\n"
        return self._import("catalog", "yaml", text)

    def accounts(self, *accounts: Account) -> Answer:
        lines = [account.line for account in accounts]
        return self._import("accounts", "csv", "\n".join([ACCOUNT_COLUMNS, *lines, ""]))

    def accounts_with_dates(self, *accounts: Account) -> Answer:
        """With the optional columns; an empty date removes one."""
        lines = [f"{account.line},{account.start},{account.end}" for account in accounts]
        header = f"{ACCOUNT_COLUMNS},start,end"
        return self._import("accounts", "csv", "\n".join([header, *lines, ""]))

    def usage(self, *events: str) -> Answer:
        """Lines of a usage file; `used()` makes one."""
        return self._import("usage", "csv", "\n".join([USAGE_COLUMNS, *events, ""]))

    def twelve_francs_each(self, accounts: Iterable[Account], month: str = "2026-11") -> None:
        """A catalog, those accounts, and usage of 12.00 for each of them."""
        given = list(accounts)
        self.catalog()
        self.accounts(*given)
        self.usage(*(used(account.id, 120, month) for account in given))

    def _import(self, kind: str, suffix: str, text: str) -> Answer:
        self._files += 1
        file = self._stage.file(f"{kind}-{self._files}.{suffix}", text)
        return self._closectl("import", kind, str(file))


def used(account: str, quantity: int, month: str = "2026-11", metric: str = "api_calls") -> str:
    """A line of usage on the third of the month."""
    day = f"{month}-03"
    event = f"{account}-{metric}-{month}-{quantity}"
    return f"{event},{account},{metric},{quantity},{day}T00:00:00Z,{day}T01:00:00Z"


def cards(count: int, **more: str) -> list[Account]:
    """Accounts a1, a2, … that pay with a good card."""
    return [replace(Account(f"a{number}"), **more) for number in range(1, count + 1)]


@pytest.fixture
def books(stage: Stage, closectl: Closectl) -> Books:
    return Books(stage, closectl)
