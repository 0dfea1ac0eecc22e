"""Every message of a close in which everything happens, as it was published."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from harness.asyncapi import Document
from harness.books import ACCOUNT_COLUMNS, USAGE_COLUMNS
from harness.broker import Broker, Letter
from harness.clock import Clock
from harness.closectl import Closectl
from harness.contract import MESSAGES, Contract
from harness.gateway import Gateway
from harness.money import amount
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.store import Store, on_sqlite

ACCOUNTS = 40
OTHERS = """\
other-no-catalog,Nobody,nobody@customers.example,GBP,CH,Europe/Zurich,manual,,30
other-refused,Nobody,refused@customers.example,CHF,CH,Europe/Zurich,manual,,30
other-implausible,Nobody,nobody@customers.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7
"""
CORRECTION = """\
correction-1,cust-000011,server_small_hours,-100000,2026-12-10T00:00:00Z,2026-12-10T01:00:00Z
"""
# A message on its way to a delay queue or to the dead letters passes through the exchange too,
# under that queue's name; it is the same message, moved.
MOVED = re.compile(r"[a-z]+\.(retry\.[0-9]+[a-z]+|dead)")


@on_sqlite
def test_every_message_is_as_published(
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    sink: Sink,
    store: Store,
    clock: Clock,
    stage: Stage,
    rest: Callable[..., None],
) -> None:
    month = sample(ACCOUNTS, "--awkward")
    others = stage.file("others.csv", f"{ACCOUNT_COLUMNS}\n{OTHERS}")
    closectl("import", "accounts", str(others))
    sink.refuse("550 5.1.1 no such mailbox", address="refused@customers.example")
    broker.tap()

    def pay(account: str, reference: str) -> None:
        owed = closectl("explain", account, "--period", PERIOD)["invoices"][0]["open"]
        (found,) = [a for a in month.accounts if a["account_id"] == account]
        words = ("--amount", amount(owed, found["currency"]), "--reference", reference)
        closectl("payment", "record", account, *words)

    services.start("invoicer", "charger", "holder", "reporter")
    closectl("credit", "grant", "cust-000005", "--amount", "5 CHF", "--reference", "welcome")
    match = {"account": "other-implausible", "times": 1}
    with gateway.fault("wrong_amount", match=match):
        closectl("close", "start", PERIOD)
        rest()
    # Paid before the mailer sends the mail about the decline: that mail is no longer true.
    pay("cust-000003", "bank-1")
    services.start("mailer")
    closectl.wait_for_state("closed")
    for days in (4, 4, 6):  # retries, the end of a grace period
        clock.advance(days=days)
        rest()
    pay("cust-000007", "bank-2")
    rest()
    # The next month's invoice of an account that has not paid is negative: its credit pays the
    # older invoice.
    clock.advance(days=30)
    rest()
    correction = stage.file("corrections.csv", f"{USAGE_COLUMNS}\n{CORRECTION}")
    closectl("import", "usage", str(correction))
    closectl.close("2026-12")
    rest()
    services.stop()
    sink.accept()

    tapped = broker.letters("tap")
    check_messages(tapped, broker)
    bodies = {letter.body for letter in tapped}
    recorded = [body for (body,) in store.rows("SELECT body FROM outgoing_events")]
    assert len(recorded) >= ACCOUNTS * 4
    assert [body for body in recorded if body not in bodies] == [], "not on the wire as recorded"


def check_messages(tapped: list[Letter], broker: Broker) -> None:
    contract = Contract(strict=True)
    senders = Document(MESSAGES).senders()
    assert len(tapped) >= ACCOUNTS * 4
    assert {fault for letter in tapped for fault in faults_of(letter, contract, senders)} == set()
    assert set(contract.types()) - {letter.event["type"] for letter in tapped} == set()

    dead = [letter for name in NAMES for letter in broker.dead(name)]
    assert dead
    for letter in dead:
        own = {key: value for key, value in letter.headers.items() if key.startswith("mc-")}
        assert contract.faults(own, "dead-letter-headers.json") == []

    # A message with three faults has three.
    event = {**tapped[0].event, "data": {**tapped[0].event["data"], "surprise": 1}}
    del event["time"]
    properties = {**vars(tapped[0].properties), "delivery_mode": 1}
    spoilt = replace(
        tapped[0],
        body=json.dumps(event).encode(),
        properties=type(tapped[0].properties)(**properties),
    )
    assert len(list(faults_of(spoilt, contract, senders))) == 3


def faults_of(letter: Letter, contract: Contract, senders: dict[str, set[str]]) -> Iterator[str]:
    event, properties = letter.event, letter.properties
    kind = event.get("type", "")
    for fault in contract.faults(event) + contract.faults(letter.headers, "headers.json"):
        yield f"{kind}: {fault}"
    expected: dict[str, Any] = {
        "message_id": event.get("id"),
        "type": kind,
        "content_type": "application/cloudevents+json",
        "delivery_mode": 2,
    }
    found = {name: getattr(properties, name) for name in expected}
    if not MOVED.fullmatch(letter.routing_key):
        expected["routing_key"] = kind.rsplit(".", 1)[0]
        found["routing_key"] = letter.routing_key
    for name, value in expected.items():
        if found[name] != value:
            yield f"{kind}: {name}: expected {value}, found {found[name]}"
    if event.get("source") not in senders[kind]:
        yield f"{kind}: {event.get('source')} does not send it"
