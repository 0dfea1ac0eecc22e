"""A close is proved; then one of its records is corrupted at a time, and the audit says which."""

import hashlib
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from harness.broker import Broker
from harness.closectl import Answer, Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.sample import Sample
from harness.services import Services
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.store import PostgresStore, SQLiteStore, Store, on_sqlite
from harness.waiting import wait_for

ACCOUNTS = 30
FIRST_INVOICE = "(SELECT min(sequence) FROM transactions WHERE kind = 'invoice')"
CHANGE = f"UPDATE entries SET amount_minor = amount_minor - 1 WHERE sequence = {FIRST_INVOICE}"
CHANGE_ITS_FIRST_LINE = f"{CHANGE} AND line = 1"

# The event of a hold that was lifted, which no service has ever recorded.
GHOST = {
    "specversion": "1.0",
    "id": "hold.lifted:ghost",
    "type": "hold.lifted.v1",
    "source": "/holder",
    "time": "2026-12-01T00:00:00Z",
    "data": {
        "snapshot": {
            "account": "cust-000001",
            "position": 1,
            "takenAt": "2026-12-01T00:00:00Z",
            "currency": "CHF",
            "balance": 0,
            "hold": False,
            "collection": "auto",
        }
    },
}


@pytest.fixture
def month(
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    finished: Finished,
) -> Sample:
    """A finished close, and no service runs any more."""
    made = sample(ACCOUNTS)
    services.start()
    closectl.close()
    finished(ACCOUNTS)
    services.stop()
    return made


def broken(audit: Answer) -> dict[str, list[str]]:
    """What breaks each broken invariant."""
    return {
        invariant["invariant"]: invariant["offending"]
        for invariant in audit["invariants"]
        if invariant["verdict"] == "broken"
    }


@on_sqlite
def test_a_certificate_is_the_same_bytes_for_the_same_position(
    month: Sample, closectl: Closectl, services: Services, gateway: Gateway, stage: Stage
) -> None:
    def certificate(name: str, *words: str, exits: int = 0) -> bytes:
        file = stage.folder / name
        closectl("audit", PERIOD, "--certificate", str(file), *words, exits=exits)
        return file.read_bytes() if exits == 0 else b""

    first = certificate("first.json")
    assert certificate("again.json") == first
    told = Answer(0, first.decode(), "").json
    assert told["charges"] == len(gateway.charges())
    assert told["chargesSHA256"] == digest(gateway)

    services.start()
    (account, *_) = month.accounts_with(currency="CHF", collection="manual")
    closectl("credit", "grant", account, "--amount", "1 CHF", "--reference", "goodwill")
    closectl.audit()
    position = str(told["ledgerPosition"])
    assert certificate("later.json") != first
    assert certificate("of-then.json", "--position", position) == first
    certificate("of-the-future.json", "--position", "1000000", exits=2)


def digest(gateway: Gateway) -> str:
    """Of the gateway's charges, as docs/operations.md describes it."""
    lines = sorted(
        f"{charge['payment_intent']} {charge['invoice']} {charge['amount']} "
        f"{charge['currency'].upper()}\n"
        for charge in gateway.charges()
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@on_sqlite
def test_mails_that_are_missing_or_there_twice_are_named(
    month: Sample, closectl: Closectl, sink: Sink
) -> None:
    def audit(exits: int) -> dict[str, list[str]]:
        return broken(closectl("audit", PERIOD, "--mailbox", str(sink.folder), exits=exits))

    file = min((sink.folder / "new").iterdir())
    mail = file.read_bytes()
    file.unlink()
    assert "sent according to the ledger, but not delivered" in " ".join(audit(1)["I13"])
    twin = file.with_name(f"{file.name}.twice")
    file.write_bytes(mail)
    twin.write_bytes(mail)
    assert "delivered 2 times" in " ".join(audit(1)["I13"])
    twin.unlink()
    assert audit(0) == {}


@on_sqlite
def test_a_message_that_nobody_committed_is_named_and_stays(
    month: Sample, closectl: Closectl, broker: Broker
) -> None:
    broker.publish("mailer", GHOST, exchange="")
    closectl("audit", PERIOD)  # does not look into the queues
    found = broken(closectl("audit", PERIOD, "--deep", exits=1))
    assert list(found) == ["I7"]
    assert "hold.lifted:ghost in mailer" in " ".join(found["I7"])
    wait_for("the message to be back in its queue", lambda: broker.count("mailer") == 1)


def test_an_entry_that_was_changed_is_named(
    month: Sample, closectl: Closectl, store: Store, stage: Stage
) -> None:
    """Neither our programs can do that, nor anybody who leaves the triggers in place."""
    settings: dict[str, str] = {}
    if isinstance(store, PostgresStore):
        with pytest.raises(AssertionError, match="entries"):
            store.server.superuser(CHANGE_ITS_FIRST_LINE, store.name)
        store.server.superuser(
            "ALTER TABLE entries DISABLE TRIGGER entries_kept;"
            f"{CHANGE_ITS_FIRST_LINE};"
            "ALTER TABLE entries ENABLE TRIGGER entries_kept",
            store.name,
        )
    else:
        assert isinstance(store, SQLiteStore)
        copy = stage.folder / "changed.db"
        change_a_copy(store.file, copy)
        settings = {"STORE_URL": f"sqlite:{copy}"}
    found = broken(closectl("audit", PERIOD, exits=1, settings=settings))
    assert any(re.fullmatch(r"transaction \d+", line) for line in found["I1"])
    assert any("invoiced: report" in line and "entries" in line for line in found["I18"])
    assert any(line.startswith("cust-") for line in found["I19"])


def change_a_copy(ledger: Path, copy: Path) -> None:
    with closing(sqlite3.connect(ledger)) as original, closing(sqlite3.connect(copy)) as changed:
        original.backup(changed)
        with pytest.raises(sqlite3.DatabaseError):
            changed.execute(CHANGE_ITS_FIRST_LINE)
        changed.execute("DROP TRIGGER entries_kept")
        assert changed.execute(CHANGE_ITS_FIRST_LINE).rowcount == 1
        changed.commit()


@on_sqlite
def test_a_second_charge_is_named_and_there_is_no_certificate(
    month: Sample, closectl: Closectl, gateway: Gateway, stage: Stage
) -> None:
    invoice = gateway.charges()[0]["invoice"]
    second = gateway.pay_by_hand(100, "CHF", {"invoice": invoice})
    certificate = stage.folder / "certificate.json"
    audit = closectl("audit", PERIOD, "--certificate", str(certificate), exits=1)
    found = broken(audit)
    assert list(found) == ["I2", "I4", "I20"]
    assert any(line.startswith(f"{invoice}: ch_") and ", ch_" in line for line in found["I2"])
    posted = [line for line in found["I4"] if second["latest_charge"] in line]
    assert any("not posted" in line for line in posted)
    assert "I2, I4, I20" in audit["certificateRefused"]
    assert not certificate.exists()


@on_sqlite
def test_nothing_is_proved_without_the_gateway(
    month: Sample, closectl: Closectl, gateway: Gateway
) -> None:
    gateway.stop()
    said = closectl("audit", PERIOD, exits=3).err
    assert "payment gateway" in said
    assert "cannot be reached" in said
