#!/usr/bin/env python3
"""Checks docs/messages/asyncapi.yaml: its form, every $ref, every example.

usage: document.py [ASYNCAPI-SCHEMA.json]

The form is what AsyncAPI 3.0 requires of the parts used here. With AsyncAPI's own JSON Schema
(3.0.0-without-$id.json of the project asyncapi/spec-json-schemas) it is checked against that as well.
Prints a line for each fault; exit status 1 if there is one.
"""

import json
import re
import sys

import jsonschema
import yaml

from contract import FOLDER, Contract

KEY = re.compile(r"^[\w.\-]+$")
# For each object the fields in the specification, required ones first.
FIELDS = {
    "root": ({"asyncapi", "info"},
             {"id", "servers", "defaultContentType", "channels", "operations", "components"}),
    "info": ({"title", "version"},
             {"description", "termsOfService", "contact", "license", "tags", "externalDocs"}),
    "server": ({"host", "protocol"},
               {"protocolVersion", "pathname", "description", "title", "summary", "variables",
                "security", "tags", "externalDocs", "bindings"}),
    "channel": (set(), {"address", "messages", "title", "summary", "description", "servers",
                        "parameters", "tags", "externalDocs", "bindings"}),
    "operation": ({"action", "channel"},
                  {"title", "summary", "description", "security", "tags", "externalDocs",
                   "bindings", "traits", "messages", "reply"}),
    "message": (set(), {"headers", "payload", "correlationId", "contentType", "name", "title",
                        "summary", "description", "tags", "externalDocs", "bindings", "examples",
                        "traits"}),
    "channel binding": (set(), {"is", "exchange", "queue", "bindingVersion"}),
    "operation binding": (set(), {"expiration", "userId", "cc", "priority", "deliveryMode",
                                  "mandatory", "bcc", "timestamp", "ack", "bindingVersion"}),
    "message binding": (set(), {"contentEncoding", "messageType", "bindingVersion"}),
}


def without_own_id(schema):
    """Debian's jsonschema mistakes a property called `$id` for an identifier and fails."""
    if isinstance(schema, list):
        return [without_own_id(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_own_id(value) for key, value in schema.items()
            if not (key == "$id" and isinstance(value, dict))}


class Checker:
    def __init__(self, document):
        self.document = document
        self.found = []

    def fault(self, place, what):
        self.found.append(f"{place}: {what}")

    def fields(self, kind, place, value):
        if not isinstance(value, dict):
            return self.fault(place, "expected an object")
        required, optional = FIELDS[kind]
        for name in required - value.keys():
            self.fault(place, f"{name} is missing")
        for name in value.keys() - required - optional:
            if not name.startswith("x-"):
                self.fault(place, f"a {kind} has no {name}")

    def each(self, place, values):
        for key, value in (values or {}).items():
            if not KEY.match(key):
                self.fault(place, f"{key} is no key")
            yield f"{place}.{key}", value

    def binding(self, kind, place, owner):
        for protocol, value in owner.get("bindings", {}).items():
            if protocol != "amqp":
                self.fault(place, f"a binding of {protocol}")
            self.fields(f"{kind} binding", f"{place}.bindings.amqp", value)
            if value.get("is", "routingKey") not in ("queue", "routingKey"):
                self.fault(place, "is: neither queue nor routingKey")
            if kind == "channel":
                wanted = {"queue": "queue", "routingKey": "exchange"}[value.get("is", "routingKey")]
                if [name for name in ("queue", "exchange") if name in value] != [wanted]:
                    self.fault(place, f"is: {value.get('is')} goes with {wanted} alone")
            if value.get("deliveryMode", 2) not in (1, 2):
                self.fault(place, "deliveryMode: neither 1 nor 2")

    def resolve(self, place, target):
        """The value a $ref names: in this document, or a file beside it."""
        file, _, pointer = target.partition("#")
        value = self.document
        if file:
            path = FOLDER / file
            if not path.is_file():
                return self.fault(place, f"$ref names {file}, which is not there")
            value = json.loads(path.read_text("utf-8"))
        for part in pointer.split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, dict) or part not in value:
                return self.fault(place, f"$ref {target} leads nowhere")
            value = value[part]
        return value

    def references(self, value, place="document"):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                self.resolve(place, value["$ref"])
            for key, inner in value.items():
                self.references(inner, f"{place}.{key}")
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self.references(inner, f"{place}[{index}]")

    def channels(self):
        for place, channel in self.each("channels", self.document.get("channels")):
            self.fields("channel", place, channel)
            self.binding("channel", place, channel)
            named = set(re.findall(r"\{(\w+)\}", channel.get("address") or ""))
            if named != set(channel.get("parameters", {})):
                self.fault(place, f"parameters of the address: {sorted(named)}")

    def operations(self):
        for place, operation in self.each("operations", self.document.get("operations")):
            self.fields("operation", place, operation)
            self.binding("operation", place, operation)
            if operation.get("action") not in ("send", "receive"):
                self.fault(place, "action: neither send nor receive")
            channel = operation.get("channel", {}).get("$ref", "")
            if not channel.startswith("#/channels/"):
                self.fault(place, "channel: not one of this document")
            for message in operation.get("messages", []):
                if not message.get("$ref", "").startswith(f"{channel}/messages/"):
                    self.fault(place, f"{message} is no message of its channel")

    def messages(self, contract):
        messages = self.document.get("components", {}).get("messages")
        for place, message in self.each("components.messages", messages):
            self.fields("message", place, message)
            self.binding("message", place, message)
            for example in message.get("examples", []):
                for fault in contract.faults(example["payload"]):
                    self.fault(f"{place}.examples", fault)
        missing = set(contract.types()) - set(messages or {})
        if missing:
            self.fault("components.messages", f"without {sorted(missing)}")

    def all(self, contract):
        self.fields("root", "document", self.document)
        if self.document.get("asyncapi") != "3.0.0":
            self.fault("document.asyncapi", "not 3.0.0")
        self.fields("info", "info", self.document.get("info"))
        for place, server in self.each("servers", self.document.get("servers")):
            self.fields("server", place, server)
        self.channels()
        self.operations()
        self.messages(contract)
        self.references(self.document)
        for name, schema in contract.schemas.items():
            for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(schema)):
                file = reference if not reference.startswith("#") else name + reference
                self.resolve(f"schemas/{name}", f"schemas/{file}")
        return self.found


def main():
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))
    found = Checker(document).all(Contract(strict=True))
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8") as file:
            official = jsonschema.Draft7Validator(without_own_id(json.load(file)))
        for error in official.iter_errors(document):
            place = ".".join(str(part) for part in error.absolute_path)
            found.append(f"{place}: {error.message[:200]}")
    for line in found:
        print(line)
    if not found:
        print(f"{len(document['components']['messages'])} messages, "
              f"{len(document['channels'])} channels, {len(document['operations'])} operations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
