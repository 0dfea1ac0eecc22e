"""An operator at night asks why a close waits, or stops a command, and learns what to do."""

import signal

from harness.books import Books, cards
from harness.broker import Broker
from harness.closectl import Closectl
from harness.places import program
from harness.services import Services
from harness.stage import PERIOD, Stage
from harness.waiting import wait_for


def test_status_says_which_service_does_not_consume(
    closectl: Closectl, books: Books, services: Services
) -> None:
    books.twelve_francs_each(cards(3))
    services.start("invoicer", "mailer", "holder", "reporter")
    closectl("close", "start", PERIOD)
    limit = "charger: no consumers, 3 messages waiting"
    wait_for(
        lambda: f"{limit}: {closectl.status()}",
        lambda: limit in closectl.status().get("limits", []),
    )
    wait_for(
        lambda: f"three stragglers: {closectl.status()}",
        lambda: (
            [a["missing"] for a in closectl.status()["waiting"]]
            == [["settlement", "outcome mail"]] * 3
        ),
    )
    waiting = closectl.status()["waiting"][0]
    assert waiting["service"] == "charger"
    assert waiting["cause"] == "charger has not answered invoice.issued"
    assert waiting["since"] >= closectl.status()["startedAt"]
    services.start("charger")
    closectl.wait_for_state("closed")
    assert closectl.status()["limits"] == []


def test_an_interrupted_replay_says_how_to_go_on(
    closectl: Closectl, stage: Stage, broker: Broker
) -> None:
    closectl("probe", "dead-letters", "4")
    order = ["--all", "--also", "contradicts", "--reason", "try again", "--rate", "1/s"]
    # A test run in the background ignores SIGINT, and so would its child processes.
    hears = ["/usr/bin/env", "--default-signal=INT", program("closectl")]
    replay = stage.start("replay", [*hears, "dead", "replay", *order])
    wait_for(lambda: f"the first letter: {replay.tail()}", lambda: broker.count("charger") > 0)
    replay.signal(signal.SIGINT)
    assert replay.wait_for_end() == -signal.SIGINT
    said = replay.text
    assert "stopped; manifest replay-" in said
    assert "is unfinished: closectl dead replay --continue" in said
    closectl("dead", "replay", "--continue")
    assert broker.count("charger") == 4


def test_a_watch_that_is_stopped_says_that_the_close_goes_on(
    closectl: Closectl, books: Books, stage: Stage
) -> None:
    books.twelve_francs_each(cards(1))
    words = ["close", "start", PERIOD, "--wait"]
    watch = stage.start("watch", [program("closectl"), *words])
    watch.wait_for_line("invoicer: no consumers, 1 message waiting")
    watch.signal(signal.SIGTERM)
    assert watch.wait_for_end() == -signal.SIGTERM
    assert f"the close continues: closectl close status {PERIOD} --watch" in watch.text
