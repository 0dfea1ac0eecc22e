"""The broker loses all its data in the middle of a close: init, resend, one charge each."""

from collections.abc import Callable

import pytest

from harness.broker import Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.finished import Finished
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.settled import Settled
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import wait_for


@on_sqlite
@pytest.mark.parametrize("accounts", [100, pytest.param(300, marks=pytest.mark.full)])
@pytest.mark.gateway("--latency-ms", "200")
def test_what_was_lost_is_sent_again_and_charged_once(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    settled: Settled,
    clock: Clock,
    stage: Stage,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    # The charger takes few messages at a time, so that the others are in its queue.
    stage.set(IN_FLIGHT="4", BATCH="8", RANGE_SIZE="10")
    sample(accounts)
    services.start()
    closectl("close", "start", PERIOD)
    settled.wait_for(accounts / 10)
    waiting = broker.count("charger")
    broker.lose_everything()
    before = settled.count

    closectl("init")
    for name in NAMES:
        wait_for(
            lambda name=name: f"a consumer at the queue {name}",
            lambda name=name: broker.consumers(name) == 1,
        )
    rest()  # what was recorded and could not be published is published
    assert closectl.status()["state"] == "running", f"void: {waiting} were lost"

    clock.advance(seconds=60)
    older = ("resend", PERIOD, "--older", "5s")
    dry = closectl(*older, "--dry-run")
    assert (dry["missing"] > 0, dry["published"]) == (True, 0)
    assert closectl(*older)["published"] == dry["missing"]

    # Events that follow may have been lost too, at a service that had not worked off their cause.
    closectl.wait_for_state("closed", seconds=180)
    assert 0 < before < settled.count, "void: all had settled"
    finished(accounts)
    again = closectl("resend", PERIOD, "--older", "0s")
    assert (again["missing"], again["published"]) == (0, 0)
