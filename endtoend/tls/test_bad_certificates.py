"""Every bad certificate is refused, and the message says where and why."""

import re
from collections.abc import Callable

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.services import Services
from harness.tls import SERVER_FAULTS, Partners, meets

Try = Callable[[], str]


@pytest.fixture
def tries(partners: Partners, closectl: Closectl, services: Services) -> dict[str, Try]:
    """What a program says of each partner that it cannot use."""

    def check(service: str) -> str:
        status, said = services.check(service, partners.client(service))
        assert status == 1, said
        return said

    def topology() -> str:
        by_end = {"BROKER_URL": partners.url_by_end}
        return refused_topology(closectl, by_end)

    return {
        "gateway": lambda: check("charger"),
        "mail": lambda: check("mailer"),
        "broker": topology,
    }


def refused_topology(closectl: Closectl, settings: dict[str, str]) -> str:
    answer = closectl("topology", "check", exits=None, settings=settings)
    assert answer.status != 0
    return answer.err


def place_of(partner: str, partners: Partners) -> str:
    host = "localhost" if partner == "mail" else "127.0.0.1"
    return f"{host}:{partners[partner].port}"


@pytest.mark.parametrize("partner", ["gateway", "mail", "broker"])
def test_a_partner_with_a_bad_certificate_or_none(
    partner: str, partners: Partners, tries: dict[str, Try], broker: Broker
) -> None:
    end, place = partners[partner], place_of(partner, partners)
    if partner == "broker":  # its plain port behind each certificate
        end.target = broker.node.port
    for certificate, why in SERVER_FAULTS.items():
        end.show(certificate)
        before = end.broken_off()
        said = tries[partner]()
        assert re.search(f"{place}.*({why})", said), said
        meets(end.broken_off, before, f"the {certificate} certificate")
    end.plain()
    before = end.accepted()
    said = tries[partner]()
    assert re.search(f"{place}.*does not use TLS", said), said
    meets(end.accepted, before, "plain text")


def test_a_broker_that_speaks_tls_where_plain_text_is_expected(
    partners: Partners, closectl: Closectl, broker: Broker
) -> None:
    port = partners.node.tls_port
    plain = {"BROKER_CA_FILE": "", "BROKER_CERT_FILE": "", "BROKER_KEY_FILE": ""}
    said = refused_topology(closectl, {**plain, "BROKER_URL": broker.url_by(port)})
    assert re.search(f"127.0.0.1:{port}.*amqps://", said), said


def test_a_certificate_of_ours_that_the_broker_does_not_accept(
    partners: Partners, closectl: Closectl, broker: Broker
) -> None:
    by_password = broker.url_by(partners.node.tls_port).replace("amqp://", "amqps://")
    none = {"BROKER_URL": by_password, "BROKER_CERT_FILE": "", "BROKER_KEY_FILE": ""}
    expired, other = map(partners.certificate, ("client-expired", "other-client"))
    for settings in (expired, other, none):
        before = partners.node.refused_certificates()
        said = refused_topology(closectl, settings)
        assert re.search("rejects? (our certificate|ours)", said), said
        meets(partners.node.refused_certificates, before, f"our certificate: {settings}")


def test_what_a_service_cannot_start_with(
    partners: Partners, closectl: Closectl, services: Services
) -> None:
    def refused(service: str, message: str, client: str, **settings: str) -> None:
        """It ends on its own, and not with 0."""
        services.start(service, settings={**partners.client(client), **settings}, wait=False)
        assert services[service].wait_for_end() != 0
        assert message in services[service].text

    # a certificate for another user's queue
    refused("holder", "user (certificate) lacks the right to read queue holder", "charger")
    # files of authorities that are not there or are none
    gone = "/nowhere/ca.pem"
    refused("holder", f"cacertfile {gone} cannot be read", "holder", BROKER_CA_FILE=gone)
    none = "/etc/hostname"
    refused("charger", "GATEWAY_CA_FILE: expected a file", "charger", GATEWAY_CA_FILE=none)
    refused("mailer", "SMTP_CA_FILE: expected a file", "mailer", SMTP_CA_FILE=none)
