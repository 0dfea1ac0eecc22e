"""Refused mails: everybody's wait, one recipient's are given up and named."""

import pytest

from harness.books import Account, Books, cards
from harness.closectl import Closectl
from harness.services import Services
from harness.sink import Sink
from harness.stage import PERIOD
from harness.waiting import wait_for


@pytest.mark.parametrize(
    ("at", "reply"), [("RCPT", "554 5.7.1 Relay access denied"), ("DATA", "550 5.4.5 Daily quota")]
)
def test_mails_wait_while_the_server_refuses_everybodys(
    closectl: Closectl, books: Books, services: Services, sink: Sink, at: str, reply: str
) -> None:
    books.twelve_francs_each(cards(2))
    sink.refuse(reply, at=at)
    services.start()
    closectl("close", "start", PERIOD)
    wait_for(
        lambda: f"the pause: {services.readiness('mailer')}",
        lambda: "mail server" in services.readiness("mailer").missing,
    )
    code = reply[:9]
    assert code in services.readiness("mailer").sentences
    assert code in services["mailer"].wait_for_line("mailing pauses")
    wait_for(
        lambda: f"the status: {closectl.status()}",
        lambda: any(code in wait["why"] for wait in closectl.status()["mails"]["waiting"]),
    )
    assert closectl.status()["state"] == "running"
    assert sink.mails() == []
    sink.accept()
    closectl.wait_for_state("closed")
    assert len(sink.mails()) == 4
    assert closectl("mail", "list", PERIOD, "--state", "undelivered")["mails"] == []
    closectl.audit()


def test_a_full_mailbox_is_given_up_told_and_sent_again(
    closectl: Closectl, books: Books, services: Services, sink: Sink
) -> None:
    books.twelve_francs_each([Account("good"), Account("full")])
    sink.refuse("452 4.2.2 Mailbox full", address="full@example.com")
    services.start()
    closectl.close()
    assert len(sink.mails("good@example.com")) == 2
    told = closectl.status()["mails"]
    assert told["undelivered"] == 2
    assert {item["account"] for item in told["first"]} == {"full"}
    assert closectl("report", PERIOD)["mailsNotDelivered"] == 2
    sink.accept()
    why = ("--reason", "emptied", "--operator", "e2e")
    assert len(closectl("mail", "resend", PERIOD, *why)["mails"]) == 2
    wait_for(
        lambda: f"both mails: {closectl('mail', 'list', PERIOD).out}",
        lambda: len(sink.mails("full@example.com")) == 2,
    )
    assert closectl("report", PERIOD)["mailsResent"] == 0
    closectl.audit()
