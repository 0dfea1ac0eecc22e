"""A whole close with the real programs, which every other test takes for granted."""

from harness.books import Account, Books, cards
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.sink import Sink


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
