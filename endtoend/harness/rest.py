"""Waiting until the services have nothing left to do, at the time that their clock shows."""

from collections.abc import Callable

import pytest

from harness.broker import Broker
from harness.clock import Clock
from harness.services import NAMES, Services
from harness.store import Store
from harness.waiting import wait_for

IN_FLIGHT = "monthclose_messages_in_flight"
UNPUBLISHED = "SELECT count(*) FROM unpublished_events"
MOVED = "SELECT (SELECT count(*) FROM outgoing_events), (SELECT count(*) FROM decisions)"


class Rest:
    def __init__(self, services: Services, broker: Broker, store: Store, clock: Clock) -> None:
        self._services = services
        self._broker = broker
        self._store = store
        self._clock = clock

    def __call__(self, seconds: float = 60) -> None:
        """Until no event is unpublished, no message under way, and nothing due.

        Messages for services that do not run do not count, nor do those in delay queues.
        """
        found: dict[str, int] = {}

        def resting() -> bool:
            before = self._store.rows(MOVED)
            found.clear()
            found.update(self._to_do())
            return not any(found.values()) and self._store.rows(MOVED) == before

        wait_for(lambda: f"the services to rest: {found}", resting, seconds, every=0.2)

    def _to_do(self) -> dict[str, int]:
        """Events on their way are counted in the order in which they move."""
        running = [name for name in NAMES if self._services.runs(name)]
        now = int(self._clock.now.timestamp() * 1000)
        names = ", ".join(f"'{name}'" for name in running)
        due = (
            "SELECT count(*) FROM due_work WHERE state = 'pending'"
            f" AND due_at <= {now} AND service IN ({names})"
        )
        queued = {f"in {name}": self._broker.count(name) for name in running}
        taken = {f"at {name}": int(self._services.metric(name, IN_FLIGHT)) for name in running}
        unpublished = self._store.value(UNPUBLISHED)
        return {"due": self._store.value(due), "unpublished": unpublished, **queued, **taken}


@pytest.fixture
def rest(services: Services, broker: Broker, store: Store, clock: Clock) -> Callable[..., None]:
    """`rest()` waits until the running services have done all they have to do by now."""
    return Rest(services, broker, store, clock)
