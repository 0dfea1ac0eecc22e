"""What must hold for every finished close: ledger, gateway, mails and queues agree."""

import time
from collections import Counter
from collections.abc import Collection

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.queues import queued
from harness.sink import Sink
from harness.stage import PERIOD
from harness.waiting import PATIENCE, wait_for


class Finished:
    def __init__(self, closectl: Closectl, gateway: Gateway, sink: Sink, broker: Broker) -> None:
        self._closectl = closectl
        self._gateway = gateway
        self._sink = sink
        self._broker = broker

    def __call__(
        self,
        accounts: int,
        *,
        period: str = PERIOD,
        resends: bool = False,
        dead: int = 0,
        parked: int = 0,
        collected: bool = True,
        not_collected_from: Collection[str] = (),
    ) -> None:
        """Closed, and every account has an end, one invoice and at most one charge.

        `resends`: a mailer was killed or lost its ledger, so it may have sent a mail again; the
        report must count it. `dead`: letters that the test has caused. `parked`: accounts whose
        charges wait for a person; the audit says so. `collected=False`: the ledger has payments
        that no card made.
        `not_collected_from`: accounts whose charges the ledger cannot know.
        """
        status = self._closectl.status(period)
        assert status["state"] == "closed", status
        assert status["accounts"]["finished"] == accounts, status
        assert status["accounts"]["remaining"] == 0, status
        assert status["dead"] == dead, status
        assert status["ends"].get("parked", 0) == parked, status
        report = self._closectl.report(period)
        assert sum(part["invoices"] for part in report.values()) == accounts
        assert [part["ledgerSum"] for part in report.values() if part["ledgerSum"]] == []
        assert self._gateway.charged_twice() == []
        self.check_mails(resends, period)
        assert len({mail["Message-ID"] for mail in self._sink.mails()}) >= accounts
        self.check_audit(period, parked)
        if collected:
            self.check_collected(not_collected_from, period)

    def wait_until_quiet(self, accounts: int, seconds: float = 120) -> None:
        """After the last fault: closed, and no message anywhere, twice in a row, without us.

        Within that time and what the work itself takes.
        """
        deadline = time.monotonic() + (seconds + accounts / 20) * PATIENCE
        self._closectl.wait_for_state("closed", seconds=seconds + accounts / 20)
        counts: list[dict[str, int]] = []

        def quiet() -> bool:
            counts.append(self._broker.messages())
            return [queued(found) for found in counts[-2:]] == [0, 0]

        def sentence() -> str:
            found = {queue: count for queue, count in counts[-1].items() if count}
            return f"queues that are empty twice, {[queued(c) for c in counts]}: {found}"

        left = max(deadline - time.monotonic(), 1) / PATIENCE
        wait_for(sentence, quiet, left, every=0.5)

    def check_audit(self, period: str = PERIOD, parked: int = 0) -> None:
        """Every invariant holds, except that parked charges are at the gateway alone."""
        exits = 1 if parked else 0
        audit = self._closectl.audit(period, exits=exits, mailbox=self._sink.folder)
        broken = {i["invariant"]: i for i in audit["invariants"] if i["verdict"] == "broken"}
        assert list(broken) == (["I4"] if parked else []), broken
        if parked:
            charges = broken["I4"]
            assert len(charges["offending"]) == charges["offendingTotal"] <= parked
            assert all(line.endswith("its attempt is parked") for line in charges["offending"])

    def check_mails(self, resends: bool = False, period: str = PERIOD) -> None:
        """No mail is there twice, except those that the report counts as sent again."""
        counted = self._closectl("report", period)["mailsResent"]
        times = Counter(mail["Message-ID"] for mail in self._sink.mails())
        twice = sorted(message for message, count in times.items() if count > 1)
        if resends:
            assert len(twice) <= counted, f"{counted} counted as sent again, but twice: {twice}"
        else:
            assert (counted, twice) == (0, [])

    def check_collected(
        self, not_collected_from: Collection[str] = (), period: str = PERIOD
    ) -> None:
        """The gateway's charges are what the ledger says was collected, per currency.

        A charge is the gateway's before it is the ledger's: the two may differ for a moment.
        """

        def sums() -> tuple[dict[str, int], dict[str, int]]:
            report = self._closectl.report(period)
            collected = {c: part["collected"] for c, part in report.items() if part["collected"]}
            return self._gateway.sums(without=not_collected_from), collected

        wait_for(
            lambda: f"gateway and ledger to agree on what was collected: {sums()}",
            lambda: len({str(sorted(found.items())) for found in sums()}) == 1,
            seconds=30,
            every=0.5,
        )


@pytest.fixture
def finished(closectl: Closectl, gateway: Gateway, sink: Sink, broker: Broker) -> Finished:
    """`finished(60)` checks a close of 60 accounts."""
    return Finished(closectl, gateway, sink, broker)
