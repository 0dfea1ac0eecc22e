"""PostgreSQL is stopped at once amid a close, and its answers are lost with their connections."""

from collections.abc import Callable

import pytest

from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.proxy import Line
from harness.sample import Sample
from harness.services import Services
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import PostgresServer, PostgresStore, on_postgres
from harness.waiting import wait_for

WAITING = "waiting for the store"


@on_postgres
@sizes(100, 2000)
@pytest.mark.fault
@pytest.mark.long
@pytest.mark.usefixtures("long_retries")
def test_postgresql_stops_with_transactions_open_and_loses_answers(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    proxy: Callable[[str, int], Line],
    store: PostgresStore,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """What was executed and nobody heard of, commits included, is read back."""
    few, server = accounts < 2000, store.server
    line = proxy("store", server.port)
    stage.set(STORE_URL=store.url.replace(f":{server.port}/", f":{line.port}/"))
    stage.set(IN_FLIGHT="4", BATCH="4")
    sample(accounts, "--awkward")
    with gateway.fault("latency", ms=50):
        services.start()
        closectl("close", "start", PERIOD)
        for share in (0.05, 0.2) if few else (0.05, 0.2, 0.35):
            settled.wait_for(share * accounts)
            wait_for_open_transaction(store)
            stop_at_once(server, services)
            settled.wait_for(settled.count + 1)
        for _ in range(5 if few else 12):
            before, done = line.hits("cut_after"), settled.count
            line.mode("cut_after", way="to_client", bytes=1)
            wait_for("an answer that is lost", lambda n=before: line.hits("cut_after") > n)
            line.mode("pass")
            wait_for("a charge to end", lambda n=done: settled.count > n)
        assert settled.close_runs, "void: the close was over before the faults were"
    # A mail that was sent while its end could not be recorded is sent again, and counted.
    finished.wait_until_quiet(accounts)
    finished(accounts, resends=True)


def stop_at_once(server: PostgresServer, services: Services) -> None:
    """Until the charger has noticed."""
    said = len(services["charger"].lines(WAITING))
    with server.stopped_at_once():
        wait_for(
            lambda: f"the charger to notice; {services['charger'].tail()}",
            lambda: len(services["charger"].lines(WAITING)) > said,
        )


def wait_for_open_transaction(store: PostgresStore) -> None:
    """One that has written something."""
    open_ones = (
        "SELECT count(*) FROM pg_stat_activity"
        f" WHERE backend_xid IS NOT NULL AND datname = '{store.name}'"
    )
    wait_for(
        "a transaction that has written something",
        lambda: int(store.server.superuser(open_ones)) > 0,
        every=0.01,
    )
