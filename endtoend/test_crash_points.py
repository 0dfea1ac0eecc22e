"""Every service dies by SIGKILL at every boundary that it names, and is started again."""

import time
from collections.abc import Callable

import pytest

from harness.broker import Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.crashes import JUNK, Victim, table
from harness.finished import Finished
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import PATIENCE

DEADLINE = 150  # seconds, and the time for the work
OF_THE_CHARGER = ("before-call", "request-sent", "answered")


class Crashes:
    """All five through one close: each is restarted for the next boundary, until none is open."""

    def __init__(
        self,
        victims: list[Victim],
        closectl: Closectl,
        broker: Broker,
        clock: Clock,
        settled: Settled,
        accounts: int,
    ) -> None:
        self._victims = victims
        self._closectl = closectl
        self._broker = broker
        self._clock = clock
        self._settled = settled
        self._accounts = accounts

    def run(self) -> None:
        for victim in self._victims:
            self._start(victim)
        self._closectl("close", "start", PERIOD)
        begun = stimulated = time.monotonic()
        while any(victim.open for victim in self._victims):
            now = time.monotonic()
            if now >= begun + (DEADLINE + self._accounts / 4) * PATIENCE:
                break
            for victim in self._victims:
                self._look_after(victim)
            if now >= stimulated + 2:
                self._make_work_due()
                stimulated = now
            time.sleep(0.05)
        for victim in self._victims:
            victim.live_on()

    def _start(self, victim: Victim) -> None:
        goal = victim.open[0] if victim.open else None
        if goal in JUNK:
            self._broker.publish(victim.name, b"this is not JSON", exchange="")
        # At full size the charger's own calls are hit in the middle of its work.
        deep = goal in OF_THE_CHARGER and self._accounts >= 1000
        victim.start(occurrence=7 if deep else 1)

    def _look_after(self, victim: Victim) -> None:
        """Restarts it if it died, or if it waits in vain."""
        died = victim.has_died()
        if not died:
            if not victim.waits_in_vain(self._settled.close_runs):
                return
            died = victim.give_up_for_now()
        if died:
            # Events that a death left unpublished count as left over 10 s later.
            self._clock.advance(seconds=15)
        self._start(victim)

    def _make_work_due(self) -> None:
        """After all first attempts, retries and grace periods, for services that wait for them."""
        waiting = any(victim.goal == "due-taken" for victim in self._victims)
        if waiting and self._first_attempts() >= self._accounts:
            self._clock.advance(days=4)

    def _first_attempts(self) -> int:
        return self._closectl.status().get("stages", {}).get("settled", 0)


@on_sqlite
@sizes(120, 1000)
@pytest.mark.fault
@pytest.mark.usefixtures("brief_retries")
@pytest.mark.gateway("--latency-ms", "100")
def test_every_service_dies_at_every_boundary(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    clock: Clock,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """Small batches: the work has many steps, so no death comes after the end."""
    stage.set(BATCH="4", IN_FLIGHT="4", RANGE_SIZE="5")
    sample(accounts, "--awkward")
    pairs = [(b["service"], b["boundary"]) for b in closectl("probe", "boundaries")["boundaries"]]
    victims = [
        Victim(name, [boundary for service, boundary in pairs if service == name], services)
        for name in NAMES
    ]
    assert sum(len(victim.boundaries) for victim in victims) == len(pairs) > 0, pairs

    Crashes(victims, closectl, broker, clock, settled, accounts).run()
    print(table(victims))
    missed = [f"{v.name} at {b}" for v in victims for b in v.boundaries if b not in v.hit]
    assert missed == [], f"void: never died: {missed}\n{table(victims)}"

    finished.wait_until_quiet(accounts)
    # Each junk message is a letter once or, if the process died after the move, twice.
    letters = closectl("dead", "list")["letters"]
    assert {letter["reason"] for letter in letters} == {"not-json"}
    finished(accounts, dead=len(letters), resends=True)
