"""A service that is sent to die at each of its boundaries, one after the other."""

import time

from harness.processes import Process
from harness.services import Services
from harness.waiting import PATIENCE, wait_for

# Those that occur once in a close, and those that find left-over events right after a death that
# leaves some.
FIRST = (
    *("close-opened", "before-publish", "before-relay"),
    *("range-invoiced", "published", "confirmed"),
)
LAST = ("before-move", "moved", "due-taken")
PUBLISHING = ("before-relay", "before-publish", "published", "confirmed")
# These two publish nothing before a grace period, or the close, is over.
PUBLISHING_LATE = {"holder": LAST, "reporter": ("before-move", "moved", "close-ended")}
JUNK = ("before-move", "moved")  # reached by a message that is moved to the dead letters
DIED = -9
# Seconds after which another boundary is tried first.
ENOUGH = {"before-relay": 2.0, "due-taken": 30.0}


def in_order(service: str, boundaries: list[str]) -> list[str]:
    """An order in which they are easily hit: moved letters, the end and due work come last."""
    first, last = list(FIRST), list(LAST)
    if service == "invoicer":
        first[1], first[2] = first[2], first[1]
    if service in PUBLISHING_LATE:
        first, last = [], [*PUBLISHING_LATE[service], *PUBLISHING]

    def rank(boundary: str) -> int:
        if boundary in first:
            return first.index(boundary)
        return 100 + last.index(boundary) if boundary in last else 50

    return sorted(boundaries, key=rank)


class Victim:
    """One service, and the boundaries at which it has died or has yet to die."""

    def __init__(self, name: str, boundaries: list[str], services: Services) -> None:
        self.name = name
        self.boundaries = boundaries
        self.open = in_order(name, boundaries)
        self.hit: set[str] = set()
        self.started: dict[str, int] = dict.fromkeys(boundaries, 0)
        self.goal: str | None = None
        self._services = services
        self._since = 0.0

    @property
    def process(self) -> Process:
        return self._services[self.name]

    def start(self, occurrence: int = 1) -> None:
        """So that it dies at the first boundary that is open; if there is none, just so."""
        self.goal = self.open[0] if self.open else None
        self._since = time.monotonic()
        if self.goal is None:
            self._services.start(self.name, wait=False)
            return
        self.started[self.goal] += 1
        crash = {"CRASH_AT": f"{self.goal}:{occurrence}"}
        self._services.start(self.name, settings=crash, wait=False)
        self.process.may_end = True

    def has_died(self) -> bool:
        """At its goal; any other end is a failure."""
        if self.process.alive:
            return False
        self._check_end(*((DIED,) if self.goal else ()))
        self._count()
        return True

    def waits_in_vain(self, running: bool) -> bool:
        """Another boundary is open, and this one had enough time."""
        if self.goal is None or len(self.open) < 2 or (self.goal == "close-ended" and running):
            return False
        return time.monotonic() - self._since >= ENOUGH.get(self.goal, 5.0) * PATIENCE

    def give_up_for_now(self) -> bool:
        """Stops it; true if it had died at its goal just then.

        The end of a close happens only once, and at that very moment nobody waits any more.
        """
        if self._stop() == DIED:
            self._count()
            return True
        goal = self.open.pop(0)
        # Any other death leaves events to be published again.
        self.open.insert(1 if goal == "before-relay" else len(self.open), goal)
        return False

    def live_on(self) -> None:
        """Restarts it without a boundary if it still waits to die."""
        if self.goal is not None:
            self._stop()
            self.open.clear()
            self.start()

    def _stop(self) -> int:
        self.process.terminate()
        process = self.process
        wait_for(lambda: f"{self.name} to end; {process.tail()}", lambda: not process.alive, 20)
        self._check_end(0, DIED)
        return process.status or 0

    def _count(self) -> None:
        assert self.goal is not None
        self.hit.add(self.goal)
        self.open.remove(self.goal)

    def _check_end(self, *expected: int) -> None:
        assert self.process.status in expected, (
            f"{self.name} ended with status {self.process.status} while {self.goal or 'nothing'} "
            f"was asked of it; {self.process.tail()}"
        )


def table(victims: list[Victim]) -> str:
    """Service by boundary: hit, or how many times it was started for it in vain."""
    boundaries = list(dict.fromkeys(b for victim in victims for b in victim.boundaries))
    lines = ["".join([f"{'boundary':<16}", *(f"{victim.name:<13}" for victim in victims)])]
    for boundary in boundaries:
        cells = [f"{_cell(victim, boundary):<13}" for victim in victims]
        lines.append("".join([f"{boundary:<16}", *cells]))
    return "\n".join(lines)


def _cell(victim: Victim, boundary: str) -> str:
    if boundary not in victim.boundaries:
        return "-"
    if boundary in victim.hit:
        return "hit"
    return f"NOT HIT x{victim.started[boundary]}"
