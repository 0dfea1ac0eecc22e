"""The five services of a test, each its own process."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

import pytest

from harness.broker import Broker
from harness.clock import Clock
from harness.gateway import Gateway
from harness.places import free_port, program
from harness.processes import Process
from harness.sink import Sink
from harness.stage import Stage
from harness.store import Store
from harness.waiting import wait_for

NAMES = ("invoicer", "charger", "mailer", "holder", "reporter")


@dataclass(frozen=True)
class Readiness:
    """The answer of `/readyz`; status 0 while nothing answers."""

    status: int
    word: str
    missing: dict[str, str]

    def __str__(self) -> str:
        """Such as `503 not ready: store, broker`."""
        parts = f": {', '.join(self.missing)}" if self.missing else ""
        return f"{self.status} {self.word}{parts}"

    @property
    def sentences(self) -> str:
        return "; ".join(f"{part}: {why}" for part, why in self.missing.items())


class Services:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._running: dict[str, Process] = {}
        self._ports: dict[str, int] = {}

    def __getitem__(self, name: str) -> Process:
        return self._running[name]

    def start(
        self,
        *names: str,
        settings: Mapping[str, str] | None = None,
        wait: bool = True,
        standard_error: IO[bytes] | int | None = None,
    ) -> None:
        """Starts all or the named ones, with additional settings; returns when they are ready."""
        for name in names or NAMES:
            self._ports[name] = free_port()
            address = {"HTTP_ADDRESS": f"127.0.0.1:{self._ports[name]}"}
            self._running[name] = self._stage.start(
                name, [program(name)], {**address, **(settings or {})}, standard_error
            )
        if wait:
            for name in names or NAMES:
                self.wait_ready(name)

    def runs(self, name: str) -> bool:
        return name in self._running and self[name].alive

    def wait_ready(self, name: str, seconds: float = 60) -> None:
        def ready() -> bool:
            assert self[name].alive, f"{name} ended while it was starting; {self[name].tail()}"
            return self.readiness(name).status == 200

        wait_for(
            lambda: f"{name} to be ready: {self.readiness(name)}; {self[name].tail()}",
            ready,
            seconds,
        )

    def readiness(self, name: str) -> Readiness:
        status, body = self._page(name, "/readyz")
        told = json.loads(body) if body else {}
        missing = {part["part"]: part["why"] for part in told.get("missing", [])}
        return Readiness(status, told.get("status", ""), missing)

    def wait_for_readiness(self, said: str, *names: str, seconds: float = 60) -> None:
        """Until all or the named ones say that, such as `503 not ready: store, broker`."""
        for name in names or tuple(self._running):
            wait_for(
                lambda name=name: f"{name} to say {said!r}: {self.readiness(name)}",
                lambda name=name: str(self.readiness(name)) == said,
                seconds,
            )
        told = {name: str(self.readiness(name)) for name in names or tuple(self._running)}
        assert set(told.values()) == {said}, told

    def metric(self, name: str, sample: str) -> float:
        """The sum of a metric's samples, whatever their labels."""
        return sum(
            value
            for series, value in self.samples(name).items()
            if series == sample or series.startswith(f"{sample}{{")
        )

    def samples(self, name: str) -> dict[str, float]:
        """Every sample of its metrics, by its series."""
        lines = [line for line in self.page(name, "/metrics").splitlines() if line[0] != "#"]
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines)}

    def counters(self, name: str) -> dict[str, float]:
        """The samples of its counters."""
        samples = self.samples(name).items()
        return {series: v for series, v in samples if series.split("{")[0].endswith("_total")}

    def wait_for_reason(self, name: str, part: str, text: str) -> None:
        """Until it gives that reason for not being ready."""
        wait_for(
            lambda: f"{name} to say {text!r} of {part}: {self.readiness(name).missing}",
            lambda: text in self.readiness(name).missing.get(part, ""),
        )

    def page(self, name: str, path: str) -> str:
        """The page it serves there; empty while nothing answers."""
        return self._page(name, path)[1]

    def status_of(self, name: str, path: str) -> int:
        return self._page(name, path)[0]

    def address(self, name: str) -> str:
        return f"127.0.0.1:{self._ports[name]}"

    def stop(self, *names: str) -> None:
        """SIGTERM to all or to the named ones; each must exit with 0."""
        for name in names or tuple(self._running):
            self[name].terminate()
        for name in names or tuple(self._running):
            self[name].stop()

    def kill(self, *names: str) -> None:
        for name in names or tuple(self._running):
            self[name].kill()

    def check(self, name: str, settings: Mapping[str, str] | None = None) -> tuple[int, str]:
        """`SERVICE --check`: its exit status and output."""
        done = subprocess.run(
            [program(name), "--check"],
            env=self._stage.environment(settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def ended_unasked(self) -> list[Process]:
        return [process for process in self._running.values() if process.ended_unasked]

    def _page(self, name: str, path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self._ports[name]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""


@pytest.fixture
def services(
    stage: Stage, store: Store, broker: Broker, clock: Clock, gateway: Gateway, sink: Sink
) -> Iterator[Services]:
    made = Services(stage)
    yield made
    ended = made.ended_unasked()
    assert not ended, "\n".join(
        f"{process.name} ended unasked with status {process.status}; {process.tail()}"
        for process in ended
    )
