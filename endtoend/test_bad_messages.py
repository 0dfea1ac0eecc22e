"""Messages of other programs that nobody can work: dead letters with a reason, nothing crashes."""

import json
from collections.abc import Callable

from harness.broker import Broker
from harness.closectl import Closectl
from harness.sample import Sample
from harness.services import Services
from harness.store import on_sqlite
from harness.waiting import wait_for

ACCOUNTS = 40
ENVELOPE = {"specversion": "1.0", "source": "/x", "time": "2026-12-01T00:00:00Z"}
BAD = {  # a part of the reason in the log, and the message
    "JSON": b"this is not JSON",
    "262144 bytes": b'{"specversion":"1.0","id":"' + b"x" * (257 * 1024) + b'"}',
    "deep": b"[" * 10_000 + b"]" * 10_000,
    "invoice.teleported": json.dumps(
        {**ENVELOPE, "id": "x-1", "type": "invoice.teleported.v9", "data": {}}
    ).encode(),
}


@on_sqlite
def test_bad_messages_are_set_aside_and_the_month_closes(
    closectl: Closectl, sample: Callable[..., Sample], services: Services, broker: Broker
) -> None:
    sample(ACCOUNTS)
    services.start()
    for body in BAD.values():
        broker.publish("charger", body, exchange="", message_id=None)
    wait_for("four dead letters", lambda: broker.count("charger.dead") == len(BAD))
    for reason in BAD:
        said = services["charger"].lines("dead letter")
        assert [line for line in said if reason in line], f"{reason}: {said}"

    closectl.close()
    status = closectl.status()
    assert (status["accounts"]["finished"], status["dead"]) == (ACCOUNTS, len(BAD))
