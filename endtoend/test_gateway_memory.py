"""The charger looks for what the gateway has already taken before it charges again."""

from dataclasses import replace
from threading import Event

from harness.books import Account, Books, cards
from harness.clock import Clock
from harness.closectl import Closectl
from harness.front import Forward, Front, Reply, Request
from harness.gateway import Gateway
from harness.services import Services
from harness.stage import PERIOD, Stage
from harness.store import Store
from harness.waiting import wait_for

SOFT_DECLINE = b"""{"error": {"type": "card_error", "code": "card_declined",
  "decline_code": "insufficient_funds", "message": "Your card has insufficient funds."}}"""


def without_keys(request: Request) -> Request:
    """The requests that a gateway without idempotency keys sees."""
    headers = {k: v for k, v in request.headers.items() if k.lower() != "idempotency-key"}
    return replace(request, headers=headers)


def test_a_gateway_without_keys_charges_redelivered_invoices_once(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    front: Front,
    stage: Stage,
) -> None:
    """The charger dies after the gateway has charged five cards and before it gets the answers."""
    answers = Event()

    def charges_and_answers_later(request: Request, forward: Forward) -> Reply:
        reply = forward(without_keys(request))
        if request.charges:
            answers.wait(60)
        return reply

    front.rule = charges_and_answers_later
    stage.set(GATEWAY_URL=front.url)
    books.twelve_francs_each(cards(5))
    services.start()
    closectl("close", "start", PERIOD)
    wait_for("five charges", lambda: len(gateway.charges()) == 5)
    services.kill("charger")
    answers.set()

    services.start("charger")
    closectl.wait_for_state("closed")
    assert gateway.charged_twice() == []
    assert len(gateway.charges()) == 5
    closectl.audit()


def paid(store: Store) -> bool:
    """Whether every invoice is paid in the ledger."""
    return store.value("SELECT count(*) FROM invoices WHERE open_minor > 0") == 0


def test_a_payment_made_by_hand_stands_for_the_second_attempt(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    clock: Clock,
    store: Store,
) -> None:
    books.twelve_francs_each([Account("soft")])
    gateway.outcome("soft", "insufficient_funds", times=1)
    services.start()
    closectl.close()
    declined = next(event for event in gateway.events() if event["event"] == "charge.failed")
    named = {key: declined[key] for key in ("invoice", "account")}
    gateway.pay_by_hand(1200, "CHF", named | {"period": PERIOD})

    clock.advance(days=3)
    wait_for("the invoice to be paid", lambda: paid(store))
    assert gateway.charged_twice() == []
    closectl.audit()


def test_a_charge_behind_a_decline_without_its_payment_stands_for_the_second_attempt(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    front: Front,
    stage: Stage,
    clock: Clock,
    store: Store,
) -> None:
    """The card was charged; the answer says declined and names no payment."""
    declines: list[Reply] = []

    def declined_at_first(request: Request, forward: Forward) -> Reply:
        reply = forward(request)
        if not request.charges or declines:
            return reply
        declines.append(reply)
        return Reply(402, SOFT_DECLINE)

    front.rule = declined_at_first
    stage.set(GATEWAY_URL=front.url)
    books.twelve_francs_each([Account("soft")])
    services.start()
    closectl.close()
    assert [reply.status for reply in declines] == [200], "void: nothing was charged"

    clock.advance(days=3)
    wait_for("the invoice to be paid", lambda: paid(store))
    assert gateway.charged_twice() == []
    assert len(gateway.charges()) == 1
    closectl.audit()
