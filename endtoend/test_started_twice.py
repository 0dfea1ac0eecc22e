"""The same close started twice at once, and once more afterwards."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.sample import Sample
from harness.services import Services
from harness.sink import Sink
from harness.stage import PERIOD
from harness.store import on_sqlite
from harness.waiting import wait_for

ACCOUNTS = 60
HANDLED = 'monthclose_messages_total{service="invoicer",outcome="done"}'


@on_sqlite
def test_one_invoice_charge_and_mail_each(
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    sink: Sink,
    finished: Finished,
) -> None:
    sample(ACCOUNTS)
    services.start()
    with ThreadPoolExecutor() as both:
        list(both.map(lambda _: closectl("close", "start", PERIOD), range(2)))
    closectl.wait_for_state("closed")
    finished(ACCOUNTS)
    charges, mails = len(gateway.charges()), len(sink.mails())

    before = services.metric("invoicer", HANDLED)
    closectl("close", "start", PERIOD)
    wait_for("the third start", lambda: services.metric("invoicer", HANDLED) > before)
    finished(ACCOUNTS)  # waits until nothing that could follow from it is under way
    assert (len(gateway.charges()), len(sink.mails())) == (charges, mails)
