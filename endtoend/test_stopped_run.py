"""A run that gets a signal ends everything it has started, daemons of daemons included."""

import os
import signal
import sys
from pathlib import Path

import pytest

from harness import supervisor
from harness.places import SCRIPTS, program
from harness.processes import Process
from harness.stage import Stage
from harness.waiting import wait_for

SUPERVISOR = [sys.executable, supervisor.__file__]
# A daemon's way to leave: a session of its own, an ended parent, and no ear for SIGTERM.
DAEMON = "(setsid sh -c 'trap \"\" TERM; echo daemon; while :; do sleep 0.1; done' &)"
ENDINGS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)


@ENDINGS
def test_a_signal_ends_what_has_left_the_process_tree(stage: Stage, number: signal.Signals) -> None:
    run = supervised(stage, f"{DAEMON}; sleep 600")
    run.wait_for_line("daemon")
    wait_for("both shells", lambda: {"sh", "sleep"} <= names_of(processes_of(stage.folder)))
    run.signal(number)
    assert run.wait_for_end(seconds=15) == 128 + number
    assert processes_of(stage.folder) == []


def test_what_is_left_at_a_normal_end_is_ended_and_named(stage: Stage) -> None:
    run = supervised(stage, f"{DAEMON}; sleep 1; exit 3")
    assert run.wait_for_end(seconds=15) == 3
    assert run.lines("daemon"), "void: there was none"
    assert run.lines("ended, since nothing else has ended it: sh")
    assert processes_of(stage.folder) == []


def supervised(stage: Stage, script: str) -> Process:
    command = ["env", f"PLACE={stage.folder}", *SUPERVISOR, "sh", "-c", script]
    return stage.start("supervisor", command)


@pytest.mark.long
@pytest.mark.xdist_group("stopped-run")  # one after the other: each has two brokers
@ENDINGS
def test_a_signal_to_the_tests_amid_a_close(stage: Stage, number: signal.Signals) -> None:
    """With several test processes, brokers, PostgreSQL, a pooler, and services."""
    folder = stage.folder / "run"
    settings = [f"BIN={program('charger').parent}", f"ENDTOEND_RUN={folder}"]
    tests = ["test_versions.py", "test_pooler.py", "-k", "this-version or session_mode"]
    command = ["env", *settings, "ENDTOEND_PROCESSES=2", SCRIPTS / "endtoend", *tests]
    run = stage.start("endtoend", command)
    servers = {"beam.smp", "epmd", "postgres", "charger", "sandbox"}
    wait_for(
        lambda: f"{servers} amid a close: {processes_of(folder)}; {run.tail()}",
        lambda: charges(folder) >= 3 and servers <= names_of(processes_of(folder)),
        seconds=300,
    )
    run.signal(number)
    assert run.wait_for_end(seconds=15) == 128 + number, run.tail()
    assert processes_of(folder) == []


def charges(folder: Path) -> int:
    """In the gateways' own logs."""
    logs = folder.glob("gw*/*/gateway.jsonl")
    return sum(log.read_text().count("charge.succeeded") for log in logs)


def names_of(processes: list[tuple[int, str]]) -> set[str]:
    return {name for _, name in processes}


def processes_of(folder: Path) -> list[tuple[int, str]]:
    """Those that have this folder in their arguments or their environment, or are in it."""
    own = os.getpid()
    found = [pid for pid in supervisor.processes() if pid != own and belongs(pid, str(folder))]
    return [(pid, supervisor.name_of(pid)) for pid in found]


def belongs(pid: int, folder: str) -> bool:
    place = Path(f"/proc/{pid}")
    try:
        texts = [(place / name).read_bytes() for name in ("cmdline", "environ")]
        return any(folder.encode() in text for text in (*texts, os.readlink(bytes(place / "cwd"))))
    except OSError:  # it has just ended, or is another user's, which we cannot have started
        return False
