"""A mail server that is killed, and a mailer that is killed between its answer and the ledger."""

from collections.abc import Callable

import pytest

from harness.closectl import Closectl
from harness.finished import Finished
from harness.proxy import Line
from harness.sample import Sample
from harness.services import Services
from harness.sink import Sink
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import wait_for

UNUSABLE = "could not be used"

pytestmark = [
    *(on_sqlite, sizes(100, 1000)),
    *(pytest.mark.fault, pytest.mark.usefixtures("long_retries")),
]


def test_a_mail_server_that_is_killed_again_and_again(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    sink: Sink,
    proxy: Callable[[str, int], Line],
    stage: Stage,
    finished: Finished,
) -> None:
    line = proxy("mail", sink.port)
    line.mode("delay", ms=20)  # so that it is killed in the middle of mails
    stage.set(SMTP_URL=f"smtp://127.0.0.1:{line.port}", MAIL_CONNECTIONS="2")
    sample(accounts, "--awkward")
    services.start()
    closectl("close", "start", PERIOD)
    for number in range(1, 4):
        before = len(sink.mails())
        wait_for("more mails", lambda least=before + 5: len(sink.mails()) >= least, seconds=120)
        sink.stop()
        assert closectl.status()["state"] == "running", "void: it was killed after the close"
        wait_for(
            lambda: f"a mail that has to wait; {services['mailer'].tail()}",
            lambda n=number: len(services["mailer"].lines(UNUSABLE)) >= n,
            seconds=120,
        )
        sink.start()
    line.mode("pass")
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts, resends=True)


def test_a_mailer_that_is_killed_after_the_answer_counts_its_mail(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    stage: Stage,
    finished: Finished,
) -> None:
    """The mail server has accepted the mail, and the ledger does not know it yet."""
    stage.set(BATCH="8")
    sample(accounts, "--awkward")
    services.start("invoicer", "charger", "holder", "reporter")
    closectl("close", "start", PERIOD)
    for nth in range(1, 5):
        services.start("mailer", settings={"CRASH_AT": f"mail-answered:{nth}"}, wait=False)
        assert services["mailer"].wait_for_end() == -9
    services.start("mailer")
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts, resends=True)
    assert closectl("report", PERIOD)["mailsResent"] >= 1
