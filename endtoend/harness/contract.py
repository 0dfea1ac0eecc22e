"""The published schemas of docs/messages."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from harness.places import ROOT

MESSAGES = ROOT / "docs" / "messages"
BASE = "https://schemas.example/"


class Contract:
    """Tolerant, as consumers read the schemas, or strict.

    Strict: an object that lists its properties accepts no others. This finds fields that are sent
    but not documented, while consumers continue to ignore unknown fields.
    """

    def __init__(self, *, strict: bool, folder: Path = MESSAGES) -> None:
        self.schemas: dict[str, Any] = {}
        for file in sorted((folder / "schemas").glob("*.json")):
            schema = json.loads(file.read_text())
            Draft7Validator.check_schema(schema)
            self.schemas[file.name] = _closed(schema) if strict else schema
        assert self.schemas, f"there are no schemas in {folder}"
        registry: Registry = Registry().with_resources(
            (BASE + name, Resource(contents=schema, specification=DRAFT7))
            for name, schema in self.schemas.items()
        )
        self._validators = {
            name: Draft7Validator({"$ref": BASE + name}, registry=registry) for name in self.schemas
        }

    def types(self) -> list[str]:
        """The types of messages, such as `mail.sent.v1`."""
        names = (name.removesuffix(".json") for name in self.schemas)
        return [name for name in names if name.endswith(".v1")]

    def faults(self, message: Any, name: str | None = None) -> list[str]:  # noqa: ANN401
        """A line for each fault; by the schema of the message's type, or by the named one."""
        if name is None:
            kind = message.get("type") if isinstance(message, dict) else None
            name = f"{kind}.json"
        if name not in self._validators:
            return [f"there is no schema {name}"]
        return sorted(
            f"{'.'.join(map(str, error.absolute_path)) or 'message'}: {error.message}"
            for error in self._validators[name].iter_errors(message)
        )


def _closed(schema: Any) -> Any:  # noqa: ANN401
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
