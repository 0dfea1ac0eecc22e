"""Each program as a broker user of its own, with no right it does not need."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.books import Account, Books
from harness.broker import EXCHANGE, Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.money import amount
from harness.processes import run
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.stage import PERIOD, Stage
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

ACCOUNTS = 40
TRUSTED = 10  # the first accounts show that the gateway keeps keys
REFUSALS = re.compile("ACCESS_REFUSED|may not publish|lacks the right")

pytestmark = on_sqlite


class Users:
    """The users of scripts/broker-users; closectl is the operator from now on, nobody is guest."""

    def __init__(self, broker: Broker, stage: Stage) -> None:
        self._broker = broker
        self.folder = stage.folder / "users"
        self.apply()
        stage.set(BROKER_URL="", BROKER_URL_FILE=str(self.file("operator")))
        stage.set(DEAD_BROKER_URL_FILE=str(self.file("replay")))

    def apply(self) -> None:
        """Also again: it takes back what was changed."""
        self._broker.least_privilege(self.folder)

    def file(self, name: str) -> Path:
        return self.folder / f"monthclose-{name}.url"

    def settings(self, name: str) -> dict[str, str]:
        return {"BROKER_URL_FILE": str(self.file(name))}

    def passwords(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in self.folder.glob("*.password")}


@pytest.fixture
def users(closectl: Closectl, broker: Broker, stage: Stage) -> Users:
    return Users(broker, stage)


@pytest.fixture
def running(users: Users, services: Services) -> Services:
    for name in NAMES:
        services.start(name, settings=users.settings(name))
    return services


def test_the_users_and_their_files(users: Users, broker: Broker) -> None:
    before = users.passwords()
    assert len(before) >= len(NAMES) + 3
    users.apply()
    assert users.passwords() == before
    modes = {file.name: file.stat().st_mode & 0o077 for file in users.folder.iterdir()}
    assert [name for name, mode in modes.items() if mode] == [], "others may read passwords"
    permissions = broker.node.call("GET", f"vhosts/{quote(broker.vhost, safe='')}/permissions")
    configuring = [user["user"] for user in permissions if user["configure"] not in ("", "^$")]
    assert sorted(configuring) == ["guest", "monthclose-operator"]


def test_a_whole_close_with_dead_letters_and_holds(
    users: Users,
    running: Services,
    closectl: Closectl,
    sample: Callable[..., Sample],
    broker: Broker,
    gateway: Gateway,
    clock: Clock,
    stage: Stage,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    month = sample(ACCOUNTS)
    assert closectl("topology", "check")["differences"] == []
    assert connected(broker) == {f"monthclose-{name}" for name in NAMES}
    for name in NAMES:
        assert running.check(name, users.settings(name))[0] == 0

    # The gateway says of single charges that their key is in use: dead letters, by way of the
    # delay queues.
    for account in month.accounts[TRUSTED:]:
        match = {"account": account["account_id"]}
        gateway.control("POST", "faults", {"kind": "409", "match": match})
    closectl("close", "start", PERIOD, settings=users.settings("trigger"))
    dead = wait_for(
        lambda: f"ten dead letters: {closectl.status()}",
        lambda: count if (count := closectl.status().get("dead", 0)) >= 10 else 0,
    )
    gateway.control("DELETE", "faults")
    moved: list[int] = []

    def all_replayed() -> bool:
        # Letters that a lookup has answered already may be replayed too, without effect.
        why = ("--also", "done", "--reason", "gateway repaired", "--operator", "e2e")
        moved.append(closectl("dead", "replay", "--all", *why)["moved"])
        status = closectl.status()
        return (status["state"], status["dead"]) == ("closed", 0)

    wait_for(lambda: f"all to be replayed: {closectl.status()}", all_replayed, 120, every=0.5)
    assert sum(moved) >= dead

    first = month.accounts[0]
    paid = ("--amount", f"1.00 {first['currency']}", "--reference", "rights-1")
    closectl("payment", "record", first["account_id"], *paid)
    clock.advance(days=8)  # further attempts, the end of grace periods, holds
    rest()
    assert sum(part["holds"] for part in closectl.report().values()) > 0
    finished(ACCOUNTS)
    for name in NAMES:
        refusals = [line for line in running[name].text.splitlines() if REFUSALS.search(line)]
        unexpected = [line for line in refusals if "arguments are not compared" not in line]
        assert unexpected == [], f"{name} lacks a right"


def connected(broker: Broker) -> set[str]:
    """The users with a connection to the test's virtual host."""
    said = run([broker.node.tool, "-q", "list_connections", "user", "vhost"])
    rows = [line.split("\t") for line in said.splitlines()]
    return {user for user, vhost in rows if vhost == broker.vhost}


def test_a_right_that_is_missing_is_named(
    users: Users, closectl: Closectl, services: Services
) -> None:
    services.start("holder", settings=users.settings("charger"), wait=False)
    assert services["holder"].wait_for_end() == 1
    lacking = "user monthclose-charger lacks the right to read queue holder"
    assert lacking in services["holder"].text

    def refused(user: str, *words: str) -> str:
        answer = closectl(*words, exits=1, settings=users.settings(user))
        return answer.out + answer.err

    assert "ACCESS_REFUSED" in refused("trigger", "topology", "apply")
    assert "close.requested" in refused("charger", "close", "start", PERIOD)


def test_an_event_that_may_not_be_published_waits_for_the_right(
    users: Users,
    running: Services,
    closectl: Closectl,
    books: Books,
    broker: Broker,
    clock: Clock,
    store: Store,
    rest: Callable[..., None],
) -> None:
    books.twelve_francs_each([Account("debtor", card="", hold_after_days=1)])
    closectl.close()
    clock.advance(days=2)
    rest()
    assert store.value("SELECT count(*) FROM holds WHERE lifted_at IS NULL") == 1

    only_placed = {"exchange": EXCHANGE, "write": r"^hold\.placed$", "read": ""}
    place = f"topic-permissions/{quote(broker.vhost, safe='')}/monthclose-holder"
    broker.node.call("PUT", place, only_placed)
    paid = ("--amount", amount(1200, "CHF"), "--reference", "rights-2")
    closectl("payment", "record", "debtor", *paid)
    said = running["holder"].wait_for_line("may not publish")
    assert "hold.lifted" in said
    unpublished = "SELECT count(*) FROM unpublished_events"
    assert store.value(unpublished) == 1
    users.apply()
    wait_for("the event", lambda: store.value(unpublished) == 0)
    rest()
    closectl.audit()
    assert store.value("SELECT count(*) FROM holds WHERE lifted_at IS NULL") == 0
