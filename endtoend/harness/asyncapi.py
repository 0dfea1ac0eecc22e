"""What AsyncAPI 3.0 requires of the parts that docs/messages/asyncapi.yaml uses."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.contract import Contract

KEY = re.compile(r"^[\w.\-]+$")
TEXTS = "title summary description tags externalDocs bindings"
# The fields of each object in the specification: those it must have, then those it may have.
FIELDS = {
    "root": ("asyncapi info", "id servers defaultContentType channels operations components"),
    "info": ("title version", "description termsOfService contact license tags externalDocs"),
    "server": ("host protocol", f"protocolVersion pathname variables security {TEXTS}"),
    "channel": ("", f"address messages servers parameters {TEXTS}"),
    "operation": ("action channel", f"security traits messages reply {TEXTS}"),
    "message": (
        "",
        f"headers payload correlationId contentType name examples traits {TEXTS}",
    ),
    "channel binding": ("", "is exchange queue bindingVersion"),
    "operation binding": (
        "",
        "expiration userId cc priority deliveryMode mandatory bcc timestamp ack bindingVersion",
    ),
    "message binding": ("", "contentEncoding messageType bindingVersion"),
}


class Document:
    """A folder with asyncapi.yaml and its schemas, and the faults that were found in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contract = Contract(strict=True, folder=folder)
        self.content: dict[str, Any] = yaml.safe_load((folder / "asyncapi.yaml").read_text())
        self.faults: list[str] = []
        self._check()

    def senders(self) -> dict[str, set[str]]:
        """By message type the services that send it, such as `/charger`."""
        found: dict[str, set[str]] = defaultdict(set)
        for name, operation in self.content["operations"].items():
            if operation["action"] == "send":
                for message in operation["messages"]:
                    kind = message["$ref"].rsplit("/", 1)[1]
                    found[kind].add("/" + name.split("-sends-")[0])
        return found

    def _check(self) -> None:
        self._fields("root", "document", self.content)
        if self.content.get("asyncapi") != "3.0.0":
            self._fault("document.asyncapi", "not 3.0.0")
        self._fields("info", "info", self.content.get("info"))
        for place, server in self._each("servers", self.content.get("servers")):
            self._fields("server", place, server)
        self._channels()
        self._operations()
        self._messages()
        self._references(self.content)
        for name, schema in self._contract.schemas.items():
            for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(schema)):
                file = reference if not reference.startswith("#") else name + reference
                self._resolve(f"schemas/{name}", f"schemas/{file}")

    def _fault(self, place: str, what: str) -> None:
        self.faults.append(f"{place}: {what}")

    def _fields(self, kind: str, place: str, value: Any) -> None:  # noqa: ANN401
        if not isinstance(value, dict):
            self._fault(place, "expected an object")
            return
        required, optional = (set(names.split()) for names in FIELDS[kind])
        for name in required - value.keys():
            self._fault(place, f"{name} is missing")
        for name in value.keys() - required - optional:
            if not name.startswith("x-"):
                self._fault(place, f"a {kind} has no {name}")

    def _each(self, place: str, values: dict[str, Any] | None) -> Iterator[tuple[str, Any]]:
        for key, value in (values or {}).items():
            if not KEY.match(key):
                self._fault(place, f"{key} is no key")
            yield f"{place}.{key}", value

    def _binding(self, kind: str, place: str, owner: dict[str, Any]) -> None:
        for protocol, value in owner.get("bindings", {}).items():
            if protocol != "amqp":
                self._fault(place, f"a binding of {protocol}")
            self._fields(f"{kind} binding", f"{place}.bindings.amqp", value)
            whose = {"queue": "queue", "routingKey": "exchange"}.get(value.get("is", "routingKey"))
            if whose is None:
                self._fault(place, "is: neither queue nor routingKey")
            elif kind == "channel" and {"queue", "exchange"} & value.keys() != {whose}:
                self._fault(place, f"is: {value.get('is')} goes with {whose} alone")
            if value.get("deliveryMode", 2) not in (1, 2):
                self._fault(place, "deliveryMode: neither 1 nor 2")

    def _resolve(self, place: str, target: str) -> None:
        """The value that a $ref names: in this document, or in a file beside it."""
        file, _, pointer = target.partition("#")
        value: Any = self.content
        if file:
            path = self._folder / file
            if not path.is_file():
                self._fault(place, f"$ref names {file}, which is not there")
                return
            value = json.loads(path.read_text())
        for escaped in pointer.split("/")[1:]:
            part = escaped.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or part not in value:
                self._fault(place, f"$ref {target} leads nowhere")
                return
            value = value[part]

    def _references(self, value: Any, place: str = "document") -> None:  # noqa: ANN401
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                self._resolve(place, value["$ref"])
            for key, inner in value.items():
                self._references(inner, f"{place}.{key}")
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._references(inner, f"{place}[{index}]")

    def _channels(self) -> None:
        for place, channel in self._each("channels", self.content.get("channels")):
            self._fields("channel", place, channel)
            self._binding("channel", place, channel)
            named = set(re.findall(r"\{(\w+)\}", channel.get("address") or ""))
            if named != set(channel.get("parameters", {})):
                self._fault(place, f"parameters of the address: {sorted(named)}")

    def _operations(self) -> None:
        for place, operation in self._each("operations", self.content.get("operations")):
            self._fields("operation", place, operation)
            self._binding("operation", place, operation)
            if operation.get("action") not in ("send", "receive"):
                self._fault(place, "action: neither send nor receive")
            channel = operation.get("channel", {}).get("$ref", "")
            if not channel.startswith("#/channels/"):
                self._fault(place, "channel: not one of this document")
            for message in operation.get("messages", []):
                if not message.get("$ref", "").startswith(f"{channel}/messages/"):
                    self._fault(place, f"{message} is no message of its channel")

    def _messages(self) -> None:
        messages = self.content.get("components", {}).get("messages")
        for place, message in self._each("components.messages", messages):
            self._fields("message", place, message)
            self._binding("message", place, message)
            for example in message.get("examples", []):
                for fault in self._contract.faults(example["payload"]):
                    self._fault(f"{place}.examples", fault)
        missing = set(self._contract.types()) - set(messages or {})
        if missing:
            self._fault("components.messages", f"without {sorted(missing)}")
