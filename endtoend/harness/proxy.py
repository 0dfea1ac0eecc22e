"""A bad connection: `sandbox proxy` between a program and its partner."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from harness.places import free_port, program
from harness.stage import Stage


class Line:
    """A proxy to one port of 127.0.0.1."""

    def __init__(self, stage: Stage, name: str, to: int) -> None:
        self._stage = stage
        self._name = name
        self._to = to
        self.port = free_port()
        self._control = free_port()
        self.start()

    def start(self) -> None:
        """Also restarts it: on the same port."""
        places = ("--listen", f"127.0.0.1:{self.port}", "--to", f"127.0.0.1:{self._to}")
        control = ("--control", f"127.0.0.1:{self._control}")
        command = [program("sandbox"), "proxy", *places, *control]
        self._process = self._stage.start(f"line-{self._name}", command)
        for port in (self.port, self._control):
            self._process.wait_until_it_listens(port)

    def stop(self) -> None:
        """Closes its port: connections are cut, and refused from now on."""
        self._process.kill()

    def mode(self, mode: str, **more: Any) -> None:  # noqa: ANN401
        """`pass`, `cut`, `silence` and so on: `sandbox proxy --help`."""
        self._call({"mode": mode, **more})

    def hits(self, mode: str) -> int:
        """How often that mode took effect."""
        return self._count(mode, "hits")

    def connections(self, mode: str) -> int:
        """How many were made to it in that mode."""
        return self._count(mode, "connections")

    def swallowed(self) -> int:
        """Bytes that arrived nowhere because of silence."""
        return self._count("silence", "swallowed")

    def _count(self, mode: str, what: str) -> int:
        return int(self._call(None)["counts"].get(mode, {}).get(what, 0))

    def _call(self, order: dict[str, Any] | None) -> dict[str, Any]:
        content = None if order is None else json.dumps(order).encode()
        url = f"http://127.0.0.1:{self._control}/"
        with urllib.request.urlopen(url, data=content, timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture
def proxy(stage: Stage) -> Callable[[str, int], Line]:
    """`proxy("gateway", gateway.port)` starts a proxy to that port."""
    return lambda name, to: Line(stage, name, to)
