"""The mail server of a test, which keeps accepted mails and refuses mails on demand."""

import email
import json
import sys
from email.message import Message
from email.policy import default
from email.utils import getaddresses
from pathlib import Path

import pytest

from harness.places import free_port
from harness.processes import Process
from harness.refusals import FILE
from harness.stage import Stage


class Sink:
    """aiosmtpd with a Maildir, and the refusals of `harness.refusals`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.port = free_port()
        self.folder: Path = stage.folder / "mail"
        self.process: Process | None = None

    def start(self) -> None:
        for name in ("new", "cur", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        listen = ("-n", "-l", f"127.0.0.1:{self.port}", "-c", "harness.refusals.Refusing")
        path = f"PYTHONPATH={Path(__file__).parents[1]}"
        command = ["env", path, sys.executable, "-m", "aiosmtpd", *listen, self.folder]
        self.process = self._stage.start("sink", command)
        self.process.wait_until_it_listens(self.port)

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()

    def refuse(self, reply: str, at: str = "RCPT", address: str = "*") -> None:
        """Gives this answer from now on, to all mails or to those for one address."""
        file = self.folder / FILE
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({at: {address: reply}}))
        fresh.rename(file)  # atomically: it is read for every mail

    def accept(self) -> None:
        """Accepts mails again; the test requires that it has refused some."""
        (self.folder / FILE).unlink(missing_ok=True)
        assert self.refused > 0, "no mail met the refusal"

    @property
    def refused(self) -> int:
        log = self.folder / "refused"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def mails(self, address: str | None = None) -> list[Message]:
        """The accepted mails, all or those to one address."""
        files = [f for name in ("new", "cur") for f in (self.folder / name).iterdir()]
        found = [email.message_from_bytes(f.read_bytes(), policy=default) for f in sorted(files)]
        return [m for m in found if address is None or address in recipients(m)]


def recipients(mail: Message) -> list[str]:
    """Bare addresses."""
    return [address for _, address in getaddresses(mail.get_all("To", []))]


@pytest.fixture
def sink(stage: Stage) -> Sink:
    made = Sink(stage)
    made.start()
    stage.set(SMTP_URL=f"smtp://127.0.0.1:{made.port}")
    return made
