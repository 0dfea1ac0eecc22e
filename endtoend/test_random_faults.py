"""Faults drawn by chance through a whole close: everything is killed, every line breaks."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.processes import Process
from harness.proxy import Line
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.settled import Settled
from harness.sink import Sink
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import wait_for

VICTIMS = ("invoicer", *2 * ("charger", "mailer", "holder", "reporter"), "gateway", "sink")
FAULTS = (
    {"mode": "cut"},
    {"mode": "delay", "ms": 300},
    {"mode": "silence"},
    {"mode": "half_close", "way": "to_server"},
    {"mode": "half_close", "way": "to_client"},
    {"mode": "cut_after", "bytes": 3000, "way": "to_client"},
    {"mode": "cut_after", "bytes": 3000, "way": "to_server"},
)
MIB = 1 << 20

pytestmark = [on_sqlite, pytest.mark.fault]


@sizes(100, 10_000)
@pytest.mark.usefixtures("brief_retries")
@pytest.mark.gateway("--latency-ms", "200")
def test_everything_is_killed_at_random(
    accounts: int,
    chance: random.Random,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    sink: Sink,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """Every 0.2 to 3 s: mostly services, also the gateway, the mail server and the broker.

    Few calls run at once, so that the middle of the close can be hit.
    """
    few = accounts < 10_000
    stage.set(BATCH="4" if few else "16", IN_FLIGHT="1" if few else "12")
    sample(accounts, "--awkward")

    def kill_and_restart(name: str) -> None:
        if name == "broker":
            broker.node.kill()
            broker.node.restart()
        elif name in NAMES:
            process = services[name]
            services.kill(name)
            assert process.status == -9, f"void: {name} was not killed"
            services.start(name, wait=False)
        else:
            part = {"gateway": gateway, "sink": sink}[name]
            part.stop()
            part.start()

    services.start()
    closectl("close", "start", PERIOD)
    killed: Counter[str] = Counter()
    wait_for("the close to begin", lambda: settled.close_runs)
    while settled.close_runs:
        is_broker = killed.total() % 25 == 9
        name = "broker" if is_broker else chance.choice(VICTIMS)
        kill_and_restart(name)
        killed[name] += 1
        time.sleep(chance.uniform(0.2, 3))
    print(f"killed while the close ran: {dict(killed)}")
    assert killed.total() >= 8, f"void: {killed}"
    finished.wait_until_quiet(accounts)
    finished(accounts, resends=True)


@dataclass(frozen=True)
class Need:
    """What a process takes."""

    kib: int
    descriptors: int

    @classmethod
    def of(cls, process: Process) -> "Need":
        assert process.alive, f"{process.name} does not run any more; {process.tail()}"
        proc = Path(f"/proc/{process.pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        return cls(int(status["VmRSS"].split()[0]), len(list((proc / "fd").iterdir())))


@pytest.mark.long
@pytest.mark.alone
@sizes(1500, 10_000)
@pytest.mark.usefixtures("long_retries")
@pytest.mark.gateway("--latency-ms", "200")
def test_memory_stays_flat_in_a_long_run_with_broken_lines(
    accounts: int,
    chance: random.Random,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    proxy: Callable[[str, int], Line],
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """Random faults of all connections, one at a time, then none."""
    lines = {"broker": proxy("broker", broker.node.port), "gateway": proxy("gateway", gateway.port)}
    stage.set(GATEWAY_URL=f"http://127.0.0.1:{lines['gateway'].port}", GATEWAY_TIMEOUT="2")
    stage.set(IN_FLIGHT="8", BATCH="16")
    sample(accounts, "--awkward")
    services.start(settings={"BROKER_URL": broker.url_by(lines["broker"].port)})
    closectl("close", "start", PERIOD)
    settled.wait_for(0.2 * accounts)
    early = {name: Need.of(services[name]) for name in NAMES}
    set_so_far: Counter[str] = Counter()
    while settled.count < 0.7 * accounts:
        name, fault = chance.choice(list(lines)), chance.choice(FAULTS)
        lines[name].mode(**fault)
        time.sleep(chance.uniform(1, 2))
        lines[name].mode("pass")
        set_so_far[f"{name}: {fault}"] += 1
        time.sleep(2)  # some work is done in between
    print(f"faults: {dict(set_so_far)}")
    assert settled.close_runs, "void: the close was over before the faults were"
    assert set_so_far.total() >= 9, f"void: {set_so_far}"
    hits = {name: sum(line.hits(f["mode"]) for f in FAULTS) for name, line in lines.items()}
    assert min(hits.values()) >= 1, f"void: a line was never hit: {hits}"
    finished.wait_until_quiet(accounts, seconds=240)
    for name in NAMES:
        before, now = early[name], Need.of(services[name])
        assert now.kib <= before.kib * 5 / 4 + 16 * MIB / 1024, f"{name}: {before}, then {now}"
        assert now.descriptors <= before.descriptors + 8, f"{name}: {before}, then {now}"
    finished(accounts)
