"""Amid a close each service alone is stopped, replaced, scaled to two, rolled back, replaced.

With OLD_BIN=FOLDER, the programs of an earlier version, the close begins with these on their own
store, which is migrated under them.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.places import program
from harness.processes import Process, run
from harness.sample import Sample
from harness.services import NAMES
from harness.settled import Settled
from harness.stage import PERIOD, Stage
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

OLD_BIN = os.environ.get("OLD_BIN", "")
ACCOUNTS = 150


@pytest.fixture
def new() -> Path:
    """The folder of this version's programs."""
    return program("charger").parent


@pytest.fixture(
    params=[
        "this-version",
        pytest.param(
            "an-earlier-version",
            marks=pytest.mark.skipif(not OLD_BIN, reason="OLD_BIN names no earlier version"),
        ),
    ]
)
def old(request: pytest.FixtureRequest, new: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the programs that the test begins with."""
    if request.param == "an-earlier-version":
        monkeypatch.setenv("BIN", OLD_BIN)
        return Path(OLD_BIN)
    return new


class Shifts:
    """Processes of services, each from a folder of its own."""

    def __init__(self, stage: Stage, broker: Broker) -> None:
        self._stage = stage
        self._broker = broker
        self._running: dict[str, Process] = {}

    def start(self, process: str, service: str, folder: Path, consumers: int) -> None:
        """Returns when that many processes of the service consume."""
        started = self._stage.start(process, [folder / service])
        self._running[process] = started
        self.wait_for_consumers(service, consumers)
        runs_from = Path(f"/proc/{started.pid}/exe").resolve().parent
        assert runs_from == folder.resolve()

    def stop(self, process: str) -> None:
        self._running.pop(process).stop()

    def wait_for_consumers(self, service: str, count: int) -> None:
        wait_for(
            lambda: f"{count} consumers of {service}; there are {self._broker.consumers(service)}",
            lambda: self._broker.consumers(service) == count,
        )

    def check_all_run(self) -> None:
        for process in self._running.values():
            assert not process.ended_unasked, f"{process.name} has ended; {process.tail()}"


@on_sqlite
def test_services_are_replaced_one_by_one_amid_a_close(
    new: Path,
    old: Path,
    closectl: Closectl,
    sample: Callable[..., Sample],
    broker: Broker,
    gateway: Gateway,
    store: Store,
    settled: Settled,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    finished: Finished,
) -> None:
    """Slow until all are replaced: one call at a time; and few in hand, so that a stop is short."""
    stage.set(IN_FLIGHT="1", BATCH="4", RANGE_SIZE="10")
    sample(ACCOUNTS)
    if old != new:
        assert "closectl init" in check(new, stage, exits=1)
    shifts = Shifts(stage, broker)
    for name in NAMES:
        shifts.start(name, name, old, 1)
    with gateway.fault("latency", ms=500):
        closectl("close", "start", PERIOD)
        settled.wait_for(3)

        # The store is migrated while all services work.
        monkeypatch.setenv("BIN", str(new))
        closectl("init")
        schema = f"schema {store.value('SELECT version FROM schema_version')}"
        assert schema in run([new / "closectl", "--version"])
        shifts.check_all_run()
        if old != new:
            run([old / "closectl", "init"], stage.environment())  # harmless in the wrong order
            assert "in order" in check(old, stage, exits=0)
        middles = replace_each(shifts, settled, old, new)

    closectl.wait_for_state("closed", seconds=300)
    assert 0 < middles[0] <= middles[-1] < settled.count, f"void: not amid it: {middles}"
    finished(ACCOUNTS)


def replace_each(shifts: Shifts, settled: Settled, old: Path, new: Path) -> list[int]:
    """One service at a time, all others running; how many charges had ended at each step."""
    middles: list[int] = []
    for name in NAMES:
        shifts.stop(name)  # away for a moment
        middles.append(settled.count)
        shifts.start(name, name, new, 1)
        shifts.start(f"{name}-2", name, old, 2)  # scaled out, with the older one beside it
        middles.append(settled.count)
        shifts.stop(name)  # rolled back: only the older one is left
        middles.append(settled.count)
        shifts.start(name, name, new, 2)
        shifts.stop(f"{name}-2")  # replaced again, and scaled back
        shifts.wait_for_consumers(name, 1)
        middles.append(settled.count)
        shifts.check_all_run()
    return middles


def check(folder: Path, stage: Stage, exits: int) -> str:
    """What `charger --check` of that version says."""
    done = subprocess.run(
        [folder / "charger", "--check"],
        env=stage.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == exits, said
    return said
