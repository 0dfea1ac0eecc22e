"""The payment gateway of a test: the project's `sandbox`, with its own log as evidence."""

import base64
import json
import urllib.request
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from harness.clock import Clock
from harness.places import free_port, program
from harness.processes import Process
from harness.stage import Stage

KEY = "sk_test_sandbox"


class Gateway:
    """Charges cards, records every charge on its own disk, and fails on demand."""

    def __init__(self, stage: Stage, clock: Clock, options: list[str]) -> None:
        self._stage = stage
        self._clock = clock
        self._options = options
        self.port = free_port()
        self.log: Path = stage.folder / "gateway.jsonl"
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Also restarts it: on the same port, with its former charges."""
        command = [
            *(program("sandbox"), "serve", "--listen", f"127.0.0.1:{self.port}"),
            *("--log", self.log, "--clock-file", self._clock.file, "--key", KEY),
            *self._options,
        ]
        self.process = self._stage.start("gateway", command)
        self.process.wait_until_it_listens(self.port)

    def stop(self) -> None:
        """Closes its port: connections are refused."""
        assert self.process is not None
        self.process.kill()

    def charges(self, account: str | None = None) -> list[dict[str, Any]]:
        """Succeeded charges in its own log, oldest first."""
        return [
            line
            for line in self.events()
            if line["event"] == "charge.succeeded" and account in (None, line.get("account"))
        ]

    def events(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]

    def attempts(self, account: str) -> list[dict[str, Any]]:
        """Succeeded and failed charges of an account, oldest first."""
        kinds = ("charge.succeeded", "charge.failed")
        return [
            line
            for line in self.events()
            if line["event"] in kinds and line.get("account") == account
        ]

    def charged_twice(self) -> list[str]:
        """Invoices with more than one succeeded charge."""
        times = Counter(str(charge.get("invoice")) for charge in self.charges())
        return sorted(invoice for invoice, count in times.items() if count > 1)

    def sums(self, without: Collection[str] = ()) -> dict[str, int]:
        """The charged amounts, by currency, in the gateway's own units; not of those accounts."""
        sums: Counter[str] = Counter()
        for charge in self.charges():
            if charge.get("account") not in without:
                sums[charge["currency"].upper()] += charge["amount"]
        return dict(sums)

    @contextmanager
    def fault(self, kind: str, least: int = 1, **order: Any) -> Iterator[None]:  # noqa: ANN401
        """Fails in this way meanwhile; void, which is a failure, if that happened too rarely.

        `sandbox serve --help` lists the kinds, `match`, `ms` and `retry_after`.
        """
        fault = self.control("POST", "faults", {"kind": kind, **order})
        yield
        hits = next(f["hits"] for f in self.control("GET", "faults") if f["id"] == fault["id"])
        self.control("DELETE", f"faults/{fault['id']}")
        assert hits >= least, f"void: the fault {kind} was met {hits} times, not {least}"

    def hits(self) -> int:
        """How often the current faults happened."""
        return sum(fault["hits"] for fault in self.control("GET", "faults"))

    def outcome(self, account: str, outcome: str, times: int | None = None) -> None:
        """Sets the outcome of charges of that account, whatever its card."""
        more = {} if times is None else {"times": times}
        self.control("POST", "outcomes", {"account": account, "outcome": outcome, **more})

    def pay_by_hand(self, amount: int, currency: str, metadata: dict[str, str]) -> dict[str, Any]:
        """A payment made by hand in the gateway's own pages, with that metadata."""
        fields = {
            "amount": str(amount),
            "currency": currency.lower(),
            "confirm": "true",
            "off_session": "true",
            "payment_method": "pm_card_visa",
            **{f"metadata[{key}]": value for key, value in metadata.items()},
        }
        return self._call("POST", "/v1/payment_intents", urlencode(fields).encode())

    def control(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        content = None if body is None else json.dumps(body).encode()
        return self._call(method, f"/_sandbox/{path}", content)

    def _call(self, method: str, path: str, content: bytes | None) -> Any:  # noqa: ANN401
        request = urllib.request.Request(self.url + path, method=method, data=content)
        word = base64.b64encode(f"{KEY}:".encode()).decode()
        request.add_header("Authorization", f"Basic {word}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


@pytest.fixture
def gateway(request: pytest.FixtureRequest, stage: Stage, clock: Clock) -> Gateway:
    """A marker sets its options: `@pytest.mark.gateway("--smallest-amount", "50")`."""
    marker = request.node.get_closest_marker("gateway")
    made = Gateway(stage, clock, list(marker.args) if marker else [])
    made.start()
    stage.set(GATEWAY_URL=made.url, GATEWAY_KEY=KEY)
    return made
