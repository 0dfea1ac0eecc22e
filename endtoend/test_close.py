"""Whole closes with the real programs, which every other test takes for granted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.books import Account, Books, cards
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.sample import GOOD_CARDS, Sample, write_sample
from harness.services import NAMES, Services
from harness.sink import Sink
from harness.stage import Stage

# A real address, a key of a gateway, a card.
SECRETS = ("@customers.example", "sk_test_", "pm_card_")


def test_a_month_closes(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, sink: Sink
) -> None:
    accounts = [*cards(3), Account("m1", card="")]
    books.twelve_francs_each(accounts)
    services.start()
    closectl.close()
    assert gateway.sums() == {"CHF": 3 * 1200}
    assert gateway.charged_twice() == []
    assert [len(sink.mails(account.email)) for account in accounts] == [2, 2, 2, 1]
    assert closectl.report()["CHF"]["outstanding"] == 1200
    closectl.audit()
    services.stop()


@pytest.mark.parametrize("accounts", [100, pytest.param(300, marks=pytest.mark.full)])
def test_accounts_of_every_kind_from_import_to_end(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    finished: Finished,
) -> None:
    month = sample(accounts)
    again = closectl("import", "usage", str(month.folder / "usage.csv"))
    assert [file["added"] for file in again["files"]] == [0]

    services.start()
    closectl.close()
    finished(accounts)
    good = [a for a in month.accounts if a["payment_method"] in GOOD_CARDS]
    assert 0 < len(gateway.charges()) <= len(good)  # the others owe nothing

    services.stop()
    for name in NAMES:
        log = services[name].text
        assert log, f"{name} has logged nothing"
        assert [secret for secret in SECRETS if secret in log] == [], f"in the log of {name}"


def test_the_sample_is_the_same_when_it_is_made_again(stage: Stage) -> None:
    first, second = (write_sample(stage.folder / name, 300) for name in ("first", "second"))
    assert contents(first.folder) == contents(second.folder)


def contents(folder: Path) -> dict[str, bytes]:
    found = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert len(found) >= 4, f"a sample of {sorted(found)}"
    return found
