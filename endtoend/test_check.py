"""`SERVICE --check` tries everything the start needs, and says what is wrong."""

import pytest

from harness.broker import Broker
from harness.closectl import Closectl
from harness.gateway import Gateway
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
