"""Answers that the gateway never gave: a proxy, a login page, half a document, silence."""

import time
from threading import Lock

import pytest

from harness.books import Account, Books, cards
from harness.closectl import Closectl
from harness.front import Forward, Front, Reply, Request
from harness.gateway import Gateway
from harness.services import Services
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import wait_for

pytestmark = on_sqlite

ACCOUNTS = 10
# More than it takes until the charger leaves the gateway alone; then it asks once per pause.
LIES_TOLD = 6
PAGE = b"<html><body>Please sign in.</body></html>"
HTML = {"Content-Type": "text/html"}

LIES: dict[str, Reply] = {
    "302": Reply(302, b"", {"Location": "/login"}),
    "200-html": Reply(200, PAGE, HTML),
    "200-empty": Reply(200, b""),
    "201": Reply(201, b"{}"),
    "204": Reply(204),
    "403-html": Reply(403, PAGE, HTML),
    "503-html": Reply(503, PAGE, HTML),
}


class Liar:
    """Answers this many requests with a lie; every second one has reached the gateway before.

    `about` selects the requests: charges and the search for them, or the list of all charges that
    is read before anything is charged.
    """

    def __init__(self, lie: Reply | None, count: int, about: str = "/v1/payment_intents") -> None:
        self.told = 0
        self._lie = lie
        self._count = count
        self._about = about
        self._lock = Lock()

    def __call__(self, request: Request, forward: Forward) -> Reply:
        if not request.path.startswith(self._about):
            return forward(request)
        with self._lock:
            lies = self.told < self._count
            self.told += lies
            reaches = not lies or self.told % 2 == 0
        if not lies:
            return forward(request)
        if self._lie is None:
            return self._cut(forward(request))
        if reaches:
            forward(request)
        return self._lie

    @staticmethod
    def _cut(true: Reply) -> Reply:
        """A complete HTTP response with half of the document."""
        return Reply(true.status, true.body[: len(true.body) // 2], true.headers)


@pytest.mark.parametrize("kind", [*LIES, "200-truncated"])
def test_nobody_is_parked_for_an_answer_the_gateway_never_gave(
    kind: str,
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    front: Front,
    stage: Stage,
) -> None:
    liar = Liar(LIES.get(kind), LIES_TOLD)
    front.rule = liar
    stage.set(GATEWAY_URL=front.url, RETRY_DELAYS="1s,2s,4s,8s,16s")
    closectl("init")
    books.twelve_francs_each(cards(ACCOUNTS))
    services.start()
    closectl("close", "start", PERIOD)
    closectl.wait_for_state("closed")
    status = closectl.status()
    assert (status["dead"], status["ends"]) == (0, {"paid": ACCOUNTS})
    assert liar.told == LIES_TOLD, f"void: {liar.told} lies"
    assert len(gateway.charges()) == ACCOUNTS
    assert gateway.charged_twice() == []
    closectl.audit()


@pytest.mark.parametrize("kind", [*LIES, "200-truncated"])
def test_nothing_is_charged_on_a_list_the_gateway_never_gave(
    kind: str,
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    front: Front,
    stage: Stage,
) -> None:
    """The list of charges is read before the first charge; two lies delay all for a second."""
    liar = Liar(LIES.get(kind), 2, about="/v1/charges")
    front.rule = liar
    stage.set(GATEWAY_URL=front.url)
    books.twelve_francs_each(cards(3))
    services.start()
    closectl("close", "start", PERIOD)
    closectl.wait_for_state("closed")
    assert liar.told == 2, f"void: {liar.told} lies"
    assert (closectl.status()["dead"], len(gateway.charges())) == (0, 3)
    assert gateway.charged_twice() == []


@pytest.mark.alone
def test_a_gateway_that_refuses_connections_holds_up_nobody_who_pays_by_hand(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    sink: Sink,
) -> None:
    by_hand = [Account(f"m{number}", card="") for number in range(ACCOUNTS)]
    books.twelve_francs_each([*cards(ACCOUNTS), *by_hand])
    gateway.stop()
    services.start()
    closectl("close", "start", PERIOD)
    started = time.monotonic()
    wait_for(
        lambda: f"all who pay by hand: {closectl.status()}",
        lambda: closectl.status().get("accounts", {}).get("finished", 0) >= ACCOUNTS,
        seconds=20,
    )
    assert time.monotonic() - started < 8
    # One line per outage, with address and next try, and not one for each of ten accounts.
    said = services["charger"].lines(f"127.0.0.1:{gateway.port}")
    assert len(said) == 1, said
    assert "next_try=" in said[0], said
    assert closectl.status()["dead"] == 0

    gateway.start()
    closectl.wait_for_state("closed")
    assert len(gateway.charges()) == ACCOUNTS
    assert gateway.charged_twice() == []
    closectl.audit()


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(
    status: int,
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    front: Front,
    stage: Stage,
) -> None:
    times: list[float] = []

    def busy_at_first(request: Request, forward: Forward) -> Reply:
        if not request.charges:
            return forward(request)
        times.append(time.monotonic())
        # The first charge shows that the gateway keeps keys; the second has to wait.
        if len(times) != 2:
            return forward(request)
        headers = {"Content-Type": "application/json", "Retry-After": "4"}
        return Reply(status, b'{"error": {"type": "api_error"}}', headers)

    front.rule = busy_at_first
    stage.set(GATEWAY_URL=front.url)
    books.twelve_francs_each(cards(2))
    services.start()
    closectl.close()
    assert times[2] - times[1] >= 3.9
    assert len(gateway.charges()) == 2
