"""Cases that only a person can settle have a way back, for one account and for many."""

from dataclasses import replace

from harness.books import Account, Books, cards
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.services import Services
from harness.stage import PERIOD
from harness.store import Store
from harness.waiting import wait_for

UNPAID = "SELECT count(*) FROM invoices WHERE open_minor > 0"


def test_a_mistyped_card_is_charged_once_it_is_put_right(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, store: Store
) -> None:
    good, mistyped = Account("good"), Account("typo", card="pm_1PxDetachedCard")
    books.twelve_francs_each([good, mistyped])
    services.start()
    closectl.close()
    assert len(gateway.charges()) == 1
    books.accounts(replace(mistyped, card="pm_card_visa"))
    wait_for(
        lambda: f"the second charge: {gateway.charges()}", lambda: store.value(UNPAID) == 0, 30
    )
    assert [charge["account"] for charge in gateway.charges()] == ["good", "typo"]
    closectl.audit()


def test_a_new_card_is_charged_after_the_old_one_was_declined_for_good(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, store: Store
) -> None:
    lost = Account("lost", card="pm_card_visa_chargeDeclinedLostCard")
    books.twelve_francs_each([lost])
    services.start()
    closectl.close()
    assert gateway.charges() == []
    books.accounts(replace(lost, card="pm_card_visa"))
    wait_for("the charge of the new card", lambda: store.value(UNPAID) == 0, 30)
    assert len(gateway.charges()) == 1
    closectl.audit()


def test_charges_behind_implausible_answers_are_got_back_all_at_once(
    closectl: Closectl, books: Books, services: Services, gateway: Gateway, store: Store
) -> None:
    """The gateway charges correctly and answers about another amount: parked, nothing posted."""
    books.twelve_francs_each(cards(5))
    services.start()
    with gateway.fault("wrong_amount", least=5, match={"times": 5}):
        closectl.close()
    assert closectl.status()["ends"] == {"parked": 5}
    assert len(closectl("parked", "list", PERIOD, exits=None)["parked"]) == 5
    why = ("--reason", "the gateway's own list is right", "--operator", "e2e")
    closectl("parked", "retry", PERIOD, *why)
    wait_for("every invoice to be paid", lambda: store.value(UNPAID) == 0, 30)
    assert len(gateway.charges()) == 5
    assert gateway.charged_twice() == []
