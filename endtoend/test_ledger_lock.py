"""Another program holds the ledger's lock: all programs wait with a deadline and a message."""

import fcntl
import time
from collections.abc import Callable

import psycopg
import pytest

from harness.books import Books, cards
from harness.broker import Broker
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.months import trigger
from harness.services import NAMES, Services
from harness.stage import PERIOD, Stage
from harness.store import SQLiteStore, Store, on_postgres, on_sqlite
from harness.waiting import wait_for

STOP_TIMEOUT = 5
PAYMENT = ("payment", "record", "a1", "--amount", "1 CHF", "--reference", "r1")


@pytest.fixture
def all_end_in_time(services: Services, stage: Stage) -> Callable[[], None]:
    """SIGTERM to all five; each ends, with 1 and a line if it left work for another."""

    def check() -> None:
        asked = time.monotonic()
        for name in NAMES:
            services[name].terminate()
        for name in NAMES:
            assert services[name].wait_for_end() in (0, 1)
        assert time.monotonic() - asked < STOP_TIMEOUT + 5

    stage.set(STOP_TIMEOUT=str(STOP_TIMEOUT))
    return check


@pytest.mark.alone
@on_sqlite
def test_a_held_lock_is_noticed_and_nobody_waits_for_ever(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    store: SQLiteStore,
    all_end_in_time: Callable[[], None],
) -> None:
    """Held like `flock ledger.db.lock` of another program."""
    books.twelve_francs_each(cards(3))
    services.start()
    with open(f"{store.file}.lock", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        closectl("close", "start", PERIOD)
        wait_for(
            lambda: f"the invoicer to say so: {services.readiness('invoicer')}",
            lambda: "store" in services.readiness("invoicer").missing,
        )
        assert "lock" in services.readiness("invoicer").sentences
        closectl("explain", "a1")  # reading needs no lock
        assert "lock" in closectl(*PAYMENT, exits=3).err
        all_end_in_time()

    services.start()
    closectl.close()
    assert len(gateway.charges()) == 3
    assert gateway.charged_twice() == []


@pytest.mark.alone
@on_postgres
def test_locked_tables_hold_up_nobody_for_ever(
    closectl: Closectl,
    books: Books,
    services: Services,
    gateway: Gateway,
    store: Store,
    broker: Broker,
    all_end_in_time: Callable[[], None],
) -> None:
    """Held like a session of PostgreSQL that somebody left open."""
    books.twelve_francs_each(cards(3))
    services.start()
    with psycopg.connect(store.url.replace("postgres://", "postgresql://")) as session:
        session.execute("LOCK TABLE accounts, close_runs IN ACCESS EXCLUSIVE MODE")
        broker.publish("close.requested", trigger(PERIOD))
        in_flight = "monthclose_messages_in_flight"
        wait_for("the invoicer's trigger", lambda: services.metric("invoicer", in_flight) > 0)
        assert "lock" in closectl(*PAYMENT, exits=3).err
        all_end_in_time()
        session.rollback()

    services.start()
    closectl.close()
    assert len(gateway.charges()) == 3
    assert gateway.charged_twice() == []


@on_sqlite
def test_nobody_else_can_open_the_lock(closectl: Closectl, store: SQLiteStore) -> None:
    for name in ("ledger.db", "ledger.db.lock"):
        mode = (store.folder / name).stat().st_mode & 0o777
        assert mode == 0o600, f"{name} has the mode {mode:o}"
