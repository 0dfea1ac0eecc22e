"""compose/compose.yaml: a close while each service is replaced and one is killed."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.closectl import Answer
from harness.containers.compose import SERVER_USER, VERSION_LABEL, ComposeForm
from harness.containers.engine import IMAGES, Engine
from harness.containers.guarded import check_hardened, check_secrets_are_nowhere_else
from harness.services import NAMES

ACCOUNTS = int(os.environ.get("ACCOUNTS", "1500"))


class SmallForm(ComposeForm):
    """One definition; slow enough for five replacements amid a close."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        super().__init__(engine, folder, ACCOUNTS)
        self.settings |= {"GATEWAY_LATENCY": "500", "IN_FLIGHT": "8"}

    def small(self, *words: str, settings: Mapping[str, str] | None = None) -> Answer:
        profiles = ("--profile", "trial", "--profile", "tools")
        return self.compose("small", "compose.yaml", *profiles, *words, settings=settings)

    def attempt_closectl(self, *words: str) -> Answer:
        run = ("--profile", "tools", "run", "--rm", "-T", "closectl")
        return self.attempt_compose("small", "compose.yaml", *run, *words)


@pytest.fixture(scope="module")
def form(engine: Engine, folder: Path) -> SmallForm:
    """Broker, init, five services, sandbox gateway and mail sink, all healthy."""
    engine.serve()
    made = SmallForm(engine, folder)
    made.write_sample()
    made.small("up", "-d", "rabbitmq", "init", *NAMES, "gateway", "mail")
    made.wait_healthy("rabbitmq", *NAMES, seconds=90)
    return made


@pytest.mark.parametrize("name", [*NAMES, "closectl", "sandbox"])
def test_an_image_has_every_library_its_program_is_linked_to(engine: Engine, name: str) -> None:
    ldd = ("run", "--rm", "--network", "none", "--entrypoint", "ldd", f"{IMAGES}/{name}:latest")
    said = engine.podman(*ldd, "/usr/local/bin/month-close").splitlines()
    assert len([line for line in said if "=> /" in line]) >= 4, said
    assert [line for line in said if "not found" in line] == []


@pytest.mark.parametrize("name", [*NAMES, "gateway", "mail"])
def test_a_program_can_do_nothing_else(form: SmallForm, name: str) -> None:
    check_hardened(form, name)


def test_the_broker_can_do_nothing_else(form: SmallForm) -> None:
    check_hardened(form, "rabbitmq", SERVER_USER)


def test_a_service_is_given_the_secrets_it_needs(form: SmallForm) -> None:
    assert form.secrets_given_to("invoicer") == ["broker_url"]
    assert form.secrets_given_to("charger") == ["broker_url", "gateway_key"]
    assert form.secrets_given_to("mailer") == ["broker_url", "smtp_url"]


def test_secrets_are_nowhere_else(form: SmallForm) -> None:
    check_secrets_are_nowhere_else(form)


def test_each_service_is_replaced_and_one_killed_amid_a_close(form: SmallForm) -> None:
    form.import_sample("/import")
    form.closectl("close", "start", "last")
    for name in NAMES:
        replace(form, name)
        form.check_under_way(f"{name} was replaced")
    kill_charger(form)
    form.wait_until_closed(seconds=240)
    form.check_audited()
    form.small("stop")
    ended = {name: form.ask(name, "{{ .State.ExitCode }}") for name in NAMES}
    assert ended == dict.fromkeys(NAMES, "0"), "not on their own, in time"
    form.small("down", "--volumes", "--remove-orphans")
    assert form.engine.containers("--all") == set()


def replace(form: SmallForm, name: str) -> None:
    """By its other image, and nothing else."""
    before = form.container(name)
    others = form.engine.containers() - {before}
    form.small("up", "-d", "--no-deps", name, settings={"VERSION": "next"})
    assert form.container(name) != before, f"void: {name} was not replaced"
    template = f'{{{{ index .Config.Labels "{VERSION_LABEL}" }}}}'
    assert form.ask(name, template) == "next"
    assert others - form.engine.containers() == set(), "containers beside it that were touched"


def kill_charger(form: SmallForm) -> None:
    """Its process, as in a crash; the engine starts it again."""
    killed = form.engine.kill_process_of(form.container("charger"))
    form.wait_until_running_again("charger", killed, seconds=30)
    form.check_under_way("the charger was killed")
