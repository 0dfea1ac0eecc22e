"""The operator's tool: its JSON, its exit status, its messages."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.broker import Broker
from harness.clock import Clock
from harness.gateway import Gateway
from harness.places import program
from harness.sink import Sink
from harness.stage import PERIOD, Stage
from harness.store import Store
from harness.waiting import wait_for


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401
        """Its JSON document; an error if there is none."""
        assert self.out, f"no document on standard output; on standard error: {self.err}"
        return json.loads(self.out)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401
        return self.json[key]


class Closectl:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __call__(
        self,
        *words: str,
        exits: int | None = 0,
        seconds: float = 60,
        settings: Mapping[str, str] | None = None,
    ) -> Answer:
        """Runs it with `--json`; an exit status other than `exits` is a failure (None: any)."""
        done = subprocess.run(
            [str(program("closectl")), *words, "--json"],
            env=self._stage.environment(settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        assert exits in (None, answer.status), (
            f"`closectl {' '.join(words)}` ended with {answer.status}, not {exits}:\n"
            f"{answer.err}{answer.out}"
        )
        return answer

    def status(self, period: str = PERIOD) -> dict[str, Any]:
        """`close status`; empty if there is no such close."""
        answer = self("close", "status", period, exits=None)
        return answer.json if answer.out else {}

    def wait_for_state(self, state: str, period: str = PERIOD, seconds: float = 90) -> None:
        wait_for(
            lambda: f"the close of {period} to be {state}: {self.status(period)}",
            lambda: self.status(period).get("state") == state,
            seconds,
            every=0.1,
        )

    def close(self, period: str = PERIOD) -> None:
        """Starts the close, and waits until it is over."""
        self("close", "start", period)
        self.wait_for_state("closed", period)

    def report(self, period: str = PERIOD) -> dict[str, dict[str, Any]]:
        """`report`, by currency."""
        document = self("report", period).json
        return {part["currency"]: part for part in document["currencies"]}

    def audit(
        self, period: str = PERIOD, exits: int | None = 0, mailbox: Path | None = None
    ) -> Answer:
        """`audit --deep`, once everything is quiet; with the mails in a Maildir."""
        more = () if mailbox is None else ("--mailbox", str(mailbox))
        answers: list[Answer] = []

        def quiet() -> bool:
            answers.append(self("audit", period, "--deep", *more, exits=None))
            return bool(answers[-1].out) and answers[-1]["quiet"]

        wait_for(lambda: f"quiet: {answers[-1]}", quiet, every=0.5)
        answer = answers[-1]
        broken = [i for i in answer["invariants"] if i["verdict"] == "broken"]
        assert exits in (None, answer.status), f"audit ended with {answer.status}: {broken}"
        return answer


@pytest.fixture
def closectl(
    stage: Stage, store: Store, broker: Broker, clock: Clock, gateway: Gateway, sink: Sink
) -> Closectl:
    """closectl, with a store and a broker on which `closectl init` has run."""
    made = Closectl(stage)
    made("init")
    return made
