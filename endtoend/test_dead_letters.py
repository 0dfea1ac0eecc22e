"""Dead letters of a close: listed, refused to wrong users, replayed once, and never lost."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.places import free_port, program
from harness.sample import Sample
from harness.services import Services
from harness.stage import PERIOD, Stage
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

ACCOUNTS = 40
TRUSTED = 10  # the first accounts show that the gateway keeps keys
WHY = ("--reason", "gateway repaired", "--operator", "e2e")
ALL = ("dead", "replay", "--all", *WHY)
USERS = {  # what they may write and read
    "dead-operator": ("^monthclose$", r"\.dead$"),
    "dead-reader": ("", r"\.dead$"),
    "dead-nobody": ("^monthclose$", ""),
}
RECORDED = "SELECT count(*) FROM dead_actions"
MOVED = "SELECT count(*) FROM dead_manifest_letters WHERE state = 'removed'"

pytestmark = on_sqlite


@pytest.fixture
def urls(broker: Broker, stage: Stage) -> Iterator[dict[str, str]]:
    """Users by name. closectl is the one who may handle dead letters, and no more."""
    made = {}
    for name, (write, read) in USERS.items():
        broker.create_user(name, write=write, read=read)
        made[name] = broker.url.replace("guest:guest", f"{name}:secret")
    stage.set(DEAD_BROKER_URL=made["dead-operator"])
    yield made
    for name in USERS:
        broker.delete_user(name)


@pytest.fixture
def dead(
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    stage: Stage,
    urls: dict[str, str],
) -> int:
    """The number of dead letters of a close that goes on running.

    An outage produces none. Here the gateway says of single charges that their key is in use,
    again and again; such answers about one charge at a time count as its own.
    """
    stage.set(RETRY_DELAYS="1s,2s", GATEWAY_TIMEOUT="2")
    month = sample(ACCOUNTS)
    for account in month.accounts[TRUSTED:]:
        match = {"account": account["account_id"]}
        gateway.control("POST", "faults", {"kind": "409", "match": match})
    services.start()
    closectl("close", "start", PERIOD)

    def all_settled_or_dead() -> int:
        status = closectl.status()
        ended = status.get("stages", {}).get("settled", 0) + status.get("dead", 0)
        return status["dead"] if ended == ACCOUNTS else 0

    count = wait_for(lambda: f"all to be settled or dead: {closectl.status()}", all_settled_or_dead)
    assert count >= 10, "void: too few dead letters"
    assert gateway.hits() >= count
    return count


def test_dead_letters_are_counted_listed_and_classed(dead: int, closectl: Closectl) -> None:
    tally = [{"service": "charger", "reason": "gateway-busy", "count": dead}]
    status = closectl.status()
    assert status["state"] == "running", "it cannot be closed while accounts of it are dead"
    for told in (status, closectl("report", PERIOD).json, closectl("dead", "list", "--group").json):
        letters = told["deadLetters"] if "deadLetters" in told else told["groups"]
        found = [{key: letter[key] for key in tally[0]} for letter in letters]
        assert found == tally, told

    listed = closectl("dead", "list")
    assert listed["count"] == dead
    ids = sorted(letter["id"] for letter in listed["letters"])
    assert len(set(ids)) == dead
    assert sorted(letter["id"] for letter in closectl("dead", "list")["letters"]) == ids

    shown = closectl("dead", "show", ids[0])
    assert (shown["class"], shown["rule"]) == ("needed", "charge.settle-first")
    fields = {field["field"]: field for field in shown["comparison"]["fields"]}
    assert "invoice open" in fields
    of_account = ("--account", fields["account"]["believed"])
    assert closectl("dead", "list", *of_account)["count"] == 1
    assert closectl("dead", "list", "--reason", "behind")["count"] == 0
    assert closectl("dead", "list", "--older", "1d")["count"] == 0


def test_without_rights_or_broker_nothing_moves(
    dead: int, closectl: Closectl, urls: dict[str, str]
) -> None:
    def refused(url: str, exits: int, message: str) -> None:
        answer = closectl(*ALL, exits=exits, settings={"DEAD_BROKER_URL": url})
        assert message in answer.err
        password = urlsplit(url).password
        assert password
        assert password not in answer.err + answer.out

    refused(urls["dead-reader"], 1, "may not publish")
    refused(urls["dead-nobody"], 1, "access to queue")
    refused(urls["dead-operator"].replace(":secret@", ":mistaken@"), 3, "refuses user")
    refused(f"amqp://x:secret@127.0.0.1:{free_port()}/", 3, "cannot be reached")
    assert closectl("dead", "list")["count"] == dead
    assert closectl("dead", "replay", "--continue")["note"] == "nothing is unfinished"


def test_a_replay_that_is_killed_is_continued_and_charges_once(
    dead: int,
    closectl: Closectl,
    gateway: Gateway,
    store: Store,
    stage: Stage,
    finished: Finished,
) -> None:
    gateway.control("DELETE", "faults")
    assert len(closectl(*ALL, "--dry-run")["taken"]) == dead
    assert closectl("dead", "list")["count"] == dead

    # At 4 a second four are recorded, published and acknowledged before the next four.
    replay = stage.start("replay", [program("closectl"), *ALL, "--rate", "4/s"])
    wait_for(lambda: f"the second four; {replay.tail()}", lambda: store.value(RECORDED) > 4)
    replay.kill()
    # What it had taken and not acknowledged is back.
    wait_for("the dead letters", lambda: closectl("dead", "list")["count"] > 0)
    left = closectl("dead", "list")["count"]
    assert left < dead, f"void: the replay was killed with {left} of {dead} letters left"

    assert "is unfinished" in closectl(*ALL, exits=1).err
    closectl("dead", "replay", "--continue")
    assert closectl("dead", "list")["count"] == 0
    closectl.wait_for_state("closed")
    finished(ACCOUNTS)
    # Each letter is audited before it is published.
    assert store.value(MOVED) == dead
    assert store.value(RECORDED) == dead
    assert store.value("SELECT count(DISTINCT letter) FROM dead_actions") == dead
    assert store.rows("SELECT operator FROM dead_manifests") == [("e2e",)]
    assert closectl(*ALL)["taken"] == []


def test_junk_is_discarded_and_its_body_kept(
    closectl: Closectl,
    broker: Broker,
    services: Services,
    store: Store,
    urls: dict[str, str],
) -> None:
    services.start("charger")
    junk = {"content_type": "text/plain", "message_id": "junk-1"}
    broker.publish("charger", b"junk", exchange="", **junk)
    wait_for("the dead letter", lambda: closectl("dead", "list")["count"] == 1)
    (letter,) = closectl("dead", "list")["letters"]
    assert closectl(*ALL)["taken"] == []
    why = ("--reason", "junk", "--operator", "e2e")
    closectl("dead", "discard", "--ids", letter["id"], *why)
    assert store.value("SELECT CAST(body AS TEXT) FROM dead_actions") == "junk"
    assert closectl("dead", "list")["count"] == 0
