"""Containers of compose/, as an operator starts them with docker-compose."""

import os
from collections.abc import Mapping
from pathlib import Path

from harness.closectl import Answer
from harness.containers.engine import IMAGES, Engine
from harness.containers.form import PERIOD, Form
from harness.places import ROOT
from harness.processes import run
from harness.waiting import wait_for

PROGRAM_USER = 10001  # compose/Containerfile
SERVER_USER = 999  # RabbitMQ and PostgreSQL in their images
VERSION_LABEL = "org.opencontainers.image.version"


class ComposeForm(Form):
    """Projects of docker-compose, one for each definition."""

    def __init__(self, engine: Engine, folder: Path, accounts: int, *options: str) -> None:
        """`options`: of compose/make-secrets."""
        super().__init__(engine, accounts)
        self.secrets = folder / "secrets"
        self.sample = folder / "sample"
        self.settings = {
            "SECRETS": str(self.secrets),
            "IMPORT": str(self.sample),
            "VERSION": "latest",
            "IMAGES": IMAGES,
            "RABBITMQ_IMAGE": f"{IMAGES}/rabbitmq:debian",
            "POSTGRES_IMAGE": f"{IMAGES}/postgres:debian",
            "MAIL_SINK_IMAGE": f"{IMAGES}/mail:debian",
            "OUTSIDE_IS_INTERNAL": "true",
            "GATEWAY_URL": "http://gateway:12111",
            "MAIL_FROM": "billing@month-close.example",
            "ALLOW_PLAINTEXT": "broker,gateway,mail",
            "LOG_DRIVER": "k8s-file",
        }
        self.sample.mkdir(parents=True)
        os.chown(self.sample, PROGRAM_USER, PROGRAM_USER)
        run([ROOT / "compose" / "make-secrets", *options, "--trial", self.secrets])

    def compose(
        self, project: str, file: str, *words: str, settings: Mapping[str, str] | None = None
    ) -> Answer:
        """docker-compose, which must succeed; `file` is in compose/."""
        answer = self.attempt_compose(project, file, *words, settings=settings)
        assert answer.status == 0, f"`docker-compose {' '.join(words)}` of {file}: {answer}"
        return answer

    def attempt_compose(
        self, project: str, file: str, *words: str, settings: Mapping[str, str] | None = None
    ) -> Answer:
        place = ("--project-name", project, "--file", str(ROOT / "compose" / file))
        merged = {**self.settings, **(settings or {})}
        return self.engine.attempt("docker-compose", *place, *words, settings=merged, seconds=300)

    def write_sample(self) -> None:
        sandbox = ("--network", "none", "--volume", f"{self.sample}:/sample")
        options = ("--accounts", str(self.accounts), "--period", PERIOD, "--out", "/sample")
        image = f"{IMAGES}/sandbox:latest"
        self.engine.podman("run", "--rm", *sandbox, image, "sample", *options)

    def containers(self, service: str, *options: str) -> list[str]:
        """The ids of those that run, or with `--all` of all."""
        label = f"label=com.docker.compose.service={service}"
        return sorted(self.engine.containers("--filter", label, *options))

    def container(self, service: str) -> str:
        """The id of its first one."""
        found = self.containers(service, "--all")
        assert found, f"there is no container of {service}"
        return found[0]

    def ask(self, service: str, template: str) -> str:
        return self.engine.podman("inspect", "--format", template, self.container(service))

    def inside(self, service: str, *command: str) -> str:
        """In the service's running container, as its user."""
        return self.engine.run("podman", "exec", self.container(service), *command)

    def health(self, container: str) -> str:
        """Such as `healthy`; empty while there is no such container, which is being replaced."""
        template = "{{ .State.Health.Status }}"
        return self.engine.attempt("podman", "inspect", "--format", template, container).out.strip()

    def wait_healthy(self, *services: str, seconds: float) -> None:
        for service in services:
            wait_for(
                lambda service=service: f"{service} to be healthy; {self.log_of(service)}",
                lambda service=service: self.health(self.container(service)) == "healthy",
                seconds,
                every=0.5,
            )

    def log_of(self, service: str) -> str:
        answer = self.engine.attempt("podman", "logs", "--tail", "5", self.container(service))
        return f"the end of its log:\n{answer.out}{answer.err}"

    def wait_until_running_again(self, service: str, killed: int, seconds: float) -> None:
        """By its restart policy, as another process."""
        wait_for(
            f"{service} to be started again",
            lambda: self.ask(service, "{{ .State.Pid }}") not in ("0", str(killed)),
            seconds,
            every=0.2,
        )

    def secrets_given_to(self, service: str) -> list[str]:
        return self.inside(service, "ls", "/run/secrets").split()

    def gateway_log(self) -> str:
        return self.inside("gateway", "cat", "/var/lib/month-close/charges.jsonl")

    def count_mails(self) -> int:
        return len(self.inside("mail", "find", "/tmp/mail", "-type", "f").splitlines())
