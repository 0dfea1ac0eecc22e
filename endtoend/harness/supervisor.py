"""Runs a command, and ends with it everything that it has started, also daemons.

usage: supervisor.py COMMAND [ARGUMENT...]

Linux makes this process the parent of every orphan below it, so that nothing it started can leave
the tree: not a program with a session of its own, not one whose parent was killed. On SIGTERM,
SIGINT or SIGHUP the command and what is in its process group are asked to end; then, as after a
normal end, whatever is left gets SIGTERM, and SIGKILL 3 s later. A second signal does not wait.
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
IN_ORDER_SECONDS = 8  # for the command's own way to stop everything
TERMINATED_SECONDS = 3
KILLED_SECONDS = 10  # only a process that waits in the kernel takes longer than a moment
EVERY = 0.05


class Supervisor:
    def __init__(self, command: list[str]) -> None:
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel does not give us our orphans")
        self._signals: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda received, _: self._signals.append(received))
        self._child = os.posix_spawnp(command[0], command, os.environ)
        self._status: int | None = None

    def run(self) -> int:
        """The command's exit status; 128 and more for a signal, as a shell has it."""
        while self._status is None and not self._signals:
            self._look()
        if self._signals:
            self._ask()
        self._sweep()
        return 128 + self._signals[0] if self._signals else self._status or 0

    def _look(self) -> None:
        """Reaps everything that has ended."""
        time.sleep(EVERY)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._child:
                    code = os.waitstatus_to_exitcode(ended[1])
                    self._status = code if code >= 0 else 128 - code

    def _ask(self) -> None:
        """The command's process group, in which are the processes that know what they started."""
        print(f"{signal.Signals(self._signals[0]).name}: everything ends", file=sys.stderr)
        group = os.getpgrp()
        self._signal([pid for pid in descendants() if group_of(pid) == group], signal.SIGTERM)
        deadline = time.monotonic() + IN_ORDER_SECONDS
        while self._status is None and len(self._signals) == 1 and time.monotonic() < deadline:
            self._look()

    def _sweep(self) -> None:
        left = descendants()
        if left and not self._signals:
            names = ", ".join(f"{name_of(pid)} ({pid})" for pid in left)
            print(f"ended, since nothing else has ended it: {names}", file=sys.stderr)
        self._signal(left, signal.SIGTERM)
        begun = time.monotonic()
        while left := descendants():
            waited = time.monotonic() - begun
            if waited > TERMINATED_SECONDS or len(self._signals) > 1:
                self._signal(left, signal.SIGKILL)
            if waited > TERMINATED_SECONDS + KILLED_SECONDS:
                names = ", ".join(f"{name_of(pid)} ({pid})" for pid in left)
                print(f"cannot be ended, even by SIGKILL: {names}", file=sys.stderr)
                return
            self._look()

    @staticmethod
    def _signal(pids: list[int], number: int) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def descendants() -> list[int]:
    """All processes below this one that are alive."""
    children: dict[int, list[int]] = {}
    for pid, state, parent in map(stat_of, processes()):
        if state not in "ZX":
            children.setdefault(parent, []).append(pid)
    found, look_below = [], [os.getpid()]
    while look_below:
        below = children.get(look_below.pop(), [])
        found += below
        look_below += below
    return found


def processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def stat_of(pid: int) -> tuple[int, str, int]:
    """Its state and its parent; X for one that has just gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return pid, "X", 0
    return pid, words[0], int(words[1])


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "one that has just ended"


def group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: supervisor.py COMMAND [ARGUMENT...]")
    sys.exit(Supervisor(sys.argv[1:]).run())
