"""A private RabbitMQ node for the run, with a virtual host for each test."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pika
import pytest

from harness.node import Node
from harness.places import RUN, SCRIPTS
from harness.places import program as program_of
from harness.processes import run
from harness.queues import messages
from harness.stage import Stage

EXCHANGE = "monthclose"


@dataclass(frozen=True)
class Letter:
    """A message in a queue."""

    body: bytes
    properties: pika.BasicProperties
    routing_key: str

    @property
    def headers(self) -> dict[str, Any]:
        return dict(self.properties.headers or {})

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


class Broker:
    """A test's own virtual host."""

    def __init__(self, node: Node, vhost: str) -> None:
        self.node = node
        self.vhost = vhost

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.node.port}/{self.vhost}"

    def url_by(self, port: int) -> str:
        """The same virtual host, reached through a proxy."""
        return f"amqp://guest:guest@127.0.0.1:{port}/{self.vhost}"

    def create(self) -> None:
        self.node.call("PUT", f"vhosts/{quote(self.vhost, safe='')}")
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        self.node.call("PUT", f"permissions/{quote(self.vhost, safe='')}/guest", rights)

    def delete(self) -> None:
        self.node.call("DELETE", f"vhosts/{quote(self.vhost, safe='')}")

    def lose_everything(self) -> None:
        """Loses queues and messages, as with a new disk."""
        self.delete()
        self.create()

    def publish(
        self,
        routing_key: str,
        body: bytes | dict[str, Any],
        *,
        url: str | None = None,
        exchange: str = EXCHANGE,
        **properties: Any,  # noqa: ANN401
    ) -> None:
        """Publishes with a confirm; a message that the broker cannot deliver is an error."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {
            "content_type": "application/cloudevents+json",
            "delivery_mode": 2,
            **({} if isinstance(body, bytes) else {"message_id": str(body.get("id"))}),
            **properties,
        }
        connection = pika.BlockingConnection(pika.URLParameters(url or self.url))
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish(
                exchange, routing_key, content, pika.BasicProperties(**given), mandatory=True
            )
        finally:
            if connection.is_open:
                connection.close()

    def letters(self, queue: str) -> list[Letter]:
        """Reads a queue and leaves its messages there."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            channel = connection.channel()
            found: list[Letter] = []
            while True:
                method, properties, body = channel.basic_get(queue)
                if method is None:
                    return found
                found.append(Letter(body, properties, method.routing_key))
        finally:
            connection.close()  # nothing was acknowledged: the broker takes everything back

    def publish_all(self, queue: str, bodies: list[bytes]) -> None:
        """Events as the services publish them, straight into a queue, in that order."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            for body in bodies:
                event = json.loads(body)
                properties = pika.BasicProperties(
                    content_type="application/cloudevents+json",
                    delivery_mode=2,
                    message_id=event["id"],
                    type=event["type"],
                )
                channel.basic_publish("", queue, body, properties, mandatory=True)
        finally:
            connection.close()

    def purge(self, queue: str) -> None:
        place = quote(self.vhost, safe="")
        self.node.call("DELETE", f"queues/{place}/{queue}/contents")

    def delete_queue(self, queue: str) -> None:
        self.node.call("DELETE", f"queues/{quote(self.vhost, safe='')}/{queue}")

    def tap(self) -> None:
        """From now on the queue `tap` receives a copy of every message that is published."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            channel = connection.channel()
            channel.queue_declare("tap", durable=True)
            channel.queue_bind("tap", EXCHANGE, "#")
        finally:
            connection.close()

    def dead(self, service: str) -> list[Letter]:
        return self.letters(f"{service}.dead")

    def messages(self) -> dict[str, int]:
        """Waiting and in progress, by queue; see `harness.queues`."""
        return messages(self.node.tool, self.vhost)

    def count(self, queue: str) -> int:
        """Number of ready messages in a queue."""
        return self._declared(queue).message_count

    def consumers(self, queue: str) -> int:
        """How many programs consume from a queue; 0 if there is no such queue."""
        try:
            return self._declared(queue).consumer_count
        except pika.exceptions.ChannelClosedByBroker:
            return 0

    def _declared(self, queue: str) -> Any:  # noqa: ANN401
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            return connection.channel().queue_declare(queue, passive=True).method
        finally:
            connection.close()

    def create_user(self, name: str, *, write: str, read: str) -> None:
        """A user of this virtual host, with the password `secret`."""
        self.node.call("PUT", f"users/{name}", {"password": "secret", "tags": ""})
        rights = {"configure": "", "write": write, "read": read}
        self.node.call("PUT", f"permissions/{quote(self.vhost, safe='')}/{name}", rights)

    def delete_user(self, name: str) -> None:
        self.node.call("DELETE", f"users/{name}")

    def least_privilege(self, folder: Path) -> dict[str, str]:
        """Creates the users of scripts/broker-users; returns the URL of each by name."""
        environment = {
            **os.environ,
            "CLOSECTL": str(program_of("closectl")),
            "RABBITMQCTL": str(self.node.tool),
        }
        script = SCRIPTS / "broker-users"
        run([script, "apply", self.vhost, folder], environment)
        base = f"amqp://127.0.0.1:{self.node.port}"
        run([script, "urls", self.vhost, folder, base], environment)
        return {
            file.stem.removeprefix("monthclose-"): file.read_text().strip()
            for file in folder.glob("*.url")
        }


@pytest.fixture(scope="session")
def broker_node() -> Iterator[Node]:
    node = Node(RUN / "broker")
    try:
        node.start()
        yield node
    finally:  # a start that was interrupted has left its name server
        node.stop()


@pytest.fixture
def broker(broker_node: Node, stage: Stage) -> Iterator[Broker]:
    made = Broker(broker_node, stage.name)
    made.create()
    stage.set(BROKER_URL=made.url)
    yield made
    broker_node.revive()
    stage.end_all()
    made.delete()
