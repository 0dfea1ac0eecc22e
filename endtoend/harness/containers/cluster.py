"""compose/cluster: each definition a project of its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.closectl import Answer
from harness.containers.compose import ComposeForm
from harness.containers.engine import Engine
from harness.waiting import wait_for

NODES = ("rabbitmq-1", "rabbitmq-2", "rabbitmq-3")
NETWORK = "month-close"


class ClusterForm(ComposeForm):
    """Three brokers, PostgreSQL; slow enough for the faults to happen amid a close."""

    def __init__(self, engine: Engine, folder: Path, accounts: int) -> None:
        super().__init__(engine, folder, accounts, "--cluster")
        self.settings |= {"GATEWAY_LATENCY": "2000", "IN_FLIGHT": "4"}
        engine.podman("network", "create", "--internal", NETWORK)

    def definition(
        self, name: str, *words: str, settings: Mapping[str, str] | None = None
    ) -> Answer:
        return self.compose(name, f"cluster/{name}.yaml", *words, settings=settings)

    def attempt_closectl(self, *words: str) -> Answer:
        run = ("run", "--rm", "-T", "closectl")
        return self.attempt_compose("closectl", "cluster/closectl.yaml", *run, *words)

    def rabbitmqctl(self, node: str, *words: str) -> str:
        return self.inside(node, "rabbitmqctl", "--quiet", *words)

    def queues(self, node: str, *columns: str) -> list[dict[str, Any]]:
        """Asked again if a node does not send its part in time, as on a busy machine."""
        words = ("--timeout", "20", "list_queues", *columns, "--formatter", "json")
        command = ("podman", "exec", self.container(node), "rabbitmqctl", "--quiet", *words)
        answer = wait_for(
            f"{node} to list the queues",
            lambda: (found := self.engine.attempt(*command)).status == 0 and found,
            seconds=60,
        )
        return json.loads(answer.out)

    def leader_of(self, queue: str, asked: str) -> str:
        """The node that leads it, as another one sees it."""
        leaders = {q["name"]: q["leader"] for q in self.queues(asked, "name", "leader")}
        return leaders[queue].removeprefix("rabbit@")

    def bring_up(
        self, service: str, number: int, settings: Mapping[str, str] | None = None
    ) -> None:
        """That many processes from its own definition, all ready."""
        self.definition(service, "up", "-d", "--scale", f"{service}={number}", settings=settings)

        def ready() -> list[str]:
            return [one for one in self.containers(service) if self.health(one) == "healthy"]

        wait_for(
            lambda: f"{number} of {service} to be ready: {ready()}; {self.log_of(service)}",
            lambda: len(ready()) == number,
            seconds=120,
            every=0.5,
        )

    def query(self, url: str, sql: str) -> Answer:
        """By PostgreSQL's own client, with a service's password and CA file."""
        authority = f"{self.secrets}/postgres_ca:/run/secrets/postgres_ca:ro"
        options = ("--rm", "--network", NETWORK, "--volume", authority, "--user", "10001:10001")
        image = self.settings["POSTGRES_IMAGE"]
        command = ("--env", f"URL={url}", "--env", f"SQL={sql}", "--entrypoint", "sh", image)
        return self.engine.attempt(
            "podman", "run", *options, *command, "-c", 'psql "$URL" -Atc "$SQL"'
        )
