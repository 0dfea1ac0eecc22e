"""`SERVICE --check` tries everything the start needs, and says what is wrong."""

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.gateway import Gateway
from harness.places import free_port
from harness.services import NAMES, Services
from harness.sink import Sink
from harness.store import on_sqlite

pytestmark = on_sqlite


def test_all_is_in_order(closectl: Closectl, services: Services) -> None:
    for name in NAMES:
        status, said = services.check(name)
        assert status == 0, f"{name}: {said}"


@pytest.mark.parametrize("service", ["charger", "mailer"])
def test_a_partner_that_is_away_is_named(
    service: str, closectl: Closectl, services: Services, gateway: Gateway, sink: Sink
) -> None:
    partner = {"charger": gateway, "mailer": sink}[service]
    partner.stop()
    status, said = services.check(service)
    assert status == 1, said
    assert f"127.0.0.1:{partner.port}" in said


@pytest.mark.parametrize("service", ["charger", "mailer"])
def test_a_partner_that_says_nothing_is_not_waited_for_long(
    service: str,
    closectl: Closectl,
    services: Services,
    gateway: Gateway,
    sink: Sink,
    broker: Broker,
) -> None:
    partner = {"charger": gateway, "mailer": sink}[service].process
    assert partner is not None
    partner.pause()
    status, said = services.check(service)  # within a minute
    assert status == 1, said


def test_a_key_the_gateway_refuses_is_named(closectl: Closectl, services: Services) -> None:
    status, said = services.check("charger", {"GATEWAY_KEY": "sk_test_another"})
    assert status == 1, said
    assert "key" in said
    assert "sk_test_another" not in said


def test_a_broker_that_refuses_us_is_named_without_the_password(
    closectl: Closectl, services: Services, broker: Broker
) -> None:
    wrong = {"BROKER_URL": broker.url.replace("guest:guest", "guest:mistaken")}
    said = closectl("topology", "check", exits=3, settings=wrong).err
    assert "refuses user guest" in said
    services.start("holder", settings=wrong, wait=False)  # a wrong password is not waited for
    assert services["holder"].wait_for_end() == 1
    assert "refuses user guest" in services["holder"].text
    assert "mistaken" not in said + services["holder"].text


def test_a_broker_that_is_gone_is_named_without_the_password(
    closectl: Closectl, services: Services
) -> None:
    port = free_port()
    gone = {"BROKER_URL": f"amqp://guest:secret@127.0.0.1:{port}/"}
    status, said = services.check("holder", gone)
    assert status == 1
    said_by_tool = closectl("topology", "check", exits=3, settings=gone).err
    for text in (said, said_by_tool):
        assert f"127.0.0.1:{port} cannot be reached" in text
        assert "secret" not in text
