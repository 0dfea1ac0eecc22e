"""A deployment in containers that can close a month, and what must hold afterwards."""

import json
from abc import ABC, abstractmethod
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.closectl import Answer
from harness.containers.engine import Engine
from harness.waiting import wait_for

# The month that has ended, as `closectl close start last` resolves it.
PERIOD = f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"


class Form(ABC):
    """One of compose/ and systemd/, with the sandbox gateway and a mail sink."""

    def __init__(self, engine: Engine, accounts: int) -> None:
        self.engine = engine
        self.accounts = accounts

    @abstractmethod
    def attempt_closectl(self, *words: str) -> Answer:
        """As an operator runs it."""

    @abstractmethod
    def gateway_log(self) -> str:
        """Every charge, a line of JSON each."""

    @abstractmethod
    def count_mails(self) -> int:
        """In the mail sink."""

    def closectl(self, *words: str) -> Answer:
        answer = self.attempt_closectl(*words)
        assert answer.status == 0, f"`closectl {' '.join(words)}`: {answer}"
        return answer

    def import_sample(self, folder: str) -> None:
        catalogs = (f"{folder}/catalog.yaml", f"{folder}/catalog-eur.yaml")
        self.closectl("import", "catalog", *catalogs)
        self.closectl("import", "accounts", f"{folder}/accounts.csv")
        self.closectl("import", "usage", f"{folder}/usage.csv")

    def status(self) -> dict[str, Any]:
        return self.closectl("close", "status", PERIOD, "--json").json

    def finished(self) -> int:
        """Accounts of the close that have their end."""
        return self.status()["accounts"].get("finished", 0)

    def check_under_way(self, what: str) -> None:
        """A fault after the last account has ended would prove nothing."""
        finished = self.finished()
        assert finished < self.accounts, f"void: the close had ended before {what}"

    def wait_until_closed(self, seconds: float) -> None:
        wait_for(
            lambda: f"the close of {PERIOD} to be over: {self.status()}",
            lambda: self.status()["state"] == "closed",
            seconds,
            every=1,
        )

    def check_audited(self) -> None:
        """The close is over, and ledger, gateway and queues agree on what happened."""
        status = self.status()
        assert status["accounts"]["finished"] == self.accounts, status
        assert status["dead"] == 0, status
        verdicts = Counter(i["verdict"] for i in self._audit()["invariants"])
        assert verdicts["broken"] == 0
        assert verdicts["holds"] >= 12, verdicts
        charged = Counter(self._charged_invoices())
        assert len(charged) >= self.accounts // 2
        assert [invoice for invoice, times in charged.items() if times > 1] == []
        assert self.count_mails() >= self.accounts

    def _audit(self) -> dict[str, Any]:
        """Once no service has a message in hand, so that the verdict has no excuses."""
        answers: list[Answer] = []

        def quiet() -> bool:
            answers.append(self.attempt_closectl("audit", PERIOD, "--deep", "--json"))
            return bool(answers[-1].out) and answers[-1]["quiet"]

        wait_for(lambda: f"quiet: {answers[-1]}", quiet, every=2)
        assert answers[-1].status == 0, answers[-1]
        return answers[-1].json

    def _charged_invoices(self) -> list[str]:
        events = [json.loads(line) for line in self.gateway_log().splitlines()]
        return [event["invoice"] for event in events if event["event"] == "charge.succeeded"]
