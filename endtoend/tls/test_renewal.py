"""A whole close over TLS, with certificates that are bad at first and renewed while it runs."""

import re
from collections import Counter
from collections.abc import Callable

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.processes import Process, run
from harness.sample import Sample
from harness.services import Services
from harness.sink import Sink
from harness.stage import PERIOD
from harness.tls import ROLE, Partners, TLSServer, TLSStore
from harness.waiting import wait_for

ACCOUNTS = 30
EXPIRED = "certificate has expired"


@pytest.fixture
def closectl(partners: Partners, closectl: Closectl) -> Closectl:
    """Its `init` needs the way to the broker."""
    return closectl


def says(process: Process, pattern: str) -> None:
    """A reason that follows another one is logged a minute after it."""
    wait_for(
        lambda: f"{process.name} to say {pattern!r}; {process.tail()}",
        lambda: re.search(pattern, process.text),
        seconds=90,
    )


def test_certificates_are_renewed_amid_a_close(
    partners: Partners,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    sink: Sink,
    store: TLSStore,
    server: TLSServer,
    finished: Finished,
) -> None:
    sample(ACCOUNTS)
    partners["gateway"].show("expired")
    partners["mail"].show("wrong-name")
    partners["broker"].target = broker.node.port
    partners["broker"].show("expired")
    server.show("expired")
    services.start("holder", settings=partners.client("holder"), wait=False)
    waits = r"waiting for the store \(MONTHCLOSE_STORE_URL\).*its "
    says(services["holder"], waits + EXPIRED)
    server.show("server")

    others = ("invoicer", "charger", "mailer")
    for name in others:
        services.start(name, settings=partners.client(name), wait=False)
    by_end = {**partners.client("reporter"), "BROKER_URL": partners.url_by_end}
    services.start("reporter", settings=by_end, wait=False)
    for name in (*others, "holder"):
        wait_for(
            lambda name=name: f"a consumer at {name}; {services[name].tail()}",
            lambda name=name: broker.consumers(name) == 1,
        )
    assert by_certificate(broker) == {f"monthclose-{name}" for name in (*others, "holder")}
    closectl("close", "start", PERIOD)

    says(services["reporter"], rf"waiting for the broker \(MONTHCLOSE_BROKER_URL\).*{EXPIRED}")
    says(services["charger"], f"charging pauses: .*MONTHCLOSE_GATEWAY_URL.*{EXPIRED}")
    says(services["mailer"], "MONTHCLOSE_SMTP_URL.*no alternative certificate subject name")
    assert [event for event in gateway.events() if "payment_intent" in str(event)] == []
    assert gateway.charges() == []
    assert sink.mails() == []
    lose_the_store(server, store, services)

    partners["gateway"].show("server")
    partners["mail"].show("server")
    partners["broker"].target = partners.node.tls_port
    partners["broker"].plain()
    closectl.wait_for_state("closed", seconds=180)
    # A mail whose failure could not be recorded counts as possibly sent again; none was.
    finished(ACCOUNTS, resends=True)
    times = Counter(mail["Message-ID"] for mail in sink.mails())
    assert [message for message, count in times.items() if count > 1] == []
    sessions = (
        "SELECT DISTINCT ssl, client_dn FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        f" WHERE usename = '{ROLE}' AND datname = '{store.name}'"
    )
    assert server.superuser(sessions).split() == [f"t|/CN={ROLE}"]


def by_certificate(broker: Broker) -> set[str]:
    """The users that are connected to the virtual host with a certificate."""
    columns = ("user", "auth_mechanism", "vhost")
    said = run([broker.node.tool, "-q", "list_connections", *columns])
    rows = [line.split("\t") for line in said.splitlines()]
    return {user for user, how, vhost in rows if (how, vhost) == ("EXTERNAL", broker.vhost)}


def lose_the_store(server: TLSServer, store: TLSStore, services: Services) -> None:
    """All connections end while its certificate is bad."""
    server.show("expired")
    ended = server.superuser(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        f" WHERE usename = '{ROLE}' AND datname = '{store.name}'"
    )
    assert int(ended) >= 4
    says(services["mailer"], f"waiting for the store .*its {EXPIRED}")
    server.show("server")
