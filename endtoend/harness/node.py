"""The RabbitMQ node that a test process runs: its end, its restart, its management interface."""

import base64
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.places import SCRIPTS, free_port
from harness.processes import run
from harness.waiting import wait_for


class Node:
    """The node that scripts/broker runs, and its management interface."""

    def __init__(self, folder: Path, config: str = "", plugins: str = "") -> None:
        """`config`: more lines of rabbitmq.conf; `plugins`: more names, separated by commas."""
        self.folder = folder
        self.management = free_port()
        self._config = config
        self._plugins = plugins

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        more = self.folder / "more.conf"
        management = f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management}\n"
        more.write_text(management + self._config)
        environment = {
            **os.environ,
            "BROKER_CONFIG": str(more),
            "BROKER_PLUGINS": ",".join(filter(None, ["rabbitmq_management", self._plugins])),
        }
        run([SCRIPTS / "broker", "start", self.folder], environment)
        wait_for("the broker's management", lambda: self.call("GET", "overview") is not None)

    def stop(self) -> None:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has not started, or has ended
            self.resume()
        run([SCRIPTS / "broker", "stop", self.folder])

    def kill(self) -> None:
        """SIGKILL; its data stay."""
        run([SCRIPTS / "broker", "kill", self.folder])

    def restart(self) -> None:
        """On its ports, with its data."""
        run([SCRIPTS / "broker", "restart", self.folder])
        wait_for("the broker's management", lambda: self.call("GET", "overview") is not None)

    def revive(self) -> None:
        """It runs again, whatever a test that failed has left."""
        status = subprocess.run([SCRIPTS / "broker", "status", self.folder], check=False)
        if status.returncode == 0:
            self.resume()
        else:
            self.restart()

    @contextmanager
    def memory_alarm(self) -> Iterator[None]:
        """It accepts nothing from publishers meanwhile."""
        watermark = [self.tool, "-q", "set_vm_memory_high_watermark"]
        run([*watermark, "0.00001"])
        try:
            yield
        finally:
            run([*watermark, "0.4"])

    def blocked(self) -> int:
        """How many connections it accepts nothing from."""
        states = run([self.tool, "-q", "list_connections", "state"]).split()
        return sum(state in ("blocked", "blocking") for state in states)

    @property
    def port(self) -> int:
        text = (self.folder / "broker.env").read_text()
        return int(text.split("127.0.0.1:")[1].split("/")[0])

    @property
    def tool(self) -> Path:
        return self.folder / "rabbitmqctl"

    def pause(self) -> None:
        """The broker is running and does not answer."""
        os.kill(self._pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    @property
    def _pid(self) -> int:
        return int((self.folder / "broker.pid").read_text().split()[0])

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        """The management interface's answer; None while nothing answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.management}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        word = base64.b64encode(b"guest:guest").decode()
        request.add_header("Authorization", f"Basic {word}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()!r}") from error
        except urllib.error.URLError:
            return None
        return json.loads(text) if text else {}
