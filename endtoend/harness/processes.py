"""One running program: its log, its signals, its end."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from harness.places import accepts
from harness.waiting import wait_for


class Process:
    """A program in a session of its own, with its output in a file, that ends with the test run."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        log: Path,
        standard_error: IO[bytes] | int | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.may_end = False
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            # The kernel ends it if the test run is killed; the pid stays the program's own.
            self._popen = subprocess.Popen(
                ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output if standard_error is None else standard_error,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def status(self) -> int | None:
        """The exit status; negative means a signal, None that it is still running."""
        return self._popen.poll()

    @property
    def alive(self) -> bool:
        return self.status is None

    @property
    def text(self) -> str:
        """Everything it has logged so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def ended_unasked(self) -> bool:
        return not self.alive and not self.may_end

    def lines(self, part: str) -> list[str]:
        """The lines of its log that contain that text."""
        return [line for line in self.text.splitlines() if part in line]

    def wait_for_line(self, part: str, seconds: float = 60) -> str:
        def newest() -> str | None:
            found = self.lines(part)
            return found[-1] if found else None

        return wait_for(lambda: f"{self.name} to log {part!r}: {self.tail()}", newest, seconds)

    def wait_until_it_listens(self, port: int, seconds: float = 60) -> None:
        """Until it accepts connections there; a failure at once if it has ended."""

        def listens() -> bool:
            assert self.alive, f"{self.name} ended with {self.status} at its start; {self.tail()}"
            return accepts(port)

        wait_for(lambda: f"{self.name} to listen on {port}; {self.tail()}", listens, seconds)

    def tail(self, lines: int = 12) -> str:
        end = "\n  ".join(self.text.splitlines()[-lines:])
        return f"the end of {self.log}:\n  {end}"

    def signal(self, number: signal.Signals) -> None:
        if self.alive:
            self._popen.send_signal(number)

    def pause(self) -> None:
        """SIGSTOP: it exists and does nothing."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def wait_for_end(self, seconds: float = 60) -> int:
        """Waits for its expected end; returns the exit status."""
        self.may_end = True
        wait_for(lambda: f"{self.name} to end; {self.tail()}", lambda: not self.alive, seconds)
        status = self.status
        assert status is not None
        return status

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        self.may_end = True
        self.signal(signal.SIGTERM)

    def stop(self, seconds: float = 30) -> float:
        """SIGTERM; returns the seconds until it ended with exit status 0."""
        asked = time.monotonic()
        self.terminate()
        status = self.wait_for_end(seconds)
        assert status == 0, f"{self.name} ended with status {status} after SIGTERM; {self.tail()}"
        return time.monotonic() - asked

    def kill(self) -> None:
        """SIGKILL, as in a crash."""
        self.may_end = True
        self.signal(signal.SIGKILL)
        self._popen.wait(30)


class Failed(AssertionError):  # noqa: N818
    """A program that had to succeed."""


def run(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> str:
    """The standard output of a program that must succeed."""
    done = subprocess.run(
        [str(word) for word in command],
        env=dict(environment if environment is not None else os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    words = " ".join(str(word) for word in command)
    if done.returncode != 0:
        raise Failed(f"`{words}` ended with {done.returncode}: {done.stderr}")
    return done.stdout
