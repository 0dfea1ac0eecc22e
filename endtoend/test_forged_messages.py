"""Forged messages by somebody with rights at the broker: no service acts on them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from harness.books import Account, Books, used
from harness.broker import Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.recorded import recorded
from harness.services import NAMES, Services
from harness.sink import Sink
from harness.stage import Stage
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

ACCOUNTS = [Account("a1"), Account("m1", card="", hold_after_days=90)]

# The publisher of each type, and the service that hears it.
SENDERS = {
    "close.started": "invoicer",
    "close.range": "invoicer",
    "invoice.issued": "invoicer",
    "charge.succeeded": "charger",
    "charge.declined": "charger",
    "charge.skipped": "charger",
    "due.charge": "charger",
    "hold.placed": "holder",
    "hold.lifted": "holder",
    "due.grace": "holder",
    "payment.recorded": "operator",
    "credit.granted": "operator",
    "close.completed": "reporter",
}
HEARERS = {
    "close.started": ["reporter"],
    "close.range": ["invoicer"],
    "invoice.issued": ["charger", "mailer"],
    "charge.succeeded": ["mailer", "holder"],
    "charge.declined": ["mailer", "holder"],
    "charge.skipped": ["holder"],
    "due.charge": ["charger"],
    "hold.placed": ["mailer"],
    "hold.lifted": ["mailer"],
    "due.grace": ["holder"],
    "payment.recorded": ["holder"],
    "credit.granted": ["holder"],
    "close.completed": ["reporter"],
}


@dataclass
class House:
    """Five services, each as its own broker user; one month is closed."""

    closectl: Closectl
    books: Books
    services: Services
    broker: Broker
    gateway: Gateway
    sink: Sink
    store: Store
    clock: Clock
    users: dict[str, str]

    @contextmanager
    def nothing_happens(self) -> Iterator[None]:
        """No charge, no mail, no row in the ledger beyond dead letters."""
        before = self._effects()
        yield
        assert self._effects() == before

    def _effects(self) -> dict[str, object]:
        tables = ("invoices", "attempts", "entries", "mails", "holds", "decisions")
        rows = {table: self.store.value(f"SELECT count(*) FROM {table}") for table in tables}
        charges, mails = len(self.gateway.charges()), len(self.sink.mails())
        return {**rows, "charges": charges, "mails": mails, "report": self.closectl.report()}

    def reasons(self) -> Counter[tuple[str, str]]:
        """Dead letters by service and reason."""
        return Counter(
            (name, str(letter.headers.get("mc-reason")))
            for name in NAMES
            for letter in self.broker.dead(name)
        )

    def wait_for_dead(self, count: int) -> Counter[tuple[str, str]]:
        def all_dead() -> bool:
            return sum(self.broker.count(f"{name}.dead") for name in NAMES) >= count

        wait_for(lambda: f"{count} dead letters; there are {self.reasons()}", all_dead, seconds=20)
        return self.reasons()

    def next_month_is_right(self) -> None:
        """December: a1 is charged and gets two more mails, m1 is invoiced and gets one."""
        mails = {account.id: len(self.sink.mails(account.email)) for account in ACCOUNTS}
        self.clock.set("2027-01-01T02:00:00Z")
        self.books.usage(*(used(account.id, 120, "2026-12") for account in ACCOUNTS))
        self.closectl.close("2026-12")
        assert len(self.gateway.charges("a1")) == 2
        assert self.gateway.charged_twice() == []
        assert len(self.sink.mails("a1@example.com")) == mails["a1"] + 2
        assert len(self.sink.mails("m1@example.com")) == mails["m1"] + 1


@pytest.fixture
def house(
    closectl: Closectl,
    books: Books,
    services: Services,
    broker: Broker,
    gateway: Gateway,
    sink: Sink,
    store: Store,
    clock: Clock,
    stage: Stage,
) -> House:
    users = broker.least_privilege(stage.folder / "users")
    books.twelve_francs_each(ACCOUNTS)
    for name in NAMES:
        services.start(name, settings={"BROKER_URL": users[name]}, wait=False)
    for name in NAMES:
        services.wait_ready(name)
    closectl.close()
    closectl.audit()
    return House(closectl, books, services, broker, gateway, sink, store, clock, users)


def test_a_forged_event_of_every_type_is_a_dead_letter(house: House) -> None:
    """Published by a user that has the right, with the id of the future event of December."""
    forged = recorded("a1", "2026-12")
    assert set(SENDERS) <= set(forged), "void: there is a type of which no message was recorded"
    with house.nothing_happens():
        for key, sender in SENDERS.items():
            house.broker.publish(
                key, forged[key], type=forged[key]["type"], url=house.users[sender]
            )
        expected = Counter(service for key in SENDERS for service in HEARERS[key])
        reasons = house.wait_for_dead(expected.total())
        dead: Counter[str] = Counter()
        for (service, _), count in reasons.items():
            dead[service] += count
        assert dead == expected
        assert {reason for _, reason in reasons} == {"not-committed"}
    house.next_month_is_right()


def test_an_event_of_the_ledger_with_other_bytes_is_a_dead_letter(house: House) -> None:
    """The id of a real event, with a forged amount."""
    body = house.store.value(
        "SELECT body FROM outgoing_events WHERE routing_key = 'charge.succeeded'"
    )
    spoilt = bytes(body).replace(b'"amount":1200', b'"amount":3')
    assert spoilt != bytes(body), "void: the event names no amount of 1200"
    with house.nothing_happens():
        house.broker.publish(
            "charge.succeeded",
            spoilt,
            url=house.users["charger"],
            type="charge.succeeded.v1",
            message_id="charge.succeeded:2026-11/a1:1",
        )
        reasons = house.wait_for_dead(2)
    assert set(reasons) == {(s, "not-committed") for s in ("mailer", "holder")}


@on_sqlite
@pytest.mark.parametrize("header", ["CC", "BCC"])
@pytest.mark.parametrize(
    ("user", "key", "reached", "service", "count"),
    [
        # None of ours hears mail.sent; the copy reaches charger and mailer, or the invoicer.
        ("mailer", "mail.sent", "invoice.issued", "charger", 2),
        ("mailer", "mail.sent", "close.requested", "invoicer", 1),
        ("trigger", "close.requested", "replay.charger", "charger", 2),
        ("trigger", "close.requested", "due.charge", "charger", 2),
    ],
)
def test_a_message_sent_round_the_rights_is_a_dead_letter(
    house: House, header: str, user: str, key: str, reached: str, service: str, count: int
) -> None:
    """RabbitMQ checks rights to the routing key only; CC and BCC carry a message anywhere."""
    forged = recorded("a1", "2026-12")
    event = forged[reached if reached in forged else "invoice.issued"]
    with house.nothing_happens():
        house.broker.publish(
            key,
            event,
            url=house.users[user],
            type=event["type"],
            headers={header: [reached]},
        )
        reasons = house.wait_for_dead(count)
    assert reasons[service, {"CC": "copied", "BCC": "other-key"}[header]] == 1
    house.next_month_is_right()


@on_sqlite
def test_headers_beyond_all_measure_are_named(house: House) -> None:
    event = recorded("a1", "2026-12")["charge.skipped"]
    with house.nothing_happens():
        house.broker.publish(
            "charge.skipped",
            event,
            url=house.users["charger"],
            type=event["type"],
            headers={"x-note": "x" * 40_000},
        )
        reasons = house.wait_for_dead(1)
    assert {reason for _, reason in reasons} == {"headers-too-large"}
