"""systemd/ under a running systemd, in a container that acts as the machine."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from harness.containers.engine import Engine
from harness.containers.machine import Machine
from harness.services import NAMES
from harness.waiting import wait_for

ACCOUNTS = int(os.environ.get("ACCOUNTS", "600"))
# The tens of a service's port for health and metrics, in the order of docs/deployment.md.
PORTS = {name: 9411 + 10 * index for index, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def machine(engine: Engine) -> Machine:
    """Installed as docs/deployment.md says, with the five services started."""
    made = Machine(engine, ACCOUNTS)
    made.start()
    made.install()
    made.write_sample("/tmp/sample")
    made.closectl("init")
    made.on_machine("systemctl", "enable", "--now", "month-close.target", "month-close-start.timer")
    return made


def unit(service: str, number: int = 1) -> str:
    return f"month-close-{service}@{number}.service"


@pytest.mark.parametrize("service", NAMES)
def test_a_service_is_ready_and_not_root(machine: Machine, service: str) -> None:
    address = f"MONTHCLOSE_HTTP_ADDRESS=127.0.0.1:{PORTS[service]}"
    wait_for(
        f"{service} to be ready at port {PORTS[service]}",
        lambda: machine.attempt_on_machine("env", address, service, "--health").status == 0,
        seconds=30,
        every=0.5,
    )
    state, main = machine.of_unit(unit(service), "ActiveState", "MainPID")
    assert state == "active"
    assert machine.on_machine("stat", "-c", "%U", f"/proc/{main}").strip() == "month-close"


def test_a_service_is_given_the_secrets_it_needs(machine: Machine) -> None:
    assert machine.credentials_of(unit("invoicer")) == ["broker-url", "store-url"]
    assert machine.credentials_of(unit("charger")) == ["broker-url", "gateway-key", "store-url"]


def test_the_timer_is_due_on_the_first_after_noon(machine: Machine) -> None:
    show = ("systemctl", "show", "month-close-start.timer", "--property", "NextElapseUSecRealtime")
    said = machine.on_machine("env", "TZ=UTC", *show, "--value")
    next_month = datetime.now(UTC).replace(day=28) + timedelta(days=4)
    due = f"{next_month:%Y-%m}-01 12:15:00"
    assert due in said


def test_a_charger_is_killed_amid_a_close_that_the_timer_starts(machine: Machine) -> None:
    """And a second one runs beside it; at the end all stop, in time."""
    machine.import_sample("/tmp/sample")
    machine.on_machine("systemctl", "start", "month-close-start.service")
    assert machine.of_unit("month-close-start.service", "Result") == ("success",)
    (before,) = machine.of_unit(unit("charger"), "MainPID")
    machine.on_machine("kill", "-KILL", before)
    machine.on_machine("systemctl", "start", unit("charger", 2))
    machine.check_under_way("the charger was killed")
    wait_for(
        "systemd to start the killed charger",
        lambda: machine.of_unit(unit("charger"), "MainPID") not in ((before,), ("0",)),
        seconds=40,
        every=0.5,
    )
    assert machine.of_unit(unit("charger"), "NRestarts") == ("1",)
    machine.wait_until_closed(seconds=120)
    machine.check_audited()

    machine.on_machine("systemctl", "stop", "month-close.target")
    for name in (*map(unit, NAMES), unit("charger", 2)):
        found = machine.of_unit(name, "ActiveState", "Result", "ExecMainStatus")
        assert found == ("inactive", "success", "0"), name


def test_a_service_with_a_wrong_setting_is_not_started_again(machine: Machine) -> None:
    """A restart fixes no setting."""
    machine.on_machine("sh", "-c", "echo MONTHCLOSE_BATSCH=3 >>/etc/month-close/env")
    machine.attempt_on_machine("systemctl", "restart", unit("holder"))
    wait_for(
        "the holder to fail",
        lambda: machine.of_unit(unit("holder"), "ActiveState") == ("failed",),
        seconds=15,
        every=0.5,
    )
    assert machine.of_unit(unit("holder"), "ExecMainStatus", "NRestarts") == ("2", "0")
