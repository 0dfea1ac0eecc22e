"""The disk of the store is full before the close and in its middle; then there is room again."""

import shutil
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from harness.closectl import Closectl
from harness.disk import Disk
from harness.finished import Finished
from harness.gateway import Gateway
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import PostgresServer, PostgresStore, SQLiteStore, Store
from harness.waiting import holds_for, wait_for

FULL = "no space left for the store"

# The disk first: without one, nothing is started.
pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("disk", "long_retries")]


class SmallPostgresStore(PostgresStore):
    """Its tables are on the small disk.

    The write-ahead log is elsewhere: a server that cannot write it stops, which is another fault.
    """

    def __init__(self, server: PostgresServer, stage: Stage, disk: Disk) -> None:
        super().__init__(server, "e_" + stage.name.replace("-", "_"), stage.folder)
        tables = disk.folder / "tables"
        tables.mkdir()
        shutil.chown(tables, "postgres")
        server.superuser(f"CREATE TABLESPACE small LOCATION '{tables}'")
        server.superuser(f"ALTER DATABASE {self.name} SET TABLESPACE small")

    def drop(self) -> None:
        super().drop()
        self.server.superuser("DROP TABLESPACE IF EXISTS small")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, disk: Disk, stage: Stage) -> Iterator[Store]:
    if request.param == "sqlite":
        made: Store = SQLiteStore(disk.folder)
        stage.set(STORE_URL=made.url)
        yield made
        return
    database = SmallPostgresStore(request.getfixturevalue("postgres_server"), stage, disk)
    stage.set(STORE_URL=database.url)
    yield database
    stage.end_all()
    database.drop()


class Evidence:
    """What refused to write, who said so, and how far the work is."""

    def __init__(self, store: Store, services: Services, gateway: Gateway) -> None:
        self._store = store
        self._services = services
        self._gateway = gateway

    def said(self) -> int:
        """Lines in which services say that the store is full."""
        return sum(len(self._services[name].lines(FULL)) for name in NAMES)

    def refused(self) -> int:
        """Statements for which there was no room, in the words of who refused them."""
        if self._store.kind == "sqlite":
            return self.said()
        log = cast(PostgresStore, self._store).server.log.splitlines()
        return sum("could not extend file" in line and "No space left" in line for line in log)

    def done(self) -> int:
        if self._store.kind == "sqlite":
            return len(self._gateway.charges())
        return self._store.value("SELECT count(*) FROM transactions")

    def wait_for_calls_to_end(self) -> None:
        """Those that were under way when the disk was full."""
        counts: list[int] = []

        def unchanged() -> bool:
            counts.append(self._gateway_events())
            return len(counts) > 4 and len(set(counts[-5:])) == 1

        wait_for(lambda: f"no more calls: {counts}", unchanged, every=0.25)

    def _gateway_events(self) -> int:
        return len(self._gateway.events())


def check_stalled(evidence: Evidence, disk: Disk, leeway: int, act: Callable[[], object]) -> None:
    """While the disk is full, the services say so, and nothing goes on."""
    said, refused = evidence.said(), evidence.refused()
    with disk.full():
        act()
        wait_for("the services to name the full store", lambda: evidence.said() > said)
        evidence.wait_for_calls_to_end()
        done = evidence.done()
        holds_for(
            4,
            lambda: f"at most {leeway} are done after {done}: {evidence.done()}",
            lambda: evidence.done() <= done + leeway,
        )
        assert evidence.refused() > refused, "void: nothing was refused"


@sizes(120, 1000)
@pytest.mark.gateway("--latency-ms", "20")
def test_a_full_disk_stops_the_close_until_there_is_room(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    disk: Disk,
    store: Store,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    stage.set(IN_FLIGHT="4", BATCH="8")
    sample(accounts, "--awkward")
    services.start()
    evidence = Evidence(store, services, gateway)
    # The last pages of PostgreSQL's tables may have room for a few rows.
    leeway = 0 if store.kind == "sqlite" else accounts // 20

    check_stalled(evidence, disk, leeway, lambda: closectl("close", "start", PERIOD))
    settled.wait_for(0.2 * accounts)
    check_stalled(evidence, disk, leeway, lambda: None)
    assert settled.close_runs, "void: the close was over when the disk was full"

    finished.wait_until_quiet(accounts)
    # A mail that was sent while its end could not be recorded is sent again, and counted.
    finished(accounts, resends=store.kind == "postgres")
