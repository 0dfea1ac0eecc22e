"""The handler of the test's mail server: stores mails in a Maildir or refuses them."""

import json
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, Envelope, Session

FILE = "refusals.json"


class Refusing(Mailbox):
    """`refusals.json` beside the mails: step (`RCPT`, `DATA`) to recipient (or `*`) to reply."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        reply = self._refusal("RCPT", address)
        if reply is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return reply or "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = self._refusal("DATA", envelope.rcpt_tos[0])
        taken: str = reply or await super().handle_DATA(server, session, envelope)
        return taken

    def _refusal(self, step: str, address: str) -> str | None:
        file = Path(self.mail_dir) / FILE
        if not file.exists():
            return None
        replies: dict[str, str] = json.loads(file.read_text()).get(step, {})
        reply = replies.get(address, replies.get("*"))
        if reply:
            with (file.parent / "refused").open("a") as log:
                log.write(f"{step} {reply}\n")
        return reply
